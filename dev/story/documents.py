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
