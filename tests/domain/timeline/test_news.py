"""What is new about a customer: the numbers have no gap, and whatever an event is about, its operation is news of."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from domain import db as database
from domain.db import Primary, Tx
from domain.ids import CustomerId
from domain.subscriptions.cancel import CancelAt
from domain.subscriptions.policy import SubscriptionPolicy, Unused
from domain.timeline.news import News, Standing, news, postings, standing
from tests.domain.timeline.test_changes import life
from tests.lives import buyer, day, start, until
from tests.subscription_lives import cancel, rules
from tests.world import World

ALL = 1000  # more than a life has
ABOUT = ("invoice", "subscription")


@contextmanager
def events_heard() -> Iterator[list[tuple[int, str, str]]]:
    """Each invoice and subscription that an event names as it is written: the operation's number, the kind, the id."""
    heard: list[tuple[int, str, str]] = []

    def hear(sql: str, args: Any, tx: object | None) -> None:
        if "INSERT INTO outbox_event" not in sql or not isinstance(tx, Tx):
            return
        for kind, body in tx.notes.events:
            # An invoice that is paid names its subscription, which hears of it by an operation of its own.
            names = ABOUT if kind.startswith("subscription.") else ("invoice",)
            heard.extend((tx.head.audit_number, kind, body[name]) for name in names if name in body)

    database.observers.append(hear)
    try:
        yield heard
    finally:
        database.observers.remove(hear)


def untold(found: dict[int, News], heard: Sequence[tuple[int, str, str]]) -> list[tuple[str, str]]:
    """The kind and the id of what was heard and is not news of its operation."""
    return [
        (kind, id)
        for number, kind, id in heard
        if id not in {str(each) for each in (*found[number].invoices, *found[number].subscriptions)}
    ]


async def test_every_invoice_and_subscription_that_an_event_names_is_news_of_its_operation(world: World) -> None:
    with events_heard() as heard:
        ada = await life(world)
    db = world.house.db.primary
    found = {each.number: each for each in await news(db, ada.id, 0, ALL)}
    end = await standing(db, ada.id)
    assert list(found) == list(range(1, end.operations + 1))
    assert all(each.whole for each in found.values())
    assert {kind.partition(".")[0] for _, kind, _ in heard} >= {"subscription", "invoice", "payment", "credit_note"}
    assert untold(found, heard) == []
    await read_by_pages(db, ada.id, end)


@pytest.mark.parametrize("unused", [Unused.CREDIT, Unused.REFUND])
async def test_a_note_that_an_operation_does_not_name_is_news_of_its_invoice(world: World, unused: Unused) -> None:
    await rules(world, SubscriptionPolicy(cancel_now=unused))
    ada = await buyer(world)
    await start(world, ada)
    await until(world, ada, day(1, 11, 18))
    with events_heard() as heard:
        await cancel(world, ada, CancelAt.NOW)
    found = {each.number: each for each in await news(world.house.db.primary, ada.id, 0, ALL)}
    assert untold(found, heard) == []
    assert "credit_note.issued" in {kind for _, kind, _ in heard}


async def read_by_pages(db: Primary, of: CustomerId, end: Standing) -> None:
    """What comes after a number is the same, page by page."""
    whole, posted = await news(db, of, 0, ALL), await postings(db, of, 0, ALL)
    assert await news(db, of, 3, 5) == whole[3:8]
    assert await postings(db, of, 2, 2) == posted[2:4]
    assert [each.number for each in posted] == list(range(1, end.postings + 1))
