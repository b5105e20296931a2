"""What the loaders of a request read, a batch at a time: a value for each key, in their order.

They know nothing of the request: what its loaders have read is gone with it, and nothing is left to the collector.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from api.loading import Loader, by_owner
from domain.catalog.feature import Feature, PlanEntitlement, features, plan_entitlements
from domain.catalog.plan import Plan, PlanVersion, Price, plan_versions, plans, plans_by_id, prices_by_id
from domain.customers.advance_clock import clock_of
from domain.customers.family import by_shard
from domain.database import Database
from domain.db import Primary
from domain.dunning.attempts import settling_events
from domain.dunning.case import Case, cases
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
from domain.invoices.billing_terms import BillingTerms, billing_terms
from domain.invoices.contract import Contract, contracts
from domain.invoices.credit_note import CreditNote, credit_notes_of
from domain.invoices.invoice import Invoice, invoices_by_id
from domain.invoices.line import Line, lines_of
from domain.invoices.line_discount import Reduction
from domain.invoices.line_tax import TaxPart
from domain.invoices.listed_line import ListedLine, listed_lines
from domain.invoices.note_line import CreditNoteLine, note_line_taxes_of, note_lines_of, note_taxes_of
from domain.invoices.reductions import reductions_of, taxes_of
from domain.invoices.replacement import Replacing, replacing
from domain.ledger.balance import Balance, balances_of
from domain.money import Currency, Money
from domain.payments.debt import DebtBlock, debt_block
from domain.payments.dispute import Dispute, disputes_of_payments
from domain.payments.evidence import Kept, evidence_of_disputes
from domain.payments.method import PaymentMethod, payment_methods
from domain.payments.payment import Payment, payment, payments_of_invoices
from domain.payments.receipt import Receipt, receipts_of
from domain.payments.refund import Refund, refunds_of_payments
from domain.payments.refundable import refundable_of
from domain.subscriptions.follow_dispute import barred_by_dispute
from domain.tenants.tenant import LegalEntity, legal_entities

Owner = TypeVar("Owner", bound=Hashable)
Id = TypeVar("Id", bound=Hashable)
Found = TypeVar("Found")
_Read = Callable[[Primary, Owner, list[Id]], Awaitable[dict[Id, Found]]]


async def read_times(db: Database, began: datetime, keys: list[CustomerId]) -> list[datetime]:
    """The business time of customers; of those that are not on a test clock it is when the request began."""
    clocks = [await clock_of(db.primary, customer) for customer in keys]
    return [clock.at if clock else began for clock in clocks]


class BatchedReads:
    """A read for each loader; keys carry their owner, so that nothing is read across customers."""

    def __init__(self, db: Database, times: Loader[CustomerId, datetime]) -> None:
        self._db, self._times = db, times

    def named(self, name: str) -> Callable[[list[Any]], Awaitable[Sequence[Any]]]:
        """What the loader of that name reads with."""
        read: Callable[[list[Any]], Awaitable[Sequence[Any]]] = getattr(self, f"_{name}")
        return read

    async def _found(self, read: _Read[Owner, Id, Found], keys: Sequence[tuple[Owner, Id]]) -> dict[Id, Found]:
        """What there is of each owner, a statement for each."""
        found: dict[Id, Found] = {}
        for owner, ids in by_owner(keys).items():
            found |= await read(self._db.primary, owner, ids)
        return found

    async def _lines(self, keys: list[tuple[CustomerId, InvoiceId]]) -> list[tuple[Line, ...]]:
        found = await self._found(lines_of, keys)
        return [found.get(id, ()) for _, id in keys]

    async def _listed_lines(self, keys: list[tuple[CustomerId, InvoiceId]]) -> list[Sequence[ListedLine]]:
        return await self._listed(keys, spans=False)

    async def _spanned_lines(self, keys: list[tuple[CustomerId, InvoiceId]]) -> list[Sequence[ListedLine]]:
        return await self._listed(keys, spans=True)

    async def _listed(self, keys: list[tuple[CustomerId, InvoiceId]], *, spans: bool) -> list[Sequence[ListedLine]]:
        found = await self._found(partial(listed_lines, spans=spans), keys)
        return [found[id] for _, id in keys]

    async def _invoices(self, keys: list[tuple[CustomerId, InvoiceId]]) -> list[Invoice | None]:
        found = await self._found(invoices_by_id, keys)
        return [found.get(id) for _, id in keys]

    async def _replacing(self, keys: list[tuple[CustomerId, InvoiceId]]) -> list[Replacing]:
        found = await self._found(replacing, keys)
        return [found[id] for _, id in keys]

    async def _taxes(self, keys: list[tuple[CustomerId, InvoiceId]]) -> list[tuple[TaxPart, ...]]:
        found = await self._found(taxes_of, keys)
        return [found[id] for _, id in keys]

    async def _discounts(self, keys: list[tuple[CustomerId, InvoiceId]]) -> list[tuple[Reduction, ...]]:
        found = await self._found(reductions_of, keys)
        return [found[id] for _, id in keys]

    async def _notes(self, keys: list[tuple[CustomerId, InvoiceId]]) -> list[list[CreditNote]]:
        found = await self._found(credit_notes_of, keys)
        return [found.get(id, []) for _, id in keys]

    async def _note_line_taxes(
        self, keys: list[tuple[CustomerId, CreditNoteId]]
    ) -> list[dict[int, tuple[TaxPart, ...]]]:
        found: dict[CreditNoteId, dict[int, tuple[TaxPart, ...]]] = {id: {} for _, id in keys}
        for owner, ids in by_owner(keys).items():
            for (id, position), parts in (await note_line_taxes_of(self._db.primary, owner, ids)).items():
                found[id][position] = parts
        return [found[id] for _, id in keys]

    async def _note_lines(self, keys: list[tuple[CustomerId, CreditNoteId]]) -> list[tuple[CreditNoteLine, ...]]:
        found = await self._found(note_lines_of, keys)
        return [found[id] for _, id in keys]

    async def _note_taxes(self, keys: list[tuple[CustomerId, CreditNoteId]]) -> list[tuple[TaxPart, ...]]:
        found = await self._found(note_taxes_of, keys)
        return [found[id] for _, id in keys]

    async def _payments(self, keys: list[tuple[CustomerId, InvoiceId]]) -> list[list[Payment]]:
        found = await self._found(payments_of_invoices, keys)
        return [found.get(id, []) for _, id in keys]

    async def _payment(self, keys: list[tuple[CustomerId, PaymentId]]) -> list[Payment]:
        return [await payment(self._db.primary, owner, id) for owner, id in keys]

    async def _refunds(self, keys: list[tuple[CustomerId, PaymentId]]) -> list[list[Refund]]:
        found = await self._found(refunds_of_payments, keys)
        return [found.get(id, []) for _, id in keys]

    async def _refundable(self, keys: list[tuple[CustomerId, Payment]]) -> list[Money]:
        found = await self._found(refundable_of, keys)
        return [found[each] for _, each in keys]

    async def _disputes(self, keys: list[tuple[CustomerId, PaymentId]]) -> list[list[Dispute]]:
        found = await self._found(disputes_of_payments, keys)
        return [found.get(id, []) for _, id in keys]

    async def _settled_by(self, keys: list[tuple[CustomerId, PaymentId]]) -> list[str | None]:
        found = await self._found(settling_events, keys)
        return [found.get(id) for _, id in keys]

    async def _evidence(self, keys: list[tuple[CustomerId, DisputeId]]) -> list[list[Kept]]:
        """A statement for each shard key."""
        groups: dict[int, list[tuple[CustomerId, DisputeId]]] = defaultdict(list)
        for owner, id in keys:
            groups[owner.shard].append((owner, id))
        found: dict[DisputeId, list[Kept]] = {}
        for shard, ids in groups.items():
            found |= await evidence_of_disputes(self._db.primary, shard, ids)
        return [found.get(id, []) for _, id in keys]

    async def _barred(self, keys: list[CustomerId]) -> list[frozenset[SubscriptionId]]:
        """By each customer's own time."""
        return [
            await barred_by_dispute(self._db.primary, customer, await self._times.load(customer)) for customer in keys
        ]

    async def _receipts(self, keys: list[tuple[CustomerId, PaymentId]]) -> list[Receipt | None]:
        found = await self._found(receipts_of, keys)
        return [found.get(id) for _, id in keys]

    async def _methods(self, keys: list[tuple[CustomerId, PaymentMethodId]]) -> list[PaymentMethod | None]:
        found: dict[PaymentMethodId, PaymentMethod] = {}
        for owner, ids in by_owner(keys).items():
            found |= {each.id: each for each in await payment_methods(self._db.primary, owner, ids)}
        return [found.get(id) for _, id in keys]

    async def _plans(self, keys: list[tuple[TenantId, PlanId]]) -> list[Plan]:
        found = await self._found(plans_by_id, keys)
        return [found[id] for _, id in keys]

    async def _prices(self, keys: list[tuple[TenantId, PriceId]]) -> list[Price]:
        found = await self._found(prices_by_id, keys)
        return [found[id] for _, id in keys]

    async def _offers(self, keys: list[tuple[TenantId, datetime]]) -> list[dict[PlanId, list[Price]]]:
        return [{plan.id: prices for plan, prices in await plans(self._db.primary, *key)} for key in keys]

    async def _features(self, keys: list[TenantId]) -> list[dict[str, Feature]]:
        return [await features(self._db.primary, tenant) for tenant in keys]

    async def _plan_versions(self, keys: list[tuple[TenantId, PlanId]]) -> list[list[PlanVersion]]:
        found = await self._found(plan_versions, keys)
        return [found.get(id, []) for _, id in keys]

    async def _plan_entitlements(self, keys: list[tuple[TenantId, PlanVersionId]]) -> list[tuple[PlanEntitlement, ...]]:
        found = await self._found(plan_entitlements, keys)
        return [found[id] for _, id in keys]

    async def _issuers(self, keys: list[TenantId]) -> list[dict[LegalEntityId, LegalEntity]]:
        return [{each.id: each for each in await legal_entities(self._db.primary, tenant)} for tenant in keys]

    async def _terms(self, keys: list[CustomerId]) -> list[BillingTerms]:
        return [await billing_terms(self._db.primary, customer) for customer in keys]

    async def _contracts(self, keys: list[CustomerId]) -> list[list[Contract]]:
        return [await contracts(self._db.primary, customer) for customer in keys]

    async def _blocks(self, keys: list[CustomerId]) -> list[DebtBlock | None]:
        """By each customer's own time."""
        return [await debt_block(self._db.primary, customer, await self._times.load(customer)) for customer in keys]

    async def _balances(self, keys: list[tuple[Currency, CustomerId]]) -> list[Balance]:
        found: dict[CustomerId, Balance] = {}
        for currency in {currency for currency, _ in keys}:
            for shard, uuids in by_shard(customer for other, customer in keys if other == currency).items():
                found |= await balances_of(self._db.primary, shard, uuids, currency)
        return [found[customer] for _, customer in keys]

    async def _cases(self, keys: list[CustomerId]) -> list[list[Case]]:
        return [await cases(self._db.primary, customer) for customer in keys]
