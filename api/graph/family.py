"""Families of customers: what a parent sees of its children, and how staff put a customer under another one."""

from datetime import datetime
from typing import Final
from uuid import UUID

import strawberry

from api.connection import Connection, Keyset
from api.graph.arguments import ERRORS, MINTED, OPERATION, After, CustomerArgument, First, MaybeAt
from api.graph.balance import Balance
from api.graph.context import Info
from api.graph.customer_bills import CustomerBills
from api.graph.debt import CustomerDebtPolicy, DebtBlock, DebtPolicy, block_of
from api.graph.money import Money
from api.graph.outcome import OperationInfo
from api.graph.refusal import SetParentCustomerError, as_error
from api.graph.staff_calls import by_staff
from api.graph.texts import id_of
from api.scalars import CurrencyCode, GlobalId, IdempotencyKey
from domain.customers import customer as customers
from domain.customers import family
from domain.customers.set_parent import SetParent, set_parent
from domain.ids import CustomerId
from domain.payments.debt_policy import debt_rules
from domain.refusals import Refused

_LIST: Final = "children"  # the name of the list in its cursors


@strawberry.type(description="A child of a customer, as its parent sees it: what it owes and has, for reading only.")
class ChildCustomer(CustomerBills):
    """A child; nothing of it can be changed from here, and its own children are not shown."""

    id: GlobalId = strawberry.field(description="The customer's id.")
    reference: str = strawberry.field(description="The tenant's own name for the customer.")
    currency: CurrencyCode = strawberry.field(description="The currency it is billed in, which is its parent's.")

    @classmethod
    def of(cls, child: customers.Customer) -> "ChildCustomer":
        """The domain's customer."""
        id, currency = GlobalId(str(child.id)), CurrencyCode(str(child.currency))
        return cls(source=child, id=id, reference=child.reference, currency=currency)

    @strawberry.field(description="Its balance now, strongly consistent.")
    async def balance(self, info: Info) -> Balance:
        """The balance; those of a page are read together."""
        at = info.context.db.clock.now()  # before the read: nothing up to this instant is missing
        found = await info.context.loaders.balances.load((self.source.currency, self.source.id))
        return Balance.of(found, at)

    @strawberry.field(description="The overdue debt that blocks what it may use now; null: none does.")
    async def blocked_by_debt(self, info: Info) -> DebtBlock | None:
        """The block."""
        return await block_of(info, self.source.id, None)


@strawberry.type(description="What a customer and its children owe and have in credit together, in one currency.")
class FamilyBalance:
    """A sum of balances; each is exact at the instant at which its shard key was read, on the primary."""

    receivable: Money = strawberry.field(description="What is due on open invoices.")
    credit: Money = strawberry.field(description="What the next invoices of each use up first; it is not shared.")
    customers: int = strawberry.field(description="How many customers are in it: this one and its children.")
    as_of: datetime = strawberry.field(description="Nothing that was committed up to this instant is missing.")


@strawberry.type(description="The fields of a customer that are about its family and its debt.")
class CustomerFamily:
    """A part of Customer."""

    source: strawberry.Private[customers.Customer]

    @strawberry.field(description="The customer it stands under; null: none.")
    async def parent_customer_id(self, info: Info) -> GlobalId | None:
        """The parent."""
        parent = await family.parent_of(info.context.db.primary, self.source.id)
        return GlobalId(str(parent)) if parent else None

    @strawberry.field(description="The customers that stand under it now, by id.")
    async def children(self, info: Info, first: First, after: After = None) -> Connection[ChildCustomer]:
        """A page of children; their rows are read by one statement a shard key."""
        db, own = info.context.db.primary, self.source.id
        keys = Keyset(_LIST, str, info.context.rooms.cursors)
        wanted = keys.slice(str(own), first, after)
        ids = await family.children(db, own, wanted.fetch, UUID(wanted.after) if wanted.after else None)
        found = await family.customers_by_id(db, info.context.tenant, ids)
        rows = [found[id] for id in ids if id in found]
        return keys.connection(
            wanted,
            rows,
            lambda row: str(row.id.uuid),
            ChildCustomer.of,
            lambda cap: family.count_children(db, own, cap),
        )

    @strawberry.field(description="One of the customers that stand under it now.")
    async def child(self, info: Info, id: CustomerArgument) -> ChildCustomer | None:
        """The child of that id; NOT_FOUND for who was one before, a child's child, and everybody else."""
        context = info.context
        wanted = CustomerId.parse(id)
        found = await family.child_of(context.db.primary, context.tenant, self.source.id, wanted)
        return ChildCustomer.of(found)

    @strawberry.field(
        description="What it and its children owe and have together, by currency; read on the primary, one statement "
        "for each shard key they stand under."
    )
    async def family_balance(self, info: Info) -> list[FamilyBalance]:
        """The sums; a family has one currency."""
        db, own = info.context.db, self.source
        at = db.clock.now()  # before the first read
        members = [own.id, *await family.children(db.primary, own.id)]
        found = await info.context.loaders.balances.load_many([(own.currency, each) for each in members])
        receivable, credit = found[0].receivable, found[0].credit
        for each in found[1:]:
            receivable, credit = receivable + each.receivable, credit + each.credit
        total = FamilyBalance(
            receivable=Money.of(receivable), credit=Money.of(credit), customers=len(members), as_of=at
        )  # fmt: skip
        return [total]

    @strawberry.field(
        description="The overdue debt that blocks what it may use at an instant; null: none does. An instant"
        " to come is answered as if nothing happened until then."
    )
    async def blocked_by_debt(self, info: Info, at: MaybeAt = None) -> DebtBlock | None:
        """The block."""
        return await block_of(info, self.source.id, at)

    @strawberry.field(description="From when on its overdue debt blocks.")
    async def debt_policy(self, info: Info) -> CustomerDebtPolicy | None:
        """The rules of now."""
        at = await info.context.loaders.times.load(self.source.id)
        rules = await debt_rules(info.context.db.primary, self.source.id, at)
        return CustomerDebtPolicy(policy=DebtPolicy.of(rules.policy), is_own=rules.is_own) if rules else None


@strawberry.input(description="Puts a customer under a parent, under another one, or under none.")
class SetParentCustomerInput:
    """Input of setParentCustomer."""

    customer_id: GlobalId = strawberry.field(description="The customer.")
    parent_customer_id: GlobalId | None = strawberry.field(
        default=None, description="Its parent, of the same legal entity and currency; left out: it stands alone."
    )
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="Whose child the customer is now.")
class SetParentCustomerPayload:
    """Payload of setParentCustomer."""

    parent_customer_id: GlobalId | None = strawberry.field(description="Its parent now; null: none.")
    former_parent_customer_id: GlobalId | None = strawberry.field(description="Its parent until now; null: none.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[SetParentCustomerError] = strawberry.field(description=ERRORS)


async def set_parent_customer(info: Info, input: SetParentCustomerInput) -> SetParentCustomerPayload:
    """For lead, finance and admins."""

    def command() -> SetParent:
        named = input.parent_customer_id
        return SetParent(None if named is None else id_of(CustomerId.parse, named, "parentCustomerId"))

    try:
        done = await by_staff(info, set_parent, input.customer_id, command, input.idempotency_key)
    except Refused as refused:
        return SetParentCustomerPayload(
            parent_customer_id=None, former_parent_customer_id=None, operation=None, errors=[as_error(refused)]
        )
    parent, before = done.outcome.parent, done.outcome.before
    return SetParentCustomerPayload(
        parent_customer_id=GlobalId(str(parent)) if parent else None,
        former_parent_customer_id=GlobalId(str(before)) if before else None,
        operation=done.operation,
        errors=[],
    )
