"""Which decline codes may be tried again with the same method.

Sources: Visa's decline categories as acquirers publish them (in force since 2020; category 1 "issuer will never
approve": no reattempt; categories 2 and 3: at most 15 reattempts in 30 days), and the decline codes in Stripe's public
documentation (docs.stripe.com/declines/codes). Where they differ (an expired card is Visa's category 3, "correct the
details"), the question here decides: can the same stored method work later?
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

HARD: Final[Mapping[str, bool]] = MappingProxyType(
    {
        # The same method can work later: money, limits and machines change.
        "insufficient_funds": False,
        "do_not_honor": False,
        "generic_decline": False,
        "try_again_later": False,
        "processing_error": False,
        "issuer_unavailable": False,
        "reenter_transaction": False,
        "withdrawal_limit_exceeded": False,
        "velocity_exceeded": False,
        # The customer can finish or repeat the authentication on the same card.
        "authentication_failed": False,
        # The method will never work again, or trying again is forbidden: only another method helps.
        "stolen_card": True,
        "lost_card": True,
        "pickup_card": True,
        "expired_card": True,
        "account_closed": True,
        "invalid_number": True,
        "invalid_account": True,
        "fraudulent": True,
        "restricted_card": True,
        "transaction_not_allowed": True,
        "currency_not_supported": True,
        "revocation_of_authorization": True,
        "debit_not_authorized": True,
    }
)


def is_hard(code: str) -> bool:
    """Whether a decline forbids a retry; an unlisted code does, for a card that may not be retried must not be."""
    return HARD.get(code, True)
