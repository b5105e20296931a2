"""Contracts as customers and staff see them."""

from datetime import datetime
from enum import Enum

import strawberry

from api.graph.catalog import Price
from api.graph.context import Info
from api.graph.invoices import Invoice, issued_or_none
from api.graph.money import Money
from api.scalars import GlobalId
from domain.ids import ContractId, CustomerId
from domain.invoices import contract as contracts
from domain.money import Money as Amount
from domain.refusals import RefusalCode, Refused


@strawberry.enum(description="Where a contract stands. More values may come.")
class ContractState(Enum):
    """The states of the contract machine."""

    ACTIVE = strawberry.enum_value("active", description="Its term runs or is to come.")
    ENDING = strawberry.enum_value("ending", description="Its term ends within a month, and it is not renewed.")
    ENDED = strawberry.enum_value("ended", description="Its term is over.")
    CANCELED = strawberry.enum_value("canceled", description="It was cancelled before the end of its term.")


@strawberry.type(description="A negotiated price for a term, and what is committed to for it.")
class Contract:
    """A contract."""

    source: strawberry.Private[contracts.Contract]
    id: GlobalId = strawberry.field(description="The contract.")
    state: ContractState = strawberry.field(description="Where it stands.")
    price_id: GlobalId = strawberry.field(description="The negotiated price.")
    commitment: Money = strawberry.field(description="Before tax, for the whole term; what is billed less is billed.")
    billed: Money = strawberry.field(
        description="What was billed toward the commitment so far: for periods that began in the term, before tax, "
        "less what was given back."
    )
    starts_at: datetime = strawberry.field(description="When the term begins.")
    ends_at: datetime = strawberry.field(description="When it ends; this instant is not part of it.")
    net_days: int = strawberry.field(description="The days to pay.")
    purchase_order: str | None = strawberry.field(description="What its invoices name.")
    active: bool = strawberry.field(description="Whether its term is not over.")
    canceled_at: datetime | None = strawberry.field(description="When it was cancelled.")
    renews_id: GlobalId | None = strawberry.field(description="The contract that it follows.")

    @classmethod
    def of(cls, signed: contracts.Contract, billed: Amount) -> "Contract":
        """The domain's contract, and what was billed toward it."""
        return cls(
            source=signed,
            id=GlobalId(str(signed.id)),
            state=ContractState(signed.state.name),
            price_id=GlobalId(str(signed.price)),
            commitment=Money.of(signed.commitment),
            billed=Money.of(billed),
            starts_at=signed.starts_at,
            ends_at=signed.ends_at,
            net_days=signed.net_days,
            purchase_order=signed.purchase_order,
            active=signed.is_living,
            canceled_at=signed.canceled_at,
            renews_id=GlobalId(str(signed.renews)) if signed.renews else None,
        )

    @strawberry.field(description="The negotiated price.")
    async def price(self, info: Info) -> Price:
        """The price."""
        return Price.of(await info.context.loaders.prices.load((info.context.tenant, self.source.price)))

    @strawberry.field(description="The invoice of what was committed to and not billed, where there was any.")
    async def true_up(self, info: Info) -> Invoice | None:
        """The true-up."""
        return await issued_or_none(info, self.source.customer, self.source.true_up)


async def contracts_of(info: Info, of: CustomerId) -> list[Contract]:
    """The customer's contracts, the newest first."""
    db = info.context.db.primary
    billed = await contracts.billed_toward(db, of)
    return [Contract.of(each, billed[each.id]) for each in await contracts.contracts(db, of) if each.id in billed]


async def contract_of(info: Info, of: CustomerId, id: ContractId) -> Contract:
    """The customer's contract of that id, else NOT_FOUND."""
    for each in await contracts_of(info, of):
        if each.source.id == id:
            return each
    raise Refused(RefusalCode.NOT_FOUND, "There is no such contract.", ("contractId",))
