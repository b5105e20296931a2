"""Our own processes as data: how each is run and how it says that it is ready."""

import http.client
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dev.stack.addresses import Ports
from dev.stack.layout import Layout
from dev.stack.program import Child, Program

CHECKOUT = Path(__file__).resolve().parents[2]
ANSWER_SECONDS = 2.0
MAILROOM = "mailroom"
WORKER = "worker"


@dataclass(frozen=True)
class OwnProcess:
    """Ready when GET /healthz on its port answers 200 or, without a port, once it wrote the line."""

    name: str
    argv: tuple[str, ...]
    port: int | None = None
    line: str = ""
    # Needs no server, so that it can import while they start.
    early: bool = False


@dataclass(frozen=True)
class Step:
    """A command that runs to its end between servers and processes.

    `once` means on the first start alone, `demo` that it is for a database of our own.
    """

    name: str
    argv: tuple[str, ...]
    once: bool = False
    demo: bool = False


def module(name: str) -> tuple[str, ...]:
    """The command that runs one of our modules with this interpreter."""
    return (sys.executable, "-m", name)


def default_steps() -> tuple[Step, ...]:
    return (
        Step("migrations", module("migrations")),
        Step("demo-data", module("dev.demo_data"), once=True, demo=True),
        Step("web-doors", module("dev.demo_doors"), demo=True),
    )


def default_processes(ports: Ports, given: Mapping[str, str]) -> tuple[OwnProcess, ...]:
    """In starting order; sandbox provider, dev identity provider and mailroom give way to real ones."""
    provider = OwnProcess("provider", module("dev.provider"), ports.provider, early=True)
    identity = OwnProcess("identity", module("dev.identity"), ports.identity, early=True)
    mailroom = OwnProcess(MAILROOM, module("dev.mailroom"), ports.mailroom, early=True)
    return (
        *(() if "OIDC_ISSUER" in given else (identity,)),
        *(() if "PROVIDER" in given else (provider,)),
        *(() if "SMTP_URL" in given else (mailroom,)),
        OwnProcess("api", module("api"), ports.api),
        OwnProcess(WORKER, module("jobs"), line="worker ready"),
    )


def program_of(process: OwnProcess, layout: Layout, environment: Mapping[str, str]) -> Program:
    """One of our processes as a program of the stack, run by the caller in the checkout."""
    return Program(
        name=process.name,
        argv=process.argv,
        log=layout.logs / f"{process.name}.log",
        ready=lambda child: is_healthy(process.port) if process.port else _wrote(child, process.line),
        env=environment,
        cwd=CHECKOUT,
    )


def is_healthy(port: int) -> bool:
    """Whether GET /healthz answers 200 there."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _wrote(child: Child, line: str) -> bool:
    return any(line in written for written in child.output().splitlines())
