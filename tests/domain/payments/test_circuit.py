"""When a provider is left alone, as a calculation: closed, open, half open."""

from datetime import timedelta

import pytest

from domain.payments.gateways.circuit import (
    FIRST_REST,
    LAST,
    LONGEST_ASKED,
    LONGEST_REST,
    MOST_FAILED,
    PROBE_PAUSE,
    Circuit,
    answered,
    called,
    given_up,
    rest,
    unanswered,
)

NOW = timedelta(days=3)


def opened(times: int = MOST_FAILED, at: timedelta = NOW) -> Circuit:
    """A circuit after that many calls without an answer."""
    circuit = Circuit()
    for _ in range(times):
        circuit = unanswered(called(circuit), at)
    return circuit


def test_a_circuit_opens_where_half_of_the_last_calls_had_no_answer_and_not_before() -> None:
    assert rest(opened(MOST_FAILED - 1), NOW) is None
    assert rest(opened(), NOW) == FIRST_REST
    mixed = Circuit()
    for _ in range(LAST):
        mixed = answered(answered(unanswered(mixed, NOW)))
    assert mixed.is_closed
    assert len(mixed.failed) == LAST


def test_an_open_circuit_lets_one_probe_through_whose_answer_closes_it() -> None:
    circuit, after = opened(), NOW + FIRST_REST
    assert rest(circuit, after - timedelta(microseconds=1)) is not None
    assert rest(circuit, after) is None
    probing = called(circuit)
    assert rest(probing, after) == PROBE_PAUSE
    assert answered(probing) == Circuit()


def test_a_failed_probe_opens_it_for_twice_as_long_up_to_a_bound() -> None:
    circuit, now, rests = opened(), NOW, []
    for _ in range(12):
        pause = rest(circuit, now)
        assert pause is not None
        rests.append(pause)
        now += pause
        circuit = unanswered(called(circuit), now)
    assert rests[:4] == [FIRST_REST, 2 * FIRST_REST, 4 * FIRST_REST, 8 * FIRST_REST]
    assert set(rests[6:]) == {LONGEST_REST}


@pytest.mark.parametrize(
    ("asked", "pause"), [(timedelta(seconds=40), timedelta(seconds=40)), (timedelta(days=1), LONGEST_ASKED)]
)
@pytest.mark.row("C15")
def test_a_provider_that_says_when_to_come_back_is_left_alone_until_then(asked: timedelta, pause: timedelta) -> None:
    assert rest(unanswered(Circuit(), NOW, asked), NOW) == pause


def test_calls_that_were_begun_before_it_opened_neither_close_nor_lengthen_it() -> None:
    circuit = opened()
    assert answered(circuit) == circuit
    assert unanswered(circuit, NOW + FIRST_REST) == circuit


def test_a_probe_that_was_given_up_leaves_the_next_call_to_be_one() -> None:
    after = NOW + FIRST_REST
    assert rest(given_up(called(opened())), after) is None
