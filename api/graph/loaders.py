"""Batched reads of one request, each bounded by the customer that owns the rows; cleared after every commit."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from api.graph.batched_reads import BatchedReads, read_times
from api.loading import Loader
from domain.catalog.feature import Feature, PlanEntitlement
from domain.catalog.plan import Plan, PlanVersion, Price
from domain.customers.signed_in import SignedIn
from domain.database import Database
from domain.dunning.case import Case
from domain.ids import (
    CreditNoteId,
    CustomerId,
    DisputeId,
    InvoiceId,
    LegalEntityId,
    PaymentId,
    PaymentMethodId,
    PlanId,
    PlanVersionId,
    PriceId,
    SubscriptionId,
    TenantId,
)
from domain.invoices.billing_terms import BillingTerms
from domain.invoices.contract import Contract
from domain.invoices.credit_note import CreditNote
from domain.invoices.invoice import Invoice
from domain.invoices.line import Line
from domain.invoices.line_discount import Reduction
from domain.invoices.line_tax import TaxPart
from domain.invoices.listed_line import ListedLine
from domain.invoices.note_line import CreditNoteLine
from domain.invoices.replacement import Replacing
from domain.ledger.balance import Balance
from domain.money import Currency, Money
from domain.payments.debt import DebtBlock
from domain.payments.dispute import Dispute
from domain.payments.evidence import Kept
from domain.payments.method import PaymentMethod
from domain.payments.payment import Payment
from domain.payments.receipt import Receipt
from domain.payments.refund import Refund
from domain.tenants.tenant import LegalEntity


class Loaders:
    """One instance a request; keys carry their owner, so that nothing is read across customers."""

    lines: Loader[tuple[CustomerId, InvoiceId], tuple[Line, ...]]
    listed_lines: Loader[tuple[CustomerId, InvoiceId], Sequence[ListedLine]]
    spanned_lines: Loader[tuple[CustomerId, InvoiceId], Sequence[ListedLine]]
    invoices: Loader[tuple[CustomerId, InvoiceId], Invoice | None]
    replacing: Loader[tuple[CustomerId, InvoiceId], Replacing]
    payments: Loader[tuple[CustomerId, InvoiceId], list[Payment]]
    payment: Loader[tuple[CustomerId, PaymentId], Payment]
    settled_by: Loader[tuple[CustomerId, PaymentId], str | None]
    refunds: Loader[tuple[CustomerId, PaymentId], list[Refund]]
    refundable: Loader[tuple[CustomerId, Payment], Money]
    disputes: Loader[tuple[CustomerId, PaymentId], list[Dispute]]
    evidence: Loader[tuple[CustomerId, DisputeId], list[Kept]]
    barred: Loader[CustomerId, frozenset[SubscriptionId]]
    receipts: Loader[tuple[CustomerId, PaymentId], Receipt | None]
    methods: Loader[tuple[CustomerId, PaymentMethodId], PaymentMethod | None]
    plans: Loader[tuple[TenantId, PlanId], Plan]
    prices: Loader[tuple[TenantId, PriceId], Price]
    offers: Loader[tuple[TenantId, datetime], dict[PlanId, list[Price]]]
    features: Loader[TenantId, dict[str, Feature]]
    plan_versions: Loader[tuple[TenantId, PlanId], list[PlanVersion]]
    plan_entitlements: Loader[tuple[TenantId, PlanVersionId], tuple[PlanEntitlement, ...]]
    times: Loader[CustomerId, datetime]
    taxes: Loader[tuple[CustomerId, InvoiceId], tuple[TaxPart, ...]]
    discounts: Loader[tuple[CustomerId, InvoiceId], tuple[Reduction, ...]]
    notes: Loader[tuple[CustomerId, InvoiceId], list[CreditNote]]
    note_lines: Loader[tuple[CustomerId, CreditNoteId], tuple[CreditNoteLine, ...]]
    note_taxes: Loader[tuple[CustomerId, CreditNoteId], tuple[TaxPart, ...]]
    note_line_taxes: Loader[tuple[CustomerId, CreditNoteId], dict[int, tuple[TaxPart, ...]]]
    cases: Loader[CustomerId, list[Case]]
    blocks: Loader[CustomerId, DebtBlock | None]
    balances: Loader[tuple[Currency, CustomerId], Balance]
    terms: Loader[CustomerId, BillingTerms]
    contracts: Loader[CustomerId, list[Contract]]
    issuers: Loader[TenantId, dict[LegalEntityId, LegalEntity]]
    read: SignedIn | None
    """What was read when the caller was looked up, until something is committed."""

    def __init__(self, db: Database, read: SignedIn | None = None) -> None:
        self.began = db.clock.now()
        self.read = read
        self.times = Loader(partial(read_times, db, self.began))
        # Of their own, for they shall not lead back here: each page would be left to the collector.
        self._reads = BatchedReads(db, self.times)

    def __getattr__(self, name: str) -> "Loader[Any, Any]":
        """The loader of that name, made when it is first asked for: a request uses few of them."""
        if name.startswith("_") or name not in type(self).__annotations__:
            raise AttributeError(name)
        loader: Loader[Any, Any] = Loader(self._reads.named(name))
        setattr(self, name, loader)
        return loader

    def clear(self) -> None:
        """Forgets everything, so that what is read next shows what was just committed."""
        self.read = None
        for loader in vars(self).values():
            if isinstance(loader, Loader):
                loader.clear_all()
