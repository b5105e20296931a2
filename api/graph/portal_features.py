"""Which functions of the portal are on: seen by portal users and staff, set by admins."""

from enum import Enum

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.mutation_field import mutation_field as _mutation
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.refusal import SetPortalFeaturesError, as_error
from api.scalars import IdempotencyKey
from domain import portal_function as functions
from domain.refusals import Refused
from domain.tenants.portal_features import SetPortalFeatures, set_portal_features

_value = strawberry.enum_value


@strawberry.enum(description="What customers do by themselves in the portal. More values may come.")
class PortalFunction(Enum):
    """The domain's PortalFunction."""

    START_SUBSCRIPTION = _value("start_subscription", description="Buying a plan.")
    CHANGE_PLAN = _value("change_plan", description="Changing to another plan or interval, and taking that back.")
    CHANGE_SEATS = _value("change_seats", description="More or fewer seats.")
    CANCEL = _value("cancel", description="Cancelling a subscription; keeping it after all is always possible.")
    PAUSE = _value("pause", description="Pausing a subscription; resuming it is always possible.")
    UPDATE_CARD = _value("update_card", description="Adding, removing and ordering payment methods.")
    PAY_INVOICE = _value("pay_invoice", description="Paying an invoice.")
    ARRANGE_PAYMENT = _value("arrange_payment", description="Choosing a payday and paying in parts.")
    REDEEM_COUPON = _value("redeem_coupon", description="Redeeming a coupon.")
    BILLING_DETAILS = _value("billing_details", description="Changing who is billed, how invoices look, who gets them.")
    TAX_IDS = _value("tax_ids", description="Adding and removing tax ids.")
    MEMBERS = _value("members", description="Inviting and removing members of the account, and changing their roles.")


@strawberry.type(description="Which functions of the portal are on; one that is off is refused with FEATURE_OFF.")
class PortalFeatures:
    """What the tenant leaves to its customers."""

    start_subscription: bool = strawberry.field(description="Whether startSubscription is.")
    change_plan: bool = strawberry.field(description="Whether changePlan and cancelScheduledChange are.")
    change_seats: bool = strawberry.field(description="Whether changeQuantity is.")
    cancel: bool = strawberry.field(description="Whether cancelSubscription is.")
    pause: bool = strawberry.field(description="Whether pauseSubscription is.")
    update_card: bool = strawberry.field(
        description="Whether addPaymentMethod, removePaymentMethod and setPaymentMethodOrder are."
    )
    pay_invoice: bool = strawberry.field(description="Whether payInvoice is.")
    arrange_payment: bool = strawberry.field(description="Whether choosePayday and splitInvoice are.")
    redeem_coupon: bool = strawberry.field(description="Whether redeemCoupon is.")
    billing_details: bool = strawberry.field(
        description="Whether changeBillingDetails, setInvoicePreferences and the mutations of contacts are."
    )
    tax_ids: bool = strawberry.field(description="Whether addTaxId and removeTaxId are.")
    members: bool = strawberry.field(
        description="Whether inviteMember, withdrawInvitation, changeMemberRole and removeMember are."
    )

    @classmethod
    def without(cls, off: frozenset[functions.PortalFunction]) -> "PortalFeatures":
        """All but those that are switched off."""
        return cls(**{function.value: function not in off for function in functions.PortalFunction})


async def portal_features(info: Info) -> PortalFeatures:
    """What the caller's tenant has on."""
    return PortalFeatures.without(await functions.switched_off(info.context.db.primary, info.context.tenant))


@strawberry.type(description="Part of the desk.")
class StaffPortal:
    """What staff see of the portal's rules."""

    @strawberry.field(description="Which functions of the portal the tenant leaves to its customers.")
    async def portal_features(self, info: Info) -> PortalFeatures:
        """The switches."""
        return await portal_features(info)


@strawberry.input(description="Says which functions of the portal are off from now on; all others are on.")
class SetPortalFeaturesInput:
    """Input of setPortalFeatures."""

    switched_off: list[PortalFunction] = strawberry.field(description="Each once; none: all are on.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The switches as they are now.")
class SetPortalFeaturesPayload:
    """Payload of setPortalFeatures."""

    features: PortalFeatures | None = strawberry.field(description="The switches as they were set.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[SetPortalFeaturesError] = strawberry.field(description=ERRORS)


async def set_features(info: Info, input: SetPortalFeaturesInput) -> SetPortalFeaturesPayload:
    """For admins."""
    try:
        home = info.context.staff_home()
        command = SetPortalFeatures(tuple(functions.PortalFunction[each.name] for each in input.switched_off))
        done = await performed(info, set_portal_features, home, command, input.idempotency_key)
    except Refused as refused:
        return SetPortalFeaturesPayload(features=None, operation=None, errors=[as_error(refused)])
    features = PortalFeatures.without(frozenset(done.outcome.switched_off))
    return SetPortalFeaturesPayload(features=features, operation=await followed(info, done, home), errors=[])


@strawberry.type(description="Changes of the portal's rules.")
class PortalRuleMutations:
    """Fields of the mutation root."""

    set_portal_features: SetPortalFeaturesPayload = _mutation(
        set_features, "Admins: says which functions of the portal customers have."
    )
