"""Refunds, disputes, fees and payouts in the provider's books."""

import csv
from typing import Any

import pytest

from tests.provider_process import Bench


async def give_back(bench: Bench, payment: Any, name: str, amount_minor: int = 1000) -> Any:
    """A refund under the key and reference `name`."""
    return await bench.post("/v1/refunds", refund_body(bench, payment, name, amount_minor), key=name)


def refund_body(bench: Bench, payment: Any, name: str, amount_minor: int) -> dict[str, Any]:
    """The body of a refund in euros."""
    reference = f"{bench.mark}-{name}"
    return {"payment": payment["id"], "amount_minor": amount_minor, "currency": "EUR", "reference": reference}


async def test_the_books_show_every_charge_and_refund_of_a_customer(bench: Bench) -> None:
    method = await bench.method("tok_visa")
    payment = await bench.charge(method)
    await bench.charge(method, "b", currency="JPY", amount_minor=500)
    refund = await give_back(bench, payment, "r", 300)
    books = await bench.books()
    assert [(one["captured_minor"], one["refunded_minor"]) for one in books["payments"]] == [(1000, 300), (500, 0)]
    assert [(one["id"], one["payment"], one["amount_minor"]) for one in books["refunds"]] == [
        (refund["id"], payment["id"], 300)
    ]
    assert (books["captured_minor"], books["refunded_minor"]) == ({"EUR": 1000, "JPY": 500}, {"EUR": 300})


@pytest.mark.parametrize(
    ("token", "at_first", "in_the_end", "given_back"),
    [
        ("tok_refund_pending", "pending", "succeeded", {"EUR": 1000}),
        ("tok_refund_fails_later", "pending", "failed", {}),
        ("tok_refund_reversed", "succeeded", "failed", {}),
    ],
)
async def test_a_refund_ends_as_its_token_says(
    bench: Bench, token: str, at_first: str, in_the_end: str, given_back: dict[str, int]
) -> None:
    await bench.behave(token, held=True)
    payment = await bench.charge(await bench.method(token))
    refund = await give_back(bench, payment, "r")
    assert refund["status"] == at_first
    await bench.post(f"/admin/settle/{refund['id']}")
    assert (await bench.get(f"/v1/refunds/{refund['id']}"))["status"] == in_the_end
    assert (await bench.books())["refunded_minor"] == given_back
    net = sum(line["gross_minor"] for line in (await bench.get("/v1/settlements", payment=payment["id"]))["lines"])
    assert net == 1000 - sum(given_back.values())


async def test_a_refused_refund_leaves_the_money_where_it_was(bench: Bench) -> None:
    payment = await bench.charge(await bench.method("tok_refund_refused"))
    refund = await give_back(bench, payment, "r")
    assert (refund["status"], refund["failure"]) == ("failed", {"code": "refund_refused"})
    assert (await bench.get(f"/v1/payments/{payment['id']}"))["refunded_minor"] == 0


async def test_what_is_not_captured_cannot_be_given_back(bench: Bench) -> None:
    payment = await bench.charge(await bench.method("tok_lost_card"))
    refused = await bench.try_post("/v1/refunds", refund_body(bench, payment, "r", 1), key="r")
    assert refused.json()["error"] == {"code": "not_refundable", "message": "the payment is failed", "acted": False}


async def test_a_dispute_holds_its_amount_until_it_is_won_and_its_fee_for_ever(bench: Bench) -> None:
    payment = await bench.charge(await bench.method("tok_visa"))
    dispute = await bench.post("/admin/disputes", {"payment": payment["id"], "amount_minor": 700})
    over = await bench.try_post("/v1/refunds", refund_body(bench, payment, "r", 301), key="r")
    assert over.json()["error"]["code"] == "exceeds_captured"
    assert (await bench.books())["disputed_minor"] == {"EUR": 700}
    won = await bench.post(f"/admin/disputes/{dispute['id']}/close", {"outcome": "won"})
    assert won["status"] == "won"
    assert (await give_back(bench, payment, "s", 1000))["status"] == "succeeded"
    lines = (await bench.get("/v1/settlements", payment=payment["id"]))["lines"]
    assert [(line["kind"], line["gross_minor"], line["fee_minor"]) for line in lines] == [
        ("charge", 1000, 39),
        ("dispute", -700, 1500),
        ("dispute_reversal", 700, 0),
        ("refund", -1000, 0),
    ]


async def test_a_lost_dispute_keeps_the_money_and_is_over(bench: Bench) -> None:
    payment = await bench.charge(await bench.method("tok_visa"))
    dispute = await bench.post("/admin/disputes", {"payment": payment["id"]})
    await bench.post(f"/admin/disputes/{dispute['id']}/close", {"outcome": "lost"})
    again = await bench.try_post(f"/admin/disputes/{dispute['id']}/close", {"outcome": "won"})
    assert again.json()["error"]["code"] == "not_waiting"
    refused = await bench.try_post("/v1/refunds", refund_body(bench, payment, "r", 1), key="r")
    assert refused.json()["error"]["code"] == "exceeds_captured"


async def test_a_payout_pays_the_net_of_its_lines_once(bench: Bench) -> None:
    method = await bench.method("tok_visa")
    payments = [await bench.charge(method, f"n{n}", amount_minor=10_000) for n in range(2)]
    await give_back(bench, payments[0], "r", 2500)
    asked = {"currency": "EUR", "payments": [payment["id"] for payment in payments]}
    payout = await bench.post("/admin/payouts", asked)
    lines = (await bench.get("/v1/settlements", payout=payout["id"]))["lines"]
    assert [(line["gross_minor"], line["fee_minor"], line["net_minor"]) for line in lines] == [
        (10_000, 165, 9_835),
        (10_000, 165, 9_835),
        (-2_500, 0, -2_500),
    ]
    assert (payout["amount_minor"], payout["line_count"]) == (17_170, 3)
    assert (await bench.try_post("/admin/payouts", asked)).json()["error"]["code"] == "nothing_to_pay_out"


async def test_the_settlement_report_is_also_a_csv_file_with_the_same_lines(bench: Bench) -> None:
    payment = await bench.charge(await bench.method("tok_visa"))
    query = {"payment": payment["id"]}
    (line,) = (await bench.get("/v1/settlements", **query))["lines"]
    report = await bench.call("GET", "/v1/settlements", params={**query, "format": "csv"})
    (row,) = csv.DictReader(report.text.splitlines())
    assert (row["reference"], row["gross_minor"], row["fee_minor"], row["net_minor"]) == (
        payment["reference"],
        str(line["gross_minor"]),
        str(line["fee_minor"]),
        str(line["net_minor"]),
    )


async def test_a_card_that_disputes_takes_its_money_back_by_itself_and_silence_loses(bench: Bench) -> None:
    payment = await bench.charge(await bench.method("tok_disputed_held"))
    await bench.post(f"/admin/settle/{payment['id']}")
    (dispute,) = (await bench.get("/v1/disputes", reference=payment["reference"]))["disputes"]
    assert (dispute["status"], dispute["amount_minor"], dispute["fee_minor"]) == ("open", 1000, 1500)
    lost = await bench.post(f"/admin/settle/{dispute['id']}")
    assert lost["status"] == "lost", "nobody answered in time"


async def test_a_generous_scheme_gives_the_fee_back_and_a_bank_may_think_again(bench: Bench) -> None:
    payment = await bench.charge(await bench.method("tok_visa"))
    dispute = await bench.post("/admin/disputes", {"payment": payment["id"], "amount_minor": 700})
    await bench.post(f"/v1/disputes/{dispute['id']}/accept", key="accept")
    decision = {"outcome": "won", "fee_back": True, "again": True}
    won = await bench.post(f"/admin/disputes/{dispute['id']}/close", decision)
    assert (won["status"], won["fee_minor"]) == ("won", 0)
    lines = (await bench.get("/v1/settlements", payment=payment["id"]))["lines"]
    assert [(line["gross_minor"], line["fee_minor"]) for line in lines[1:]] == [(-700, 1500), (700, -1500)]


async def test_evidence_is_a_text_or_a_file_with_its_own_hash(bench: Bench) -> None:
    payment = await bench.charge(await bench.method("tok_visa"))
    dispute = await bench.post("/admin/disputes", {"payment": payment["id"]})
    for n, item in enumerate(({"kind": "receipt"}, {"kind": "receipt", "content": "aGk=", "media_type": "text/plain"},
                              {"kind": "receipt", "content": "no base", "media_type": "text/plain"})):  # fmt: skip
        body = {"evidence": [item]}
        refused = await bench.try_post(f"/v1/disputes/{dispute['id']}/evidence", body, key=f"e{n}")
        assert refused.json()["error"]["code"] == "invalid_request"
