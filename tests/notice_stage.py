"""Notices on the stages of tests of the door: good and bad input for what staff do with them."""

from typing import Any

from domain.ids import InvoiceId, NoticeId
from domain.notices.kind import Kind
from domain.notices.queue_notice import QueueNotice, queue_notice
from domain.notices.settle_notice import Outcome, SettleNotice, settle_notice
from tests.api_callers import Api, Guest
from tests.lives import by_house, invoices_of
from tests.world import Someone, World

SUPPORTS = ("resendNotice",)
ADMINS = ("setNoticePolicy",)
FORGED = 10**9  # numbers of events that no customer comes to
UNKNOWN = "notice_" + "0" * 32
# For each mutation another input that would do as well.
OTHERWISE: dict[str, dict[str, Any]] = {
    "resendNotice": {"reason": "Another."},
    "setNoticePolicy": {"replyTo": "others@acme.test"},
}
ADDRESSES = ("nobody", "a@b", "ada@acme.test\r\nBcc: eve@evil.test", "a@acme.test,b@acme.test", "jürgen@acme.test")
# What is wrong in the input, the code, and the path that names the part.
WRONG: list[tuple[str, dict[str, Any], str, list[str]]] = [
    ("resendNotice", {"customerId": "nonsense"}, "NOT_FOUND", ["customerId"]),
    *(("resendNotice", {"noticeId": id}, "NOT_FOUND", ["noticeId"]) for id in ("nonsense", UNKNOWN)),
    *(("resendNotice", {"reason": reason}, "INVALID_INPUT", ["reason"]) for reason in ("", " ", "x" * 501)),
    ("setNoticePolicy", {"legalEntity": "NOBODY"}, "NOT_FOUND", ["legalEntity"]),
    *(("setNoticePolicy", {name: address}, "INVALID_INPUT", [name])
      for name in ("sender", "replyTo") for address in ADDRESSES),
    ("setNoticePolicy", {"switchedOff": ["RECEIPT", "RECEIPT"]}, "INVALID_INPUT", ["switchedOff"]),
]  # fmt: skip


async def queued(world: World, of: Someone, invoice: InvoiceId, cause: int = FORGED) -> NoticeId:
    """A notice of the invoice that is still to be sent, and that no worker looks at: the house has no mail server."""
    command = QueueNotice(cause, Kind.INVOICE_ISSUED, invoice.uuid, invoice, None)
    id = (await by_house(world, of, queue_notice, command, follow=False)).notice
    assert id is not None
    return id


async def settled(world: World, of: Someone, invoice: InvoiceId, outcome: Outcome, reason: str | None) -> NoticeId:
    """A notice of which that came."""
    id = await queued(world, of, invoice, cause=FORGED + len(outcome.value))
    await by_house(world, of, settle_notice, SettleNotice(id, outcome, reason), follow=False)
    return id


async def notice_input(api: Api, guest: Guest) -> dict[str, dict[str, Any]]:
    """Good input of the mutations about notices."""
    (paid, *_) = await invoices_of(api.world, guest.who)
    failed = await settled(api.world, guest.who, paid.id, Outcome.FAILED, "550 5.1.1")
    return {
        "resendNotice": {"customerId": guest.id, "noticeId": str(failed), "reason": "They have a new address."},
        "setNoticePolicy": {"legalEntity": "ACMETEST", "replyTo": "help@acme.test"},
    }


async def waiting_notice(api: Api, guest: Guest) -> dict[str, str]:
    """Ids: of a customer's notice that is on its way."""
    billed = (await invoices_of(api.world, guest.who))[0]
    return {"due notice": str(await queued(api.world, guest.who, billed.id))}
