"""Overdue debt that blocks what a customer may use: why, since when, what to pay, and the rules that staff set."""

from datetime import datetime
from enum import Enum

import strawberry

from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.money import Money, MoneyInput, amount_of
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.refusal import SetCustomerDebtPolicyError, SetDebtPolicyError, as_error
from api.graph.staff_calls import by_staff
from api.graph.texts import refused
from api.scalars import GlobalId, IdempotencyKey
from domain.ids import CustomerId
from domain.payments import debt, debt_policy
from domain.refusals import Refused

_value = strawberry.enum_value


@strawberry.enum(description="Whether a customer may use what it has. More values may come; they mean no.")
class Access(Enum):
    """What comes of state and debt."""

    GRANTED = _value("granted", description="It may.")
    NOT_ENTITLED = _value("not_entitled", description="The state of what it has does not let it.")
    BLOCKED_BY_DEBT = _value("blocked_by_debt", description="It may as soon as overdue debt is paid.")

    @classmethod
    def of(cls, entitled: bool, blocked: debt.DebtBlock | None) -> "Access":
        """The state is looked at first: debt blocks what would be there without it."""
        if not entitled:
            return cls.NOT_ENTITLED
        return cls.GRANTED if blocked is None else cls.BLOCKED_BY_DEBT


@strawberry.enum(description="Whose debt counts.")
class DebtScope(Enum):
    """The domain's DebtScope."""

    OWN = _value("own", description="The customer's own.")
    PARENTS = _value("parents", description="Its own and that of the customers above it.")
    FAMILY = _value("family", description="That of the whole family: a child's blocks its parent and its siblings.")


@strawberry.type(description="An invoice that is overdue for longer than is borne with.")
class OverdueInvoice:
    """What to pay."""

    invoice_id: GlobalId = strawberry.field(description="The invoice.")
    number: str = strawberry.field(description="The number people see.")
    due: Money = strawberry.field(description="What is still due.")
    owed_since: datetime = strawberry.field(description="Since when it should have been paid.")

    @classmethod
    def of(cls, found: debt.Overdue) -> "OverdueInvoice":
        """The domain's overdue invoice."""
        return cls(
            invoice_id=GlobalId(str(found.invoice)),
            number=found.number,
            due=Money.of(found.due),
            owed_since=found.owed_since,
        )


@strawberry.type(description="Overdue debt that blocks a customer: derived, so it is gone with the payment.")
class DebtBlock:
    """Why, since when, and what to pay."""

    since: datetime = strawberry.field(description="Since when it blocks, by the rules that hold.")
    owed: Money = strawberry.field(description="What this customer has to pay; nothing where only others owe.")
    invoices: list[OverdueInvoice] = strawberry.field(description="This customer's invoices to pay, oldest first.")
    by_family: bool = strawberry.field(description="Whether others of its family have to pay too.")

    @classmethod
    def of(cls, block: debt.DebtBlock) -> "DebtBlock":
        """The domain's block."""
        return cls(
            since=block.since,
            owed=Money.of(block.owed),
            invoices=[OverdueInvoice.of(each) for each in block.invoices],
            by_family=block.by_family,
        )


@strawberry.type(description="From when on overdue debt blocks.")
class DebtPolicy:
    """Rules."""

    days: int | None = strawberry.field(description="After how many days overdue; null: it never blocks.")
    scope: DebtScope = strawberry.field(description="Whose debt counts.")
    tolerated: list[Money] = strawberry.field(
        description="What may be overdue all the same, by currency; nothing in a currency that is not named."
    )

    @classmethod
    def of(cls, rules: debt_policy.DebtPolicy) -> "DebtPolicy":
        """The domain's policy."""
        return cls(
            days=rules.days,
            scope=DebtScope(rules.scope.value),
            tolerated=[Money.of(each) for each in rules.tolerated],
        )


@strawberry.type(description="The rules that hold for one customer.")
class CustomerDebtPolicy:
    """Its tenant's, or its own."""

    policy: DebtPolicy = strawberry.field(description="The rules.")
    is_own: bool = strawberry.field(description="Whether they are the customer's own; else they are the tenant's.")


@strawberry.input(description="From when on overdue debt blocks.")
class DebtPolicyInput:
    """Rules that are set."""

    days: int = strawberry.field(
        default=debt_policy.DEFAULT_DAYS, description="After how many days overdue, 0 to 365; left out: 14."
    )
    scope: DebtScope = strawberry.field(default=DebtScope.OWN, description="Whose debt counts; left out: its own.")
    tolerated: list[MoneyInput] = strawberry.field(
        default_factory=list, description="What may be overdue all the same, each currency once."
    )


def _policy(given: DebtPolicyInput | None) -> debt_policy.DebtPolicy | None:
    if given is None:
        return None
    tolerated = tuple(amount_of(each, "policy", "tolerated") for each in given.tolerated)
    return debt_policy.DebtPolicy(given.days, debt_policy.DebtScope[given.scope.name], tolerated)


async def block_of(info: Info, source: CustomerId, at: datetime | None) -> DebtBlock | None:
    """The block at an instant, or now in the customer's own time."""
    loaders = info.context.loaders
    if at is None:
        found = await loaders.blocks.load(source)
    else:
        found = await debt.debt_block(info.context.db.primary, source, at)
    return DebtBlock.of(found) if found else None


@strawberry.input(description="Sets from when on overdue debt blocks the tenant's customers that have no own rules.")
class SetDebtPolicyInput:
    """Input of setDebtPolicy."""

    policy: DebtPolicyInput | None = strawberry.field(default=None, description="The rules; left out: none blocks.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The tenant's rules.")
class SetDebtPolicyPayload:
    """Payload of setDebtPolicy."""

    policy: DebtPolicy | None = strawberry.field(description="The rules that hold from now on.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[SetDebtPolicyError] = strawberry.field(description=ERRORS)


async def set_policy(info: Info, input: SetDebtPolicyInput) -> SetDebtPolicyPayload:
    """For admins."""
    try:
        home = info.context.staff_home()
        command = debt_policy.SetDebtPolicy(_policy(input.policy) or debt_policy.DebtPolicy())
        done = await performed(info, debt_policy.set_debt_policy, home, command, input.idempotency_key)
    except Refused as refusal:
        return SetDebtPolicyPayload(policy=None, operation=None, errors=[as_error(refusal)])
    operation, rules = await followed(info, done, home), done.outcome.policy
    return SetDebtPolicyPayload(policy=DebtPolicy.of(rules) if rules else None, operation=operation, errors=[])


@strawberry.input(description="Gives a customer rules of its own about debt that blocks, or takes them away.")
class SetCustomerDebtPolicyInput:
    """Input of setCustomerDebtPolicy."""

    customer_id: GlobalId = strawberry.field(description="The customer.")
    policy: DebtPolicyInput | None = strawberry.field(
        default=None, description="Its own rules; left out: its debt never blocks, or the tenant's rules hold."
    )
    follow_tenant: bool = strawberry.field(default=False, description="Whether the tenant's rules hold again.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="The customer's rules.")
class SetCustomerDebtPolicyPayload:
    """Payload of setCustomerDebtPolicy."""

    policy: DebtPolicy | None = strawberry.field(description="Its own rules; null: it follows the tenant's.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[SetCustomerDebtPolicyError] = strawberry.field(description=ERRORS)


async def set_customer_policy(info: Info, input: SetCustomerDebtPolicyInput) -> SetCustomerDebtPolicyPayload:
    """For lead, finance and admins."""

    def command() -> debt_policy.SetCustomerDebtPolicy:
        if input.follow_tenant:
            if input.policy is not None:
                raise refused("The tenant's rules or its own: not both.", "policy")
            return debt_policy.SetCustomerDebtPolicy(None)
        return debt_policy.SetCustomerDebtPolicy(_policy(input.policy) or debt_policy.DebtPolicy())

    try:
        done = await by_staff(
            info, debt_policy.set_customer_debt_policy, input.customer_id, command, input.idempotency_key
        )
    except Refused as refusal:
        return SetCustomerDebtPolicyPayload(policy=None, operation=None, errors=[as_error(refusal)])
    rules = done.outcome.policy
    return SetCustomerDebtPolicyPayload(
        policy=DebtPolicy.of(rules) if rules else None, operation=done.operation, errors=[]
    )
