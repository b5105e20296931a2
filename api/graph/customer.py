"""The customer as the portal and the staff see it."""

from datetime import datetime
from typing import ClassVar

import strawberry

from api.connection import HistoryConnection
from api.graph import pages
from api.graph.arguments import After, At, AtLeast, First, From, Id, Key, MaybeAt, To
from api.graph.balance import Balance
from api.graph.context import Info
from api.graph.contracts import Contract, contract_of, contracts_of
from api.graph.credit_notes import CreditNote
from api.graph.customer_bills import CustomerBills
from api.graph.customer_past import CustomerPast
from api.graph.customer_previews import CustomerPreviews
from api.graph.data_exports import DataExport, exports_of
from api.graph.entitlements import Entitlement, entitlements_of
from api.graph.erasures import Erasure, newest
from api.graph.family import CustomerFamily
from api.graph.lost_answers import OperationInspection, PerformedOperation, inspection_of, operation_of
from api.graph.method_order import in_order
from api.graph.node import Node
from api.graph.notices import Notice
from api.graph.payment_route import route_of
from api.graph.payments import Payment, PaymentMethod
from api.graph.redemptions import CouponRedemption, redemptions_of
from api.graph.tax_exemptions import TaxExemption, exemptions_of
from api.graph.tax_ids import TaxId, tax_ids_of
from api.graph.time_travel import TO_COME, no_later_than_now
from api.lazily import Lazily, made_of
from api.loaded import to_come
from api.scalars import CurrencyCode, GlobalId, Int64
from domain.customers import customer as customers
from domain.ids import ContractId, CustomerId, PaymentId
from domain.ledger import balance as balances
from domain.ledger.statement import Span
from domain.payments.method import payment_methods
from domain.payments.payment import payment
from domain.refusals import RefusalCode, Refused
from domain.timeline.news import standing


@strawberry.type(description="The name and address a customer is billed under.")
class BillingPerson:
    """Personal data of a customer."""

    name: str = strawberry.field(description="The name on invoices.")
    email: str = strawberry.field(description="Where documents are sent.")
    address: str = strawberry.field(description="The address on invoices.")
    country: str = strawberry.field(description="The ISO 3166 code.")
    region: str = strawberry.field(description="The state or province, as ISO 3166-2 has it; or nothing.")


@strawberry.type(description="The test clock of a sandbox customer.")
class TestClock:
    """Where it stands and where it goes."""

    at: datetime = strawberry.field(description="The customer's business time.")
    target: datetime = strawberry.field(description="Where it is going; equal to at when it has arrived.")


@strawberry.type(description="A customer: whom a legal entity bills.")
class Customer(CustomerBills, CustomerPast, CustomerPreviews, CustomerFamily, Node, Lazily):
    """A customer; every field reads within its tenant and its own rows."""

    later: ClassVar = {
        "source": lambda customer: customer,
        "id": lambda customer: GlobalId(str(customer.id)),
        "reference": lambda customer: customer.reference,
        "currency": lambda customer: CurrencyCode(customer.currency.code),
        "time_zone": lambda customer: customer.time_zone,
        "locale": lambda customer: customer.locale,
    }

    reference: str = strawberry.field(description="The tenant's own name for the customer.")
    currency: CurrencyCode = strawberry.field(description="The currency it is billed in.")
    time_zone: str = strawberry.field(description="The zone whose calendar its billing days follow.")
    locale: str = strawberry.field(description="The language of its documents.")

    @classmethod
    def of(cls, customer: customers.Customer) -> "Customer":
        """The domain's customer."""
        return made_of(cls, customer)

    @strawberry.field(description="Who is billed; null once that was erased.")
    async def billing_person(self, info: Info) -> BillingPerson | None:
        """The billing person."""
        person = await customers.billing_person(info.context.db.primary, self.source.tenant, self.source.id)
        return BillingPerson(**{name: getattr(person, name) for name in _PERSON}) if person else None

    @strawberry.field(description="The newest request to erase it; null: there was none.")
    async def erasure(self, info: Info) -> Erasure | None:
        """The request, and how far it is."""
        return await newest(info.context.db.primary, self.source.id)

    @strawberry.field(description="The balance now, strongly consistent.")
    def balance(self, info: Info) -> Balance:
        """The balance."""
        read = info.context.read_of(self.source.id)
        return Balance.of(read.balance, read.at) if read else to_come(self._balance(info))

    async def _balance(self, info: Info) -> Balance:
        db = info.context.db
        at = db.clock.now()  # before the read: nothing up to this instant is missing
        return Balance.of(await balances.balance(db.primary, self.source.id, self.source.currency), at)

    @strawberry.field(description="Counts what was done about it; while it is the same, nothing was.")
    async def version(self, info: Info) -> Int64:
        """How many operations there were."""
        return Int64((await standing(info.context.db.primary, self.source.id)).operations)

    @strawberry.field(description=f"The balance as it was at an instant, from the postings up to it. {TO_COME}")
    async def balance_as_of(self, info: Info, at: At) -> Balance:
        """The balance then."""
        at = no_later_than_now(info, self.source, at)
        found = await balances.balance_as_of(info.context.db.primary, self.source.id, self.source.currency, at)
        return Balance.of(found, at)

    @strawberry.field(description="Files with everything that is known about it, newest first; at most 10.")
    async def data_exports(self, info: Info) -> list[DataExport]:
        """The exports."""
        return await exports_of(info, self.source.id)

    @strawberry.field(description="The stored payment methods, oldest first.")
    async def payment_methods(self, info: Info) -> list[PaymentMethod]:
        """The methods in use."""
        return [PaymentMethod.of(each) for each in await payment_methods(info.context.db.primary, self.source.id)]

    @strawberry.field(description="The provider and account whose own form makes the token of a new payment method.")
    async def payment_method_account(self, info: Info) -> str | None:
        """Such as stripe/main."""
        return await route_of(info, self.source.id)

    @strawberry.field(description="The stored payment methods in the order they are tried: the default one first.")
    async def payment_methods_in_order(self, info: Info) -> list[PaymentMethod]:
        """The default method and its backups."""
        return await in_order(info, self.source.id)

    @strawberry.field(description="The method that is charged.")
    async def default_payment_method(self, info: Info) -> PaymentMethod | None:
        """The default method."""
        if self.source.default_method is None:
            return None
        found = await info.context.loaders.methods.load((self.source.id, self.source.default_method))
        return PaymentMethod.of(found) if found else None

    @strawberry.field(
        description="What it may use at an instant, by feature: derived, never stored. An instant to come is answered"
        " as if nothing happened until then."
    )
    async def entitlements(self, info: Info, at: MaybeAt = None) -> list[Entitlement]:
        """What the customer may use."""
        return await entitlements_of(info, self.source, at)

    @strawberry.field(description="Its tax ids, oldest first.")
    async def tax_ids(self, info: Info) -> list[TaxId]:
        """The tax ids."""
        return await tax_ids_of(info, self.source.id)

    @strawberry.field(description="The certificates that free it from tax, by their begin, ended ones too.")
    async def tax_exemptions(self, info: Info) -> list[TaxExemption]:
        """The certificates."""
        return await exemptions_of(info, self.source.id)

    @strawberry.field(description="The coupons it has redeemed, newest first.")
    async def coupon_redemptions(self, info: Info) -> list[CouponRedemption]:
        """The redemptions."""
        return await redemptions_of(info, self.source.id)

    @strawberry.field(description="What was agreed with it on prices and commitments, the newest first.")
    async def contracts(self, info: Info) -> list[Contract]:
        """The contracts."""
        return await contracts_of(info, self.source.id)

    @strawberry.field(description="One of its contracts.")
    async def contract(self, info: Info, id: Id) -> Contract | None:
        """The contract of that id."""
        return await contract_of(info, self.source.id, ContractId.parse(id))

    @strawberry.field(description="One of its payments, as it stands on the primary.")
    async def payment(self, info: Info, id: Id) -> Payment | None:
        """The payment of that id."""
        return Payment.of(await payment(info.context.db.primary, self.source.id, PaymentId.parse(id)))

    @strawberry.field(description="Its credit notes, newest first, from the replica; null where that is away.")
    async def credit_notes(
        self, info: Info, first: First, after: After = None, at_least: AtLeast = None
    ) -> HistoryConnection[CreditNote] | None:
        """A page of history."""
        return await pages.credit_note_page(info, self.source.id, first, after, at_least)

    @strawberry.field(description="Its payments, newest first, from the replica; null where that is away.")
    async def payments(
        self, info: Info, first: First, after: After = None, at_least: AtLeast = None
    ) -> HistoryConnection[Payment] | None:
        """A page of history."""
        return await pages.payment_page(info, self.source.id, first, after, at_least)

    @strawberry.field(
        description="What it was told by e-mail, newest first, from the replica; null where that is away."
    )
    async def notices(
        self, info: Info, first: First, after: After = None, at_least: AtLeast = None
    ) -> HistoryConnection[Notice] | None:
        """A page of history."""
        return await pages.notice_page(info, self.source.id, first, after, at_least, Notice.of)

    @strawberry.field(
        description="Its statement: every posting, newest first, with the balance after it; from the replica."
    )
    async def statement(
        self,
        info: Info,
        first: First,
        after: After = None,
        at_least: AtLeast = None,
        since: From = None,
        until: To = None,
    ) -> HistoryConnection[pages.StatementEntry] | None:
        """A page of history."""
        return await pages.statement_page(info, self.source, Span(since, until), first, after, at_least)

    @strawberry.field(description="The test clock; null for a customer that lives in real time.")
    async def test_clock(self) -> TestClock | None:
        """The clock."""
        at = self.source.clock_at
        return TestClock(at=at, target=self.source.clock_target or at) if at else None

    @strawberry.field(
        description="What was performed under a key of this caller; null: nothing is. Sending the call again is safe."
    )
    async def operation(self, info: Info, idempotency_key: Key) -> PerformedOperation | None:
        """The operation of that key."""
        return await operation_of(info, self.source.id, idempotency_key)

    @strawberry.field(description="What became of a call of this caller: in progress, done, unknown or not performed.")
    async def inspection(self, info: Info, idempotency_key: Key) -> OperationInspection:
        """What became of that key."""
        return await inspection_of(info, self.source.id, info.context.actor.scope, idempotency_key)


async def find_customer(info: Info, id: CustomerId) -> Customer:
    """The tenant's customer of that id, else NOT_FOUND."""
    known = known_customer(info, id)
    return known or Customer.of(await customers.customer(info.context.db.primary, info.context.tenant, id))


def known_customer(info: Info, id: CustomerId) -> Customer | None:
    """The same where it was read when the caller was looked up; None where it has to be read."""
    read = info.context.read_of(id)
    return Customer.of(read.customer) if read else None


async def find_by_name(info: Info, reference: str) -> Customer:
    """The tenant's customer of that reference, else NOT_FOUND."""
    found = await customers.find_by_reference(info.context.db.primary, info.context.tenant, reference)
    if found is None:
        raise Refused(RefusalCode.NOT_FOUND, "There is no such customer.")
    return await find_customer(info, found)


_PERSON = ("name", "email", "address", "country", "region")
