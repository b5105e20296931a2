"""The notices in English."""

from types import MappingProxyType
from typing import Final

from domain.notices.kind import Kind
from domain.notices.words.wording import Wording, Words
from domain.portal_link import LinkPurpose

_AGAIN: Final = "We will try to charge your payment method again on {retry_day}."
_ENDS: Final = "Without a payment, access ends on {day}."

ENGLISH: Final = Words(
    greeting="Hello {name},",
    portal="Open the portal",
    automatic="{seller} has sent this message automatically.",
    actions=MappingProxyType(
        {
            LinkPurpose.PAY_INVOICE: "Pay the invoice now",
            LinkPurpose.UPDATE_CARD: "Use another card",
            LinkPurpose.CHANGE_PLAN: "Change your plan",
            LinkPurpose.CANCEL: "Cancel",
        }
    ),
    letters=MappingProxyType(
        {
            Kind.INVOICE_ISSUED: Wording(
                subject="Invoice {number} from {seller}",
                said=("We have issued invoice {number} for {amount}. It is due on {day}.",),
            ),
            Kind.RECEIPT: Wording(
                subject="Receipt {receipt} for invoice {number}",
                said=("Thank you: we have received {amount} for invoice {number}.", "Your receipt is {receipt}."),
            ),
            Kind.PAYMENT_SHORT: Wording(
                subject="Invoice {number} is only partly paid",
                said=("We have received {paid} for invoice {number}. {amount} is still due.",),
            ),
            Kind.PAYMENT_ACTION: Wording(
                subject="Please confirm your payment of invoice {number}",
                said=(
                    "Your bank asks you to confirm the payment of {amount} for invoice {number}.",
                    "Please sign in to the portal and open the invoice to do so.",
                ),
            ),
            Kind.PAYMENT_FAILED: Wording(
                subject="We have not received your payment for invoice {number}",
                said=("We have not received your payment of {amount} for invoice {number}.",),
                more=_ENDS,
                again=_AGAIN,
            ),
            Kind.REMINDER: Wording(
                subject="Reminder: invoice {number} is not paid",
                said=("We still have not received your payment of {amount} for invoice {number}.",),
                more=_ENDS,
                again=_AGAIN,
            ),
            Kind.RESTRICTED: Wording(
                subject="Your access is restricted: invoice {number} is not paid",
                said=(
                    "We still have not received your payment of {amount} for invoice {number}.",
                    "Until it is paid, you can use only a part of your plan.",
                ),
                more=_ENDS,
                again=_AGAIN,
            ),
            Kind.SUSPENDED: Wording(
                subject="Your access is suspended: invoice {number} is not paid",
                said=(
                    "We have not received your payment of {amount} for invoice {number}, so your access is suspended.",
                    "It comes back as soon as the invoice is paid.",
                ),
                more="Without a payment, your subscription ends on {day}.",
            ),
            Kind.GIVEN_UP: Wording(
                subject="Invoice {number} was not paid",
                said=("Invoice {number} was not paid: {amount} of it stayed open.",),
                more="Your subscription has ended.",
            ),
            Kind.RECOVERED: Wording(
                subject="Thank you: invoice {number} is paid",
                said=("We have received your payment for invoice {number}.",),
                more="You can use everything again.",
            ),
            Kind.REFUND_SETTLED: Wording(
                subject="Your refund of {amount}",
                said=("We have given back {amount} of your payment for invoice {number}.",),
                more="It can take some days until your bank shows it.",
            ),
            Kind.REFUND_FAILED: Wording(
                subject="Your refund of {amount} has failed",
                said=(
                    "We could not give back {amount} of your payment for invoice {number}: your bank did not take it.",
                    "Please contact us.",
                ),
            ),
            Kind.TRIAL_ENDING: Wording(
                subject="Your trial of {plan} ends on {day}",
                said=("Your trial of {plan} ends on {day}.", "The portal shows what happens then."),
            ),
            Kind.METHOD_EXPIRING: Wording(
                subject="Your card ending in {last4} expires on {day}",
                said=(
                    "Your {brand} card ending in {last4} expires on {day}.",
                    "Please give us another one before that day, so that nothing is interrupted.",
                ),
            ),
            Kind.MEMBER_INVITED: Wording(
                subject="You are invited to the account of {account} at {seller}",
                said=(
                    "You are invited to the account of {account} at {seller}.",
                    "Open the link below by {day} and sign in. It works once, and for whoever has it.",
                ),
            ),
        }
    ),
)
