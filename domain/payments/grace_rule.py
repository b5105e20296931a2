"""What the law of a customer's country asks for before access may end: versions, of which the greatest holds.

The built-in rows are the rules of services that a law names, telephone and energy, taken as the measure for others too.
A tenant publishes versions of its own for what its lawyers say of its trade.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from domain.actor import Grant
from domain.countries import require_known_country
from domain.db import Primary, Tx
from domain.ids import CustomerId, TenantId
from domain.operation import operation
from domain.refusals import RefusalCode, Refused
from domain.tax.rate import CustomerKind

MAX_DAYS: Final = 90  # no law known to us asks for more before what is not paid for may be stopped
MAX_SOURCE: Final = 500  # a citation, not the law itself


@dataclass(frozen=True, slots=True)
class GraceRule:
    """Access ends ``min_days`` after the first failure at the earliest, and ``notice_days`` after a notice of it.

    The notice of the failure itself names the day. Version 0 is built in.
    """

    country: str
    kind: CustomerKind
    min_days: int
    notice_days: int
    source: str
    version: int = 0

    @property
    def least_days(self) -> int:
        """After how many days access may end, of a failure that was told at once."""
        return max(self.min_days, self.notice_days)


BUILT_IN: Final = (
    GraceRule(
        "AU", CustomerKind.CONSUMER, 7, 7,
        "Telecommunications Consumer Protections Code C628, clause 6.7.1: five working days' notice before a service "
        "is restricted, suspended or disconnected.",
    ),
    GraceRule(
        "DE", CustomerKind.CONSUMER, 14, 14,
        "Telekommunikationsgesetz, section 45k (2) as it read until 2021, since then section 61: two weeks' written "
        "warning before a line is blocked.",
    ),
    GraceRule(
        "LU", CustomerKind.CONSUMER, 30, 15,
        "Institut Luxembourgeois de Régulation, on electricity and gas: a reminder 15 days after the due date, and 15 "
        "days more before the supply is cut.",
    ),
)  # fmt: skip


async def grace_rules(db: Primary, tenant: TenantId, at: datetime | None = None) -> list[GraceRule]:
    """The rules that hold for the tenant, by country and kind: the built-in ones where it has none of its own.

    At an instant of wall time, those that held then.
    """
    rows = await db.fetch(
        """SELECT DISTINCT ON (country, customer_kind) country, customer_kind, min_days, notice_days, source, version
             FROM grace_rule WHERE tenant_id = $1 AND ($2::timestamptz IS NULL OR recorded_at <= $2)
            ORDER BY country, customer_kind, version DESC""",
        tenant.uuid,
        at,
    )
    found = {(rule.country, rule.kind): rule for rule in BUILT_IN}
    for row in rows:
        kind = CustomerKind(row["customer_kind"])
        found[row["country"], kind] = GraceRule(
            row["country"], kind, row["min_days"], row["notice_days"], row["source"], row["version"]
        )
    return sorted(found.values(), key=lambda rule: (rule.country, rule.kind))


async def rule_for(
    db: Primary, tenant: TenantId, country: str, kind: CustomerKind, at: datetime | None = None
) -> GraceRule | None:
    """The country's rule for that kind of customer, else the one for any; None where it has none."""
    found = {rule.kind: rule for rule in await grace_rules(db, tenant, at) if rule.country == country}
    return found.get(kind) or found.get(CustomerKind.ANY)


async def whereabouts(db: Primary, customer: CustomerId) -> tuple[str, CustomerKind]:
    """The customer's country ("" once it was erased) and kind: a business has a valid tax id, as tax has it."""
    row = await db.fetchrow(
        """SELECT p.country,  -- as EXISTS it may be hashed, which reads a whole table
                  (SELECT i.status FROM tax_identity i
                    WHERE i.shard_key = p.shard_key AND i.customer_id = p.customer_id AND i.status = 'valid'
                    LIMIT 1) IS NOT NULL AS is_business
             FROM billing_person p WHERE p.shard_key = $1 AND p.customer_id = $2""",
        customer.shard,
        customer.uuid,
    )
    if row is None:
        return "", CustomerKind.CONSUMER
    return row["country"], CustomerKind.BUSINESS if row["is_business"] else CustomerKind.CONSUMER


@dataclass(frozen=True, slots=True)
class PublishGraceRule:
    """The next version of a country's rule; see ``GraceRule``. It can only lengthen what a policy gives."""

    country: str
    kind: CustomerKind
    min_days: int
    notice_days: int
    source: str


@dataclass(frozen=True, slots=True)
class GraceRulePublished:
    """The version that holds for cases which open from now on."""

    country: str
    kind: CustomerKind
    version: int


@operation("dunning.publish_grace_rule", allowed=frozenset({Grant.SYSTEM, Grant.ADMIN}))
async def publish_grace_rule(tx: Tx, command: PublishGraceRule) -> GraceRulePublished:
    """INVALID_INPUT for an unknown country, days that are not 0 to MAX_DAYS, and a rule without a source."""
    require_known_country(command.country, "country")
    for days, part in ((command.min_days, "minDays"), (command.notice_days, "noticeDays")):
        if not 0 <= days <= MAX_DAYS:
            raise Refused(RefusalCode.INVALID_INPUT, f"A rule asks for 0 to {MAX_DAYS} days.", (part,))
    if not 0 < len(command.source.strip()) <= MAX_SOURCE:
        raise Refused(RefusalCode.INVALID_INPUT, "A rule names the law that it is taken from.", ("source",))
    series = (tx.head.tenant.uuid, command.country, command.kind.value)
    last = await tx.fetchval(
        """SELECT coalesce(max(version), 0) FROM grace_rule
            WHERE tenant_id = $1 AND country = $2 AND customer_kind = $3""",
        *series,
    )
    made = await tx.fetchval(
        """INSERT INTO grace_rule (tenant_id, country, customer_kind, version, min_days, notice_days, source,
               recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING RETURNING version""",
        *series, last + 1, command.min_days, command.notice_days, command.source.strip(), tx.recorded_at,
    )  # fmt: skip
    if made is None:
        raise Refused(RefusalCode.BUSY, "Another version of this rule is being published; try again.")
    return GraceRulePublished(command.country, command.kind, made)
