"""How a town comes to rest where that takes staff, or longer by the wall than all that lives by the wall."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from domain.customers.advance_clock import AdvanceClock, advance_clock
from domain.payments.outlook import QUERY_AFTER
from domain.pool import Pool
from tests.simulation.acts_time import next_wall, work_all
from tests.simulation.facts import TABLES, Facts, Row
from tests.simulation.look import Memory
from tests.simulation.quiet import REST_WITHIN, come_to_rest, was_asked_in_vain
from tests.simulation.small_town import arrived, begun, open_small_town
from tests.simulation.town import Town

PLANS = ("starter", "team", "business", "gross")
HOUR = timedelta(hours=1)  # over which renewals are spread, and after which a draft is issued
DAYS_OF_ASKING = 7
SUBJECT = UUID(int=1)


@pytest.fixture
async def town(pool: Pool) -> AsyncIterator[Town]:
    opened = await open_small_town(pool)
    yield opened
    await opened.reader.close()


async def test_each_charge_of_a_test_clock_may_take_its_time_by_the_wall(town: Town) -> None:
    patron = await arrived(town, "bank#1", on_clock=True)
    await begun(town, patron, *PLANS)
    await come_to_rest(town, Memory())
    renewed_and_not_issued = town.facts.rows["subscription"][0]["period_end"] + HOUR - timedelta(seconds=1)
    await town.call("advance", advance_clock, patron.actor, patron.id, AdvanceClock(renewed_and_not_issued))
    town.patience, began = replace(town.patience, at_rest=REST_WITHIN / 5), town.clock.at
    await come_to_rest(town, Memory())
    assert town.clock.at > began + REST_WITHIN
    assert len(town.facts.of("invoice", reason="renewal", state="paid")) == len(PLANS)


async def test_staff_has_the_provider_asked_once_more_where_it_was_asked_in_vain(town: Town) -> None:
    patron = await arrived(town, "good#1", on_clock=False)
    town.provider.fall_silent(DAYS_OF_ASKING)
    await begun(town, patron, "starter")
    while following := next_wall(town):
        town.clock.move_to(following)
        await work_all(town)
        await town.look()
        if town.facts.of("exception_case", kind="payment_unknown"):
            break
    assert town.facts.one("payment")["state"] == "unknown"
    await come_to_rest(town, Memory())
    assert town.facts.one("exception_case")["resolution"] == "query_again"


def test_what_the_house_still_asks_about_or_stopped_asking_about_too_soon_is_not_for_staff() -> None:
    def asked(queries: int, *works: Row) -> bool:
        of: Row = {"id": SUBJECT, "queries": queries}
        rows = {"payment": [of], "due_work": list(works)}
        return was_asked_in_vain(
            Facts({name: rows.get(name, []) for name in TABLES}), {"subject": SUBJECT, "refund_id": None}
        )

    assert asked(len(QUERY_AFTER))
    assert not asked(len(QUERY_AFTER), {"subject": SUBJECT})
    assert not asked(len(QUERY_AFTER) - 1)
