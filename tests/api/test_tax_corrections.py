"""A wrong rate is published, invoices go out, the rate is corrected: finance looks, runs, and the books are right."""

from typing import Any

import pytest

from domain.actor import Grant
from domain.reactions.house import House
from domain.reactions.work import do_now
from domain.reconciliation.verify import verify_shard
from tests.api.test_taxes import GERMANY, HERE, RATE, REGISTER
from tests.api_callers import START, Api, Caller, Guest
from tests.world import make_world

PREVIEW = """query ($rate: ID!, $after: ID) { staff { taxCorrectionPreview(rateId: $rate, after: $after) { lookedAt next
    wrong { customerId invoiceId number charged { minorUnits } shouldBe { minorUnits }
            change { tax { minorUnits } gross { minorUnits } } refusal { ... on UserError { code } } }
    totals { tax { minorUnits currency } gross { minorUnits } } } } }"""
START_RUN = """mutation ($input: StartTaxCorrectionRunInput!) { startTaxCorrectionRun(input: $input) {
    run { id finished listed } operation { id } errors { ... on UserError { code path } } } }"""
RUN = """query ($id: ID!) { staff { taxCorrectionRun(id: $id) { listed waiting right credited charged refused finished
    totals { tax { minorUnits } gross { minorUnits } } } } }"""
REPORT = """query ($tests: Boolean) { staff {
    taxReport(since: "2026-01-01T00:00:00Z", until: "2028-01-01T00:00:00Z", sandbox: $tests) { country region
    name ratePpm taxable { minorUnits } amount { minorUnits } } } }"""
SPAN = """query ($since: DateTime!, $until: DateTime!) { staff {
    taxReport(since: $since, until: $until) { name } } }"""
CORRECTED = """query ($id: ID!) { viewer { customer { invoice(id: $id) { total { minorUnits } tax { minorUnits }
    creditNotes { total { minorUnits } tax { minorUnits } subtotal { minorUnits } reason }
    taxCorrections { gross { minorUnits } reason adjustmentId } } } } }"""
ADJUSTMENT = """query ($id: ID!) { viewer { customer { invoice(id: $id) { state total { minorUnits }
    lines { explanation { kind taxes { formula ratePpm amount { minorUnits } } } }
    taxCorrections { invoiceId } } } } }"""


@pytest.fixture
async def desk(api: Api, house: House) -> Api:
    """A tenant of the test's own, whose sandbox entity is registered for VAT in Germany."""
    made = Api(api.http, await make_world(house), api.issuer, api.mint)
    await made.world.trust(api.issuer)
    finance = await made.staff(Grant.FINANCE)
    await finance.do(RATE, **GERMANY)
    await finance.do(REGISTER, **HERE)
    return made


async def run(desk: Api, finance: Caller, rate: str, *guests: Guest) -> Any:
    """A run over the rate's span, and all that follows from it; how it ended."""
    started = (await finance.do(START_RUN, rateId=rate, reason="The rate was wrong."))["run"]
    house, home = desk.world.house, desk.world.tenant.live_house
    await do_now(house, home)
    for guest in guests:
        await do_now(house, guest.who.id)
    return (await finance.data(RUN, id=started["id"]))["staff"]["taxCorrectionRun"]


async def declared(finance: Caller) -> list[tuple[int, int, int]]:
    """Rate, on how much, and how much of what is there for tests, of which nothing is declared."""
    assert (await finance.data(REPORT))["staff"]["taxReport"] == []
    found = (await finance.data(REPORT, tests=True))["staff"]["taxReport"]
    assert {(each["country"], each["region"]) for each in found} <= {("DE", None)}
    return [(each["ratePpm"], *(int(each[name]["minorUnits"]) for name in ("taxable", "amount"))) for each in found]


def preview_of(page: Any) -> list[tuple[str, str, str]]:
    """What each invoice was charged, should be, and by how much that changes what is owed."""
    return [
        (each["charged"]["minorUnits"], each["shouldBe"]["minorUnits"], each["change"]["gross"]["minorUnits"])
        for each in page["wrong"]
    ]


@pytest.mark.row("E5")
@pytest.mark.row("E6")
async def test_a_rate_is_corrected_down_and_up_again_over_all_invoices(desk: Api) -> None:
    ada, ben = await desk.guest("tok_visa"), await desk.guest("tok_visa")
    price = str(desk.world.prices["starter"])
    invoices = [(await each.do(START, priceId=price))["invoice"]["id"] for each in (ada, ben)]
    finance = await desk.staff(Grant.FINANCE)
    assert await declared(finance) == [(190_000, 2000, 380)]

    lower = (await finance.do(RATE, **{**GERMANY, "ratePpm": 160_000}))["taxRate"]["id"]
    page = (await finance.data(PREVIEW, rate=lower))["staff"]["taxCorrectionPreview"]
    assert (page["lookedAt"], page["next"], preview_of(page)) == (2, None, [("190", "160", "-30")] * 2)
    assert page["totals"] == [{"tax": {"minorUnits": "-60", "currency": "EUR"}, "gross": {"minorUnits": "-60"}}]
    change = {"tax": {"minorUnits": "-60"}, "gross": {"minorUnits": "-60"}}
    assert await run(desk, finance, lower, ada, ben) == {
        "listed": 2, "waiting": 0, "right": 0, "credited": 2, "charged": 0, "refused": 0, "finished": True,
        "totals": [change],
    }  # fmt: skip
    assert await declared(finance) == [(160_000, 2000, 320)]
    seen = (await ada.data(CORRECTED, id=invoices[0]))["viewer"]["customer"]["invoice"]
    assert (seen["total"]["minorUnits"], seen["tax"]["minorUnits"]) == ("1190", "190")
    assert seen["creditNotes"] == [
        {"total": {"minorUnits": "30"}, "tax": {"minorUnits": "30"}, "subtotal": {"minorUnits": "0"},
         "reason": "The rate was wrong."}
    ]  # fmt: skip

    higher = (await finance.do(RATE, **{**GERMANY, "ratePpm": 210_000}))["taxRate"]["id"]
    again = await run(desk, finance, higher, ada, ben)
    assert (again["charged"], again["finished"], again["totals"][0]["gross"]["minorUnits"]) == (2, True, "100")
    assert await declared(finance) == [(210_000, 2000, 420)]
    third = await run(desk, finance, higher, ada, ben)
    assert (third["listed"], third["right"], third["totals"]) == (2, 2, [])
    seen = (await ada.data(CORRECTED, id=invoices[0]))["viewer"]["customer"]["invoice"]["taxCorrections"]
    assert [each["gross"]["minorUnits"] for each in seen] == ["-30", "50"]
    extra = (await ada.data(ADJUSTMENT, id=seen[1]["adjustmentId"]))["viewer"]["customer"]["invoice"]
    assert (extra["state"], extra["total"]["minorUnits"]) == ("PAID", "50")
    assert extra["taxCorrections"] == [{"invoiceId": invoices[0]}]
    (line,) = extra["lines"]
    assert line["explanation"]["kind"] == "TAX_CORRECTION"
    assert [(step["formula"], step["ratePpm"]) for step in line["explanation"]["taxes"]] == [
        ("CORRECTED", 160_000), ("CORRECTED", 210_000),
    ]  # fmt: skip
    assert await verify_shard(desk.world.house.db.primary, ada.who.id.shard) == []


@pytest.mark.parametrize("until", ["2026-12-31T00:00:00Z", "2027-01-01T00:00:00Z"])
async def test_a_report_of_a_span_that_is_none_is_refused(desk: Api, until: str) -> None:
    finance = await desk.staff(Grant.FINANCE)
    error = await finance.error(SPAN, since="2027-01-01T00:00:00Z", until=until)
    assert (error["extensions"]["code"], error["path"][-1]) == ("BAD_INPUT", "taxReport")


async def test_only_finance_corrects_tax(desk: Api) -> None:
    guest, support = await desk.guest(), await desk.staff()
    named = {"country": "DE", "since": "2027-01-01T00:00:00Z", "reason": "The rate was wrong."}
    for each in (guest, support):
        assert (await each.refusal(START_RUN, **named))["code"] == "FORBIDDEN"
