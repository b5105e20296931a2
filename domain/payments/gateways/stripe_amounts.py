"""Amounts as Stripe counts them, which is not everywhere as ISO 4217 does.

Source: docs.stripe.com/currencies. Most currencies travel in hundredths; those listed as zero-decimal in whole units;
ISK and UGX have no fraction, and still travel in hundredths that end in 00 ("to charge 5 ISK, provide 500"); those of
three digits travel in thousandths of which the last digit has to be 0 ("5.124 KWD must be 5120 or 5130").
"""

from typing import Final

from domain.money import AmountOutOfRange, Currency, Money, UnknownCurrency

_WHOLE_UNITS: Final = (
    *("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA"),
    *("PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"),
)
_THOUSANDTHS: Final = ("BHD", "JOD", "KWD", "OMR", "TND")
_STEP: Final = 10  # of an amount in thousandths: the last digit is 0
_NO_FRACTION: Final = {"ISK": 100, "UGX": 100}  # of an amount in hundredths: it ends in 00


def to_stripe(money: Money) -> int | None:
    """The amount as Stripe takes it; None for one that cannot be said there exactly, for nothing is ever rounded."""
    code = money.currency.code
    shift = _digits(code) - money.currency.exponent
    amount, rest = (money.minor * 10**shift, 0) if shift >= 0 else divmod(money.minor, 10**-shift)
    return None if rest or amount % _granularity(code) else amount


def from_stripe(amount: int, currency: str) -> Money | None:
    """The money that Stripe speaks of; None for what no amount of ours is."""
    try:
        known = Currency(currency.upper())
        shift = known.exponent - _digits(known.code)
        minor, rest = (amount * 10**shift, 0) if shift >= 0 else divmod(amount, 10**-shift)
        return None if rest else Money(minor, known)
    except (UnknownCurrency, AmountOutOfRange):
        return None


def _digits(code: str) -> int:
    if code in _WHOLE_UNITS:
        return 0
    return 3 if code in _THOUSANDTHS else 2


def _granularity(code: str) -> int:
    return _STEP if code in _THOUSANDTHS else _NO_FRACTION.get(code, 1)
