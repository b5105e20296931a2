"""Families and debtors in tests."""

from datetime import datetime, timedelta
from typing import Any

from domain.actor import Grant
from domain.customers.set_parent import SetParent, set_parent
from domain.ids import InvoiceId
from domain.invoices.billing_terms import SetBillingTerms, set_billing_terms
from domain.money import Money
from domain.payments.debt import DebtBlock, debt_block
from domain.payments.debt_policy import (
    DebtPolicy,
    DebtScope,
    SetCustomerDebtPolicy,
    SetDebtPolicy,
    set_customer_debt_policy,
    set_debt_policy,
)
from domain.perform import perform
from domain.subscriptions.pause import PauseSubscription, pause_subscription
from tests.domain.invoices.bills import SETUP, draft, issue
from tests.lives import buyer, by_finance, day, start, until
from tests.world import Someone, World, fresh

WAIT = timedelta(days=14)
BLOCKS = DebtPolicy(14)
# What is wrong with input that would do otherwise, the refusal, and the part it is about.
WRONG: list[tuple[str, dict[str, Any], str, list[str]]] = [
    ("setParentCustomer", {"parentCustomerId": "customer_" + "0" * 32}, "NOT_FOUND", ["parentCustomerId"]),
    ("setParentCustomer", {"parentCustomerId": "nonsense"}, "NOT_FOUND", ["parentCustomerId"]),
    ("setParentCustomer", {"parentCustomerId": None}, "STATE_CONFLICT", ["parentCustomerId"]),
    ("setParentCustomer", {"customerId": "customer_" + "0" * 32}, "NOT_FOUND", ["customerId"]),
    *(
        (name, {"policy": {"days": days}}, "INVALID_INPUT", ["policy", "days"])
        for name in ("setDebtPolicy", "setCustomerDebtPolicy")
        for days in (-1, 366, 2**31 - 1)
    ),
    *(
        (
            name,
            {"policy": {"tolerated": [{"minorUnits": minor, "currency": "EUR"}]}},
            "INVALID_AMOUNT",
            ["policy", "tolerated"],
        )
        for name in ("setDebtPolicy", "setCustomerDebtPolicy")
        for minor in ("-1", str(10**15 + 1))
    ),
    (
        "setDebtPolicy",
        {"policy": {"tolerated": [{"minorUnits": "1", "currency": "EUR"}] * 2}},
        "INVALID_INPUT",
        ["policy", "tolerated"],
    ),
    ("setCustomerDebtPolicy", {"followTenant": True}, "INVALID_INPUT", ["policy"]),
    ("setCustomerDebtPolicy", {"customerId": "customer_" + "0" * 32}, "NOT_FOUND", ["customerId"]),
]


async def put_under(world: World, child: Someone, parent: Someone | None, key: str | None = None) -> None:
    """Finance puts the customer under a parent, or under none."""
    command, actor = SetParent(parent.id if parent else None), world.staff(Grant.FINANCE)
    await perform(world.house.db, set_parent, actor, child.id, command, key or fresh("family"))


async def own_policy(world: World, of: Someone, policy: DebtPolicy | None) -> None:
    """Finance gives the customer rules of its own, or takes them away."""
    await by_finance(world, of, set_customer_debt_policy, SetCustomerDebtPolicy(policy))


async def tenant_policy(world: World, policy: DebtPolicy) -> None:
    """The tenant's rules from now on."""
    home = world.tenant.live_house
    await perform(world.house.db, set_debt_policy, world.house.actor, home, SetDebtPolicy(policy), fresh("policy"))


def blocks_by(scope: DebtScope, *tolerated: Money) -> DebtPolicy:
    """After 14 days."""
    return DebtPolicy(14, scope, tolerated)


async def billed(world: World, of: Someone, days: int = 10) -> InvoiceId:
    """An invoice of 100.00 EUR that the customer has so many days to pay."""
    await by_finance(world, of, set_billing_terms, SetBillingTerms(days, None))
    id = await draft(world, of, SETUP)
    await issue(world, of, id)
    return id


async def debtor(
    world: World, policy: DebtPolicy | None = BLOCKS, token: str = "tok_visa"
) -> tuple[Someone, InvoiceId]:
    """A customer with rules of its own that owes 100.00 EUR from January 11 on: blocked from the 25th."""
    ada = await buyer(world, token)
    if policy:
        await own_policy(world, ada, policy)
    return ada, await billed(world, ada)


async def deep_in_debt(world: World, of: Someone) -> dict[str, str]:
    """Owes for longer than it may; has a subscription, and one that sleeps beyond what was paid for."""
    own, sleeper = await start(world, of), await start(world, of, "team")
    await world.do(of, pause_subscription, PauseSubscription(sleeper.subscription, None))
    await until(world, of, day(2, 2))
    await own_policy(world, of, DebtPolicy(0))
    await billed(world, of, 1)
    await until(world, of, day(2, 19))  # as long as the law of its country keeps its access
    return {"blocked": str(own.subscription), "blocked sleeper": str(sleeper.subscription)}


async def block(world: World, of: Someone, at: datetime) -> DebtBlock | None:
    """What blocks the customer at the instant."""
    return await debt_block(world.house.db.primary, of.id, at)
