"""Refusals as data: the members of every mutation's error union."""

from datetime import datetime
from typing import Annotated, Any, Final

import strawberry

from api.graph.error_code import ErrorCode
from domain.refusals import RefusalCode, Refused


@strawberry.interface(description="A refusal: nothing was changed.")
class UserError:
    """What all refusals have in common."""

    code: ErrorCode = strawberry.field(description="For programs to branch on.")
    message: str = strawberry.field(description="A sentence for people.")
    path: list[str] = strawberry.field(description="The part of the input it is about, if it is about one.")
    retryable: bool = strawberry.field(description="Whether the same call under the same key may succeed soon.")


@strawberry.type(description="It does not exist, or not for this caller.")
class NotFoundError(UserError):
    """NOT_FOUND."""


@strawberry.type(description="This caller may not do it.")
class ForbiddenError(UserError):
    """FORBIDDEN and FEATURE_OFF."""


@strawberry.type(description="The input cannot be meant.")
class InputError(UserError):
    """The input."""


@strawberry.type(description="The state of things does not allow it now.")
class ConflictError(UserError):
    """The state."""


@strawberry.type(description="The idempotency key was used for something else.")
class IdempotencyError(UserError):
    """The key."""


@strawberry.type(description="Nothing was done; send the same call with the same key again.")
class TryAgainError(UserError):
    """The house."""


@strawberry.type(
    description="It moves money or destroys data: sign in again, then send the same call with the same key."
)
class StepUpRequiredError(UserError):
    """STEP_UP_REQUIRED."""

    max_age_seconds: int = strawberry.field(description="How old the sign-in may be: max_age of the next one.")
    acr_values: str = strawberry.field(description="The level of assurance it needs: acr of the next one.")


@strawberry.type(description="Nobody knows yet what became of an earlier payment, so no other one was begun.")
class PaymentOutcomeUnknown(UserError):
    """PAYMENT_IN_PROGRESS, where the provider has not said what it did."""

    resolves_by: datetime = strawberry.field(
        description="By when at the latest the outcome is known, or staff look into it."
    )


_Plain = NotFoundError | ForbiddenError | InputError | ConflictError | IdempotencyError | TryAgainError
Refusal = _Plain | StepUpRequiredError

_KINDS: Final[dict[RefusalCode, type[_Plain]]] = {
    RefusalCode.NOT_FOUND: NotFoundError,
    RefusalCode.FORBIDDEN: ForbiddenError,
    RefusalCode.FEATURE_OFF: ForbiddenError,
    RefusalCode.IDEMPOTENCY_MISMATCH: IdempotencyError,
    RefusalCode.IN_PROGRESS: TryAgainError,
    RefusalCode.BUSY: TryAgainError,
    RefusalCode.UNAVAILABLE: TryAgainError,
    RefusalCode.INVALID_INPUT: InputError,
    RefusalCode.INVALID_AMOUNT: InputError,
    RefusalCode.CURRENCY_MISMATCH: InputError,
}


def as_error(refused: Refused) -> Refusal:
    """The refusal as a member of every mutation's error union."""
    if refused.code is RefusalCode.STEP_UP_REQUIRED:
        return _step_up_error(refused)
    kind: type[_Plain] = _KINDS.get(refused.code, ConflictError)
    return kind(
        code=ErrorCode.of(refused.code), message=refused.message, path=list(refused.path), retryable=refused.retryable
    )


def _step_up_error(refused: Refused) -> StepUpRequiredError:
    asked = refused.step_up
    return StepUpRequiredError(
        code=ErrorCode.of(refused.code), message=refused.message, path=list(refused.path), retryable=refused.retryable,
        max_age_seconds=int(asked.max_age.total_seconds()) if asked else 0, acr_values=asked.level if asked else "",
    )  # fmt: skip


def as_payment_error(refused: Refused) -> Refusal | PaymentOutcomeUnknown:
    """The same for a payment, which an earlier one of unknown outcome may stand in the way of."""
    if refused.resolves_by is None:
        return as_error(refused)
    return PaymentOutcomeUnknown(
        code=ErrorCode.of(refused.code), message=refused.message, path=list(refused.path),
        retryable=refused.retryable, resolves_by=refused.resolves_by,
    )  # fmt: skip


def errors_of(mutation: str) -> Any:
    """The name of a mutation's error union; a mutation that stands in a file of its own says its union there."""
    return strawberry.union(f"{mutation[0].upper()}{mutation[1:]}Error", description=f"Why {mutation} was refused.")


# One union a mutation, so that each can grow a member of its own without touching another.
AddPaymentMethodError = Annotated[Refusal, errors_of("addPaymentMethod")]
StartSubscriptionError = Annotated[Refusal, errors_of("startSubscription")]
ChangeQuantityError = Annotated[Refusal, errors_of("changeQuantity")]
CancelScheduledChangeError = Annotated[Refusal, errors_of("cancelScheduledChange")]
CancelSubscriptionError = Annotated[Refusal, errors_of("cancelSubscription")]
ReactivateSubscriptionError = Annotated[Refusal, errors_of("reactivateSubscription")]
PauseSubscriptionError = Annotated[Refusal, errors_of("pauseSubscription")]
ResumeSubscriptionError = Annotated[Refusal, errors_of("resumeSubscription")]
SetInvoicePreferencesError = Annotated[Refusal, errors_of("setInvoicePreferences")]
SaveBillingContactError = Annotated[Refusal, errors_of("saveBillingContact")]
RemoveBillingContactError = Annotated[Refusal, errors_of("removeBillingContact")]
InviteMemberError = Annotated[Refusal, errors_of("inviteMember")]
WithdrawInvitationError = Annotated[Refusal, errors_of("withdrawInvitation")]
ChangeMemberRoleError = Annotated[Refusal, errors_of("changeMemberRole")]
RemoveMemberError = Annotated[Refusal, errors_of("removeMember")]
CreatePortalLinkError = Annotated[Refusal, errors_of("createPortalLink")]
SetPortalFeaturesError = Annotated[Refusal, errors_of("setPortalFeatures")]
SetSubscriptionPolicyError = Annotated[Refusal, errors_of("setSubscriptionPolicy")]
ChangePlanError = Annotated[Refusal, errors_of("changePlan")]
PayInvoiceError = Annotated[Refusal | PaymentOutcomeUnknown, errors_of("payInvoice")]
AdvanceTestClockError = Annotated[Refusal, errors_of("advanceTestClock")]
CreateCustomerError = Annotated[Refusal, errors_of("createCustomer")]
RegisterStaffError = Annotated[Refusal, errors_of("registerStaff")]
RegisterPartnerError = Annotated[Refusal, errors_of("registerPartner")]
PublishPlanError = Annotated[Refusal, errors_of("publishPlan")]
RetirePlanError = Annotated[Refusal, errors_of("retirePlan")]
RetirePriceError = Annotated[Refusal, errors_of("retirePrice")]
PublishPriceError = Annotated[Refusal, errors_of("publishPrice")]
PublishPlanVersionError = Annotated[Refusal, errors_of("publishPlanVersion")]
PublishFeatureError = Annotated[Refusal, errors_of("publishFeature")]
PublishCouponError = Annotated[Refusal, errors_of("publishCoupon")]
EndCouponError = Annotated[Refusal, errors_of("endCoupon")]
RedeemCouponError = Annotated[Refusal, errors_of("redeemCoupon")]
EndCouponRedemptionError = Annotated[Refusal, errors_of("endCouponRedemption")]
EndEntitlementExceptionError = Annotated[Refusal, errors_of("endEntitlementException")]
GrantEntitlementError = Annotated[Refusal, errors_of("grantEntitlement")]
SaveDunningPolicyError = Annotated[Refusal, errors_of("saveDunningPolicy")]
CaptureInvoicePaymentError = Annotated[Refusal, errors_of("captureInvoicePayment")]
VoidPaymentError = Annotated[Refusal, errors_of("voidPayment")]
RecordOfflinePaymentError = Annotated[Refusal, errors_of("recordOfflinePayment")]
RecordRefundPayoutError = Annotated[Refusal, errors_of("recordRefundPayout")]
ReverseOfflinePaymentError = Annotated[Refusal, errors_of("reverseOfflinePayment")]
SetPaymentMethodOrderError = Annotated[Refusal, errors_of("setPaymentMethodOrder")]
RemovePaymentMethodError = Annotated[Refusal, errors_of("removePaymentMethod")]
SetPaymentRouteError = Annotated[Refusal, errors_of("setPaymentRoute")]
SetPaymentPolicyError = Annotated[Refusal, errors_of("setPaymentPolicy")]
PublishGraceRuleError = Annotated[Refusal, errors_of("publishGraceRule")]
SetRecoveryPolicyError = Annotated[Refusal, errors_of("setRecoveryPolicy")]
ChoosePaydayError = Annotated[Refusal, errors_of("choosePayday")]
SplitInvoiceError = Annotated[Refusal, errors_of("splitInvoice")]
RefundPaymentError = Annotated[Refusal, errors_of("refundPayment")]
ApproveRefundError = Annotated[Refusal, errors_of("approveRefund")]
RejectRefundError = Annotated[Refusal, errors_of("rejectRefund")]
CancelRefundRequestError = Annotated[Refusal, errors_of("cancelRefundRequest")]
RegisterWebhookEndpointError = Annotated[Refusal, errors_of("registerWebhookEndpoint")]
ChangeWebhookEndpointError = Annotated[Refusal, errors_of("changeWebhookEndpoint")]
RotateWebhookSecretError = Annotated[Refusal, errors_of("rotateWebhookSecret")]
ReplayWebhooksError = Annotated[Refusal, errors_of("replayWebhooks")]
ClaimExceptionError = Annotated[Refusal, errors_of("claimException")]
ReleaseExceptionError = Annotated[Refusal, errors_of("releaseException")]
ResolveExceptionError = Annotated[Refusal, errors_of("resolveException")]
ReplayDeadLetterError = Annotated[Refusal, errors_of("replayDeadLetter")]
ResumeSagaError = Annotated[Refusal, errors_of("resumeSaga")]
SetRefundPolicyError = Annotated[Refusal, errors_of("setRefundPolicy")]
SubmitDisputeEvidenceError = Annotated[Refusal, errors_of("submitDisputeEvidence")]
AcceptDisputeError = Annotated[Refusal, errors_of("acceptDispute")]
SetDisputePolicyError = Annotated[Refusal, errors_of("setDisputePolicy")]
PublishTaxRateError = Annotated[Refusal, errors_of("publishTaxRate")]
RegisterForTaxError = Annotated[Refusal, errors_of("registerForTax")]
SetSellerTaxError = Annotated[Refusal, errors_of("setSellerTax")]
SetLegalDetailsError = Annotated[Refusal, errors_of("setLegalDetails")]
AddTaxIdError = Annotated[Refusal, errors_of("addTaxId")]
RemoveTaxIdError = Annotated[Refusal, errors_of("removeTaxId")]
JudgeTaxIdError = Annotated[Refusal, errors_of("judgeTaxId")]
AddTaxExemptionError = Annotated[Refusal, errors_of("addTaxExemption")]
EndTaxExemptionError = Annotated[Refusal, errors_of("endTaxExemption")]
ChangeBillingDetailsError = Annotated[Refusal, errors_of("changeBillingDetails")]
WrongTaxRefusal = Annotated[
    Refusal, strawberry.union("WrongTaxRefusal", description="Why nobody can say what the tax should be.")
]
CorrectTaxError = Annotated[Refusal, errors_of("correctTax")]
StateTaxPlaceError = Annotated[Refusal, errors_of("stateTaxPlace")]
StartTaxCorrectionRunError = Annotated[Refusal, errors_of("startTaxCorrectionRun")]
IssueCreditNoteError = Annotated[Refusal, errors_of("issueCreditNote")]
VoidCreditNoteError = Annotated[Refusal, errors_of("voidCreditNote")]
VoidInvoiceError = Annotated[Refusal, errors_of("voidInvoice")]
MarkInvoiceUncollectibleError = Annotated[Refusal, errors_of("markInvoiceUncollectible")]
CreateInvoiceError = Annotated[Refusal, errors_of("createInvoice")]
AddInvoiceLineError = Annotated[Refusal, errors_of("addInvoiceLine")]
EditInvoiceLineError = Annotated[Refusal, errors_of("editInvoiceLine")]
RemoveInvoiceLineError = Annotated[Refusal, errors_of("removeInvoiceLine")]
DeleteInvoiceDraftError = Annotated[Refusal, errors_of("deleteInvoiceDraft")]
FinalizeInvoiceError = Annotated[Refusal, errors_of("finalizeInvoice")]
SetBillingTermsError = Annotated[Refusal, errors_of("setBillingTerms")]
CancelContractError = Annotated[Refusal, errors_of("cancelContract")]
ResendNoticeError = Annotated[Refusal, errors_of("resendNotice")]
SetNoticePolicyError = Annotated[Refusal, errors_of("setNoticePolicy")]
InvoiceComparisonError = Annotated[Refusal, errors_of("invoiceComparison")]
SimulationError = Annotated[Refusal, errors_of("simulation")]
CreateContractError = Annotated[Refusal, errors_of("createContract")]
SetParentCustomerError = Annotated[Refusal, errors_of("setParentCustomer")]
SetDebtPolicyError = Annotated[Refusal, errors_of("setDebtPolicy")]
SetCustomerDebtPolicyError = Annotated[Refusal, errors_of("setCustomerDebtPolicy")]
RegisterDocumentsError = Annotated[Refusal, errors_of("registerDocuments")]
WithdrawDocumentError = Annotated[Refusal, errors_of("withdrawDocument")]
EndSessionsError = Annotated[Refusal, errors_of("endSessions")]
EraseCustomerError = Annotated[Refusal, errors_of("eraseCustomer")]
DecideErasureError = Annotated[Refusal, errors_of("decideErasure")]
RequestErasureError = Annotated[Refusal, errors_of("requestErasure")]
SetRetentionOfferError = Annotated[Refusal, errors_of("setRetentionOffer")]
AcceptRetentionOfferError = Annotated[Refusal, errors_of("acceptRetentionOffer")]
RequestDataExportError = Annotated[Refusal, errors_of("requestDataExport")]
StartBulkRunError = Annotated[Refusal, errors_of("startBulkRun")]
SteerBulkRunError = Annotated[Refusal, errors_of("steerBulkRun")]
BulkRefusal = Annotated[
    Refusal, strawberry.union("BulkRefusal", description="Why a thing of a run over many could not be done.")
]
SetLegalHoldError = Annotated[Refusal, errors_of("setLegalHold")]
