"""How documents look and read, in versions: an issued document is always rendered in the version it was issued in.

A version that documents were issued in is never edited; what looks or reads otherwise is the next version, which a
migration makes the one that new documents get.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from domain.invoices.fonts import packaged_characters
from domain.invoices.glyphs import PRINTABLE
from domain.invoices.texts import TEXTS
from domain.invoices.texts.words import Texts

TEMPLATES: Final = Path(__file__).parent / "templates"
CURRENT: Final = 4  # what new documents are issued in; the database's default says the same


class Check(Enum):
    """A rule of EN 16931 that e-invoices were not held to at first."""

    BUYER_ID = "buyer_id"  # BR-AE-02: who owes the tax is named by a VAT id, and not by any number
    RATE = "rate"  # BR-S-09: the tax of a rate is that rate of its sum


ALL_CHECKS: Final = frozenset(Check)


@dataclass(frozen=True, slots=True)
class Presentation:
    """One version: the folder of its templates, its words by language, and the characters that its fonts draw.

    ``checks`` are what e-invoices were held to while it was current, the last word first: a document of before is the
    same bytes only by those of its day. There are none where no e-invoice stands inside; how an invoice becomes one
    belongs to the version too.
    """

    number: int
    templates: Path
    texts: Mapping[str, Texts]
    printable: frozenset[str]
    checks: tuple[frozenset[Check], ...]


# The checks came one after the other while the second version was current.
_SECOND_CHECKS: Final = (ALL_CHECKS, frozenset({Check.BUYER_ID}), frozenset[Check]())


def _without(of: Mapping[str, Texts], **empty: Any) -> Mapping[str, Texts]:
    """The words of a version that did not say these things yet."""
    return MappingProxyType({language: replace(words, **empty) for language, words in of.items()})


# The third version did not tell amounts without tax from others, the second not which register a seller stands in. The
# first knew neither terms nor languages for given back time, and two languages only.
_THIRD: Final = _without(TEXTS, amount_without_tax="")
_SECOND: Final = _without(_THIRD, register="")
_FIRST: Final = _without(
    {"en": _SECOND["en"], "de": _SECOND["de"]},
    unused="Unused time: {text}", net_terms="", charged="", purchase_order="", legal={},
)  # fmt: skip


@lru_cache(maxsize=CURRENT)
def presentation(number: int) -> Presentation:
    """The version of that number; LookupError for one that never was."""
    if number == 1:
        return Presentation(1, TEMPLATES / "1", _FIRST, PRINTABLE, ())
    if number in (2, 3, CURRENT):  # they differ in words alone
        texts = {2: _SECOND, 3: _THIRD}.get(number, TEXTS)
        checks = _SECOND_CHECKS if number == 2 else (ALL_CHECKS,)
        return Presentation(number, TEMPLATES / "2", texts, PRINTABLE | packaged_characters(), checks)
    raise LookupError(f"no presentation {number}")
