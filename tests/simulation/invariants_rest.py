"""What holds when everything has come to rest: invariants 6, 12, 14, 17, 18, 26, 27, 32 and 35."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tests.simulation.contradictions import confirmed_by_people, is_contradiction, refund_believed
from tests.simulation.facts import Row
from tests.simulation.history import History
from tests.simulation.invariants_books import balances
from tests.simulation.invariants_credits import is_given_back
from tests.simulation.invariants_trail import refunds_for_staff
from tests.simulation.look import LIVING_CASE, Look

# What is performed after a machine has moved to a state.
FOLLOWS = (
    ("invoice", "paid", "subscriptions.invoice_paid", "dunning.recover"),
    ("invoice", "void", "dunning.recover"),
    ("invoice", "uncollectible", "dunning.recover"),
    ("payment", "failed", "dunning.payment_failed"),
    ("payment", "voided", "dunning.payment_failed"),
    ("payment", "expired", "dunning.payment_failed"),
    ("dispute", "lost", "subscriptions.follow_dispute"),
)
ORDINARY = frozenset({"start", "renewal"})  # reasons of invoices for whole periods
SPREAD = timedelta(hours=1)  # within which a renewal follows the end of its period


def receivables_are_what_is_due(look: Look) -> Iterator[str]:
    """6: a customer's receivable = what its invoices asked for - captured - credited - noted - voided - written off."""
    sums = balances(look)
    for head in look.facts.rows["customer_head"]:
        customer = head["customer_id"]
        asked = sum(
            row["total"] - row["paid"] - row["credited"] - row["noted"] - row["voided"] - row["written_off"]
            for row in look.facts.of("invoice", customer_id=customer)
        )
        stands = sum(amount for (of, kind, _), amount in sums.items() if (of, kind) == (customer, "receivable"))
        if asked != stands:
            yield f"{customer} owes {stands} by the books and {asked} by its invoices"


def provider_and_books_agree(look: Look) -> Iterator[str]:
    """12: each charge, its return and each refund there is one record and posting here, of equal amount."""
    there = Counter(
        (charge.reference, charge.taken, str(charge.money.currency))
        for charge in look.books.charges.values()
        if charge.state in ("captured", "authorized", "returned") and charge.taken
    )
    there.update(confirmed_by_people(look))
    here = Counter(
        (look.reference("payment", row["id"]), row["captured"], row["currency"])
        for row in look.facts.rows["payment"]
        if row["captured"] and row["kind"] == "provider"
    )
    if there != here:
        yield f"captured there and not here {there - here}, here and not there {here - there}"
    back_there = Counter((charge.reference, charge.back) for charge in look.books.charges.values() if charge.back)
    back_here = Counter(
        (look.reference("payment", row["id"]), row["returned"])
        for row in look.facts.of("payment", kind="provider")
        if row["returned"]
    )
    if back_there != back_here:
        yield f"taken back there and not here {back_there - back_here}, and the reverse {back_here - back_there}"
    ours = {look.reference("refund", row["id"]): row["id"] for row in look.facts.rows["refund"]}
    given = Counter(
        (each.reference, each.money.minor)
        for each in look.books.repayments.values()
        if refund_believed(look, ours.get(each.reference), each) == "succeeded"
    )
    by_hand = {row["id"] for row in look.facts.of("payment", kind="offline")}
    back = Counter(
        (look.reference("refund", row["id"]), row["amount"])
        for row in look.facts.of("refund", state="succeeded")
        if row["means"] == "method" and row["payment_id"] not in by_hand
    )
    if given != back:
        yield f"given back there and not here {given - back}, here and not there {back - given}"


def everything_is_definite(look: Look) -> Iterator[str]:
    """26, 27 and 35: no event waits, ours or the provider's; payments, refunds, drafts and cases have ended."""
    for row in look.facts.rows["outbox_event"]:
        yield f"event {row['number']} {row['kind']} is still in the outbox"
    for row in look.facts.rows["inbox_event"]:
        for_people = row["state"] == "dead" and is_contradiction(look, row["event_id"])
        if row["state"] not in ("applied", "stale") and not for_people:
            yield f"the provider's event {row['event_key']} is still {row['state']}"
    for row in look.facts.rows["payment"]:
        owed = look.facts.one("invoice", id=row["invoice_id"])["due"] > 0
        holds = owed and row["state"] == "authorized" and row["asked"] is None  # until its time is over
        if row["state"] not in ("succeeded", "failed", "voided", "expired") and not holds:
            yield f"payment {row['id']} is still {row['state']}"
    for row in look.facts.rows["refund"]:
        if row["state"] in ("succeeded", "failed", "rejected", "canceled") or _waits_for_a_person(look, row):
            continue
        if row["id"] not in refunds_for_staff(look):
            yield f"refund {row['id']} is still {row['state']}"
    for row in look.facts.of("invoice_draft", reason="renewal"):  # staff may leave its own lying
        yield f"draft {row['id']} was never issued"
    for row in look.facts.rows["dunning_case"]:
        if row["state"] in LIVING_CASE:
            yield f"case {row['id']} is still {row['state']}"


def _waits_for_a_person(look: Look, refund: Row) -> bool:
    """Whether it is to be paid out by hand: there is no time by which anybody has to."""
    by_hand = look.facts.one("payment", id=refund["payment_id"])["kind"] == "offline"
    return bool(by_hand and refund["state"] == "requested" and refund["means"] == "method")


def each_event_had_its_effect(look: Look) -> Iterator[str]:
    """26: what a paid invoice, a failed attempt and a new card bring with them was done, and once for each."""
    manual = {row["id"] for row in look.facts.of("invoice", subscription_id=None)}
    expected = Counter(
        (operation, look.reference(machine, row["entity_id"]))
        for machine, state, *operations in FOLLOWS
        for row in look.facts.of("transition", machine=machine, to_state=state)
        if row["event"] != "lose_again"  # what was paid after it had been given up, and is given up again without that
        for operation in operations
        if not (operation == "subscriptions.invoice_paid" and row["entity_id"] in manual)
    )
    expected.update(_on_account(look, manual))
    expected.update(_followed_again(look))
    bodies = [look.body(row) for row in look.facts.rows["audit_body"]]
    done = Counter(
        (body["operation"], _subject(body["command"]))
        for body in bodies
        if body["operation"] in ("subscriptions.invoice_paid", "dunning.recover", "subscriptions.follow_dispute")
        or (body["operation"] == "dunning.payment_failed" and body["command"]["payment"])
    )
    # A capture that leaves something due is followed by the same operation.
    done = Counter({key: times for key, times in done.items() if key[0] != "dunning.payment_failed" or expected[key]})
    # What staff took for not charged is told once more when the provider was heard on it.
    barred = {body["command"]["payment"] for body in bodies if body["operation"] == "payments.end_barring"}
    done -= Counter({key: done[key] - expected[key] for key in done if key[1] in barred and expected[key]})
    done -= (_asked_for_by_sagas(bodies) + _told_of_late_parts(look)) & (done - expected)
    if expected != done:
        yield f"should have followed and did not {expected - done}, followed from nothing {done - expected}"
    names = Counter(body["operation"] for body in bodies)
    added, stored = names["dunning.method_added"], names["payments.store_method"]
    if not stored <= added <= stored + names["payments.order_methods"]:  # a new default is tried like a new card
        yield f"of {names['payments.store_method']} new cards {names['dunning.method_added']} were tried on open cases"


def _asked_for_by_sagas(bodies: Iterable[Any]) -> Counter[tuple[str, str]]:
    """What a saga had done when its time was over; the event that was only late does it once more, which changes
    nothing."""
    outcomes = [body["outcome"] for body in bodies if body["operation"] == "sagas.look"]
    return Counter((each["act"], each["invoice"]) for each in outcomes if each["act"] == "subscriptions.invoice_paid")


def _followed_again(look: Look) -> Iterator[tuple[str, str]]:
    """A lost dispute that is to end a subscription is followed by the hour while its first payment may succeed."""
    history = History.of(look)
    disputes = {look.reference("dispute", row["id"]): row for row in look.facts.of("dispute", on_lost="cancel")}
    follows = [each for some in history.done.values() for each in some if each.name == "subscriptions.follow_dispute"]
    for each in follows:
        if of := disputes.get(each.command["dispute"]):
            paid = look.facts.one("payment", id=of["payment_id"])
            bought = look.facts.one("invoice", id=paid["invoice_id"])["subscription_id"]
            began = look.facts.of("transition", entity_id=bought, from_state="incomplete")
            if began and each.number < history.by_id[began[0]["operation_id"]].number:
                yield each.name, each.command["dispute"]


def _told_of_late_parts(look: Look) -> Counter[tuple[str, str]]:
    """Of an attempt at a part that failed before it was captured or after: what is due beside it is told once more."""
    moves = [row for event in ("capture", "capture_late") for row in look.facts.of("transition", event=event)]
    late = {row["entity_id"]: row["operation_id"] for row in moves}
    return Counter(
        ("dunning.payment_failed", look.reference("payment", row["id"]))
        for row in look.facts.rows["payment"]
        if row["id"] in late
        and not look.facts.of("transition", entity_id=row["invoice_id"], operation_id=late[row["id"]])
    )


def _subject(command: dict[str, str]) -> str:
    return command.get("payment") or command.get("dispute") or command["invoice"]


def _on_account(look: Look, manual: set[UUID]) -> Iterator[tuple[str, str]]:
    """A subscription does not wait for an invoice that may be paid later."""
    for row in look.facts.of("invoice", collection="invoice"):
        if row["id"] not in manual and not _was_paid_at_once(look, row["id"]):
            yield "subscriptions.invoice_paid", look.reference("invoice", row["id"])


def _was_paid_at_once(look: Look, invoice: UUID) -> bool:
    """Whether nothing was due on an invoice when it was issued."""
    moves = look.facts.of("transition", entity_id=invoice)
    at_once = {each["operation_id"] for each in moves if each["to_state"] in ("open", "paid")}
    return len(moves) > 1 and moves[1]["to_state"] == "paid" and len(at_once) == 1


def changes_are_in_time(look: Look) -> Iterator[str]:
    """17 and 18: a change that is paid in its period takes effect; one that is paid later is given back, whole."""
    invoices = {look.reference("invoice", row["id"]): row for row in look.facts.rows["invoice"]}
    lines = look.facts.by("invoice_line", "invoice_id")
    for row in look.facts.rows["audit_body"]:
        body = look.body(row)
        if body["operation"] != "subscriptions.invoice_paid":
            continue
        paid = invoices.pop(body["command"]["invoice"], None)  # on account it comes twice: the first time counts
        if not paid or not paid["reason"].startswith("change:"):
            continue
        notes = look.facts.of("credit_note", invoice_id=paid["id"], state="issued")
        whole = is_given_back(paid["total"], notes) or paid["state"] == "void"  # on account
        # A new cycle credits time of the period that was running: that is what it had to be paid in.
        until = [line["ends_at"] for line in lines[paid["id"]] if line["kind"] == "credit"]
        late = datetime.fromisoformat(body["happened_at"]) >= min([paid["period_end"], *until])
        late = late or _had_ended(look, paid["subscription_id"], row["number"])
        late = late and not _was_paid_at_once(look, paid["id"])  # by credit: then it took effect as it was issued
        if (late and not whole) or (not late and any(note["kind"] == "late_change" for note in notes)):
            yield f"{paid['number_text']} was paid {'too late' if late else 'in time'}: {notes}"


def _had_ended(look: Look, subscription: UUID, number: int) -> bool:
    """Whether a subscription ended before the operation of that audit number."""
    ends = look.facts.of("transition", entity_id=subscription, to_state="canceled")
    return any(look.audit_number(row["operation_id"]) < number for row in ends)


def prices_are_those_billed(look: Look) -> Iterator[str]:
    """14 and 17: a subscription's price is that of the last charge for its running period that was to take effect."""
    lines = look.facts.by("invoice_line", "invoice_id")
    for of in look.facts.of("subscription", state="active"):
        charges = [
            (row["number"], line["price_id"])
            for row in look.facts.of("invoice", subscription_id=of["id"], period_end=of["period_end"])
            if not row["reason"].startswith("replacement:")
            if _was_paid(look, row) or row["collection"] == "invoice" or row["reason"] in ORDINARY
            if not look.facts.of("credit_note", invoice_id=row["id"], kind="late_change")
            for line in lines[row["id"]]
            if line["kind"] != "credit"
        ]
        if charges and max(charges)[1] != of["price_id"]:
            yield f"{of['id']} is on the price {of['price_id']}, the last one charged is {max(charges)[1]}"


def _was_paid(look: Look, invoice: Row) -> bool:
    """Whether it was ever paid: what took effect stays, also where the payment is taken back."""
    return bool(look.facts.of("transition", entity_id=invoice["id"], to_state="paid"))


def subscriptions_are_up_to_date(look: Look) -> Iterator[str]:
    """32 and 35: who is active is in a period that runs, and its next renewal is due; nobody hangs half-way."""
    for of in look.facts.rows["subscription"]:
        now = look.facts.now_of(of["customer_id"], look.town.clock.at)
        if of["state"] in ("active", "trialing"):
            if now > of["period_end"] + SPREAD:
                yield f"{of['id']} is {of['state']} in a period that ended {of['period_end']}, it is {now}"
            if not look.facts.of("due_work", kind="renew", subject=of["id"]):
                yield f"{of['id']} is {of['state']} and its renewal is not due at any time"
        elif of["state"] == "pending_cancellation":
            if not look.facts.of("due_work", kind="end_subscription", subject=of["id"]):
                yield f"{of['id']} is to end {of['cancel_at']}, and nothing ends it"
        elif of["state"] not in ("canceled", "incomplete_expired", "paused"):
            yield f"{of['id']} is still {of['state']}"
        if of["pending_invoice_id"]:
            yield f"{of['id']} still waits for a change to be paid"


def clocks_stop_where_a_period_ends(look: Look) -> Iterator[str]:
    """32: on a test clock a renewal follows its period, however far the clock was sent, unless a payment was late."""
    fell = {row["entity_id"] for row in look.facts.of("transition", machine="subscription", to_state="past_due")}
    since = {
        look.reference("subscription", row["entity_id"]): row["happened_at"]
        for row in look.facts.of("transition", machine="subscription", to_state="active")
        if row["entity_id"] not in fell and look.facts.one("customer_head", customer_id=row["customer_id"])["clock_at"]
    }
    for row in look.facts.rows["audit_body"]:
        body = look.body(row)
        if body["operation"] != "subscriptions.renew" or not body["outcome"]["draft"]:
            continue
        of, begins = body["outcome"]["subscription"], datetime.fromisoformat(body["outcome"]["period_start"])
        punctual = of in since and since[of] <= begins
        if punctual and not begins <= datetime.fromisoformat(body["happened_at"]) <= begins + SPREAD:
            yield f"the period of {of} that begins {begins} was begun at {body['happened_at']}"


CHECKS = (
    receivables_are_what_is_due,
    provider_and_books_agree,
    everything_is_definite,
    each_event_had_its_effect,
    changes_are_in_time,
    prices_are_those_billed,
    clocks_stop_where_a_period_ends,
    subscriptions_are_up_to_date,
)
