"""Who may do what: the whole table of roles and mutations, and of roles and the fields of the roots.

A cell is one character, in the order of tests/role_kit.ROLES: portal, partner, support, lead, finance, admin, then
staff that looks in a customer's place, staff that may write there (a lead), and an admin whose sign-in is old.
``y`` is yes, ``-`` is no, ``s`` is not before a fresh sign-in. Mutations of one row share a line; a new one needs its
place here.
"""

MUTATIONS: dict[str, tuple[str, ...]] = {
    "-----y--y": (
        "changeWebhookEndpoint", "endCoupon", "publishCoupon", "publishFeature", "publishGraceRule", "publishPlan",
        "publishPlanVersion", "publishPrice", "registerDocuments", "registerPartner", "registerStaff",
        "withdrawDocument", "registerWebhookEndpoint",
        "retirePlan", "retirePrice", "rotateWebhookSecret", "saveDunningPolicy", "setDebtPolicy", "setDisputePolicy",
        "setNoticePolicy", "setPaymentPolicy", "setPaymentRoute", "setPortalFeatures", "setRecoveryPolicy",
        "setRefundPolicy", "setRetentionOffer", "setSubscriptionPolicy",
    ),
    "----yy--s": (
        "cancelContract", "closePeriod", "correctTax", "markInvoiceUncollectible", "recordRefundPayout",
        "replayDeadLetter", "resolveException", "startBulkRun", "startTaxCorrectionRun",
    ),
    "----yy--y": (
        "createContract", "publishTaxRate", "registerForTax", "setLegalDetails", "setSellerTax", "stateTaxPlace",
        "steerBulkRun",
    ),
    "---y-y--s": (
        "decideErasure",
    ),
    "---y-y--y": (
        "eraseCustomer",
    ),
    "y--y-y--y": (
        "requestDataExport",
    ),
    "y--------": (
        "requestErasure",
    ),
    "---yyy--s": (
        "acceptDispute", "approveRefund", "captureInvoicePayment", "finalizeInvoice", "issueCreditNote",
        "recordOfflinePayment", "rejectRefund", "reverseOfflinePayment", "voidCreditNote", "voidInvoice",
    ),
    "---yyy--y": (
        "addInvoiceLine", "createInvoice", "deleteInvoiceDraft", "editInvoiceLine", "removeInvoiceLine",
        "setBillingTerms", "setCustomerDebtPolicy", "setLegalHold", "setParentCustomer",
    ),
    "--yy-y--s": (
        "endCouponRedemption",
    ),
    "--yy-y--y": (
        "endEntitlementException", "grantEntitlement",
    ),
    "--yyyy--s": (
        "cancelRefundRequest", "refundPayment", "voidPayment",
    ),
    "--yyyy--y": (
        "addTaxExemption", "claimException", "createCustomer", "endTaxExemption", "judgeTaxId",
        "releaseException", "resumeSaga", "replayWebhooks", "resendNotice", "submitDisputeEvidence",
    ),
    "-yyyyy--y": (
        "createPortalLink",
    ),
    "y------y-": (
        "addPaymentMethod", "advanceTestClock",
    ),
    "y-yy-y-ys": (
        "acceptRetentionOffer", "choosePayday", "resumeSubscription",
    ),
    "y--y-y-yy": (
        "inviteMember", "changeMemberRole",
    ),
    "y-yy-y-yy": (
        "withdrawInvitation", "removeMember", "pauseSubscription", "removePaymentMethod", "setPaymentMethodOrder",
    ),
    "y-yyyy-ys": (
        "payInvoice", "splitInvoice",
    ),
    "y-yyyy-yy": (
        "addTaxId", "changeBillingDetails", "endSessions", "removeTaxId",
        "setInvoicePreferences", "saveBillingContact", "removeBillingContact",
    ),
    "yyyy-y-ys": (
        "cancelSubscription", "changePlan", "changeQuantity", "redeemCoupon", "startSubscription",
    ),
    "yyyy-y-yy": (
        "cancelScheduledChange", "reactivateSubscription",
    ),
}  # fmt: skip

FIELDS: dict[str, tuple[str, ...]] = {
    "----yy--y": (
        "staff.refundPayouts", "staff.bulkPreview", "staff.bulkRun", "staff.bulkRuns",
    ),
    "---y-y--y": (
        "staff.securityEvents", "staff.apiRequests",
    ),
    "--yyyy--y": (
        "query.staff", "staff.saga", "staff.sagas",
        "staff.customersByEmail", "staff.inspection", "staff.invoicesByNumber",
        "staff.partner", "staff.partners",
        "staff.invoiceDrafts", "staff.legalEntities", "staff.invoiceDraft",
        "staff.cancelContractPreview", "staff.subscriptionsWithoutPrice", "staff.recoveryPolicy",
        "staff.dunningAttempts", "staff.refundPolicy", "staff.refundRequests", "staff.exceptions", "staff.exception",
        "staff.notices", "staff.unsentNotices", "staff.noticePolicies", "staff.disputePolicy", "staff.dispute",
        "staff.disputes", "staff.paymentRoutes", "staff.refund", "staff.refundsByProvider",
        "staff.disputesByProvider", "staff.webhookEventKinds", "staff.webhookEndpoints", "staff.webhookDeliveries",
        "staff.sessions", "staff.customer", "staff.subscriptionPolicy", "staff.paymentPolicy", "staff.payment",
        "staff.paymentsInDoubt",
        "staff.stuckPayments", "staff.paymentsByProvider", "staff.entitlementExceptions", "staff.priceList",
        "staff.coupons", "staff.taxRates", "staff.taxRegistrations", "staff.taxCorrectionPreview",
        "staff.taxCorrectionRun", "staff.taxReport", "staff.couponReport", "staff.features", "staff.dunningPolicy",
        "staff.debtPolicy", "staff.dunningPolicies", "staff.graceRules", "staff.auditTrail", "staff.auditChain",
        "staff.deadLetters", "staff.portalFeatures",
        "staff.customerAccount", "staff.customerPrivacy", "staff.erasures", "staff.legalHolds",
        "staff.retentionAnswers", "staff.retentionOffers",
    ),
    "---------": (
        "query.portalLink",
    ),
    "-y-------": (
        "query.partner", "partner.clientId", "partner.name", "partner.customer", "partner.contract",
        "partner.apiRequests",
    ),
    "y-----yy-": (
        "query.viewer", "viewer.customer", "viewer.sessions", "viewer.actingFor", "viewer.features",
        "live.balanceChanged", "live.invoiceUpdated", "live.operationUpdated", "live.subscriptionUpdated",
        "viewer.member", "viewer.account",
    ),
    "yyyyyyyyy": (
        "query.plans", "query.node", "query.nodes",
    ),
}  # fmt: skip


def differing(found: dict[str, str], table: dict[str, tuple[str, ...]]) -> dict[str, tuple[str | None, str | None]]:
    """What was found and what the table says, where they are not the same; None for what is missing."""
    said = cells(table)
    return {
        name: (found.get(name), said.get(name))
        for name in found.keys() | said.keys()
        if found.get(name) != said.get(name)
    }


def cells(table: dict[str, tuple[str, ...]]) -> dict[str, str]:
    """The row of each name; a name that stands twice is an AssertionError."""
    rows = [(name, row) for row, names in table.items() for name in names]
    found = dict(rows)
    assert len(found) == len(rows)
    return found
