"""What a provider calls by one name is one customer's, whatever the shard key, and what it is to us is found by it."""

import asyncio
from typing import Any, TypeVar
from uuid import UUID

import pytest

from domain.fanout.by_provider import disputes_of_reference, payments_of_reference, refunds_of_reference
from domain.ids import RefundId, TenantId
from domain.money import Money
from domain.operation import Operation
from domain.payments.dispute_calls import DisputeStatus
from domain.payments.method import StoreMethod, payment_methods, store_method
from domain.payments.payment import payment
from domain.payments.refund import refunds_of
from domain.payments.settle_dispute import SettleDispute, settle_dispute
from domain.payments.settle_payment import News, SettlePayment, settle_payment
from domain.payments.settle_refund import RefundNews, SettleRefund, settle_refund
from domain.refusals import RefusalCode, Refused
from tests.lives import buyer, by_house, give_back, start, wrong_rows
from tests.webhook_desk import Desk, made_up
from tests.world import ACCOUNT, EUR, Someone, World, fresh

C = TypeVar("C")
ANOTHER = TenantId(UUID(int=1))
"""Whoever it is that looks for what is not its own."""


async def held(world: World) -> tuple[Someone, SettlePayment]:
    """A customer whose first charge waits, and the news that it was captured, under a name that is nobody's yet."""
    ada = await buyer(world, "tok_3ds")
    begun = await start(world, ada)
    assert begun.payment is not None
    return ada, SettlePayment(
        begun.payment, News.CAPTURED, fresh("payment"), Money(1000, EUR), None, False, confirmed=True
    )


async def is_refused(world: World, of: Someone, operation: Operation[C, Any], command: C) -> bool:
    """Whether it is refused since another has the name."""
    with pytest.raises(Refused) as refused:
        await by_house(world, of, operation, command)
    return refused.value.code is RefusalCode.ALREADY_EXISTS


@pytest.mark.row("A7")
@pytest.mark.row("C10")
async def test_a_providers_name_has_one_effect_for_one_customer_and_leads_to_it(world: World, desk: Desk) -> None:
    (ada, hers), (bob, his) = await held(world), await held(world)
    while bob.id.shard == ada.id.shard:  # one of 64 comes to lie under the same key
        bob, his = await held(world)
    db, tenant = world.house.db.primary, world.tenant.tenant
    object_of = (await payment(db, bob.id, his.payment)).provider_ref
    assert object_of is not None  # the provider has named it when it asked for its customer
    stolen = SettlePayment(hers.payment, News.CAPTURED, object_of, Money(1000, EUR), None, False, confirmed=True)
    assert await is_refused(world, ada, settle_payment, stolen)
    told = made_up(
        id=object_of, reference=str(hers.payment), metadata={"payment": str(hers.payment), "customer": str(ada.id)}
    )
    assert await desk.take(told) == "dead"
    assert (await payment(db, ada.id, hers.payment)).captured.minor == 0
    for who, its in ((ada, hers), (bob, his)):
        await by_house(world, who, settle_payment, its)
        (found,) = await payments_of_reference(db, tenant, its.provider_ref or "")
        assert (found.id, found.customer) == (its.payment, who.id)
        assert await payments_of_reference(db, ANOTHER, its.provider_ref or "") == []
    refunds = []
    for who, its in ((ada, hers), (bob, his)):
        await give_back(world, who, its.payment, Money(100, EUR), follow=False)
        refunds.append((await refunds_of(db, who.id, its.payment))[0].id)
    name = fresh("refund")

    def given(id: RefundId) -> SettleRefund:
        return SettleRefund(id, RefundNews.SUCCEEDED, name, None)

    await by_house(world, ada, settle_refund, given(refunds[0]), follow=False)
    assert await is_refused(world, bob, settle_refund, given(refunds[1]))
    assert [each.id for each in await refunds_of_reference(db, tenant, name)] == [refunds[0]]
    assert await refunds_of_reference(db, ANOTHER, name) == []
    name = fresh("dispute")
    lost = [
        SettleDispute(its.payment, name, DisputeStatus.OPEN, Money(300, EUR), Money(0, EUR), "fraudulent", None)
        for its in (hers, his)
    ]
    await by_house(world, ada, settle_dispute, lost[0])
    assert await is_refused(world, bob, settle_dispute, lost[1])
    (dispute,) = await disputes_of_reference(db, tenant, name)
    assert await disputes_of_reference(db, ANOTHER, name) == []
    assert (dispute.payment, (await payment(db, bob.id, his.payment)).disputes_reserved.minor) == (hers.payment, 0)
    assert await wrong_rows(world, ada) == await wrong_rows(world, bob) == []


async def test_of_two_customers_who_store_one_method_at_once_one_has_it(world: World) -> None:
    both, name = [await world.customer(), await world.customer()], fresh("method")
    command = StoreMethod(ACCOUNT, fresh("tok"), name, "card", "visa", "4242")
    ends = await asyncio.gather(*(world.do(each, store_method, command) for each in both), return_exceptions=True)
    (refused,) = [end for end in ends if isinstance(end, BaseException)]
    assert isinstance(refused, Refused) and refused.code is RefusalCode.ALREADY_EXISTS
    stored = [await payment_methods(world.house.db.primary, each.id) for each in both]
    assert sorted(len(each) for each in stored) == [0, 1]
    (owner,) = [who for who, methods in zip(both, stored, strict=True) if methods]
    await world.do(owner, store_method, command)  # again is the same
    assert len(await payment_methods(world.house.db.primary, owner.id)) == 1
