"""What Stripe refuses or does not know: whose fault it is, and what may follow from it."""

import json

import msgspec
import pytest

from domain.money import Money
from domain.payments.gateway import Declined, RefundRequest, Unknown
from domain.payments.gateways.stripe_declines import in_our_words, is_hard
from domain.payments.gateways.stripe_disputes import WireDispute, read_dispute
from tests.payments_stories import EUR, TEN
from tests.stripe_stage import charge_answered, gateway_to


@pytest.mark.parametrize("code", ["stop_payment_order", "stolen_card", "do_not_try_again", "authorization_revoked",
                                  "payment_method_unexpected_state", "incorrect_cvc"])  # fmt: skip
def test_a_decline_is_hard_where_stripe_s_next_step_is_another_method(code: str) -> None:
    assert is_hard(code)


@pytest.mark.parametrize("code", ["call_issuer", "insufficient_funds", "withdrawal_count_limit_exceeded", "never_heard",
                                  "generic_could_not_process", "refer_to_customer", "payment_method_provider_timeout",
                                  "testmode_charges_only", "charge_exceeds_transaction_limit"])  # fmt: skip
def test_any_other_decline_is_soft_unless_the_bank_forbids_another_try(code: str) -> None:
    assert (is_hard(code), is_hard(code, "try_again_later"), is_hard(code, "do_not_try_again")) == (False, False, True)


def test_a_code_that_only_stripe_spells_so_is_kept_in_our_words() -> None:
    assert in_our_words("withdrawal_count_limit_exceeded") == "withdrawal_limit_exceeded"


@pytest.mark.parametrize(
    ("status", "error", "code", "hard"),
    [
        (400, {"type": "invalid_request_error", "code": "testmode_charges_only"}, "testmode_charges_only", False),
        (400, {"type": "invalid_request_error", "code": "amount_too_small", "param": "amount"}, "amount_too_small",
         False),
        (404, {"type": "invalid_request_error", "code": "resource_missing", "param": "customer"}, "resource_missing",
         False),
        (400, {"type": "invalid_request_error", "code": "payment_method_unexpected_state"},
         "payment_method_unexpected_state", True),
        (402, {"type": "card_error", "code": "card_declined", "decline_code": "lost_card"}, "lost_card", True),
        (402, {"type": "card_error", "code": "card_declined", "decline_code": "do_not_honor",
               "advice_code": "do_not_try_again"}, "do_not_honor", True),
    ],
)  # fmt: skip
async def test_what_is_our_or_the_account_s_fault_spoils_no_card_and_is_logged(
    status: int, error: dict[str, str], code: str, hard: bool, caplog: pytest.LogCaptureFixture
) -> None:
    assert await charge_answered(status, json.dumps({"error": error}).encode()) == Declined(None, code, hard)
    logged = [(each.levelname, each.code) for each in caplog.records if hasattr(each, "code")]
    assert logged == ([] if hard else [("ERROR", code)])


MISSING = b'{"error": {"type": "invalid_request_error", "code": "resource_missing"}}'


async def test_a_charge_whose_id_we_hold_is_never_said_to_be_absent_when_it_is_asked_of_another_account() -> None:
    """As after a key of another account or mode was set: an absent charge would be made again."""
    lost = Unknown("the provider does not know its own id")
    async with gateway_to(404, MISSING) as gateway:
        refund = RefundRequest("key", "refund-1", "pi_1", TEN)
        assert await gateway.find_charge("charge-1", TEN, "pi_1") == lost
        assert await gateway.void("charge-1", "pi_1") == lost
        assert await gateway.find_refund("refund-1", TEN, "pi_1") == lost
        assert await gateway.refund(refund) == lost


@pytest.mark.parametrize(
    ("moved", "fee"),
    [
        ([{"fee": 1500, "currency": "eur"}], 1500),
        ([{"fee": 1500, "currency": "eur"}, {"fee": -1500, "currency": "eur"}], 0),
        ([{"fee": 1500, "currency": "usd"}], 0),
        ([{"fee": 1500, "currency": "eur"}, {"fee": 20, "currency": "usd"}], 0),
        ([], 0),
    ],
)
def test_a_fee_in_the_currency_of_our_balance_is_not_read_as_one_of_the_dispute(
    moved: list[dict[str, object]], fee: int
) -> None:
    said = {"id": "dp_1", "status": "lost", "amount": 1000, "currency": "eur", "reason": "fraudulent", "created": 1,
            "payment_intent": "pi_1", "balance_transactions": moved}  # fmt: skip
    facts = read_dispute(msgspec.convert(said, WireDispute))
    assert facts is not None and facts.fee == Money(fee, EUR)
