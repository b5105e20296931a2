"""Sending a notice, outside any transaction: mark as tried, hand over, perform the answer. The row decides.

SMTP cannot tell whether a letter went when the answer to it is lost: too late, or gone with the connection or with the
process that waited for it. Then it goes once more, with the same Message-ID and the same bytes, so that a mail server
can drop the second one. After two such tries somebody has to look: no notice is sent three times.
"""

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from domain import due
from domain.actor import Actor
from domain.customers.customer import billing_person, customer
from domain.database import Database
from domain.due import Due
from domain.ids import InvoiceId, LegalEntityId, NoticeId, ReceiptId
from domain.invoices.invoice_document import invoice_pdf
from domain.notices.addressee import addressee
from domain.notices.asking import links_for
from domain.notices.kind import Kind
from domain.notices.letter import Envelope, Reader, Seller, message_of, written
from domain.notices.mailbox import mailbox, one_line
from domain.notices.news import news_of
from domain.notices.notice import Notice, Suppressed, notice
from domain.notices.policy import NoticePolicy, notice_policy
from domain.notices.post import Letter, Mail, Rejected, Taken, Unanswered
from domain.notices.settle_notice import Outcome, SettleNotice, settle_notice
from domain.payments.receipt_document import receipt_pdf
from domain.perform import perform
from domain.points import reached
from domain.tenants.tenant import LegalEntity, legal_entities

LOG = logging.getLogger("quittance.notices")
# When a letter that was not taken is tried again; the last wait is repeated until its time is over. Greylisting servers
# take it after some minutes, and an outage of hours is met with few letters.
AGAIN_AFTER: Final = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2),
                      timedelta(hours=6))  # fmt: skip
AFTER_DOUBT: Final = AGAIN_AFTER[-1]  # who may have it already does not miss it; the server may be less busy then
MAX_DOUBTS: Final = 2  # one try may have failed with a process; two are no chance, and a third letter would be one more
UNKNOWN: Final = "unknown"  # the reason where a letter may have arrived
PARK_AFTER: Final = timedelta(days=2)  # what it tells is old by then; staff see it and may send it again
UNKNOWN_WAY: Final = timedelta(hours=1)  # this process has no mail server; one that has takes it, or somebody sets one


async def send_notice(db: Database, mail: Mail | None, actor: Actor, work: Due) -> None:
    """Takes the notice of the claimed work one step on; one that is settled needs no work any more."""
    of = await notice(db.primary, work.customer, NoticeId(work.customer.shard, work.subject))
    if of.state.name != "due":
        return await due.discard(db.marks, work)
    if of.doubts >= MAX_DOUBTS:
        return await _settle(db, actor, of, Outcome.PARKED, UNKNOWN)
    if mail is None:
        return await _later(db, work, UNKNOWN_WAY)
    away = mail.post.enter(db.clock.now())
    if away is not None:
        return await _later(db, work, away)
    try:
        letter = await _letter(db, mail, actor, of)
        if isinstance(letter, Suppressed):
            return await _settle(db, actor, of, Outcome.SUPPRESSED, letter.value)
        return await _try(db, mail, actor, of, work, letter)
    finally:
        mail.post.leave()


async def _try(db: Database, mail: Mail, actor: Actor, of: Notice, work: Due, letter: Letter) -> None:
    now = db.clock.now()
    again = AGAIN_AFTER[min(of.attempts, len(AGAIN_AFTER) - 1)]
    await due.hold(db.marks, work, now + again)  # for who comes if this process ends, or its job
    since = await _mark(db, of, now)
    if since is None:
        return None
    reached("notice.claimed")
    answer = await mail.post.deliver(letter)
    reached("notice.answered")
    if isinstance(answer, Rejected):
        return await _settle(db, actor, of, Outcome.FAILED, answer.code)
    if isinstance(answer, Taken):
        return await _settle(db, actor, of, Outcome.SENT, None)
    if isinstance(answer, Unanswered):
        return await _doubted(db, actor, of, work)
    await _clear(db, of)
    if now - since >= PARK_AFTER:
        return await _settle(db, actor, of, Outcome.PARKED, UNKNOWN if of.doubts else answer.code)
    return await _later(db, work, again)


async def _doubted(db: Database, actor: Actor, of: Notice, work: Due) -> None:
    if of.doubts + 1 >= MAX_DOUBTS:
        return await _settle(db, actor, of, Outcome.PARKED, UNKNOWN)
    return await _later(db, work, AFTER_DOUBT)


async def _mark(db: Database, of: Notice, now: datetime) -> datetime | None:
    """Says that a letter may have left from now on; since when it is tried, or None where it is settled, or another
    worker tries it, having had it in hand as this one read it."""
    since: datetime | None = await db.marks.fetchval(
        """UPDATE notice SET sending_at = $4, attempts = attempts + 1, doubts = doubts + 1,
                  first_tried_at = coalesce(first_tried_at, $4)
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3 AND state = 'due' AND attempts = $5
        RETURNING first_tried_at""",
        of.customer.shard,
        of.customer.uuid,
        of.id.uuid,
        now,
        of.attempts,
    )
    return since


async def _clear(db: Database, of: Notice) -> None:
    """Says that no letter has left by this try."""
    await db.marks.execute(
        """UPDATE notice SET doubts = doubts - 1
            WHERE shard_key = $1 AND customer_id = $2 AND id = $3 AND state = 'due' AND doubts > 0""",
        of.customer.shard,
        of.customer.uuid,
        of.id.uuid,
    )


async def _later(db: Database, work: Due, after: timedelta) -> None:
    await due.postpone(db.marks, work, db.clock.now() + after)


async def _settle(db: Database, actor: Actor, of: Notice, outcome: Outcome, reason: str | None) -> None:
    if outcome in (Outcome.FAILED, Outcome.PARKED):
        LOG.warning("notice failed", extra={"notice": str(of.id), "kind": of.kind.value, "reason": reason})
    command = SettleNotice(of.id, outcome, reason)
    await perform(db, settle_notice, actor, of.customer, command, f"notice:{of.id}:{outcome.value}:{reason}")


async def _letter(db: Database, mail: Mail, actor: Actor, of: Notice) -> Letter | Suppressed:
    """The letter as it would go now, or why none is to go."""
    owner = await customer(db.primary, of.tenant, of.customer)
    person = await billing_person(db.primary, of.tenant, of.customer)
    policy = await notice_policy(db.primary, owner.legal_entity)
    if person is None:
        return Suppressed.ERASED
    if of.kind in policy.switched_off and of.copy == 0:  # who sends one again means it
        return Suppressed.SWITCHED_OFF
    news = await news_of(db.primary, of, owner.clock_at or db.clock.now())
    to = await addressee(db, of, person)
    if news is None or to is None:
        return Suppressed.OUTDATED
    recipient = mailbox(to.email)
    if recipient is None:
        return Suppressed.BAD_ADDRESS
    entity = await _issuer(db, of, owner.legal_entity)
    seller = Seller(entity.name, entity.address)
    news = replace(news, path=f"{news.path}{to.secret}")
    reader = Reader(one_line(to.name), owner.locale, owner.time_zone)
    text = written(news, reader, seller, mail.portal, await links_for(db, actor, of, news.asks))
    sender, reply_to = mailbox(policy.sender), mailbox(policy.reply_to)
    if sender is None or not mail.may_come_from(sender):
        sender = mail.sender
    copies = tuple(found for each in to.copies if (found := mailbox(each)) is not None)
    envelope = Envelope(str(of.id), of.recorded_at, sender, reply_to, recipient, copies)
    message = message_of(envelope, seller, text, await _attached(db, of, policy))
    # Bounces go to who runs this, whatever address a seller shows.
    return Letter(str(mail.sender), recipient, message, copies)


async def _issuer(db: Database, of: Notice, id: LegalEntityId) -> LegalEntity:
    return next(each for each in await legal_entities(db.primary, of.tenant) if each.id == id)


async def _attached(db: Database, of: Notice, policy: NoticePolicy) -> dict[str, bytes]:
    shard = of.id.shard
    if policy.attach_documents and of.kind is Kind.INVOICE_ISSUED:
        return {"invoice.pdf": await invoice_pdf(db, of.customer, InvoiceId(shard, of.subject))}
    if policy.attach_documents and of.kind is Kind.RECEIPT:
        return {"receipt.pdf": await receipt_pdf(db, of.customer, ReceiptId(shard, of.subject))}
    return {}
