"""Processes of ours that answer over HTTP while something is measured."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from dev.stack.processes import CHECKOUT, OwnProcess, module, program_of
from dev.stack.program import launch, wait_ready, why_not_ready
from dev.stack.trouble import StackError
from tests.bench.ground import Ground


def plain_server(on: Ground, port: int, jwks: bytes) -> OwnProcess:
    """The plain handlers, which also speak for the issuer of these keys."""
    keys: Path = on.stack.ground.layout.root / "bench-jwks.json"
    keys.write_bytes(jwks)
    return OwnProcess("plain", (*module("tests.bench.plain"), str(port), str(keys)), port)


def the_api(on: Ground) -> OwnProcess:
    """The API as the product starts it."""
    return OwnProcess("api", module("api"), on.stack.plan.ports.api)


def the_worker(on: Ground) -> OwnProcess:
    """A worker as the product starts it."""
    return OwnProcess("worker", module("jobs"), line="worker ready")


def the_provider(on: Ground) -> OwnProcess:
    """The sandbox provider."""
    return OwnProcess("provider", module("dev.provider"), on.stack.plan.ports.provider)


@contextlib.contextmanager
def serving(on: Ground, *processes: OwnProcess) -> Iterator[list[int]]:
    """Each in a process of its own, ready to answer; gives their process ids."""
    environment = on.stack.environment | {"PYTHONPATH": str(CHECKOUT)}
    with contextlib.ExitStack() as stack:
        children = []
        for process in processes:
            child = launch(program_of(process, on.stack.ground.layout, environment))
            stack.callback(child.stop)
            children.append(child)
        for child in children:
            if not wait_ready(child):
                raise StackError(why_not_ready(child))
        yield [child.process.pid for child in children]
