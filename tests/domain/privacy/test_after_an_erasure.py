"""After an erasure nothing new begins with the customer; what was under way ends, and money is still wound down."""

import importlib
import pkgutil
from typing import Any

import pytest

import domain
from domain import due
from domain.actor import Actor, Grant
from domain.bulk.action import BulkAction, Settings
from domain.bulk.item import TryItem, try_item
from domain.catalog.coupon_at_purchase import check_coupon
from domain.corrections.void_invoice import VoidInvoice, void_invoice
from domain.customers.set_parent import SetParent, set_parent
from domain.customers.tax_place import StateTaxPlace, state_tax_place
from domain.ids import ContractId
from domain.invoices.contract import CONTRACT_END, Contract, contracts
from domain.invoices.sign_contract import SignContract, sign_contract
from domain.operation import OPERATIONS, Operation
from domain.payments.cancel_contract import CancelContract, Owed, cancel_contract
from domain.perform import perform
from domain.privacy.legal_hold import SetLegalHold, set_legal_hold
from domain.privacy.stops import Stop, stops_of
from domain.refusals import RefusalCode, Refused
from tests.domain.invoices.bills import eur, note
from tests.domain.privacy.test_erasing_beside_events import gone, returned
from tests.erasure_kit import as_before, erased, later
from tests.erasure_table import ELSEWHERE, STILL, new_things
from tests.lives import buyer, by_finance, day, invoices_of, wrong_rows
from tests.webhook_desk import Desk
from tests.world import Someone, World, fresh


def somebody(world: World, operation: Operation[Any, Any]) -> Actor:
    """Staff who may do it."""
    role = next(each for each in (Grant.ADMIN, Grant.FINANCE, Grant.SUPPORT) if each in operation.allowed)
    return world.staff(role)


async def refused(world: World, of: Someone, operation: Operation[Any, Any], command: object) -> Refused:
    """Why staff cannot do it; asked as a preview where it is only ever one."""
    preview, actor = operation in (check_coupon, try_item), somebody(world, operation)
    with pytest.raises(Refused) as refusal:
        await perform(world.house.db, operation, actor, of.id, command, fresh("key"), preview=preview)
    return refusal.value


async def traces(world: World, of: Someone) -> list[int]:
    """How many keys, works, audit entries, events and postings there are of the customer."""
    row = await world.house.db.primary.fetchrow(
        """SELECT (SELECT count(*) FROM operation_key WHERE shard_key = $1 AND customer_id = $2) AS keys,
                  (SELECT count(*) FROM due_work WHERE shard_key = $1 AND customer_id = $2) AS works,
                  h.audit_number, h.event_number, h.ledger_number
             FROM customer_head h WHERE h.shard_key = $1 AND h.customer_id = $2""",
        of.id.shard,
        of.id.uuid,
    )
    assert row is not None
    return list(row.values())


@pytest.mark.row("L8")
async def test_nothing_new_begins_with_who_was_erased_and_what_is_refused_leaves_nothing(world: World) -> None:
    ada = await buyer(world)
    await erased(world, ada)
    before = await traces(world, ada)
    for operation, command in new_things(world, ada):
        why = await refused(world, ada, operation, command)
        assert why.code is RefusalCode.STATE_CONFLICT, operation.name
        assert why.message.startswith("This customer was erased"), operation.name
    assert await traces(world, ada) == before
    assert await stops_of(world.house.db.primary, ada.id) == ()


async def test_of_everything_that_people_may_do_it_is_said_whether_it_begins_something(world: World) -> None:
    for each in pkgutil.walk_packages(domain.__path__, "domain."):
        importlib.import_module(each.name)
    begin = {each.name for each, _ in new_things(world, await world.customer())}
    people = {
        each.name for each in OPERATIONS.values()
        if each.allowed - {Grant.SYSTEM} and not each.name.startswith(("tenants.", "test."))
    }  # fmt: skip
    assert people == begin | STILL | ELSEWHERE
    assert not begin & (STILL | ELSEWHERE)


async def test_many_things_at_once_are_refused_as_each_of_them_is(world: World) -> None:
    ada = await buyer(world)
    await erased(world, ada)
    command = TryItem(BulkAction.APPLY_COUPON, Settings(coupon_code="ANY"), ada.id.uuid, "Kindness.")
    assert (await refused(world, ada, try_item, command)).code is RefusalCode.STATE_CONFLICT


async def test_who_was_erased_leaves_its_family_and_joins_none(world: World) -> None:
    ada, ben, top = [await world.customer() for _ in range(3)]
    await by_finance(world, ada, set_parent, SetParent(top.id))
    await erased(world, ada)
    for child, parent in ((ada, ben), (ben, ada)):
        why = await refused(world, child, set_parent, SetParent(parent.id))
        assert (why.code, why.path) == (RefusalCode.STATE_CONFLICT, ("parentCustomerId",))
    assert (await by_finance(world, ada, set_parent, SetParent(None))).before == top.id


@pytest.mark.row("L8")
async def test_money_of_who_was_erased_is_still_wound_down(world: World, desk: Desk) -> None:
    ada, known, _ = await gone(world, desk)
    await erased(world, ada)
    (paid,) = await invoices_of(world, ada)
    assert (await note(world, ada, paid.id, 300, refund=300)).number
    await by_finance(world, ada, state_tax_place, StateTaxPlace("FR", "", None, day(1, 1), None))
    for held in (True, False):
        await by_finance(world, ada, set_legal_hold, SetLegalHold(held, "A court asked."))
    assert await stops_of(world.house.db.primary, ada.id) == ()
    assert await wrong_rows(world, ada) == []
    assert known.amount == eur(1000)


async def test_what_a_bank_took_back_from_who_was_erased_is_voided_without_another_draft(
    world: World, desk: Desk
) -> None:
    ada, known, _ = await gone(world, desk)
    await erased(world, ada)
    assert await desk.take(returned(known)) == "applied"
    (owed,) = await invoices_of(world, ada)
    assert owed.state.name == "open"
    why = await refused(world, ada, void_invoice, VoidInvoice(owed.id, "Nobody is there.", replace=True))
    assert (why.code, why.path) == (RefusalCode.STATE_CONFLICT, ("replace",))
    await by_finance(world, ada, void_invoice, VoidInvoice(owed.id, "Nobody is there.", replace=False))
    assert await stops_of(world.house.db.primary, ada.id) == ()
    assert await wrong_rows(world, ada) == []


async def bound(world: World) -> tuple[Someone, ContractId]:
    """Who was erased, and a contract with a commitment that an older release signed after that."""
    ada = await buyer(world)
    await erased(world, ada)
    signed = SignContract(world.prices["starter"], eur(5000), day(1, 1), day(3, 1), 0, "PO 1")
    with as_before(sign_contract) as signing:
        id: ContractId = (await by_finance(world, ada, signing, signed)).contract
    assert await stops_of(world.house.db.primary, ada.id) == (Stop.CONTRACT,)
    return ada, id


async def contract_of(world: World, of: Someone) -> Contract:
    """The only contract of the customer."""
    (found,) = await contracts(world.house.db.primary, of.id)
    return found


@pytest.mark.row("L8")
@pytest.mark.row("I13")
async def test_a_contract_of_who_was_erased_ends_without_a_true_up_that_nobody_can_issue(world: World) -> None:
    ada, id = await bound(world)
    await later(world, ada, day(3, 2))
    ended = await contract_of(world, ada)
    assert (ended.state.name, ended.true_up) == ("ended", None)
    assert await due.find(world.house.db.primary, ada.id, CONTRACT_END, id.uuid) is None
    assert await stops_of(world.house.db.primary, ada.id) == ()
    assert await invoices_of(world, ada) == []
    assert await wrong_rows(world, ada) == []


@pytest.mark.row("I13")
@pytest.mark.parametrize("owed", list(Owed))
async def test_a_contract_of_who_was_erased_is_cancelled_and_nothing_is_billed(world: World, owed: Owed) -> None:
    ada, id = await bound(world)
    await later(world, ada, day(2, 1))
    done = await by_finance(world, ada, cancel_contract, CancelContract(id, owed, "Nobody is there."))
    assert (done.total, done.true_up) == (eur(0), None)
    assert (await contract_of(world, ada)).state.name == "canceled"
    assert await stops_of(world.house.db.primary, ada.id) == ()
