"""What to start, decided before anything is."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dev.stack.addresses import GIVEN_DATABASES, Ports, given_from, ports_from
from dev.stack.processes import CHECKOUT, OwnProcess, Step, default_processes, default_steps


@dataclass(frozen=True)
class Plan:
    """One stack: `given` addresses replace embedded parts; `durable=False` turns fsync off and exists for tests."""

    state: Path
    ports: Ports = field(default_factory=Ports)
    steps: tuple[Step, ...] = ()
    processes: tuple[OwnProcess, ...] = ()
    given: Mapping[str, str] = field(default_factory=dict)
    durable: bool = True

    @property
    def own_postgres(self) -> bool:
        return GIVEN_DATABASES[0] not in self.given

    @property
    def own_valkey(self) -> bool:
        return "REDIS_URL" not in self.given


def state_from(environ: Mapping[str, str]) -> Path:
    """QUITTANCE_STATE, else .state in the checkout; absolute."""
    return Path(os.path.abspath(Path(environ.get("QUITTANCE_STATE") or CHECKOUT / ".state").expanduser()))


def plan_from(environ: Mapping[str, str], *, servers_only: bool = False) -> Plan:
    """The plan of `quittance run` in this environment; an unusable setting is refused."""
    ports, given = ports_from(environ), given_from(environ)
    steps, processes = default_steps(), default_processes(ports, given)
    if "OWNER_DATABASE_URL" in given:
        steps = tuple(step for step in steps if not step.demo)
    if servers_only:
        steps, processes = (), ()
    return Plan(state_from(environ), ports, steps, processes, given)
