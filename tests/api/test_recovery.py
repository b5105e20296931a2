"""The recovery panel: what it offers is accepted, what it does not offer is refused, and who sees what of attempts."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from domain.actor import Grant
from domain.payments.settle_payment import News
from tests.api_callers import Api, key
from tests.domain.payments.test_offline_payments import record
from tests.lives import attempts_at, day, tell, until
from tests.recovery_stage import Debtor, debtor

PANEL = """{ viewer { customer { subscriptions { recovery {
    nextAttemptAt attemptsLeft accessUntil reason invoiceId
    actions { kind url resolvesBy firstDay lastDay maxParts maxDays }
    installments { state parts { part amount { decimal } payment { state } } } } } } } }"""
LOG = """query ($id: ID!) { viewer { customer { invoice(id: $id) {
    dunning { attempts { number reason state method { last4 } } } installments { state }
    payments { actionUrl action { url } } } } } }"""
STAFF_LOG = """query ($customer: ID!, $id: ID!) { staff { dunningAttempts(customerId: $customer, invoiceId: $id) {
    attempt { number reason } declineClass gatewayCode providerAccount providerEventId } } }"""
POLICY = "{ staff { recoveryPolicy { backups splitParts rules { code step days } } } }"
ERRORS = "errors { ... on UserError { code path } }"
MUTATIONS = {
    "PAY_NOW": f"mutation ($input: PayInvoiceInput!) {{ payInvoice(input: $input) {{ {ERRORS} }} }}",
    "CHOOSE_PAYDAY": f"mutation ($input: ChoosePaydayInput!) {{ choosePayday(input: $input) {{ {ERRORS} }} }}",
    "SPLIT": f"mutation ($input: SplitInvoiceInput!) {{ splitInvoice(input: $input) {{ {ERRORS} }} }}",
    "ADD_METHOD": f"mutation ($input: AddPaymentMethodInput!) {{ addPaymentMethod(input: $input) {{ {ERRORS} }} }}",
}


@dataclass
class Panel:
    """What a debtor is shown and does."""

    of: Debtor

    async def shown(self) -> Any:
        """The panel, or None."""
        found = await self.of.guest.data(PANEL)
        return found["viewer"]["customer"]["subscriptions"][0]["recovery"]

    async def offered(self) -> list[str]:
        """The kinds of what is offered."""
        return [each["kind"] for each in (await self.shown())["actions"]]

    async def does(self, act: str, **given: Any) -> list[Any]:
        """Why the mutation that the offer stands for is refused; empty where it is done."""
        own = {} if act == "ADD_METHOD" else {"invoiceId": str(self.of.case.invoice)}
        answer = await self.of.guest.call(MUTATIONS[act], **own, **given, idempotencyKey=key())
        return [each["code"] for each in answer["errors"]]

    async def refuses(self, *acts: str) -> bool:
        """Whether none of these would be accepted."""
        given: dict[str, dict[str, object]] = {
            "CHOOSE_PAYDAY": {"day": "2027-02-08"}, "SPLIT": {"parts": 2, "intervalDays": 1}, "PAY_NOW": {},
        }  # fmt: skip
        return all([bool(await self.does(act, **given[act])) for act in acts])


@pytest.mark.row("X6")
async def test_every_offer_is_accepted_and_what_is_not_offered_is_refused(api: Api) -> None:
    panel = Panel(await debtor(api))
    first = await panel.shown()
    assert (first["reason"], first["attemptsLeft"]) == ("INSUFFICIENT_FUNDS", 4)
    assert await panel.offered() == ["PAY_NOW", "ADD_METHOD", "CHOOSE_PAYDAY", "SPLIT"]
    _, _, payday, split = first["actions"]
    assert (payday["firstDay"], split["maxParts"], split["maxDays"]) == ("2027-02-01", 3, 30)
    assert await panel.does("CHOOSE_PAYDAY", day=payday["lastDay"]) == []
    assert (await panel.shown())["nextAttemptAt"] == first["accessUntil"]
    assert (await panel.offered(), await panel.refuses("CHOOSE_PAYDAY")) == (["PAY_NOW", "ADD_METHOD", "SPLIT"], True)
    for _ in range(5):
        assert await panel.does("PAY_NOW") == []
    assert (await panel.offered(), await panel.refuses("PAY_NOW", "CHOOSE_PAYDAY")) == (["ADD_METHOD", "SPLIT"], True)
    assert await panel.does("SPLIT", parts=split["maxParts"], intervalDays=1) == []  # its first part is declined
    assert (await panel.offered(), await panel.refuses("SPLIT", "PAY_NOW", "CHOOSE_PAYDAY")) == (["ADD_METHOD"], True)
    assert await panel.does("ADD_METHOD", token="tok_visa") == []
    assert await panel.shown() is None


@pytest.mark.row("X6")
@pytest.mark.row("X5")
async def test_while_an_outcome_is_open_only_waiting_or_confirming_is_offered(api: Api) -> None:
    panel = Panel(await debtor(api))
    who = panel.of.guest.who
    await api.world.card(who, "tok_bank_held")
    shown = await panel.shown()
    assert (shown["reason"], await panel.offered()) == ("OUTCOME_OPEN", ["WAIT", "ADD_METHOD"])
    assert shown["actions"][0]["resolvesBy"] is not None
    assert await panel.refuses("PAY_NOW", "CHOOSE_PAYDAY", "SPLIT")
    (*_, held) = await attempts_at(api.world, who, panel.of.case.invoice)
    await tell(api.world, who, held.id, News.DECLINED, code="account_closed", hard=True)
    assert (await panel.shown())["reason"] == "METHOD_REFUSED"
    assert (await panel.offered(), await panel.refuses("CHOOSE_PAYDAY", "SPLIT")) == (["PAY_NOW", "ADD_METHOD"], True)
    await api.world.card(who, "tok_3ds")
    shown = await panel.shown()
    assert (shown["reason"], await panel.offered()) == ("CONFIRMATION_NEEDED", ["CONFIRM", "ADD_METHOD"])
    assert shown["actions"][0]["url"].startswith("http")
    assert await panel.refuses("PAY_NOW", "CHOOSE_PAYDAY", "SPLIT")
    await record(api.world, who, 400, follow=False)  # the provider was not told yet that less is to be taken
    shown = await panel.shown()
    assert (shown["reason"], await panel.offered()) == ("OUTCOME_OPEN", ["WAIT", "ADD_METHOD"])
    paid = (await panel.of.guest.data(LOG, id=str(panel.of.case.invoice)))["viewer"]["customer"]["invoice"]
    assert (paid["payments"][-2]["actionUrl"], paid["payments"][-2]["action"]) == (None, None)


@pytest.mark.row("X6")
async def test_a_plan_of_parts_is_shown_with_what_is_left_of_it_and_can_be_paid_early(api: Api) -> None:
    panel = Panel(await debtor(api, token="tok_insufficient_funds_times_1"))
    assert await panel.does("SPLIT", parts=3, intervalDays=10) == []
    shown = await panel.shown()
    parts = shown["installments"]["parts"]
    assert [(each["part"], each["amount"]["decimal"]) for each in parts] == [(1, "3.34"), (2, "3.33"), (3, "3.33")]
    assert [each["payment"] and each["payment"]["state"] for each in parts] == ["CAPTURED", None, None]
    assert (shown["reason"], await panel.offered()) == ("PAID_IN_PARTS", ["PAY_NOW", "ADD_METHOD"])
    assert await panel.refuses("CHOOSE_PAYDAY", "SPLIT")
    await until(api.world, panel.of.guest.who, day(2, 5))
    later = await panel.shown()
    assert (later["nextAttemptAt"], later["accessUntil"] > shown["accessUntil"]) == (shown["nextAttemptAt"], True)
    assert await panel.does("PAY_NOW") == []
    found = (await panel.of.guest.data(LOG, id=str(panel.of.case.invoice)))["viewer"]["customer"]["invoice"]
    assert (await panel.shown(), found["installments"]) == (None, {"state": "COMPLETED"})


@pytest.mark.row("K6")
async def test_every_attempt_is_logged_for_staff_with_its_code_and_for_its_customer_in_words(api: Api) -> None:
    of = await debtor(api, token="tok_do_not_honor")
    await api.world.card(of.guest.who, "tok_expired_card")
    await until(api.world, of.guest.who, of.case.opened_at + timedelta(days=2))
    invoice = str(of.case.invoice)
    found = (await of.guest.data(LOG, id=invoice))["viewer"]["customer"]["invoice"]["dunning"]["attempts"]
    assert [(each["number"], each["reason"]) for each in found] == [(1, "DECLINED"), (2, "METHOD_EXPIRED")]
    assert all(each["method"]["last4"] for each in found)
    staff = await api.staff(Grant.SUPPORT)
    log = (await staff.data(STAFF_LOG, customer=of.guest.id, id=invoice))["staff"]["dunningAttempts"]
    assert [(each["declineClass"], each["gatewayCode"]) for each in log] == [
        ("SOFT", "do_not_honor"), ("HARD", "expired_card")]  # fmt: skip
    assert [each["attempt"]["number"] for each in log] == [1, 2]


async def test_staff_see_the_rule_of_every_code_and_what_an_admin_has_set(api: Api, elsewhere: Api) -> None:
    policy = (await (await elsewhere.staff(Grant.ADMIN)).data(POLICY))["staff"]["recoveryPolicy"]
    steps = {each["code"]: each["step"] for each in policy["rules"]}
    assert (steps["stolen_card"], steps["do_not_honor"], steps["insufficient_funds"]) == ("STOP", "TIMELINE", "PAYDAY")
    assert (policy["backups"], policy["splitParts"]) == (False, 3)
