"""What drafts will bill toward a contract's commitment once they are issued."""

from collections.abc import Sequence

from domain.catalog.plan import price
from domain.catalog.redeem import Spent
from domain.db import Tx
from domain.ids import InvoiceId, PlanId
from domain.invoices.contract import Contract
from domain.invoices.draft import read_draft
from domain.invoices.finalize import bill_of
from domain.invoices.given_back import charges
from domain.invoices.line import Line
from domain.invoices.rate import Bill, Rated, discounted, rate
from domain.money import Money, total
from domain.refusals import RefusalCode, Refused


async def drafted_toward(tx: Tx, of: Contract) -> Money:
    """What the customer's drafts come to for the contract's plan, for time that began within its term, before tax, less
    what they give back of such time: as they would be issued now, the oldest first, so that a period of a coupon
    reduces one of them.

    STATE_CONFLICT where tax is owed at a rate that nobody has published. Of a draft that gives back more than is left
    of a charge, which is not issued as it stands, the charges count alone.
    """
    currency, spent = of.commitment.currency, list[Spent]()
    plan = (await price(tx, tx.head.tenant, of.price)).plan
    rows = await tx.fetch(
        """SELECT d.shard_key, d.id FROM invoice_draft d
            WHERE d.shard_key = $1 AND d.customer_id = $2
              AND EXISTS (SELECT 1 FROM invoice_draft_line l
                           WHERE l.shard_key = d.shard_key AND l.draft_id = d.id AND l.price_id IS NOT NULL)
            ORDER BY d.id""",
        tx.customer.shard,
        tx.customer.uuid,
    )
    found = Money.zero(currency)
    for row in rows:
        draft = await read_draft(tx, row["shard_key"], tx.customer.uuid, InvoiceId(row["shard_key"], row["id"]))
        assert draft is not None, row["id"]
        bill = bill_of(tx, draft, spent)
        if any(line.plan == plan for line in draft.lines):
            rated = await _rated(tx, bill, draft.lines)
            found, used = found + await _toward(tx, of, plan, rated), rated.used
        else:
            _, used = await discounted(tx, bill, draft.lines)
        spent += [Spent(each, draft.subscription) for each in used]
    return found


async def _toward(tx: Tx, of: Contract, plan: PlanId, rated: Rated) -> Money:
    lines = [line for line in rated.lines if line.plan == plan]
    credited = await charges(tx, tx.customer, [line.credits for line in lines if line.credits])

    def counts(line: Line) -> bool:
        return of.runs_at((credited[line.credits] if line.credits else line).starts_at)

    return total((line.net for line in lines if counts(line)), rated.currency)


async def _rated(tx: Tx, of: Bill, lines: Sequence[Line]) -> Rated:
    try:
        return await rate(tx, of, lines)
    except Refused as refused:
        if refused.code is not RefusalCode.EXCEEDS_INVOICED:
            raise
    return await rate(tx, of, tuple(line for line in lines if line.credits is None))
