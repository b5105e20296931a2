"""Which of Stripe's own words for a decline forbid a retry; the words it shares with others are in declines.py.

Sources: docs.stripe.com/declines/codes ("next steps" of each code) and docs.stripe.com/error-codes for bank debits.
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
        "issuer_not_available": False,
        "no_action_taken": False,
        "not_permitted": False,
        "payment_intent_authentication_failure": False,
        "service_not_allowed": False,
        "try_again_later": False,
        # The method is wrong, gone or barred; trying it again is useless or forbidden.
        "bank_account_restricted": True,
        "bank_account_unusable": True,
        "card_not_supported": True,
        "duplicate_transaction": True,
        "incorrect_number": True,
        "invalid_account_number": True,
        "invalid_expiry_month": True,
        "invalid_expiry_year": True,
        "merchant_blacklist": True,
        "mandate_invalid": True,
        "new_account_information_available": True,
        "no_account": True,
        "payment_method_customer_decline": True,
        "revocation_of_all_authorizations": True,
        "security_violation": True,
        "stop_payment_order": True,
        "testmode_decline": True,
    }
)


def is_hard(code: str) -> bool:
    """Whether a decline forbids a retry; an unlisted code does."""
    return _HARD_HERE.get(code, HARD.get(code, True))


def in_our_words(code: str) -> str:
    """The code under which we keep it: that of the shared table where it means the same."""
    return "authentication_failed" if code == "payment_intent_authentication_failure" else code
