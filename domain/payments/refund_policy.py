"""How much of its money a tenant lets a member of staff give back alone; each part has a default."""

from dataclasses import dataclass

from domain.actor import STAFF, Grant
from domain.db import Primary, Tx
from domain.ids import TenantId
from domain.money import Currency, Money
from domain.operation import operation
from domain.refusals import RefusalCode, Refused

# In minor units of whatever currency: 100.00 EUR, 10,000 JPY. Support settles a month's bill, a lead a year's.
ALONE = {Grant.SUPPORT: 10_000, Grant.LEAD: 100_000, Grant.FINANCE: 1_000_000, Grant.ADMIN: 1_000_000}
MAX_DAYS = 3650  # ten years: longer than any payment can be given back
MAX_EXPIRY = 90  # who asked a quarter ago does not wait for it any more
MAX_LIMITS = 200  # four roles in fifty currencies
MAX_COUNT = 1_000_000  # whoever wants no bound on a count says this


@dataclass(frozen=True, slots=True)
class RefundLimit:
    """The most that a role gives back by one refund without asking another person."""

    role: Grant
    amount: Money


@dataclass(frozen=True, slots=True)
class RefundPolicy:
    """A tenant's rules; sums are in minor units, of each currency apart.

    Beyond a limit, or beyond a count or sum in the last ``window_days`` (of a customer, by its own time; of a member of
    staff over all customers), a lead, finance or admin other than the asker decides. Payments that are older than
    ``old_after_days`` are for finance and admins. Who is not answered in ``expire_after_days`` is rejected.
    """

    limits: tuple[RefundLimit, ...] = ()
    old_after_days: int = 120  # card networks take refunds for about that long without a question
    expire_after_days: int = 14
    window_days: int = 7
    customer_count: int = 10
    customer_sum: int = 100_000
    staff_count: int = 200
    staff_sum: int = 2_000_000

    def alone(self, grants: frozenset[Grant], currency: Currency) -> Money:
        """The most that somebody with these grants gives back alone; nothing for who is no staff."""
        own = {(limit.role, limit.amount.currency): limit.amount.minor for limit in self.limits}
        limits = (own.get((role, currency), ALONE[role]) for role in grants & STAFF)
        return Money(max(limits, default=0), currency)


async def refund_policy(db: Primary, tenant: TenantId) -> RefundPolicy:
    """The tenant's rules, or the defaults where it has set none."""
    row = await db.fetchrow(
        """SELECT limit_roles, limit_currencies, limit_amounts, old_after_days, expire_after_days, window_days,
                  customer_count, customer_sum, staff_count, staff_sum
             FROM refund_policy WHERE tenant_id = $1""",
        tenant.uuid,
    )
    if row is None:
        return RefundPolicy()
    places = zip(row["limit_roles"], row["limit_currencies"], row["limit_amounts"], strict=True)
    return RefundPolicy(
        limits=tuple(RefundLimit(Grant(role), Money(minor, Currency(currency))) for role, currency, minor in places),
        old_after_days=row["old_after_days"],
        expire_after_days=row["expire_after_days"],
        window_days=row["window_days"],
        customer_count=row["customer_count"],
        customer_sum=row["customer_sum"],
        staff_count=row["staff_count"],
        staff_sum=row["staff_sum"],
    )


@dataclass(frozen=True, slots=True)
class SetRefundPolicy:
    """The tenant's rules from now on; what was asked for under the old ones is decided under them."""

    policy: RefundPolicy


@dataclass(frozen=True, slots=True)
class RefundPolicySet:
    """The rules that hold now."""

    policy: RefundPolicy


@operation("payments.set_refund_policy", allowed=frozenset({Grant.SYSTEM, Grant.ADMIN}))
async def set_refund_policy(tx: Tx, command: SetRefundPolicy) -> RefundPolicySet:
    """Replaces all rules; INVALID_INPUT for a role that is no staff's, one that is named twice in a currency, and for
    a number that cannot be meant; INVALID_AMOUNT for a limit below nothing."""
    rules = command.policy
    _check_limits(rules)
    _check_numbers(rules)
    await tx.execute(
        """INSERT INTO refund_policy (tenant_id, limit_roles, limit_currencies, limit_amounts, old_after_days,
               expire_after_days, window_days, customer_count, customer_sum, staff_count, staff_sum)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
           ON CONFLICT (tenant_id) DO UPDATE SET limit_roles = EXCLUDED.limit_roles,
              limit_currencies = EXCLUDED.limit_currencies, limit_amounts = EXCLUDED.limit_amounts,
              old_after_days = EXCLUDED.old_after_days, expire_after_days = EXCLUDED.expire_after_days,
              window_days = EXCLUDED.window_days, customer_count = EXCLUDED.customer_count,
              customer_sum = EXCLUDED.customer_sum, staff_count = EXCLUDED.staff_count,
              staff_sum = EXCLUDED.staff_sum""",
        tx.head.tenant.uuid, [limit.role.value for limit in rules.limits],
        [str(limit.amount.currency) for limit in rules.limits], [limit.amount.minor for limit in rules.limits],
        rules.old_after_days, rules.expire_after_days, rules.window_days, rules.customer_count, rules.customer_sum,
        rules.staff_count, rules.staff_sum,
    )  # fmt: skip
    return RefundPolicySet(rules)


def _check_limits(rules: RefundPolicy) -> None:
    places = {(limit.role, limit.amount.currency) for limit in rules.limits}
    if len(places) < len(rules.limits) or len(rules.limits) > MAX_LIMITS:
        message = f"A role has one limit in a currency, and all have at most {MAX_LIMITS}."
        raise Refused(RefusalCode.INVALID_INPUT, message, ("limits",))
    for limit in rules.limits:
        if limit.role not in STAFF:
            raise Refused(RefusalCode.INVALID_INPUT, "A limit is for a role of staff.", ("limits", "role"))
        if limit.amount.minor < 0:
            raise Refused(RefusalCode.INVALID_AMOUNT, "A limit is not below nothing.", ("limits", "amount"))


def _check_numbers(rules: RefundPolicy) -> None:
    bounds = (
        ("oldAfterDays", rules.old_after_days, 1, MAX_DAYS),
        ("expireAfterDays", rules.expire_after_days, 1, MAX_EXPIRY),
        ("windowDays", rules.window_days, 1, MAX_DAYS),
        ("customerCount", rules.customer_count, 0, MAX_COUNT),
        ("staffCount", rules.staff_count, 0, MAX_COUNT),
    )
    for name, value, least, most in bounds:
        if not least <= value <= most:
            raise Refused(RefusalCode.INVALID_INPUT, f"It is {least} to {most}.", (name,))
    for name, value in (("customerSum", rules.customer_sum), ("staffSum", rules.staff_sum)):
        if value < 0:
            raise Refused(RefusalCode.INVALID_AMOUNT, "A sum is not below nothing.", (name,))
