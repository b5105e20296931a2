"""One read for many customers: a statement for one becomes a statement over arrays of what differs between them."""

import re
from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

from domain.db import Connection, Row

# The shard key is the same for all and stays a parameter of its own, so that the statement stays on one shard.
_SHARD = re.compile(r"shard_key = \$(\d+)")
_PARAMETER = re.compile(r"\$(\d+)")
# Arrays of arrays would all need one length, so each inner one travels as its text; elements of these need no quotes.
_PLAIN = {"uuid[]": UUID, "int4[]": int, "int8[]": int, "bigint[]": int, "integer[]": int}


async def read_together(
    connection: Connection, sql: str, all_args: Sequence[Sequence[object]]
) -> list[list[Row]] | None:
    """The rows of each, in the order of ``all_args`` and in the statement's own; they have one more column at the end.

    None where the statement cannot be asked for many at once, and nothing was read.
    """
    pinned = {int(number) for number in _SHARD.findall(sql)}
    if any(args[number - 1] != all_args[0][number - 1] for args in all_args for number in pinned):
        return None
    types = [parameter.name for parameter in (await connection.prepare(sql)).get_parameters()]
    free = [number for number in range(1, len(types) + 1) if number not in pinned]
    if any(types[number - 1].endswith("[]") and types[number - 1] not in _PLAIN for number in free):
        return None
    wide, order = _widened(sql, types, sorted(pinned), free)
    columns = [_column(types[number - 1], [args[number - 1] for args in all_args]) for number in order]
    rows = await connection.fetch(wide, *(all_args[0][number - 1] for number in sorted(pinned)), *columns)
    found: list[list[Row]] = [[] for _ in all_args]
    for row in rows:
        found[row[-1] - 1].append(row)
    return found


def _widened(sql: str, types: Sequence[str], pinned: Sequence[int], free: Sequence[int]) -> tuple[str, Sequence[int]]:
    """The statement over arrays: first the pinned parameters, then one array for each free one."""
    place = {number: f"${at}" for at, number in enumerate(pinned, 1)} | {number: f"of_all.a{number}" for number in free}
    inner = _PARAMETER.sub(partial(_renamed, place), sql)
    arrays = ", ".join(
        f"${at}::{'text' if types[number - 1] in _PLAIN else types[number - 1]}[]"
        for at, number in enumerate(free, len(pinned) + 1)
    )
    for number in free:
        if types[number - 1] in _PLAIN:
            inner = re.sub(rf"of_all\.a{number}\b(?!::)", f"of_all.a{number}::{types[number - 1]}", inner)
    names = ", ".join(f"a{number}" for number in free)
    # Table and column names come from the code's own text and the parameters' types from the server: no value is here.
    return (
        f"SELECT each_one.*, of_all.place FROM unnest({arrays}) WITH ORDINALITY AS of_all ({names}, place) "  # noqa: S608 - no value is in it
        f"CROSS JOIN LATERAL ({inner}) AS each_one",
        free,
    )


def _renamed(place: dict[int, str], found: "re.Match[str]") -> str:
    return place[int(found[1])]


def _column(type_name: str, values: Sequence[Any]) -> list[Any]:
    if type_name not in _PLAIN:
        return list(values)
    return [None if value is None else "{" + ",".join(str(item) for item in value) + "}" for value in values]
