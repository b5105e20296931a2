"""What a customer is told: of everything once, in its order, whatever happens to processes and mail servers."""

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest

from domain.customers.change_billing_person import ChangeBillingPerson, change_billing_person
from domain.ids import NoticeId
from domain.money import Money
from domain.payments.pay_invoice import PayInvoice, pay_invoice
from domain.payments.settle_payment import News
from domain.reactions.work import do
from migrations.registry import TABLES
from tests.domain.payments.test_offline_payments import record
from tests.interruptions import Killed, killed_at
from tests.lives import buy, buyer, by_house, day, give_back, invoices_of, start, tell, until, wrong_rows
from tests.notice_kit import PostOffice, post_office
from tests.subscription_lives import plan_of, trial
from tests.world import EUR, Someone, World, fresh


@pytest.fixture
async def office(world: World) -> AsyncIterator[PostOffice]:
    """A world with a mail server of the test's own."""
    async with post_office(world) as opened:
        yield opened


async def move_in(office: PostOffice, of: Someone, name: str, email: str) -> None:
    """The customer is called so, and has that address."""
    command = ChangeBillingPerson("DE", "", name=name, email=email, address="1 Test Street")
    await by_house(office.world, of, change_billing_person, command)


@pytest.mark.row("D10")
async def test_a_life_in_dunning_is_told_step_by_step_and_each_step_once(office: PostOffice) -> None:
    ada = await buyer(office.world)
    await start(office.world, ada)
    await office.world.card(ada, "tok_insufficient_funds")
    await until(office.world, ada, day(2, 20))  # declined, tried again, suspended
    await office.world.card(ada)  # which is charged at once
    steps = ["invoice_issued", "receipt", "invoice_issued", "payment_failed", *["reminder"] * 5, "suspended"]
    after = await office.states(ada)
    assert [kind for kind, _, _ in after] == [*steps, "receipt", "recovered"]
    assert {(state, reason) for _, state, reason in after} == {("sent", None)}
    subjects = [mail.subject for mail in office.mails()]
    first, second = [each.number for each in await invoices_of(office.world, ada)]
    assert [second in subject for subject in subjects[2:]] == [True] * 10 and first in subjects[0]
    failed = office.mails()[3].body("plain")
    assert failed is not None
    assert "€10.00" in failed and "again on February 3, 2027" in failed and "access ends on February 15, 2027" in failed
    assert len({mail.message["Message-ID"] for mail in office.mails()}) == len(subjects)
    await office.look_again(ada, timedelta(days=3))
    assert len(office.mails()) == len(subjects)
    assert await wrong_rows(office.world, ada) == []


@pytest.mark.row("E11")
@pytest.mark.row("L3")
@pytest.mark.parametrize(
    "point", ["perform.committed", "relay.consumed", "due.claimed", "notice.claimed", "notice.answered"]
)
async def test_a_process_that_dies_on_the_way_loses_and_doubles_nothing(office: PostOffice, point: str) -> None:
    ada = await buyer(office.world)
    for passes in range(3):
        async with killed_at(point, passes):
            try:
                await start(office.world, ada) if passes == 0 else await office.look_again(ada)
            except Killed:
                continue
    for minutes in range(1, 4):
        await office.look_again(ada, timedelta(minutes=minutes))
    assert await office.states(ada) == [("invoice_issued", "sent", None), ("receipt", "sent", None)]
    names = [mail.message["Message-ID"] for mail in office.mails()]
    assert len(set(names)) == 2
    # Only where the server had taken it and nobody lived to write that down it comes again: as the same message.
    assert len(names) == 2 or point == "notice.answered"
    assert len({mail.raw for mail in office.mails()}) == 2


async def test_two_workers_that_reach_for_a_notice_send_it_once(office: PostOffice) -> None:
    ada = await buyer(office.world)
    await office.close()
    await start(office.world, ada)
    await office.open_again()
    works = await office.queued(ada)
    assert len(works) == 2
    worker = office.house_later(timedelta(minutes=2))
    await asyncio.gather(*(do(worker, work) for work in works for _ in range(2)))
    assert len(office.mails()) == 2
    assert {state for _, state, _ in await office.states(ada)} == {"sent"}


@pytest.mark.parametrize("mood", [None, "451 4.7.1 canaria@canary.test is greylisted"], ids=["refused", "4xx"])
async def test_a_mail_server_that_is_away_gets_it_later_and_after_two_days_somebody_is_shown(
    office: PostOffice, mood: str | None
) -> None:
    ada = await buyer(office.world)
    if mood:
        office.clerk.moods["recipient"] = mood
    else:
        await office.close()
    await start(office.world, ada)
    first = (await office.rows(ada))[0]
    assert (first["state"], first["attempts"]) == ("due", 1)
    await office.look_again(ada, timedelta(seconds=50))  # too early
    assert (await office.rows(ada))[0]["attempts"] == 1
    await office.look_again(ada, timedelta(minutes=2))
    assert (await office.rows(ada))[0]["attempts"] == 2
    await office.look_again(ada, timedelta(hours=49))
    reason = "451 4.7.1" if mood else "connect"
    assert await office.states(ada) == [("invoice_issued", "parked", reason), ("receipt", "parked", reason)]
    office.clerk.moods.clear()
    if not mood:
        await office.open_again()
    await office.resend(ada)
    (mail,) = office.mails()
    rows = await office.rows(ada)
    assert [(row["copy"], row["state"]) for row in rows] == [(0, "parked"), (1, "sent"), (0, "parked")]
    assert str(NoticeId(ada.id.shard, rows[1]["id"])) in mail.message["Message-ID"]


async def test_what_is_refused_for_good_has_failed_and_no_name_is_kept_of_it(
    office: PostOffice, owner_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    ada = await buyer(office.world)
    canary = fresh("canary").replace("-", "")
    await move_in(office, ada, f"Canary {canary}", f"{canary}@canary.test")
    office.clerk.moods["recipient"] = f"550 5.1.1 <{canary}@canary.test> is unknown"
    begun = await start(office.world, ada)
    assert await office.states(ada) == [("invoice_issued", "failed", "550 5.1.1"), ("receipt", "failed", "550 5.1.1")]
    assert office.clerk.seen == 2
    office.clerk.moods = {"data": f"554 5.7.1 {canary} is spam"}
    assert begun.payment
    await give_back(office.world, ada, begun.payment, Money(100, EUR))
    office.clerk.moods = {"taken": f"451 try again, {canary}"}
    await office.resend(ada)
    assert {(state, reason) for _, state, reason in await office.states(ada)} == {
        ("failed", "550 5.1.1"), ("failed", "554 5.7.1"), ("due", None),
    }  # fmt: skip
    assert any("failed" in record.message and vars(record).get("reason") == "550 5.1.1" for record in caplog.records)
    ours = [record for record in caplog.records if record.name != "mail.log"]  # that is the mail server itself
    assert canary not in str([vars(record) for record in ours])
    assert await kept_of(owner_url, ada, canary) == {"billing_person"}


async def kept_of(owner_url: str, of: Someone, word: str) -> set[str]:
    """The tables with a row under the customer's shard key that holds the word in the clear."""
    owner = await asyncpg.connect(owner_url)
    try:
        found = set()
        for table in (name for name, kind in TABLES.items() if kind == "S"):
            sql = f"SELECT 1 FROM {table} t WHERE shard_key = $1 AND t::text LIKE $2 LIMIT 1"  # noqa: S608 - our own names
            if await owner.fetchval(sql, of.id.shard, f"%{word}%"):
                found.add(table)
        return found
    finally:
        await owner.close()


async def erase(owner_url: str, of: Someone) -> None:
    """As what erases a customer will."""
    owner = await asyncpg.connect(owner_url)
    await owner.execute("DELETE FROM billing_person WHERE shard_key = $1 AND customer_id = $2", of.id.shard, of.id.uuid)
    await owner.close()


async def test_who_cannot_or_need_not_be_told_is_not_and_the_row_says_why(office: PostOffice, owner_url: str) -> None:
    ada, bob, eve = [await buyer(office.world, "tok_insufficient_funds_times_1") for _ in range(3)]
    await move_in(office, ada, "Ada", "ada@example.test\r\nBcc: eve@evil.test")
    await office.close()
    for each in (ada, bob, eve):
        await start(office.world, each)
    await erase(owner_url, bob)
    (owed,) = await invoices_of(office.world, eve)
    await office.world.do(eve, pay_invoice, PayInvoice(owed.id, None))
    await office.open_again()
    for each in (ada, bob, eve):
        await office.look_again(each, timedelta(minutes=2))
    assert await office.states(ada) == [("invoice_issued", "suppressed", "bad_address")]
    assert await office.states(bob) == [("invoice_issued", "suppressed", "erased")]
    assert {kind: state for kind, state, _ in await office.states(eve)} == {"invoice_issued": "sent", "receipt": "sent"}


async def test_a_reminder_of_what_is_paid_meanwhile_is_not_sent(office: PostOffice) -> None:
    ada = await buyer(office.world)
    await start(office.world, ada)
    await office.world.card(ada, "tok_insufficient_funds")
    await office.close()
    await until(office.world, ada, day(2, 4))
    await office.world.card(ada)
    await office.open_again()
    await office.look_again(ada, timedelta(minutes=10))
    late = {kind: (state, reason) for kind, state, reason in (await office.states(ada))[2:]}
    gone = ("suppressed", "outdated")
    sent = dict.fromkeys(("invoice_issued", "receipt", "recovered"), ("sent", None))
    assert late == {**sent, "payment_failed": gone, "reminder": gone}


async def test_nobody_is_asked_to_approve_a_payment_that_is_being_let_go(office: PostOffice) -> None:
    ada = await buyer(office.world, "tok_3ds")
    await office.close()
    await start(office.world, ada)
    await record(office.world, ada, 400, follow=False)
    await office.open_again()
    (*_, asking) = await office.queued(ada)
    await do(office.house_later(timedelta(minutes=2)), asking)
    assert (await office.states(ada))[1] == ("payment_action", "suppressed", "outdated")


@pytest.mark.row("J7")
async def test_money_on_its_way_back_holds_in_part_and_questions_of_a_bank_are_told(office: PostOffice) -> None:
    world = office.world
    ada, bob, cleo, eve = [await buyer(world, f"tok_{card}") for card in ("visa", "refund_refused", "visa", "3ds")]
    for each in (ada, bob):
        paid = (await start(world, each)).payment
        assert paid
        await give_back(world, each, paid, Money(300, EUR))
    await buy(world, cleo, await plan_of(world, 1000, trial(14)))
    await until(world, cleo, day(1, 14))
    asked = (await start(world, eve)).payment
    await tell(world, eve, asked, News.CAPTURED, captured=Money(400, EUR))
    told = [[kind for kind, state, _ in await office.states(each) if state == "sent"] for each in (ada, bob, cleo, eve)]
    first = ["invoice_issued", "receipt"]
    assert told == [[*first, "refund_settled"], [*first, "refund_failed"], ["trial_ending"],
                    ["invoice_issued", "payment_action", "payment_short", "receipt"]]  # fmt: skip
    said = {mail.subject: mail.body("plain") or "" for mail in office.mails()}
    assert "given back €3.00 of your payment" in said["Your refund of €3.00"]
    assert "could not give back €3.00" in said["Your refund of €3.00 has failed"]
    partly = next(text for subject, text in said.items() if "partly" in subject)
    assert "received €4.00" in partly and "€6.00 is still due" in partly
