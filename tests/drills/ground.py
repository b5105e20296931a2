"""The ground of a drill: servers that flush to a disk, the sandbox peers, and our own processes to start and stop."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import asyncpg

from dev.stack.addresses import DATABASE, PRIMARY_PORT, Ports
from dev.stack.plan import Plan
from dev.stack.postgres import Pair, superuser_dsn
from dev.stack.processes import CHECKOUT, OwnProcess, Step, default_processes, module, program_of
from dev.stack.program import Child, bring_up, launch, wait_ready, why_not_ready
from dev.stack.stack import Stack
from runtime.settings import Settings
from tests.ports import free_ports
from tests.throw_away import new_state, sweep, throw_away

PREFIX = "quittance-drill-"
# On a disk that outlives a restart: a temporary directory in memory would flush for nothing.
PLACE = Path("/var/tmp")
PEERS = ("provider", "identity")
# The six ports of a stack, and one for a second API beside the first.
PORTS = 7
NOTHING: Mapping[str, str] = {}


@dataclass
class Ground:
    """A running stack; ``own`` are the processes of ours that were started on it, by name."""

    stack: Stack
    second_port: int
    own: dict[str, Child] = field(default_factory=dict)

    @property
    def pair(self) -> Pair:
        """The embedded servers."""
        assert self.stack.ground.pair is not None
        return self.stack.ground.pair

    @property
    def url(self) -> str:
        """Where the API listens."""
        return f"http://127.0.0.1:{self.stack.plan.ports.api}"

    def settings(self, **changed: object) -> Settings:
        """What one of our processes would read from its environment."""
        given = {name.lower(): value for name, value in self.stack.settings.items()}
        known = {name: given[name] for name in Settings.model_fields if name in given}
        return Settings.model_validate({**known, **changed})

    def admin(self, port: int = PRIMARY_PORT) -> str:
        """The product's database as superuser, on the primary or on another server of the stack."""
        to = superuser_dsn(self.stack.ground.layout, self.stack.ground.keys, port)
        return to.replace("/postgres?", f"/{DATABASE}?")

    async def as_admin(self, sql: str, port: int = PRIMARY_PORT) -> object:
        """The first value that a statement of the superuser gives."""
        connection = await asyncpg.connect(self.admin(port))
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()

    def start(
        self, name: str, environment: Mapping[str, str] = NOTHING, *, checkout: Path = CHECKOUT, port: int = 0
    ) -> Child:
        """Starts an API (``api``, ``api-…``) or a worker, or another version's, and waits until it is ready."""
        listens = port or self.stack.plan.ports.api
        api, worker = OwnProcess(name, module("api"), listens), OwnProcess(name, module("jobs"), line="worker ready")
        process = api if name.startswith("api") else worker
        given = {**self.stack.environment, "PORT": str(listens), "PYTHONPATH": str(checkout), **environment}
        child = self.own[name] = launch(replace(program_of(process, self.stack.ground.layout, given), cwd=checkout))
        assert wait_ready(child), why_not_ready(child)
        return child

    def end(self, *names: str) -> None:
        """Stops these processes of ours, or all that run."""
        for name in names or tuple(self.own):
            self.own.pop(name).stop()

    def restart(self, server: str, **settings: str) -> None:
        """Stops a server of the stack and starts it again, with these settings beside its own."""
        running = self.stack.named(server)
        running.child.stop()
        program = running.child.program
        more = tuple(part for name, value in settings.items() for part in ("-c", f"{name}={value}"))
        running.child = bring_up(replace(program, argv=(*program.argv, *more)))

    def log(self, name: str) -> str:
        """All that a program of this ground has written."""
        path = self.stack.ground.layout.logs / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""


@contextmanager
def ground(environment: Mapping[str, str] = NOTHING, *, place: Path = PLACE, migrated: bool = True) -> Iterator[Ground]:
    """A fresh one, whose peers and processes have that environment as well; stopped and deleted however it ends."""
    sweep(place, PREFIX)
    state, ports = new_state(place, PREFIX), free_ports(PORTS)
    peers = tuple(each for each in default_processes(Ports(*ports[:6]), {}) if each.name in PEERS)
    steps = (Step("migrations", module("migrations")),) if migrated else ()
    stack = Stack(Plan(state, Ports(*ports[:6]), steps, peers), quiet=True)
    stack.environment |= environment
    on = Ground(stack, ports[6])
    try:
        stack.start()
        yield on
    finally:
        on.end()
        stack.stop()
        throw_away(state)
