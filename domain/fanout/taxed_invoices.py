"""Which issued invoices a correction of tax may concern, over all shard keys of a tenant."""

from dataclasses import dataclass
from datetime import datetime

from domain.db import Primary
from domain.ids import CustomerId, InvoiceId, TaxRunId, TenantId
from domain.money import Currency, Money
from domain.tax.place import countries_taxed_as


@dataclass(frozen=True, slots=True)
class Listed:
    """An invoice, and where it stands in the list: lists go by the time of issue."""

    customer: CustomerId
    invoice: InvoiceId
    issued_at: datetime


async def invoices_taxed_in(
    db: Primary, tenant: TenantId, country: str, since: datetime, until: datetime | None, after: Listed | None,
    limit: int,
) -> list[Listed]:  # fmt: skip
    """Invoices issued in the span that the country's tax may concern, void ones left out, by time of issue.

    Those that bore a tax of the country, and those without one of a seller or buyer that sits there, sat there then or
    was said later to have: so a tax that was not charged is found too. More than a correction changes; ``difference``
    tells. The next page begins after the last of this one.
    """  # the subqueries stand for one row each: written as EXISTS they may be hashed, which reads whole tables
    rows = await db.fetch(
        """-- fanout
           SELECT i.shard_key, i.customer_id, i.id, i.issued_at
             FROM invoice i
             LEFT JOIN tax_decision d ON d.shard_key = i.shard_key AND d.customer_id = i.customer_id
                                     AND d.subject = i.id
            WHERE i.tenant_id = $1 AND i.issued_at >= $3 AND ($4::timestamptz IS NULL OR i.issued_at < $4)
              AND (i.issued_at, i.shard_key, i.id) > ($5, $6, $7)
              AND i.state <> 'void' AND i.reason NOT LIKE 'tax_correction:%'
              AND (d.question -> 'buyer' ->> 'country' = ANY ($2::text[])
                   OR d.question -> 'seller' ->> 'country' = ANY ($2::text[])
                   OR (SELECT true FROM invoice_tax t JOIN tax_rate r ON r.id = t.rate_id
                        WHERE t.shard_key = i.shard_key AND t.invoice_id = i.id AND r.country = ANY ($2::text[])
                        LIMIT 1)
                   OR (SELECT true FROM billing_person p
                        WHERE p.shard_key = i.shard_key AND p.customer_id = i.customer_id
                          AND p.country = ANY ($2::text[]) AND d.subject IS NULL LIMIT 1)
                   OR (SELECT true FROM tax_place p
                        WHERE p.shard_key = i.shard_key AND p.customer_id = i.customer_id
                          AND p.country = ANY ($2::text[]) LIMIT 1))
            ORDER BY i.issued_at, i.shard_key, i.id LIMIT $8""",
        tenant.uuid,
        countries_taxed_as(country),
        since,
        until,
        after.issued_at if after else since,
        after.invoice.shard if after else -1,
        after.invoice.uuid if after else tenant.uuid,
        limit,
    )
    return [
        Listed(
            CustomerId(row["shard_key"], row["customer_id"]), InvoiceId(row["shard_key"], row["id"]), row["issued_at"]
        )
        for row in rows
    ]


async def place_in_list(db: Primary, tenant: TenantId, id: InvoiceId) -> Listed | None:
    """Where the tenant's invoice of that id stands, or None for any other id."""
    row = await db.fetchrow(
        "SELECT customer_id, issued_at FROM invoice WHERE shard_key = $1 AND id = $2 AND tenant_id = $3",
        id.shard,
        id.uuid,
        tenant.uuid,
    )
    return Listed(CustomerId(id.shard, row["customer_id"]), id, row["issued_at"]) if row else None


@dataclass(frozen=True, slots=True)
class Progress:
    """How many invoices of a run came to what; ``waiting`` ones nobody has looked at yet."""

    waiting: int
    nothing: int
    credited: int
    charged: int
    refused: int


async def progress_of(db: Primary, run: TaxRunId) -> Progress:
    """The counts over all shard keys."""
    rows = await db.fetch(
        """-- fanout
           SELECT coalesce(result, 'waiting') AS result, count(*) AS invoices
             FROM tax_correction_item WHERE run_id = $1 GROUP BY result""",
        run.uuid,
    )
    counts = {row["result"]: row["invoices"] for row in rows}
    return Progress(*(counts.get(each, 0) for each in ("waiting", "nothing", "credited", "charged", "refused")))


@dataclass(frozen=True, slots=True)
class RunTotal:
    """What a run changed in one currency, signed: the tax, and what customers owe."""

    tax: Money
    gross: Money
    invoices: int


async def totals_of(db: Primary, run: TaxRunId) -> list[RunTotal]:
    """By currency, of the invoices done so far."""
    rows = await db.fetch(
        """-- fanout
           SELECT c.currency, sum(c.tax_after - c.tax_before)::bigint AS tax, sum(c.gross)::bigint AS gross,
                  count(*) AS invoices
             FROM tax_correction_item i
             JOIN tax_correction c ON c.shard_key = i.shard_key AND c.document_id = i.document_id
            WHERE i.run_id = $1 GROUP BY c.currency ORDER BY c.currency""",
        run.uuid,
    )
    return [_total(Currency(row["currency"]), row["tax"], row["gross"], row["invoices"]) for row in rows]


def _total(currency: Currency, tax: int, gross: int, invoices: int) -> RunTotal:
    return RunTotal(Money(tax, currency), Money(gross, currency), invoices)


@dataclass(frozen=True, slots=True)
class TaxByRate:
    """What is declared of one tax: on how much, and how much; invoices less credit notes, void ones left out. It is
    levied by the country, or by a region of it; what no rate was asked for, as an export, by nobody (None)."""

    country: str | None
    region: str | None
    name: str
    treatment: str
    rate_ppm: int
    taxable: Money
    amount: Money


async def tax_by_rate(
    db: Primary, tenant: TenantId, since: datetime, until: datetime, *, sandbox: bool
) -> list[TaxByRate]:  # fmt: skip
    """The taxes of the documents issued in the span, by currency, place and rate: of those that are for tests alone,
    which nobody declares, or of all others."""
    rows = await db.fetch(
        """-- fanout
           WITH said AS (
               SELECT t.rate_id, t.currency, t.name, t.treatment, t.rate_ppm, t.taxable, t.amount
                 FROM invoice i
                 JOIN invoice_tax t ON t.shard_key = i.shard_key AND t.invoice_id = i.id
                 JOIN legal_entity e ON e.id = i.legal_entity_id
                WHERE i.tenant_id = $1 AND i.issued_at >= $2 AND i.issued_at < $3 AND i.state <> 'void'
                  AND e.sandbox = $4
               UNION ALL
               SELECT t.rate_id, t.currency, t.name, t.treatment, t.rate_ppm, -t.taxable, -t.amount
                 FROM credit_note n
                 JOIN credit_note_tax t ON t.shard_key = n.shard_key AND t.credit_note_id = n.id
                 JOIN legal_entity e ON e.id = n.legal_entity_id
                WHERE n.tenant_id = $1 AND n.issued_at >= $2 AND n.issued_at < $3 AND n.state <> 'void'
                  AND e.sandbox = $4)
           SELECT s.currency, r.country, nullif(r.region, '') AS region, s.name, s.treatment, s.rate_ppm,
                  sum(s.taxable)::bigint AS taxable, sum(s.amount)::bigint AS amount
             FROM said s LEFT JOIN tax_rate r ON r.id = s.rate_id
            GROUP BY s.currency, r.country, r.region, s.name, s.treatment, s.rate_ppm
           HAVING sum(s.taxable) <> 0 OR sum(s.amount) <> 0
            ORDER BY s.currency, r.country NULLS FIRST, r.region, s.name, s.treatment, s.rate_ppm""",
        tenant.uuid,
        since,
        until,
        sandbox,
    )
    return [
        TaxByRate(
            row["country"], row["region"], row["name"], row["treatment"], row["rate_ppm"],
            Money(row["taxable"], Currency(row["currency"])), Money(row["amount"], Currency(row["currency"])),
        )
        for row in rows
    ]  # fmt: skip
