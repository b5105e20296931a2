"""A provider that does not answer, or limits its callers: it is left alone, and what it was to do stays due."""

import logging
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from domain import due
from domain.dunning.case import cases
from domain.ids import uuid7
from domain.money import Money
from domain.payments.gateway import Captured, ChargeRequest, CredentialsRefused, MethodFacts, Unavailable, Unknown
from domain.payments.gateways.breaker import COMPLAIN_AGAIN, Breaker
from domain.payments.gateways.circuit import FIRST_REST, LONGEST_REST, MOST_FAILED
from domain.payments.gateways.sandbox import SandboxGateway
from domain.payments.pay_invoice import SEND
from domain.payments.payment import payment
from domain.reactions.house import House
from domain.reactions.work import do_now
from tests.interruptions import ahead
from tests.lives import attempts_at, buyer, day, give_back, invoices_of, start, subscription_of, until, wrong_rows
from tests.ports import free_port
from tests.webhook_desk import Desk
from tests.world import ACCOUNT, EUR, World, fresh


@dataclass
class Watch:
    """A clock that only a test moves."""

    at: timedelta = timedelta(0)

    def __call__(self) -> timedelta:
        return self.at


def behind(house: House) -> tuple[Breaker, Watch]:
    """A circuit before the house's provider."""
    watch = Watch()
    return Breaker(house.gateway(ACCOUNT), watch), watch


async def a_charge(house: House, token: str = "tok_visa") -> ChargeRequest:
    """What charges a method of nobody's once."""
    facts = await house.gateway(ACCOUNT).add_method(f"{token}#{fresh('card')}", "customer")
    assert isinstance(facts, MethodFacts)
    reference = str(uuid7(house.db.clock.now(), house.db.entropy(10)))
    return ChargeRequest(fresh("key"), reference, Money(1000, EUR), facts.method_ref, {"customer": reference})


async def charges_under(desk: Desk, reference: str) -> int:
    """How many charges the provider has under it."""
    answer = await desk.provider.get("/v1/payments", params={"reference": reference})
    return len(answer.json()["payments"])


@pytest.mark.row("C15")
async def test_a_provider_without_answers_is_not_called_until_a_probe_is_answered(house: House, desk: Desk) -> None:
    breaker, watch = behind(house)
    for _ in range(MOST_FAILED):
        assert isinstance(await breaker.charge(await a_charge(house, "tok_error_before")), Unknown)
    request = await a_charge(house)
    assert await breaker.charge(request) == Unavailable("the circuit is open", FIRST_REST)
    assert await charges_under(desk, request.reference) == 0
    watch.at += FIRST_REST
    assert isinstance(await breaker.charge(await a_charge(house, "tok_error_before")), Unknown)
    assert breaker.rests() == 2 * FIRST_REST
    watch.at += LONGEST_REST
    assert isinstance(await breaker.charge(request), Captured)
    assert (breaker.rests(), await charges_under(desk, request.reference)) == (None, 1)


async def test_a_decline_is_an_answer_like_any_other(house: House) -> None:
    breaker, _ = behind(house)
    for _ in range(2 * MOST_FAILED):
        await breaker.charge(await a_charge(house, "tok_stolen_card"))
    assert breaker.rests() is None


async def test_a_clear_answer_that_leaves_us_unsure_is_no_sign_of_an_outage(house: House) -> None:
    breaker, watch = behind(house)
    request = await a_charge(house)
    assert isinstance(await breaker.charge(request), Captured)
    for _ in range(MOST_FAILED):
        assert await breaker.find_charge(request.reference, Money(999, EUR)) == Unknown("mismatch")
    assert breaker.rests() is None
    await breaker.charge(await a_charge(house, "tok_rate_limited"))
    watch.at += LONGEST_REST
    assert await breaker.find_charge(request.reference, Money(999, EUR)) == Unknown("mismatch")
    assert breaker.circuit.is_closed, "a probe that is answered closes it, whatever the answer says"


async def test_refused_credentials_stop_no_other_kind_of_call_and_somebody_is_told(
    world: World, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    watch, ada = Watch(), await buyer(world)
    stranger = SandboxGateway("main", str(desk.provider.base_url), "not the key")
    breaker = Breaker(stranger, watch)
    with caplog.at_level(logging.ERROR, "quittance"):
        for _ in range(2 * MOST_FAILED):
            assert await breaker.find_charge("charge", Money(1000, EUR)) == CredentialsRefused()
        await start(replace(world, house=replace(world.house, gateways={ACCOUNT: breaker})), ada)
        assert breaker.rests() is None
        watch.at += COMPLAIN_AGAIN
        await breaker.find_charge("charge", Money(1000, EUR))
    told = [record.getMessage().rpartition(" ")[2] for record in caplog.records if record.levelno == logging.ERROR]
    assert told == ["find_charge", "charge", "find_charge"]
    (waiting,) = await attempts_at(world, ada, (await invoices_of(world, ada))[-1].id)
    work = await due.find(world.house.db.primary, ada.id, SEND, waiting.id.uuid)
    assert work is not None and work.due_at - world.house.db.clock.now() > timedelta(minutes=5)
    await stranger.close()


@pytest.mark.row("B9")
async def test_what_surely_did_nothing_is_tried_again_at_once_and_what_may_have_done_something_never_is(
    house: House, desk: Desk
) -> None:
    nobody = SandboxGateway("main", f"http://127.0.0.1:{free_port()}", "secret")
    breaker = Breaker(nobody, Watch())
    assert isinstance(await breaker.charge(await a_charge(house)), Unavailable)
    assert breaker.circuit.failed == (True,), "the tries of one call count once"
    await nobody.close()
    acting, _ = behind(house)
    lost = await a_charge(house, "tok_error_after")
    assert isinstance(await acting.charge(lost), Unknown)
    assert await charges_under(desk, lost.reference) == 1


@pytest.mark.row("C15")
async def test_a_renewal_that_meets_an_open_circuit_stays_due_and_is_no_attempt_of_the_customer(
    world: World, desk: Desk
) -> None:
    breaker, watch = behind(world.house)
    fenced = replace(world, house=replace(world.house, gateways={ACCOUNT: breaker}))
    ada = await buyer(fenced)
    await start(fenced, ada)
    assert isinstance(await breaker.charge(await a_charge(world.house, "tok_rate_limited")), Unavailable)
    await until(fenced, ada, day(2, 2))
    owed = (await invoices_of(world, ada))[-1]
    (waiting,) = await attempts_at(world, ada, owed.id)
    assert (waiting.state.name, waiting.sent_at) == ("processing", None)
    work = await due.find(world.house.db.primary, ada.id, SEND, waiting.id.uuid)
    assert work is not None and work.due_at > world.house.db.clock.now()
    assert len((await desk.books(ada))["payments"]) == 1
    watch.at += LONGEST_REST
    await do_now(ahead(fenced.house, LONGEST_REST), ada.id)
    (paid,) = await attempts_at(world, ada, owed.id)
    assert (paid.id, paid.state.name) == (waiting.id, "captured")
    assert len((await desk.books(ada))["payments"]) == 2
    assert (await cases(world.house.db.primary, ada.id), (await subscription_of(world, ada)).state.name) == (
        [],
        "active",
    )
    assert await wrong_rows(world, ada) == []


async def test_a_refund_that_meets_an_open_circuit_is_made_once_it_is_closed(world: World, desk: Desk) -> None:
    breaker, watch = behind(world.house)
    fenced = replace(world, house=replace(world.house, gateways={ACCOUNT: breaker}))
    ada = await buyer(fenced)
    id = (await start(fenced, ada)).payment
    assert id is not None
    await breaker.charge(await a_charge(world.house, "tok_rate_limited"))
    await give_back(fenced, ada, id, Money(300, EUR))
    assert (await desk.books(ada))["refunded_minor"].get("EUR", 0) == 0
    watch.at += LONGEST_REST
    await do_now(ahead(fenced.house, LONGEST_REST), ada.id)
    assert (await desk.books(ada))["refunded_minor"]["EUR"] == 300
    assert (await payment(world.house.db.primary, ada.id, id)).refunds_reserved == Money(300, EUR)
