"""Portal users who may still sign in, with the customer each belongs to and what that owes, all of one instant."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.customers.customer import Customer
from domain.db import Primary, Row
from domain.ids import LegalEntityId, PaymentMethodId, TenantId
from domain.ledger.balance import Balance
from domain.member_role import MemberRole
from domain.money import Money, currency_of
from domain.tenants.access import Listed, Login

_role = {role.value: role for role in MemberRole}


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What a request of a portal user begins with."""

    login: Login
    customer: Customer
    balance: Balance
    at: datetime
    """The instant up to which nothing is missing in it."""


async def signed_in(
    db: Primary, shard: int, asked: Sequence[tuple[TenantId, Listed]], at: datetime
) -> list[SignedIn | None]:
    """The users of one shard key that logins of these tenants are listed for, in their order, or None where one counts
    no more; ``at`` is now, or earlier.

    One statement tells also what nearly every such request asks next, the customer and its balance: they stand
    beside the user, and each would be a round trip of its own.
    """
    rows = await db.fetch(
        """SELECT u.id, u.customer_id, c.tenant_id, u.tokens_from, u.role, c.legal_entity_id, c.reference, c.currency,
                  c.time_zone, c.locale, c.default_method_id, h.clock_at, h.clock_target,
                  h.erased_at IS NOT NULL AS erased, owed.balance AS receivable, kept.balance AS credit,
                  greatest(owed.through_number, kept.through_number) AS through
             FROM customer_user u
             JOIN customer c ON c.shard_key = u.shard_key AND c.id = u.customer_id
             JOIN customer_head h ON h.shard_key = c.shard_key AND h.customer_id = c.id
             LEFT JOIN account_balance owed ON owed.shard_key = c.shard_key AND owed.customer_id = c.id
                                           AND owed.kind = 'receivable' AND owed.currency = c.currency
             LEFT JOIN account_balance kept ON kept.shard_key = c.shard_key AND kept.customer_id = c.id
                                           AND kept.kind = 'customer_credit' AND kept.currency = c.currency
            WHERE u.shard_key = $1 AND u.customer_id = ANY ($2::uuid[]) AND u.id = ANY ($3::uuid[]) AND u.active""",
        shard,
        [listed.customer.uuid for _, listed in asked],
        [listed.user.uuid for _, listed in asked],
    )
    found = {row["id"]: row for row in rows}
    return [_of(found.get(listed.user.uuid), tenant, listed, at) for tenant, listed in asked]


def _of(row: Row | None, tenant: TenantId, listed: Listed, at: datetime) -> SignedIn | None:
    """What was read of the user, where it is that customer's of that tenant."""
    if row is None:
        return None
    (_, owner, of_tenant, tokens_from, role, entity, reference, currency_code, zone, locale, method, clock_at,
     clock_target, erased, receivable, credit, through) = row.values()  # fmt: skip
    customer = listed.customer
    if owner != customer.uuid or of_tenant != tenant.uuid:
        return None
    currency = currency_of(currency_code)
    return SignedIn(
        Login(customer, listed.user, tokens_from, _role[role]),
        Customer(
            customer, tenant, LegalEntityId(entity), reference, currency, zone, locale,
            PaymentMethodId(customer.shard, method) if method else None, clock_at, clock_target, erased,
        ),
        Balance(Money(receivable or 0, currency), Money(credit or 0, currency), through or 0),
        at,
    )  # fmt: skip
