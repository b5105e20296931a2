"""What an invoice says of its dunning: where it stands, and what ended it."""

from typing import Any

import pytest

from domain.actor import Grant
from domain.ids import InvoiceId
from tests.api_callers import Api, Caller, Guest
from tests.bad_input_stage import ISSUE, amount, mutation
from tests.lives import day, invoices_of, until

DUNNING = """query ($id: ID!) { viewer { customer { invoice(id: $id) { state dunning { state openedAt endedBy } }
    subscriptions { state entitled recovery { attemptsLeft } } } } }"""


async def seen(guest: Guest, invoice: str) -> tuple[Any, Any]:
    """The invoice's dunning, and the subscription."""
    customer = (await guest.data(DUNNING, id=invoice))["viewer"]["customer"]
    return customer["invoice"]["dunning"], customer["subscriptions"][0]


async def _void(finance: Caller, **about: str) -> None:
    await finance.do(mutation("voidInvoice"), **about, reason="Wrong.")


async def _credit(finance: Caller, **about: str) -> None:
    await finance.do(ISSUE, **about, kind="CORRECTION", reason="Wrong.", amount=amount(1000))


async def _write_off(finance: Caller, **about: str) -> None:
    await finance.do(mutation("markInvoiceUncollectible"), **about, reason="Gone.")


@pytest.mark.row("D11")
@pytest.mark.parametrize(
    ("close", "dunning", "subscription"),
    [
        (_void, ("STOPPED", "VOIDED"), ("ACTIVE", True)),
        (_credit, ("STOPPED", "CREDITED"), ("ACTIVE", True)),
        (_write_off, ("GIVEN_UP", "WRITTEN_OFF"), ("CANCELED", False)),
    ],
    ids=["void", "credited", "written off"],
)
async def test_a_customer_sees_what_ended_the_dunning_of_its_invoice(
    api: Api, close: Any, dunning: tuple[str, str], subscription: tuple[str, bool]
) -> None:
    (guest, bought), finance = await api.subscriber(), await api.staff(Grant.FINANCE)
    assert (await seen(guest, bought["invoice"]["id"]))[0] is None
    await api.world.card(guest.who, "tok_insufficient_funds")
    await until(api.world, guest.who, day(2, 1, 3))
    id: InvoiceId = (await invoices_of(api.world, guest.who))[-1].id
    before, behind = await seen(guest, str(id))
    assert (before["state"], before["endedBy"], behind["state"]) == ("RETRYING", None, "PAST_DUE")
    await close(finance, customerId=guest.id, invoiceId=str(id))
    after, then = await seen(guest, str(id))
    assert (after["state"], after["endedBy"], after["openedAt"]) == (*dunning, before["openedAt"])
    assert ((then["state"], then["entitled"]), then["recovery"]) == (subscription, None)
