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


def _errors_of(mutation: str) -> Any:
    return strawberry.union(f"{mutation[0].upper()}{mutation[1:]}Error", description=f"Why {mutation} was refused.")


# One union a mutation, so that each can grow a member of its own without touching another.
AddPaymentMethodError = Annotated[Refusal, _errors_of("addPaymentMethod")]
StartSubscriptionError = Annotated[Refusal, _errors_of("startSubscription")]
ChangeQuantityError = Annotated[Refusal, _errors_of("changeQuantity")]
CancelScheduledChangeError = Annotated[Refusal, _errors_of("cancelScheduledChange")]
CancelSubscriptionError = Annotated[Refusal, _errors_of("cancelSubscription")]
ReactivateSubscriptionError = Annotated[Refusal, _errors_of("reactivateSubscription")]
PauseSubscriptionError = Annotated[Refusal, _errors_of("pauseSubscription")]
ResumeSubscriptionError = Annotated[Refusal, _errors_of("resumeSubscription")]
SetInvoicePreferencesError = Annotated[Refusal, _errors_of("setInvoicePreferences")]
SaveBillingContactError = Annotated[Refusal, _errors_of("saveBillingContact")]
RemoveBillingContactError = Annotated[Refusal, _errors_of("removeBillingContact")]
InviteMemberError = Annotated[Refusal, _errors_of("inviteMember")]
WithdrawInvitationError = Annotated[Refusal, _errors_of("withdrawInvitation")]
ChangeMemberRoleError = Annotated[Refusal, _errors_of("changeMemberRole")]
RemoveMemberError = Annotated[Refusal, _errors_of("removeMember")]
CreatePortalLinkError = Annotated[Refusal, _errors_of("createPortalLink")]
SetPortalFeaturesError = Annotated[Refusal, _errors_of("setPortalFeatures")]
SetSubscriptionPolicyError = Annotated[Refusal, _errors_of("setSubscriptionPolicy")]
ChangePlanError = Annotated[Refusal, _errors_of("changePlan")]
PayInvoiceError = Annotated[Refusal | PaymentOutcomeUnknown, _errors_of("payInvoice")]
AdvanceTestClockError = Annotated[Refusal, _errors_of("advanceTestClock")]
CreateCustomerError = Annotated[Refusal, _errors_of("createCustomer")]
RegisterStaffError = Annotated[Refusal, _errors_of("registerStaff")]
RegisterPartnerError = Annotated[Refusal, _errors_of("registerPartner")]
PublishPlanError = Annotated[Refusal, _errors_of("publishPlan")]
RetirePlanError = Annotated[Refusal, _errors_of("retirePlan")]
RetirePriceError = Annotated[Refusal, _errors_of("retirePrice")]
PublishPriceError = Annotated[Refusal, _errors_of("publishPrice")]
PublishPlanVersionError = Annotated[Refusal, _errors_of("publishPlanVersion")]
PublishFeatureError = Annotated[Refusal, _errors_of("publishFeature")]
PublishCouponError = Annotated[Refusal, _errors_of("publishCoupon")]
EndCouponError = Annotated[Refusal, _errors_of("endCoupon")]
RedeemCouponError = Annotated[Refusal, _errors_of("redeemCoupon")]
EndCouponRedemptionError = Annotated[Refusal, _errors_of("endCouponRedemption")]
EndEntitlementExceptionError = Annotated[Refusal, _errors_of("endEntitlementException")]
GrantEntitlementError = Annotated[Refusal, _errors_of("grantEntitlement")]
SaveDunningPolicyError = Annotated[Refusal, _errors_of("saveDunningPolicy")]
CaptureInvoicePaymentError = Annotated[Refusal, _errors_of("captureInvoicePayment")]
VoidPaymentError = Annotated[Refusal, _errors_of("voidPayment")]
RecordOfflinePaymentError = Annotated[Refusal, _errors_of("recordOfflinePayment")]
RecordRefundPayoutError = Annotated[Refusal, _errors_of("recordRefundPayout")]
ReverseOfflinePaymentError = Annotated[Refusal, _errors_of("reverseOfflinePayment")]
SetPaymentMethodOrderError = Annotated[Refusal, _errors_of("setPaymentMethodOrder")]
RemovePaymentMethodError = Annotated[Refusal, _errors_of("removePaymentMethod")]
SetPaymentRouteError = Annotated[Refusal, _errors_of("setPaymentRoute")]
SetPaymentPolicyError = Annotated[Refusal, _errors_of("setPaymentPolicy")]
PublishGraceRuleError = Annotated[Refusal, _errors_of("publishGraceRule")]
SetRecoveryPolicyError = Annotated[Refusal, _errors_of("setRecoveryPolicy")]
ChoosePaydayError = Annotated[Refusal, _errors_of("choosePayday")]
SplitInvoiceError = Annotated[Refusal, _errors_of("splitInvoice")]
RefundPaymentError = Annotated[Refusal, _errors_of("refundPayment")]
ApproveRefundError = Annotated[Refusal, _errors_of("approveRefund")]
RejectRefundError = Annotated[Refusal, _errors_of("rejectRefund")]
CancelRefundRequestError = Annotated[Refusal, _errors_of("cancelRefundRequest")]
RegisterWebhookEndpointError = Annotated[Refusal, _errors_of("registerWebhookEndpoint")]
ChangeWebhookEndpointError = Annotated[Refusal, _errors_of("changeWebhookEndpoint")]
RotateWebhookSecretError = Annotated[Refusal, _errors_of("rotateWebhookSecret")]
ReplayWebhooksError = Annotated[Refusal, _errors_of("replayWebhooks")]
ClaimExceptionError = Annotated[Refusal, _errors_of("claimException")]
ReleaseExceptionError = Annotated[Refusal, _errors_of("releaseException")]
ResolveExceptionError = Annotated[Refusal, _errors_of("resolveException")]
ReplayDeadLetterError = Annotated[Refusal, _errors_of("replayDeadLetter")]
ResumeSagaError = Annotated[Refusal, _errors_of("resumeSaga")]
SetRefundPolicyError = Annotated[Refusal, _errors_of("setRefundPolicy")]
SubmitDisputeEvidenceError = Annotated[Refusal, _errors_of("submitDisputeEvidence")]
AcceptDisputeError = Annotated[Refusal, _errors_of("acceptDispute")]
SetDisputePolicyError = Annotated[Refusal, _errors_of("setDisputePolicy")]
PublishTaxRateError = Annotated[Refusal, _errors_of("publishTaxRate")]
RegisterForTaxError = Annotated[Refusal, _errors_of("registerForTax")]
SetSellerTaxError = Annotated[Refusal, _errors_of("setSellerTax")]
SetLegalDetailsError = Annotated[Refusal, _errors_of("setLegalDetails")]
AddTaxIdError = Annotated[Refusal, _errors_of("addTaxId")]
RemoveTaxIdError = Annotated[Refusal, _errors_of("removeTaxId")]
JudgeTaxIdError = Annotated[Refusal, _errors_of("judgeTaxId")]
AddTaxExemptionError = Annotated[Refusal, _errors_of("addTaxExemption")]
EndTaxExemptionError = Annotated[Refusal, _errors_of("endTaxExemption")]
ChangeBillingDetailsError = Annotated[Refusal, _errors_of("changeBillingDetails")]
WrongTaxRefusal = Annotated[
    Refusal, strawberry.union("WrongTaxRefusal", description="Why nobody can say what the tax should be.")
]
CorrectTaxError = Annotated[Refusal, _errors_of("correctTax")]
StateTaxPlaceError = Annotated[Refusal, _errors_of("stateTaxPlace")]
StartTaxCorrectionRunError = Annotated[Refusal, _errors_of("startTaxCorrectionRun")]
IssueCreditNoteError = Annotated[Refusal, _errors_of("issueCreditNote")]
VoidCreditNoteError = Annotated[Refusal, _errors_of("voidCreditNote")]
VoidInvoiceError = Annotated[Refusal, _errors_of("voidInvoice")]
MarkInvoiceUncollectibleError = Annotated[Refusal, _errors_of("markInvoiceUncollectible")]
CreateInvoiceError = Annotated[Refusal, _errors_of("createInvoice")]
AddInvoiceLineError = Annotated[Refusal, _errors_of("addInvoiceLine")]
EditInvoiceLineError = Annotated[Refusal, _errors_of("editInvoiceLine")]
RemoveInvoiceLineError = Annotated[Refusal, _errors_of("removeInvoiceLine")]
DeleteInvoiceDraftError = Annotated[Refusal, _errors_of("deleteInvoiceDraft")]
FinalizeInvoiceError = Annotated[Refusal, _errors_of("finalizeInvoice")]
SetBillingTermsError = Annotated[Refusal, _errors_of("setBillingTerms")]
CancelContractError = Annotated[Refusal, _errors_of("cancelContract")]
ResendNoticeError = Annotated[Refusal, _errors_of("resendNotice")]
SetNoticePolicyError = Annotated[Refusal, _errors_of("setNoticePolicy")]
InvoiceComparisonError = Annotated[Refusal, _errors_of("invoiceComparison")]
SimulationError = Annotated[Refusal, _errors_of("simulation")]
CreateContractError = Annotated[Refusal, _errors_of("createContract")]
SetParentCustomerError = Annotated[Refusal, _errors_of("setParentCustomer")]
SetDebtPolicyError = Annotated[Refusal, _errors_of("setDebtPolicy")]
SetCustomerDebtPolicyError = Annotated[Refusal, _errors_of("setCustomerDebtPolicy")]
RegisterDocumentsError = Annotated[Refusal, _errors_of("registerDocuments")]
WithdrawDocumentError = Annotated[Refusal, _errors_of("withdrawDocument")]
EndSessionsError = Annotated[Refusal, _errors_of("endSessions")]
EraseCustomerError = Annotated[Refusal, _errors_of("eraseCustomer")]
DecideErasureError = Annotated[Refusal, _errors_of("decideErasure")]
RequestErasureError = Annotated[Refusal, _errors_of("requestErasure")]
SetRetentionOfferError = Annotated[Refusal, _errors_of("setRetentionOffer")]
AcceptRetentionOfferError = Annotated[Refusal, _errors_of("acceptRetentionOffer")]
RequestDataExportError = Annotated[Refusal, _errors_of("requestDataExport")]
StartBulkRunError = Annotated[Refusal, _errors_of("startBulkRun")]
SteerBulkRunError = Annotated[Refusal, _errors_of("steerBulkRun")]
BulkRefusal = Annotated[
    Refusal, strawberry.union("BulkRefusal", description="Why a thing of a run over many could not be done.")
]
SetLegalHoldError = Annotated[Refusal, _errors_of("setLegalHold")]
