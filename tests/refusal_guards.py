"""Refusals that stand in the way of a mutation and are never its answer: what guards a layer below it, and why."""

PORTAL_CHANGES = ("changePlan", "changeQuantity")
BILLERS = ("startSubscription", "resumeSubscription", *PORTAL_CHANGES)

# By code and reason, the mutations.
GUARDS: dict[tuple[str, str], tuple[str, ...]] = {
    ("ALREADY_EXISTS", "it keeps its own plan family or leaves it, and takes no other"): (
        "cancelScheduledChange", "cancelSubscription", "changeQuantity", "pauseSubscription", "reactivateSubscription",
        "resumeSubscription"),
    ("ALREADY_EXISTS", "the provider makes of each token a method of the customer's own"): ("addPaymentMethod",),
    ("ALREADY_EXISTS", "what was never paid out has no reference"): ("reverseOfflinePayment",),
    ("CURRENCY_MISMATCH", "seats are counted at the subscription's own price"): ("changeQuantity",),
    ("QUOTE_STALE", "it takes no quote"): ("changeQuantity",),
    ("EXCEEDS_CAPTURED", "a refund of unused time is cut to what was captured, the rest becomes credit"): (
        "cancelSubscription", "correctTax", *PORTAL_CHANGES),
    ("EXCEEDS_INVOICED", "unused time is a share of what is left of the line"): (
        "cancelSubscription", *PORTAL_CHANGES),
    ("EXCEEDS_INVOICED", "its lines are charges alone, which give nothing back"): (
        "startSubscription", "resumeSubscription"),
    ("EXCEEDS_INVOICED", "a draft that gives back too much says so, and is refused when it is issued"): (
        "createInvoice", "addInvoiceLine", "editInvoiceLine", "removeInvoiceLine"),
    ("EXCEEDS_INVOICED", "of a draft that gives back too much its charges count alone"): ("cancelContract",),
    ("EXCEEDS_INVOICED", "it takes back what stands of the old tax, and nothing else"): ("correctTax",),
    ("EXCEEDS_INVOICED", "it takes back what was given back, which only makes more left"): (
        "voidCreditNote", "voidInvoice"),
    ("INSUFFICIENT_BALANCE", "credit is used as far as it goes, under the lock of its customer"): (
        "approveRefund", "correctTax", "finalizeInvoice", "refundPayment", "cancelContract", *BILLERS),
    ("INSUFFICIENT_BALANCE", "it lowers what is owed by what is owed, never by more"): (
        "cancelSubscription", "issueCreditNote", "markInvoiceUncollectible", "voidInvoice"),
    ("INSUFFICIENT_BALANCE", "money that comes takes none, and credit that is gone is booked as lost first"): (
        "recordOfflinePayment", "reverseOfflinePayment"),
    ("INVALID_AMOUNT", "what was recorded is more than nothing"): ("reverseOfflinePayment", "recordRefundPayout"),
    ("INSUFFICIENT_BALANCE", "what is payable was taken from credit when it was asked for"): ("recordRefundPayout",),
    ("STATE_CONFLICT", "money that comes moves an invoice only where it is open or given up"): (
        "recordOfflinePayment",),
    ("EXCEEDS_CAPTURED", "what waits for approval is reserved on its payment"): ("approveRefund",),
    ("INVALID_AMOUNT", "what was asked for is more than nothing"): ("approveRefund",),
    ("INVALID_AMOUNT", "what comes to less than nothing is given back by a credit note instead"): PORTAL_CHANGES,
    ("INVALID_AMOUNT", "its lines are charges, not negative; only the dearest price is too much with its tax"): (
        "startSubscription", "resumeSubscription", "cancelContract"),
    ("INVALID_AMOUNT", "its credit note is about a difference below nothing, as a positive amount"): ("correctTax",),
    ("INVALID_AMOUNT", "a posting of nothing is not made: there is something unused, owed, or noted"): (
        "cancelSubscription", "markInvoiceUncollectible", "voidCreditNote", "voidInvoice"),
    ("INVALID_AMOUNT", "what is left of a draft comes to less than what it was kept at"): ("removeInvoiceLine",),
    ("NOTHING_DUE", "a payment is begun only where something is due"): (
        "correctTax", "finalizeInvoice", "cancelContract", *BILLERS),
    ("NOTHING_DUE", "only what is due is split"): ("splitInvoice",),
    ("PAYMENT_IN_PROGRESS", "an invoice that was issued in this transaction has no attempt yet"): (
        "finalizeInvoice", "cancelContract", *BILLERS),
    ("PAYMENT_METHOD_REQUIRED", "without a method the invoice is issued and stays open"): (
        "correctTax", "finalizeInvoice", "cancelContract"),
    ("STATE_CONFLICT", "the move is asked for in a state that has it: the table of moves guards every layer"): (
        "payInvoice", "decideErasure", "eraseCustomer", "requestErasure", "requestDataExport", "startBulkRun"),
    ("STATE_CONFLICT", "a draft's tax is shown, and decided when it is issued"): (
        "createInvoice", "addInvoiceLine", "editInvoiceLine"),
    **{(code, "what an offer holds is refused as it is without an offer, and that is produced there"): (
        "acceptRetentionOffer",)
       for code in ("BLOCKED_BY_DEBT", "CHANGE_PENDING", "COUPON_OVER", "COUPON_USED_UP", "CURRENCY_MISMATCH",
                    "EXCEEDS_CAPTURED", "EXCEEDS_INVOICED", "INSUFFICIENT_BALANCE", "INVALID_AMOUNT", "NOTHING_DUE",
                    "PAYMENT_IN_PROGRESS", "PAYMENT_METHOD_REQUIRED", "PERIOD_CLOSED", "QUOTE_STALE")},
}  # fmt: skip

# Members of a mutation's error union that it does not answer with today. All unions are alike, so that a client has one
# fragment for all of them; a member that were taken out would break the documents that name it.
NOT_YET: dict[str, tuple[str, ...]] = {
    "NotFoundError": (
        "addPaymentMethod", "advanceTestClock", "publishFeature", "publishTaxRate", "registerPartner", "registerStaff",
        "publishGraceRule", "registerWebhookEndpoint", "setDebtPolicy", "setDisputePolicy", "setPaymentPolicy",
        "setPaymentRoute", "setPortalFeatures", "setRecoveryPolicy", "setRefundPolicy", "setSubscriptionPolicy"),
    "InputError": (
        "claimException", "releaseException", "requestErasure", "steerBulkRun",
        "deleteInvoiceDraft", "endCoupon", "endCouponRedemption", "judgeTaxId",
        "removeInvoiceLine", "removeTaxId", "replayWebhooks", "rotateWebhookSecret", "setDisputePolicy",
        "setPaymentPolicy",
        "voidCreditNote", "voidPayment"),
    "ConflictError": (
        "setCustomerDebtPolicy", "setDebtPolicy", "setDisputePolicy", "startTaxCorrectionRun", "stateTaxPlace",
        "addInvoiceLine", "addTaxExemption", "createInvoice", "editInvoiceLine", "grantEntitlement", "judgeTaxId",
        "publishPlanVersion", "publishPrice", "publishTaxRate", "registerPartner", "registerStaff", "saveDunningPolicy",
        "publishGraceRule", "setBillingTerms", "setLegalDetails", "setPaymentMethodOrder", "setPaymentPolicy",
        "setNoticePolicy", "setPaymentRoute", "setRecoveryPolicy", "setRefundPolicy",
        "withdrawInvitation", "removeBillingContact", "setInvoicePreferences",
        "createPortalLink", "endSessions", "setPortalFeatures", "setSellerTax", "setSubscriptionPolicy"),
}  # fmt: skip
