"""The fixed words of all documents in one language; mypy refuses a language that lacks one."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """Braces hold what is filled in; where a text is empty, a document does not say that thing."""

    invoice: str
    credit_note: str
    receipt: str
    billed_to: str
    seller: str
    invoice_number: str
    credit_note_number: str
    receipt_number: str
    corrects: str
    corrected_on: str
    issued: str
    due: str
    paid_date: str
    purchase_order: str
    currency: str
    tax_id: str
    register: str
    description: str
    quantity: str
    unit_price: str
    tax: str
    amount: str
    amount_with_tax: str
    amount_without_tax: str
    unused: str
    discounted: str
    discount: str
    subtotal: str
    tax_on: str
    untaxed: str
    total: str
    invoice_total: str
    credit_total: str
    applied_credit: str
    paid: str
    amount_due: str
    amount_paid: str
    refunded: str
    kept: str
    reduced: str
    sent_back: str
    credited: str
    settled_outside: str
    due_headline: str
    settled_headline: str
    credit_headline: str
    paid_headline: str
    method: str
    net_terms: str
    charged: str
    reason: str
    page: str
    tax_names: Mapping[str, str]
    treatments: Mapping[str, str]
    legal: Mapping[str, str]
