"""What a request carries: who asks, the house it asks, and the loaders of this one request."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Final

import structlog
from starlette.requests import Request
from strawberry.types import Info as StrawberryInfo

from api.audience import Audience, Sender
from api.auth.actor import actor_of
from api.auth.directory import Directory
from api.auth.issuer import IssuerSource
from api.auth.keys import KeyCache
from api.auth.link import is_link, who_came
from api.auth.principal import Principal
from api.auth.refused import Unauthenticated
from api.auth.verify import Verifier
from api.cursors import Cursors
from api.errors import Code, Fault
from api.graph.loaders import Loaders
from api.library import Library
from api.live.hub import Hub
from api.live.stream import is_renewal
from api.sign_in.sessions import Credential, Sessions
from api.sign_in.who import person_of
from domain.actor import Actor
from domain.customers.signed_in import SignedIn
from domain.database import Database
from domain.ids import CustomerId, TenantId
from domain.perform import only_looking
from domain.reactions.house import House
from domain.refusals import RefusalCode, Refused, StepUp
from domain.tenants.ended_sign_in import has_ended, sign_in_key
from domain.tenants.tenant import home_of

TOKEN_HEADER: Final = "Consistency-Token"  # of a mutation in its answer; of what history must show in a request
_log: Final = structlog.get_logger("api.graph")


@dataclass(frozen=True)
class Rooms:
    """What the whole process shares."""

    house: House
    account: str
    cursors: Cursors
    verifier: Verifier
    environment: str
    sessions: Sessions
    issuers: IssuerSource
    keys: KeyCache
    live: Hub
    library: Library
    step_up: StepUp
    directory: Directory
    running: set["asyncio.Task[Any]"] = field(default_factory=set)

    @property
    def db(self) -> Database:
        """The database."""
        return self.house.db

    def keep(self, work: Awaitable[Any]) -> "asyncio.Task[Any]":
        """Runs the work to its end whatever becomes of the request; the process waits for it when it stops."""
        task = asyncio.ensure_future(work)
        self.running.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: "asyncio.Task[Any]") -> None:
        """A failure is said once; what was not done then is due work, which the worker finds."""
        self.running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.warning("work.unfinished", cause=type(error).__name__)


@dataclass
class Context:
    """One request."""

    rooms: Rooms
    audience: Audience
    caller: str
    actor: Actor
    tenant: TenantId
    principal: Principal
    loaders: Loaders
    answer: dict[str, str]
    """Headers of the answer."""
    at_least: str | None = None
    last_event_id: str | None = None
    event_id: str = ""
    """Of a live stream: the id of the event that is being answered."""

    @property
    def db(self) -> Database:
        """The database."""
        return self.rooms.db

    @property
    def sender(self) -> Sender:
        """Whose documents may be named."""
        return self.principal.sender

    @cached_property
    def previewing(self) -> asyncio.Lock:
        """Held by the one preview of the request that is worked out now: side by side they would be in each other's
        way, and none waits long for a customer's head."""
        return asyncio.Lock()

    @property
    def customer(self) -> CustomerId:
        """The portal user's own customer; Refused FORBIDDEN for any other caller."""
        if self.actor.customer is None:
            raise Refused(RefusalCode.FORBIDDEN, "This is for portal users.")
        return self.actor.customer

    def read_of(self, customer: CustomerId) -> SignedIn | None:
        """What was read of the customer when the caller was looked up; None where it has to be read."""
        read = self.loaders.read
        return read if read is not None and read.customer.id == customer else None

    async def business_time(self) -> datetime:
        """A portal user's own time, which may be a test clock's; for everybody else the time of the request."""
        own = self.actor.customer
        return await self.loaders.times.load(own) if own is not None else self.loaders.began

    def staff_home(self) -> CustomerId:
        """The house customer under which the staff of the tenant work; Refused FORBIDDEN for any other caller."""
        if self.audience is not Audience.STAFF or self.actor.home is None:
            raise Refused(RefusalCode.FORBIDDEN, "This is for the staff.")
        return self.actor.home

    async def house(self) -> CustomerId:
        """The house of the tenant, where what concerns no customer alone is written."""
        return await home_of(self.db.primary, self.tenant)

    def refuse_acting(self) -> None:
        """Refused FORBIDDEN for a member of staff who acts for a customer to look, and not to change anything."""
        if self.actor.only_looks:
            raise only_looking()


Info = StrawberryInfo[Context, None]


async def authenticate(rooms: Rooms, request: Request, otherwise: str = "") -> tuple[Principal, Actor]:
    """The verified caller of a request; UNAUTHENTICATED without a valid token, FORBIDDEN for one nobody here knows.

    ``otherwise`` is whose session counts where the request does not say it, at doors that only read.
    """
    credential = await rooms.sessions.credential(request, otherwise)
    return await known(rooms, credential, request.state.request_id)


async def known(rooms: Rooms, credential: Credential, request_id: str) -> tuple[Principal, Actor]:
    """Whom a credential speaks for; the token of a session for whom the session was begun, and nobody else."""
    principal, actor, _ = await looked_up(rooms, credential, request_id)
    return principal, actor


async def looked_up(
    rooms: Rooms, credential: Credential, request_id: str
) -> tuple[Principal, Actor, SignedIn | None]:  # fmt: skip
    """The same, with what was read on the way."""
    if credential.session is None and is_link(credential.token):
        return *await who_came(rooms.db, credential.token, request_id), None
    principal = await believed(rooms, credential.token)
    actor, read = await actor_of(rooms.db, rooms.directory, principal, request_id, rooms.step_up)
    session = credential.session
    if session is not None and (session.person, session.tenant) != (person_of(actor), principal.tenant):
        raise Fault(Code.UNAUTHENTICATED, "The session is over: sign in again.")
    if session is not None:
        principal = replace(principal, until=min(principal.until, session.ends_at))
    return principal, actor, read


async def believed(rooms: Rooms, token: str) -> Principal:
    """What a token says, known here or not; UNAUTHENTICATED unless it is valid and of a sign-in that goes on."""
    try:
        principal = await rooms.verifier.verify(token)
    except Unauthenticated as refused:
        raise Fault(Code.UNAUTHENTICATED, str(refused)) from None
    if principal.sign_in is not None and await has_ended(
        rooms.db.primary, sign_in_key(principal.tenant, principal.issuer, principal.sign_in)
    ):
        raise Fault(Code.UNAUTHENTICATED, "You have signed out: sign in again.")
    return principal


def context_maker(rooms: Rooms) -> Callable[[Request, dict[str, str]], Awaitable[Context]]:
    """Makes the context of each request."""

    async def make(request: Request, answer: dict[str, str]) -> Context:
        # A stream that is left open is no sign that its person is still there.
        credential = await rooms.sessions.credential(request, used=not is_renewal(request))
        principal, actor, read = await looked_up(rooms, credential, request.scope["state"]["request_id"])
        headers = request.headers
        return Context(
            rooms, principal.kind, principal.caller, actor, principal.tenant, principal, Loaders(rooms.db, read),
            answer, headers.get(TOKEN_HEADER), headers.get("last-event-id"),
        )  # fmt: skip

    return make
