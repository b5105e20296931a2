"""What of a customer may go on although it should be at rest: the stories of its latest renewals, and nothing else."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.simulation.facts import TABLES, Facts
from tests.simulation.overlaps import STORY_WITHIN, overlong

NOW = datetime(2030, 1, 1, tzinfo=UTC)
JUST = NOW - STORY_WITHIN + timedelta(seconds=1)
LONG_AGO = NOW - STORY_WITHIN
CUSTOMER, INVOICE, CASE, PAYMENT, REFUND, DRAFT, OTHER = (UUID(int=number) for number in range(7))


def _facts(subject: UUID, began_at: datetime, reason: str = "renewal", **work: Any) -> Facts:
    due = {"kind": "dunning_retry", "due_at": NOW + timedelta(days=1), **work}
    rows: dict[str, list[Any]] = {
        "due_work": [{"customer_id": CUSTOMER, "subject": subject, **due}],
        "invoice": [{"id": INVOICE, "issued_at": began_at, "reason": reason}],
        "invoice_draft": [{"id": DRAFT, "period_start": began_at, "reason": reason}],
        "dunning_case": [{"id": CASE, "invoice_id": INVOICE}],
        "payment": [{"id": PAYMENT, "invoice_id": INVOICE}],
        "refund": [{"id": REFUND, "payment_id": PAYMENT}],
    }
    return Facts({name: rows.get(name, []) for name in TABLES})


@pytest.mark.parametrize("subject", [INVOICE, CASE, PAYMENT, REFUND, DRAFT])
def test_what_is_about_a_renewal_may_go_on_for_a_while_and_no_longer(subject: UUID) -> None:
    assert not overlong(_facts(subject, JUST), CUSTOMER, NOW)
    assert overlong(_facts(subject, LONG_AGO), CUSTOMER, NOW)


@pytest.mark.parametrize("subject", [CASE, DRAFT, OTHER])
def test_what_belongs_to_nothing_that_comes_of_itself_may_not_go_on_at_all(subject: UUID) -> None:
    assert overlong(_facts(subject, JUST, reason="manual"), CUSTOMER, NOW)


def test_a_renewal_that_nobody_makes_is_not_waited_for() -> None:
    assert not overlong(_facts(OTHER, JUST, kind="renew"), CUSTOMER, NOW)
    assert not overlong(_facts(OTHER, JUST, kind="renew", due_at=JUST), CUSTOMER, NOW)
    assert overlong(_facts(OTHER, JUST, kind="renew", due_at=LONG_AGO), CUSTOMER, NOW)
