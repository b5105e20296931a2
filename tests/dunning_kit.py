"""Timelines in tests: customers whose renewal was declined, and what they were told on which day."""

import json
from datetime import datetime, timedelta

from domain.dunning.case import Case, cases
from domain.ids import PriceId
from domain.payments.method import payment_methods
from domain.payments.order_methods import RemoveMethod, remove_method
from tests.lives import attempts_at, buy, buyer, start, until
from tests.tax_kit import move, show_tax_id
from tests.world import Someone, World

FAILED = timedelta(hours=3)  # after a renewal it was drafted, issued and declined


async def declined(
    world: World, token: str = "tok_insufficient_funds", *, country: str = "DE", business: bool = False,
    price: PriceId | None = None,
) -> tuple[Someone, Case]:  # fmt: skip
    """A customer whose renewal of 1 February was declined, there and of that kind, and its case."""
    ada = await buyer(world)
    await move(world, ada, country)
    if business:
        await show_tax_id(world, ada, country)
    await (buy(world, ada, price) if price else start(world, ada))
    await world.card(ada, token)
    await until(world, ada, datetime.fromisoformat("2027-02-01T00:00:00Z") + FAILED)
    return ada, await case_now(world, ada)


async def case_now(world: World, of: Someone) -> Case:
    """The customer's newest case."""
    return (await cases(world.house.db.primary, of.id))[0]


def days(of: Case) -> tuple[float, float]:
    """After how many days access ends, and the case."""
    day = timedelta(days=1)
    return (of.suspend_at - of.opened_at) / day, (of.give_up_at - of.opened_at) / day


async def told(world: World, of: Someone, case: Case) -> list[tuple[float, list[str]]]:
    """On which days of the case the customer was told what, since it was opened."""
    rows = await world.house.db.primary.fetch(
        """SELECT key, outcome FROM operation_key
            WHERE shard_key = $1 AND customer_id = $2 AND operation = 'dunning.tell_customer' ORDER BY key""",
        of.id.shard,
        of.id.uuid,
    )
    due = [datetime.fromisoformat(row["key"].split(":", 2)[2].split("+")[0] + "+00:00") for row in rows]
    return sorted(
        ((at - case.opened_at) / timedelta(days=1), json.loads(row["outcome"])["steps"])
        for at, row in zip(due, rows, strict=True)
    )


async def waiting_notices(world: World, of: Someone) -> list[str]:
    """The steps of notices that nobody has taken yet, in their order."""
    rows = await world.house.db.primary.fetch(
        """SELECT body FROM outbox_event
            WHERE shard_key = $1 AND customer_id = $2 AND kind = 'dunning.notice' ORDER BY number""",
        of.id.shard,
        of.id.uuid,
    )
    return [json.loads(row["body"])["step"] for row in rows]


async def owing(world: World, token: str = "tok_insufficient_funds", *backups: str) -> tuple[Someone, Case]:
    """A customer whose renewal was declined with that card, with only these others as its backups, and its case."""
    ada = await world.customer()
    (first,) = [await world.card(ada)]
    await start(world, ada)
    for card in (*reversed(backups), token):
        await world.card(ada, card)
    await world.do(ada, remove_method, RemoveMethod(first))
    await until(world, ada, datetime.fromisoformat("2027-02-01T00:00:00Z") + FAILED)
    return ada, await case_now(world, ada)


async def tried(world: World, of: Someone, case: Case) -> list[tuple[float, str, str]]:
    """On which days of the case which card was charged, and what came of it."""
    methods = {method.id: method.last4 for method in await payment_methods(world.house.db.primary, of.id)}
    return [
        ((each.happened_at - case.opened_at) / timedelta(days=1), methods.get(each.method, "gone"), each.state.name)
        for each in await attempts_at(world, of, case.invoice)
        if each.method is not None
    ]
