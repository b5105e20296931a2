"""An answer was lost and the provider has forgotten the key since: what was sent is asked for, and not sent again."""

from contextlib import nullcontext
from datetime import timedelta

import pytest

from domain.actor import Grant
from domain.money import Money
from domain.payments.capture_payment import CapturePayment, capture_payment
from domain.payments.hold_calls import capture_key
from domain.payments.payment import payment
from domain.payments.refund import refunds_of
from domain.perform import perform
from domain.reactions.work import do_now
from tests.domain.payments.conftest import SideDoor
from tests.domain.payments.test_held_payments import held, sums
from tests.domain.payments.test_refunds import paid, states
from tests.interruptions import Killed, killed_at
from tests.lives import give_back, wrong_rows
from tests.mishaps import later
from tests.webhook_desk import Desk
from tests.world import EUR, World, fresh

OVER = timedelta(days=2)  # a key is kept for one


@pytest.mark.parametrize("token", ["tok_refund_error_after", "tok_visa"])
async def test_a_refund_leaves_once(world: World, desk: Desk, provider: SideDoor, token: str) -> None:
    ada, id = await paid(world, token)
    dies = token == "tok_visa"  # else the provider has no answer
    async with killed_at("refund.answered") if dies else nullcontext():
        with pytest.raises(Killed) if dies else nullcontext():
            await give_back(world, ada, id, Money(400, EUR))
    (given,) = await refunds_of(world.house.db.primary, ada.id, id)
    await desk.admin("keys/forget", key=given.provider_key)
    await do_now(later(world.house, OVER), ada.id)
    assert (await states(world, ada, id), await provider.taken(ada)) == (["succeeded"], 600)
    assert await wrong_rows(world, ada) == []


async def test_a_hold_is_taken_of_once(world: World, desk: Desk, provider: SideDoor) -> None:
    ada, hold = await held(world, "tok_capture_error_after")
    command = CapturePayment(hold.id, Money(400, EUR), final=False)
    await perform(world.house.db, capture_payment, world.staff(Grant.FINANCE), ada.id, command, fresh("capture"))
    await do_now(world.house, ada.id)
    lost = await payment(world.house.db.primary, ada.id, hold.id)
    assert (lost.state.name, await provider.taken(ada)) == ("unknown", 400)
    await desk.admin("keys/forget", key=capture_key(lost))
    await do_now(later(world.house, OVER), ada.id)
    assert sums(await payment(world.house.db.primary, ada.id, hold.id)) == (1000, 400, 600, 0)
    assert await provider.taken(ada) == 400
    assert await wrong_rows(world, ada) == []
