"""Documents as PDF, one after the other as one process makes them: a page of three lines, and two hundred lines."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace

from domain.invoices.document import render_invoice
from domain.invoices.document_facts import InvoiceFacts
from domain.invoices.e_invoice import e_invoice
from domain.money import Money, total
from tests.bench.samples import Counted, percentile
from tests.domain.invoices.documents import EUR, taxed_invoice

LINES = 200  # a month of a firm with many seats, on eight pages


def page() -> bytes:
    """A taxed invoice of three lines with its e-invoice."""
    facts = taxed_invoice()
    return render_invoice(facts, "de", attached=e_invoice(facts))


def arabic_page() -> bytes:
    """The same from right to left."""
    facts = taxed_invoice()
    return render_invoice(facts, "ar", attached=e_invoice(facts))


def many_pages() -> bytes:
    """A taxed invoice of two hundred lines with its e-invoice."""
    facts = _long()
    return render_invoice(facts, "de", attached=e_invoice(facts))


def _long() -> InvoiceFacts:
    facts = taxed_invoice()
    (tax,) = facts.taxes
    lines = tuple(replace(facts.lines[-1], text=f"Onboarding {number}") for number in range(LINES))
    net = total([line.net for line in lines], EUR)
    taxed = total([each.amount for line in lines for each in line.taxes], EUR)
    whole, nothing = net + taxed, Money.zero(EUR)
    return replace(
        facts, lines=lines, taxes=(replace(tax, taxable=net, amount=taxed),), total=whole, due=whole,
        applied_credit=nothing,
    )  # fmt: skip


async def by_product(make: Callable[[], object], seconds: float) -> Counted:
    """As many as fit into the time, at least one, each in a thread as the API makes it."""
    took: list[float] = []
    start = time.perf_counter()
    while not took or time.perf_counter() - start < seconds:
        before = time.perf_counter()
        await asyncio.to_thread(make)
        took.append((time.perf_counter() - before) * 1000)
    whole = time.perf_counter() - start
    took.sort()
    return Counted(len(took), whole, percentile(took, 0.5), percentile(took, 0.99))
