"""The simulated town: one tenant, its customers, its provider, its clock, and all that was asked of the house."""

import logging
import random
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.actor import Actor, Grant, staff
from domain.ids import CustomerId
from domain.money import Currency
from domain.operation import Operation
from domain.perform import perform
from domain.pool import Pool
from domain.reactions.house import House
from domain.refusals import RETRYABLE, RefusalCode, Refused
from domain.tenants.create_tenant import TenantCreated
from tests.simulation.catalog_model import Catalog
from tests.simulation.clock import SimClock
from tests.simulation.facts import Facts
from tests.simulation.mortal import Process
from tests.simulation.options import DrawnCourse, Options
from tests.simulation.patience import Patience
from tests.simulation.provider import SimulatedProvider
from tests.simulation.reader import Reader
from tests.simulation.reads import Reads
from tests.simulation.tax_model import PublishedRate

ACCOUNT = "sandbox/main"


class Broken(AssertionError):
    """A promise of the house that did not hold."""


@dataclass(frozen=True)
class Patron:
    """A customer, and the actor that is its portal user."""

    name: str
    id: CustomerId
    actor: Actor
    currency: Currency
    zone: str
    on_clock: bool
    country: str  # where it was at first

    def __str__(self) -> str:
        return "-".join(self.name.split("-")[:3])


@dataclass(frozen=True)
class Call:
    """One request to the house, as it could be sent again."""

    name: str
    operation: Operation[Any, Any]
    actor: Actor
    customer: CustomerId
    command: Any
    key: str


class Errors(logging.Handler):
    """Collects what the house logs as an error of its own; ``dead`` are events that it says are for people."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []
        self.dead: dict[str, str] = {}

    def emit(self, record: logging.LogRecord) -> None:
        cause = record.exc_info[1] if record.exc_info else getattr(record, "cause", None)
        if record.getMessage() == "a provider event is dead":
            self.dead[getattr(record, "event_key", "")] = f"{cause!r}"
            return
        self.found.append(f"{record.getMessage()}: {cause!r}")


@dataclass
class Town:
    """The state of a run. ``chance`` draws the actions; the provider and the ids have dice of their own.

    ``founder`` is a process that does not crash; it publishes what the tenant sells, as its ``house`` customer.
    """

    seed: int
    options: Options
    chance: random.Random
    clock: SimClock
    course: DrawnCourse
    provider: SimulatedProvider
    pool: Pool
    process: Process
    tenant: TenantCreated
    catalog: Catalog
    rates: list[PublishedRate]
    founder: House
    house: CustomerId
    shard: int
    reader: Reader
    facts: Facts
    patience: Patience
    patrons: list[Patron] = field(default_factory=list)
    answered: list[tuple[Call, Any]] = field(default_factory=list)
    in_doubt: list[Call] = field(default_factory=list)
    forgotten: set[UUID] = field(default_factory=set)
    quotes: list[Any] = field(default_factory=list)
    journal: list[str] = field(default_factory=list)
    errors: Errors = field(default_factory=Errors)
    rough: bool = False
    at_once: bool = False
    is_long: bool = False  # many steps: time passes in longer strides
    acts: Counter[str] = field(default_factory=Counter)  # how often each was taken
    faults: Counter[str] = field(default_factory=Counter)  # that struck a process; the provider counts its own
    reads: Reads = field(default_factory=Reads)  # of the last step
    _keys: int = 0

    def note(self, text: str) -> None:
        """Adds to what happened in this step."""
        self.journal[-1] += f"; {text}"

    def patron_of(self, customer: UUID) -> Patron:
        """The patron of a row's customer."""
        return next(patron for patron in self.patrons if patron.id.uuid == customer)

    def now_of(self, patron: Patron) -> datetime:
        """The patron's business time."""
        at: datetime = self.facts.now_of(patron.id.uuid, self.clock.at)
        return at

    def staff(self, role: Grant = Grant.SUPPORT, name: str = "sue") -> Actor:
        """A member of the tenant's staff."""
        return staff(self.tenant.tenant, self.tenant.live_house, "simulation", name, frozenset({role}), "simulated")

    async def read(self) -> Facts:
        """The rows as they are now."""
        return await self.reader.read()

    async def look(self) -> None:
        """Takes the rows as they are now for the facts of the next step."""
        self.facts = await self.read()

    def changed_since(self, after: Facts) -> list[str]:
        """The tables that are not as they were at the last look; refusals are logged."""
        return self.facts.differences(after, set(after.rows) - {"refusal_log"})

    def new_key(self) -> str:
        """A key that no call had before."""
        self._keys += 1
        return f"call-{self._keys}"

    async def call(
        self, name: str, operation: Operation[Any, Any], actor: Actor, customer: CustomerId, command: Any, *,
        may: Collection[RefusalCode] = (), must: RefusalCode | None = None,
    ) -> Any:  # fmt: skip
        """Sends a new call; its outcome, or None where it was refused as it ``may`` be or ``must`` be."""
        call = Call(name, operation, actor, customer, command, self.new_key())
        return await self.send(call, may=may, must=must)

    async def send(self, call: Call, *, may: Collection[RefusalCode] = (), must: RefusalCode | None = None) -> Any:
        """Sends a call, the first time or again."""
        self.in_doubt.append(call)
        try:
            performed = await perform(
                self.process.house.db, call.operation, call.actor, call.customer, call.command, call.key
            )
        except Refused as refused:
            await self._was_refused(call, refused, may, must)
            return None
        self.in_doubt.remove(call)
        if must is not None and not self.at_once:
            raise Broken(f"{call.name} was done although it must be refused as {must}: {call.command}")
        self.answered.append((call, performed.outcome))
        return performed.outcome

    async def _was_refused(
        self, call: Call, refused: Refused, may: Collection[RefusalCode], must: RefusalCode | None
    ) -> None:
        self.note(f"refused {refused.code}")
        if refused.code in RETRYABLE and self.rough:
            return  # nothing is known about it: it stays in doubt
        self.in_doubt.remove(call)
        if self.at_once:
            return  # what the others did meanwhile decides
        if refused.code != must if must is not None else refused.code not in may:
            raise Broken(f"{call.name} was refused: {refused}; expected {must or list(may)}: {call.command}")
        after = await self.read()
        if changed := self.changed_since(after):
            raise Broken(f"34: {call.name} was refused as {refused.code} and changed {changed}")
