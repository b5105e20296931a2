"""What a bill is made of, told of a customer in Denmark, who pays VAT: quotes, seats, a coupon, reasons, what comes."""

from collections.abc import AsyncIterator
from typing import Any

from dev.story import documents as say
from dev.story.client import until
from dev.story.steps import Step, Story

PPM = 10_000  # rates are in parts of a million; so many are a hundredth


async def issued(story: Story, count: int) -> list[Any]:
    """The customer's invoices, oldest first, as soon as history shows so many and all of them paid."""

    async def look() -> list[Any] | None:
        page = (await story.customer.query(say.HISTORY))["viewer"]["customer"]["invoices"]
        found = [edge["node"] for edge in reversed(page["edges"])]
        return found if len(found) == count and all(each["state"] == "PAID" for each in found) else None

    return await until(look, f"the invoice number {count}")


async def changed_by_now(story: Story) -> None:
    """Waits until the change that was paid has taken effect: until then nobody knows what is billed next."""

    async def look() -> bool | None:
        return None if (await story.subscription())["changePending"] else True

    await until(look, "the change")


async def ask(story: Story, document: str, **variables: object) -> Any:
    """What the customer's own page answers: the only field that was asked for."""
    (found,) = (await story.customer.query(document, **variables))["viewer"]["customer"].values()
    return found


def why(line: Any) -> str:
    """A line of an invoice in one sentence, out of its explanation alone."""
    of = line["explanation"]
    said = f"{of['price']['decimal']} x {of['numeratorSeconds']}/{of['denominatorSeconds']} s"
    said += "".join(f" - {each['amount']['decimal']} {each['name']}" for each in of["discounts"])
    taxes = [f"{each['name']} {each['ratePpm'] / PPM:g} % of {each['basis']['decimal']}" for each in of["taxes"]]
    return f"{line['net']['decimal']} = {said}; {line['tax']['decimal']} = {', '.join(taxes)}"


async def quoted(story: Story) -> AsyncIterator[Step]:
    """A purchase with VAT, and an upgrade at exactly the price that was quoted."""
    prices = await story.prices()
    await story.customer.mutate(say.ADD_METHOD, token="tok_visa")
    started = await story.customer.mutate(say.START, priceId=prices["starter"], quantity=1)
    (first,) = await issued(story, 1)
    bill = await ask(story, say.EXPLAINED, id=first["id"])
    facts = {"invoice": bill["number"], "net": bill["subtotal"]["decimal"], "VAT": bill["tax"]["decimal"],
             "total": bill["total"]["decimal"]}  # fmt: skip
    yield await story.told("starts the Starter plan from Denmark, with VAT on top", dict(facts), invoice=bill)
    await story.advance("2027-01-11T18:00:00Z")
    id = started["subscription"]["id"]
    quote = await ask(story, say.QUOTE, subscription=id, price=prices["team"])
    facts = {name: quote[name]["decimal"] for name in ("credit", "charge", "tax", "total")}
    yield await story.told("is quoted the change to Team", facts | {"holds until": quote["expiresAt"]}, quote=quote)
    changed = await story.customer.mutate(say.ORDER, quoteId=quote["id"])
    await issued(story, 2)
    facts = {"quoted": quote["total"]["decimal"], "charged": changed["invoice"]["total"]["decimal"]}
    yield await story.told("changes plan by that quote, to the cent", dict(facts), invoice=changed["invoice"])


async def seats_and_coupon(story: Story) -> AsyncIterator[Step]:
    """Two more seats in the middle of a cycle, and a coupon for what comes."""
    await story.advance("2027-01-21T06:00:00Z")
    id = (await story.subscription())["id"]
    changed = await story.customer.mutate(say.SEATS, subscriptionId=id, quantity=3)
    await issued(story, 3)
    facts = {name: changed["change"][name]["decimal"] for name in ("credit", "charge", "due")}
    yield await story.told("takes 3 seats in the middle of the month", dict(facts), changed=changed)
    await changed_by_now(story)
    before = await ask(story, say.NEXT, subscription=id)
    redeemed = await story.customer.mutate(say.REDEEM, code="WELCOME20")
    after = await ask(story, say.NEXT, subscription=id)
    facts = {"coupon": redeemed["redemption"]["name"], "next invoice": before["total"]["decimal"],
             "with it": after["total"]["decimal"]}  # fmt: skip
    yield await story.told("redeems a coupon and sees it on the next invoice", dict(facts), before=before, after=after)


async def explained(story: Story) -> AsyncIterator[Step]:
    """The renewal line by line, a change of mind, and why the bill is another one."""
    await story.advance("2027-02-01T03:00:00Z")
    bills = await issued(story, 4)
    bill = await ask(story, say.EXPLAINED, id=bills[3]["id"])
    facts = {line["description"]: why(line) for line in bill["lines"]}
    yield await story.told("reads the renewal line by line", facts | {"total": bill["total"]["decimal"]}, invoice=bill)
    id = (await story.subscription())["id"]
    left = await story.customer.mutate(say.CANCEL, subscriptionId=id)
    back = await story.customer.mutate(say.REACTIVATE, subscriptionId=id)
    states = {"would end": left["cancellation"]["endsAt"], "state": back["subscription"]["state"]}
    yield await story.told("cancels to the period's end and thinks better of it", dict(states), left=left, back=back)
    answer = await ask(story, say.COMPARE, before=bills[0]["id"], after=bills[3]["id"])
    found = answer["comparison"]
    reasons = {each["kind"]: each["amount"]["decimal"] for each in found["reasons"]}
    whole = {"difference": found["difference"]["decimal"]}
    yield await story.told("asks why the bill is higher than the first one", whole | reasons, comparison=found)


async def foreseen(story: Story) -> AsyncIterator[Step]:
    """Three months that are foreseen, and that the clock then makes true."""
    to = "2027-05-01T03:00:00Z"
    told = (await ask(story, say.SIMULATE, until=to))["simulation"]["invoices"]
    months = {each["issuedAt"]: each["total"]["decimal"] for each in told}
    yield await story.told("looks three months ahead: the coupon runs out", dict(months), foreseen=told)
    await story.advance(to)
    came = (await issued(story, 4 + len(told)))[4:]
    facts = {each["number"]: each["total"]["decimal"] for each in came}
    yield await story.told("lets three months pass, and they come as foreseen", dict(facts), came=came)


CHAPTERS = (quoted, seats_and_coupon, explained, foreseen)


async def bills(story: Story) -> AsyncIterator[Step]:
    """All chapters in order."""
    for chapter in CHAPTERS:
        async for step in chapter(story):
            yield step
