"""State machines, dunning and access: invariants 15, 22 and 23."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from tests.simulation.exhausted import was_declined_for_good
from tests.simulation.facts import Row
from tests.simulation.look import LIVING_CASE, OPEN_PAYMENT, Look
from tests.simulation.reopened import day_of, given_back_by, is_over, off_timeline, state_at, was_taken_back

EDGES = {
    "contract": "new>active active>ending active>ended ending>ended active>canceled ending>canceled",
    "credit_note": "new>issued issued>void",
    "subscription": """new>incomplete incomplete>active incomplete>incomplete_expired active>past_due past_due>grace
        past_due>active grace>active suspended>active past_due>suspended grace>suspended suspended>canceled
        new>trialing trialing>active trialing>paused active>paused paused>active trialing>pending_cancellation
        active>pending_cancellation paused>pending_cancellation pending_cancellation>active
        paused>suspended pending_cancellation>suspended
        pending_cancellation>trialing pending_cancellation>past_due incomplete>canceled trialing>canceled
        active>canceled past_due>canceled grace>canceled paused>canceled pending_cancellation>canceled""",
    "invoice": "new>open open>paid open>void open>uncollectible uncollectible>paid paid>open paid>uncollectible",
    "payment": """new>processing processing>captured processing>requires_action processing>failed processing>unknown
        processing>voided requires_action>captured requires_action>failed requires_action>processing
        requires_action>voided unknown>captured unknown>requires_action unknown>failed unknown>processing unknown>voided
        captured>succeeded captured>settling settling>succeeded captured>failed settling>failed succeeded>failed
        failed>captured voided>captured new>succeeded processing>authorized
        requires_action>authorized unknown>authorized authorized>captured authorized>voided authorized>failed
        authorized>unknown authorized>expired processing>expired requires_action>expired unknown>expired
        expired>captured""",
    "dispute": """new>open open>evidence_submitted open>won open>lost evidence_submitted>won evidence_submitted>lost
        lost>won""",
    "installment_plan": "new>active active>completed active>broken active>cancelled",
    "refund": """new>requested requested>submitted submitted>pending submitted>unknown submitted>succeeded
        submitted>failed pending>succeeded pending>failed unknown>pending unknown>succeeded unknown>failed
        requested>succeeded requested>failed new>awaiting_approval awaiting_approval>requested
        awaiting_approval>rejected awaiting_approval>canceled succeeded>failed failed>succeeded""",
    "exception": "new>open open>claimed claimed>open open>resolved claimed>resolved",
    "dunning": """new>retrying retrying>grace retrying>suspended grace>suspended retrying>recovered grace>recovered
        suspended>recovered suspended>given_up retrying>stopped grace>stopped suspended>stopped
        recovered>retrying stopped>retrying""",
    "saga": """new>running running>running running>completed running>compensating running>compensated running>stuck
        compensating>running compensating>completed compensating>compensated compensating>stuck stuck>running
        stuck>completed stuck>compensated""",
}
ENTITIES = {
    "contract": "contract",
    "credit_note": "credit_note",
    "subscription": "subscription",
    "invoice": "invoice",
    "payment": "payment",
    "dispute": "dispute",
    "installment_plan": "installment_plan",
    "refund": "refund",
    "exception": "exception_case",
    "dunning": "dunning_case",
    "saga": "saga",
}
CLOSED = ("paid", "void", "uncollectible")  # states of an invoice that nobody is asked to pay


def machines_take_known_moves(look: Look) -> Iterator[str]:
    """15: each entity's history is a chain of listed moves that ends where the entity stands."""
    histories = look.facts.by("transition", "entity_id")
    for machine, table in ENTITIES.items():
        edges = EDGES[machine].split()
        for row in look.facts.rows[table]:
            before, history = "new", histories.pop(row["id"], [])
            for move in history:
                if move["from_state"] != before or f"{before}>{move['to_state']}" not in edges:
                    yield f"{machine} {row['id']} went from {before} to {move['to_state']}"
                before = move["to_state"]
            if (row["state"], row["seq"]) != (before, len(history)):
                yield f"{machine} {row['id']} is {row['state']}, its history ends in {before}"
    if histories:
        yield f"histories without an entity: {list(histories)}"


def moves_are_audited(look: Look) -> Iterator[str]:
    """15 and 28: each move stands in the audit entry of the operation that made it, and no entry tells of another."""
    told: Counter[tuple[str, ...]] = Counter()
    operations = {(row["customer_id"], row["number"]): row["operation_id"] for row in look.fresh("audit_entry")}
    for row in look.fresh("audit_body"):
        operation = operations[row["customer_id"], row["number"]]
        for change in look.body(row)["changes"]:
            told[str(operation), change["machine"], change["entity"], change["before"], change["after"]] += 1
    made: Counter[tuple[str, ...]] = Counter(
        (str(row["operation_id"]), row["machine"], str(row["entity_id"]), row["from_state"], row["to_state"])
        for row in look.fresh("transition")
    )
    if told != made:
        yield f"told but not made {told - made}, made but not told {made - told}"


def _moved(look: Look, entity: UUID, *states: str) -> Row | None:
    rows = look.facts.of("transition", entity_id=entity)
    return next((row for row in rows if row["to_state"] in states), None)


def _began(look: Look, payment: Row) -> int:
    """Where in its customer's order a payment was begun."""
    return look.audit_number(look.facts.one("transition", entity_id=payment["id"], seq=1)["operation_id"])


def retries_keep_to_the_timeline(look: Look) -> Iterator[str]:
    """23: retries come on their days and no more of them, never after success, never on a lost or stolen card."""
    names = look.operation_names()
    cases = {row["invoice_id"]: row for row in look.facts.rows["dunning_case"]}
    for invoice, attempts in look.facts.by("payment", "invoice_id").items():
        was_closed = _moved(look, invoice, *CLOSED) is not None
        retries: list[tuple[int, datetime]] = []
        for row in sorted(attempts, key=lambda each: each["attempt_number"]):
            begun, order = look.facts.one("transition", entity_id=row["id"], seq=1)["operation_id"], _began(look, row)
            asked = row["kind"] == "provider"  # money that came by itself is recorded whenever it is known
            if asked and was_closed and (stood := state_at(look, invoice, order)) in CLOSED:
                yield f"attempt {row['attempt_number']} began after its invoice was {stood}"
            if names[begun] == "dunning.retry_payment":
                retries.append((order, row["happened_at"]))
                yield from (f"a blind retry: {row['id']}" for bad in attempts if _barred(look, bad, row, order))
        if retries:
            yield from off_timeline(look, cases[invoice], retries)


def _barred(look: Look, bad: Row, retry: Row, order: int) -> bool:
    """Whether the retry is of a method that the provider had declined for good, and the house knew of that, and of no
    later charge of it that went well, such as one of its customer's own."""
    hard = [charge for charge in look.charges(bad) if charge.hard]
    gone = look.facts.of("transition", entity_id=bad["id"], event="return")  # what a bank said when it took it back
    failed = (gone[0] if gone else None) if any(charge.back for charge in hard) else _moved(look, bad["id"], "failed")
    failed = failed if hard else None
    same = bad["method_id"] == retry["method_id"]
    known = same and failed and look.audit_number(failed["operation_id"]) < order
    return bool(known and not any(_went_well(look, each, bad, order) for each in look.facts.rows["payment"]))


def _went_well(look: Look, later: Row, bad: Row, order: int) -> bool:
    """Whether a charge of the same method was begun after the bad one, and money was heard of before the order."""
    if later["method_id"] != bad["method_id"] or later["id"] <= bad["id"]:
        return False
    taken = _moved(look, later["id"], "captured", "settling", "succeeded")
    return taken is not None and look.audit_number(taken["operation_id"]) < order


def nobody_loses_access_early(look: Look) -> Iterator[str]:
    """23: suspension and giving up wait for their day, for the last retry, for every open attempt and for a payment; on
    account nothing begins before the invoice is due.

    A case that is given up together with another one of its subscription has not come to its own day, nor has one whose
    invoice staff gave up.
    """
    for case in look.facts.rows["dunning_case"]:
        billed = look.facts.one("invoice", id=case["invoice_id"])
        if billed["collection"] == "invoice" and case["opened_at"] < billed["due_at"]:
            yield f"case {case['id']} was opened at {case['opened_at']}, before {billed['due_at']}"
        for state, day in (("suspended", case["suspend_at"]), ("given_up", case["give_up_at"])):
            yield from _ended_early(look, case, state, day)


def _ended_early(look: Look, case: Row, state: str, day: datetime) -> Iterator[str]:
    given_up, names = look.facts.by("transition", "operation_id", "to_state"), look.operation_names()
    for moved in look.facts.of("transition", entity_id=case["id"], to_state=state):
        together = len(given_up.get((moved["operation_id"], "given_up"), [])) > 1
        if names.get(moved["operation_id"]) == "dunning.recover":
            yield from _not_written_off(look, case, names)
            continue
        if moved["happened_at"] < day_of(look, case, moved, day) and not together:
            yield f"case {case['id']} was {state} at {moved['happened_at']}, before {day}"
        alone = state == "suspended" and not together and not is_over(look, case, moved)
        if alone and not _is_exhausted(look, case):
            yield f"case {case['id']} was suspended after {case['retries_done']} retries"
        yield from _undecided(look, case, look.audit_number(moved["operation_id"]))


def _not_written_off(look: Look, case: Row, names: dict[UUID, str]) -> Iterator[str]:
    moves = look.facts.of("transition", entity_id=case["invoice_id"], to_state="uncollectible")
    if not any(names.get(move["operation_id"]) == "invoices.mark_uncollectible" for move in moves):
        yield f"case {case['id']} was given up early, and nobody gave its invoice up"


def _is_exhausted(look: Look, case: Row) -> bool:
    """A hard decline leaves no trace here once the money has come after all; the provider knows of it for ever."""
    if case["retries_done"] == len(case["retry_days"]):
        return True
    if was_declined_for_good(look.facts, case, lambda row: any(charge.hard for charge in look.charges(row))):
        return True
    disputed = {each.charge.ref for each in look.books.contests.values()}  # who disputes is not charged meanwhile
    own = look.facts.of("payment", customer_id=case["customer_id"]) if disputed else []
    return any(charge.ref in disputed for row in own for charge in look.charges(row))


def _undecided(look: Look, case: Row, number: int) -> Iterator[str]:
    if state_at(look, case["invoice_id"], number) == "paid":
        yield f"case {case['id']} was ended although its invoice was paid"
    for row in look.facts.of("payment", invoice_id=case["invoice_id"]):
        if state_at(look, row["id"], number) in OPEN_PAYMENT:
            yield f"case {case['id']} was ended while {row['id']} was open"


def access_follows_payment(look: Look) -> Iterator[str]:
    """22: who paid the first invoice has access, who is suspended has none, and each state has its case behind it."""
    cases = look.facts.by("dunning_case", "subscription_id")
    for of in look.facts.rows["subscription"]:
        yield from _not_as_first_paid(look, of)
        states = [case["state"] for case in cases.get(of["id"], [])]
        if of["state"] in ("past_due", "grace", "suspended") and not LIVING_CASE & set(states):
            yield f"{of['id']} is {of['state']} and no case is open: {states}"
        if of["state"] == "active" and LIVING_CASE & set(states):
            yield f"{of['id']} is active, its cases are {states}"
        if "suspended" in states and of["state"] not in ("suspended", "canceled"):
            yield f"a case of {of['id']} is suspended, the subscription is {of['state']}"
        if "given_up" in states and of["state"] != "canceled":
            yield f"a case of {of['id']} is given up, the subscription is {of['state']}"


def _not_as_first_paid(look: Look, of: Row) -> Iterator[str]:
    """What began with a trial has no first invoice; who left before the first payment did not pay it, or has it back
    because its period was over then; a bank may take it back from who did."""
    first = look.facts.of("invoice", subscription_id=of["id"], reason="start")
    if bool(first) == (of["trial_end"] is not None):
        yield f"{of['id']} has a trial until {of['trial_end']} and the first invoices {first}"
    left = look.facts.of("transition", entity_id=of["id"], from_state="incomplete", to_state="canceled")
    for row in [each for each in first if each["collection"] == "charge"]:  # on account nobody waits for it
        late = of["ended_at"] and of["ended_at"] >= row["period_end"]
        noted = look.facts.of("credit_note", invoice_id=row["id"], kind="late_start", state="issued")
        back = late and (noted or given_back_by(look, of, row))
        if of["state"] == "incomplete_expired" and row["state"] == "paid" and not back and row["total"]:
            yield f"{of['id']} expired although {row['number_text']} is paid"
        unpaid = row["state"] != "paid" and not was_taken_back(look, row["id"])
        if of["state"] not in ("incomplete", "incomplete_expired") and not left and unpaid:
            yield f"{of['id']} is {of['state']}, its first invoice is {row['state']}"


def trials_are_taken_once(look: Look) -> Iterator[str]:
    """22: a customer has one trial of a plan family for ever, and no two living subscriptions are on one family."""
    taken: Counter[object] = Counter()
    began: Counter[object] = Counter()
    for row in look.facts.rows["subscription_terms"]:
        if row["cause"] == "trial":
            began[row["customer_id"], row["family"]] += 1
    for row in look.facts.rows["trial_taken"]:
        taken[row["customer_id"], row["family"]] += 1
    if began - taken:
        yield f"trials that began and are not taken: {began - taken}"
    living = Counter(
        (row["customer_id"], row["family"]) for row in look.facts.rows["subscription"] if row["ended_at"] is None
    )
    for place, times in living.items():
        if times > 1:
            yield f"{times} living subscriptions on {place}"
    held = {row["subscription_id"] for row in look.facts.rows["family_claim"]}
    ended = {row["id"] for row in look.facts.rows["subscription"] if row["ended_at"] is not None}
    yield from (f"{id} has ended and still holds a family" for id in held & ended)


def nobody_is_cut_short(look: Look) -> Iterator[str]:
    """24: who cancels for the end of a period has it to its end; who ended has nothing that falls due."""
    names = look.operation_names()
    for of in look.facts.rows["subscription"]:
        if of["state"] == "pending_cancellation" and of["cancel_at"] < of["period_end"]:
            yield f"{of['id']} is to end {of['cancel_at']}, its period {of['period_end']}"
        if of["state"] == "trialing" and of["trial_end"] != of["period_end"]:
            yield f"the trial of {of['id']} ends {of['trial_end']}, its period {of['period_end']}"
        for row in look.facts.of("transition", entity_id=of["id"], to_state="canceled"):
            if names.get(row["operation_id"]) == "subscriptions.end" and row["happened_at"] < of["period_end"]:
                yield f"{of['id']} was ended at {row['happened_at']}, in a period until {of['period_end']}"
        if of["state"] in ("canceled", "incomplete_expired"):
            left = [each["kind"] for each in look.facts.of("due_work", subject=of["id"])]
            yield from (f"{of['id']} has ended, and {kind} is due for it" for kind in left)


CHECKS = (
    machines_take_known_moves,
    retries_keep_to_the_timeline,
    nobody_loses_access_early,
    access_follows_payment,
    trials_are_taken_once,
    nobody_is_cut_short,
)
