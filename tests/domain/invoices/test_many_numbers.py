"""Two hundred invoices and credit notes at once, some refused, previewed or killed: numbers without a gap."""

import asyncio
from typing import Any, TypeVar

import pytest

from domain.actor import Grant
from domain.corrections.finalize_draft import FinalizeDraft, finalize_draft
from domain.ids import InvoiceId
from domain.invoices.billing_terms import SetBillingTerms, set_billing_terms
from domain.operation import Operation
from domain.payments.issue_credit_note import IssueCreditNote, issue_credit_note
from domain.perform import perform
from domain.reactions.house import House
from domain.refusals import Refused
from tests.domain.invoices.bills import SETUP, draft, eur
from tests.interruptions import Killed, killed_at
from tests.lives import by_finance, wrong_rows
from tests.world import Someone, World, fresh, make_world

C = TypeVar("C")
PEOPLE, EACH = 20, 10  # customers, and invoices of each: 200 at once
SQUEEZE = 25  # calls at a time; more would only wait for a connection


async def until_done(
    world: World, of: Someone, operation: Operation[C, Any], command: C, *, preview: bool = False
) -> None:
    """Performs it under one key until it is done or refused for good."""
    key, actor = fresh("many"), world.staff(Grant.FINANCE)
    while True:
        try:
            await perform(world.house.db, operation, actor, of.id, command, key, preview=preview)
        except Refused as refused:
            if refused.retryable:
                continue
        return


async def numbers(world: World, table: str) -> list[int]:
    """The numbers of the sandbox entity's documents of a kind, in order."""
    of = world.tenant.sandbox_house.shard, world.tenant.sandbox.uuid
    rows = await world.house.db.primary.fetch(
        """SELECT 'invoice' AS kind, number FROM invoice WHERE shard_key = $1 AND legal_entity_id = $2
           UNION ALL
           SELECT 'credit_note' AS kind, number FROM credit_note WHERE shard_key = $1 AND legal_entity_id = $2
           ORDER BY number""",
        *of,
    )
    return [row["number"] for row in rows if row["kind"] == table]


@pytest.mark.row("E2")
async def test_two_hundred_at_once_are_numbered_without_a_gap_whatever_befalls_some(house: House) -> None:
    shop = await make_world(house)
    people = [await shop.customer() for _ in range(PEOPLE)]
    drafts: list[tuple[Someone, InvoiceId]] = []
    for each in people:
        await by_finance(shop, each, set_billing_terms, SetBillingTerms(30, None))
        drafts += [(each, await draft(shop, each, SETUP)) for _ in range(EACH)]
    gate = asyncio.Semaphore(SQUEEZE)

    async def issue(of: Someone, id: InvoiceId, *, preview: bool = False) -> None:
        async with gate:
            await until_done(shop, of, finalize_draft, FinalizeDraft(id), preview=preview)

    async with killed_at("perform.recorded"):
        for of, id in drafts[:3]:  # with its number taken, before the commit
            with pytest.raises(Killed):
                await issue(of, id)
    missing = [issue(of, InvoiceId(id.shard, type(id.uuid)(int=7))) for of, id in drafts[:20]]
    looks = [issue(of, id, preview=True) for of, id in drafts[::10]]
    await asyncio.gather(*(issue(of, id) for of, id in drafts), *missing, *looks)
    assert await numbers(shop, "invoice") == list(range(1, PEOPLE * EACH + 1))

    async def take_back(of: Someone, id: InvoiceId, minor: int) -> None:
        async with gate:
            command = IssueCreditNote(id, "goodwill", "Goodwill.", (), eur(minor), None, None, None)
            await until_done(shop, of, issue_credit_note, command)

    good = [take_back(of, id, 100) for of, id in drafts]
    bad = [take_back(of, id, 10**9) for of, id in drafts[:20]]  # more than was charged
    await asyncio.gather(*good, *bad)
    assert await numbers(shop, "credit_note") == list(range(1, PEOPLE * EACH + 1))
    assert await wrong_rows(shop, people[0]) == []
