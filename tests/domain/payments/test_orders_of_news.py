"""What is told of a payment, in every order, doubled and with parts of it lost: it ends the same."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain, combinations, permutations

import pytest

from domain.ids import PaymentId
from domain.money import Money
from domain.payments.payment import Payment, payment
from domain.payments.settle_payment import News, SettlePayment, settle_payment
from tests.lives import buyer, by_house, invoices_of, receipt_numbers, start, wrong_rows
from tests.world import EUR, Someone, World, fresh

LATER = datetime(2090, 1, 1, tzinfo=UTC)
# What a provider tells of one payment, in its order: the news, what was taken so far, what can still be taken.
STORIES: dict[str, tuple[tuple[News, int, int], ...]] = {
    "voided": ((News.AUTHORIZED, 0, 1000), (News.VOIDED, 0, 0)),
    "expired": ((News.AUTHORIZED, 0, 1000), (News.EXPIRED, 0, 0)),
    "declined": ((News.PROCESSING, 0, 0), (News.DECLINED, 0, 0)),
    "returned": ((News.PROCESSING, 0, 0), (News.CAPTURED, 1000, 0), (News.RETURNED, 1000, 0)),
    "in parts": ((News.AUTHORIZED, 0, 1000), (News.CAPTURED, 400, 600), (News.CAPTURED, 400, 0)),
}


def told(of: PaymentId, name: str, news: News, captured: int, left: int, *, held: bool) -> SettlePayment:
    """The news as the provider words it of what it calls so: totals, and of a hold what it held."""
    moved = news in (News.AUTHORIZED, News.CAPTURED, News.RETURNED)
    failed = news in (News.DECLINED, News.RETURNED)
    return SettlePayment(
        of, news, name, Money(captured, EUR) if moved else None, "insufficient_funds" if failed else None, False,
        confirmed=True, authorized=Money(1000, EUR) if held else None, capturable=Money(left, EUR) if held else None,
        until=LATER if news is not News.DECLINED else None,
    )  # fmt: skip


def orders(count: int) -> Iterator[tuple[int, ...]]:
    """Every order of that many pieces, whole and doubled, and of every part that has the last of them."""
    parts = chain.from_iterable(combinations(range(count - 1), size) for size in range(count))
    for part in parts:
        yield from (order * times for order in permutations((*part, count - 1)) for times in (1, 2))


async def begun(world: World) -> tuple[Someone, PaymentId]:
    """A payment of which nothing is known yet but that a bank has it."""
    ada = await buyer(world, "tok_bank_held")
    id = (await start(world, ada)).payment
    assert id is not None
    return ada, id


def facts(of: Payment, name: str) -> tuple[object, ...]:
    """All that news can change of a payment, but how often it was told; of its name whether it is that."""
    return (
        of.state.name, of.authorized, of.captured, of.capturable, of.released, of.returned, of.failure_code,
        of.expires_at, of.returnable_until, of.asked, of.provider_ref == name,
    )  # fmt: skip


@pytest.mark.row("L2")
@pytest.mark.row("F7")
@pytest.mark.parametrize("story", STORIES)
async def test_a_payment_ends_the_same_whatever_order_its_news_comes_in(world: World, story: str) -> None:
    pieces, ends = STORIES[story], set()
    ada = None
    for order in orders(len(pieces)):
        (ada, id), name = await begun(world), fresh("payment")  # a name is one payment's
        for place in order:
            command = told(id, name, *pieces[place], held=pieces[0][0] is News.AUTHORIZED)
            await by_house(world, ada, settle_payment, command, follow=False)
        (owed,) = await invoices_of(world, ada)
        receipts = len(await receipt_numbers(world, ada))
        ends.add((facts(await payment(world.house.db.primary, ada.id, id), name), owed.state.name, owed.due, receipts))
    assert len(ends) == 1
    assert ada is not None
    assert await wrong_rows(world, ada) == []
