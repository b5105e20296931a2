"""The words of the documents, one module a language; another language is one more entry."""

from types import MappingProxyType
from typing import Final

from domain.invoices.texts.arabic import ARABIC
from domain.invoices.texts.english import ENGLISH
from domain.invoices.texts.french import FRENCH
from domain.invoices.texts.german import GERMAN
from domain.invoices.texts.japanese import JAPANESE

TEXTS: Final = MappingProxyType({"en": ENGLISH, "de": GERMAN, "fr": FRENCH, "ja": JAPANESE, "ar": ARABIC})
"""Language -> words."""
