"""The story, told step by step against a running stack: every step is one query or mutation of the published schema."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from dev.story import documents as say
from dev.story.client import PATIENCE_SECONDS, Client, T, until


@dataclass(frozen=True)
class Step:
    """What was done, what came of it, and what the customer's ledger says afterwards."""

    title: str
    facts: dict[str, str]
    owed: str
    credit: str
    data: dict[str, Any] = field(repr=False, default_factory=dict)


@dataclass
class Story:
    """A customer, and a member of the support staff."""

    customer: Client
    support: Client
    customer_id: str
    invoices: int = 2  # those of the start and of the upgrade
    patience: float = PATIENCE_SECONDS

    async def until(self, look: Callable[[], Awaitable[T | None]], what: str) -> T:
        """What the look finds, as soon as it finds something; Failed where the story's patience ends before."""
        return await until(look, what, self.patience)

    async def told(self, title: str, facts: dict[str, object], **data: Any) -> Step:
        """The step with the balance as it is on the primary now."""
        balance = (await self.customer.query(say.BALANCE))["viewer"]["customer"]["balance"]
        shown = {name: str(value) for name, value in facts.items()}
        owed, credit = balance["receivable"], balance["credit"]
        return Step(title, shown, f"{owed['decimal']} {owed['currency']}", credit["decimal"], data)

    async def prices(self) -> dict[str, str]:
        """The monthly price ids in the customer's currency, by plan code."""
        data = await self.customer.query(say.PLANS)
        return {
            plan["code"]: price["id"]
            for plan in data["plans"]
            for price in plan["prices"]
            if price["amount"]["currency"] == "EUR" and price["interval"]["unit"] == "MONTH"
        }

    async def subscription(self) -> Any:
        """The customer's newest subscription."""
        data = await self.customer.query(say.SUBSCRIPTIONS)
        return data["viewer"]["customer"]["subscriptions"][0]

    async def advance(self, to: str) -> None:
        """Moves the test clock and waits until everything on the way was done."""
        await self.customer.mutate(say.ADVANCE, to=to)

        async def arrived() -> bool | None:
            clock = (await self.customer.query(say.CLOCK))["viewer"]["customer"]["testClock"]
            return True if clock["at"] == clock["target"] else None

        await self.until(arrived, f"the test clock's way to {to}")

    async def payments(self, token: str) -> Any:
        """The customer's payments, newest first, as of the mutation that gave the token or later."""
        return (await self.customer.query(say.PAYMENTS, atLeast=token))["viewer"]["customer"]["payments"]["edges"]

    async def renewal(self) -> Any:
        """The newest renewal's invoice, as soon as history shows it paid."""

        async def look() -> Any:
            page = (await self.customer.query(say.HISTORY))["viewer"]["customer"]["invoices"]
            if len(page["edges"]) <= self.invoices:  # history comes from a replica, which may be far behind
                return None
            newest = page["edges"][0]["node"]
            return newest if newest["state"] == "PAID" else None

        invoice = await self.until(look, "the renewal's invoice")
        self.invoices += 1
        return invoice


async def purchase(story: Story) -> AsyncIterator[Step]:
    """From the price list to the receipt, through the provider and its webhook."""
    prices = await story.prices()
    yield await story.told("lists the plans", dict(prices))
    method = (await story.customer.mutate(say.ADD_METHOD, token="tok_visa"))["paymentMethod"]
    yield await story.told("adds a card", {"card": f"{method['brand']} ending in {method['last4']}"})
    started = await story.customer.mutate(say.START, priceId=prices["starter"], quantity=1)
    invoice_id = started["invoice"]["id"]
    token = started["operation"]["consistencyToken"]

    async def confirmed() -> Any:
        invoice = (await story.customer.query(say.INVOICE, id=invoice_id))["viewer"]["customer"]["invoice"]
        return invoice if invoice["payments"][0]["state"] == "SUCCEEDED" else None

    invoice = await story.until(confirmed, "the provider's webhook")
    payment = invoice["payments"][0]
    facts = {"invoice": invoice["number"], "total": invoice["total"]["decimal"], "payment": payment["state"]}
    yield await story.told("starts a subscription, which is charged and confirmed", facts, invoice=invoice, token=token)
    receipt = payment["receipt"]
    pdf = await story.customer.get(receipt["pdfUrl"])
    facts = {"receipt": receipt["number"], "bytes": len(pdf)}
    yield await story.told("downloads the receipt", facts, pdf=pdf, payment=payment)
    history = (await story.customer.query(say.HISTORY, atLeast=token))["viewer"]["customer"]["invoices"]
    facts = {"source": history["source"], "as of": history["asOf"], "invoices": len(history["edges"])}
    yield await story.told("reads the history with the token of the purchase", facts, history=history)


async def upgrade_and_refund(story: Story) -> AsyncIterator[Step]:
    """The golden upgrade, a partial refund, and the statement."""
    await story.advance("2027-01-11T18:00:00Z")
    prices, subscription = await story.prices(), await story.subscription()
    changed = await story.customer.mutate(say.CHANGE, subscriptionId=subscription["id"], priceId=prices["team"])

    async def applied() -> Any:
        now = await story.subscription()
        return now if now["plan"]["code"] == "team" else None

    await story.until(applied, "the plan change")
    facts = {name: changed["change"][name]["decimal"] for name in ("credit", "charge", "due")}
    yield await story.told("changes to the dearer plan on day 11 at 18:00", facts, changed=changed)
    token = changed["operation"]["consistencyToken"]
    first = (await story.payments(token))[-1]["node"]
    refund = await story.support.mutate(
        say.REFUND,
        customerId=story.customer_id,
        paymentId=first["id"],
        amount={"minorUnits": "300", "currency": "EUR"},
        reason="The first days did not work as promised.",
    )

    async def given_back() -> Any:
        payment = (await story.payments(token))[-1]["node"]
        states = [each["state"] for each in payment["refunds"]]
        return payment if states == ["SUCCEEDED"] else None

    await story.until(given_back, "the refund")
    facts = {"refund": refund["refund"]["amount"]["decimal"], "asked by": "support"}
    yield await story.told("gets 3.00 back", facts, refund=refund)
    lines = (await story.customer.query(say.STATEMENT, atLeast=token))["viewer"]["customer"]["statement"]["edges"]
    yield await story.told("reads the statement", {"entries": len(lines)}, statement=lines)


async def only_card(story: Story, token: str) -> None:
    """From now on the customer has this card alone: others would be tried when it declines."""
    added = (await story.customer.mutate(say.ADD_METHOD, token=token))["paymentMethod"]
    for other in (await story.customer.query(say.METHODS))["viewer"]["customer"]["paymentMethodsInOrder"]:
        if other["id"] != added["id"]:
            await story.customer.mutate(say.REMOVE_METHOD, methodId=other["id"])


async def renewal_and_recovery(story: Story) -> AsyncIterator[Step]:
    """The worker renews; then the card declines, access stays on, and a new card recovers it."""
    await story.advance("2027-02-01T03:00:00Z")
    invoice = await story.renewal()
    facts = {"invoice": invoice["number"], "total": invoice["total"]["decimal"], "state": invoice["state"]}
    yield await story.told("is renewed by the worker a month on", facts, invoice=invoice)
    await only_card(story, "tok_insufficient_funds")
    await story.advance("2027-03-04T00:00:00Z")
    late = await story.subscription()
    facts = {"state": late["state"], "entitled": late["entitled"], "attempts left": late["recovery"]["attemptsLeft"]}
    yield await story.told("has a card that declines, and keeps access in dunning", facts, subscription=late)
    await story.customer.mutate(say.ADD_METHOD, token="tok_mastercard")

    async def recovered() -> Any:
        now = await story.subscription()
        return now if now["state"] == "ACTIVE" else None

    back = await story.until(recovered, "the recovery")
    yield await story.told("adds another card and is back at once", {"state": back["state"]}, subscription=back)


async def suspension(story: Story) -> AsyncIterator[Step]:
    """A card that declines for good: every retry fails, then access ends, and not before."""
    await only_card(story, "tok_do_not_honor")
    await story.advance("2027-04-10T00:00:00Z")
    before = await story.subscription()
    yield await story.told(
        "declines again; on day 9 access is still on", {"state": before["state"]}, subscription=before
    )
    await story.advance("2027-04-16T12:00:00Z")
    after = await story.subscription()
    facts = {"state": after["state"], "entitled": after["entitled"]}
    yield await story.told("is suspended once the last retry has failed", facts, subscription=after)


CHAPTERS = (purchase, upgrade_and_refund, renewal_and_recovery, suspension)


async def whole(story: Story) -> AsyncIterator[Step]:
    """All chapters in order."""
    for chapter in CHAPTERS:
        async for step in chapter(story):
            yield step
