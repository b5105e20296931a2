"""What staff gives back as credit, by lines or in several ways at once, and what of that it takes back again."""

from domain.actor import Actor, Grant
from domain.ids import CreditNoteId, InvoiceId, PaymentId
from domain.money import Money
from domain.payments.issue_credit_note import KINDS, IssueCreditNote, issue_credit_note
from domain.payments.payout import PayoutAccount
from domain.payments.record_offline import Means as Came
from domain.payments.refund import Means
from domain.payments.request_refund import RefundLine, RequestRefund, request_refund
from domain.payments.void_credit_note import REOPENABLE, VoidCreditNote, void_credit_note
from domain.refusals import RefusalCode as No
from tests.simulation.acts_customers import Act, prompt
from tests.simulation.facts import Row
from tests.simulation.town import Patron, Town

BY_LINE = "What these lines were worth"  # by this reason a refund of lines is known again
ACCOUNT = PayoutAccount("DE89370400440532013000", "N")
SERVICE = "service_credit"
# What is voided, service credits most often. What gives a late payment back is left: without it time is paid for that
# nobody had, and no rule says what is right then.
VOIDED = (*sorted(KINDS), SERVICE, SERVICE, SERVICE, "refund", "unused_time")


def left_of(row: Row) -> int:
    """What of a payment can be given back; nothing of one that was taken back."""
    left: int = row["captured"] - row["refunds_reserved"] - row["disputes_reserved"]
    return 0 if row["returned"] else left


def is_only_held(row: Row) -> bool:
    """Whether nothing of the payment was taken, so that it is voided and not given back."""
    return bool(row["state"] == "authorized" and not row["captured"])


def needs_account(row: Row, means: Means) -> bool:
    """Whether somebody has to say where the money goes."""
    return bool(row["means"] == Came.TRANSFER.value and means is Means.METHOD)


def taken(town: Town, rows: list[Row]) -> tuple[Row, Patron] | None:
    """Mostly a payment of which something is left, sometimes any of the rows."""
    fitting = [row for row in rows if left_of(row) > 0]
    chosen = fitting if fitting and town.chance.random() < 0.9 else rows
    if not chosen:
        return None
    row = town.chance.choice(chosen)
    return row, town.patron_of(row["customer_id"])


def somebody(town: Town) -> Actor:
    """One who gives money back, alone or by another's leave."""
    return town.staff(town.chance.choice((Grant.SUPPORT, Grant.LEAD, Grant.FINANCE)))


def give_credit(town: Town) -> Act | None:
    """Staff gives of a payment as credit, for which no money leaves: a part, the rest, or more than that."""
    found = taken(town, town.facts.rows["payment"])
    if found is None:
        return None
    row, patron = found
    left, kind, actor = left_of(row), town.chance.choice(("part", "part", "rest", "above")), somebody(town)
    amount = {"part": max(1, left // 3), "rest": left, "above": left + 1}[kind]
    town.note(f"{kind}, {amount} of {left} of a payment in {row['state']} of {patron}")
    must = No.EXCEEDS_CAPTURED if amount > left else None if amount else No.INVALID_AMOUNT
    must = No.STATE_CONFLICT if amount and is_only_held(row) else must

    async def act() -> None:
        command = RequestRefund(
            PaymentId(patron.id.shard, row["id"]), Money(amount, patron.currency), "For the trouble", means=Means.CREDIT
        )
        # The invoice may be void, or have less left than was paid for it.
        await town.call("give credit", request_refund, actor, patron.id, command, may=(No.EXCEEDS_INVOICED,), must=must)
        await prompt(town, patron)

    return act()


def give_back(town: Town) -> Act | None:
    """Staff gives of a payment that a provider took as money: a part of what is left, or all of it."""
    found = taken(town, [row for row in town.facts.of("payment", kind="provider") if left_of(row) > 0])
    if found is None:
        return None
    row, patron = found
    left, actor = left_of(row), somebody(town)
    amount = town.chance.choice((max(1, left // 3), left))
    town.note(f"{amount} of {left} of a payment in {row['state']} of {patron}")
    must = No.STATE_CONFLICT if is_only_held(row) else None
    may = (No.EXCEEDS_INVOICED, No.STATE_CONFLICT)

    async def act() -> None:
        command = RequestRefund(PaymentId(patron.id.shard, row["id"]), Money(amount, patron.currency), "It was wrong")
        await town.call("give back", request_refund, actor, patron.id, command, may=may, must=must)
        await prompt(town, patron)

    return act()


def by_line(town: Town) -> Act | None:
    """Staff gives back of some lines of what was paid: all, an amount, or so many units, as credit or as money."""
    found = taken(town, town.facts.rows["payment"])
    if found is None:
        return None
    row, patron = found
    chance, means, actor = town.chance, town.chance.choice((Means.METHOD, Means.CREDIT)), somebody(town)
    own = town.facts.of("invoice_line", invoice_id=row["invoice_id"])
    named = chance.sample(own, chance.randint(1, min(2, len(own))))
    lines = tuple(_part(town, line, patron) for line in named)
    town.note(f"{[(each.position, each.amount, each.quantity) for each in lines]} of {patron} as {means.value}")
    may = (No.INVALID_AMOUNT, No.EXCEEDS_CAPTURED, No.EXCEEDS_INVOICED)
    no_charge = any(line["kind"] != "charge" for line in named)

    async def act() -> None:
        command = RequestRefund(
            PaymentId(patron.id.shard, row["id"]), None, BY_LINE, lines, means,
            ACCOUNT if needs_account(row, means) else None,
        )  # fmt: skip
        codes = (*may, *([No.NOT_FOUND] if no_charge else []), *([No.STATE_CONFLICT] if is_only_held(row) else []))
        await town.call("by line", request_refund, actor, patron.id, command, may=codes)
        await prompt(town, patron)

    return act()


def _part(town: Town, line: Row, patron: Patron) -> RefundLine:
    how = town.chance.choice(("rest", "amount", "quantity"))
    left = max(1, line["amount"] - line["given_back"])
    amount = Money(town.chance.randint(1, left), patron.currency) if how == "amount" else None
    return RefundLine(line["position"], amount, town.chance.randint(1, line["quantity"]) if how == "quantity" else None)


def several_ways(town: Town) -> Act | None:
    """Staff credits an invoice so that what is not owed of it goes several ways: back, as credit, and by hand."""
    rows = town.facts.of("invoice", state="paid") or town.facts.rows["invoice"]
    if not rows:
        return None
    row, chance = town.chance.choice(rows), town.chance
    patron, kind = town.patron_of(row["customer_id"]), chance.choice(sorted(KINDS))
    given = sum(each["total"] for each in town.facts.of("credit_note", invoice_id=row["id"], state="issued"))
    amount = max(1, (row["total"] - given) // chance.choice((1, 2, 5)))
    excess = max(0, amount - row["due"] - row["written_off"])
    back = chance.randint(0, excess)
    credit = chance.randint(0, excess - back)
    parts = {"refund": back, "credit": credit, "out_of_band": excess - back - credit}
    town.note(f"{amount} of {row['number_text']} ({row['state']}): {parts}")
    may = (
        No.EXCEEDS_INVOICED, No.EXCEEDS_CAPTURED, No.STATE_CONFLICT, No.PAYMENT_IN_PROGRESS, No.INVALID_AMOUNT,
        *([No.FORBIDDEN] if back else []),
    )  # fmt: skip

    async def act() -> None:
        ways = {name: Money(minor, patron.currency) for name, minor in parts.items()}
        id, whole = InvoiceId(patron.id.shard, row["id"]), Money(amount, patron.currency)
        command = IssueCreditNote(id, kind, "A credit note of staff", (), whole, **ways)
        await town.call("several ways", issue_credit_note, town.staff(Grant.LEAD), patron.id, command, may=may)
        await prompt(town, patron)

    return act()


def take_credit_back(town: Town) -> Act | None:
    """Staff voids a credit note of most kinds: also one that is void, or whose credit is gone."""
    kind = town.chance.choice(VOIDED)
    rows = town.facts.of("credit_note", kind=kind) or town.facts.of("credit_note", kind=SERVICE)
    if not rows:
        return None
    row = town.chance.choice(rows)
    patron, billed = town.patron_of(row["customer_id"]), town.facts.one("invoice", id=row["invoice_id"])
    town.note(f"{row['number_text']} for {row['kind']} of {patron}, {row['credited']} as credit")
    stands = row["state"] == "issued" and not row["refunded"] and not row["out_of_band"]
    stands = stands and (not row["reduced"] or billed["state"] in REOPENABLE)
    short = stands and row["credited"] > credit_of(town, patron)
    must = (No.INSUFFICIENT_BALANCE if short else None) if stands else No.STATE_CONFLICT
    # Of other notes a dispute or a refund may have taken the credit, which other credit does not stand for.
    may = () if row["kind"] == SERVICE else (No.INSUFFICIENT_BALANCE,)

    async def act() -> None:
        command = VoidCreditNote(CreditNoteId(patron.id.shard, row["id"]))
        actor = town.staff(Grant.LEAD)
        await town.call("take credit back", void_credit_note, actor, patron.id, command, may=may, must=must)
        await prompt(town, patron)

    return act()


def credit_of(town: Town, patron: Patron) -> int:
    """What the customer has in credit now."""
    kept = town.facts.of("account_balance", customer_id=patron.id.uuid, kind="customer_credit")
    return sum(row["balance"] for row in kept if row["currency"] == str(patron.currency))
