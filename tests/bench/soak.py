"""Does memory stay flat? The API and a worker at half load for a long time, and what they hold of it meanwhile."""

import asyncio
import itertools
import json
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID

import asyncpg
import httpx2
import uvloop

from api.audience import Audience
from domain.reconciliation.verify import verify_shard
from runtime.house import open_house
from tests.bench.ground import Ground, ground
from tests.bench.http_measures import BALANCE, HISTORY
from tests.bench.machine import Machine, machine
from tests.bench.money import RECORD, Desk, open_desk
from tests.bench.seed import Shop, analyze, seed
from tests.bench.serving import plain_server, serving, the_api, the_worker
from tests.bench.tokens import Issuer
from tests.ports import free_port
from tests.world import fresh, make_world

CUSTOMERS = 600  # so that nobody runs out of points
STAFF = 20  # the same: each may record about six a second
LOOK_SECONDS = 2.0  # between two looks at memory, and at what to renew next
WARM = 1 / 6  # of the time: caches fill, connections are opened
PARTS = 5  # the first and the last fifth of what is left are held against each other
SIGN_IN_SECONDS = 300  # staff have signed in no longer ago: below what moving money asks for
GOAL = 0.05  # of what is held at first, up or down
Say = Callable[[str], None]
Ask = Callable[[], tuple[str, dict[str, object]]]


@dataclass(frozen=True, slots=True)
class Soaked:
    """Bytes that each process held, look after look once it was warm, and how many requests were answered."""

    at: datetime
    machine: Machine
    minutes: float
    answered: int
    renewed: int
    held: dict[str, list[int]]

    def rows(self) -> list[tuple[str, ...]]:
        """One for each process: what it held at first and at last in MiB, by how much that changed, and the goal."""
        found: list[tuple[str, ...]] = []
        for name, looks in self.held.items():
            part = max(1, len(looks) // PARTS)
            first, last = median(looks[:part]), median(looks[-part:])
            cells = (f"{first / 2**20:.1f}", f"{last / 2**20:.1f}", f"{(last / first - 1) * 100:+.1f} %")
            found.append((name, *cells, f"± {GOAL:.0%}".replace("%", " %")))
        return found


def run(minutes: float, say: Say) -> Soaked:
    """So many minutes on a stack of its own; fails where an answer is none, or the books do not hold."""
    say("starting a stack of its own")
    with ground() as on:
        return uvloop.run(measured(on, minutes, CUSTOMERS, say))


async def measured(on: Ground, minutes: float, customers: int, say: Say) -> Soaked:
    """The same on a stack that runs."""
    port, found = free_port(), machine(on, None, 0)
    issuer = Issuer(f"http://127.0.0.1:{port}")
    async with open_house(on.settings(), "quittance-bench-soak") as house:
        world, other = await make_world(house), await make_world(house)
        await issuer.introduce(world)
        shop = await seed(on.superuser_dsn, world, customers, issuer.url, hidden=True)
        desk = await open_desk(on, shop, await seed(on.superuser_dsn, other, 1, issuer.url, hidden=True), issuer, STAFF)
        await analyze(on.superuser_dsn)
        with serving(on, plain_server(on, port, issuer.jwks()), the_api(on), the_worker(on)) as (_, api, worker):
            clients = _Clients(on.stack.plan.ports.api, shop, desk, issuer)
            held = await _soak(on, shop, minutes * 60, clients, {"API": api, "worker": worker}, say)
        say("verifying the books")
        findings = await verify_shard(house.db.primary, shop.shard)
        assert not findings, [str(finding) for finding in findings]
    renewed = int(str(await on.ask("SELECT sum(period_index - 49) FROM subscription WHERE shard_key = $1", shop.shard)))
    return Soaked(datetime.now(UTC), found, minutes, clients.answered, renewed, held)


async def _soak(
    on: Ground, shop: Shop, seconds: float, clients: "_Clients", pids: dict[str, int], say: Say
) -> dict[str, list[int]]:
    began, held = time.monotonic(), {name: list[int]() for name in pids}
    due = _portions(shop, seconds)
    async with asyncio.TaskGroup() as group:
        at_work = [group.create_task(client) for client in clients.all()]
        while (spent := time.monotonic() - began) < seconds:
            await _let_renew(on, next(due, ()))
            if spent >= seconds * WARM:
                for name, pid in pids.items():
                    held[name].append(resident(pid))
            told = {name: f"{looks[-1] / 2**20:.0f} MiB" for name, looks in held.items() if looks}
            say(f"{spent / 60:.1f} of {seconds / 60:.1f} minutes, {clients.answered} answers, {told or 'warming up'}")
            await asyncio.sleep(LOOK_SECONDS)
        for task in at_work:
            task.cancel()
    return held


def _portions(shop: Shop, seconds: float) -> Iterator[Sequence[UUID]]:
    """Which customers' renewals, years of them, may begin at each look, so that there is work until the end."""
    each = max(1, round(shop.count * LOOK_SECONDS / seconds))
    places = iter(range(shop.count))
    while portion := list(itertools.islice(places, each)):
        yield [shop.customer(place).uuid for place in portion]


async def _let_renew(on: Ground, customers: Sequence[UUID]) -> None:
    connection = await asyncpg.connect(on.superuser_dsn)
    try:
        await connection.execute(
            "UPDATE due_work SET lease_until = NULL WHERE kind = 'renew' AND customer_id = ANY ($1::uuid[])",
            list(customers),
        )
    finally:
        await connection.close()


def resident(pid: int) -> int:
    """Bytes of memory that the process holds."""
    (line,) = (each for each in Path(f"/proc/{pid}/status").read_text().splitlines() if each.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


class _Clients:
    """Those who ask: after each answer everybody rests as long as it took, so that the API has half of its load."""

    def __init__(self, port: int, shop: Shop, desk: Desk, issuer: Issuer) -> None:
        self._url = f"http://127.0.0.1:{port}/graphql"
        self._issuer, self._desk, self._signed_in_at, self._staff = issuer, desk, 0.0, list[str]()
        self._portal = itertools.cycle(issuer.tokens(shop))
        self._numbers, self._run = itertools.count(), fresh("run")
        self.answered = 0

    def all(self) -> list[Coroutine[Any, Any, None]]:
        """Eight who look, half of them at lists, and four who record money."""
        looks: list[Ask] = [lambda: (next(self._portal), {"query": BALANCE}), self._history]
        return [self._go_on(ask) for ask in (*looks * 4, *[self._record] * 4)]

    def _history(self) -> tuple[str, dict[str, object]]:
        return next(self._portal), {"query": HISTORY}

    def _record(self) -> tuple[str, dict[str, object]]:
        if time.monotonic() - self._signed_in_at > SIGN_IN_SECONDS or not self._staff:
            now, self._signed_in_at = int(time.time()), time.monotonic()
            self._staff = [
                self._issuer.token(subject, Audience.STAFF, acr="aal2", auth_time=now)
                for subject in self._desk.subjects
            ]
        number = next(self._numbers)
        return self._staff[number % len(self._staff)], {
            "query": RECORD,
            "variables": {"input": self._desk.input(number, f"{self._run}-{number}")},
        }

    async def _go_on(self, ask: Ask) -> None:
        async with httpx2.AsyncClient(trust_env=False, timeout=60) as http:
            while True:
                token, body = ask()
                began = time.monotonic()
                answer = await http.post(
                    self._url, content=json.dumps(body),
                    headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
                )  # fmt: skip
                self.answered += _was_answered(answer)
                await asyncio.sleep(time.monotonic() - began)


def _was_answered(answer: httpx2.Response) -> bool:
    """False where a caller has no points left; fails where anything else is wrong."""
    said = answer.json()
    if answer.status_code == 429 or any(e["extensions"]["code"] == "THROTTLED" for e in said.get("errors", ())):
        return False
    assert answer.status_code == 200 and "errors" not in said, answer.text
    refused = [each for payload in said["data"].values() for each in payload.get("errors") or ()]
    assert not refused, refused
    return True
