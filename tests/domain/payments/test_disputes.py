"""Disputes: what a cardholder takes back is in both books, whatever is heard of it in which order."""

import itertools
from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain.actor import Grant
from domain.ids import DisputeId
from domain.ledger.period_close import ClosePeriod, close_period
from domain.payments.answer_dispute import submit_evidence
from domain.payments.dispute_policy import OnLost
from domain.payments.evidence import EvidenceKind, FileGiven, TextGiven, evidence_of_disputes
from domain.payments.refund import refunds_of
from domain.perform import perform
from domain.reactions.work import do_now
from domain.refusals import RefusalCode, Refused
from tests.dispute_kit import accounts, by_lead, disputed, disputed_again, disputes, evidence, hear_of_all, settled
from tests.domain.invoices.bills import eur
from tests.lives import attempts_at, buyer, day, give_back, invoices_of, start, subscription_of, wrong_rows
from tests.mishaps import later
from tests.webhook_desk import Desk, made_up
from tests.world import World, fresh, make_world

DAY = timedelta(days=1)


@pytest.mark.row("C4")
@pytest.mark.row("H10")
async def test_a_dispute_that_is_won_leaves_the_books_as_they_were_but_for_its_fee(world: World, desk: Desk) -> None:
    of = await disputed(world, desk, 700)
    opened = await of.told()
    assert (opened.state.name, opened.amount, opened.covered, opened.fee) == (
        "open", eur(700), eur(700), eur(1500)
    )  # fmt: skip
    books = await accounts(world, of.who)
    assert (books["disputes"], books["dispute_fees"]) == (700, 1500)
    assert books["cash_clearing"] == await settled(desk, of.paid) == -1200
    (paid,) = await invoices_of(world, of.who)
    assert paid.state.name == "paid", "the invoice is what was issued, and stays paid"
    with pytest.raises(Refused, match=r"At most 3.00 EUR .* Of it, 7.00 is disputed") as refused:
        await give_back(world, of.who, of.paid.id, eur(301))
    assert refused.value.code is RefusalCode.EXCEEDS_CAPTURED
    await of.answer()
    assert ((await of.known()).state.name, (await of.known()).asked) == ("evidence_submitted", None)
    won = await of.decided("won")
    assert (won.state.name, won.covered, (await of.now()).refundable) == ("won", eur(0), eur(1000))
    books = await accounts(world, of.who)
    assert "disputes" not in books and "dispute_losses" not in books
    assert books["cash_clearing"] == await settled(desk, of.paid) == -500
    assert await wrong_rows(world, of.who) == []


@pytest.mark.row("C4")
async def test_a_dispute_that_is_lost_is_a_loss_and_the_cardholders_bank_may_still_think_again(
    world: World, desk: Desk
) -> None:
    of = await disputed(world, desk)
    await of.told()
    lost = await of.decided("lost")
    assert (lost.state.name, lost.on_lost, lost.covered) == ("lost", OnLost.KEEP, eur(1000))
    books = await accounts(world, of.who)
    assert (books["dispute_losses"], books.get("disputes"), books["revenue"]) == (1000, None, -1000)
    assert books["cash_clearing"] == await settled(desk, of.paid) == -1500
    assert (await subscription_of(world, of.who)).state.name == "active"
    with pytest.raises(Refused, match="EXCEEDS_CAPTURED"):
        await give_back(world, of.who, of.paid.id, eur(1))
    won = await of.decided("won", again=True, fee_back=True)
    assert (won.state.name, won.fee, won.on_lost) == ("won", eur(0), None)
    books = await accounts(world, of.who)
    assert {"disputes", "dispute_losses", "dispute_fees"}.isdisjoint(books)
    assert books["cash_clearing"] == await settled(desk, of.paid) == 1000
    assert await wrong_rows(world, of.who) == []


@pytest.mark.row("L2")
@pytest.mark.row("C12")
async def test_any_order_and_number_of_the_events_ends_equal(world: World, desk: Desk) -> None:
    ends = set()
    for order in list(itertools.permutations(range(3)))[1::2]:
        of = await disputed(world, desk)
        await desk.admin(f"settle/{of.ref}", outcome="won")  # nobody answered, and it was won all the same
        other = await disputed_again(world, desk, of.who, of.paid, 400)
        events = [*await of.events(), *await other.events()]
        for n in (*order, *order):
            await desk.take(events[n], later(world.house, timedelta(minutes=1)))
        found = await disputes(world, of.paid)
        by_ref = {each.provider_ref: each for each in found}
        books = await accounts(world, of.who)
        ends.add((by_ref[of.ref].state.name, by_ref[other.ref].state.name, len(found), tuple(sorted(books.items()))))
        assert books["cash_clearing"] == await settled(desk, of.paid)
        assert (await of.now()).disputes_reserved == eur(400)
    assert {end[:3] for end in ends} == {("won", "open", 2)} and len(ends) == 1
    assert await wrong_rows(world, of.who) == []


async def test_parts_are_disputed_apart_and_what_exceeds_the_payment_is_kept_apart_as_a_loss(
    world: World, desk: Desk
) -> None:
    of = await disputed(world, desk, 600)
    await of.told()
    other = await disputed_again(world, desk, of.who, of.paid, 400)
    await other.told()
    assert (await of.now()).refundable == eur(0)
    third = made_up(
        "dispute.opened", payment=of.paid.provider_ref, reference=str(of.paid.id), amount_minor=300, fee_minor=1500,
        reason="fraudulent", created_at="2027-01-01T00:00:00Z", due_at=None,
        metadata={"payment": str(of.paid.id), "customer": str(of.who.id)},
    )  # fmt: skip
    assert await desk.take(third) == "applied", "the money moved at the provider: it is recorded always"
    excess = (await disputes(world, of.paid))[-1]
    assert (excess.covered, excess.excess) == (eur(0), eur(300))
    books = await accounts(world, of.who)
    assert (books["disputes"], books["dispute_losses"]) == (1000, 300)
    assert await wrong_rows(world, of.who) == []
    await other.decided("won")
    covered = (await disputes(world, of.paid))[-1]
    assert (covered.covered, covered.excess) == (eur(300), eur(0)), "what became free covers it"
    books = await accounts(world, of.who)
    assert (books["disputes"], books.get("dispute_losses")) == (900, None)
    assert await wrong_rows(world, of.who) == []
    won = {**third, "id": fresh("event"), "type": "dispute.won", "sequence": 2}
    won["object"] = {**third["object"], "status": "won"}
    assert await desk.take(won) == "applied"
    books = await accounts(world, of.who)
    assert (books["disputes"], books.get("dispute_losses")) == (600, None)
    assert (await of.now()).refundable == eur(400)
    assert await wrong_rows(world, of.who) == []


@pytest.mark.row("C7")
async def test_a_refund_under_way_when_a_dispute_comes_fails_and_what_it_had_reserved_covers_the_dispute(
    world: World, desk: Desk
) -> None:
    ada = await buyer(world)
    begun = await start(world, ada)
    assert begun.payment is not None
    await give_back(world, ada, begun.payment, eur(800), follow=False)
    (paid,) = await attempts_at(world, ada, begun.invoice)
    of = await disputed_again(world, desk, ada, paid, 1000)
    await of.told()  # its drain sends the refund, which the provider refuses by now
    await do_now(world.house, ada.id)
    (refund,) = await refunds_of(world.house.db.primary, ada.id, paid.id)
    known = await of.known()
    assert (refund.state.name, known.covered, known.excess) == ("failed", eur(1000), eur(0))
    books = await accounts(world, ada)
    assert (books["disputes"], books.get("refunds_payable"), books.get("customer_credit")) == (1000, None, None)
    assert books["dispute_losses"] == -800, "the bank gave all of it back: what the refund left as credit is not kept"
    assert books["cash_clearing"] == await settled(desk, paid)
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("C11")
async def test_lost_events_are_made_up_for_by_looking(world: World, desk: Desk) -> None:
    of = await disputed(world, desk)
    await hear_of_all(world.house)
    assert (await of.known()).state.name == "open"
    await desk.admin(f"disputes/{of.ref}/close", outcome="lost")
    await do_now(later(world.house, DAY + timedelta(hours=1)), of.who.id)
    assert (await of.known()).state.name == "lost", "the dispute's own due row asked the provider"
    before = await accounts(world, of.who)
    for event in await of.events():
        await desk.take(event, later(world.house, timedelta(minutes=1)))
    await hear_of_all(world.house)
    assert await accounts(world, of.who) == before
    assert await wrong_rows(world, of.who) == []


async def test_a_dispute_that_cannot_be_recorded_does_not_hide_the_others(world: World, desk: Desk) -> None:
    own = await make_world(world.house)
    closed = await disputed(own, desk, who=await buyer(own, clock_at=day(6, 10, year=2020)))
    command = ClosePeriod(date(2020, 6, 1))
    finance = own.staff(Grant.FINANCE)
    await perform(own.house.db, close_period, finance, own.tenant.sandbox_house, command, fresh("close"))
    other = await disputed(world, desk)
    await hear_of_all(world.house)
    assert (await other.known()).state.name == "open"
    assert await disputes(own, closed.paid) == []


async def test_evidence_is_kept_once_by_its_hash_and_answers_its_own_dispute_once(world: World, desk: Desk) -> None:
    of = await disputed(world, desk, 700)
    known = await of.told()
    wrong = [
        ((), ()),
        ((TextGiven(EvidenceKind.USAGE, " "),), ()),
        ((TextGiven(EvidenceKind.USAGE, "a"), TextGiven(EvidenceKind.USAGE, "b")), ()),
        ((), (FileGiven(EvidenceKind.RECEIPT, "text/html", "PGI+"),)),
        ((), (FileGiven(EvidenceKind.RECEIPT, "application/pdf", "no base 64"),)),
        ((), (FileGiven(EvidenceKind.RECEIPT, "image/png", "JVBERi0="),)),
        ((), (FileGiven(EvidenceKind.RECEIPT, "application/pdf", "JVBERi0" + "A" * 250_000 + "="),)),
    ]
    for texts, files in wrong:
        with pytest.raises(Refused, match="INVALID_INPUT"):
            await of.by_staff(submit_evidence, replace(evidence(known.id), texts=texts, files=files))
    with pytest.raises(Refused, match="NOT_FOUND"):
        await of.by_staff(submit_evidence, evidence(DisputeId(known.id.shard, of.paid.id.uuid)))
    elsewhere = await buyer(world)
    with pytest.raises(Refused, match="NOT_FOUND"):
        await by_lead(world, elsewhere.id, submit_evidence, evidence(known.id))
    await of.answer()
    kept = (await evidence_of_disputes(world.house.db.primary, of.who.id.shard, [(of.who.id, known.id)]))[known.id]
    assert [(each.kind, each.media_type) for each in kept] == [
        (EvidenceKind.EXPLANATION, "text/plain"), (EvidenceKind.RECEIPT, "application/pdf"),
    ]  # fmt: skip
    there = (await desk.provider.get(f"/v1/disputes/{of.ref}")).json()["evidence"]
    assert [each["sha256"] for each in there] == [None, kept[1].sha256]
    assert there[0]["text"] == "They used it every day."
    beside = await disputed_again(world, desk, of.who, of.paid, 300)
    said = TextGiven(EvidenceKind.USAGE, "This one they used once.")
    await of.by_staff(submit_evidence, replace(evidence((await beside.told()).id), texts=(said,), files=()))
    (there,) = (await desk.provider.get(f"/v1/disputes/{beside.ref}")).json()["evidence"]
    assert there["text"] == said.text, "what was said of another dispute is no part of this answer"
    assert [(await each.known()).asks for each in (of, beside)] == [1, 1]
    with pytest.raises(Refused, match="STATE_CONFLICT"):
        await of.answer()
    body = await world.house.db.primary.fetchval(
        """SELECT string_agg(body::text, ' ') FROM audit_body WHERE shard_key = $1 AND customer_id = $2""",
        of.who.id.shard,
        of.who.id.uuid,
    )
    assert kept[1].sha256 in body and "every day" not in body, "the trail holds hashes, never what was said"


async def test_who_gives_in_has_lost(world: World, desk: Desk) -> None:
    of = await disputed(world, desk)
    await of.told()
    await of.give_in()
    assert (await of.known()).state.name == "lost"
    with pytest.raises(Refused, match="STATE_CONFLICT"):
        await of.give_in()
    assert await wrong_rows(world, of.who) == []


async def test_an_answer_that_comes_too_late_says_why_and_leaves_the_dispute_as_it_is_at_the_provider(
    world: World, desk: Desk
) -> None:
    of = await disputed(world, desk)
    await of.told()
    await desk.admin(f"disputes/{of.ref}/close", outcome="lost")
    await of.answer()
    assert ((await of.known()).state.name, (await of.known()).asked) == ("lost", None)


async def test_an_event_that_does_not_fit_moves_nothing(world: World, desk: Desk) -> None:
    of = await disputed(world, desk)
    await of.told()
    (event,) = await of.events()
    stranger = await buyer(world)
    wrong: list[dict[str, object]] = [
        {"metadata": {"payment": str(of.paid.id), "customer": str(stranger.id)}},
        {"payment": "payment_0"},
        {"reference": "another"},
        {"amount_minor": 900},
        {"currency": "USD"},
    ]
    for sequence, changed in enumerate(wrong, 2):
        forged = {**event, "id": fresh("event"), "sequence": sequence, "object": {**event["object"], **changed}}
        assert await desk.take(forged) == "dead", changed
    assert (await of.known()).amount == eur(1000)
    assert await wrong_rows(world, of.who) == []


async def test_a_dispute_of_money_that_nobody_had_heard_of_proves_that_it_was_taken(world: World, desk: Desk) -> None:
    ada = await buyer(world, "tok_bank_held")
    begun = await start(world, ada)
    (waiting,) = await attempts_at(world, ada, begun.invoice)
    assert waiting.state.name == "processing"
    await desk.admin(f"settle/{waiting.provider_ref}", outcome="succeeded")
    of = await disputed_again(world, desk, ada, waiting, 1000)
    known = await of.told()
    assert (known.covered, (await of.now()).captured) == (eur(1000), eur(1000))
    assert (await accounts(world, ada))["cash_clearing"] == await settled(desk, waiting)
    assert await wrong_rows(world, ada) == []
