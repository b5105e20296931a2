"""A mail server that is slow or loses its answers: few letters wait for it, and no customer gets one three times."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from domain import due
from domain.notices.kind import Kind
from domain.notices.notice import SEND_NOTICE
from domain.notices.queue_notice import QueueNotice, queue_notice
from domain.notices.smtp import PLACES
from domain.reactions.house import TRIES
from domain.reactions.work import do, failed
from jobs.process import warn_of_silence
from tests.lives import buyer, by_house, start
from tests.notice_kit import PostOffice, post_office
from tests.world import World


@pytest.fixture
async def office(world: World) -> AsyncIterator[PostOffice]:
    """A world with a mail server of the test's own."""
    async with post_office(world) as opened:
        yield opened


async def test_a_letter_whose_answer_is_lost_goes_once_more_hours_later_and_no_third_time(
    office: PostOffice,
) -> None:
    office.clerk.hangs_up = True
    ada = await buyer(office.world)
    await start(office.world, ada)
    for minutes in (5, 60, 350):
        await office.look_again(ada, timedelta(minutes=minutes))
    assert [(row["state"], row["attempts"]) for row in await office.rows(ada)] == [("due", 1)] * 2
    await office.look_again(ada, timedelta(hours=6, minutes=1))
    for hours in (12, 24, 49):
        await office.look_again(ada, timedelta(hours=hours))
    assert [(row["state"], row["reason"]) for row in await office.rows(ada)] == [("parked", "unknown")] * 2
    assert len(office.mails()) == 4 and len({mail.raw for mail in office.mails()}) == 2


async def test_a_job_that_is_ended_while_a_server_thinks_does_not_send_again_and_again(office: PostOffice) -> None:
    ada = await buyer(office.world)
    await office.close()
    await start(office.world, ada)
    office.clerk.silent_at = "taken"
    await office.open_again()
    work = (await office.queued(ada))[0]
    for minutes in (2, 10, 50):  # each time, the job's limit comes first
        job = asyncio.create_task(do(office.house_later(timedelta(minutes=minutes)), work))
        asked = asyncio.create_task(office.clerk.silent.acquire())
        await asyncio.wait({job, asked}, return_when=asyncio.FIRST_COMPLETED)
        for task in (job, asked):
            task.cancel()
        await asyncio.gather(job, asked, return_exceptions=True)
        found = await due.find(office.world.house.db.primary, ada.id, SEND_NOTICE, work.subject)
        if found is None:
            break
        assert not await do(office.house_later(timedelta(minutes=minutes, seconds=50)), found), "it is held"
    assert found is None
    assert len(office.mails()) == 2
    assert ("parked", "unknown") in [(row["state"], row["reason"]) for row in await office.rows(ada)]


async def test_a_slow_mail_server_has_few_letters_under_way_and_the_others_stay_due(office: PostOffice) -> None:
    ada = await buyer(office.world)
    paid = (await start(office.world, ada)).invoice
    for cause in range(1000, 1000 + 2 * PLACES):
        command = QueueNotice(cause, Kind.INVOICE_ISSUED, paid.uuid, paid, None)
        await by_house(office.world, ada, queue_notice, command, follow=False)
    office.clerk.silent_at = "taken"
    jobs = [asyncio.create_task(do(office.world.house, work)) for work in await office.queued(ada)]
    assert len(jobs) == 2 * PLACES
    turned_away = 0
    for done in asyncio.as_completed(jobs):
        turned_away += await done
        if turned_away == PLACES:
            break
    for _ in range(PLACES):
        await office.clerk.silent.acquire()
    assert office.clerk.silent.locked(), "no other one asked"
    for job in jobs:
        job.cancel()
    await asyncio.gather(*jobs, return_exceptions=True)
    assert sorted(row["attempts"] for row in (await office.rows(ada))[2:]) == [0] * PLACES + [1] * PLACES


async def test_a_worker_that_can_tell_nobody_says_so_where_others_do(
    office: PostOffice, caplog: pytest.LogCaptureFixture
) -> None:
    await start(office.world, await buyer(office.world))
    await warn_of_silence(office.world.house)
    assert "SMTP_URL" not in caplog.text
    await warn_of_silence(replace(office.world.house, mail=None))
    assert "SMTP_URL" in caplog.text


async def test_a_notice_whose_work_is_buried_is_parked_and_may_be_sent_again(office: PostOffice) -> None:
    ada = await buyer(office.world)
    await office.close()
    await start(office.world, ada)
    for work in await office.queued(ada):
        await failed(office.world.house, replace(work, attempts=TRIES), RuntimeError("a mistake of ours"))
    assert {(state, reason) for _, state, reason in await office.states(ada)} == {("parked", "error")}
    await office.open_again()
    await office.resend(ada)
    assert len(office.mails()) == 1
