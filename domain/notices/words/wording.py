"""The fixed words of all notices in one language. Braces hold what ``domain/notices/news.py`` fills in."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.notices.kind import Kind
from domain.portal_link import LinkPurpose


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """One kind of notice: its subject and what it says, a paragraph each.

    ``more`` is said where the news brings it along: of a case that is about a subscription, of a refund to the method
    that paid; ``again`` where a case has another try before it.
    """

    subject: str
    said: tuple[str, ...]
    more: str = ""
    again: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Everything in one language; a test asks for every kind."""

    greeting: str
    portal: str
    automatic: str
    actions: Mapping[LinkPurpose, str]
    letters: Mapping[Kind, Wording]
