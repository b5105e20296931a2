"""Documents that ask for far more than anybody may, and how long each of them occupies the process that refuses it."""

import time
from collections.abc import Sequence

import httpx2

TIMES = 5  # of each kind, each text another one, so that none is known to be refused
GOAL_MS = 50.0


def bombs(number: int) -> dict[str, str]:
    """Texts by their kind, other ones for each number."""
    many = {
        "200 aliases": _inside(" ".join(f"a{n}: id" for n in range(200))),
        "4,000 aliases": "{ viewer { " + " ".join(f"a{n}:__typename" for n in range(4_000)) + " } }",
        "fragments 20 deep, each twice in the one before": _deep(20),
        "2^40 fields by fragments": _wide(40),
        "nested 3,000 deep": "{ a " * 3_000 + "}" * 3_000,
        "a list nested 900 deep": "{ nodes(ids: " + "[" * 900 + "]" * 900 + ") { id } }",
        "500 directives": "query Q " + "@x " * 500 + "{ viewer { __typename } }",
        "1,000 operations": " ".join(f"query Q{n} {{ viewer {{ __typename }} }}" for n in range(1_000)),
        "300 fields of one name": "{ " + "viewer { __typename } " * 300 + "}",
        "80 selections to be merged": "{ " + "viewer { __typename } " * 80 + "}",
        "2,000 variables": "query Q(" + " ".join(f"$v{n}: Int" for n in range(2_000)) + ") { viewer { __typename } }",
        "1,100 ids": "{ nodes(ids: [" + '"x" ' * 1_100 + "]) { id } }",
        "pages of pages": _inside("invoices(first: 100) { edges { node { lines { description } } } }"),
        "10,000 comments": "{ viewer { __typename } }" + "#\n" * 10_000,
        "a string of 100,000 characters": '{ node(id: "' + "x" * 100_000 + '") { id } }',
        "unknown fields": "{ viewer { " + " ".join(f"nobody{n}" for n in range(100)) + " } }",
    }
    return {kind: f"{text} # {number}" for kind, text in many.items()}


def _inside(fields: str) -> str:
    return f"{{ viewer {{ customer {{ {fields} }} }} }}"


def _deep(levels: int) -> str:
    chain = " ".join(
        f"fragment F{n} on Invoice {{ a: replacement {{ ...F{n + 1} }} b: replacement {{ ...F{n + 1} }} }}"
        for n in range(levels)
    )
    return f"{{ node(id: 1) {{ ...F0 }} }} {chain} fragment F{levels} on Invoice {{ number }}"


def _wide(levels: int) -> str:
    chain = " ".join(f"fragment F{n} on Query {{ ... {{ ...F{n + 1} }} ... {{ ...F{n + 1} }} }}" for n in range(levels))
    return f"{{ ...F0 }} {chain} fragment F{levels} on Query {{ __typename }}"


async def refusals(port: int, tokens: Sequence[str]) -> dict[str, float]:
    """The longest time in milliseconds until a text of each kind was refused; each is asked by another caller."""
    slowest: dict[str, float] = {}
    async with httpx2.AsyncClient(trust_env=False, timeout=60) as http:
        for number in range(1, TIMES + 1):
            for place, (kind, text) in enumerate(bombs(-number).items()):
                headers = {"Authorization": f"Bearer {tokens[place % len(tokens)]}"}
                began = time.perf_counter()
                answer = await http.post(f"http://127.0.0.1:{port}/graphql", json={"query": text}, headers=headers)
                took = (time.perf_counter() - began) * 1000
                body = answer.json()
                assert "data" not in body and body["errors"], (kind, body)
                slowest[kind] = max(slowest.get(kind, 0.0), took)
    return slowest
