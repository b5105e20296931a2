"""Who asks, and what documents each of them may send."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final, Protocol

from graphql import GraphQLError

from domain.ids import TenantId
from domain.tenants.trusted_document import owner_of_partner


class Audience(StrEnum):
    """The three doors."""

    PORTAL = "portal"
    PARTNER = "partner"
    STAFF = "staff"


ALL_DOCUMENTS: Final = "documents"  # the scope of a partner that may send everything that is registered for it


@dataclass(frozen=True, slots=True)
class Sender:
    """Whose documents may be named: those of an audience at a tenant, and of a partner's client those of its own."""

    audience: Audience
    tenant: TenantId | None = None
    client: str = ""
    scopes: frozenset[str] | None = field(default=None, compare=False)

    def may_send(self, document_id: str) -> bool:
        """Whether the sender's token names the document; others than partners need no scope.

        ``documents`` names all of them, ``documents:customer-account`` every version of one,
        ``documents:customer-account.1`` that version.
        """
        if self.scopes is None or ALL_DOCUMENTS in self.scopes:
            return True
        name = document_id.rpartition(".")[0] or document_id
        return bool(self.scopes & {f"{ALL_DOCUMENTS}:{document_id}", f"{ALL_DOCUMENTS}:{name}"})

    @property
    def owner(self) -> str:
        """As stored documents name it."""
        return owner_of_partner(self.client) if self.audience is Audience.PARTNER else self.audience.value


class Caller(Protocol):
    """What the door reads from a request's context."""

    @property
    def sender(self) -> Sender:
        """Which policy holds, and whose documents may be named."""

    @property
    def caller(self) -> str:
        """Whose bucket pays: stable for one customer, partner client or staff member."""


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """What an audience may send and be told; each is one of its own, and found fast beside a document's text."""

    free_text: bool
    """Whether ``query`` may hold a text that was not registered before."""
    introspection: bool
    suggestions: bool
    """Whether errors may say "Did you mean" with names of the schema."""

    def reword(self, errors: Iterable[GraphQLError]) -> None:
        """Takes such names out of the errors, in place: coercing variables offers them, and there is no switch."""
        if not self.suggestions:
            for error in errors:
                error.message = error.message.partition(" Did you mean")[0]


_CLOSED: Final = Policy(free_text=False, introspection=False, suggestions=False)
_OPEN: Final = Policy(free_text=True, introspection=True, suggestions=True)

Policies = Mapping[Audience, Policy]

PRODUCTION: Final[Policies] = {
    Audience.PORTAL: _CLOSED,
    Audience.PARTNER: _CLOSED,
    Audience.STAFF: _OPEN,
}
DEVELOPMENT: Final[Policies] = {
    Audience.PORTAL: _OPEN,
    Audience.PARTNER: replace(_CLOSED, suggestions=True),  # documentId only, as in production: its contract is the same
    Audience.STAFF: _OPEN,
}
