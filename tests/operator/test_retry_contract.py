"""The retry contract: its two clients are those that were tested, and agree with the product and with each other."""

import re
from pathlib import Path
from typing import Any

import pytest

from api.scalars import IdempotencyKey
from domain.perform import KEY_DAYS
from domain.refusals import RETRYABLE

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "guides" / "idempotency.md").read_text()
NUMBERS = ("TRIES", "FIRST_WAIT_MS", "LONGEST_WAIT_MS")


def program(language: str) -> str:
    """The program of the guide in that language."""
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    return str(found)


def told(text: str) -> dict[str, Any]:
    """The codes, statuses and numbers that a program goes by."""
    codes = re.search(r"RETRY_CODES.*?= .*?\(\[?([^)\]]*)", text)
    statuses = re.search(r"RETRY_STATUS.*?= .*?\(\[?([^)\]]*)", text)
    assert codes and statuses
    numbers = {name: int(re.findall(rf"\b{name} = (\d+)", text)[0]) for name in NUMBERS}
    return {"codes": set(re.findall(r'"(\w+)"', codes[1])), "status": set(re.findall(r"\d+", statuses[1])), **numbers}


@pytest.mark.parametrize("language", ["typescript", "kotlin"])
def test_a_client_of_the_guide_sends_again_what_the_product_calls_retryable(language: str) -> None:
    assert told(program(language))["codes"] == {code.value for code in RETRYABLE}


def test_the_typescript_of_the_guide_is_the_one_that_is_compiled_and_run() -> None:
    assert program("typescript") == (ROOT / "tests" / "clients" / "src" / "retrying.ts").read_text()


def test_the_kotlin_of_the_guide_goes_by_the_numbers_of_the_typescript() -> None:
    assert told(program("kotlin")) == told(program("typescript"))


def test_the_guide_says_how_long_keys_live_and_what_they_look_like() -> None:
    assert KEY_DAYS.days == 7 and "others for seven days" in GUIDE
    assert IdempotencyKey("5b0c7a52-buy")
    for code in (*RETRYABLE, "IDEMPOTENCY_MISMATCH"):
        assert f"`{code}`" in GUIDE
    for status in told(program("kotlin"))["status"]:
        assert status in GUIDE.split("## A client in TypeScript")[0]
