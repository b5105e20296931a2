"""The documents in English.

A reverse charge is said in the words of Directive 2006/112/EC, art. 226 (11a).
"""

from types import MappingProxyType
from typing import Final

from domain.invoices.texts.words import Texts

ENGLISH: Final = Texts(
    invoice="Invoice",
    credit_note="Credit note",
    receipt="Receipt",
    billed_to="Billed to",
    seller="From",
    invoice_number="Invoice number",
    credit_note_number="Credit note number",
    receipt_number="Receipt number",
    corrects="Corrects invoice",
    corrected_on="Invoice issued",
    issued="Issued",
    due="Due",
    paid_date="Paid",
    purchase_order="Purchase order",
    currency="Currency",
    tax_id="Tax ID",
    register="Registered: {entry}",
    description="Description",
    quantity="Qty",
    unit_price="Unit price",
    tax="Tax",
    amount="Amount",
    amount_with_tax="Amount incl. tax",
    amount_without_tax="Amount excl. tax",
    unused="Unused time: {text}",
    discounted="{amount} before discount",
    discount="{name}: {amount}",
    subtotal="Subtotal",
    tax_on="{tax} on {taxable}",
    untaxed="{tax}, {treatment}",
    total="Total",
    invoice_total="Invoice total",
    credit_total="Total credited",
    applied_credit="Credit applied",
    paid="Paid",
    amount_due="Amount due",
    amount_paid="Amount paid",
    refunded="Refunded on {date}",
    kept="Paid after refunds",
    reduced="Deducted from the invoice",
    sent_back="Refunded to the payment method",
    credited="Added to your credit",
    settled_outside="Settled otherwise",
    due_headline="{amount} due {date}",
    settled_headline="Settled, nothing to pay",
    credit_headline="{amount} credited for invoice {number}",
    paid_headline="{amount} paid on {date}",
    method="{brand} ending in {last4}",
    net_terms="Payable within {days} days of the invoice date, without deduction.",
    charged="Your payment method is charged automatically.",
    reason="Reason: {text}",
    page="Page {page} of {pages}",
    tax_names=MappingProxyType({}),
    treatments=MappingProxyType(
        {
            "reverse_charge": "reverse charge",
            "exempt": "exempt",
            "export": "outside the scope",
            "unregistered": "not charged",
        }
    ),
    legal=MappingProxyType(
        {
            "reverse_charge": "Reverse charge: the customer is liable for the tax.",
            "reverse_charge_eu": (
                "Reverse charge: the customer is liable for the VAT "
                "(Directive 2006/112/EC, art.\u00a0196 and art.\u00a0226\u00a0(11a))."
            ),
            "export": "No tax is charged: the place of supply lies outside the territory of the seller’s tax.",
            "exempt": "Exempt from tax.",
        }
    ),
)
