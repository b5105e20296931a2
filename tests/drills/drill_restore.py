"""A base backup and the log are restored beside, to a point in time; `verify` holds on the copy. The product goes on
there, the provider's events since then are asked for again, and what was taken since for nothing here is given back."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

from dev.stack.addresses import PRIMARY_PORT
from dev.stack.processes import CHECKOUT
from dev.stack.program import Child, bring_up
from dev.story.client import until
from domain.payments.method import payment_methods
from domain.payments.refund import refunds_of_payments
from tests.api_callers import START
from tests.drills.ground import Ground, ground
from tests.drills.people import Buyer
from tests.drills.telling import tell
from tests.drills.town import Town, town
from tests.simulation.both_books import by_customer, payments_of_all

COPY_PORT = 5440
BUYERS, CHANGES = 3, 2
STEP_SECONDS = 300.0
# The provider's clock and ours are one here; what a runbook allows for is a little more.
BEFORE = timedelta(minutes=2)


@contextmanager
def archived(on: Ground) -> Iterator[Path]:
    """The primary puts each finished part of its log into that folder from now on."""
    folder = on.pair.layout.servers / "archive"
    on.pair.account.make_directory(folder)
    on.restart("primary", archive_mode="on", archive_command=f"test ! -f {folder}/%f && cp %p {folder}/%f")
    yield folder


def copied(on: Ground) -> Path:
    """A copy of the running primary."""
    target = on.pair.layout.servers / "copy"
    command: list[str | Path] = [
        on.pair.programs / "pg_basebackup", f"--pgdata={target}", f"--dbname={on.pair.superuser_dsn}",
        "--wal-method=none", "--checkpoint=fast",
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, cwd="/", timeout=STEP_SECONDS, **on.pair.account.popen())
    return target


def restored(on: Ground, copy: Path, archive: Path, to: str) -> Child:
    """The copy, rolled forward to that time and open for changes."""
    signal = copy / "recovery.signal"
    signal.touch()
    on.pair.account.own(signal)
    return bring_up(
        on.pair.beside(
            "restored", copy, COPY_PORT, f"restore_command=cp {archive}/%f %p", f"recovery_target_time={to}",
            "recovery_target_action=promote", "archive_mode=off",
        )
    )  # fmt: skip


def on_the_copy(on: Ground) -> dict[str, str]:
    """The environment in which the copy is the primary."""
    here, there = f"port={PRIMARY_PORT}", f"port={COPY_PORT}"
    return {**on.stack.environment, "DATABASE_URL": on.stack.settings["DATABASE_URL"].replace(here, there)}


def said(on: Ground, *command: str) -> str:
    """What one of the operator's commands says about the copy."""
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", *command], cwd=CHECKOUT, env=on_the_copy(on), capture_output=True, text=True,
        timeout=STEP_SECONDS,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


async def a_debit_under_way(there: Town) -> tuple[Buyer, str]:
    """A customer whose bank has not decided yet, and the provider's id of that debit."""
    guest = await there.api.guest("tok_bank")
    (method,) = await payment_methods(there.house.db.primary, guest.who.id)
    await there.provider.post("/admin/behaviour", json={"method": method.provider_ref, "held": True})
    payload = await guest.do(START, priceId=str(there.api.world.prices["starter"]))
    buyer = Buyer(guest, there.api.http, payload["subscription"]["id"])
    ((debit,),) = [(await books_of(there))[str(guest.who.id)]]
    return buyer, debit["id"]


async def books_of(there: Town) -> dict[str, list[Any]]:
    """The provider's payments and refunds by customer."""
    return by_customer((await there.provider.get("/admin/books")).json())


async def nets(there: Town, buyers: list[Buyer]) -> list[tuple[int, int]]:
    """What the provider has of each, less what it gave back; and the same by our books."""
    found, books = [], await books_of(there)
    for each in buyers:
        who, db = each.guest.who, there.house.db.primary
        charges = [one for one in books.get(str(who.id), []) if "captured_minor" in one]
        payments = await payments_of_all(there.api.world, who)
        refunds = (await refunds_of_payments(db, who.id, [one.id for one in payments])).values()
        given = sum(one.amount.minor for some in refunds for one in some if one.state.name == "succeeded")
        ours = sum(one.captured.minor for one in payments) - given
        found.append((sum(one["captured_minor"] - one["refunded_minor"] for one in charges), ours))
    return found


async def given_back(there: Town, unknown: list[str]) -> None:
    """Gives back at the provider, by hand as a runbook says, what was taken for nothing that is known here."""
    for charge in unknown:
        taken = (await there.provider.get(f"/v1/payments/{charge}")).json()
        order = {"payment": charge, "amount_minor": taken["captured_minor"], "currency": taken["currency"],
                 "reference": f"restored-{charge}"}  # fmt: skip
        answer = await there.provider.post("/v1/refunds", json=order, headers={"Idempotency-Key": charge})
        assert answer.is_success, answer.text


async def changes(buyers: list[Buyer]) -> None:
    """Some changes of each."""
    for _ in range(CHANGES):
        await asyncio.gather(*(each.changes_once() for each in buyers))


async def test_a_backup_is_restored_to_a_point_in_time_and_both_books_agree_afterwards() -> None:
    with ground() as on, archived(on) as archive:
        on.start("api")
        on.start("worker")
        async with town(on) as there:
            buyers = await there.buyers(BUYERS)
            banker, debit = await a_debit_under_way(there)
            copy = await asyncio.to_thread(copied, on)
            await changes(buyers)
            await there.settled()
            point = str(await on.as_admin("SELECT clock_timestamp()::text"))
            since = cast(datetime, await on.as_admin("SELECT clock_timestamp()"))
            await changes(buyers)
            late = await there.buyers(1)
            settled = await there.provider.post(f"/admin/settle/{debit}", json={"outcome": "succeeded"})
            assert settled.is_success, settled.text
            await there.settled()
            await on.as_admin("SELECT pg_switch_wal()")
            done = {each.guest.id: len(each.done) for each in buyers}
        on.end()
        on.stack.named("replica").child.stop()
        on.stack.named("primary").child.stop()
        child = await asyncio.to_thread(restored, on, copy, archive, point)
        try:
            tell(restored_to=point, verify=said(on, "verify"))
            told = said(on, "refetch-events", "--since", (since - BEFORE).isoformat()).splitlines()
            unknown = [line.split(": ")[1].split(" of ")[0] for line in told[1:]]
            tell(refetched=told[0], taken_for_nothing_known_here=len(unknown), changes_before_the_accident=done)
            assert len(unknown) == BUYERS * CHANGES + len(late), told
            await goes_on(on, [*buyers, banker], unknown)
            assert said(on, "verify").startswith("The books hold")
        finally:
            on.end()
            child.stop()


async def goes_on(on: Ground, people: list[Buyer], unknown: list[str]) -> None:
    """The product on the copy: events are taken, people buy on, and net of what is given back both books are equal."""
    copy = {"DATABASE_URL": on_the_copy(on)["DATABASE_URL"]}
    on.start("api", copy)
    on.start("worker", copy)
    on.stack.settings |= copy
    async with town(on) as there:
        await given_back(there, unknown)
        buyers = people[:-1]
        for each in buyers:
            each.http = there.api.http
            each.seats += 10  # beyond what the copy knows of
        await changes(buyers)

        async def agree() -> bool | None:
            return True if all(here == ours for here, ours in await nets(there, people)) else None

        await until(agree, "both books", STEP_SECONDS)
        told = await nets(there, people)
        tell(provider_and_we=told)
        assert told[-1][0] == 1000, "the debit that was decided after the point"
        await there.settled()
