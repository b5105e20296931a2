"""The words of the notices, one module a language; another language is one more entry."""

from types import MappingProxyType
from typing import Final

from domain.notices.words.arabic import ARABIC
from domain.notices.words.english import ENGLISH
from domain.notices.words.french import FRENCH
from domain.notices.words.german import GERMAN
from domain.notices.words.japanese import JAPANESE

WORDS: Final = MappingProxyType({"en": ENGLISH, "de": GERMAN, "fr": FRENCH, "ja": JAPANESE, "ar": ARABIC})
"""Language -> words."""
