"""Staff signs, renews and cancels contracts."""

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.contracts import Contract, contract_of
from api.graph.money import Money, MoneyInput, amount_of
from api.graph.outcome import OperationInfo, performed
from api.graph.refusal import CancelContractError, CreateContractError, as_error
from api.graph.staff_calls import by_staff
from api.graph.texts import NOTE, id_of, text
from api.scalars import GlobalId, IdempotencyKey
from domain.ids import ContractId, CustomerId, PriceId
from domain.invoices.sign_contract import SignContract, sign_contract
from domain.payments import cancel_contract as domain
from domain.refusals import Refused


@strawberry.input(description="Agrees with a customer on a price for a term; its terms become the customer's.")
class CreateContractInput:
    """Input of createContract."""

    customer_id: GlobalId = strawberry.field(description="The customer.")
    price_id: GlobalId = strawberry.field(description="The negotiated price, private or not.")
    commitment: MoneyInput = strawberry.field(description="Before tax, for the whole term; 0: none.")
    starts_at: datetime | None = strawberry.field(
        default=None, description="When the term begins; left out: where the contract ends that it renews."
    )
    ends_at: datetime = strawberry.field(description="When it ends.")
    renews_contract_id: GlobalId | None = strawberry.field(
        default=None, description="The contract that it follows without a gap; its terms hold from then on."
    )
    net_days: int = strawberry.field(
        default=0, description="The days to pay from the day on which its term begins, 1 to 120; 0: charged at once."
    )
    purchase_order: str | None = strawberry.field(default=None, description="What invoices name from then on.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The contract.")
class CreateContractPayload:
    """Payload of createContract."""

    contract: Contract | None = strawberry.field(description="The contract.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[CreateContractError] = strawberry.field(description=ERRORS)


async def create_contract(info: Info, input: CreateContractInput) -> CreateContractPayload:
    """For finance."""

    def command() -> SignContract:
        price, amount = id_of(PriceId.parse, input.price_id, "priceId"), amount_of(input.commitment, "commitment")
        before = input.renews_contract_id
        renews = id_of(ContractId.parse, before, "renewsContractId") if before else None
        return SignContract(
            price, amount, input.starts_at, input.ends_at, input.net_days, input.purchase_order, renews
        )  # fmt: skip

    try:
        done = await by_staff(info, sign_contract, input.customer_id, command, input.idempotency_key)
    except Refused as refused:
        return CreateContractPayload(contract=None, operation=None, errors=[as_error(refused)])
    signed = await contract_of(info, done.customer, done.outcome.contract)
    return CreateContractPayload(contract=signed, operation=done.operation, errors=[])


@strawberry.enum(description="What is owed of the commitment of a contract that is cancelled.")
class CommitmentOwed(Enum):
    """All or a part."""

    FULL = strawberry.enum_value("full", description="All of it.")
    PRO_RATA = strawberry.enum_value("pro_rata", description="Its part for the time that the contract has run.")


Owed = Annotated[CommitmentOwed, strawberry.argument(description="What is owed of the commitment.")]


@strawberry.input(description="Ends a contract before its term is over.")
class CancelContractInput:
    """Input of cancelContract."""

    customer_id: GlobalId = strawberry.field(description="Whose contract it is.")
    contract_id: GlobalId = strawberry.field(description="The contract.")
    owed: CommitmentOwed = strawberry.field(description="What is owed of the commitment.")
    reason: str = strawberry.field(description="Why; it stands in the audit trail.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The contract, which has ended.")
class CancelContractPayload:
    """Payload of cancelContract."""

    contract: Contract | None = strawberry.field(description="The contract, with its true-up.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[CancelContractError] = strawberry.field(description=ERRORS)


async def cancel(info: Info, input: CancelContractInput) -> CancelContractPayload:
    """For finance."""

    def command() -> domain.CancelContract:
        return _cancel(input.contract_id, input.owed, input.reason)

    try:
        done = await by_staff(info, domain.cancel_contract, input.customer_id, command, input.idempotency_key)
    except Refused as refused:
        return CancelContractPayload(contract=None, operation=None, errors=[as_error(refused)])
    ended = await contract_of(info, done.customer, done.outcome.contract)
    return CancelContractPayload(contract=ended, operation=done.operation, errors=[])


def _cancel(id: GlobalId, owed: CommitmentOwed, reason: str) -> domain.CancelContract:
    known = id_of(ContractId.parse, id, "contractId")
    return domain.CancelContract(known, domain.Owed(owed.value), text(NOTE, reason, "reason"))


@strawberry.type(description="What cancelContract would do now.")
class ContractCancellation:
    """A preview of a cancellation."""

    ends_at: datetime = strawberry.field(description="When it would end.")
    committed: Money = strawberry.field(description="What would be owed of the commitment, before tax.")
    true_up: Money = strawberry.field(description="What of that would be billed now, with tax; 0: all was billed.")


async def cancel_contract_preview(
    info: Info, customer: CustomerId, contract_id: GlobalId, owed: CommitmentOwed
) -> ContractCancellation:
    """The true-up by the very steps that bill it; nothing is kept, so any key and reason serve."""
    command = _cancel(contract_id, owed, "A look at it")
    done = (await performed(info, domain.cancel_contract, customer, command, "preview", preview=True)).outcome
    return ContractCancellation(
        ends_at=done.canceled_at, committed=Money.of(done.committed), true_up=Money.of(done.total)
    )
