"""Invoices that staff writes: lines are written, changed and taken out; what is issued is collected like any other."""

from typing import Any, TypeVar

import pytest

from domain.corrections.finalize_draft import FinalizeDraft, finalize_draft
from domain.invoices.edit_draft import (
    MAX_LIST_TOTAL,
    AddInvoiceLine,
    CreateInvoice,
    DeleteDraft,
    EditInvoiceLine,
    RemoveInvoiceLine,
    add_invoice_line,
    create_invoice,
    delete_draft,
    edit_invoice_line,
    remove_invoice_line,
)
from domain.invoices.line import lines_of
from domain.invoices.manual_line import MAX_QUANTITY, ManualLine
from domain.money import MAX_MINOR, Money
from domain.operation import Operation
from domain.refusals import RefusalCode, Refused
from tests.domain.invoices.bills import SETUP, draft, drafted, eur, issue, now
from tests.lives import buyer, by_finance, day, invoices_of, start, until, wrong_rows
from tests.subscription_lives import switch
from tests.world import USD, Someone, World

C = TypeVar("C")
TRAINING = ManualLine("Training", 1, eur(1234))


async def refused(world: World, of: Someone, operation: Operation[C, Any], command: C) -> RefusalCode:
    """Why it was refused."""
    with pytest.raises(Refused) as refusal:
        await by_finance(world, of, operation, command)
    return refusal.value.code


@pytest.mark.row("E13")
async def test_an_invoice_of_staff_is_written_line_by_line_and_charged_when_it_is_issued(world: World) -> None:
    ada = await buyer(world)
    id = await draft(world, ada, SETUP, purchase_order="PO 4711")
    await by_finance(world, ada, add_invoice_line, AddInvoiceLine(id, TRAINING))
    await by_finance(world, ada, add_invoice_line, AddInvoiceLine(id, TRAINING))
    await by_finance(
        world, ada, edit_invoice_line, EditInvoiceLine(id, 2, ManualLine("Training, two days", 2, eur(900)))
    )
    left = await by_finance(world, ada, remove_invoice_line, RemoveInvoiceLine(id, 3))
    assert left.lines == 2
    issued = await issue(world, ada, id)
    assert (issued.invoice, issued.total, issued.payment is not None) == (id, eur(11800), True)
    billed = await now(world, ada, id)
    assert (billed.state.name, billed.subscription, billed.purchase_order) == ("paid", None, "PO 4711")
    found = (await lines_of(world.house.db.primary, ada.id, [id]))[id]
    assert [(line.description, line.amount.minor) for line in found] == [
        ("Set-up", 10000),
        ("Training, two days", 1800),
    ]
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("E8")
async def test_what_was_issued_is_no_draft_any_more(world: World) -> None:
    ada = await buyer(world)
    id = await draft(world, ada, SETUP)
    await issue(world, ada, id)
    tries: tuple[tuple[Operation[Any, Any], object], ...] = (
        (add_invoice_line, AddInvoiceLine(id, SETUP)),
        (edit_invoice_line, EditInvoiceLine(id, 1, SETUP)),
        (remove_invoice_line, RemoveInvoiceLine(id, 1)),
        (delete_draft, DeleteDraft(id)),
        (finalize_draft, FinalizeDraft(id)),
    )
    for operation, command in tries:
        assert await refused(world, ada, operation, command) is RefusalCode.NOT_FOUND


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (ManualLine("", 1, eur(1)), RefusalCode.INVALID_INPUT),
        (ManualLine("x" * 201, 1, eur(1)), RefusalCode.INVALID_INPUT),
        (ManualLine("x", 0, eur(1)), RefusalCode.INVALID_INPUT),
        (ManualLine("x", MAX_QUANTITY + 1, eur(1)), RefusalCode.INVALID_INPUT),
        (ManualLine("x", 2, eur(MAX_MINOR)), RefusalCode.INVALID_AMOUNT),
        (ManualLine("x", 1, eur(-1)), RefusalCode.INVALID_AMOUNT),
        (ManualLine("x", 1, Money(1, USD)), RefusalCode.CURRENCY_MISMATCH),
        (ManualLine("x", 1, eur(1), category=" "), RefusalCode.INVALID_INPUT),
        (ManualLine("x", 1, eur(1), category="Books"), RefusalCode.INVALID_INPUT),
        (ManualLine("x", 1, eur(MAX_LIST_TOTAL + 1)), RefusalCode.INVALID_AMOUNT),
        (ManualLine("x", 1, eur(1), starts_at=day(1, 2), ends_at=day(1, 1)), RefusalCode.INVALID_INPUT),
        (ManualLine("x", 1, eur(1), starts_at=day(1, 2)), RefusalCode.INVALID_INPUT),
    ],
)
async def test_a_line_that_cannot_be_meant_is_refused(world: World, line: ManualLine, code: RefusalCode) -> None:
    ada = await buyer(world)
    assert await refused(world, ada, create_invoice, CreateInvoice((line,), None, None)) is code


async def test_lines_that_come_to_more_than_can_be_billed_are_not_kept(world: World) -> None:
    ada, most = await buyer(world), ManualLine("x", 1, eur(MAX_LIST_TOTAL))
    id = await draft(world, ada, most)
    assert await refused(world, ada, add_invoice_line, AddInvoiceLine(id, SETUP)) is RefusalCode.INVALID_AMOUNT
    assert (await issue(world, ada, id)).total == eur(MAX_LIST_TOTAL)


async def test_a_draft_can_be_thrown_away_and_one_without_lines_is_not_issued(world: World) -> None:
    ada = await buyer(world)
    id = await draft(world, ada)
    assert await refused(world, ada, finalize_draft, FinalizeDraft(id)) is RefusalCode.STATE_CONFLICT
    await by_finance(world, ada, delete_draft, DeleteDraft(id))
    assert await refused(world, ada, delete_draft, DeleteDraft(id)) is RefusalCode.NOT_FOUND
    assert await invoices_of(world, ada) == []


async def test_a_renewals_draft_is_edited_within_its_hour_and_still_issued(world: World) -> None:
    ada = await buyer(world)
    await start(world, ada)
    await until(world, ada, day(2, 1, 0, 59))
    while not (id := await drafted(world, ada)):
        await until(world, ada, day(2, 1, 1, 0))
    await by_finance(world, ada, add_invoice_line, AddInvoiceLine(id, TRAINING))
    last = RefusalCode.STATE_CONFLICT
    await by_finance(world, ada, remove_invoice_line, RemoveInvoiceLine(id, 2))
    assert await refused(world, ada, remove_invoice_line, RemoveInvoiceLine(id, 1)) is last
    assert await refused(world, ada, delete_draft, DeleteDraft(id)) is last
    await by_finance(
        world, ada, edit_invoice_line, EditInvoiceLine(id, 1, ManualLine("Starter, as agreed", 1, eur(700)))
    )
    await until(world, ada, day(2, 1, 3))
    assert [each.total.minor for each in await invoices_of(world, ada)] == [1000, 700]
    assert await wrong_rows(world, ada) == []


async def test_a_line_that_staff_added_to_a_renewal_is_not_given_back_by_a_change_of_plan(world: World) -> None:
    ada = await buyer(world)
    await start(world, ada)
    await until(world, ada, day(2, 1, 0, 59))
    while not (id := await drafted(world, ada)):
        await until(world, ada, day(2, 1, 1, 0))
    work = ManualLine("Consulting in February", 1, eur(50000), starts_at=day(2, 2), ends_at=day(2, 28))
    await by_finance(world, ada, add_invoice_line, AddInvoiceLine(id, work))
    await until(world, ada, day(2, 15))
    done = await switch(world, ada, world.prices["team"])
    assert (done.credit, done.charge, done.given_back) == (eur(500), eur(1000), None)
