"""The provider's own books beside ours: whatever befell both, they are equal to the minor unit in the end."""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

from domain.inbox import find
from domain.ledger.balance import balance
from domain.payments.payment import OPEN, Payment, payments_of_invoices
from domain.payments.refund import IN_FLIGHT, refunds_of_payments
from tests.lives import invoices_of
from tests.world import EUR, Someone, World


def by_customer(books: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """The payments and refunds of all the provider's books, by the customer that we charged them to."""
    found: dict[str, list[Any]] = {}
    for each in [*books["payments"], *books["refunds"]]:
        found.setdefault(each["metadata"].get("customer", ""), []).append(each)
    return found


async def payments_of_all(world: World, who: Someone) -> list[Payment]:
    """All attempts of a customer."""
    ids = [each.id for each in await invoices_of(world, who)]
    found = await payments_of_invoices(world.house.db.primary, who.id, ids)
    return [each for tries in found.values() for each in tries]


async def differences(world: World, who: Someone, there: list[Any], credit: int = 0) -> list[str]:
    """What of a customer's money is not the same here and at the provider, or not definite, or taken twice; ``credit``
    is what it should have left in minor units of EUR."""
    db = world.house.db.primary
    payments, invoices = await payments_of_all(world, who), await invoices_of(world, who)
    refunds = [each for found in (await refunds_of_payments(db, who.id, [one.id for one in payments])).values()
               for each in found]  # fmt: skip
    taken = {each["reference"]: each["captured_minor"] for each in there if each.get("captured_minor")}
    given = {each["reference"]: each["amount_minor"] for each in there
             if "captured_minor" not in each and each["status"] == "succeeded"}  # fmt: skip
    found = [f"{each.id} is {each.state.name}" for each in payments if each.state.name in OPEN | {"captured"}]
    found += [f"{each.id} is {each.state.name}" for each in refunds if each.state.name in IN_FLIGHT]
    if sum(1 for each in there if each.get("captured_minor")) != len(taken):
        found.append("the provider took one payment twice")
    if {str(each.id): each.captured.minor for each in payments if each.captured.minor} != taken:
        found.append("other money was taken than we know")
    if {str(each.id): each.amount.minor for each in refunds if each.state.name == "succeeded"} != given:
        found.append("other money was given back than we know")
    times = Counter(each.invoice for each in payments if each.captured.minor)
    found += [f"{id} was paid {count} times" for id, count in times.items() if count > 1]
    owed = await balance(db, who.id, EUR)
    if (owed.receivable.minor, owed.credit.minor) != (sum(each.due.minor for each in invoices), credit):
        found.append("the balance is not what is due")
    return found


async def left_over(world: World, people: Sequence[Someone], kept: Collection[str]) -> Counter[str]:
    """Work that nobody can end, of these customers, and kept events of the provider that wait."""
    db, left = world.house.db.primary, Counter[str]()
    for who in people:
        owner = (who.id.shard, who.id.uuid)
        left["letters"] += await db.fetchval(
            "SELECT count(*) FROM dead_letter WHERE shard_key = $1 AND customer_id = $2", *owner
        )
        left["calls"] += await db.fetchval(
            """SELECT count(*) FROM due_work WHERE shard_key = $1 AND customer_id = $2
                  AND kind IN ('send_payment', 'send_refund')""",
            *owner,
        )
    events = [await find(db, key) for key in kept]
    left.update(each.state if each else "lost" for each in events)
    return +Counter({what: count for what, count in left.items() if what not in ("applied", "stale")})
