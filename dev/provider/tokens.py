"""Test tokens: the token's name says what its payment method will do. ``tok_x#anything`` behaves as ``tok_x``."""

import re
from dataclasses import dataclass, replace
from typing import Final, Literal

from dev.provider.faults import Fault

SOFT_DECLINES: Final = (
    "insufficient_funds",
    "do_not_honor",
    "generic_decline",
    "try_again_later",
    "processing_error",
    "issuer_unavailable",
    "reenter_transaction",
    "withdrawal_limit_exceeded",
    "velocity_exceeded",
    "authentication_failed",
)
HARD_DECLINES: Final = (
    "stolen_card",
    "lost_card",
    "pickup_card",
    "expired_card",
    "account_closed",
    "invalid_number",
    "invalid_account",
    "fraudulent",
    "restricted_card",
    "transaction_not_allowed",
    "currency_not_supported",
    "revocation_of_authorization",
    "debit_not_authorized",
)
DECLINES: Final = frozenset(SOFT_DECLINES + HARD_DECLINES)

RefundScript = Literal["succeeds", "pending", "fails_later", "reversed", "refused"]


@dataclass(frozen=True, slots=True)
class Script:
    """What a method does. It declines after `successes` captured payments, at most `declines` times (None: ever)."""

    kind: Literal["card", "bank_debit"] = "card"
    brand: str = "visa"
    last4: str = "4242"
    decline: str | None = None
    successes: int = 0
    declines: int | None = None
    action: Literal["never", "always", "once"] = "never"
    settles: bool = False
    """Whether a payment is first processing, and only then succeeds or declines."""
    held: bool = False
    """Whether what settles waits for the admin API instead of a timer."""
    partial: bool = False
    """Whether only half of the amount is taken or held."""
    expires: bool = False
    """Whether what is held runs out as soon as other tokens settle."""
    returnable: bool = False
    """Whether the bank may take back what was debited."""
    returned: str | None = None
    """The code under which the bank does that, as soon again as it took to settle."""
    until: tuple[int, int] | None = None
    """The year and month that it says it expires in; None: as every other card."""
    disputed: bool = False
    """Whether its cardholder disputes each payment, as soon as other tokens settle."""
    charge_fault: Fault | None = None
    capture_fault: Fault | None = None
    refund_fault: Fault | None = None
    refund: RefundScript = "succeeds"


NOT_ACCEPTED: Final = "tok_not_accepted"

_BANK: Final = Script(kind="bank_debit", brand="sepa_debit", last4="3000", settles=True)
_PLAIN: Final[dict[str, Script]] = {
    "tok_visa": Script(),
    "tok_mastercard": Script(brand="mastercard", last4="4444"),
    "tok_amex": Script(brand="amex", last4="0005"),
    "tok_3ds": Script(last4="3220", action="always"),
    "tok_3ds_once": Script(last4="3155", action="once"),
    "tok_bank": _BANK,
    "tok_bank_held": replace(_BANK, held=True),
    "tok_bank_returnable": replace(_BANK, held=True, returnable=True),
    "tok_bank_returned": replace(_BANK, returnable=True, returned="insufficient_funds"),
    "tok_partial": Script(last4="5050", partial=True),
    "tok_expiring": Script(last4="5060", expires=True),
    "tok_disputed": Script(last4="0259", disputed=True),
    "tok_disputed_held": Script(last4="0259", disputed=True, held=True),
    "tok_refund_pending": Script(last4="7726", refund="pending"),
    "tok_refund_fails_later": Script(last4="5126", refund="fails_later"),
    "tok_refund_reversed": Script(last4="5127", refund="reversed"),
    "tok_refund_refused": Script(last4="5128", refund="refused"),
}
_BANK_DECLINE: Final = re.compile(r"tok_bank_([a-z_]+)")
_ACTION_DECLINE: Final = re.compile(r"tok_3ds_then_([a-z_]+)")
_DECLINE: Final = re.compile(r"tok_([a-z_]+?)(?:_(after|times)_([1-9][0-9]{0,3}))?", re.ASCII)
_UNTIL: Final = re.compile(r"tok_visa_until_(20[0-9]{2})_(0[1-9]|1[0-2])", re.ASCII)
_REFUND_FAULT: Final = re.compile(r"tok_refund_([a-z_]+)")
_CAPTURE_FAULT: Final = re.compile(r"tok_capture_([a-z_]+)")
_FAULT: Final = re.compile(r"tok_([a-z_]+)")


def read_token(token: str) -> Script | None:
    """The script that a token names, or None for a token that the provider did not issue."""
    name = token.partition("#")[0]
    return _PLAIN.get(name) or _ending(name) or _declining(name) or _faulty(name)


def _ending(name: str) -> Script | None:
    """A card that says when it expires, as `tok_visa_until_2027_03`; it is charged after that too."""
    match = _UNTIL.fullmatch(name)
    return Script(last4="1881", until=(int(match[1]), int(match[2]))) if match else None


def _declining(name: str) -> Script | None:
    if (bank := _BANK_DECLINE.fullmatch(name)) and bank[1] in DECLINES:
        return replace(_BANK, decline=bank[1])
    if (action := _ACTION_DECLINE.fullmatch(name)) and action[1] in DECLINES:
        return Script(last4="3178", action="always", decline=action[1])
    match = _DECLINE.fullmatch(name)
    if match is None or match[1] not in DECLINES:
        return None
    count = int(match[3] or 0)
    if match[2] == "after":
        return Script(last4="0341", decline=match[1], successes=count)
    return Script(last4="0002", decline=match[1], declines=count or None)


def _faulty(name: str) -> Script | None:
    if (refund := _REFUND_FAULT.fullmatch(name)) and refund[1] in set(Fault):
        return Script(last4="6001", refund_fault=Fault(refund[1]))
    if (capture := _CAPTURE_FAULT.fullmatch(name)) and capture[1] in set(Fault):
        return Script(last4="6002", capture_fault=Fault(capture[1]))
    if (charge := _FAULT.fullmatch(name)) and charge[1] in set(Fault):
        return Script(last4="6000", charge_fault=Fault(charge[1]))
    return None


def every_token() -> tuple[str, ...]:
    """All tokens without a number in them; each decline also exists as `tok_CODE_after_N` and `tok_CODE_times_N`."""
    declines = [f"tok_{code}" for code in SOFT_DECLINES + HARD_DECLINES]
    settling = [f"tok_{kind}_{code}" for kind in ("bank", "3ds_then") for code in SOFT_DECLINES + HARD_DECLINES]
    faults = [f"tok_{part}{fault}" for part in ("", "refund_", "capture_") for fault in Fault]
    return (*_PLAIN, NOT_ACCEPTED, *declines, *settling, *faults)
