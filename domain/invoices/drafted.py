"""What drafts will bill toward a contract's commitment once they are issued."""

from dataclasses import replace

from domain.catalog.plan import price
from domain.db import Tx
from domain.ids import InvoiceId, PlanId
from domain.invoices.contract import Contract
from domain.invoices.draft import Draft, read_draft
from domain.invoices.finalize import rate_draft
from domain.invoices.given_back import charges
from domain.invoices.line import Line
from domain.invoices.rate import Rated
from domain.money import Money, total
from domain.refusals import RefusalCode, Refused


async def drafted_toward(tx: Tx, of: Contract) -> Money:
    """What the customer's drafts come to for the contract's plan, for time that began within its term, before tax, less
    what they give back of such time: as they would be issued now.

    STATE_CONFLICT where tax is owed at a rate that nobody has published. Of a draft that gives back more than is left
    of a charge, which is not issued as it stands, the charges count alone.
    """
    currency = of.commitment.currency
    plan = (await price(tx, tx.head.tenant, of.price)).plan
    rows = await tx.fetch(
        """SELECT d.shard_key, d.id FROM invoice_draft d
            WHERE d.shard_key = $1 AND d.customer_id = $2 AND d.currency = $3
              AND EXISTS (SELECT 1 FROM invoice_draft_line l JOIN price p ON p.id = l.price_id
                           WHERE l.shard_key = d.shard_key AND l.draft_id = d.id AND p.plan_id = $4)
            ORDER BY d.id""",
        tx.customer.shard,
        tx.customer.uuid,
        str(currency),
        plan.uuid,
    )
    found = [await _toward(tx, of, plan, InvoiceId(row["shard_key"], row["id"])) for row in rows]
    return total(found, currency)


async def _toward(tx: Tx, of: Contract, plan: PlanId, id: InvoiceId) -> Money:
    draft = await read_draft(tx, id.shard, tx.customer.uuid, id)
    assert draft is not None, id
    lines = [line for line in (await _rated(tx, draft)).lines if line.plan == plan]
    credited = await charges(tx, tx.customer, [line.credits for line in lines if line.credits])

    def counts(line: Line) -> bool:
        return of.runs_at((credited[line.credits] if line.credits else line).starts_at)

    return total((line.net for line in lines if counts(line)), draft.currency)


async def _rated(tx: Tx, draft: Draft) -> Rated:
    try:
        return await rate_draft(tx, draft)
    except Refused as refused:
        if refused.code is not RefusalCode.EXCEEDS_INVOICED:
            raise
    return await rate_draft(tx, replace(draft, lines=tuple(line for line in draft.lines if line.credits is None)))
