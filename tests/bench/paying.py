"""What a payment takes and how many webhooks are acknowledged, beside the least that could be called the same."""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle
from secrets import token_hex
from statistics import median

import asyncpg
import httpx2
import uvloop
from standardwebhooks import Webhook

from dev.story.documents import PAY
from domain.actor import Grant
from domain.corrections.finalize_draft import FinalizeDraft, finalize_draft
from domain.ids import InvoiceId
from domain.invoices.billing_terms import SetBillingTerms, set_billing_terms
from domain.invoices.edit_draft import CreateInvoice, create_invoice
from domain.invoices.manual_line import ManualLine
from domain.money import Money
from domain.perform import perform
from domain.reconciliation.verify import verify_shard
from runtime.house import open_house
from tests.bench import limits
from tests.bench.ground import Ground, ground
from tests.bench.http_measures import Target, send
from tests.bench.samples import Spread
from tests.bench.seed import analyze
from tests.bench.serving import plain_server, serving, the_api, the_provider
from tests.bench.tokens import Issuer
from tests.ports import free_port
from tests.webhook_desk import encoded, made_up
from tests.world import ACCOUNT, EUR, World, fresh, make_world

PAYERS = 10  # customers with a card and time to pay, so that nothing is charged before it is asked for
WARM = 3  # payments before the first that counts, so that every table holds rows and every connection is open
EVENTS_A_SECOND = 4000  # more than are acknowledged here: each is sent once
AMOUNT = 1000
TITLES = {
    "pay": "payInvoice, answered, p50 ms",
    "webhooks": "webhooks acknowledged a second",
}
GOALS = {"pay": "≤ 10", "webhooks": "≥ 0.25"}
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Paying:
    """So many payments one after the other in each round, and so many seconds of webhooks."""

    payments: int = 60
    rounds: int = 3
    seconds: float = 3
    flush_ms: float = 0


@dataclass(frozen=True)
class _Bill:
    invoice: InvoiceId
    token: str


@dataclass(frozen=True)
class _Doors:
    """Where each server listens, and what lets us in."""

    plain: int
    api: int
    provider: str
    provider_secret: str
    method: str
    webhook_secret: str


def run(of: Paying, say: Say) -> list[tuple[str, ...]]:
    """Rows of the table: a title, the medians of plain code and product with their spread, their ratio and its goal."""
    say("starting a stack of its own")
    with ground() as on:
        return uvloop.run(measured(on, of, say))


async def measured(on: Ground, of: Paying, say: Say) -> list[tuple[str, ...]]:
    """The same on a stack that runs."""
    port, settings = free_port(), on.settings()
    issuer = Issuer(f"http://127.0.0.1:{port}")
    await limits.prepare_commits(on.superuser_dsn)
    with serving(on, plain_server(on, port, issuer.jwks()), the_provider(on), the_api(on)):
        say(f"issuing {of.rounds * of.payments} invoices")
        async with open_house(settings, "quittance-bench-seed") as house:
            world = await make_world(house)
            await issuer.introduce(world)
            bills = iter(await _bills(world, issuer, of.rounds * of.payments + WARM))
        await analyze(on.superuser_dsn)
        environment = on.stack.settings
        secret, url = environment["PROVIDER_SECRET"], environment["PROVIDER_URL"]
        doors = _Doors(
            port, settings.port, url, secret, await _card(url, secret), settings.webhook_secrets("sandbox")[0]
        )
        found: dict[str, list[tuple[float, float]]] = {key: [] for key in TITLES}
        await on.flush_takes(of.flush_ms)
        async with httpx2.AsyncClient(trust_env=False, verify=False, timeout=60) as http:
            await _product_pays(http, doors, [next(bills) for _ in range(WARM)])
            for number in range(1, of.rounds + 1):
                say(f"round {number} of {of.rounds}")
                plain = await _plain_pays(http, doors, settings.database_url.get_secret_value(), of.payments)
                product = await _product_pays(http, doors, [next(bills) for _ in range(of.payments)])
                found["pay"].append((plain, product))
                found["webhooks"].append((await _plain_keeps(doors, of.seconds), await _api_keeps(doors, of.seconds)))
        say("verifying the books")
        async with open_house(settings, "quittance-bench-look") as house:
            findings = await verify_shard(house.db.primary, world.tenant.sandbox_house.shard)
        assert not findings, [str(finding) for finding in findings]
    return [_row(key, pairs) for key, pairs in found.items()]


async def _bills(world: World, issuer: Issuer, count: int) -> list[_Bill]:
    """Open invoices of customers who have time to pay them."""
    finance, db = world.staff(Grant.FINANCE), world.house.db
    payers = [await world.customer(issuer=issuer.url) for _ in range(PAYERS)]
    for who in payers:
        await world.card(who)
        await perform(db, set_billing_terms, finance, who.id, SetBillingTerms(30, None), fresh("terms"))
    bills = []
    for who, _ in zip(cycle(payers), range(count), strict=False):
        line = ManualLine("Work", 1, Money(AMOUNT, EUR))
        draft = await perform(db, create_invoice, finance, who.id, CreateInvoice((line,), None, None), fresh("draft"))
        issued = FinalizeDraft(draft.outcome.draft)
        done = await perform(db, finalize_draft, finance, who.id, issued, fresh("issue"))
        bills.append(_Bill(done.outcome.invoice, issuer.token(who.subject)))
    return bills


async def _card(url: str, secret: str) -> str:
    async with httpx2.AsyncClient(trust_env=False, verify=False) as http:
        bearer = {"Authorization": f"Bearer {secret}"}
        made = await http.post(f"{url}/v1/payment_methods", json={"token": "tok_visa"}, headers=bearer)
        return str(made.json()["id"])


async def _plain_pays(http: httpx2.AsyncClient, doors: _Doors, database_url: str, count: int) -> float:
    """One small row committed, and one charge at the provider: the p50 of both together in milliseconds."""
    connection = await asyncpg.connect(database_url)

    async def pay() -> None:
        await connection.execute(limits.COMMIT)
        reference = token_hex(16)
        body = {
            "amount_minor": AMOUNT, "currency": "EUR", "method": doors.method, "reference": reference,
            "metadata": {"customer": "bench"},
        }  # fmt: skip
        headers = {"Authorization": f"Bearer {doors.provider_secret}", "Idempotency-Key": reference}
        answer = await http.post(f"{doors.provider}/v1/payments", json=body, headers=headers)
        assert answer.json()["status"] == "succeeded", answer.text

    try:
        return await _p50([pay] * count)
    finally:
        await connection.close()


async def _product_pays(http: httpx2.AsyncClient, doors: _Doors, bills: Sequence[_Bill]) -> float:
    """The mutation until its answer, which says that the money was taken: the p50 in milliseconds."""

    def paying(bill: _Bill) -> Callable[[], Awaitable[None]]:
        async def pay() -> None:
            given = {"invoiceId": str(bill.invoice), "idempotencyKey": fresh("pay")}
            body = {"query": PAY, "variables": {"input": given}}
            headers = {"Authorization": f"Bearer {bill.token}"}
            answer = await http.post(f"http://127.0.0.1:{doors.api}/graphql", json=body, headers=headers)
            assert answer.json()["data"]["payInvoice"]["payment"]["state"] in ("CAPTURED", "SUCCEEDED"), answer.text

        return pay

    return await _p50([paying(bill) for bill in bills])


async def _p50(acts: Sequence[Callable[[], Awaitable[None]]]) -> float:
    took = []
    for act in acts:
        began = time.perf_counter()
        await act()
        took.append(time.perf_counter() - began)
    return median(took) * 1000


async def _plain_keeps(doors: _Doors, seconds: float) -> float:
    """A handler that stores the bytes in one commit and believes everybody."""
    event = send(doors.plain, "/inbox", encoded(made_up()), {})
    return await _rate(Target(doors.plain, [event]), seconds)


async def _api_keeps(doors: _Doors, seconds: float) -> float:
    """The product's door: each event another one, signed a moment ago."""
    signer, now, path = Webhook(doors.webhook_secret), datetime.now(UTC), f"/webhooks/{ACCOUNT}"

    def signed() -> bytes:
        event = made_up()
        raw, id = encoded(event), event["id"]
        headers = {
            "webhook-id": id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signer.sign(id, now, raw.decode()),
        }
        return send(doors.api, path, raw, headers)

    return await _rate(Target(doors.api, [signed() for _ in range(int(EVENTS_A_SECOND * seconds))]), seconds)


async def _rate(target: Target, seconds: float) -> float:
    counted = await target.run(seconds)
    assert counted.errors == 0, counted
    return counted.count / counted.seconds


def _row(key: str, pairs: Sequence[tuple[float, float]]) -> tuple[str, ...]:
    ratio = Spread.of([product / plain for plain, product in pairs])
    sides = [Spread.of([pair[place] for pair in pairs]) for place in (0, 1)]
    digits = 2 if key == "pay" else 0
    cells = [f"{each.middle:,.{digits}f} [{each.low:,.{digits}f}..{each.high:,.{digits}f}]" for each in sides]
    return (TITLES[key], *cells, f"{ratio.middle:.2f} [{ratio.low:.2f}..{ratio.high:.2f}]", GOALS[key])
