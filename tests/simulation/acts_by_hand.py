"""Money that goes by hand: recorded for any invoice by any means, reversed, given back to an account and paid out."""

from domain.actor import Grant
from domain.corrections.void_invoice import VoidInvoice, void_invoice
from domain.ids import InvoiceId, PaymentId, RefundId
from domain.money import Money
from domain.payments.payout import RecordPayout, record_payout
from domain.payments.record_offline import Means as Came
from domain.payments.record_offline import RecordOfflinePayment, record_offline
from domain.payments.refund import Means
from domain.payments.request_refund import RequestRefund, request_refund
from domain.payments.reverse_offline import ReverseOfflinePayment, reverse_offline
from domain.refusals import RefusalCode as No
from tests.simulation.acts_credits import ACCOUNT, left_of, needs_account, somebody, taken
from tests.simulation.acts_customers import Act, prompt
from tests.simulation.acts_staff import MOST_REPLACED, given_beyond
from tests.simulation.replacements import REPLACEMENT
from tests.simulation.town import Town

WHY = ("The cheque bounced", "It was another customer's", "The bank recalled it")


def by_hand(town: Town) -> Act | None:
    """Staff records money for any invoice: a part, what is due, all of it once more, or under a reference of before."""
    rows = town.facts.rows["invoice"]
    open_ones = [row for row in rows if row["state"] == "open"]
    if not rows:
        return None
    chance = town.chance
    row = chance.choice(open_ones if open_ones and chance.random() < 0.6 else rows)
    patron, kind = town.patron_of(row["customer_id"]), chance.choice(("part", "due", "whole", "above", "again"))
    due = row["due"] or row["written_off"] or row["total"]
    minor = {"part": due // 3, "due": due, "whole": row["total"], "above": due + 500, "again": due}[kind] or 1
    means, known = chance.choice(tuple(Came)), town.facts.of("payment", kind="offline")
    before = chance.choice(known) if kind == "again" and known else None
    reference = before["reference"] if before else f"{town.new_key()}-{town.tenant.tenant}"
    if before:
        means = Came(before["means"])
    same = before and (before["invoice_id"], before["captured"], before["returned"]) == (row["id"], minor, 0)
    town.note(f"{minor} by {means.value} for {row['number_text']} ({row['state']}), {kind}")

    async def act() -> None:
        id, amount = InvoiceId(patron.id.shard, row["id"]), Money(minor, patron.currency)
        command = RecordOfflinePayment(id, means, reference, amount)
        must = No.ALREADY_EXISTS if before and not same else None
        await town.call("by hand", record_offline, town.staff(Grant.FINANCE), patron.id, command, must=must)
        await prompt(town, patron)

    return act()


def reverse(town: Town) -> Act | None:
    """Staff takes back what was recorded as paid, or tries that of what was taken back or what a provider took."""
    rows = town.facts.of("payment", kind="offline")
    if not rows or town.chance.random() < 0.05:
        rows = town.facts.rows["payment"]
    standing = [row for row in rows if row["kind"] == "offline" and not row["returned"]]
    chosen = standing if standing and town.chance.random() < 0.85 else rows
    if not chosen:
        return None
    row, why = town.chance.choice(chosen), town.chance.choice(WHY)
    patron, paid = town.patron_of(row["customer_id"]), town.facts.one("invoice", id=row["invoice_id"])
    town.note(f"{row['captured']} of {row['kind']} in {row['state']} for {paid['number_text']} ({paid['state']})")
    must = No.STATE_CONFLICT if row["kind"] != "offline" or row["returned"] else None

    async def act() -> None:
        command = ReverseOfflinePayment(PaymentId(patron.id.shard, row["id"]), why)
        await town.call("reverse", reverse_offline, town.staff(Grant.FINANCE), patron.id, command, must=must)
        await prompt(town, patron)

    return act()


def back_by_hand(town: Town) -> Act | None:
    """Staff is to pay back what came by hand: a part, the rest, or more than that; at times nobody says where to."""
    found = taken(town, town.facts.of("payment", kind="offline"))
    if found is None:
        return None
    row, patron = found
    left, kind, actor = left_of(row), town.chance.choice(("part", "rest", "rest", "above")), somebody(town)
    amount = {"part": max(1, left // 3), "rest": left, "above": left + 1}[kind]
    wrong = amount <= left and town.chance.random() < 0.1
    account = ACCOUNT if needs_account(row, Means.METHOD) != wrong else None
    town.note(f"{kind}, {amount} of {left} that came by {row['means']} from {patron}")
    must = No.EXCEEDS_CAPTURED if amount > left else No.INVALID_INPUT if wrong else None
    must = must if amount else No.INVALID_AMOUNT

    async def act() -> None:
        id, money = PaymentId(patron.id.shard, row["id"]), Money(amount, patron.currency)
        command = RequestRefund(id, money, "It was too much", payout=account)
        # The credit that a payment became may be used up, and then its invoice has not so much to give back.
        may = (No.EXCEEDS_INVOICED,)
        await town.call("back by hand", request_refund, actor, patron.id, command, may=may, must=must)
        await prompt(town, patron)

    return act()


def pay_out(town: Town) -> Act | None:
    """Somebody pays a refund out, or says that it cannot be paid; of any refund, of which most wait for nobody."""
    payments = {row["id"]: row for row in town.facts.rows["payment"]}
    rows = [row for row in town.facts.rows["refund"] if payments[row["payment_id"]]["kind"] == "offline"]
    waits = [row for row in rows if row["state"] == "requested" and row["means"] == "method"]
    chosen = waits if waits and town.chance.random() < 0.9 else town.facts.rows["refund"]
    if not chosen:
        return None
    row, is_paid = town.chance.choice(chosen), town.chance.random() < 0.7
    patron, of = town.patron_of(row["customer_id"]), payments[row["payment_id"]]
    town.note(f"{row['amount']} in {row['state']} to {patron}{'' if is_paid else ', in vain'}")
    must = No.STATE_CONFLICT if row not in waits or (is_paid and of["returned"]) else None

    async def act() -> None:
        reference = f"{town.new_key()}-{town.tenant.tenant}" if is_paid else None
        command = RecordPayout(RefundId(patron.id.shard, row["id"]), reference)
        await town.call("pay out", record_payout, town.staff(Grant.FINANCE), patron.id, command, must=must)
        await prompt(town, patron)

    return act()


def void_in_part(town: Town) -> Act | None:
    """Staff voids an invoice of which a part was paid, credited or given back before."""
    rows = town.facts.of("invoice", state="open")
    parted = [row for row in rows if row["paid"] or row["credited"] or row["noted"]]
    if not parted:
        return None
    replaced = sum(each["reason"].startswith(REPLACEMENT) for each in town.facts.rows["invoice"])
    row, replace = town.chance.choice(parted), town.chance.random() < 0.3 and replaced < MOST_REPLACED
    patron = town.patron_of(row["customer_id"])
    town.note(f"{row['number_text']}, paid {row['paid']}, credited {row['credited']}, noted {row['noted']}")

    async def act() -> None:
        command = VoidInvoice(InvoiceId(patron.id.shard, row["id"]), "It was wrong in part", replace)
        may = (No.STATE_CONFLICT, No.PAYMENT_IN_PROGRESS, *given_beyond(town, row))
        await town.call("void in part", void_invoice, town.staff(Grant.FINANCE), patron.id, command, may=may)
        await prompt(town, patron)

    return act()
