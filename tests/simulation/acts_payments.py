"""What staff do with payments: hold the money first, take it in parts, let it go, or record what came by itself."""

from domain.actor import Grant
from domain.ids import InvoiceId, PaymentId
from domain.money import Money
from domain.payments.capture_payment import CapturePayment, capture_payment
from domain.payments.pay_invoice import PayInvoice, pay_invoice
from domain.payments.payment import CaptureMode
from domain.payments.record_offline import Means, RecordOfflinePayment, record_offline
from domain.payments.void_payment import VoidPayment, void_payment
from domain.refusals import RefusalCode as No
from tests.simulation.acts_customers import Act, prompt
from tests.simulation.facts import Row
from tests.simulation.town import Patron, Town


def _held(town: Town) -> tuple[Row, Patron] | None:
    """Mostly a payment that holds money, sometimes any."""
    rows = town.facts.of("payment", state="authorized")
    if not rows or town.chance.random() < 0.1:
        rows = town.facts.rows["payment"]
    if not rows:
        return None
    row = town.chance.choice(rows)
    return row, town.patron_of(row["customer_id"])


def hold(town: Town) -> Act | None:
    """Staff has what is due on an invoice held, to be taken later."""
    rows = town.facts.of("invoice", state="open") or town.facts.rows["invoice"]
    if not rows:
        return None
    row = town.chance.choice(rows)
    patron = town.patron_of(row["customer_id"])
    town.note(f"{row['number_text']} ({row['state']})")

    async def act() -> None:
        command = PayInvoice(InvoiceId(patron.id.shard, row["id"]), None, CaptureMode.LATER)
        may = (No.NOTHING_DUE, No.PAYMENT_IN_PROGRESS, No.PAYMENT_METHOD_REQUIRED)
        await town.call("hold", pay_invoice, town.staff(Grant.FINANCE), patron.id, command, may=may)
        await prompt(town, patron)

    return act()


def collect(town: Town) -> Act | None:
    """Staff takes a part of a hold, with or without more to come, the whole, or more than there is."""
    found = _held(town)
    if found is None:
        return None
    row, patron = found
    kind, final = town.chance.choice(("part", "part", "whole", "above")), town.chance.random() < 0.5
    minor = {"part": max(1, row["capturable"] // 3), "whole": None, "above": row["amount"] + 1}[kind]
    town.note(f"{kind} of {row['capturable']} held ({row['state']})")
    may = (No.STATE_CONFLICT, No.PAYMENT_IN_PROGRESS, No.AUTHORIZATION_EXPIRED, No.EXCEEDS_AUTHORIZED)

    async def act() -> None:
        amount = None if minor is None else Money(minor, patron.currency)
        command = CapturePayment(PaymentId(patron.id.shard, row["id"]), amount, final)
        await town.call("collect", capture_payment, town.staff(Grant.FINANCE), patron.id, command, may=may)
        await prompt(town, patron)

    return act()


def let_go(town: Town) -> Act | None:
    """Staff lets a hold go, or tries to do that to another payment."""
    found = _held(town)
    if found is None:
        return None
    row, patron = found
    town.note(f"payment in {row['state']}")

    async def act() -> None:
        command = VoidPayment(PaymentId(patron.id.shard, row["id"]))
        may = (No.STATE_CONFLICT, No.PAYMENT_IN_PROGRESS)
        await town.call("let go", void_payment, town.staff(Grant.SUPPORT), patron.id, command, may=may)
        await prompt(town, patron)

    return act()


def record(town: Town) -> Act | None:
    """Staff records a transfer for an open invoice: a part, the whole, too much, or one that was recorded already."""
    rows = town.facts.of("invoice", state="open")
    if not rows:
        return None
    row = town.chance.choice(rows)
    patron, kind = town.patron_of(row["customer_id"]), town.chance.choice(("part", "whole", "whole", "above", "again"))
    minor = max(1, row["due"] // 2) if kind == "part" else row["due"] + (100 if kind == "above" else 0)
    known = [each["reference"] for each in town.facts.of("payment", kind="offline")]
    reference = town.chance.choice(known) if kind == "again" and known else f"{town.new_key()}-{town.tenant.tenant}"
    town.note(f"{kind} of {row['number_text']}")

    async def act() -> None:
        id, amount = InvoiceId(patron.id.shard, row["id"]), Money(minor, patron.currency)
        command = RecordOfflinePayment(id, Means.TRANSFER, reference, amount)
        may = (No.ALREADY_EXISTS,)
        await town.call("record", record_offline, town.staff(Grant.FINANCE), patron.id, command, may=may)
        await prompt(town, patron)

    return act()
