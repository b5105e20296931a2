"""``python -m tests.fuzz.throwing PLAN``: throws what schemathesis makes of the served schema at a stack.

PLAN is a JSON file: url, seconds, seed, callers (tokens by role), roles (by mutation), good (inputs by mutation),
partner (documents with good variables). Its last line is a summary; exit code 1 where an answer was not as agreed.
"""

import json
import re
import sys
import time
import warnings
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any, Final

import graphql
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.graphql import nodes

from tests.fuzz.mixing import Pool, mixed, root_of

TRACES: Final = re.compile(
    r"Traceback|File \"|\.py\b|asyncpg|psycopg|strawberry|graphql-core|site-packages|(?<!Syntax )Error:|0x[0-9a-f]{8}"
)
EXAMPLES: Final = 6  # of one operation in a row; then the next one has its turn
SLOW_SECONDS: Final = 5.0  # a request that takes longer is told, and no failure: the machine may be busy
HOSTILE: Final[tuple[object, ...]] = (
    "", " ", "\x00", "x" * 5000, "é" * 300, "\u202e1", "\ufeff", "' OR 1=1 --", "../../etc/passwd", "%00", "${7*7}",
    0, -1, 2**31, 2**63, 1e308, "9" * 400, True, None, [], {}, [[]], {"a": 1}, "2027-02-30T00:00:00Z",
)  # fmt: skip


class Throwing:
    """One run: what was sent by whom, and each answer that was not as agreed."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.plan, self.random = plan, Random(plan["seed"])
        self.until: float = time.monotonic() + plan["seconds"]
        self.pool = Pool(plan["good"], self.random)
        self.callers: dict[str, list[str]] = plan["callers"]
        self.roles: dict[str, str] = plan["roles"]
        self.http = requests.Session()
        self.http.trust_env = False
        self.sent: Counter[str] = Counter()
        self.codes: Counter[str] = Counter()
        self.performed: Counter[str] = Counter()
        self.slow: list[str] = []
        self.wrong: list[dict[str, Any]] = []

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self.until

    def role_for(self, kind: str, field: str) -> str:
        """Who may ask that; one time in six somebody else."""
        if self.random.random() < 1 / 6:
            return self.random.choice(list(self.callers))
        if kind == "mutation":
            return self.roles.get(field, "admin")
        usual = {"viewer": "portal", "partner": "partner", "staff": self.random.choice(("support", "finance", "admin"))}
        return usual.get(field, self.random.choice(("portal", "support", "admin")))

    def throw(self, role: str, name: str, body: Any) -> None:
        """Sends it as one of that role, and looks at the answer."""
        token = self.random.choice(self.callers[role])
        began = time.monotonic()
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        try:
            answer = self.http.post(f"{self.plan['url']}/graphql", data=raw, headers=headers, timeout=60)
        except requests.RequestException as error:
            self.note(role, name, raw, 0, f"no answer: {error}")
            return
        if (took := time.monotonic() - began) > SLOW_SECONDS:
            self.slow.append(f"{took:.1f} s: {name}")
        self.sent[name] += 1
        if why := self.judged(answer, name):
            self.note(role, name, raw, answer.status_code, f"{why}: {answer.text[:1500]}")
        if answer.status_code == 401 and len(self.callers[role]) > 1 and token in self.callers[role]:
            self.callers[role].remove(token)  # it was signed out, or taken off the account, by what was thrown before
        self.pool.harvest(answer.text)

    def judged(self, answer: Any, name: str) -> str | None:
        """What is wrong with the answer; None for one as agreed."""
        if answer.status_code >= 500:
            return f"status {answer.status_code}"
        try:
            said = answer.json()
        except ValueError:
            return "no JSON"
        errors = said.get("errors") or [] if isinstance(said, dict) else None
        if errors is None:
            return "no answer of GraphQL"
        codes = [(each.get("extensions") or {}).get("code") for each in errors]
        self.codes.update(str(code) for code in set(codes))
        if any(not isinstance(code, str) for code in codes):
            return "an error without a code"
        if "INTERNAL" in codes:
            return "a masked error"
        if any(TRACES.search(str(each.get("message"))) and "graphql" not in name for each in errors):
            return "words of a library"
        payloads = [each for each in (said.get("data") or {}).values() if isinstance(each, dict)]
        if not errors and not any(each.get("errors") for each in payloads):
            self.performed[name] += 1
        return None

    def note(self, role: str, name: str, raw: bytes, status: int, why: str) -> None:
        """Keeps an answer that was not as agreed, once for each kind of it."""
        self.wrong.append(
            {"role": role, "name": name, "status": status, "why": why, "body": raw.decode(errors="replace")}
        )
        print(f"NOT AS AGREED {name} as {role}: {why[:300]}", flush=True)


def attack(on: Throwing, operations: list[Any], schema: graphql.GraphQLSchema) -> None:
    """Each operation in its turn, again and again until the time is over."""
    turn = 0
    while not on.is_over:
        for operation in operations:
            if on.is_over:
                return
            turn += 1
            _some(on, operation, schema, on.plan["seed"] * 100_000 + turn)
            for _ in range(3):
                _partner(on)
            _body(on)


def _some(on: Throwing, operation: Any, schema: graphql.GraphQLSchema, number: int) -> None:
    quiet = settings(max_examples=EXAMPLES, database=None, deadline=None, phases=[Phase.generate],
                     suppress_health_check=list(HealthCheck))  # fmt: skip

    @seed(number)
    @quiet
    @given(case=operation.as_strategy())
    def each(case: Any) -> None:
        if on.is_over:
            return
        document = mixed(graphql.parse(case.body, no_location=True), schema, on.pool, on.random)
        kind, field = root_of(document)
        body = {"query": graphql.print_ast(document)}
        on.throw(on.role_for(kind, field), f"{kind}.{field}", body)

    try:
        each()
    except Exception as error:  # what cannot be generated is told, and no failure of the product
        on.codes[f"not generated: {type(error).__name__}"] += 1
        print(f"{operation.label}: {type(error).__name__}: {str(error)[:200]}", file=sys.stderr)


def _partner(on: Throwing) -> None:
    """A registered document with a value that it cannot mean, or all good."""
    name, good = on.random.choice(list(on.plan["partner"].items()))
    if "input" in good:
        good = {"input": {**good["input"], "idempotencyKey": on.pool.key()}}
    variables = _spoilt(on, good) if on.random.random() < 0.8 else good
    on.throw("partner", f"partner {name}", {"documentId": name, "variables": variables})


def _spoilt(on: Throwing, value: Any) -> Any:
    """The value with one part of it, anywhere, made hostile."""
    if isinstance(value, dict) and value and on.random.random() < 0.9:
        name = on.random.choice(list(value))
        return {**value, name: _spoilt(on, value[name])}
    if isinstance(value, list) and value and on.random.random() < 0.7:
        return [_spoilt(on, value[0]), *value[1:]]
    return on.random.choice(HOSTILE)


def _body(on: Throwing) -> None:
    """A good body with bytes of it changed, cut or doubled."""
    raw = bytearray(json.dumps({"query": "query Q($i: ID!) { node(id: $i) { __typename } }", "variables": {"i": "x"},
                                "operationName": "Q", "extensions": {}}).encode())  # fmt: skip
    for _ in range(on.random.choice((1, 1, 2, 8))):
        place = on.random.randrange(len(raw))
        cut = slice(place, place + on.random.choice((0, 1, 4, 40)))
        raw[cut] = on.random.choice(
            (b"", b"\x00", b"\xff", b"{", b"[" * 2000, b"9" * 5000, b"\xed\xa0\x80", b'"', b"null", raw[cut] * 3)
        )
        if not raw:
            break
    on.throw("support", "bytes", bytes(raw))


def main(path: str) -> int:
    """Runs the plan of that file."""
    warnings.simplefilter("ignore")
    plan = json.loads(Path(path).read_text())
    on = Throwing(plan)
    for name in ("ConsistencyToken", "CurrencyCode", "Date", "DateTime", "IdempotencyKey", "Int64", *plan["scalars"]):
        _register(name, on)
    headers = {"Authorization": f"Bearer {on.callers['admin'][0]}"}
    served = schemathesis.graphql.from_url(f"{plan['url']}/graphql", headers=headers)
    operations = [each.ok() for each in served.get_all_operations()]
    queries = [each for each in operations if each.label.startswith("Query.")]
    others = [each for each in operations if not each.label.startswith("Query.")]
    on.random.shuffle(others)
    step = max(1, len(others) // 6)  # the few fields that everything is read by come again between mutations
    order = [each for place in range(0, len(others), step) for each in (*queries, *others[place : place + step])]
    attack(on, order, served.client_schema)
    changed = {name for name in on.performed if name.startswith("mutation.")}
    told = {
        "requests": on.sent.total(), "operations": len(operations), "mutations": len(others),
        "mutations sent": len({name for name in on.sent if name.startswith("mutation.")}),
        "mutations performed": len(changed), "codes": dict(on.codes.most_common()),
        "never performed": sorted({f"mutation.{each.label.partition('.')[2]}" for each in others} - changed),
        "performed": on.performed.total(), "slow": on.slow[:20], "wrong": on.wrong[:200],
    }  # fmt: skip
    print(json.dumps(told))
    return 1 if on.wrong else 0


def _register(name: str, on: Throwing) -> None:
    from hypothesis import strategies as st

    instants = [
        "2027-01-20T00:00:00Z",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "2027-01-01T00:00:00+14:00",
        "x",
    ]
    texts = {
        "Int64": st.integers(-(2**64), 2**64).map(str),
        "CurrencyCode": st.sampled_from(["EUR", "USD", "JPY", "XXX", "eur", ""]),
        "Date": st.sampled_from(["2027-01-01", "2027-02-29", "0001-01-01", "9999-12-31", "x"]),
        "DateTime": st.sampled_from(instants),
        "IdempotencyKey": st.text(max_size=300),
    }
    schemathesis.graphql.scalar(name, texts.get(name, st.text(max_size=40)).map(nodes.String))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
