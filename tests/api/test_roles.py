"""Which role may ask which field of the roots: every cell stands in a table, and a new field without one fails."""

from typing import cast

import httpx2
from graphql import GraphQLObjectType

from runtime.settings import Settings
from tests.api_callers import Api, Caller
from tests.role_kit import GRAPH, MAY, MAY_NOT, ROLES, Knocker, field_cell, knocking, stream_cell
from tests.role_table import FIELDS, MUTATIONS, cells, differing

ROOTS = ("viewer", "staff", "partner")


async def rows_of(knocker: Knocker) -> dict[str, str]:
    """The row of each field of each root."""
    found: dict[str, str] = {}
    for root in ("query", *ROOTS):
        owner = GRAPH.type_map[root.capitalize()]
        assert isinstance(owner, GraphQLObjectType)
        for name in owner.fields:
            row = ""
            for place, role in enumerate(ROLES):
                # Who does not come to the root comes to none of its fields.
                shut = root in ROOTS and found[f"query.{root}"][place] == MAY_NOT
                row += MAY_NOT if shut else await field_cell(knocker, role, root, name)
            found[f"{root}.{name}"] = row
    for name in cast(GraphQLObjectType, GRAPH.type_map["Live"]).fields:
        found[f"live.{name}"] = "".join([await stream_cell(knocker, role, name) for role in ROLES])
    return found


async def test_each_role_reads_what_the_table_says_and_no_cell_is_missing(
    api: Api, process_settings: Settings, minting: httpx2.AsyncClient
) -> None:
    async with knocking(api, await api.guest(), process_settings, minting) as knocker:
        found = await rows_of(knocker)
    assert differing(found, FIELDS) == {}
    assert all(row[ROLES.index("admin")] == MAY for name, row in found.items() if name.startswith("staff."))


async def test_without_a_token_nothing_at_all_is_answered(api: Api) -> None:
    nobody = Caller(api.http, "")
    documents = [f"mutation {{ {name} }}" for name in cells(MUTATIONS)]
    documents += ["{ __typename }", "{ plans { id } }", "{ node(id: 1) { id } }"]
    answers = [await nobody.post({"query": document}) for document in documents]
    assert {answer.status_code for answer in answers} == {401}
