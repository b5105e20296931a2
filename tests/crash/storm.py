"""Customers under a storm: each intent has one key, many requests at once ask for it, and all get one answer."""

import asyncio
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import httpx2

from dev.identity.personas import PERSONAS, audience_of
from dev.story import documents as say
from dev.story.cast import GERMAN, Cast
from dev.story.client import Client, mint, until
from tests.story.product import Product
from tests.world import fresh

PATIENCE_SECONDS = 300.0  # a dead process keeps its work for half a minute, and one may die after the other
LOOK_SECONDS = 0.5  # between two looks at what workers and the provider bring about: looking is not what is tried
_MONEY = "{ minorUnits }"
_END = "operation { id replayed } errors { ... on UserError { code message path retryable } }"


def _mutation(name: str, fields: str) -> str:
    kind = name[0].upper() + name[1:]
    return f"mutation ($input: {kind}Input!) {{ {name}(input: $input) {{ {fields} {_END} }} }}"


# Only what stays as it was answered first: states go on, and a retry tells where they are.
START: Final = _mutation("startSubscription", f"subscription {{ id }} invoice {{ id total {_MONEY} }}")
PAY: Final = _mutation("payInvoice", "payment { id } invoice { id }")
_CHANGED: Final = f"change {{ credit {_MONEY} charge {_MONEY} due {_MONEY} }} invoice {{ id total {_MONEY} }}"
CHANGE: Final = _mutation("changePlan", _CHANGED)
SEATS: Final = _mutation("changeQuantity", _CHANGED)
REFUND: Final = _mutation("refundPayment", f"refund {{ id amount {_MONEY} }}")
NOTE: Final = _mutation("issueCreditNote", "creditNote { id }")
LOOK: Final = """{ viewer { customer { subscriptions { id state quantity plan { code } }
    invoices(first: 10) { source edges { node { id } } } } } }"""
INVOICE: Final = """query ($id: ID!) { viewer { customer { invoice(id: $id) { state
    payments { id state refunds { state } } } } } }"""
HISTORY: Final = "{ viewer { customer { invoices(first: 1) { source edges { node { id } } } } } }"
ENDED: Final = {"SUCCEEDED", "FAILED", "VOIDED", "EXPIRED"}
EURO: Final = {"minorUnits": "100", "currency": "EUR"}


@dataclass
class Weather:
    """What all requests of the storm saw: how many there were, and when each that succeeded was begun."""

    requests: int = 0
    succeeded: int = 0
    begun: list[float] = field(default_factory=list)

    def first_after(self, instant: float) -> bool:
        """Whether a mutation that was sent later than that was answered."""
        return any(began > instant for began in self.begun[-200:])


@dataclass
class Sender(Client):
    """A client that counts."""

    weather: Weather = field(default_factory=Weather)
    patience: float = PATIENCE_SECONDS

    async def _once(self, document: str, variables: Any) -> tuple[Any, bool]:
        began = time.monotonic()
        self.weather.requests += 1
        body, again = await super()._once(document, variables)
        if not again:
            self.weather.succeeded += 1
            self.weather.begun.append(began)
        return body, again


@dataclass(frozen=True)
class Asked:
    """An intent: who asked for what under which key, and the one answer; ``by`` is a persona of staff, or nobody."""

    by: str
    document: str
    given: dict[str, object]
    answer: Any


@dataclass
class Customer:
    """One of the storm's customers; ``asked`` are all its intents."""

    storm: "Storm"
    cast: Cast
    card: str
    asked: list[Asked] = field(default_factory=list)
    captured: int = 0
    refunded: int = 0
    credit: int = 0
    subscription: str = ""
    last: str = ""  # its newest invoice

    @property
    def id(self) -> str:
        """The customer's id."""
        return self.cast.story.customer_id

    @property
    def own(self) -> Sender:
        """Its own client, for as long as its first token is good."""
        of = self.cast.story.customer
        return Sender(of.http, of.url, of.token, weather=self.storm.weather)

    async def _caller(self, by: str) -> Sender:
        """Somebody of staff, or the customer itself, signed in just now."""
        if by:
            return await self.storm.signed_in(persona=by)
        return await self.storm.signed_in(audience=self.storm.audience, subject=self.cast.reference)

    async def live(self, plan: Sequence[str]) -> None:
        """Does what the plan says, each step once the one before has come to its end."""
        await self.own.mutate(say.ADD_METHOD, token=f"{self.card}#{fresh('storm')}")
        prices = await self.cast.story.prices()
        for step in plan:
            await getattr(self, f"_{step}")(prices)

    async def _start(self, prices: dict[str, str]) -> None:
        answer = await self._ask("", START, priceId=prices["starter"], quantity=1)
        self.last, self.subscription = answer["invoice"]["id"], answer["subscription"]["id"]
        self.captured += int(answer["invoice"]["total"]["minorUnits"])
        await self._settled(self.last)

    async def _pay(self, prices: dict[str, str]) -> None:
        """After a first try that was declined."""
        await self._ask("", PAY, invoiceId=self.last)
        await self._settled(self.last)

    async def _change(self, prices: dict[str, str]) -> None:
        await self._is_active()
        await self._charged(await self._ask("", CHANGE, subscriptionId=self.subscription, priceId=prices["team"]))

    async def _seats(self, prices: dict[str, str]) -> None:
        await self._is_active()
        await self._charged(await self._ask("", SEATS, subscriptionId=self.subscription, quantity=3))

    async def _refund(self, prices: dict[str, str]) -> None:
        paid = await self._settled(self.last)
        given = {"customerId": self.id, "paymentId": paid["payments"][-1]["id"], "amount": EURO, "reason": "Asked."}
        await self._ask(self.storm.next_of_staff(), REFUND, **given)
        self.refunded += int(EURO["minorUnits"])
        await self._settled(self.last)

    async def _note(self, prices: dict[str, str]) -> None:
        given = {"customerId": self.id, "invoiceId": self.last, "kind": "GOODWILL", "reason": "Sorry."}
        await self._ask("finance", NOTE, **given, amount=EURO, credit=EURO)
        self.credit += int(EURO["minorUnits"])

    async def _charged(self, changed: Any) -> None:
        self.captured += int(changed["invoice"]["total"]["minorUnits"])
        self.last = changed["invoice"]["id"]
        await self._settled(self.last)

    async def _ask(self, by: str, document: str, **given: object) -> Any:
        """What all of the requests under one key are answered."""
        client = await self._caller(by)
        same = {"idempotencyKey": fresh("storm"), **given}
        answers = await asyncio.gather(*(client.mutate(document, **same) for _ in range(self.storm.requests)))
        assert [each["operation"].pop("replayed") for each in answers].count(False) <= 1, "performed once"
        assert all(each == answers[0] for each in answers), answers
        self.asked.append(Asked(by, document, same, answers[0]))
        self.storm.keys += 1
        return answers[0]

    async def _settled(self, invoice: str) -> Any:
        """The invoice once all attempts at it have ended, and all that was given back has arrived."""

        async def look() -> Any:
            seen = (await self.own.query(INVOICE, id=invoice))["viewer"]["customer"]["invoice"]
            refunds = {each["state"] for paid in seen["payments"] for each in paid["refunds"]}
            return seen if {each["state"] for each in seen["payments"]} <= ENDED and refunds <= {"SUCCEEDED"} else None

        return await until(look, f"the end of what was asked of {invoice}", PATIENCE_SECONDS, LOOK_SECONDS)

    async def _is_active(self) -> None:
        async def look() -> bool | None:
            (seen,) = (await self.own.query(say.SUBSCRIPTIONS))["viewer"]["customer"]["subscriptions"]
            return True if seen["state"] == "ACTIVE" and not seen["changePending"] else None

        await until(look, "an active subscription", PATIENCE_SECONDS, LOOK_SECONDS)

    async def again(self) -> bool:
        """Whether every intent, asked for once more, is answered as before."""
        for each in self.asked:
            answer = await (await self._caller(each.by)).mutate(each.document, **each.given)
            if not answer["operation"].pop("replayed") or answer != each.answer:
                return False
        return True


# What customers do, in turn; each with its card.
PLANS: Final = (
    ("tok_visa", ("start", "change", "refund", "note")),
    ("tok_insufficient_funds_times_1", ("start", "pay", "change", "seats")),
    ("tok_visa", ("start", "seats", "change", "refund")),
    ("tok_refund_error_after", ("start", "change", "refund", "seats")),
)


@dataclass
class Storm:
    """So many requests at once for each key, by some customers at once, until there were enough keys."""

    running: Product
    http: httpx2.AsyncClient
    requests: int
    at_once: int
    weather: Weather = field(default_factory=Weather)
    keys: int = 0
    customers: list[Customer] = field(default_factory=list)
    _staff: Iterator[str] = field(default_factory=lambda: itertools.cycle(("support", "lead", "finance")))

    @property
    def audience(self) -> str:
        """What tokens of its customers are made out to."""
        return audience_of(GERMAN.tenant, PERSONAS["customer"].surface)

    def next_of_staff(self) -> str:
        """Whose turn it is to give money back."""
        return next(self._staff)

    async def signed_in(self, **claims: object) -> Sender:
        """A client with a new token."""

        async def minted() -> str | None:
            try:
                return await mint(self.http, self.running.issuer, **claims)
            except httpx2.TransportError:  # a busy machine cuts connections that were idle
                return None

        token = await until(minted, "a token")
        return Sender(self.http, self.running.api, token, weather=self.weather)

    async def rage(self, enough: Callable[[], bool]) -> None:
        """Customers come and live, until it is enough and all are done."""
        plans = itertools.cycle(PLANS)

        async def place() -> None:
            while not enough():
                card, plan = next(plans)
                cast = await self.running.cast(self.http, patience=PATIENCE_SECONDS)
                customer = Customer(self, cast, card)
                self.customers.append(customer)
                await customer.live(plan)

        await asyncio.gather(*(place() for _ in range(self.at_once)))

    async def again(self) -> bool:
        """Whether every customer's intents, asked for once more, are answered as before; a few customers at once."""
        places = asyncio.Semaphore(self.at_once)

        async def one(customer: Customer) -> bool:
            async with places:
                return await customer.again()

        return all(await asyncio.gather(*(one(customer) for customer in self.customers)))
