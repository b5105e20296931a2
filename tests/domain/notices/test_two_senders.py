"""Two workers have one notice in hand, as where the first stood still for longer than its lease: one letter goes."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest

from domain.due import Due
from domain.ids import NoticeId
from domain.notices.settle_notice import Outcome, SettleNotice, settle_notice
from domain.perform import perform
from domain.reactions.notices import send
from tests.held import held, until_waiting
from tests.lives import buyer, start
from tests.notice_kit import PostOffice, post_office
from tests.world import Someone, World, fresh


@pytest.fixture
async def office(world: World) -> AsyncIterator[PostOffice]:
    """A world with a mail server of the test's own."""
    async with post_office(world) as opened:
        yield opened


async def unsent(office: PostOffice) -> tuple[Someone, Due]:
    """A customer that nobody could write to, and the work of the first letter; now the mail server is there."""
    ada = await buyer(office.world)
    await office.close()
    await start(office.world, ada)
    await office.open_again()
    return ada, (await office.queued(ada))[0]


async def test_what_another_worker_has_sent_meanwhile_is_not_sent_again(office: PostOffice) -> None:
    ada, work = await unsent(office)
    house = office.world.house
    with held(settle_notice) as slow:
        command = SettleNotice(NoticeId(ada.id.shard, work.subject), Outcome.SENT, None)
        settling = await slow.begun(perform(house.db, slow.operation, house.actor, ada.id, command, fresh("settle")))
        late = asyncio.ensure_future(send(office.house_later(timedelta(minutes=2)), work))
        await until_waiting(house, 1)  # it has read that the notice is due
        slow.let_go.set()
        await asyncio.gather(settling, late)
    assert office.mails() == []
    assert (await office.states(ada))[0][1] == "sent"


async def test_of_two_workers_that_are_about_to_send_one_does(office: PostOffice, owner_url: str) -> None:
    ada, work = await unsent(office)
    owner = await asyncpg.connect(owner_url)
    async with owner.transaction():
        await owner.execute("SELECT 1 FROM due_work WHERE subject = $1 FOR UPDATE", work.subject)
        worker = office.house_later(timedelta(minutes=2))
        both = [asyncio.ensure_future(send(worker, work)) for _ in range(2)]
        await until_waiting(office.world.house, 2)  # each has read that the notice is due
    await asyncio.gather(*both)
    await owner.close()
    assert len(office.mails()) == 1
    first = (await office.rows(ada))[0]
    assert (first["state"], first["attempts"]) == ("sent", 2)
