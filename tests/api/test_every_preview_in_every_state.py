"""Whoever looks before deciding is shown all there is or told why not, in whatever state a subscription is."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final

import pytest
from graphql import (
    GraphQLOutputType,
    assert_object_type,
    get_named_type,
    is_leaf_type,
    is_object_type,
    is_required_argument,
)
from redis.asyncio import Redis

from domain.catalog.publish_version import PlanTerms
from domain.ids import PriceId
from domain.invoices.billing_terms import SetBillingTerms, set_billing_terms
from domain.subscriptions.cancel import CancelAt
from domain.subscriptions.pause import PauseSubscription, pause_subscription
from tests.api_callers import Api, Guest
from tests.api_plugin import fill_buckets
from tests.frontend_schema import frontend_schema
from tests.lives import buy, by_finance, caught_up, day, start, subscription_of, until
from tests.subscription_lives import cancel, plan_of, switch, trial

DEEPEST: Final = 4
MINE: Final = "{ viewer { customer { subscriptions { id state } invoices(first: 1) { edges { node { id } } } } } }"
State = Callable[[Api, Guest], Awaitable[object]]


async def incomplete(api: Api, of: Guest) -> None:
    await api.world.card(of.who, "tok_bank_held")
    await start(api.world, of.who)


async def trialing(api: Api, of: Guest) -> None:
    await buy(api.world, of.who, await plan_of(api.world, 1000, trial()))


async def free(api: Api, of: Guest) -> None:
    await buy(api.world, of.who, await plan_of(api.world, 0, PlanTerms()))


async def active(api: Api, of: Guest) -> None:
    await start(api.world, of.who, "team", 3)


async def planned(api: Api, of: Guest) -> None:
    await active(api, of)
    await switch(api.world, of.who, api.world.prices["starter"])
    assert (await subscription_of(api.world, of.who)).planned.price == api.world.prices["starter"]


async def on_account(api: Api, of: Guest) -> None:
    await by_finance(api.world, of.who, set_billing_terms, SetBillingTerms(30, None))
    await start(api.world, of.who, "team")


async def waiting(api: Api, of: Guest) -> None:
    await start(api.world, of.who)
    await api.world.card(of.who, "tok_bank_held")
    await switch(api.world, of.who, api.world.prices["team"])


async def leaving(api: Api, of: Guest) -> None:
    await active(api, of)
    await cancel(api.world, of.who, CancelAt.PERIOD_END)


async def paused(api: Api, of: Guest) -> None:
    await active(api, of)
    id = (await subscription_of(api.world, of.who)).id
    await api.world.do(of.who, pause_subscription, PauseSubscription(id, day(3, 1)))
    await until(api.world, of.who, day(2, 2))


async def overdue(api: Api, of: Guest) -> None:
    await active(api, of)
    await api.world.card(of.who, "tok_insufficient_funds")
    await until(api.world, of.who, day(2, 2))


async def suspended(api: Api, of: Guest) -> None:
    await overdue(api, of)
    await until(api.world, of.who, day(2, 25))


async def ended(api: Api, of: Guest) -> None:
    await leaving(api, of)
    await until(api.world, of.who, day(2, 2))


CHANGES: Final = {"planChangeQuote", "changePlanPreview", "changeQuantityPreview"}
AT_THE_END: Final = "cancelPreview PERIOD_END"
LEAVING: Final = {AT_THE_END, "nextInvoicePreview"}
OVER: Final = CHANGES | LEAVING | {"cancelPreview NOW"}
# What each leads to, and the previews that then have nothing to show whatever is asked of them.
REFUSED: Final[dict[State, tuple[str, set[str]]]] = {
    incomplete: ("INCOMPLETE", OVER),
    trialing: ("TRIALING", set()),
    free: ("ACTIVE", set()),
    active: ("ACTIVE", set()),
    planned: ("ACTIVE", set()),
    on_account: ("ACTIVE", {"changeQuantityPreview"}),  # more seats are charged now, and the period is not paid yet
    waiting: ("ACTIVE", CHANGES | {"nextInvoicePreview"}),
    leaving: ("PENDING_CANCELLATION", CHANGES | LEAVING),
    paused: ("PAUSED", CHANGES | {"nextInvoicePreview"}),
    overdue: ("PAST_DUE", CHANGES | {AT_THE_END}),
    suspended: ("SUSPENDED", CHANGES | LEAVING),
    ended: ("CANCELED", OVER),
}


def asked(named: dict[str, str], prices: dict[str, PriceId]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each preview, with what its answer depends on: dearer, cheaper, free and tried plans, now and at the end."""
    of = {"subscriptionId": named["subscription"]}
    starter, team, free, tried = ({"priceId": str(prices[each])} for each in ("starter", "team", "free", "tried"))
    for to in (starter, team, free, tried):
        yield "planChangeQuote", of | to
        yield "planChangeQuote", of | to | {"quantity": 5}
        yield "planChangeQuote", of | to | {"timing": "PERIOD_END"}
        yield "changePlanPreview", of | to
        yield "startSubscriptionPreview", to
    for seats in (1, 3, 5):
        yield "changeQuantityPreview", of | {"quantity": seats}
    for timing in ("NOW", "PERIOD_END"):
        yield "cancelPreview", of | {"timing": timing}
    yield "cancellationFlow", of
    yield "nextInvoicePreview", of
    yield "simulation", {}
    for scenario in ({"card": "PAYS"}, {"card": "FAILS"}, tried):
        yield "simulation", of | {"scenario": scenario}
    yield "blockedByDebt", {}
    yield "entitlements", {}
    for at in ("2027-01-01T00:00:00Z", "2027-02-01T00:00:00Z"):
        yield "balanceAsOf", {"at": at}
        yield "subscriptionAsOf", {"id": named["subscription"], "at": at}
        if named["invoice"]:
            yield "invoiceAsOf", {"id": named["invoice"], "at": at}


def question(name: str, given: dict[str, Any]) -> str:
    """The preview with those arguments and all that can be selected of it."""
    preview = assert_object_type(frontend_schema().type_map["Customer"]).fields[name]
    variables = ", ".join(f"${each}: {preview.args[each].type}" for each in given)
    arguments = ", ".join(f"{each}: ${each}" for each in given)
    field = f"{name}({arguments}) {whole(preview.type)}" if given else f"{name} {whole(preview.type)}"
    return f"query {f'({variables})' if given else ''} {{ viewer {{ customer {{ {field} }} }} }}"


def whole(kind: GraphQLOutputType, depth: int = DEEPEST) -> str:
    """All that can be selected of a type without an argument, down to a depth."""
    found = get_named_type(kind)
    parts = ["__typename"] if not is_leaf_type(found) else []
    for name, field in assert_object_type(found).fields.items() if is_object_type(found) else ():
        if any(is_required_argument(each) for each in field.args.values()) or "first" in field.args:
            continue
        below = get_named_type(field.type)
        if is_leaf_type(below) or (depth > 1 and is_object_type(below)):
            parts.append(f"{name} {whole(field.type, depth - 1)}")
    return f"{{ {' '.join(parts)} }}" if parts else ""


@pytest.mark.parametrize("state", REFUSED, ids=lambda state: state.__name__)
async def test_every_preview_answers_or_says_why_not_in_every_state(
    api: Api, valkey_of_the_session: Redis, state: State
) -> None:
    guest = await api.guest("tok_visa")
    await state(api, guest)
    await caught_up(api.world)
    seen = (await guest.data(MINE))["viewer"]["customer"]
    (bought,), bills = seen["subscriptions"], seen["invoices"]["edges"]
    assert (bought["state"], bool(bills)) == (REFUSED[state][0], state is not trialing)
    named = {"subscription": bought["id"], "invoice": bills[0]["node"]["id"] if bills else ""}
    others = {"free": await plan_of(api.world, 0, PlanTerms()), "tried": await plan_of(api.world, 700, trial())}
    shown, refused = set[str](), set[str]()
    for name, given in asked(named, api.world.prices | others):
        body = await guest.ask(question(name, given), **given)
        await fill_buckets(valkey_of_the_session)
        assert all("refusal" in each["extensions"] for each in body.get("errors", [])), (name, given, body["errors"])
        which = f"{name} {given['timing']}" if name == "cancelPreview" else name
        (refused if "errors" in body else shown).add(which)
    assert refused - shown == REFUSED[state][1]
