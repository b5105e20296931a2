"""What the house makes of a provider that is silent after a capture, and of a customer who never comes."""

import secrets
from datetime import UTC, datetime, timedelta

import pytest

from domain import due
from domain.database import Database
from domain.money import Money
from domain.payments.attempt import ACTION_FOR, attempt
from domain.payments.gateway import Voided
from domain.payments.pay_invoice import SEND
from domain.payments.payment import payment
from domain.payments.settle_payment import News, SettlePayment, settle_payment
from domain.perform import perform
from domain.reactions.house import House
from domain.refusals import RefusalCode, Refused
from domain.subscriptions.start import StartSubscription, start_subscription
from tests.world import ACCOUNT, JPY, Someone, World, fresh


class Later:
    """A clock that is ahead of the world's."""

    def __init__(self, by: timedelta) -> None:
        self.by = by

    def now(self) -> datetime:
        return datetime.now(UTC) + self.by


def later(house: House, by: timedelta) -> House:
    """The same house, some time later."""
    db = house.db
    return House(Database(db.pool, db.pool, db.pool, Later(by), secrets.token_bytes, db.vault), house.gateways)


async def tell(world: World, of: Someone, news: SettlePayment) -> str:
    """Performs a piece of news; the state it leads to."""
    db = world.house.db
    return (await perform(db, settle_payment, world.house.actor, of.id, news, fresh("news"))).outcome.state


async def test_a_captured_payment_is_asked_about_until_the_provider_itself_confirms_it(world: World) -> None:
    ada = await world.customer()
    await world.card(ada)
    command = StartSubscription(world.prices["starter"], 1)
    begun = await perform(world.house.db, start_subscription, ada.actor, ada.id, command, fresh("start"))
    id, name = begun.outcome.payment, fresh("payment")
    assert id is not None
    told = SettlePayment(id, News.CAPTURED, name, begun.outcome.due, None, False, None, confirmed=False)
    silence = SettlePayment(id, News.UNKNOWN, None, None, None, False, None, confirmed=True)
    sure = SettlePayment(id, News.CAPTURED, name, begun.outcome.due, None, False, None, confirmed=True)
    assert [await tell(world, ada, news) for news in (told, silence)] == ["captured", "captured"]
    assert await due.find(world.house.db.primary, ada.id, SEND, id.uuid) is not None
    assert await tell(world, ada, sure) == "succeeded"
    assert await due.find(world.house.db.primary, ada.id, SEND, id.uuid) is None


async def test_money_of_another_currency_pays_nothing(world: World) -> None:
    ada = await world.customer()
    await world.card(ada)
    command = StartSubscription(world.prices["starter"], 1)
    begun = await perform(world.house.db, start_subscription, ada.actor, ada.id, command, fresh("start"))
    id, yen = begun.outcome.payment, Money(begun.outcome.due.minor, JPY)
    assert id is not None
    with pytest.raises(Refused) as refused:
        await tell(world, ada, SettlePayment(id, News.CAPTURED, "x", yen, None, False, None, confirmed=True))
    assert refused.value.code is RefusalCode.CURRENCY_MISMATCH
    assert (await payment(world.house.db.primary, ada.id, id)).captured.minor == 0


async def test_a_provider_that_sends_the_customer_elsewhere_at_each_look_is_understood(world: World) -> None:
    ada = await world.customer()
    await world.card(ada)
    command = StartSubscription(world.prices["starter"], 1)
    begun = await perform(world.house.db, start_subscription, ada.actor, ada.id, command, fresh("start"))
    id, key, name = begun.outcome.payment, fresh("news"), fresh("payment")
    assert id is not None
    for place, replayed in (("https://bank.test/1", False), ("https://bank.test/2", True)):
        news = SettlePayment(id, News.ACTION_REQUIRED, name, None, None, False, place, confirmed=True)
        done = await perform(world.house.db, settle_payment, world.house.actor, ada.id, news, key)
        assert (done.outcome.state, done.replayed) == ("requires_action", replayed)


@pytest.mark.row("B8")
async def test_a_charge_that_waits_in_vain_for_its_customer_is_voided_before_a_day_is_over(world: World) -> None:
    ada = await world.customer()
    await world.card(ada, "tok_3ds")
    started = (await world.do(ada, start_subscription, StartSubscription(world.prices["starter"], 1))).outcome
    id = started.payment
    assert id is not None
    early, late = later(world.house, ACTION_FOR - timedelta(minutes=1)), later(world.house, ACTION_FOR)
    for house, state in ((early, "requires_action"), (late, "voided")):
        await attempt(house.db, house.gateway(ACCOUNT), house.actor, ada.id, id)
        assert (await payment(house.db.primary, ada.id, id)).state.name == state
    there = await world.house.gateway(ACCOUNT).find_charge(str(id), started.due)
    assert isinstance(there, Voided)
