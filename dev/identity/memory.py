"""What the provider remembers while it runs: codes, nonces and assertions that count once, and ended sessions."""

import time
from dataclasses import dataclass
from secrets import token_urlsafe

from dev.identity.clients import Client
from dev.identity.tokens import Login


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code and what it was given for, in the words that authlib asks for."""

    code: str
    client_id: str
    redirect_uri: str
    scope: str
    login: Login
    nonce: str | None
    code_challenge: str
    expires: float
    code_challenge_method: str = "S256"

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str | None:
        return self.nonce

    def get_auth_time(self) -> int | None:
        return self.login.auth_time

    def get_acr(self) -> str | None:
        return self.login.acr

    def get_amr(self) -> None:
        return None


@dataclass(frozen=True, slots=True)
class Renewal:
    """What a refresh token stands for, in the words that authlib asks for; each counts once."""

    token: str
    client_id: str
    scope: str
    login: Login

    def check_client(self, client: Client) -> bool:
        return client.client_id == self.client_id

    def get_scope(self) -> str:
        return self.scope


@dataclass(frozen=True, slots=True)
class Visit:
    """That a client was given tokens of a session; its pages live at that origin."""

    session: str
    subject: str
    client_id: str
    origin: str


class Once:
    """Names that count once; each is forgotten at its own time."""

    def __init__(self) -> None:
        self._until: dict[tuple[str, str], float] = {}

    def __contains__(self, name: tuple[str, str]) -> bool:
        return self._until.get(name, 0.0) > time.time()

    def add(self, name: tuple[str, str], until: float) -> None:
        """Remember it, and drop what is over."""
        now = time.time()
        self._until = {each: end for each, end in self._until.items() if end > now}
        self._until[name] = until


class Memory:
    """All of it."""

    def __init__(self) -> None:
        self.codes: dict[str, Code] = {}
        self.nonces = Once()
        self.assertions = Once()
        self.renewals: dict[str, Renewal] = {}
        self.ended: set[str] = set()
        self.visits: dict[str, Visit] = {}

    def renewal(self, login: Login, client_id: str, scope: str) -> str:
        """A new refresh token."""
        token = token_urlsafe(32)
        self.renewals[token] = Renewal(token, client_id, scope, login)
        return token

    def end(self, session: str) -> list[Visit]:
        """The session is over; the client that has to be told, the first time."""
        self.ended.add(session)
        visit = self.visits.pop(session, None)
        return [visit] if visit else []

    def end_all(self, subject: str) -> list[Visit]:
        """The same for every session of a subject."""
        sessions = [visit.session for visit in self.visits.values() if visit.subject == subject]
        return [visit for session in sessions for visit in self.end(session)]

    def keep(self, code: Code) -> None:
        """Keep the code until it is used or over."""
        now = time.time()
        self.codes = {name: each for name, each in self.codes.items() if each.expires > now}
        self.codes[code.code] = code

    def open_code(self, code: str, client_id: str) -> Code | None:
        """The code, if it was given to this client and can still be used."""
        found = self.codes.get(code)
        return found if found and found.client_id == client_id and found.expires > time.time() else None
