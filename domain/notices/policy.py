"""Which notices a legal entity sends, as whom, and where answers go; everything is on where nothing was set."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.actor import Grant
from domain.db import Primary, Tx
from domain.ids import LegalEntityId
from domain.notices.kind import Kind
from domain.notices.mailbox import mailbox
from domain.notices.post import Mail
from domain.operation import operation
from domain.refusals import RefusalCode, Refused


@dataclass(frozen=True, slots=True)
class NoticePolicy:
    """The rules. An empty ``sender`` is the address of the deployment; an empty ``reply_to`` names none.

    With ``attach_documents``, a notice of an invoice or a receipt brings its PDF along; else it only names the portal.
    """

    switched_off: tuple[Kind, ...] = ()
    sender: str = ""
    reply_to: str = ""
    attach_documents: bool = False


async def notice_policy(db: Primary, entity: LegalEntityId) -> NoticePolicy:
    """The legal entity's rules, or the defaults where it has set none."""
    return (await notice_policies(db, [entity]))[0]


async def notice_policies(db: Primary, entities: Sequence[LegalEntityId]) -> list[NoticePolicy]:
    """The rules of each of them."""
    rows = await db.fetch(
        """SELECT legal_entity_id, switched_off, sender, reply_to, attach_documents FROM notice_policy
            WHERE legal_entity_id = ANY ($1::uuid[])""",
        [entity.uuid for entity in entities],
    )
    found = {
        row["legal_entity_id"]: NoticePolicy(
            tuple(Kind(each) for each in row["switched_off"]), row["sender"], row["reply_to"], row["attach_documents"]
        )
        for row in rows
    }
    return [found.get(entity.uuid, NoticePolicy()) for entity in entities]


def refuse_foreign(mail: Mail | None, sender: str) -> None:
    """INVALID_INPUT for an address in a domain that the deployment does not allow; it can say so only with a post."""
    found = mailbox(sender)
    if mail is not None and found is not None and not mail.may_come_from(found):
        raise Refused(RefusalCode.INVALID_INPUT, "Letters may not come from that domain.", ("sender",))


@dataclass(frozen=True, slots=True)
class SetNoticePolicy:
    """The legal entity's rules from now on, also for what is queued and not sent yet."""

    policy: NoticePolicy


@operation("notices.set_policy", allowed=frozenset({Grant.SYSTEM, Grant.ADMIN}))
async def set_notice_policy(tx: Tx, command: SetNoticePolicy) -> SetNoticePolicy:
    """Runs under the legal entity's house. INVALID_INPUT for an address that is none or a kind that is named twice."""
    rules = command.policy
    for value, name in ((rules.sender, "sender"), (rules.reply_to, "replyTo")):
        found = mailbox(value)
        if value and (found is None or not found.is_ascii):  # any mail server must be able to answer it
            raise Refused(RefusalCode.INVALID_INPUT, "No mail can be addressed so.", (name,))
    if len(set(rules.switched_off)) < len(rules.switched_off):
        raise Refused(RefusalCode.INVALID_INPUT, "Each kind is named once.", ("switchedOff",))
    await tx.execute(
        """INSERT INTO notice_policy (legal_entity_id, tenant_id, switched_off, sender, reply_to, attach_documents,
               recorded_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7)
           ON CONFLICT (legal_entity_id) DO UPDATE SET switched_off = EXCLUDED.switched_off,
              sender = EXCLUDED.sender, reply_to = EXCLUDED.reply_to,
              attach_documents = EXCLUDED.attach_documents, recorded_at = EXCLUDED.recorded_at""",
        tx.head.legal_entity.uuid, tx.head.tenant.uuid, [each.value for each in rules.switched_off], rules.sender,
        rules.reply_to, rules.attach_documents, tx.recorded_at,
    )  # fmt: skip
    return command
