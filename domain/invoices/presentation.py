"""How documents look and read, in versions: an issued document is always rendered in the version it was issued in.

A version that documents were issued in is never edited; what looks or reads otherwise is the next version, which a
migration makes the one that new documents get.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from domain.invoices.fonts import packaged_characters
from domain.invoices.glyphs import PRINTABLE
from domain.invoices.texts import TEXTS
from domain.invoices.texts.english import ENGLISH
from domain.invoices.texts.german import GERMAN
from domain.invoices.texts.words import Texts

TEMPLATES: Final = Path(__file__).parent / "templates"
CURRENT: Final = 3  # what new documents are issued in; the database's default says the same


@dataclass(frozen=True, slots=True)
class Presentation:
    """One version: the folder of its templates, its words by language, and the characters that its fonts draw.

    ``electronic`` says whether the e-invoice stands inside; how an invoice becomes one belongs to the version too.
    """

    number: int
    templates: Path
    texts: Mapping[str, Texts]
    printable: frozenset[str]
    electronic: bool


# The second version did not say which register a seller stands in.
_SECOND: Final = MappingProxyType({language: replace(words, register="") for language, words in TEXTS.items()})
# The first version knew neither terms nor languages for given back time, and two languages only.
_FIRST: Final = MappingProxyType(
    {
        language: replace(
            words, unused="Unused time: {text}", net_terms="", charged="", purchase_order="", register="", legal={}
        )
        for language, words in (("en", ENGLISH), ("de", GERMAN))
    }
)


@lru_cache(maxsize=CURRENT)
def presentation(number: int) -> Presentation:
    """The version of that number; LookupError for one that never was."""
    if number == 1:
        return Presentation(1, TEMPLATES / "1", _FIRST, PRINTABLE, electronic=False)
    if number in (2, CURRENT):  # they differ in words alone
        texts = TEXTS if number == CURRENT else _SECOND
        return Presentation(number, TEMPLATES / "2", texts, PRINTABLE | packaged_characters(), electronic=True)
    raise LookupError(f"no presentation {number}")
