"""The documents of the story: what a frontend of the portal and the support desk send."""

_MONEY = "{ minorUnits currency decimal }"
_ERRORS = "errors { ... on UserError { code message path retryable } }"
_OPERATION = "operation { id replayed status consistencyToken }"
_PAYMENT = f"""{{ id state failureCode actionUrl captured {_MONEY} refundable {_MONEY}
    receipt {{ number pdfUrl }} refunds {{ id state amount {_MONEY} }} }}"""
_INVOICE = f"""{{ id number state total {_MONEY} due {_MONEY} paid {_MONEY} pdfUrl eInvoiceUrl
    lines {{ description quantity amount {_MONEY} period {{ start end }}
             explanation {{ formula numeratorSeconds denominatorSeconds price {_MONEY} }} }}
    payments {_PAYMENT} }}"""
_SUBSCRIPTION = f"""{{ id state entitled changePending plan {{ code name }} nextPlan {{ code }}
    unitAmount {_MONEY} currentPeriod {{ start end }}
    recovery {{ nextAttemptAt attemptsLeft accessUntil invoiceId }} }}"""

PLANS = f"{{ plans {{ id code name prices {{ id amount {_MONEY} interval {{ unit count }} }} }} }}"
BALANCE = f"{{ viewer {{ customer {{ id balance {{ asOf receivable {_MONEY} credit {_MONEY} }} }} }} }}"
SUBSCRIPTIONS = f"{{ viewer {{ customer {{ subscriptions {_SUBSCRIPTION} }} }} }}"
CLOCK = "{ viewer { customer { testClock { at target } } } }"
INVOICE = f"query ($id: ID!) {{ viewer {{ customer {{ invoice(id: $id) {_INVOICE} }} }} }}"
HISTORY = """query ($atLeast: ConsistencyToken, $after: String) { viewer { customer {
    invoices(first: 10, after: $after, atLeast: $atLeast) {
        asOf source totalCount totalCountIsCapped pageInfo { hasNextPage endCursor }
        edges { cursor node { id number state total { minorUnits decimal } } } } } } }"""
PAYMENTS = f"""query ($atLeast: ConsistencyToken) {{ viewer {{ customer {{
    payments(first: 50, atLeast: $atLeast) {{ asOf source edges {{ node {_PAYMENT} }} }} }} }} }}"""
STATEMENT = f"""query ($atLeast: ConsistencyToken) {{ viewer {{ customer {{
    statement(first: 100, atLeast: $atLeast) {{ asOf source edges {{ node {{
        number cause happenedAt receivableChange {_MONEY} receivable {_MONEY} credit {_MONEY} }} }} }} }} }} }}"""

ADD_METHOD = f"""mutation ($input: AddPaymentMethodInput!) {{ addPaymentMethod(input: $input) {{
    paymentMethod {{ id brand last4 }} {_OPERATION} {_ERRORS} }} }}"""
METHODS = "{ viewer { customer { paymentMethodsInOrder { id } } } }"
REMOVE_METHOD = f"""mutation ($input: RemovePaymentMethodInput!) {{ removePaymentMethod(input: $input) {{
    {_OPERATION} {_ERRORS} }} }}"""
START = f"""mutation ($input: StartSubscriptionInput!) {{ startSubscription(input: $input) {{
    subscription {_SUBSCRIPTION} invoice {_INVOICE} {_OPERATION} {_ERRORS} }} }}"""
CHANGE = f"""mutation ($input: ChangePlanInput!) {{ changePlan(input: $input) {{
    subscription {_SUBSCRIPTION} invoice {_INVOICE}
    change {{ credit {_MONEY} charge {_MONEY} due {_MONEY} effectiveAt }} {_OPERATION} {_ERRORS} }} }}"""
PAY = f"""mutation ($input: PayInvoiceInput!) {{ payInvoice(input: $input) {{
    payment {_PAYMENT} invoice {{ id state due {_MONEY} }} {_OPERATION} {_ERRORS} }} }}"""
ADVANCE = f"""mutation ($input: AdvanceTestClockInput!) {{ advanceTestClock(input: $input) {{
    at target {_OPERATION} {_ERRORS} }} }}"""
CREATE_CUSTOMER = f"""mutation ($input: CreateCustomerInput!) {{ createCustomer(input: $input) {{
    customer {{ id reference }} {_OPERATION} {_ERRORS} }} }}"""
REFUND = f"""mutation ($input: RefundPaymentInput!) {{ refundPayment(input: $input) {{
    refund {{ id state amount {_MONEY} }} payment {_PAYMENT} {_OPERATION} {_ERRORS} }} }}"""
ORDER = """mutation ($input: ChangePlanInput!) { changePlan(input: $input) {
    invoice { number total { decimal } tax { decimal } state } operation { id } errors { ... on UserError {
        code message path retryable } } } }"""
QUOTE = f"""query ($subscription: ID!, $price: ID!) {{ viewer {{ customer {{
    planChangeQuote(subscriptionId: $subscription, priceId: $price) {{ id mode expiresAt pinnedAt
        credit {_MONEY} charge {_MONEY} tax {_MONEY} total {_MONEY} due {_MONEY} }} }} }} }}"""
SEATS = f"""mutation ($input: ChangeQuantityInput!) {{ changeQuantity(input: $input) {{
    change {{ credit {_MONEY} charge {_MONEY} due {_MONEY} effectiveAt }} invoice {{ number total {_MONEY} }}
    {_OPERATION} {_ERRORS} }} }}"""
REDEEM = f"""mutation ($input: RedeemCouponInput!) {{ redeemCoupon(input: $input) {{
    redemption {{ id name percentPpm periodsLeft }} {_OPERATION} {_ERRORS} }} }}"""
NEXT = f"""query ($subscription: ID!) {{ viewer {{ customer {{ nextInvoicePreview(subscriptionId: $subscription) {{
    issuedAt total {_MONEY} due {_MONEY} lines {{ description listAmount {_MONEY} discount {_MONEY}
        tax {_MONEY} }} }} }} }} }}"""
EXPLAINED = f"""query ($id: ID!) {{ viewer {{ customer {{ invoice(id: $id) {{ id number state subtotal {_MONEY}
    tax {_MONEY} total {_MONEY} lines {{ description listAmount {_MONEY} discount {_MONEY} net {_MONEY} tax {_MONEY}
        explanation {{ kind price {_MONEY} numeratorSeconds denominatorSeconds roundingResidue
            discounts {{ name amount {_MONEY} }}
            taxes {{ name ratePpm basis {_MONEY} amount {_MONEY} }} }} }} }} }} }} }}"""
CANCEL = f"""mutation ($input: CancelSubscriptionInput!) {{ cancelSubscription(input: $input) {{
    cancellation {{ endsAt givenBack {_MONEY} }} subscription {{ id state }} {_OPERATION} {_ERRORS} }} }}"""
REACTIVATE = f"""mutation ($input: ReactivateSubscriptionInput!) {{ reactivateSubscription(input: $input) {{
    subscription {{ id state entitled }} {_OPERATION} {_ERRORS} }} }}"""
COMPARE = f"""query ($before: ID!, $after: ID!) {{ viewer {{ customer {{
    invoiceComparison(before: $before, after: $after) {{ comparison {{ difference {_MONEY}
        reasons {{ kind amount {_MONEY} name }} }} {_ERRORS} }} }} }} }}"""
SIMULATE = f"""query ($until: DateTime!) {{ viewer {{ customer {{ simulation(until: $until) {{
    simulation {{ invoices {{ issuedAt tax {_MONEY} total {_MONEY} lines {{ description discount {_MONEY} }} }} }}
    {_ERRORS} }} }} }} }}"""
