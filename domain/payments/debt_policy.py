"""From when on overdue debt blocks what a customer may use: a tenant's rules, and a customer's own in their place.

Both are versions: what was so under earlier ones stays so. Of a tenant's, who sits on a test clock has the newest.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.actor import Grant
from domain.db import Primary, Row, Tx
from domain.ids import CustomerId, TenantId
from domain.money import Currency, Money
from domain.operation import operation
from domain.refusals import RefusalCode, Refused

MAX_DAYS = 365  # who waits longer than a year does not mean to block
DEFAULT_DAYS = 14  # where it is switched on without saying when: the usual time to pay a reminder
MAX_CURRENCIES = 50  # that one policy names; no tenant bills in as many


class DebtScope(StrEnum):
    """Whose debt counts: the customer's own, its parents' too, or that of the whole family."""

    OWN = "own"
    PARENTS = "parents"
    FAMILY = "family"


@dataclass(frozen=True, slots=True)
class DebtPolicy:
    """Debt that is overdue for ``days`` (None: never) blocks once it is more than what is ``tolerated`` in a currency.

    A currency that is not named tolerates nothing.
    """

    days: int | None = None
    scope: DebtScope = DebtScope.OWN
    tolerated: tuple[Money, ...] = ()

    def tolerates(self, currency: Currency) -> Money:
        """What may be owed without being blocked."""
        return next((each for each in self.tolerated if each.currency == currency), Money.zero(currency))


@dataclass(frozen=True, slots=True)
class DebtRules:
    """The policy that holds for a customer, since when, and whether it is its own; the customer's currency and tenant.

    ``known_at`` is the instant up to which rules of others count for it; None on a test clock, where the newest do.
    """

    policy: DebtPolicy
    since: datetime | None
    is_own: bool
    currency: Currency
    tenant: TenantId
    known_at: datetime | None


def _policy(row: Row, prefix: str) -> DebtPolicy:
    pairs = zip(row[f"{prefix}amounts"], row[f"{prefix}currencies"], strict=True)
    tolerated = tuple(Money(minor, Currency(code)) for minor, code in pairs)
    return DebtPolicy(row[f"{prefix}days"], DebtScope(row[f"{prefix}scope"]), tolerated)


async def debt_rules(db: Primary, customer: CustomerId, at: datetime) -> DebtRules | None:
    """The rules for the customer at an instant of its own time; None for who is no customer."""
    row = await db.fetchrow(
        """SELECT c.currency, c.tenant_id, h.clock_at, o.follows, o.effective_at AS own_at, o.days AS own_days,
                  o.scope AS own_scope, o.currencies AS own_currencies, o.amounts AS own_amounts,
                  p.effective_at, p.days, p.scope, p.currencies, p.amounts
             FROM customer c
             JOIN customer_head h ON h.shard_key = c.shard_key AND h.customer_id = c.id
             LEFT JOIN LATERAL (SELECT w.follows, w.effective_at, w.days, w.scope, w.currencies, w.amounts
                                  FROM customer_debt_policy w
                                 WHERE w.shard_key = c.shard_key AND w.customer_id = c.id AND w.effective_at <= $3
                                 ORDER BY w.seq DESC LIMIT 1) o ON true
             LEFT JOIN LATERAL (SELECT d.effective_at, d.days, d.scope, d.currencies, d.amounts FROM debt_policy d
                                 WHERE d.tenant_id = c.tenant_id AND (h.clock_at IS NOT NULL OR d.effective_at <= $3)
                                 ORDER BY d.seq DESC LIMIT 1) p ON true
            WHERE c.shard_key = $1 AND c.id = $2""",
        customer.shard,
        customer.uuid,
        at,
    )
    if row is None:
        return None
    facts = (Currency(row["currency"]), TenantId(row["tenant_id"]), None if row["clock_at"] else at)
    if row["own_at"] is not None and not row["follows"]:
        return DebtRules(_policy(row, "own_"), row["own_at"], True, *facts)
    # Back from rules of its own, the tenant's hold from then on.
    began = [row["own_at"], row["effective_at"] if row["clock_at"] is None else None]
    since = max((each for each in began if each is not None), default=None)
    if row["scope"] is None:
        return DebtRules(DebtPolicy(), since, False, *facts)
    return DebtRules(_policy(row, ""), since, False, *facts)


async def tenant_debt_policy(db: Primary, tenant: TenantId) -> DebtPolicy:
    """The tenant's rules of now; off where it has set none."""
    row = await db.fetchrow(
        "SELECT days, scope, currencies, amounts FROM debt_policy WHERE tenant_id = $1 ORDER BY seq DESC LIMIT 1",
        tenant.uuid,
    )
    return _policy(row, "") if row else DebtPolicy()


@dataclass(frozen=True, slots=True)
class SetDebtPolicy:
    """The tenant's rules from now on."""

    policy: DebtPolicy


@dataclass(frozen=True, slots=True)
class DebtPolicySet:
    """The rules that hold now; None: the customer follows its tenant's."""

    policy: DebtPolicy | None


@operation("payments.set_debt_policy", allowed=frozenset({Grant.SYSTEM, Grant.ADMIN}))
async def set_debt_policy(tx: Tx, command: SetDebtPolicy) -> DebtPolicySet:
    """INVALID_INPUT for days out of bounds or a currency named twice; INVALID_AMOUNT for less than nothing."""
    rules = command.policy
    _check(rules)
    seq = await tx.fetchval(
        "SELECT coalesce(max(seq), 0) + 1 FROM debt_policy WHERE tenant_id = $1", tx.head.tenant.uuid
    )
    await tx.execute(
        """INSERT INTO debt_policy (tenant_id, seq, effective_at, days, scope, currencies, amounts, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
        tx.head.tenant.uuid, seq, tx.now, rules.days, rules.scope.value,
        [str(each.currency) for each in rules.tolerated], [each.minor for each in rules.tolerated], tx.recorded_at,
    )  # fmt: skip
    return DebtPolicySet(rules)


@dataclass(frozen=True, slots=True)
class SetCustomerDebtPolicy:
    """A customer's own rules from now on; None: its tenant's hold again."""

    policy: DebtPolicy | None


@operation(
    "payments.set_customer_debt_policy",
    allowed=frozenset({Grant.SYSTEM, Grant.LEAD, Grant.FINANCE, Grant.ADMIN}),
    begins=True,
)
async def set_customer_debt_policy(tx: Tx, command: SetCustomerDebtPolicy) -> DebtPolicySet:
    """As ``set_debt_policy``; NOT_FOUND for who is no customer."""
    if tx.head.kind == "house":
        raise Refused(RefusalCode.NOT_FOUND, "There is no such customer.", ("customerId",))
    rules = command.policy or DebtPolicy()
    _check(rules)
    seq = await tx.fetchval(
        "SELECT coalesce(max(seq), 0) + 1 FROM customer_debt_policy WHERE shard_key = $1 AND customer_id = $2",
        tx.customer.shard,
        tx.customer.uuid,
    )
    await tx.execute(
        """INSERT INTO customer_debt_policy (shard_key, customer_id, seq, effective_at, follows, days, scope,
               currencies, amounts, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)""",
        tx.customer.shard, tx.customer.uuid, seq, tx.now, command.policy is None, rules.days, rules.scope.value,
        [str(each.currency) for each in rules.tolerated], [each.minor for each in rules.tolerated], tx.recorded_at,
    )  # fmt: skip
    return DebtPolicySet(command.policy)


def _check(rules: DebtPolicy) -> None:
    if rules.days is not None and not 0 <= rules.days <= MAX_DAYS:
        raise Refused(RefusalCode.INVALID_INPUT, f"Debt blocks after 0 to {MAX_DAYS} days.", ("policy", "days"))
    named = [each.currency for each in rules.tolerated]
    if len(set(named)) < len(named) or len(named) > MAX_CURRENCIES:
        message = f"Each currency is named once, and at most {MAX_CURRENCIES} are."
        raise Refused(RefusalCode.INVALID_INPUT, message, ("policy", "tolerated"))
    if any(each.minor < 0 for each in rules.tolerated):
        raise Refused(RefusalCode.INVALID_AMOUNT, "Less than nothing cannot be tolerated.", ("policy", "tolerated"))
