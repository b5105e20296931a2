"""What a member of staff may not give back alone waits for another person, reserved and not posted."""

import asyncio
from datetime import timedelta

import pytest

from domain.actor import Actor, Grant
from domain.ids import RefundId
from domain.invoices.credit_note import credit_notes_of
from domain.ledger.account import Account
from domain.ledger.balance import balance
from domain.money import Money
from domain.payments.decide_refund import (
    ApproveRefund,
    CancelRefundRequest,
    RejectRefund,
    approve_refund,
    cancel_refund_request,
    reject_refund,
)
from domain.payments.issue_credit_note import IssueCreditNote, issue_credit_note
from domain.payments.refund import Means, refunds_of
from domain.payments.refund_approval import Approver, Because
from domain.payments.refund_request import refund_asked
from domain.payments.request_refund import RefundLine, RequestRefund, request_refund
from domain.payments.settle_payment import News
from domain.perform import perform
from domain.reactions.work import do_now
from tests.domain.invoices.bills import on
from tests.interruptions import ahead
from tests.lives import day, invoices_of, tell, until, wrong_rows
from tests.refund_kit import BEYOND, MUCH, answer, asked, done, lead, left, now, paid
from tests.world import EUR, Someone, World, fresh

AT_ONCE = 50


@pytest.mark.row("J2")
@pytest.mark.row("J5")
async def test_what_waits_is_reserved_and_posted_and_noted_only_when_a_lead_approves(world: World) -> None:
    ada, id = await paid(world)
    waiting, db = await asked(world, ada, id), world.house.db.primary
    assert ((await now(world, ada, waiting)).state.name, await left(world, ada, id)) == ("awaiting_approval", 39_999)
    assert await on(db, ada.id, Account.REVENUE) == MUCH
    (billed,) = await invoices_of(world, ada)
    assert await credit_notes_of(db, ada.id, [billed.id]) == {}
    assert await wrong_rows(world, ada) == []
    await done(world, ada, lead(world), approve_refund, ApproveRefund(waiting, "She is right."))
    assert ((await now(world, ada, waiting)).state.name, await left(world, ada, id)) == ("succeeded", 39_999)
    assert await on(db, ada.id, Account.REVENUE) == MUCH - BEYOND
    (note,) = (await credit_notes_of(db, ada.id, [billed.id]))[billed.id]
    assert (note.refunded.minor, note.kind) == (BEYOND, "refund")
    asked_for = await refund_asked(db, waiting)
    assert (asked_for.because, asked_for.decision, asked_for.decided_why) == (
        Because.AMOUNT, "approve", "She is right.",
    )  # fmt: skip
    assert asked_for.decided_by != asked_for.asked_by
    assert await wrong_rows(world, ada) == []


async def either_answer(world: World, of: Someone, actor: Actor, id: RefundId) -> tuple[str, str]:
    """What somebody hears who approves of it, and who rejects it."""
    return (
        await answer(world, of, actor, approve_refund, ApproveRefund(id, "Me.")),
        await answer(world, of, actor, reject_refund, RejectRefund(id, "Me.")),
    )


@pytest.mark.row("J2")
@pytest.mark.row("K3")
async def test_nobody_decides_on_what_he_asked_for_nor_a_lead_on_what_is_finance_s(world: World) -> None:
    ada, id = await paid(world, 500_000)
    big = await asked(world, ada, id, 100_001, Grant.LEAD, "lea")
    for actor in (lead(world), world.staff(Grant.SUPPORT, "sam")):
        assert await either_answer(world, ada, actor, big) == ("FORBIDDEN", "FORBIDDEN")
    assert await answer(world, ada, lead(world, "leo"), cancel_refund_request, CancelRefundRequest(big, "No.")) == (
        "FORBIDDEN"
    )
    assert await answer(world, ada, lead(world, "leo"), approve_refund, ApproveRefund(big, "Yes.")) == "done"
    await until(world, ada, day(5, 20))  # 139 days later
    old = await asked(world, ada, id, 1, Grant.LEAD, "lea")
    assert (await refund_asked(world.house.db.primary, old)).needs is Approver.FINANCE
    assert await answer(world, ada, lead(world, "leo"), approve_refund, ApproveRefund(old, "Yes.")) == "FORBIDDEN"
    assert (
        await answer(world, ada, world.staff(Grant.FINANCE, "fin"), approve_refund, ApproveRefund(old, "Yes."))
        == "done"
    )
    assert (await now(world, ada, await asked(world, ada, id, 1, Grant.FINANCE, "fin"))).state.name == "succeeded"


@pytest.mark.row("J2")
async def test_whoever_another_issuer_calls_by_the_askers_name_does_not_decide(world: World) -> None:
    ada, id = await paid(world)
    waiting = await asked(world, ada, id, name="sue")
    for issuer in ("test-issuer", "other-issuer"):
        her_too = world.staff(Grant.FINANCE, "sue", issuer)
        assert await either_answer(world, ada, her_too, waiting) == ("FORBIDDEN", "FORBIDDEN")
    assert await answer(world, ada, lead(world), approve_refund, ApproveRefund(waiting, "Yes.")) == "done"


@pytest.mark.row("J5")
async def test_of_money_that_the_bank_took_back_nothing_is_given_back_whatever_was_asked_for(world: World) -> None:
    ada, id = await paid(world)
    waiting, sent = await asked(world, ada, id), RequestRefund(id, Money(2_000, EUR), "Sorry.")
    await perform(world.house.db, request_refund, world.staff(Grant.SUPPORT), ada.id, sent, fresh("sent"))
    await tell(world, ada, id, News.RETURNED, captured=Money(MUCH, EUR), follow=False)  # before the provider was told
    assert await answer(world, ada, lead(world), approve_refund, ApproveRefund(waiting, "Yes.")) == "STATE_CONFLICT"
    assert await answer(world, ada, world.staff(Grant.SUPPORT), request_refund, sent) == "EXCEEDS_CAPTURED"
    assert await answer(world, ada, lead(world), reject_refund, RejectRefund(waiting, "It came back.")) == "done"
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("J4")
async def test_what_is_rejected_taken_back_or_forgotten_gives_the_amount_free(world: World) -> None:
    ada, id = await paid(world)
    rejected, canceled, forgotten = [await asked(world, ada, id) for _ in range(3)]
    assert await left(world, ada, id) == MUCH - 3 * BEYOND
    await done(world, ada, lead(world), reject_refund, RejectRefund(rejected, "It did work."))
    await done(
        world, ada, world.staff(Grant.SUPPORT), cancel_refund_request, CancelRefundRequest(canceled, "My mistake.")
    )
    assert await left(world, ada, id) == MUCH - BEYOND
    await until(world, ada, day(1, 14))
    assert (await now(world, ada, forgotten)).state.name == "awaiting_approval"
    await until(world, ada, day(1, 16))
    states = [(await now(world, ada, each)).state.name for each in (rejected, canceled, forgotten)]
    assert (states, await left(world, ada, id)) == (["rejected", "canceled", "rejected"], MUCH)
    for each in (rejected, canceled, forgotten):
        assert await answer(world, ada, lead(world), approve_refund, ApproveRefund(each, "Late.")) == "STATE_CONFLICT"
    assert await on(world.house.db.primary, ada.id, Account.REVENUE) == MUCH
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("C6")
async def test_of_many_who_decide_at_once_one_does(world: World) -> None:
    ada, id = await paid(world)
    waiting = await asked(world, ada, id)

    async def decision(number: int) -> str:
        who = lead(world, f"l{number}")
        if number % 2:
            return await answer(world, ada, who, reject_refund, RejectRefund(waiting, "No."))
        return await answer(world, ada, who, approve_refund, ApproveRefund(waiting, "Yes."))

    answers = await asyncio.gather(*(decision(number) for number in range(8)))
    assert sorted(answers) == ["STATE_CONFLICT"] * 7 + ["done"]
    approved = (await now(world, ada, waiting)).state.name == "succeeded"
    assert approved or (await now(world, ada, waiting)).state.name == "rejected"
    assert await left(world, ada, id) == (MUCH - BEYOND if approved else MUCH)
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("C6")
async def test_fifty_at_once_never_reserve_more_than_was_captured_awaiting_ones_too(world: World) -> None:
    ada, id = await paid(world)
    waiting = await asked(world, ada, id, 45_000)
    command = RequestRefund(id, Money(1_000, EUR), "Goodwill.")
    answers = await asyncio.gather(
        *(answer(world, ada, world.staff(Grant.SUPPORT), request_refund, command) for _ in range(AT_ONCE))
    )
    assert sorted(answers) == ["EXCEEDS_CAPTURED"] * (AT_ONCE - 5) + ["done"] * 5
    assert await left(world, ada, id) == 0
    await done(world, ada, lead(world), approve_refund, ApproveRefund(waiting, "Yes."))
    await do_now(ahead(world.house, timedelta(minutes=2)), ada.id)  # also what was not answered at once
    given = [each.state.name for each in await refunds_of(world.house.db.primary, ada.id, id)]
    assert given == ["succeeded"] * 6
    assert await on(world.house.db.primary, ada.id, Account.CASH_CLEARING) == 0
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("J1")
@pytest.mark.row("J7")
async def test_lines_and_units_of_them_are_given_back_with_their_tax_now_or_when_it_is_approved(world: World) -> None:
    ada, id = await paid(world, 60_000, quantity=3)
    db, sue = world.house.db.primary, world.staff(Grant.SUPPORT)
    part = RequestRefund(id, None, "A seat.", (RefundLine(1, quantity=1),))
    waiting = (await done(world, ada, sue, request_refund, part)).refund
    assert (await now(world, ada, waiting)).amount.minor == 20_000
    small = RequestRefund(id, None, "A day.", (RefundLine(1, amount=Money(700, EUR)),))
    await done(world, ada, sue, request_refund, small)
    assert await on(db, ada.id, Account.REVENUE) == 60_000 - 700
    await done(world, ada, lead(world), approve_refund, ApproveRefund(waiting, "Yes."))
    assert await on(db, ada.id, Account.REVENUE) == 60_000 - 20_700
    rest = RequestRefund(id, None, "All.", (RefundLine(1),))
    assert (await done(world, ada, lead(world), request_refund, rest)).amount.minor == 39_300
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("J1")
async def test_credit_for_a_payment_is_no_money_and_counts_against_it(world: World) -> None:
    ada, id = await paid(world)
    db, sue = world.house.db.primary, world.staff(Grant.SUPPORT)
    given = (
        await done(world, ada, sue, request_refund, RequestRefund(id, Money(4_000, EUR), "Sorry.", means=Means.CREDIT))
    ).refund
    assert ((await now(world, ada, given)).state.name, await left(world, ada, id)) == ("succeeded", 46_000)
    much = RequestRefund(id, Money(46_000, EUR), "Very sorry.", means=Means.CREDIT)
    waiting = (await done(world, ada, sue, request_refund, much)).refund
    assert (await balance(db, ada.id, EUR)).credit.minor == 4_000
    await done(world, ada, lead(world), reject_refund, RejectRefund(waiting, "Too much."))
    await asked(world, ada, id, 46_000, Grant.LEAD, "lea")  # money for the rest leaves the service credit alone
    assert (await balance(db, ada.id, EUR)).credit.minor == 4_000
    assert await on(db, ada.id, Account.CASH_CLEARING) == 4_000
    assert await wrong_rows(world, ada) == []


async def test_what_became_of_the_invoice_meanwhile_is_seen_when_it_is_approved(world: World) -> None:
    ada, id = await paid(world)
    lines = (RefundLine(1, amount=Money(BEYOND, EUR)),)
    waiting = (
        await done(world, ada, world.staff(Grant.SUPPORT), request_refund, RequestRefund(id, None, "A part.", lines))
    ).refund
    (billed,) = await invoices_of(world, ada)
    nothing, whole = Money(0, EUR), Money(MUCH, EUR)
    finance = world.staff(Grant.FINANCE, "fin")
    command = IssueCreditNote(billed.id, "goodwill", "All of it.", (), whole, nothing, whole, nothing)
    await done(world, ada, finance, issue_credit_note, command)
    assert await answer(world, ada, lead(world), approve_refund, ApproveRefund(waiting, "Yes.")) == "EXCEEDS_INVOICED"
    assert await answer(world, ada, lead(world), reject_refund, RejectRefund(waiting, "No.")) == "done"
    assert await wrong_rows(world, ada) == []
