"""Tax ids of customers: they add and remove them, staff say what a register says of them."""

from datetime import datetime
from enum import Enum

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.refusal import AddTaxIdError, JudgeTaxIdError, RemoveTaxIdError, as_error
from api.graph.texts import NAME, id_of, text
from api.scalars import GlobalId, IdempotencyKey
from domain.customers import keep_tax_identity as keep
from domain.customers import tax_identity as domain
from domain.ids import CustomerId, TaxIdentityId
from domain.refusals import Refused

WHOSE = "Whose it is, where staff asks; a portal user leaves it out."


@strawberry.enum(description="Whether taxes rely on a tax id.")
class TaxIdStatus(Enum):
    """The states."""

    VALID = strawberry.enum_value("valid", description="Its check digits or a register say that it is one.")
    UNVERIFIED = strawberry.enum_value("unverified", description="It looks like one, and nobody has verified it.")
    INVALID = strawberry.enum_value("invalid", description="The register of its country does not know it.")


@strawberry.type(description="A tax id of a customer. With a valid one it is a business to tax law.")
class TaxId:
    """A tax id."""

    id: GlobalId = strawberry.field(description="What removeTaxId takes.")
    kind: str = strawberry.field(description="What kind of id it is, such as eu_vat, gb_vat or au_abn.")
    country: str = strawberry.field(description="The ISO 3166 code of the country that gave it.")
    value: str = strawberry.field(description="The id as it is written officially.")
    status: TaxIdStatus = strawberry.field(description="Whether taxes rely on it.")
    validated_at: datetime | None = strawberry.field(description="When it was last found valid or invalid.")

    @classmethod
    def of(cls, identity: domain.TaxIdentity) -> "TaxId":
        """The domain's tax id."""
        return cls(
            id=GlobalId(str(identity.id)),
            kind=identity.kind.value,
            country=identity.country,
            value=identity.value,
            status=TaxIdStatus(identity.status.value),
            validated_at=identity.validated_at,
        )


async def tax_ids_of(info: Info, of: CustomerId) -> list[TaxId]:
    """The customer's tax ids, oldest first."""
    return [TaxId.of(each) for each in await domain.tax_identities(info.context.db.primary, of)]


def owner_of(info: Info, given: GlobalId | None) -> CustomerId:
    """The customer that is named, or the portal user's own."""
    return info.context.customer if given is None else id_of(CustomerId.parse, given, "customerId")


async def _kept(info: Info, of: CustomerId, id: TaxIdentityId) -> TaxId | None:
    """The tax id; None where it was removed since the call that is answered once more."""
    return next((each for each in await tax_ids_of(info, of) if each.id == str(id)), None)


@strawberry.input(description="Adds a tax id; it counts for what is invoiced from then on.")
class AddTaxIdInput:
    """Input of addTaxId."""

    country: str = strawberry.field(description="The ISO 3166 code of the country that gave it; GR for Greece.")
    value: str = strawberry.field(description="The id, with or without spaces, dots and dashes.")
    customer_id: GlobalId | None = strawberry.field(default=None, description=WHOSE)
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The tax id.")
class AddTaxIdPayload:
    """Payload of addTaxId."""

    tax_id: TaxId | None = strawberry.field(description="The tax id; null once it was removed.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[AddTaxIdError] = strawberry.field(description=ERRORS)


async def add(info: Info, input: AddTaxIdInput) -> AddTaxIdPayload:
    """For portal users, and for staff who name the customer."""
    try:
        owner = owner_of(info, input.customer_id)
        command = keep.StoreTaxIdentity(input.country, text(NAME, input.value, "value"))
        done = await performed(info, keep.store_tax_identity, owner, command, input.idempotency_key)
    except Refused as refused:
        return AddTaxIdPayload(tax_id=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, owner)
    return AddTaxIdPayload(tax_id=await _kept(info, owner, done.outcome.identity), operation=operation, errors=[])


@strawberry.input(description="Removes a tax id; documents that were issued keep what they say.")
class RemoveTaxIdInput:
    """Input of removeTaxId."""

    tax_id: GlobalId = strawberry.field(description="The tax id.")
    customer_id: GlobalId | None = strawberry.field(default=None, description=WHOSE)
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The tax ids that are left.")
class RemoveTaxIdPayload:
    """Payload of removeTaxId."""

    tax_ids: list[TaxId] | None = strawberry.field(description="What the customer still has.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[RemoveTaxIdError] = strawberry.field(description=ERRORS)


async def remove(info: Info, input: RemoveTaxIdInput) -> RemoveTaxIdPayload:
    """For portal users, and for staff who name the customer."""
    try:
        owner = owner_of(info, input.customer_id)
        command = keep.WithdrawTaxIdentity(id_of(TaxIdentityId.parse, input.tax_id, "taxId"))
        done = await performed(info, keep.withdraw_tax_identity, owner, command, input.idempotency_key)
    except Refused as refused:
        return RemoveTaxIdPayload(tax_ids=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, owner)
    return RemoveTaxIdPayload(tax_ids=await tax_ids_of(info, owner), operation=operation, errors=[])


@strawberry.input(description="Says what the register of its country says of a tax id.")
class JudgeTaxIdInput:
    """Input of judgeTaxId."""

    customer_id: GlobalId = strawberry.field(description="Whose it is.")
    tax_id: GlobalId = strawberry.field(description="The tax id.")
    valid: bool = strawberry.field(description="Whether the register knows it.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The tax id as it stands now.")
class JudgeTaxIdPayload:
    """Payload of judgeTaxId."""

    tax_id: TaxId | None = strawberry.field(description="The tax id; null once it was removed.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[JudgeTaxIdError] = strawberry.field(description=ERRORS)


async def judge(info: Info, input: JudgeTaxIdInput) -> JudgeTaxIdPayload:
    """For support and above."""
    try:
        info.context.staff_home()
        owner = owner_of(info, input.customer_id)
        command = keep.JudgeTaxIdentity(id_of(TaxIdentityId.parse, input.tax_id, "taxId"), input.valid)
        done = await performed(info, keep.judge_tax_identity, owner, command, input.idempotency_key)
    except Refused as refused:
        return JudgeTaxIdPayload(tax_id=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, owner)
    return JudgeTaxIdPayload(tax_id=await _kept(info, owner, done.outcome.identity), operation=operation, errors=[])
