"""Customers who pay over HTTP as a frontend does it: one key for an intent, and the same until there is an answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Protocol

import httpx2

from dev.story import documents as say
from dev.story.client import Client, until
from tests.api_callers import Api
from tests.world import Someone, fresh

PATIENCE_SECONDS = 180.0  # an outcome that nobody tells of is asked for after a minute, a dead worker replaced in half
ENDED: Final = {"SUCCEEDED", "FAILED", "VOIDED", "EXPIRED"}

# How a method behaves, and how the provider's events about it travel where that is not as usual.
KINDS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "tok_visa": {},
        "tok_3ds": {},
        "tok_bank": {},
        "tok_error_after": {},
        "tok_hangup_after": {"webhooks": "never"},  # only who looks hears of it
        "tok_insufficient_funds_times_1": {},
        "tok_stolen_card": {},
        "tok_refund_error_after": {"webhooks": "twice"},
    }
)
REFUNDED: Final = ("tok_visa", "tok_refund_error_after")
GIVEN_BACK: Final = {"minorUnits": "300", "currency": "EUR"}
_SUBSCRIPTION = "{ viewer { customer { subscriptions { state entitled } balance { credit { minorUnits } } } } }"


class Pace(Protocol):
    """What happens beside the payers while they work and wait."""

    async def step(self) -> None:
        """A payer has come one step on."""

    async def look(self) -> None:
        """A payer looks whether what it waits for has come."""


@dataclass
class Payer:
    """A customer with one method; ``told`` are the answers to all that it asked, without ids."""

    kind: str
    token: str
    who: Someone
    client: Client
    support: Client
    pace: Pace
    told: list[object] = field(default_factory=list)
    bought: Mapping[str, str] = field(default_factory=dict)
    invoice: str = ""

    async def live(self) -> None:
        """Buys, does what its bank asks, tries again after a decline that may pass, and gets some money back."""
        await self._ask(self.client, say.ADD_METHOD, token=self.token)
        self.bought = {"priceId": await self._price(), "idempotencyKey": fresh("start")}
        started = await self._ask(self.client, say.START, **self.bought)
        self.invoice = started["invoice"]["id"]
        await self.pace.step()
        paid = await self._heard()
        if self.kind == "tok_insufficient_funds_times_1":
            await self._ask(self.client, say.PAY, invoiceId=self.invoice)
            paid = await self._heard()
        if self.kind in REFUNDED:
            given = {"customerId": str(self.who.id), "paymentId": paid["payments"][-1]["id"], "reason": "Asked for it."}
            await self._ask(self.support, say.REFUND, amount=GIVEN_BACK, **given)
            await self._heard()
        self.told.append(await self._end())

    async def again(self) -> bool:
        """Whether the purchase, asked for again under its key, is the one that was made."""
        answer = await self.client.mutate(say.START, **self.bought)
        return bool(answer["operation"]["replayed"] and answer["invoice"]["id"] == self.invoice)

    async def _price(self) -> str:
        plans = (await self.client.query(say.PLANS))["plans"]
        return str(next(price["id"] for plan in plans if plan["code"] == "starter" for price in plan["prices"]))

    async def _ask(self, client: Client, document: str, **given: object) -> Any:
        answer = await client.mutate(document, **given)
        self.told.append(sorted(name for name, value in answer.items() if value))
        await self.pace.step()
        return answer

    async def _heard(self) -> Any:
        """The invoice once every attempt at it has ended, and all of what was given back."""

        async def look() -> Any:
            await self.pace.look()
            seen = (await self.client.query(say.INVOICE, id=self.invoice))["viewer"]["customer"]["invoice"]
            for each in seen["payments"]:
                if each["state"] == "REQUIRES_ACTION":
                    await self._confirm(each["actionUrl"])
            refunds = {refund["state"] for each in seen["payments"] for refund in each["refunds"]}
            return seen if {each["state"] for each in seen["payments"]} <= ENDED and refunds <= {"SUCCEEDED"} else None

        heard = await until(look, f"the end of a payment by {self.kind}", PATIENCE_SECONDS)
        await self.pace.step()
        return heard

    async def _confirm(self, url: str) -> None:
        answer = await self.client.http.post(url, params={"outcome": "complete"})
        assert answer.is_success or answer.json()["error"]["code"] == "not_waiting"  # it was, a moment ago

    async def _end(self) -> object:
        async def look() -> object | None:
            await self.pace.look()
            seen = (await self.client.query(say.INVOICE, id=self.invoice))["viewer"]["customer"]["invoice"]
            now = (await self.client.query(_SUBSCRIPTION))["viewer"]["customer"]
            active = [each["state"] for each in now["subscriptions"]] == ["ACTIVE"]
            # What follows from a payment follows a moment later.
            return (_without_ids(seen), now) if active is (seen["state"] == "PAID") else None

        return await until(look, f"what follows from a payment by {self.kind}", PATIENCE_SECONDS)


def _without_ids(invoice: Any) -> object:
    attempts = [
        (each["state"], each["failureCode"], each["captured"]["minorUnits"],
         [(refund["state"], refund["amount"]["minorUnits"]) for refund in each["refunds"]])
        for each in invoice["payments"]
    ]  # fmt: skip
    return invoice["state"], invoice["total"], invoice["due"], invoice["paid"], attempts


async def crowd_of(
    api: Api, http: httpx2.AsyncClient, url: str, tokens: Mapping[str, str], copies: int, pace: Pace
) -> list[Payer]:
    """So many customers with a method of each kind, one of each in turn, who have done nothing yet.

    In turn, as of many customers whose answers are lost one after the other the provider looks as if it were away.
    """
    support = Client(http, url, (await api.staff()).token)
    payers = []
    for kind, token in [each for _ in range(copies) for each in tokens.items()]:
        who = await api.world.customer(issuer=api.issuer)
        client = Client(http, url, await api.token("portal", who.subject))
        payers.append(Payer(kind, token, who, client, support, pace))
    return payers
