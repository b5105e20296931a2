"""Which notices a legal entity sends, and as whom: seen by staff, set by admins."""

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.notices import NoticeKind
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.refusal import SetNoticePolicyError, as_error
from api.graph.tax_registrations import ENTITY
from api.scalars import IdempotencyKey
from domain.notices import policy as policies
from domain.notices.kind import Kind
from domain.refusals import Refused
from domain.tenants.tenant import legal_entities, legal_entity

_OFF = "The kinds that are not sent; all others are."
_SENDER = "The address that its letters come from, in a domain that the deployment allows; nothing: its own."
_REPLY = "Where answers go; nothing: to the sender."
_ATTACH = "Whether letters about invoices and receipts bring the PDF along; else they only name the portal."


@strawberry.type(description="What a legal entity tells its customers by e-mail.")
class NoticePolicy:
    """The rules of a legal entity."""

    legal_entity: str = strawberry.field(description=ENTITY)
    switched_off: list[NoticeKind] = strawberry.field(description=_OFF)
    sender: str = strawberry.field(description=_SENDER)
    reply_to: str = strawberry.field(description=_REPLY)
    attach_documents: bool = strawberry.field(description=_ATTACH)

    @classmethod
    def of(cls, entity: str, rules: policies.NoticePolicy) -> "NoticePolicy":
        """The domain's rules."""
        return cls(
            legal_entity=entity,
            switched_off=[NoticeKind(each.value) for each in rules.switched_off],
            sender=rules.sender,
            reply_to=rules.reply_to,
            attach_documents=rules.attach_documents,
        )


async def all_policies(info: Info) -> list[NoticePolicy]:
    """Those of the tenant's legal entities, by code; the defaults where nothing was set."""
    db = info.context.db.primary
    entities = await legal_entities(db, info.context.tenant)
    rules = await policies.notice_policies(db, [each.id for each in entities])
    return [NoticePolicy.of(each.code, of) for each, of in zip(entities, rules, strict=True)]


@strawberry.input(description="Sets all rules of a legal entity for notices from now on.")
class SetNoticePolicyInput:
    """Input of setNoticePolicy."""

    legal_entity: str = strawberry.field(description=ENTITY)
    switched_off: list[NoticeKind] = strawberry.field(default_factory=list, description=_OFF)
    sender: str = strawberry.field(default="", description=_SENDER)
    reply_to: str = strawberry.field(default="", description=_REPLY)
    attach_documents: bool = strawberry.field(default=False, description=_ATTACH)
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The rules that hold now.")
class SetNoticePolicyPayload:
    """Payload of setNoticePolicy."""

    policy: NoticePolicy | None = strawberry.field(description="The rules as they were set.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[SetNoticePolicyError] = strawberry.field(description=ERRORS)


async def set_policy(info: Info, input: SetNoticePolicyInput) -> SetNoticePolicyPayload:
    """For admins."""
    try:
        info.context.staff_home()
        house = (await legal_entity(info.context.db.primary, info.context.tenant, input.legal_entity)).house
        off = tuple(Kind(each.name.lower()) for each in input.switched_off)
        policies.refuse_foreign(info.context.rooms.house.mail, input.sender)
        rules = policies.NoticePolicy(off, input.sender, input.reply_to, input.attach_documents)
        command = policies.SetNoticePolicy(rules)
        done = await performed(info, policies.set_notice_policy, house, command, input.idempotency_key)
    except Refused as refused:
        return SetNoticePolicyPayload(policy=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, house)
    shown = NoticePolicy.of(input.legal_entity, done.outcome.policy)
    return SetNoticePolicyPayload(policy=shown, operation=operation, errors=[])
