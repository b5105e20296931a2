"""A sign-in under way: sealed into a cookie of the browser that began it, so that only that one can end it."""

import base64
import hashlib
import re
from datetime import datetime
from typing import Final
from urllib.parse import urlencode, urlsplit

import msgspec

from api.sign_in.cookies import PENDING_SECONDS
from api.sign_in.failed import SignInFailed
from api.sign_in.provider import Endpoints
from domain.database import Database
from domain.tenants.web_door import WebDoor
from domain.vault import Unsealable

_PURPOSE: Final = b"sign-in under way"
_BYTES: Final = 32  # 256 bits, for state, nonce and verifier alike; RFC 7636 section 7.1 asks for it
_PATH: Final = re.compile(r"/(?!/)[\x21-\x5b\x5d-\x7e]{0,1000}")  # a path of this origin; a browser reads \ as /
_ACR: Final = re.compile(r"[A-Za-z0-9:/._-]{1,100}")  # names of levels, some of which are addresses
_INVITATION: Final = 200  # characters; ours have about 130, and the cookie has to hold it
MAX_AGE_MOST: Final = 86_400  # a day; nobody asks for less


class Pending(msgspec.Struct, frozen=True):
    """What the callback must find again."""

    surface: str
    host: str
    state: str
    nonce: str
    verifier: str
    return_to: str
    until: float
    max_age: int | None = None
    acr: str | None = None
    invitation: str | None = None


def begun(
    db: Database, door: WebDoor, return_to: str, max_age: str | None, acr: str | None, invitation: str | None
) -> Pending:
    """A new sign-in; SignInFailed for an address that is not one of the door's, or a level that is none."""
    if not (is_path(return_to) or _is_admitted(door, return_to)):
        raise SignInFailed("After signing in you can go on at this portal only.")
    if acr is not None and not _ACR.fullmatch(acr):
        raise SignInFailed("That is no level of assurance.")
    if max_age is not None and not (max_age.isascii() and max_age.isdigit() and int(max_age[:6]) <= MAX_AGE_MOST):
        raise SignInFailed("max_age is a number of seconds.")
    if invitation is not None and len(invitation) > _INVITATION:
        raise SignInFailed("That is no invitation.")
    return Pending(
        door.surface, door.host, _random(db), _random(db), _random(db), return_to,
        db.clock.now().timestamp() + PENDING_SECONDS, int(max_age) if max_age else None, acr, invitation,
    )  # fmt: skip


def is_path(text: str) -> bool:
    """Whether the text leads to this origin and nowhere else."""
    return bool(_PATH.fullmatch(text))


def _is_admitted(door: WebDoor, address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    rest = address.removeprefix(f"{parts.scheme}://{parts.netloc}")
    return door.admits(f"{parts.scheme}://{parts.netloc}") and (not rest or is_path(rest))


def _random(db: Database) -> str:
    return _text(db.entropy(_BYTES))


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def address(pending: Pending, door: WebDoor, endpoints: Endpoints) -> str:
    """Where the browser goes to sign in: code flow with PKCE, state and nonce."""
    asked = {
        "response_type": "code",
        "client_id": door.client_id,
        "redirect_uri": callback_of(door),
        "scope": "openid",
        "state": pending.state,
        "nonce": pending.nonce,
        "code_challenge": _text(hashlib.sha256(pending.verifier.encode()).digest()),
        "code_challenge_method": "S256",
    }
    if pending.max_age is not None:
        asked["max_age"] = str(pending.max_age)
    if pending.acr is not None:
        asked["acr_values"] = pending.acr
    joint = "&" if "?" in endpoints.authorization_endpoint else "?"
    return f"{endpoints.authorization_endpoint}{joint}{urlencode(asked)}"


def callback_of(door: WebDoor) -> str:
    """Where the identity provider sends the browser back to; it has to know this address."""
    return f"{door.origin}/callback/{door.surface}"


def cookie_of(state: str) -> str:
    """The name of its cookie: one for each sign-in, since people open two tabs."""
    return f"login-{hashlib.sha256(state.encode()).hexdigest()[:16]}"


def sealed(db: Database, pending: Pending) -> str:
    """The cookie's value."""
    return _text(db.vault.hide(_PURPOSE, msgspec.json.encode(pending), db.entropy))


def opened(db: Database, cookie: str, door: WebDoor, state: str, now: datetime) -> Pending:
    """The sign-in of a cookie at this door with this state; SignInFailed where there is none, or it took too long."""
    try:
        raw = base64.urlsafe_b64decode(cookie + "=" * (-len(cookie) % 4))
        pending = msgspec.json.decode(db.vault.reveal(_PURPOSE, raw), type=Pending)
    except (Unsealable, ValueError):
        raise SignInFailed("This sign-in was not begun in this browser, or is over: begin again.") from None
    fits = (pending.surface, pending.host, pending.state) == (door.surface, door.host, state)
    if not fits or pending.until <= now.timestamp():
        raise SignInFailed("This sign-in was not begun in this browser, or is over: begin again.")
    return pending
