"""From values to print: amounts, dates and text as a language writes them, and JSON through typst to PDF/A-3b."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, Self

import msgspec
import typst
from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_interval
from babel.numbers import format_decimal, get_currency_symbol, parse_pattern

from domain.invoices.document_facts import BillingDays
from domain.invoices.factur_x import mark
from domain.invoices.fonts import fonts
from domain.invoices.presentation import CURRENT, Presentation, presentation
from domain.invoices.texts.words import Texts
from domain.money import Money

_LETTER_PAPER: Final = frozenset({"US", "CA", "MX", "PH", "CL", "CO"})  # where CLDR names US Letter as the paper size
_MAX_LOCALE: Final = 35  # the longest tag that RFC 5646 section 4.4.1 asks an implementation to hold
_LONE_SYMBOL: Final = "\N{REPLACEMENT CHARACTER}"  # what no font here can draw
_PER_PERCENT: Final = 10_000  # rates are parts per million
_MINUS: Final = "\N{MINUS SIGN}"
_NUMBER: Final = re.compile(rf"{_MINUS}?[0-9][0-9.,]*")


class UnknownLocale(ValueError):
    """The documents are not written in the language of that locale."""


@dataclass(frozen=True, slots=True)
class Print:
    """Writes values in one locale and version; every string it gives is safe to print."""

    locale: Locale
    texts: Texts
    presentation: Presentation

    @classmethod
    def for_locale(cls, name: str, version: int = CURRENT) -> Self:
        """From a tag such as "en", "de-AT" or "en_GB"; UnknownLocale where there are no words for its language."""
        try:
            locale = Locale.parse(name[:_MAX_LOCALE].replace("-", "_"))
        except (ValueError, UnknownLocaleError) as error:
            raise UnknownLocale(f"not a locale: {name!r:.60}") from error
        found = presentation(version)
        if locale.language not in found.texts:
            raise UnknownLocale(f"no document texts for {name!r:.60}")
        return cls(locale, found.texts[locale.language], found)

    @property
    def right_to_left(self) -> bool:
        """Whether the language is written so."""
        return bool(self.locale.text_direction == "rtl")

    def plain(self, text: str) -> str:
        """Text that somebody wrote: safe, and in a document of the other direction kept in one piece."""
        safe = printable(text, self.presentation.printable)
        return f"\N{FIRST STRONG ISOLATE}{safe}\N{POP DIRECTIONAL ISOLATE}" if self.right_to_left and safe else safe

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
        safe = self._formatted(text.replace("-", _MINUS))
        if not self.right_to_left:
            return safe
        # A number reads from left to right also there, its sign before it; its symbol then follows to the left.
        return _NUMBER.sub("\N{LEFT-TO-RIGHT ISOLATE}\\g<0>\N{POP DIRECTIONAL ISOLATE}", safe)

    def number(self, value: int) -> str:
        """With the locale's grouping."""
        return self._formatted(format_decimal(value, locale=self.locale))

    def percent(self, ppm: int) -> str:
        """A rate with as many digits as it has: "19 %", "9.975%"."""
        pattern = parse_pattern(self.locale.percent_formats[None].pattern)
        pattern.frac_prec = (0, 4)
        return self._formatted(pattern.apply(Decimal(ppm) / _PER_PERCENT / 100, self.locale))

    def day(self, value: date) -> str:
        """In words: "January 31, 2026", "31. Januar 2026"."""
        return self._formatted(format_date(value, "long", locale=self.locale))

    def short_day(self, value: date) -> str:
        """For a table: "Jan 31, 2026", "31.01.2026"."""
        return self._formatted(format_date(value, "medium", locale=self.locale))

    def days(self, value: BillingDays) -> str:
        """As one span: "Jan 1 – 31, 2026"."""
        return self._formatted(format_interval(value.first, value.last, "yMMMd", locale=self.locale))

    def _formatted(self, text: str) -> str:
        """What babel wrote, without its marks of direction."""
        return printable(text, self.presentation.printable)


@lru_cache(maxsize=256)  # some locales times the currencies in use
def _currency_pattern(locale: Locale, symbol: str) -> str:
    pattern: str = locale.currency_formats["standard"].pattern
    # CLDR's rule for a symbol that ends in a letter: a space between it and the digits.
    return pattern.replace("¤#", "¤\u00a0#") if symbol[-1:].isalpha() else pattern


def printable(text: str, glyphs: frozenset[str]) -> str:
    """One line, composed: controls become spaces, invisible marks vanish, what no font draws becomes U+FFFD."""
    shown = "".join(_shown(char, glyphs) for char in unicodedata.normalize("NFC", text))
    return " ".join(part for part in shown.split(" ") if part)


def _shown(char: str, glyphs: frozenset[str]) -> str:
    if char in glyphs:
        return char
    category = unicodedata.category(char)
    if category in ("Cc", "Zl", "Zp", "Zs"):
        return " "
    # Format characters hide or reorder what stands around them.
    return "" if category == "Cf" else _LONE_SYMBOL


def typeset(of: Presentation, template: str, data: dict[str, Any], attached: str = "") -> bytes:
    """The PDF/A-3b of a template filled with printable strings: the same bytes for the same data, without the clock.

    ``attached`` is an e-invoice that readers find inside as factur-x.xml.
    """
    pdf: bytes = typst.compile(
        of.templates / f"{template}.typ",
        root=of.templates,
        format="pdf",
        font_paths=fonts(),
        ignore_system_fonts=True,
        sys_inputs={"data": msgspec.json.encode(data).decode(), **({"attached": attached} if attached else {})},
        pdf_standards=["a-3b"],
        timestamp=0,  # what the document says of its date is in the data
    )
    return mark(pdf) if attached else pdf
