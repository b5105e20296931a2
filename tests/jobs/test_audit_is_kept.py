"""The audit trail is kept as long as it is set to: then what was asked and answered goes, and the chain still holds."""

import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from domain.actor import Grant
from domain.audit import trail, verify_chain
from domain.database import Database
from domain.db import Replica
from domain.invoices.billing_terms import SetBillingTerms, set_billing_terms
from domain.perform import perform
from domain.privacy.legal_hold import SetLegalHold, set_legal_hold
from domain.reactions.expired_audit import forget_audit_bodies
from domain.reactions.house import House
from jobs.sweep import forget_keys
from tests.world import World, fresh

LONG_AGO = datetime(2011, 5, 17, tzinfo=UTC)


class Then:
    """A clock that stands at the same instant for ever."""

    def now(self) -> datetime:
        """Long ago."""
        return LONG_AGO


@pytest.fixture
async def month_of_then(owner_url: str) -> AsyncIterator[None]:
    """The month's part of the audit trail, as it would be there had it been lived through."""
    owner = await asyncpg.connect(owner_url)
    await owner.execute(
        """CREATE TABLE audit_body_y2011m05 PARTITION OF audit_body
               FOR VALUES FROM ('2011-05-01 00:00+00') TO ('2011-06-01 00:00+00')"""
    )
    yield
    await owner.execute("DROP TABLE audit_body_y2011m05")
    await owner.close()


@pytest.mark.row("K5")
@pytest.mark.usefixtures("month_of_then")
async def test_what_was_asked_is_forgotten_after_its_years_but_not_under_a_legal_hold(world: World) -> None:
    house, db = world.house, world.house.db
    past = House(Database(db.pool, db.pool, db.pool, Then(), secrets.token_bytes, db.vault), house.gateways)
    ada, held = await world.customer(), await world.customer()
    finance, terms = world.staff(Grant.FINANCE), SetBillingTerms(14, None)
    for each in (ada, held):
        await perform(past.db, set_billing_terms, finance, each.id, terms, fresh("terms"))
    await perform(db, set_legal_hold, finance, held.id, SetLegalHold(True, "A court asked."), fresh("hold"))
    look = Replica(db.pool)
    before = await trail(look, ada.id, 10)
    assert before[0].operation == set_billing_terms.name

    almost = LONG_AGO + timedelta(days=366 * house.audit_years - 1)
    assert await forget_audit_bodies(db.marks, db.primary, almost, house.audit_years) == 0
    assert await forget_keys(house) >= 1

    after = await trail(look, ada.id, 10)
    assert (after[0].operation, after[0].actor, after[0].hash) == ("archived", "archived", before[0].hash)
    assert after[1:] == before[1:], "younger entries are kept whole"
    assert "archived" not in {each.operation for each in await trail(look, held.id, 10)}
    for each in (ada, held):
        assert (await verify_chain(db.primary, each.id)).verified
