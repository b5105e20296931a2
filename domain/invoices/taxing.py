"""The taxes of a draft's charges, decided from the books; what was asked and answered is kept with the invoice."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from domain.db import Primary, Replica, Tx
from domain.ids import CustomerId, InvoiceId, LegalEntityId
from domain.invoices.line import Line
from domain.invoices.line_tax import decided_parts
from domain.tax.decision import TaxableLine, TaxDecision, TaxQuestion
from domain.tax.question import decided, question_for
from domain.tax.registration import registrations
from domain.vault import Vault
from domain.wire import canonical, from_json, to_json


@dataclass(frozen=True, slots=True)
class Taxed:
    """A question and its answer, both as they are stored."""

    question: TaxQuestion
    decision: TaxDecision


async def tax_charges(
    db: Primary, vault: Vault, customer: CustomerId, entity: LegalEntityId, at: datetime, lines: Sequence[Line]
) -> tuple[list[Line], Taxed | None]:
    """The lines in their order, charges with their taxes; nothing is asked for a seller registered nowhere then.

    STATE_CONFLICT where tax is owed at a rate that nobody has published, and once the customer was erased.
    """
    asked = [
        TaxableLine(position, line.category, line.amount, line.tax_inclusive)
        for position, line in enumerate(lines, 1)
        if line.credits is None
    ]
    if not asked or not any(each.holds(at) for each in await registrations(db, entity)):
        return list(lines), None
    question = await question_for(db, vault, customer, entity, at, asked)
    decision = decided(question)
    taxes = {each.position: each.components for each in decision.lines}
    rounding = question.rounding.value
    rated = [
        replace(line, components=decided_parts(taxes.get(position, ()), 1, rounding))
        for position, line in enumerate(lines, 1)
    ]
    return rated, Taxed(question, decision)


async def keep_decision(tx: Tx, id: InvoiceId, taxed: Taxed | None) -> None:
    """Stores what the invoice's taxes were decided from, and how; nothing where nothing was decided."""
    if taxed is None:
        return
    await tx.execute(
        """INSERT INTO tax_decision (shard_key, customer_id, subject, question, decision, recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6)""",
        id.shard, tx.customer.uuid, id.uuid, canonical(to_json(taxed.question)).decode(),
        canonical(to_json(taxed.decision)).decode(), tx.recorded_at,
    )  # fmt: skip


async def decisions_of(db: Primary | Replica, customer: CustomerId, ids: Sequence[InvoiceId]) -> dict[InvoiceId, Taxed]:
    """What was asked and answered for those of the customer's invoices that were taxed; documents print its notes."""
    rows = await db.fetch(
        """SELECT shard_key, subject, question, decision FROM tax_decision
            WHERE shard_key = $1 AND customer_id = $2 AND subject = ANY ($3::uuid[])""",
        customer.shard,
        customer.uuid,
        [id.uuid for id in ids],
    )
    return {
        InvoiceId(row["shard_key"], row["subject"]): Taxed(
            from_json(TaxQuestion, msgspec.json.decode(row["question"])),
            from_json(TaxDecision, msgspec.json.decode(row["decision"])),
        )
        for row in rows
    }
