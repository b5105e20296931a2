"""Which of Stripe's own words for a decline forbid a retry; the words it shares with others are in declines.py.

Sources: docs.stripe.com/declines/codes ("next steps" of each code), docs.stripe.com/error-codes, and for debits the
table of failure codes on each method's page (docs.stripe.com/payments/sepa-debit, /bacs-debit: what is "retryable").
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from domain.payments.gateways.declines import HARD

_HARD_HERE: Final[Mapping[str, bool]] = MappingProxyType(
    {
        # The customer or the bank can put it right, and the same method works then.
        "approve_with_id": False,
        "authentication_required": False,
        "call_issuer": False,
        "card_decline_rate_limit_exceeded": False,
        "card_declined": False,
        "card_velocity_exceeded": False,
        "charge_exceeds_source_limit": False,
        "charge_exceeds_transaction_limit": False,
        "generic_could_not_process": False,
        "issuer_not_available": False,
        "no_action_taken": False,
        "not_permitted": False,
        "payment_intent_authentication_failure": False,
        "payment_method_provider_decline": False,
        "payment_method_provider_timeout": False,
        "refer_to_customer": False,
        "service_not_allowed": False,
        "try_again_later": False,
        "withdrawal_count_limit_exceeded": False,
        # The method is wrong, gone or barred; trying it again is useless or forbidden.
        "authorization_revoked": True,
        "bank_account_restricted": True,
        "bank_account_unusable": True,
        "bank_ownership_changed": True,
        "branch_does_not_exist": True,
        "card_not_supported": True,
        "debit_authorization_not_match": True,
        "debit_disputed": True,
        "do_not_try_again": True,
        "duplicate_transaction": True,
        "highest_risk_level": True,
        "incorrect_account_holder_name": True,
        "incorrect_address": True,
        "incorrect_cvc": True,
        "incorrect_number": True,
        "incorrect_zip": True,
        "invalid_account_number": True,
        "invalid_cvc": True,
        "invalid_expiry_month": True,
        "invalid_expiry_year": True,
        "merchant_blacklist": True,
        "mandate_invalid": True,
        "new_account_information_available": True,
        "no_account": True,
        "payment_method_bank_account_blocked": True,
        "payment_method_customer_decline": True,
        "payment_method_unexpected_state": True,
        "recipient_deceased": True,
        "revocation_of_all_authorizations": True,
        "security_violation": True,
        "stop_payment_order": True,
        "testmode_decline": True,
    }
)


_FORBIDDEN: Final = "do_not_try_again"  # as a bank's advice beside the code (docs.stripe.com/declines/card)
# Its words for what others say too.
_OURS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "payment_intent_authentication_failure": "authentication_failed",
        "withdrawal_count_limit_exceeded": "withdrawal_limit_exceeded",
    }
)


def is_hard(code: str, advice: str | None = None) -> bool:
    """Whether a decline, or a request that was refused, forbids a retry with this method.

    A code that is not listed does not. Stripe adds codes at any time and treats a reason that it does not know as
    generic_decline, which may be tried again; what it never retries itself is a short list, and is listed here. Where a
    bank forbids another try its advice says so, whatever the code. Most of what else is not listed is not about the
    method: it says that our request or the account is wrong.
    """
    return advice == _FORBIDDEN or _HARD_HERE.get(code, HARD.get(code, False))


def in_our_words(code: str) -> str:
    """The code under which we keep it: that of the shared table where it means the same."""
    return _OURS.get(code, code)
