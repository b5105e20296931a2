"""Stripe's balance transactions as settlement lines, oldest first; Stripe itself lists the newest first."""

from datetime import UTC, datetime
from typing import Any, Final

from domain.payments.gateway import LineKind, SettlementAnswer, SettlementLine, SettlementLines, Unknown
from domain.payments.gateways.stripe_amounts import from_stripe
from domain.payments.gateways.stripe_calls import MOST, page_of
from domain.payments.gateways.stripe_read import REFERENCE
from domain.payments.gateways.stripe_wire import WireIntent, WireLine, WireList, WireSource

# Stripe's accounting categories (docs.stripe.com/reports/reporting-categories).
_KINDS: Final = {
    "charge": LineKind.CHARGE,
    "refund": LineKind.REFUND,
    "refund_failure": LineKind.REFUND_REVERSED,
    "charge_failure": LineKind.RETURN,
    "dispute": LineKind.DISPUTE,
    "dispute_reversal": LineKind.DISPUTE_REVERSED,
}
_PAGES_MAX: Final = 200  # to the oldest line: who has more than 20,000 reads by payout, or goes on after a known line


async def settlement_lines(client: Any, payout: str | None, after: str | None, limit: int) -> SettlementAnswer:
    """The lines after that one; without one, the first there are, to which Stripe has to be read back page by page."""
    lines = client.balance_transactions
    asked = {"expand": ["data.source.payment_intent"]} | ({"payout": payout} if payout else {})
    if after is not None:
        page = await page_of(lines, WireLine, {**asked, "limit": min(limit, MOST), "ending_before": after})
        return page if not isinstance(page, WireList) else _read(page.data, page.has_more, payout)
    pages: list[list[WireLine]] = []
    turn: dict[str, object] = {}
    for _ in range(_PAGES_MAX):
        page = await page_of(lines, WireLine, {**asked, "limit": MOST, **turn})
        if not isinstance(page, WireList):
            return page
        pages.append(page.data)
        if not page.has_more:
            oldest = [line for each in pages[-(limit // MOST + 2) :] for line in each]
            taken = oldest[-limit:]
            return _read(taken, sum(map(len, pages)) > len(taken), payout)
        turn = {"starting_after": page.data[-1].id}
    return Unknown("too many lines before the first: ask by payout")


def _read(newest_first: list[WireLine], more: bool, payout: str | None) -> SettlementAnswer:
    lines = tuple(_line(line, payout) for line in reversed(newest_first))
    known = tuple(line for line in lines if line is not None)
    return SettlementLines(known, more) if len(known) == len(lines) else Unknown("mismatch")


def _line(line: WireLine, payout: str | None) -> SettlementLine | None:
    gross, fee = from_stripe(line.amount, line.currency), from_stripe(line.fee, line.currency)
    if gross is None or fee is None:
        return None
    source = line.source if isinstance(line.source, WireSource) else None
    intent = source.payment_intent if source and isinstance(source.payment_intent, WireIntent) else None
    subject = source.id if source else line.source if isinstance(line.source, str) else line.id
    of_charge = source is not None and source.object == "charge" and intent is not None
    return SettlementLine(
        line_ref=line.id,
        kind=_KINDS.get(line.reporting_category, LineKind.OTHER),
        object_ref=intent.id if of_charge and intent else subject,
        charge_ref=intent.id if intent else None,
        reference=intent.metadata.get(REFERENCE) if intent else None,
        gross=gross,
        fee=fee,
        occurred_at=datetime.fromtimestamp(line.created, UTC),
        payout_ref=payout,
    )
