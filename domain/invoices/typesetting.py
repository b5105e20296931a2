"""From values to print: amounts, dates and text as a language writes them, and JSON through typst to PDF/A-3b."""

import unicodedata
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Self

import msgspec
import typst
from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_interval
from babel.numbers import format_decimal, get_currency_symbol, parse_pattern

from domain.invoices.document_facts import BillingDays
from domain.invoices.document_texts import TEXTS, Texts
from domain.invoices.glyphs import PRINTABLE
from domain.money import Money

_TEMPLATES: Final = Path(__file__).parent / "templates"
_LETTER_PAPER: Final = frozenset({"US", "CA", "MX", "PH", "CL", "CO"})  # where CLDR names US Letter as the paper size
_MAX_LOCALE: Final = 35  # the longest tag that RFC 5646 section 4.4.1 asks an implementation to hold
_LONE_SYMBOL: Final = "\N{REPLACEMENT CHARACTER}"  # what no font here can draw


class UnknownLocale(ValueError):
    """The documents are not written in the language of that locale."""


@dataclass(frozen=True, slots=True)
class Print:
    """Writes values in one locale; every string it gives is safe to print."""

    locale: Locale
    texts: Texts

    @classmethod
    def for_locale(cls, name: str) -> Self:
        """From a tag such as "en", "de-AT" or "en_GB"; UnknownLocale where there are no words for its language."""
        try:
            locale = Locale.parse(name[:_MAX_LOCALE].replace("-", "_"))
        except (ValueError, UnknownLocaleError) as error:
            raise UnknownLocale(f"not a locale: {name!r:.60}") from error
        if locale.language not in TEXTS or locale.text_direction != "ltr":
            raise UnknownLocale(f"no document texts for {name!r:.60}")
        return cls(locale, TEXTS[locale.language])

    @property
    def paper(self) -> str:
        """The paper size of the locale's territory, A4 where it names none."""
        return "us-letter" if self.locale.territory in _LETTER_PAPER else "a4"

    def money(self, amount: Money) -> str:
        """With symbol, all digits that ISO 4217 gives the currency, and a true minus sign."""
        code, exponent = amount.currency.code, amount.currency.exponent
        symbol = get_currency_symbol(code, self.locale)
        pattern = parse_pattern(_currency_pattern(self.locale, symbol))
        # CLDR prints some currencies without their minor unit (ALL 12.34 as 12): an invoice shows what is owed.
        pattern.frac_prec = (exponent, exponent)
        text = pattern.apply(Decimal(amount.decimal), self.locale, currency=code, currency_digits=False)
        return printable(text.replace("-", "\N{MINUS SIGN}"))

    def number(self, value: int) -> str:
        """With the locale's grouping."""
        return printable(format_decimal(value, locale=self.locale))

    def day(self, value: date) -> str:
        """In words: "January 31, 2026", "31. Januar 2026"."""
        return printable(format_date(value, "long", locale=self.locale))

    def short_day(self, value: date) -> str:
        """For a table: "Jan 31, 2026", "31.01.2026"."""
        return printable(format_date(value, "medium", locale=self.locale))

    def days(self, value: BillingDays) -> str:
        """As one span: "Jan 1 – 31, 2026"."""
        return printable(format_interval(value.first, value.last, "yMMMd", locale=self.locale))


@lru_cache(maxsize=256)  # some locales times the currencies in use
def _currency_pattern(locale: Locale, symbol: str) -> str:
    pattern: str = locale.currency_formats["standard"].pattern
    # CLDR's rule for a symbol that ends in a letter: a space between it and the digits.
    return pattern.replace("¤#", "¤\u00a0#") if symbol[-1:].isalpha() else pattern


def printable(text: str) -> str:
    """One line, composed: controls become spaces, invisible marks vanish, what no font draws becomes U+FFFD."""
    shown = "".join(_shown(char) for char in unicodedata.normalize("NFC", text))
    return " ".join(part for part in shown.split(" ") if part)


def _shown(char: str) -> str:
    if char in PRINTABLE:
        return char
    category = unicodedata.category(char)
    if category in ("Cc", "Zl", "Zp", "Zs"):
        return " "
    # Format characters hide or reorder what stands around them.
    return "" if category == "Cf" else _LONE_SYMBOL


@lru_cache(maxsize=1)
def _fonts() -> typst.Fonts:
    # Only what typst carries: a font of the machine would make the bytes depend on it.
    return typst.Fonts(include_system_fonts=False)


def typeset(template: str, data: dict[str, Any]) -> bytes:
    """The PDF/A-3b of a template filled with printable strings: the same bytes for the same data, without the clock."""
    return typst.compile(
        _TEMPLATES / f"{template}.typ",
        root=_TEMPLATES,
        format="pdf",
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"data": msgspec.json.encode(data).decode()},
        pdf_standards=["a-3b"],
        timestamp=0,  # what the document says of its date is in the data
    )
