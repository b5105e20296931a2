"""What is asked of an API that dies meanwhile: each door is knocked at once more elsewhere, with the same key."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import httpx2

from dev.story.documents import ADD_METHOD, REFUND, START
from domain.actor import Grant
from domain.http_client import HttpClient
from domain.payments.method import methods_in_order
from tests.api_callers import Api, Caller, key
from tests.dispute_stage import in_dispute
from tests.jobs_kit import WorkerProcess, comes_true, start_program
from tests.lives import attempts_at, invoices_of
from tests.lives import start as begin
from tests.ports import free_port
from tests.webhook_desk import Desk, encoded
from tests.world import ACCOUNT, Someone

# A process that dies there has committed nothing of what it was asked: whoever asks again is the first.
BEFORE_THE_COMMIT: Final = frozenset(
    {"perform.begun", "perform.key_stored", "perform.locked", "perform.done", "perform.recorded", "method.answered"}
)
_ERRORS = "operation { id replayed } errors { ... on UserError { code } }"
CAPTURE = f"""mutation ($input: CaptureInvoicePaymentInput!) {{ captureInvoicePayment(input: $input) {{
    payment {{ id }} {_ERRORS} }} }}"""
HOLD = f"mutation ($input: PayInvoiceInput!) {{ payInvoice(input: $input) {{ payment {{ id }} {_ERRORS} }} }}"
SUBMIT = f"""mutation ($input: SubmitDisputeEvidenceInput!) {{ submitDisputeEvidence(input: $input) {{
    dispute {{ dispute {{ id }} }} {_ERRORS} }} }}"""


@dataclass(frozen=True)
class Door:
    """Whose customer it is about, one request there over any client, and what is true of the books in the end.

    ``ask`` answers whether the same had been asked for before, and what else was answered.
    """

    who: Someone
    ask: Callable[[httpx2.AsyncClient], Awaitable[tuple[bool, object]]]
    ended: Callable[[], Awaitable[None]]
    agrees: bool = True  # with the provider's books of payments; disputes are told there elsewhere


def mutation(caller: Caller, document: str, **given: object) -> Callable[[httpx2.AsyncClient], Any]:
    """Asks for it under a key of its own, which stays the same."""
    same = {"idempotencyKey": key(), **given}

    async def ask(http: httpx2.AsyncClient) -> tuple[bool, object]:
        answer = await replace(caller, http=http).do(document, **same)
        told = answer.pop("operation")
        entities = {name: value.get("id") for name, value in answer.items() if isinstance(value, dict)}
        return told["replayed"], (told["id"], entities)

    return ask


async def purchase(api: Api, desk: Desk) -> Door:
    """A subscription that is charged at once."""
    guest = await api.guest("tok_visa")

    async def ended() -> None:
        assert await captures(desk, guest.who) == [1000]

    return Door(guest.who, mutation(guest, START, priceId=str(api.world.prices["starter"])), ended)


async def method(api: Api, desk: Desk) -> Door:
    """A card that is stored at the provider first."""
    guest = await api.guest()

    async def ended() -> None:
        assert len(await methods_in_order(api.world.house.db.primary, guest.who.id)) == 1

    return Door(guest.who, mutation(guest, ADD_METHOD, token="tok_visa"), ended)


async def refund(api: Api, desk: Desk) -> Door:
    """Money that support gives back."""
    guest = await api.guest("tok_visa")
    await begin(api.world, guest.who)
    ((paid,),) = [await attempts_at(api.world, guest.who, one.id) for one in await invoices_of(api.world, guest.who)]
    amount = {"minorUnits": "300", "currency": "EUR"}
    given = {"customerId": guest.id, "paymentId": str(paid.id), "amount": amount, "reason": "Asked for it."}

    async def ended() -> None:
        assert (await desk.books(guest.who))["refunded_minor"] == {"EUR": 300}

    return Door(guest.who, mutation(await api.staff(), REFUND, **given), ended)


async def hold(api: Api, desk: Desk) -> Door:
    """A hold that finance takes."""
    guest, finance = await api.guest("tok_lost_card"), await api.staff(Grant.FINANCE)
    await begin(api.world, guest.who)
    await api.world.card(guest.who)
    (owed,) = await invoices_of(api.world, guest.who)
    held = await finance.do(HOLD, customerId=guest.id, invoiceId=str(owed.id), capture="LATER")

    async def ended() -> None:
        assert await captures(desk, guest.who) == [1000]

    return Door(guest.who, mutation(finance, CAPTURE, customerId=guest.id, paymentId=held["payment"]["id"]), ended)


async def dispute(api: Api, desk: Desk) -> Door:
    """Evidence that support sends."""
    guest, claim = await in_dispute(api)
    texts = [{"kind": "USAGE", "text": "They used it."}]
    given = {"customerId": guest.id, "disputeId": str(claim.id), "texts": texts}

    async def ended() -> None:
        kinds = [each["type"] for each in await desk.events_of(claim.provider_ref)]
        assert len(kinds) == len(set(kinds)) == 2, "opened and answered, each once"

    return Door(guest.who, mutation(await api.staff(), SUBMIT, **given), ended, agrees=False)


async def event(api: Api, desk: Desk) -> Door:
    """News of a charge, which the provider delivers again where it gets no answer."""
    guest = await api.guest("tok_visa")
    await begin(api.world, guest.who)
    ((paid,),) = [await attempts_at(api.world, guest.who, one.id) for one in await invoices_of(api.world, guest.who)]
    (told,) = await desk.events_of(paid.provider_ref)
    raw = encoded(told)

    async def ask(http: httpx2.AsyncClient) -> tuple[bool, object]:
        answer = await http.post(f"/webhooks/{ACCOUNT}", content=raw, headers=desk.signed(raw, told["id"]))
        assert answer.is_success, answer.text
        return json.loads(answer.text)["duplicate"], None

    async def ended() -> None:
        assert await desk.take(told) is not None or await desk.state(told) == "applied"

    return Door(guest.who, ask, ended)


async def captures(desk: Desk, who: Someone) -> list[int]:
    """What the provider took, charge by charge."""
    return [each["captured_minor"] for each in (await desk.books(who))["payments"] if each["captured_minor"]]


Doors = Callable[[Api, Desk], Awaitable[Door]]
DOORS: dict[str, Doors] = {
    **dict.fromkeys(("perform.begun", "perform.key_stored", "perform.locked", "perform.done", "perform.recorded",
                     "perform.committed", "attempt.claimed", "attempt.answered", "relay.consumed", "relay.deleted"),
                    purchase),
    "method.answered": method,
    **dict.fromkeys(("refund.claimed", "refund.answered"), refund),
    "hold.claimed": hold,
    **dict.fromkeys(("dispute.claimed", "dispute.answered"), dispute),
    "inbox.stored": event,
}  # fmt: skip


@asynccontextmanager
async def mortal_api(point: str, log: Path) -> AsyncIterator[tuple[WorkerProcess, httpx2.AsyncClient]]:
    """An API on the servers of this test process that dies at the point, and a client of it."""
    port = free_port()
    process = await start_program("api", log, dies_at=point, PORT=str(port))
    try:
        async with HttpClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, verify=False) as http:

            async def serves() -> bool:
                assert process.process.returncode is None, "it ended before it served"
                try:
                    return (await http.get("/healthz")).is_success
                except httpx2.HTTPError:
                    return False

            await comes_true(serves, "an API that serves")
            yield process, http
    finally:
        await process.kill()
