"""The verified caller of a request, as its token describes it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from api.audience import Audience, Sender
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
    caller: str = field(init=False, repr=False, compare=False)
    """Whose bucket pays: one for each subject of an issuer at a door, and for each that acts there for somebody."""
    sender: Sender = field(init=False, repr=False, compare=False)
    """Whose documents may be named."""

    def __post_init__(self) -> None:
        """What requests ask for each time and the token alone decides."""
        acting = f"|{self.acting_staff}" if self.acting_staff else ""
        object.__setattr__(self, "caller", f"{self.issuer}|{self.audience}|{self.subject}{acting}")
        object.__setattr__(self, "sender", self._sender())

    def _sender(self) -> Sender:
        if self.kind is Audience.PARTNER:
            return Sender(self.kind, self.tenant, self.client_id or "", self.scopes)
        # Who acts for a customer is a member of staff with its own tools.
        return Sender(self.kind if self.acting_staff is None else Audience.STAFF, self.tenant)

    @property
    def may_write(self) -> bool:
        """Whether a member of staff who acts for a customer was let change things."""
        return self.acting_staff is not None and WRITE_SCOPE in self.scopes
