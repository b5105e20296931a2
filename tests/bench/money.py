"""One mutation that moves money without a provider: a transfer that staff record, over HTTP and by pgbench.

pgbench runs what one such mutation was seen to send between BEGIN and COMMIT, every statement as a round trip of its
own; ids, keys and numbers differ from one to the next, as they do in the product.
"""

import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from api.audience import Audience
from domain.actor import Grant
from domain.db import observers
from domain.ids import CustomerId, InvoiceId
from domain.money import Money
from domain.payments.record_offline import Means, RecordOfflinePayment, record_offline
from domain.perform import perform
from tests.bench.ground import Ground
from tests.bench.http_measures import Target, send
from tests.bench.pgbench import Pgbench, literal
from tests.bench.posting import customer_expression
from tests.bench.samples import Counted
from tests.bench.seed import INVOICES, SINCE, Shop
from tests.bench.tokens import Issuer
from tests.world import EUR, fresh

CLIENTS = 8  # of pgbench: as many as one process of the API has connections
CALLS_A_SECOND = 2000  # more than are answered here: each is sent once
CALLS_OF_ONE = 40  # of one member of staff in a measure, whose points are enough for about sixty
RECORD = (
    "mutation Record($input: RecordOfflinePaymentInput!) { recordOfflinePayment(input: $input) { payment { id state }"
    " invoice { state due { decimal currency } } operation { id } errors { ... on UserError { code message } } } }"
)
Values = Sequence[object]


@dataclass(frozen=True)
class Desk:
    """Members of staff who may record money, and the invoices of the shop's customers that it comes for."""

    port: int
    issuer: Issuer
    subjects: tuple[str, ...]
    owed: tuple[tuple[CustomerId, InvoiceId], ...]
    pgbench: Pgbench
    script: str
    ground: Ground

    async def warm(self) -> None:
        """One mutation over each connection, whatever comes of it: so many at once open the API's connections, which a
        process that has just started on a busy machine may not have soon enough for all of them."""
        await Target(self.port, self._requests(self._tokens(), 0)).run(0)

    async def over_http(self, seconds: float) -> Counted:
        """Mutations by staff who signed in a moment ago; fails unless each of them was done."""
        tokens, before = self._tokens(), await self._recorded()
        counted = await Target(self.port, self._requests(tokens, seconds)).run(seconds)
        done = await self._recorded() - before
        assert done == counted.count and not counted.errors, (done, counted)
        await self.ground.forget_what_waits()
        return counted

    async def by_pgbench(self, seconds: float) -> Counted:
        """The statements of as many mutations as pgbench can do."""
        counted = await self.pgbench.run(self.script, CLIENTS, seconds)
        await self.ground.forget_what_waits()
        return counted

    def input(self, number: int, name: str) -> dict[str, object]:
        """What is recorded, under a name that is its key and its reference: a little for one of all invoices."""
        customer, invoice = self.owed[number * 7919 % len(self.owed)]  # a prime: another customer each time
        amount = {"minorUnits": "1", "currency": "EUR"}
        return {
            "customerId": str(customer), "invoiceId": str(invoice), "means": "TRANSFER", "reference": name,
            "amount": amount, "idempotencyKey": name,
        }  # fmt: skip

    def _tokens(self) -> list[str]:
        now = int(time.time())
        return [self.issuer.token(subject, Audience.STAFF, acr="aal2", auth_time=now) for subject in self.subjects]

    async def _recorded(self) -> int:
        return int(str(await self.ground.ask("SELECT count(*) FROM offline_reference")))

    def _requests(self, tokens: Sequence[str], seconds: float) -> list[bytes]:
        run = fresh("run")
        count = min(int(CALLS_A_SECOND * max(seconds, 1)), CALLS_OF_ONE * len(tokens))
        found = []
        for number in range(count):
            given = self.input(number, f"{run}-{number}")
            body = json.dumps({"query": RECORD, "variables": {"input": given}}).encode()
            bearer = {"Authorization": f"Bearer {tokens[number % len(tokens)]}"}
            found.append(send(self.port, "/graphql", body, bearer))
        return found


async def open_desk(on: Ground, shop: Shop, other: Shop, issuer: Issuer, staff: int) -> Desk:
    """A desk for the shop; pgbench works on the ``other``, whose audit trail nobody verifies afterwards."""
    await issuer.introduce(shop.world, Audience.STAFF)
    subjects = tuple([await shop.world.colleague(issuer.url, Grant.FINANCE) for _ in range(staff)])
    script = await _script(other, *(await _owed(other))[0])
    return Desk(on.stack.plan.ports.api, issuer, subjects, await _owed(shop), Pgbench(on), script, on)


async def _owed(shop: Shop) -> tuple[tuple[CustomerId, InvoiceId], ...]:
    rows = await shop.world.house.db.primary.fetch(
        "SELECT customer_id, id FROM invoice WHERE shard_key = $1 ORDER BY id", shop.shard
    )
    return tuple((CustomerId(shop.shard, row["customer_id"]), InvoiceId(shop.shard, row["id"])) for row in rows)


async def _script(shop: Shop, customer: CustomerId, invoice: InvoiceId) -> str:
    """The statements of one mutation as a pgbench script over all customers and invoices of the shop."""
    world, seen = shop.world, list[tuple[str, Values]]()

    def observe(sql: str, args: Values, tx: object | None) -> None:
        if tx is not None:
            seen.append((sql, args))

    command = RecordOfflinePayment(invoice, Means.TRANSFER, fresh("reference"), Money(1, EUR))
    key, finance = fresh("key"), world.staff(Grant.FINANCE)
    observers.append(observe)
    try:
        await perform(world.house.db, record_offline, finance, customer, command, key)
    finally:
        observers.remove(observe)
    filler = _Filler(shop, customer, invoice, key, command.reference, [args for _, args in seen])
    sent = [filler.filled(place, sql, args) for place, (sql, args) in enumerate(seen)]
    head = (f"\\set place random(0, {shop.count - 1})", "\\set one random(1, 140000000000000)")
    return "\n".join((*head, "BEGIN;", *sent, "COMMIT;"))


ONE = ":one::bigint"
NEXT = "(:{}::bigint + {})"
# What a later statement takes from the answer of an earlier one: the statement's place, and which of its arguments.
# A mutation that sends other statements fails here, and is to be read again.
_TAKEN = {
    (4, 5): NEXT.format("paid", 1),
    (4, 8): NEXT.format("due", -1),
    (5, 4): NEXT.format("ledger_number", 1),
    (8, 5): f"({ONE} % 2000000000 + 1000)::int",
    (8, 10): NEXT.format("ledger_number", 1),
    (11, 6): NEXT.format("ledger_number", 1),
    (11, 7): NEXT.format("audit_number", 1),
    (11, 8): f"decode(lpad(to_hex({ONE}), 64, '0'), 'hex')",
    (11, 9): NEXT.format("event_number", 2),
    (11, 10): ":audit_hash::bytea",
    (11, 14): f"ARRAY[{NEXT.format('event_number', 1)}, {NEXT.format('event_number', 2)}]",
}
_ANSWERED = (1, 2)  # the head and the invoice: one row each
_STATEMENTS = (
    "INSERT INTO operation_key", "SELECT tenant_id", "SELECT shard_key, id", "INSERT INTO offline_reference",
    "UPDATE invoice", "WITH open_month", "SELECT shard_key, id", "INSERT INTO transition", "INSERT INTO payment",
    "WITH taken", "SELECT DISTINCT p.invoice_id", "WITH outcome",
)  # fmt: skip


class _Filler:
    """Puts pgbench's variables in the place of what differs from mutation to mutation."""

    def __init__(
        self, shop: Shop, customer: CustomerId, invoice: InvoiceId, key: str, reference: str, all_args: Sequence[Values]
    ) -> None:
        known = {customer.uuid, invoice.uuid, shop.world.tenant.tenant.uuid, shop.world.tenant.live.uuid}
        fresh_ids = {arg for args in all_args for arg in args if isinstance(arg, UUID)} - known
        hashed = all_args[3][0]
        self._for: dict[object, str] = {
            customer.uuid: customer_expression(shop),
            invoice.uuid: invoice_expression(shop),
            key: f"('key-' || {ONE})",
            reference: f"('reference-' || {ONE})",
            hashed: f"lpad(to_hex({ONE}), 64, '0')",
        } | {
            id: f"('01900000-0000-7000-9{number:03x}-' || lpad(to_hex({ONE}), 12, '0'))::uuid"
            for number, id in enumerate(sorted(fresh_ids))
        }

    def filled(self, place: int, sql: str, args: Values) -> str:
        """The statement as pgbench sends it."""
        assert sql.startswith(_STATEMENTS[place]), sql

        def fill(match: re.Match[str]) -> str:
            at = int(match[1]) - 1
            value = args[at]
            if (place, at) in _TAKEN:
                return _TAKEN[place, at]
            if isinstance(value, str | UUID) and value in self._for:
                return self._for[value]
            return literal(value)

        return re.sub(r"\$(\d+)", fill, sql) + (" \\gset" if place in _ANSWERED else ";")


def invoice_expression(shop: Shop) -> str:
    """One of the customer's invoices as pgbench names it; the same as in seed.sql."""
    number = f"({ONE} % {INVOICES})::int"
    hashed = f"md5('invoice ' || {customer_expression(shop)} || {number})"
    at = f"extract(epoch FROM '{SINCE:%Y-%m-%d} 00:00+00'::timestamptz + make_interval(months => {number}))"
    return (
        f"(lpad(to_hex(({at} * 1000)::bigint), 12, '0') || '7' || substr({hashed}, 1, 3) || '8'"
        f" || substr({hashed}, 4, 15))::uuid"
    )
