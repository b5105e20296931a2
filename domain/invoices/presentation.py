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
CURRENT: Final = 2  # what new documents are issued in; the database's default says the same


@dataclass(frozen=True, slots=True)
class Presentation:
    """One version: its templates, its words by language, and the characters that its fonts draw.

    ``electronic`` says whether the e-invoice stands inside; how an invoice becomes one belongs to the version too.
    """

    number: int
    texts: Mapping[str, Texts]
    printable: frozenset[str]
    electronic: bool

    @property
    def templates(self) -> Path:
        """The folder of its templates."""
        return TEMPLATES / str(self.number)


# The first version knew neither terms nor languages for given back time, and two languages only.
_FIRST: Final = MappingProxyType(
    {
        language: replace(words, unused="Unused time: {text}", net_terms="", charged="", purchase_order="", legal={})
        for language, words in (("en", ENGLISH), ("de", GERMAN))
    }
)


@lru_cache(maxsize=CURRENT)
def presentation(number: int) -> Presentation:
    """The version of that number; LookupError for one that never was."""
    if number == 1:
        return Presentation(1, _FIRST, PRINTABLE, electronic=False)
    if number == CURRENT:
        return Presentation(number, TEXTS, PRINTABLE | packaged_characters(), electronic=True)
    raise LookupError(f"no presentation {number}")
