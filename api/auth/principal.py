"""The verified caller of a request, as its token describes it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from api.audience import Audience
from domain.ids import TenantId

WRITE_SCOPE: Final = "act:write"  # what a token for acting carries where it may do more than look


@dataclass(frozen=True, slots=True)
class Principal:
    """What a verified token says; its tenant and kind come from the trusted issuer's record, never from input.

    ``subject`` is unique for one ``issuer`` only. ``roles`` is empty unless the kind is staff, ``client_id`` is always
    there for a partner. ``acr`` and ``auth_time`` (aware UTC) say how and when the person signed in, if the issuer
    tells. With ``acting_staff`` set, that member of staff acts for the customer's user ``subject``, for ``reason``.
    ``sign_in`` is the issuer's name of the session that the token belongs to; ``until`` is when the token ends.
    """

    kind: Audience
    tenant: TenantId
    issuer: str
    audience: str
    subject: str
    client_id: str | None
    scopes: frozenset[str]
    roles: frozenset[str]
    acr: str | None
    auth_time: datetime | None
    acting_staff: str | None
    reason: str | None
    issued_at: datetime
    sign_in: str | None
    until: datetime

    @property
    def may_write(self) -> bool:
        """Whether a member of staff who acts for a customer was let change things."""
        return self.acting_staff is not None and WRITE_SCOPE in self.scopes
