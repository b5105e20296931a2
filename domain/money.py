"""Amounts as integers in minor units; ``share`` is the only rounding, ``allocate`` the only splitting."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, Self

from domain.currencies import EXPONENTS

MAX_MINOR: Final = 10**15
"""Largest amount either way: more than nine thousand of them still sum inside PostgreSQL's int8."""


class UnknownCurrency(ValueError):
    """The code is not an active ISO 4217 code with a minor unit."""


class CurrencyMismatch(TypeError):
    """Amounts of two currencies met in one calculation or comparison."""


class AmountOutOfRange(ValueError):
    """The amount is beyond MAX_MINOR, either way."""


class NothingToAllocateTo(ValueError):
    """A non-zero amount was to be split over no positive weight."""


@dataclass(frozen=True, slots=True, order=True)
class Currency:
    """An active ISO 4217 code, upper case; anything else is refused as UnknownCurrency."""

    code: str

    def __post_init__(self) -> None:
        if not isinstance(self.code, str) or self.code not in EXPONENTS:
            raise UnknownCurrency(f"not an active ISO 4217 currency: {self.code!r:.20}")

    @property
    def exponent(self) -> int:
        """Digits after the decimal point: EUR 2, JPY 0, KWD 3."""
        return EXPONENTS[self.code]

    def __str__(self) -> str:
        return self.code


currency_of: Final = cache(Currency)  # one for each code; one that is unknown is refused each time


@dataclass(frozen=True, slots=True, init=False)
class Money:
    """An exact amount in minor units of one currency, at most MAX_MINOR either way (else AmountOutOfRange)."""

    minor: int
    currency: Currency

    # A page of invoices holds a thousand amounts: this takes half the time of what a frozen dataclass makes.
    def __init__(self, minor: int, currency: Currency) -> None:
        if not (type(minor) is int and type(currency) is Currency and -MAX_MINOR <= minor <= MAX_MINOR):
            _refuse(minor, currency)
        _set_minor(self, minor)
        _set_currency(self, currency)

    @classmethod
    def zero(cls, currency: Currency) -> Self:
        """Nothing, in that currency."""
        return cls(0, currency)

    @property
    def decimal(self) -> str:
        """The amount in major units with all digits of the currency: "12.34", "-0.05", JPY "1200", KWD "1.250"."""
        minor, exponent = self.minor, EXPONENTS[self.currency.code]
        if minor >= 100 and exponent == 2:  # most amounts, in half the time
            return f"{minor // 100}.{minor % 100:02d}"
        if exponent == 0:
            return str(minor)
        sign, digits = "-" if minor < 0 else "", str(abs(minor)).rjust(exponent + 1, "0")
        return f"{sign}{digits[:-exponent]}.{digits[-exponent:]}"

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._minor_of(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._minor_of(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __abs__(self) -> "Money":
        return Money(abs(self.minor), self.currency)

    def __mul__(self, count: int) -> "Money":
        return Money(self.minor * _require_int(count, "count"), self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._minor_of(other)

    def __le__(self, other: "Money") -> bool:
        return self.minor <= self._minor_of(other)

    def __gt__(self, other: "Money") -> bool:
        return self.minor > self._minor_of(other)

    def __ge__(self, other: "Money") -> bool:
        return self.minor >= self._minor_of(other)

    def __str__(self) -> str:
        return f"{self.decimal} {self.currency}"

    def _minor_of(self, other: "Money") -> int:
        if not isinstance(other, Money):
            raise TypeError(f"money and {type(other).__name__} do not mix")
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} do not mix")
        return other.minor


_set_minor, _set_currency = (vars(Money)[name].__set__ for name in ("minor", "currency"))  # its slots


def total(amounts: Iterable[Money], currency: Currency) -> Money:
    """Sum of the amounts, zero when there are none; another currency among them is a CurrencyMismatch."""
    result = Money.zero(currency)
    for amount in amounts:
        result += amount
    return result


def share(part: int, whole: int, amount: Money) -> Money:
    """amount * part / whole, rounded once, half to even; whole must be positive, part may be negative or above it."""
    if _require_int(whole, "whole") <= 0:
        raise ValueError("whole must be positive")
    return Money(round_half_even(amount.minor * _require_int(part, "part"), whole), amount.currency)


def allocate(amount: Money, weights: Sequence[int]) -> tuple[Money, ...]:
    """Split by weight (largest remainder): one part per weight, summing to the amount, each less than 1 minor unit off.

    Tie rule: of equal remainders the greater weight is served first, then the earlier position. Parts never have the
    other sign; a zero weight gets zero. A negative weight is a ValueError, a sum without a place NothingToAllocateTo.
    """
    if any(_require_int(weight, "weight") < 0 for weight in weights):
        raise ValueError("weights must not be negative")
    whole, size = sum(weights), abs(amount.minor)
    if whole == 0 and size:
        raise NothingToAllocateTo(f"{amount} over {len(weights)} weights without one above zero")
    parts = [size * weight // whole if whole else 0 for weight in weights]
    by_claim = sorted(range(len(weights)), key=lambda i: (-(size * weights[i] - parts[i] * whole), -weights[i], i))
    for i in by_claim[: size - sum(parts)]:
        parts[i] += 1
    sign = -1 if amount.minor < 0 else 1
    return tuple(Money(sign * part, amount.currency) for part in parts)


def round_half_even(numerator: int, denominator: int) -> int:
    """The nearest integer to numerator / denominator (denominator > 0), a tie to the even one; exact for any size."""
    quotient, remainder = divmod(numerator, denominator)
    twice = 2 * remainder
    return quotient + (twice > denominator or (twice == denominator and quotient % 2 == 1))


def _refuse(minor: int, currency: Currency) -> None:
    """Says what is wrong with an amount that is not as nearly all are."""
    _require_int(minor, "minor units")
    if not isinstance(currency, Currency):
        raise TypeError("currency must be a Currency")
    if not -MAX_MINOR <= minor <= MAX_MINOR:
        raise AmountOutOfRange(f"beyond {MAX_MINOR} minor units of {currency}")


def _require_int(value: int, name: str) -> int:
    # A bool is an int to Python; as an amount, a count or a weight it is always a mistake.
    if type(value) is not int:
        raise TypeError(f"{name} must be an int, not {type(value).__name__}")
    return value
