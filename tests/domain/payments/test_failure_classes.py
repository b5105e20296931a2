"""Each class of failure goes its own way: what is sent again, what is asked for, what another day may bring."""

from datetime import timedelta
from typing import NamedTuple

import pytest

from domain.dunning.case import cases
from domain.money import Money
from domain.payments.failures import FailureClass, failure_in, failure_of
from domain.payments.gateway import Captured, Declined, NotFound, Returned, Unavailable, Unknown
from domain.payments.gateways.declines import HARD
from domain.reactions.work import do_now
from tests.interruptions import ahead
from tests.lives import attempts_at, buyer, day, invoices_of, start, until, wrong_rows
from tests.webhook_desk import Desk
from tests.world import EUR, World


class Expected(NamedTuple):
    """A method, what its charge is at first and its class, and then, after the last day of retries: the attempts, the
    charges that the provider saw, and the state of the dunning case."""

    token: str
    state: str
    failure: FailureClass | None
    attempts: int
    charges: int
    case: str | None


TEN = Money(1000, EUR)
TABLE = {
    FailureClass.SOFT_DECLINE: Expected(
        "tok_insufficient_funds", "failed", FailureClass.SOFT_DECLINE, 5, 5, "suspended"
    ),
    FailureClass.HARD_DECLINE: Expected("tok_stolen_card", "failed", FailureClass.HARD_DECLINE, 1, 1, "suspended"),
    FailureClass.TRANSIENT: Expected("tok_unavailable", "processing", None, 1, 1, None),
    FailureClass.AMBIGUOUS: Expected("tok_error_after", "unknown", FailureClass.AMBIGUOUS, 1, 1, None),
    FailureClass.ASYNC_FAILURE: Expected(
        "tok_bank_account_closed", "processing", FailureClass.ASYNC_FAILURE, 1, 1, "suspended"
    ),
}


@pytest.mark.row("B7")
@pytest.mark.row("B9")
@pytest.mark.parametrize("failure", TABLE)
async def test_each_class_of_failure_goes_its_own_path(world: World, desk: Desk, failure: FailureClass) -> None:
    expected = TABLE[failure]
    ada = await buyer(world)
    await start(world, ada)
    await world.card(ada, expected.token)
    await until(world, ada, day(2, 2))
    owed = (await invoices_of(world, ada))[-1].id
    first = (await attempts_at(world, ada, owed))[0]
    assert first.state.name == expected.state
    if first.provider_ref and expected.state == "processing":
        await desk.admin(f"settle/{first.provider_ref}", outcome="account_closed")
    else:
        assert failure_of(first) is expected.failure
    await do_now(ahead(world.house, timedelta(minutes=2)), ada.id)
    is_over = (await attempts_at(world, ada, owed))[0].state.name == "failed"
    assert is_over == (expected.case is not None)
    if is_over:
        assert failure_of((await attempts_at(world, ada, owed))[0]) is expected.failure
        await until(world, ada, day(2, 20))
    tries = await attempts_at(world, ada, owed)
    charged = [each for each in (await desk.books(ada))["payments"] if each["reference"] in {str(t.id) for t in tries}]
    found = [each.state.name for each in await cases(world.house.db.primary, ada.id)]
    assert (len(tries), len(charged), found) == (
        expected.attempts, expected.charges, [expected.case] if expected.case else [],
    )  # fmt: skip
    assert await wrong_rows(world, ada) == []


@pytest.mark.parametrize(
    ("answer", "accepted", "failure"),
    [
        (Captured("ref", TEN), False, None),
        (NotFound(), False, None),
        (Unavailable("down"), True, FailureClass.TRANSIENT),
        (Unknown("timeout"), True, FailureClass.AMBIGUOUS),
        (Returned("ref", TEN, "account_closed", hard=True), False, FailureClass.ASYNC_FAILURE),
        (Declined("ref", "insufficient_funds", hard=False), True, FailureClass.ASYNC_FAILURE),
        *(
            (Declined("ref", code, hard), False, FailureClass.HARD_DECLINE if hard else FailureClass.SOFT_DECLINE)
            for code, hard in HARD.items()
        ),
    ],
    ids=str,
)
def test_an_answer_is_told_apart_by_what_it_says(answer: object, accepted: bool, failure: FailureClass | None) -> None:
    assert failure_in(answer, accepted=accepted) is failure


def test_no_class_of_failure_is_left_out() -> None:
    assert set(TABLE) == set(FailureClass)
