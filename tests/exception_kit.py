"""Money in doubt, and the two people that a decision about it takes."""

from collections.abc import Sequence
from datetime import timedelta

from domain.actor import Actor, Grant
from domain.fanout.exception_cases import Wanted, exception_cases
from domain.ids import ExceptionCaseId, PaymentId, RefundId
from domain.money import Money
from domain.payments.attempt import QUERY_AFTER
from domain.payments.claim_exception import ClaimException, claim_exception
from domain.payments.exception_case import ExceptionCase, Resolution
from domain.payments.gateway import Captured
from domain.payments.payment import Payment
from domain.payments.resolve_exception import ResolveException, resolve_exception
from domain.payments.settle_refund import RefundNews, SettleRefund, settle_refund
from domain.perform import perform
from domain.reactions.work import do_now
from domain.refusals import Refused
from tests.domain.payments.conftest import SideDoor
from tests.interruptions import ahead
from tests.lives import attempts_at, buyer, by_house, day, give_back, invoices_of, start, until
from tests.world import ACCOUNT, EUR, Someone, World, fresh

MINUTE = timedelta(minutes=1)
SILENT = "error_before"  # how the provider keeps silent


async def lost(world: World, provider: SideDoor) -> tuple[Someone, Payment]:
    """A renewal of 10.00 EUR whose charge was not answered, nor any question about it."""
    ada = await buyer(world)
    await start(world, ada)
    await world.card(ada, "tok_error_after")
    await provider.behave(world, ada, operations=["query", "void"], fault=SILENT)
    await until(world, ada, day(2, 2))
    await asked_in_vain(world, ada)
    return ada, await newest(world, ada)


async def named(world: World, provider: SideDoor, of: Someone, known: Payment) -> str:
    """What the provider calls the payment, now that it answers again."""
    await provider.behave(world, of, operations=["query", "void"])
    found = await world.house.gateway(ACCOUNT).find_charge(str(known.id), known.amount)
    assert isinstance(found, Captured)
    return found.provider_ref


async def newest(world: World, of: Someone) -> Payment:
    """The last attempt at the last invoice."""
    return (await attempts_at(world, of, (await invoices_of(world, of))[-1].id))[-1]


def finance(world: World, name: str = "fin") -> Actor:
    """Who decides."""
    return world.staff(Grant.FINANCE, name)


async def asked_in_vain(world: World, of: Someone) -> timedelta:
    """All the days in which the provider is asked; returns how long that took."""
    passed = timedelta(0)
    for wait in (*QUERY_AFTER, QUERY_AFTER[-1]):
        passed += wait + MINUTE
        await do_now(ahead(world.house, passed), of.id)
    return passed


async def waiting(world: World, of: Someone) -> list[ExceptionCase]:
    """The customer's cases that wait for somebody, the oldest first."""
    found = await exception_cases(world.house.db.primary, world.tenant.tenant, Wanted(), 1000)
    return [each for each in found if each.customer == of.id]


async def over(world: World, of: Someone) -> list[Resolution | None]:
    """What became of the customer's other cases, the oldest first."""
    found = await exception_cases(world.house.db.primary, world.tenant.tenant, Wanted(state="resolved"), 1000)
    return [each.resolution for each in found if each.customer == of.id]


async def claim(world: World, of: Someone, id: ExceptionCaseId, name: str = "sue") -> str:
    """Support looks into it; ``done``, or the code of the refusal."""
    return await tried(world, of, ClaimException(id), world.staff(Grant.SUPPORT, name))


async def resolve(
    world: World, of: Someone, id: ExceptionCaseId, resolution: Resolution, reference: str | None = None,
    actor: Actor | None = None,
) -> str:  # fmt: skip
    """Finance decides, and what follows is done; ``done``, or the code of the refusal."""
    command = ResolveException(id, resolution, "I looked it up.", reference)
    return await tried(world, of, command, actor or finance(world))


async def tried(
    world: World, of: Someone, command: ClaimException | ResolveException, actor: Actor, key: str | None = None
) -> str:
    """``done``, or the code of the refusal that waiting does not change."""
    while True:
        try:
            if isinstance(command, ClaimException):
                await perform(world.house.db, claim_exception, actor, of.id, command, key or fresh("claim"))
            else:
                await perform(world.house.db, resolve_exception, actor, of.id, command, key or fresh("resolve"))
        except Refused as refused:
            if refused.retryable:
                continue
            return refused.code.value
        await do_now(world.house, of.id)
        return "done"


async def decided(
    world: World, of: Someone, resolution: Resolution, reference: str | None = None
) -> tuple[ExceptionCase, str]:
    """One person claims the customer's only open case, and another decides."""
    (case,) = await waiting(world, of)
    assert await claim(world, of, case.id) == "done"
    return case, await resolve(world, of, case.id, resolution, reference)


async def failed_refunds(world: World, of: Someone, payment: PaymentId, amounts: Sequence[int]) -> list[ExceptionCase]:
    """Refunds that are under way at once, of which the provider makes none, and the case of each."""
    for minor in amounts:
        await give_back(world, of, payment, Money(minor, EUR), follow=False)
    rows = await world.house.db.primary.fetch(
        "SELECT id FROM refund WHERE shard_key = $1 AND customer_id = $2 AND state = 'requested' ORDER BY id",
        of.id.shard,
        of.id.uuid,
    )
    for row in rows:
        told = SettleRefund(RefundId(of.id.shard, row["id"]), RefundNews.FAILED, None, "account_closed")
        await by_house(world, of, settle_refund, told, follow=False)
    await do_now(world.house, of.id)
    return await waiting(world, of)
