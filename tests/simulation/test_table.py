"""The table of invariants in the documentation names every check, under every number that the check itself names."""

import re
from pathlib import Path

from tests.simulation.invariants import AT_REST, EACH_CUSTOMER, TOWN

TABLE = Path(__file__).resolve().parents[2] / "docs" / "simulation.md"
INVARIANTS = range(1, 37)
CHECKS = {check.__name__: check for check in (*TOWN, *EACH_CUSTOMER, *AT_REST)}


def _rows() -> dict[int, str]:
    found = re.findall(r"^\| ([\d, ]+) \| (.+)$", TABLE.read_text(), re.MULTILINE)
    return {int(number): row for numbers, row in found for number in numbers.split(",")}


def _numbers(check: str) -> list[int]:
    told, _, _ = (CHECKS[check].__doc__ or "").partition(":")
    assert re.fullmatch(r"[\d, ]+( (and|to) \d+)?", told), f"{check} names no invariant"
    numbers = [int(each) for each in re.findall(r"\d+", told)]
    return list(range(numbers[0], numbers[1] + 1)) if " to " in told else numbers


def test_every_invariant_has_its_row() -> None:
    assert sorted(_rows()) == list(INVARIANTS)


def test_every_check_stands_where_its_numbers_say() -> None:
    rows = _rows()
    missing = [f"{number}: {name}" for name in CHECKS for number in _numbers(name) if f"`{name}`" not in rows[number]]
    assert missing == []


def test_no_row_names_a_check_that_is_gone() -> None:
    named = set(re.findall(r"`([a-z]+(?:_[a-z]+){2,})`", "".join(_rows().values())))
    assert named <= {*CHECKS}
