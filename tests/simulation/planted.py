"""A fault planted for each check: a check that would not notice it proves nothing, however often it is made."""

import copy
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

from tests.simulation.clock import START
from tests.simulation.facts import Row
from tests.simulation.history import History
from tests.simulation.invariants import AT_REST, EACH_CUSTOMER, TOWN
from tests.simulation.kept import Change
from tests.simulation.look import TAKEN_PAYMENT, Look, Memory
from tests.simulation.planting import (
    Plant,
    add,
    drop,
    ended_alone,
    idle_excess,
    in_town,
    is_,
    later,
    lost,
    more,
    never_failed,
    of_living,
    paid_for_good,
    put,
    uncut_renewal,
    with_rows,
)
from tests.simulation.reads import BalanceRead, PagesRead, Reads
from tests.simulation.reopened import rounds_of
from tests.simulation.town import Broken

YEARS, DAY = timedelta(days=20_000), timedelta(days=1)
MUCH = 1_000_000  # more than any tolerance for rounding


def _changed(look: Look) -> Look:
    row = look.facts.rows["audit_entry"][0]
    return replace(look, changes=[Change("audit_entry", row, {**row, "hash": b"another"})])


def _books(spoil: Callable[[Any], bool]) -> Callable[[Any], Any]:
    """The provider with other books."""

    def made(town: Any) -> Any:
        provider = copy.copy(town.provider)
        provider.books = copy.copy(provider.books)
        return provider if spoil(provider.books) else None

    return made


def _asked_late(books: Any) -> bool:
    books.asked_late = ["a key"]
    return True


def _takes_more(books: Any) -> bool:
    charge = next((each for each in books.charges.values() if each.taken and not each.revived), None)
    if charge is None:
        return False
    more_taken = replace(charge, taken=10**12)  # also where credit paid most of the invoice
    books._under = {**books._under, charge.reference: [more_taken]}
    return True


def _errors(town: Any) -> Any:
    errors = copy.copy(town.errors)
    errors.found = ["a fault"]
    return errors


def _stale_balance(town: Any) -> Any:
    return Reads([BalanceRead(patron.id.uuid, str(patron.currency), 0, 0, 1, 0, 0) for patron in town.patrons[:1]], [])


def _short_page(town: Any) -> Any:
    there = frozenset({uuid4()})
    return Reads([], [PagesRead(patron.id.uuid, there, there, ()) for patron in town.patrons[:1]])


def _two_open(look: Look) -> Look | None:
    rows = look.facts.tables["payment"]
    opened = [{**row, "state": "processing"} for row in rows[:1]]
    return with_rows(look, "payment", [*rows, *opened, *opened]) if rows else None


def _late_change(look: Look) -> Look | None:
    for row in look.facts.tables["audit_body"]:
        body = look.body(row)
        for of in look.facts.rows["invoice"] if body["operation"] == "subscriptions.invoice_paid" else ():
            if look.reference("invoice", of["id"]) == body["command"]["invoice"] and of["reason"].startswith("change:"):
                note = {"invoice_id": of["id"], "state": "issued", "kind": "late_change", "total": MUCH}
                return with_rows(look, "credit_note", [*look.facts.tables["credit_note"], note])
    return None


def _late_renewal(look: Look) -> Look | None:
    """Every renewal was begun years late; noticed where a test clock had one."""
    clocked = {row["customer_id"] for row in look.facts.rows["customer_head"] if row["clock_at"]}
    fell = {row["entity_id"] for row in look.facts.of("transition", to_state="past_due")}
    since = {
        look.reference("subscription", row["entity_id"]): row["happened_at"]
        for row in look.facts.of("transition", machine="subscription", to_state="active")
        if row["entity_id"] not in fell
    }
    memory = Memory(dict(look.memory.bodies), set(look.memory.forgotten))
    for row in look.facts.tables["audit_body"]:
        body = look.body(row)
        if body["operation"] == "subscriptions.renew" and body["outcome"]["draft"] and row["customer_id"] in clocked:
            of, begins = body["outcome"]["subscription"], body["outcome"]["period_start"]
            if of in since and since[of].isoformat() <= begins:
                memory.bodies[row["customer_id"], row["number"]] = {**body, "happened_at": "2999-01-01T00:00:00+00:00"}
                return replace(look, memory=memory)
    return None


def _reversal(look: Look, row: Row) -> bool:
    of = look.facts.one("ledger_transaction", customer_id=row["customer_id"], number=row["number"])
    return of["reverses_number"] is not None


def _of_plan(look: Look, row: Row) -> bool:
    return bool(row["kind"] == "charge" and row["price_id"])


def _credit(look: Look, row: Row) -> bool:
    """A credit for time, on an invoice that stands."""
    corrections = {each["adjustment_id"] for each in look.facts.rows["tax_correction"]}
    stands = look.facts.one("invoice", id=row["invoice_id"])["state"] != "void"
    return bool(row["kind"] == "credit" and stands and row["invoice_id"] not in corrections)


def _part_of_charge(look: Look, row: Row) -> bool:
    of = look.facts.one("invoice_line", invoice_id=row["invoice_id"], position=row["position"])
    return of["kind"] == "charge" and row["correction_id"] is None


def _of_sandbox(look: Look, row: Row) -> bool:
    of = look.facts.one("invoice", id=row["invoice_id"])
    return _part_of_charge(look, row) and of["legal_entity_id"] == look.town.tenant.sandbox.uuid


def _of_live(look: Look, row: Row) -> bool:
    return bool(row["legal_entity_id"] == look.town.tenant.live.uuid)


def _taxed(look: Look, row: Row) -> bool:
    """A charge of which tax stands: of one that is given back all but a cent, all tax may be."""
    parts = look.facts.by("invoice_line_tax", "invoice_id", "position").get((row["invoice_id"], row["position"]), [])
    return row["kind"] == "charge" and any(part["given_back"] != part["amount"] for part in parts)


def _by_share(look: Look, row: Row) -> bool:
    """A line whose tax the check reckons: of unused time, or of a charge that does not have its tax inside."""
    charge = look.facts.one("invoice_line", invoice_id=row["invoice_id"], position=row["invoice_position"])
    kind = look.facts.one("credit_note", id=row["credit_note_id"])["kind"]
    return bool(row["amount"] > 0 and (kind == "unused_time" or not charge["tax_inclusive"]))


def _retried(look: Look, row: Row) -> bool:
    """A case of one round that made a retry: what is altered is the beginning of the last."""
    if len(rounds_of(look, row)) > 1:
        return False
    names, tried = look.operation_names(), look.facts.of("payment", invoice_id=row["invoice_id"])
    begun = [look.facts.one("transition", entity_id=each["id"], seq=1)["operation_id"] for each in tried]
    return not row["paydays_chosen"] and any(names.get(each) == "dunning.retry_payment" for each in begun)


def _billed(look: Look, row: Row) -> bool:
    invoices = look.facts.of("invoice", subscription_id=row["id"], period_end=row["period_end"], state="paid")
    return row["state"] == "active" and any(each["reason"] in ("start", "renewal") for each in invoices)


def _paid_change(look: Look, row: Row) -> bool:
    each = History.of(look).by_id[row["operation_id"]] if row["cause"] == "change" else None
    return each is not None and bool((each.command if each.name.endswith("invoice_paid") else each.outcome)["invoice"])


def _of_leaving(look: Look, row: Row) -> bool:
    return row["kind"] == "unused_time" and History.of(look).began(row["id"]).name == "subscriptions.cancel"


def _effect(look: Look, row: Row) -> bool:
    return look.body(row)["operation"] in ("subscriptions.invoice_paid", "dunning.recover")


def _began(look: Look, row: Row) -> bool:
    terms = look.facts.of("subscription_terms", customer_id=row["customer_id"], family=row["family"], cause="trial")
    return bool(terms)


PLANTED: dict[str, Plant] = {
    "facts_never_change": _changed,
    "postings_are_whole": drop("ledger_transfer"),
    "each_key_has_one_effect": drop("operation_key"),
    "moves_are_audited": drop("transition"),
    "charges_are_priced_as_offered": put("invoice_line", _of_plan, **more("amount")),
    "numbers_have_no_gaps": drop("invoice"),
    "coupons_are_counted": put("coupon_counter", **more("redeemed")),
    "nothing_is_sent_under_a_forgotten_key": in_town(provider=_books(_asked_late)),
    "news_are_stored_once": add("inbox_event"),
    "nothing_is_logged_as_a_fault": in_town(errors=_errors),
    "balances_are_of_their_time": in_town(reads=_stale_balance),
    "pages_are_whole": in_town(reads=_short_page),
    "stored_balances_are_sums": put("account_balance", **more("balance")),
    "ledgers_count_without_gaps": drop("audit_entry"),
    "reversals_mirror": put("ledger_transfer", _reversal, **more("amount")),
    "the_world_balances": put("ledger_transfer", debit_kind="petty_cash"),
    "cash_is_at_the_provider": put("ledger_transfer", is_(debit_kind="cash_clearing"), **more("amount")),
    "invoices_add_up": put("invoice", **more("total")),
    "credit_notes_add_up": put("credit_note", **more("total")),
    "credits_have_a_charge": put("invoice_line", _credit, price_id=uuid4()),
    "periods_follow_the_calendar": put("invoice", uncut_renewal, period_end=later("period_end", DAY)),
    "nobody_is_billed_early_or_forgotten": put("subscription", period_start=later("period_start", YEARS)),
    "taxes_add_up": put("invoice_line_tax", is_(correction_id=None), **more("amount")),
    "taxes_are_at_their_rate": put("invoice_line_tax", _part_of_charge, **more("amount", 2)),
    "what_is_given_back_whole_leaves_no_tax": put("invoice_line", _taxed, given_back=lambda row: row["amount"]),
    "the_unregistered_charge_no_tax": put("invoice", _of_live, tax=1),
    "books_owe_what_documents_say": put("invoice", is_(state=frozenset({"open", "paid"})), **more("total")),
    "discounts_add_up": put("invoice_line", **more("discount")),
    "captures_are_used_up": put("payment", **more("captured")),
    "one_attempt_at_a_time": _two_open,
    "nobody_pays_twice": in_town(provider=_books(_takes_more)),
    "holds_add_up": put("payment", lambda look, row: row["authorized"] is not None, **more("released")),
    "failed_means_nothing_taken": put("payment", is_(state=TAKEN_PAYMENT, kind="provider"), **more("captured")),
    "refunds_are_covered": put("payment", **more("refunds_reserved")),
    "credit_was_paid_for": put("invoice", **more("credited")),
    "losses_are_lacking_credit": put("exception_case", lost, **more("amount")),
    "receipts_stand_with_their_money": put("receipt", withdrawn_at=lambda row: None if row["withdrawn_at"] else START),
    "disputes_are_the_providers": put("dispute", **more("amount")),
    "disputes_are_in_the_books": put("dispute", **more("fee")),
    "nobody_has_more_back_than_he_paid": put("dispute", is_(state=frozenset({"open", "lost"})), covered=10**12),
    "credit_given_has_its_note": put("credit_note", is_(kind="service_credit"), **more("credited")),
    "what_came_by_hand_is_outside": put("payment", is_(kind="offline"), **more("captured")),
    "nobody_owes_what_was_paid_too_much": idle_excess,
    "what_is_owed_again_was_taken_back": put("transition", paid_for_good, from_state="paid", to_state="open"),
    "machines_take_known_moves": put("subscription", state="unheard of"),
    "retries_keep_to_the_timeline": put("dunning_case", _retried, opened_at=later("opened_at", YEARS)),
    "nobody_loses_access_early": put(
        "dunning_case", ended_alone, suspend_at=later("suspend_at", YEARS), give_up_at=later("give_up_at", YEARS)
    ),
    "access_follows_payment": put("subscription", is_(state="active"), state="suspended"),
    "trials_are_taken_once": drop("trial_taken", _began),
    "nobody_is_cut_short": put("subscription", state="pending_cancellation", cancel_at=later("period_end", -DAY)),
    "doubts_have_one_case": put("refund", never_failed, state="failed"),
    "audit_chains_hold": put("audit_body", body="{}"),
    "receivables_are_what_is_due": put("invoice", **more("paid")),
    "provider_and_books_agree": put("payment", is_(state="succeeded", kind="provider"), **more("captured")),
    "everything_is_definite": put("payment", state="processing"),
    "each_event_had_its_effect": drop("audit_body", _effect),
    "changes_are_in_time": _late_change,
    "prices_are_those_billed": put("subscription", _billed, price_id=uuid4()),
    "clocks_stop_where_a_period_ends": _late_renewal,
    "subscriptions_are_up_to_date": put("subscription", is_(state="active"), period_end=later("period_end", -YEARS)),
    "nobody_forgets_what_is_owed": put("invoice", of_living, state="open", due=1),
    "terms_are_as_agreed": put("subscription", next_quantity=99),
    "changes_take_effect_as_billed": put("subscription_terms", _paid_change, **more("quantity")),
    "credits_are_exact_shares": put("invoice_line", _credit, **more("amount", -5)),
    "tax_goes_back_by_share": put("credit_note_line", _by_share, **more("tax", MUCH)),
    "leaving_gives_back_by_policy": drop("credit_note", _of_leaving),
    "coupons_take_what_they_say": put("invoice_line_discount", **more("amount")),
    "taxes_are_as_the_law_says": put("invoice_line_tax", _of_sandbox, **more("rate_ppm")),
    "terms_end_in_true_ups": put("contract", is_(state="ended"), **more("commitment", MUCH)),
    "disputes_agree_at_rest": put("dispute", **more("fee")),
    "two_people_gave_it_back": put("refund_request", lambda look, row: bool(row["decision"]), decision="unheard of"),
    "parts_are_what_was_owed": put("installment", **more("amount", MUCH)),
}


def notice(look: Look) -> Counter[str]:
    """The checks that noticed what was planted for them; Broken where one did not. The look is one at rest."""
    noticed: Counter[str] = Counter()
    for check in (*TOWN, *EACH_CUSTOMER, *AT_REST):
        spoilt = PLANTED[check.__name__](look)
        if spoilt is None:
            continue  # nobody had a dispute, say
        try:
            found = any(True for _ in check(spoilt))
        except (KeyError, ValueError, IndexError):
            found = True  # what it looks for is gone
        if not found:
            raise Broken(f"{check.__name__} does not notice what was planted for it")
        noticed[check.__name__] += 1
    return noticed
