"""Ids in Stripe's shape and in that of the books: the same object, another prefix."""

from typing import Final

_OUTWARD: Final = {
    "intent": "pi",
    "payment": "ch",
    "method": "pm",
    "customer": "cus",
    "refund": "re",
    "dispute": "dp",
    "payout": "po",
    "event": "evt",
    "line": "txn",
}
_INWARD: Final = {outward: inward for inward, outward in _OUTWARD.items()}
_TOKEN: Final = "pm_"
TOKEN_MARK: Final = "tok_"  # how the books' own tokens begin


def outward(record_id: str) -> str:
    """The id as Stripe's clients see it."""
    kind, _, rest = record_id.partition("_")
    return f"{_OUTWARD[kind]}_{rest}"


def inward(stripe_id: str) -> str:
    """The id in the books; of what is no such id, something that no object has."""
    kind, _, rest = stripe_id.partition("_")
    return f"{_INWARD.get(kind, 'no')}_{rest}"


def intent_of(payment_id: str) -> str:
    """The intent's id, outward, of a payment in the books."""
    return outward(f"intent_{payment_id.partition('_')[2]}")


def token_of(name: str) -> str:
    """The books' token for a test method: `pm_visa` or `pm_card_visa` for `tok_visa`; others stay as they are."""
    if not name.startswith(_TOKEN):
        return name
    return TOKEN_MARK + name.removeprefix(_TOKEN).removeprefix("card_")
