"""Whether a draft in the place of a void invoice may be issued: what it gives back must be left of the charges."""

from typing import Any
from uuid import UUID

import pytest

from tests.simulation.facts import TABLES, Facts
from tests.simulation.replacements import gives_back_too_much

CUSTOMER, FIRST, VOID = (UUID(int=number) for number in range(3))
DRAFT = {"customer_id": CUSTOMER, "reason": "replacement:TOWN-2"}


def _facts(*credits: int, given_back: int) -> Facts:
    """A charge of 1000 with what was given back of it, and a void invoice with credits of it and a charge."""
    lines = [
        _line(FIRST, 1, 1000, given_back=given_back),
        *[_line(VOID, at, -minor, credits_invoice_id=FIRST, credits_position=1) for at, minor in enumerate(credits, 1)],
        _line(VOID, 9, 2000),
    ]
    rows: dict[str, list[Any]] = {
        "invoice": [
            {"id": FIRST, "customer_id": CUSTOMER, "number_text": "TOWN-1"},
            {"id": VOID, "customer_id": CUSTOMER, "number_text": "TOWN-2"},
        ],
        "invoice_line": lines,
    }
    return Facts({name: rows.get(name, []) for name in TABLES})


def _line(invoice: UUID, position: int, amount: int, **more: Any) -> dict[str, Any]:
    own = {"invoice_id": invoice, "position": position, "amount": amount}
    return {"credits_invoice_id": None, "credits_position": None, "given_back": 0} | own | more


@pytest.mark.parametrize(
    ("credits", "given_back", "too_much"),
    [((600,), 400, False), ((600,), 401, True), ((300, 300), 400, False), ((300, 301), 400, True), ((), 1000, False)],
)
def test_what_a_replacement_gives_back_is_held_against_what_is_left(
    credits: tuple[int, ...], given_back: int, too_much: bool
) -> None:
    assert gives_back_too_much(_facts(*credits, given_back=given_back), DRAFT) == too_much


def test_a_draft_that_replaces_nothing_gives_nothing_back() -> None:
    assert not gives_back_too_much(_facts(600, given_back=1000), DRAFT | {"reason": "manual"})
