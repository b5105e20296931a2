"""What stands in the place of a void invoice: it gives back what that one gave back, and must find it left."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.actor import Grant
from domain.corrections.finalize_draft import FinalizeDraft, finalize_draft
from domain.corrections.void_invoice import VoidInvoice, void_invoice
from domain.ids import InvoiceId, SubscriptionId
from domain.invoices.billing_terms import SetBillingTerms, set_billing_terms
from domain.money import Money
from domain.payments.issue_credit_note import IssueCreditNote, issue_credit_note
from domain.payments.record_offline import Means, RecordOfflinePayment, record_offline
from domain.payments.reverse_offline import ReverseOfflinePayment, reverse_offline
from domain.pool import Pool
from domain.reactions.work import do_now
from domain.subscriptions.change_plan import ChangePlan, change_plan
from tests.simulation.facts import TABLES, Facts
from tests.simulation.invariants_credits import credits_are_exact_shares
from tests.simulation.invariants_documents import credits_have_a_charge
from tests.simulation.look import Look, Memory
from tests.simulation.replacements import gives_back_too_much
from tests.simulation.small_town import arrived, begun, open_small_town
from tests.simulation.town import Town

CUSTOMER, FIRST, VOID = (UUID(int=number) for number in range(3))
DRAFT = {"customer_id": CUSTOMER, "reason": "replacement:TOWN-2"}


def _facts(*credits: int, given_back: int) -> Facts:
    """A charge of 1000 with what was given back of it, and a void invoice with credits of it and a charge."""
    lines = [
        _line(FIRST, 1, 1000, given_back=given_back),
        *[_line(VOID, at, -minor, credits_invoice_id=FIRST, credits_position=1) for at, minor in enumerate(credits, 1)],
        _line(VOID, 9, 2000),
    ]
    rows: dict[str, list[Any]] = {
        "invoice": [
            {"id": FIRST, "customer_id": CUSTOMER, "number_text": "TOWN-1"},
            {"id": VOID, "customer_id": CUSTOMER, "number_text": "TOWN-2"},
        ],
        "invoice_line": lines,
    }
    return Facts({name: rows.get(name, []) for name in TABLES})


def _line(invoice: UUID, position: int, amount: int, **more: Any) -> dict[str, Any]:
    own = {"invoice_id": invoice, "position": position, "amount": amount}
    return {"credits_invoice_id": None, "credits_position": None, "given_back": 0} | own | more


@pytest.mark.parametrize(
    ("credits", "given_back", "too_much"),
    [((600,), 400, False), ((600,), 401, True), ((300, 300), 400, False), ((300, 301), 400, True), ((), 1000, False)],
)
def test_what_a_replacement_gives_back_is_held_against_what_is_left(
    credits: tuple[int, ...], given_back: int, too_much: bool
) -> None:
    assert gives_back_too_much(_facts(*credits, given_back=given_back), DRAFT) == too_much


def test_a_draft_that_replaces_nothing_gives_nothing_back() -> None:
    assert not gives_back_too_much(_facts(600, given_back=1000), DRAFT | {"reason": "manual"})


@pytest.fixture
async def town(pool: Pool) -> AsyncIterator[Town]:
    opened = await open_small_town(pool)
    yield opened
    await opened.reader.close()


async def test_what_stands_in_the_place_of_a_change_gives_back_what_that_did_whatever_was_given_back_since(
    town: Town,
) -> None:
    patron = await arrived(town, "good#1", on_clock=False)
    staff, eur = town.staff(Grant.FINANCE), patron.currency
    await begun(town, patron, "starter")
    await town.call("agree", set_billing_terms, staff, patron.id, SetBillingTerms(7, None))
    town.clock.move(timedelta(days=10))
    (bought,) = town.facts.rows["invoice"]
    team = next(offer for offer in town.catalog.offers if offer.code == "team")
    subscription = SubscriptionId(town.shard, bought["subscription_id"])
    changed = await town.call("change", change_plan, patron.actor, patron.id, ChangePlan(subscription, team.price))
    await do_now(town.process.house, patron.id)  # on account: it takes effect as it is heard of
    void = await town.call("void", void_invoice, staff, patron.id, VoidInvoice(changed.invoice, "It was wrong", True))
    goodwill = IssueCreditNote(
        InvoiceId(town.shard, bought["id"]), "goodwill", "Sorry", (), Money(300, eur),
        refund=Money(0, eur), credit=Money(300, eur), out_of_band=Money(0, eur),
    )  # fmt: skip
    await town.call("note", issue_credit_note, staff, patron.id, goodwill)
    await town.call("issue", finalize_draft, staff, patron.id, FinalizeDraft(void.replacement))
    await town.look()
    first, second = town.facts.of("invoice_line", kind="credit")
    assert first["amount"] == second["amount"]
    assert list(credits_are_exact_shares(Look(town, Memory(), town.facts, whole=True))) == []


async def test_what_stands_in_the_place_of_a_change_gives_back_what_was_paid_then_though_it_is_owed_again_since(
    town: Town,
) -> None:
    patron = await arrived(town, "good#1", on_clock=False)
    staff = town.staff(Grant.FINANCE)
    await town.call("agree", set_billing_terms, staff, patron.id, SetBillingTerms(7, None))
    await begun(town, patron, "starter")
    (bought,) = town.facts.rows["invoice"]
    all_of_it = Money(bought["due"], patron.currency)
    whole = RecordOfflinePayment(InvoiceId(town.shard, bought["id"]), Means.CASH, "1", all_of_it)
    came = await town.call("by hand", record_offline, staff, patron.id, whole)
    await do_now(town.process.house, patron.id)
    town.clock.move(timedelta(days=10))
    team = next(offer for offer in town.catalog.offers if offer.code == "team")
    change = ChangePlan(SubscriptionId(town.shard, bought["subscription_id"]), team.price)
    changed = await town.call("change", change_plan, patron.actor, patron.id, change)
    await do_now(town.process.house, patron.id)
    void = await town.call("void", void_invoice, staff, patron.id, VoidInvoice(changed.invoice, "It was wrong", True))
    back = ReverseOfflinePayment(came.payment, "It never came")
    await town.call("reverse", reverse_offline, staff, patron.id, back)
    await town.call("issue", finalize_draft, staff, patron.id, FinalizeDraft(void.replacement))
    await town.look()
    look = Look(town, Memory(), town.facts, whole=True)
    assert [row["state"] for row in town.facts.of("invoice", reason="start")] == ["open"]
    assert list(credits_have_a_charge(look)) == []
