"""Terms: invariants 14 and 17. The price and plan version of each term, by what was planned and what versions say."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tests.simulation.catalog_model import Offer
from tests.simulation.facts import Row
from tests.simulation.history import Done, History
from tests.simulation.look import Look

CHANGES = frozenset({"subscriptions.change_plan", "subscriptions.change_quantity"})
FORGETTING = frozenset({"subscriptions.cancel_scheduled_change"})


@dataclass
class Plans:
    """What is planned for the next term: another price or quantity, or nothing."""

    price: UUID | None = None
    quantity: int | None = None


def terms_are_as_agreed(look: Look) -> Iterator[str]:
    """14: a term begins on what was planned for it, else on the price of before; versions move only whom they name."""
    history = History.of(look)
    terms = look.facts.by("subscription_terms", "subscription_id")
    for of in look.facts.rows["subscription"]:
        own = [(history.by_id[row["operation_id"]].number, row) for row in terms[of["id"]]]
        name, planned = look.reference("subscription", of["id"]), Plans()
        for each in history.done[of["customer_id"]]:
            if each.outcome.get("subscription") != name or each.number < own[0][0]:
                continue
            before = [row for number, row in own if number < each.number]
            now = [row for number, row in own if number <= each.number][-1]
            if _begins_term(each):
                yield from _not_as_agreed(look, of, before[-1], now, planned, each)
            planned = _planned_after(look, each, before[-1] if before else now, now, planned)
        if (of["next_price_id"], of["next_quantity"]) != (planned.price, planned.quantity):
            yield f"{name} plans {of['next_price_id']} x {of['next_quantity']}, asked for was {planned}"


def _begins_term(each: Done) -> bool:
    return bool(
        (each.name == "subscriptions.renew" and each.outcome["draft"])
        or (each.name == "subscriptions.resume" and each.outcome["invoice"])
    )


def _term_start(each: Done) -> datetime:
    if each.name == "subscriptions.renew":
        return datetime.fromisoformat(each.outcome["period_start"])
    return each.at.replace(microsecond=0)  # who comes back late begins a new cycle then


def _not_as_agreed(look: Look, of: Row, before: Row, now: Row, planned: Plans, each: Done) -> Iterator[str]:
    catalog, start = look.town.catalog, _term_start(each)
    offer = _offer_of(look, of, catalog.offer(planned.price or before["price_id"]), start, each)
    own = catalog.edition(before["plan_version_id"])
    edition = (
        catalog.kept(own, start, each.known) if offer.plan == own.plan else catalog.sold(offer.plan, start, each.known)
    )
    quantity = 1 if offer.flat else planned.quantity or before["quantity"]
    other = catalog.edition(now["plan_version_id"])  # of a plan that was planned, one of the family it has claimed
    if edition.family != before["family"] and other.plan == edition.plan and other.family != edition.family:
        held = [row for row in look.facts.of("subscription_terms", customer_id=of["customer_id"])
                if row["subscription_id"] != of["id"] and row["family"] == edition.family]  # fmt: skip
        edition = other if held else edition  # the family is another subscription's: it stays where it was
    stands = (now["price_id"], now["quantity"], now["plan_version_id"], now["unit_amount"])
    expected = (offer.price.uuid, quantity, edition.id, offer.minor)
    if stands != expected:
        yield f"{of['id']} renews {start} on {catalog.offer(now['price_id'])} {stands}, agreed is {offer} {expected}"
    drafted = each.outcome.get("draft") or each.outcome.get("invoice")
    for line in look.facts.of("invoice_line", subscription_id=of["id"]):
        if look.reference("invoice", line["invoice_id"]) == drafted:
            billed = (line["price_id"], line["quantity"], line["plan_version_id"])
            if billed != expected[:3]:
                yield f"{of['id']} is billed {billed} from {start} on, agreed is {expected}"


def _offer_of(look: Look, of: Row, wanted: Offer, start: datetime, each: Done) -> Offer:
    """Versions move whom they name, but a contract holds its price; after its end a public price follows, or another
    contract."""
    catalog, history = look.town.catalog, History.of(look)
    chosen = catalog.renewed(wanted, start, each.known)
    running = [
        catalog.offer(row["price_id"]) for row in look.facts.of("contract", customer_id=of["customer_id"])
        if row["starts_at"] <= start < row["ends_at"] and history.began(row["id"]).number < each.number
    ]  # fmt: skip
    if chosen != wanted and wanted in running:
        return wanted
    if not chosen.private or chosen in running:
        return chosen
    following = next((offer for offer in running if offer.series == chosen.series), None)
    return following or catalog.public(chosen, start, each.known) or chosen


def _planned_after(look: Look, each: Done, before: Row, now: Row, planned: Plans) -> Plans:
    if _begins_term(each) or each.name in FORGETTING or _leaves(each):
        return Plans()
    paid_at_once = each.name in CHANGES and each.outcome["mode"] in ("now", "new_cycle")
    if (each.name == "subscriptions.invoice_paid" or paid_at_once) and before is not now and planned != Plans():
        price = planned.price if now["price_id"] == before["price_id"] else None
        return Plans(price, planned.quantity if now["quantity"] == before["quantity"] else None)
    if each.name in CHANGES and each.outcome["mode"] == "period_end":
        return _planned_by(look, each.outcome, each.name == "subscriptions.change_quantity", now, planned)
    return planned


def _leaves(each: Done) -> bool:
    return each.name == "subscriptions.cancel" and each.outcome["state"] == "pending_cancellation"


def _planned_by(look: Look, asked: Any, seats_only: bool, now: Row, planned: Plans) -> Plans:
    """Seats leave a planned price as it is; another price leaves planned seats, unless it names some."""
    wanted = next(offer.price.uuid for offer in look.town.catalog.offers if str(offer.price) == asked["price"])
    quantity = asked["quantity"] if asked["quantity"] != now["quantity"] else None
    if seats_only:
        return Plans(planned.price, quantity)
    price = wanted if wanted != now["price_id"] else None
    return Plans(price, planned.quantity if quantity is None else quantity)


def changes_take_effect_as_billed(look: Look) -> Iterator[str]:
    """17: what a paid change puts a subscription on is what its invoice charged: price, plan version and quantity."""
    history = History.of(look)
    for row in look.facts.of("subscription_terms", cause="change"):
        each = history.by_id[row["operation_id"]]
        billed_by = each.command["invoice"] if each.name == "subscriptions.invoice_paid" else each.outcome["invoice"]
        if billed_by is None:
            continue  # in a trial a change is free
        charged = [
            line for line in look.facts.of("invoice_line", subscription_id=row["subscription_id"], kind="charge")
            if look.reference("invoice", line["invoice_id"]) == billed_by
        ]  # fmt: skip
        stands = [(row["price_id"], row["quantity"], row["plan_version_id"])]
        billed = [(line["price_id"], line["quantity"], line["plan_version_id"]) for line in charged]
        if stands != billed:
            yield f"{row['subscription_id']} is on {stands} since {row['effective_at']}, billed was {billed}"


CHECKS = (terms_are_as_agreed, changes_take_effect_as_billed)
