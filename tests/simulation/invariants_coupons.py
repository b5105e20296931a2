"""Coupons: invariants 9 and 20. What each took off every invoice is reckoned from the redemptions alone."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from uuid import UUID

from tests.simulation.calendar_model import units
from tests.simulation.catalog_model import Coupon
from tests.simulation.facts import Row
from tests.simulation.history import Done, History
from tests.simulation.invariants_documents import ruler_of
from tests.simulation.look import Look

MILLION = 1_000_000


def coupons_are_counted(look: Look) -> Iterator[str]:
    """20: a coupon is redeemed at most as often as it says, and its counter knows of each time; once a customer."""
    times: Counter[tuple[UUID, bool]] = Counter()
    living: Counter[tuple[UUID, UUID]] = Counter()
    for row in look.facts.rows["coupon_redemption"]:
        times[row["coupon_id"], look.town.patron_of(row["customer_id"]).on_clock] += 1
        living[row["coupon_id"], row["customer_id"]] += row["ended_at"] is None
    for row in look.facts.rows["coupon_counter"]:
        counted = times[row["coupon_id"], row["sandbox"]]
        if row["redeemed"] != counted or (row["max_redemptions"] is not None and counted > row["max_redemptions"]):
            yield f"coupon {row['coupon_id']} says {row['redeemed']} of {row['max_redemptions']}, redeemed {counted}"
    yield from (f"{place} is redeemed {count} times at once" for place, count in living.items() if count > 1)


def discounts_add_up(look: Look) -> Iterator[str]:
    """9 and 20: the discount of a line is what the coupons took off it, and never more than the line."""
    parts = look.facts.by("invoice_line_discount", "invoice_id", "position")
    for line in look.facts.rows["invoice_line"]:
        taken = sum(part["amount"] for part in parts.pop((line["invoice_id"], line["position"]), []))
        if taken != line["discount"] or taken < 0 or (taken and line["amount"] < 0):
            yield f"a line of {line['amount']} has the discount {line['discount']}, its coupons made {taken}"
    yield from (f"discounts of no line: {place}" for place in parts)


@dataclass(eq=False)
class Redeemed:
    """A redemption as it goes along; ``left`` None is for ever, ``subscription`` the one it is bound to, if any.

    ``used_by`` are the standing invoices that it reduced, with their subscriptions and whether each went on with the
    period of another, ``bound_by`` the one that bound it.
    """

    id: str
    coupon: Coupon
    since: datetime
    subscription: str | None
    left: int | None
    until: datetime | None = None
    bound_by: UUID | None = None
    used_by: dict[UUID, tuple[str | None, bool]] = field(default_factory=dict)


def coupons_take_what_they_say(look: Look) -> Iterator[str]:
    """20: percentages first, in the order of redemption, then amounts; each for as many whole periods as it says."""
    history = History.of(look)
    issued = {history.began(row["id"]).id: row for row in look.facts.rows["invoice"]}
    void: dict[UUID, list[Row]] = {}
    for row in look.facts.of("invoice", state="void"):
        taken_back = history.moved(row["id"], "void")
        assert taken_back is not None
        void.setdefault(taken_back.id, []).append(row)
    for customer, done in history.done.items():
        known: dict[str, Redeemed] = {}
        for each in done:
            if each.name == "catalog.redeem_coupon":
                known[each.outcome["redemption"]] = _redeemed(look, each)
            elif each.name == "catalog.end_redemption":
                of = known[each.outcome["redemption"]]
                of.until = max(each.at, of.since)
            for row in void.get(each.id, []):
                _voided(look, row, list(known.values()))
            if each.id in issued:
                yield from _billed(look, issued[each.id], each, list(known.values()))
        left = {look.reference("redemption", row["id"]): row["periods_left"]
                for row in look.facts.of("coupon_redemption", customer_id=customer)}  # fmt: skip
        if left != {id: of.left for id, of in known.items()}:
            yield f"periods left are {left}, should be {[(of.coupon.code, of.left) for of in known.values()]}"


def _redeemed(look: Look, each: Done) -> Redeemed:
    coupon = look.town.catalog.coupon(each.command["code"])
    return Redeemed(each.outcome["redemption"], coupon, each.at, each.command["subscription"], coupon.periods)


def _billed(look: Look, invoice: Row, each: Done, known: list[Redeemed]) -> Iterator[str]:
    of = invoice["subscription_id"] and look.reference("subscription", invoice["subscription_id"])
    goes_on = set(_goes_on(look, invoice, each))
    open_ones = [
        one for one in sorted(known, key=lambda one: (one.since, one.id))
        if one.since <= each.at and (one.until is None or one.until > each.at) and (one.left != 0 or one.id in goes_on)
        and (one.coupon.account or one.subscription == of or (one.subscription is None and of))
    ]  # fmt: skip
    for line in look.facts.of("invoice_line", invoice_id=invoice["id"], kind="charge"):
        expected = {} if line["price_id"] is None else _taken(look, invoice, line, open_ones)
        rows = look.facts.of("invoice_line_discount", invoice_id=line["invoice_id"], position=line["position"])
        stands = {look.reference("redemption", row["redemption_id"]): row["amount"] for row in rows}
        if stands != {one.id: amount for one, amount in expected.items()}:
            told = {one.coupon.code: amount for one, amount in expected.items()}
            yield f"{invoice['number_text']} has discounts {stands}, coupons make {told}"
        for one in expected if expected and _is_whole(look, invoice, line) else ():
            one.left = None if one.left is None else one.left - (one.id not in goes_on)
            if not one.coupon.account and one.subscription is None:
                one.subscription, one.bound_by = of, invoice["id"]
        for one in expected:
            one.used_by[invoice["id"]] = of, one.id in goes_on


def _voided(look: Look, invoice: Row, known: list[Redeemed]) -> None:
    """A void invoice gives the periods back that it used up, and a coupon that an invoice bound its freedom, if nothing
    of that subscription stands that it reduced."""
    for one in known:
        if invoice["id"] not in one.used_by:
            continue
        _, went_on = one.used_by.pop(invoice["id"])
        charges = look.facts.of("invoice_line", invoice_id=invoice["id"], kind="charge")
        if any(line["price_id"] and _is_whole(look, invoice, line) for line in charges):
            one.left = None if one.left is None else one.left + (not went_on)
        if one.bound_by is not None and one.subscription not in {of for of, _ in one.used_by.values()}:
            one.subscription = one.bound_by = None


def _goes_on(look: Look, invoice: Row, each: Done) -> Iterator[str]:
    """The redemptions that had reduced what a change gives back the rest of: their period goes on, unless a whole one
    begins when a part of it has passed."""
    charges = look.facts.of("invoice_line", invoice_id=invoice["id"], kind="charge")
    begins = any(line["price_id"] and _is_whole(look, invoice, line) for line in charges)
    for id, position, back in _given_back(look, invoice, each):
        of = look.facts.one("invoice", id=id)
        line = look.facts.one("invoice_line", invoice_id=id, position=position)
        if begins and not (_is_whole(look, of, line) and _is_whole(look, of, _span(line, back))):
            continue
        for row in look.facts.of("invoice_line_discount", invoice_id=id, position=position):
            yield look.reference("redemption", row["redemption_id"])


def _given_back(look: Look, invoice: Row, each: Done) -> Iterator[tuple[UUID, int, Row]]:
    """What the change took back of which line: by a line of its invoice, or by a credit note where that was more."""
    if not invoice["reason"].startswith("change:"):
        return
    for line in look.facts.of("invoice_line", invoice_id=invoice["id"], kind="credit"):
        yield line["credits_invoice_id"], line["credits_position"], line
    for note in look.facts.of("credit_note", kind="unused_time", customer_id=invoice["customer_id"]):
        if History.of(look).began(note["id"]).id == each.id:
            for line in look.facts.of("credit_note_line", credit_note_id=note["id"]):
                yield line["invoice_id"], line["invoice_position"], line


def _span(line: Row, back: Row) -> Row:
    """The line, were it for what of it was given back alone."""
    return dict(line) | {name: back[name] for name in ("starts_at", "ends_at")}


def _is_whole(look: Look, invoice: Row, line: Row) -> bool:
    zone = ruler_of(look, line)
    whole = units(invoice["period_start"], invoice["period_end"], zone)
    return units(line["starts_at"], line["ends_at"], zone) == whole


def _taken(look: Look, invoice: Row, line: Row, open_ones: list[Redeemed]) -> dict[Redeemed, int]:
    """An invoice has one charge of a plan, so that no discount is split."""
    left, taken = line["amount"] + line["discount"], {}
    plan = look.offer(line["price_id"]).plan.uuid
    whole = _is_whole(look, invoice, line)
    for one in sorted(open_ones, key=lambda one: one.coupon.percent_ppm is None):
        coupon = one.coupon
        fits = not coupon.plans or plan in coupon.plans
        fits = fits and (whole or (coupon.percent_ppm is not None and not coupon.once))
        if coupon.percent_ppm is not None:
            amount = round(Fraction(left * coupon.percent_ppm, MILLION))
        else:
            assert coupon.amount is not None
            amount = min(left, coupon.amount)
        if fits and amount:
            taken[one], left = amount, left - amount
    return taken


AT_REST = (coupons_take_what_they_say,)
