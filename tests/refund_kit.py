"""Refunds that somebody asks for and another person decides on, in tests of the domain."""

from typing import TypeVar

from domain.actor import Actor, Grant
from domain.ids import PaymentId, RefundId
from domain.money import Money
from domain.operation import Operation
from domain.payments.payment import payment
from domain.payments.refund import Refund, refund
from domain.payments.request_refund import RequestRefund, request_refund
from domain.perform import perform
from domain.reactions.work import do_now
from domain.refusals import Refused
from tests.lives import buy, buyer, publish
from tests.world import EUR, Someone, World, fresh

MUCH, BEYOND = 50_000, 10_001  # BEYOND is a cent more than support gives back alone
Command = TypeVar("Command")
Outcome = TypeVar("Outcome")


async def paid(world: World, minor: int = MUCH, quantity: int = 1) -> tuple[Someone, PaymentId]:
    """A customer that has paid so much."""
    ada = await buyer(world)
    begun = await buy(world, ada, await publish(world, Money(minor // quantity, EUR)), quantity)
    assert begun.payment
    return ada, begun.payment


async def done(
    world: World, of: Someone, actor: Actor, operation: Operation[Command, Outcome], command: Command
) -> Outcome:
    """What a member of staff does, and all that follows from it."""
    outcome = (await perform(world.house.db, operation, actor, of.id, command, fresh("key"))).outcome
    await do_now(world.house, of.id)
    return outcome


async def asked(
    world: World, of: Someone, id: PaymentId, minor: int = BEYOND, role: Grant = Grant.SUPPORT, name: str = "sue"
) -> RefundId:
    """A refund that somebody asks for, whether it waits or not."""
    command = RequestRefund(id, Money(minor, EUR), "It did not work.")
    return (await done(world, of, world.staff(role, name), request_refund, command)).refund


async def answer(
    world: World, of: Someone, actor: Actor, operation: Operation[Command, Outcome], command: Command
) -> str:
    """``done``, or the code of the refusal."""
    while True:
        try:
            await done(world, of, actor, operation, command)
        except Refused as refused:
            if refused.retryable:
                continue
            return refused.code.value
        return "done"


async def now(world: World, of: Someone, id: RefundId) -> Refund:
    """The refund as it stands."""
    return await refund(world.house.db.primary, of.id, id)


async def left(world: World, of: Someone, id: PaymentId) -> int:
    """What of the payment can be given back."""
    return (await payment(world.house.db.primary, of.id, id)).refundable.minor


def lead(world: World, name: str = "lea") -> Actor:
    """Another person than the one who asks."""
    return world.staff(Grant.LEAD, name)
