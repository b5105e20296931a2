"""Documents and subscriptions' time: invariants 8, 9, 14, 17, 18 and 21."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

from tests.simulation.calendar_model import boundary, share, units
from tests.simulation.facts import Row
from tests.simulation.look import Look
from tests.simulation.reopened import state_at
from tests.simulation.replacements import first_of

Span = tuple[datetime, datetime]


def numbers_have_no_gaps(look: Look) -> Iterator[str]:
    """8: the documents of a legal entity and series count 1, 2, 3 up to the number in the series' row."""
    for table in ("invoice", "receipt", "credit_note"):
        issued = look.facts.by(table, "legal_entity_id")
        for series in look.facts.of("number_series", series=table):
            numbers = [row["number"] for row in issued.get(series["legal_entity_id"], [])]
            if numbers != list(range(1, series["last_number"] + 1)):
                yield f"{series['prefix']} counts {numbers}, its series says {series['last_number']}"


def invoices_add_up(look: Look) -> Iterator[str]:
    """9 and 18: total = lines, due = what is left of it, paid means nothing due; none is for less than nothing."""
    lines = look.facts.by("invoice_line", "invoice_id")
    for row in look.facts.rows["invoice"]:
        own = lines.get(row["id"], [])
        gross = sum(line["amount"] + (0 if line["tax_inclusive"] else line["tax"]) for line in own)
        if row["total"] != gross or row["total"] < 0 or len(own) != row["line_count"]:
            yield f"{row['number_text']} of {row['total']} has lines {[line['amount'] for line in own]}"
        settled = row["credited"] + row["noted"] + row["paid"] + row["written_off"] + row["voided"]
        if row["due"] != row["total"] - settled or not 0 <= row["due"] <= row["total"]:
            yield f"{row['number_text']}: due {row['due']} of {row['total']}, settled {settled}"
        if row["state"] != _state_of(row):
            yield f"{row['number_text']} is {row['state']}, its amounts say {_state_of(row)}: {dict(row)}"


def credit_notes_add_up(look: Look) -> Iterator[str]:
    """9 and 18: a note = its lines = where it went; lines count what was given back, never more than was charged."""
    lines = look.facts.by("credit_note_line", "credit_note_id")
    void = {row["id"] for row in look.facts.of("credit_note", state="void")}
    noted: Counter[object] = Counter()
    given: Counter[tuple[object, int]] = Counter()
    for row in look.facts.rows["credit_note"]:
        own = lines.get(row["id"], [])
        went = row["reduced"] + row["refunded"] + row["credited"] + row["out_of_band"]
        if row["total"] != went or row["total"] != sum(line["net"] + line["tax"] for line in own):
            yield f"{row['number_text']} of {row['total']} went {went}, its lines are {own}"
        noted[row["invoice_id"]] += 0 if row["id"] in void else row["reduced"]
    for row in look.facts.rows["invoice"]:
        if row["noted"] != noted[row["id"]]:
            yield f"{row['number_text']} says noted {row['noted']}, its credit notes {noted[row['id']]}"
    billed = {(line["invoice_id"], line["position"]): line for line in look.facts.rows["invoice_line"]}
    taken_back = {row["id"] for row in look.facts.of("invoice", state="void")}
    for line in look.facts.rows["credit_note_line"]:
        of = billed[line["invoice_id"], line["invoice_position"]]
        if line["credit_note_id"] not in void:
            credits = of["kind"] == "credit"
            place = (
                (of["credits_invoice_id"], of["credits_position"]) if credits else (of["invoice_id"], of["position"])
            )
            given[place] += line["amount"]
    for line in billed.values():
        if line["kind"] == "credit" and line["invoice_id"] not in taken_back:
            given[line["credits_invoice_id"], line["credits_position"]] -= line["amount"]
    for place, line in billed.items():
        if line["given_back"] != given[place] or not 0 <= line["given_back"] <= max(line["amount"], 0):
            yield f"{place} says {line['given_back']} given back, documents say {given[place]} of {line['amount']}"


def _state_of(row: Row) -> str:
    if row["due"]:
        return "open"
    if row["written_off"]:
        return "uncollectible"
    return "void" if row["voided"] else "paid"


def charges_are_priced_as_offered(look: Look) -> Iterator[str]:
    """14, 17 and 21: a period costs quantity x price, a change the exact share, in the days or seconds it counts."""
    for line in look.fresh("invoice_line"):
        of = look.facts.one("invoice", id=line["invoice_id"])
        listed = line["amount"] + line["discount"]
        if line["price_id"] is None:  # of staff
            if listed != line["quantity"] * line["unit_amount"]:
                yield f"line {line['position']} of {of['number_text']} is not {line['quantity']} times its price"
            continue
        full = (line["starts_at"], line["ends_at"]) == (of["period_start"], of["period_end"])
        if not full and not of["reason"].startswith(("change:", "replacement:", "tax_correction:")):
            yield f"line {line['position']} of {of['number_text']} covers a part of its period"
        if line["kind"] != "credit":
            offer, zone = look.offer(line["price_id"]), ruler_of(look, line)
            whole = units(of["period_start"], of["period_end"], zone)
            expected = share(offer.minor * line["quantity"], units(line["starts_at"], line["ends_at"], zone), whole)
            as_sold = (expected, str(offer.currency), offer.inclusive)
            if (listed, line["currency"], line["tax_inclusive"]) != as_sold:
                yield f"line {line['position']} of {of['number_text']} is listed at {listed}, not {as_sold}"


def ruler_of(look: Look, line: Row) -> str | None:
    """The zone in whose days a line is counted; None for seconds."""
    if not look.town.catalog.edition(line["plan_version_id"]).by_day:
        return None
    zone: str = look.facts.one("subscription", id=line["subscription_id"])["time_zone"]
    return zone


def credits_have_a_charge(look: Look) -> Iterator[str]:
    """17 and 18: a credit gives back time of one charge, once, never more than was charged nor of an unpaid one. What
    stands in the place of a void invoice gives back what that did, of what was paid when that was issued."""
    lines = {(line["invoice_id"], line["position"]): line for line in look.facts.rows["invoice_line"]}
    invoices = {row["id"]: row for row in look.facts.rows["invoice"]}
    corrections = {row["adjustment_id"] for row in look.facts.rows["tax_correction"]}  # of tax alone
    given: Counter[tuple[object, int]] = Counter()
    for line in lines.values():
        if (
            line["kind"] != "credit"
            or invoices[line["invoice_id"]]["state"] == "void"
            or line["invoice_id"] in corrections
        ):
            continue
        place = (line["credits_invoice_id"], line["credits_position"])
        given[place] += 1
        charge = lines[place]
        if -line["amount"] > charge["amount"] or charge["price_id"] != line["price_id"]:
            yield f"a credit of {line['amount']} for a charge of {charge['amount']}"
        stood = invoices[line["credits_invoice_id"]]["state"]
        if stood != "paid":  # it may be owed again since
            first = first_of(look.facts, invoices[line["invoice_id"]])
            stood = state_at(look, line["credits_invoice_id"], _began(look, first["id"]))
        if given[place] > 1 or stood != "paid":
            yield f"the charge {place} is credited {given[place]} times; its invoice is {stood}"


def _began(look: Look, invoice: UUID) -> int:
    """Where in its customer's order an invoice was issued."""
    return look.audit_number(look.facts.one("transition", entity_id=invoice, seq=1)["operation_id"])


def periods_follow_the_calendar(look: Look) -> Iterator[str]:
    """14: one renewal a period; periods follow the anchor without overlap, and without a hole but for suspensions."""
    billed = look.facts.rows["invoice"] + look.facts.rows["invoice_draft"]
    changes = [row for row in look.facts.rows["invoice"] if row["reason"].startswith("change:")]
    moves = look.facts.of("transition", machine="subscription")
    away = {row["entity_id"] for row in moves if row["to_state"] in ("suspended", "paused")}
    for of in look.facts.rows["subscription"]:
        spans = sorted(
            (row["period_start"], row["period_end"])
            for row in billed
            if row["subscription_id"] == of["id"] and row["reason"] in ("start", "renewal")
        )
        changed = {(row["period_start"], row["period_end"]) for row in changes if row["subscription_id"] == of["id"]}
        terms = look.facts.of("subscription_terms", subscription_id=of["id"])
        for term in (each for each in terms if each["cause"] == "change"):
            end = boundary(term["anchor_at"], of["time_zone"], term["cadence_unit"], term["cadence_count"])
            cycle = (term["anchor_at"], end)
            if cycle in changed and cycle not in spans:  # one that was paid too late has no terms
                spans = _cut(spans, cycle)
        for (_, end), (start, _) in pairwise(spans):
            if start < end or (start > end and of["id"] not in away):
                yield f"periods of {of['id']}: one ends {end}, the next starts {start}"
        if of["trial_end"] and spans and spans[0][0] < of["trial_end"]:
            yield f"{of['id']} has a trial until {of['trial_end']} and is billed from {spans[0][0]}"
        yield from _not_where_billed(of, spans)
        yield from _off_calendar(of, [span for span in spans if span[0] >= of["anchor_at"]])
        yield from _off_earlier_calendars(of, terms, spans)


def _not_where_billed(of: Row, spans: list[Span]) -> Iterator[str]:
    """The running period is the last one billed, or a trial; who left at once does not owe one that just began."""
    running = (of["period_start"], of["period_end"])
    if not spans and of["period_end"] == of["trial_end"]:
        return
    if not spans or spans[-1] != running:
        last = spans[-1][1] if spans else of["trial_end"]
        if of["state"] != "canceled" or last is None or running[0] < last:
            yield f"{of['id']} is in {running}, billed is {spans[-1:]}"


def _cut(spans: list[Span], cycle: Span) -> list[Span]:
    """The spans with a cycle that began in the middle of one."""
    before = [(start, min(end, cycle[0])) for start, end in spans if start < cycle[0]]
    return sorted([*before, cycle, *(span for span in spans if span[0] > cycle[0])])


def _off_calendar(of: Row, spans: list[Span]) -> Iterator[str]:
    unit, count = of["cadence_unit"], of["cadence_count"]
    limits = [boundary(of["anchor_at"], of["time_zone"], unit, count * k) for k in range(of["period_index"] + 2)]
    periods = list(pairwise(limits))
    if spans and spans[-1] != periods[of["period_index"]] and of["state"] != "canceled":
        yield f"period {of['period_index']} of {of['id']} is {spans[-1]}, the calendar says {periods[-1]}"
    yield from (f"{span} is no period of {of['id']}" for span in spans if span not in periods)


def _off_earlier_calendars(of: Row, terms: Sequence[Row], spans: list[Span]) -> Iterator[str]:
    """Periods before the anchor of today follow one that was: of terms, or where billing began or went on."""
    early = [span for span in spans if span[0] < of["anchor_at"]]
    anchors = {term["anchor_at"] for term in terms} | {start for start, _ in spans[:1]}
    anchors |= {start for (_, end), (start, _) in pairwise(spans) if start != end}
    periods = {
        period
        for anchor in anchors
        for unit, count in {(term["cadence_unit"], term["cadence_count"]) for term in terms}
        for period in _periods(anchor, of["time_zone"], unit, count, until=early[-1][0] if early else anchor)
    }
    cut = {term["anchor_at"] for term in terms if term["cause"] == "change"}
    yield from (f"{span} was no period of {of['id']}" for span in early if span not in periods and span[1] not in cut)


def _periods(anchor: datetime, zone: str, unit: str, count: int, until: datetime) -> Iterator[Span]:
    """Those that begin by then."""
    start, number = anchor, 1
    while start <= until:
        end = boundary(anchor, zone, unit, count * number)
        yield start, end
        start, number = end, number + 1


def nobody_is_billed_early_or_forgotten(look: Look) -> Iterator[str]:
    """14 and 32: no period is billed before it begins."""
    for of in look.facts.rows["subscription"]:
        now = look.facts.now_of(of["customer_id"], look.town.clock.at)
        if of["period_start"] > now + timedelta(seconds=1):
            yield f"{of['id']} is in a period that starts {of['period_start']}, it is {now}"


CHECKS = (
    invoices_add_up,
    credit_notes_add_up,
    credits_have_a_charge,
    periods_follow_the_calendar,
    nobody_is_billed_early_or_forgotten,
)
