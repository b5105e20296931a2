"""Every id that the schema takes, tried by somebody whose it is not: generated from the schema itself."""

from typing import Any

from graphql import (
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

from tests.api_callers import key
from tests.role_kit import GRAPH, MAY, ROLES, Knocker, read_document

# Names of what a tenant has, not a customer: another customer of the same tenant may use them.
SHARED = {"priceId", "planId", "couponId", "endpointId", "rateId"}


def ids_in(kind: Any, value: Any) -> dict[str, str]:
    """The ids in an input of that type, by the name of the field that holds them."""
    kind = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    if value is None:
        return {}
    if isinstance(kind, GraphQLList):
        return {name: id for each in value for name, id in ids_in(kind.of_type, each).items()}
    if not isinstance(kind, GraphQLInputObjectType):
        return {}
    found: dict[str, str] = {}
    for name, field in kind.fields.items():
        inner = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
        inner = inner.of_type if isinstance(inner, GraphQLList) else inner
        inner = inner.of_type if isinstance(inner, GraphQLNonNull) else inner
        if name not in value:
            continue
        if getattr(inner, "name", "") == "ID":
            held = value[name]
            found |= {name: held[0] if isinstance(held, list) else held} if held else {}
        else:
            found |= ids_in(field.type, value[name])
    return found


async def answers(knocker: Knocker, role: str, inputs: dict[str, dict[str, Any]]) -> dict[str, list[str]]:
    """The codes that each mutation answers with; all of them in one document, and performed if they may be."""
    kinds = {name: f"{name[0].upper()}{name[1:]}Input" for name in inputs}
    document = "mutation ({}) {{ {} }}".format(
        ", ".join(f"${name}: {kinds[name]}!" for name in inputs),
        " ".join(f"{name}(input: ${name}) {{ errors {{ ... on UserError {{ code }} }} }}" for name in inputs),
    )
    variables = {name: {**given, "idempotencyKey": key()} for name, given in inputs.items()}
    answer = await knocker.answer(role, document, variables, stopped=False)
    assert answer["errors"] == [], answer["errors"]
    return {name: [error["code"] for error in answer["data"][name]["errors"]] for name in inputs}


def takes_ids(name: str, given: dict[str, Any]) -> set[str]:
    """The names of the ids in the input of a mutation."""
    return set(ids_in(GRAPH.type_map[f"{name[0].upper()}{name[1:]}Input"], given))


def has_customer(name: str) -> bool:
    """Whether the input of a mutation can name a customer."""
    kind = GRAPH.type_map[f"{name[0].upper()}{name[1:]}Input"]
    return isinstance(kind, GraphQLInputObjectType) and "customerId" in kind.fields


def foreign_inputs(
    good: dict[str, dict[str, Any]], role: str, owner: str, *, same_tenant: bool, cells: dict[str, str]
) -> dict[str, dict[str, Any]]:
    """Of the mutations that the role may perform, those inputs that name what is somebody else's."""
    found = {}
    for name, given in good.items():
        if cells[name][ROLES.index(role)] != MAY:
            continue
        named = {each: value for each, value in given.items() if each != "customerId"}
        if has_customer(name) and role != "portal":
            named["customerId"] = owner
        foreign = takes_ids(name, named) - (SHARED if same_tenant else set())
        if foreign:
            found[name] = named
    return found


def pool_of(good: dict[str, dict[str, Any]]) -> dict[str, str]:
    """An id of each name that the stage's inputs hold."""
    found: dict[str, str] = {}
    for name, given in good.items():
        found |= ids_in(GRAPH.type_map[f"{name[0].upper()}{name[1:]}Input"], given)
    return found


async def reads_differ(knocker: Knocker, role: str, owner: str, around: str, pool: dict[str, str]) -> list[str]:
    """The fields of a type that tell a stranger's id from one of nothing; none should."""
    kind, told = GRAPH.type_map[owner], []
    assert isinstance(kind, GraphQLObjectType)
    for name, field in kind.fields.items():
        takers = [each for each, argument in field.args.items() if str(argument.type) in ("ID", "ID!", "[ID!]!")]
        if not takers:
            continue
        ids = {each: pool.get(each) or pool.get(f"{name}Id") or pool["customerId"] for each in takers}
        seen = []
        for tried in (ids, {each: f"{id[:-4]}{'zzzz' if id[-4:] != 'zzzz' else 'yyyy'}" for each, id in ids.items()}):
            given = {each: [id] if str(field.args[each].type).startswith("[") else id for each, id in tried.items()}
            document, variables = read_document(owner, name, given, around)
            answer = await knocker.answer(role, document, variables)
            seen.append((answer["data"], [(each["message"], each["path"]) for each in answer["errors"]]))
        if seen[0] != seen[1]:
            told.append(f"{owner}.{name}: {seen}")
    return told


def _telling(kind: Any) -> str:
    """A selection of that type that holds its ids."""
    chosen = []
    for name, field in kind.fields.items():
        inner = get_named_type(field.type)
        if is_leaf_type(inner) and not field.args:
            chosen.append(name)
        elif "id" in getattr(inner, "fields", {}) and not field.args:
            chosen.append(f"{name} {{ id }}")
    return " ".join(chosen)


async def lists_of(knocker: Knocker, role: str, owner: str, around: str, given: dict[str, str]) -> dict[str, set[str]]:
    """By field of a type, the ids in its list; each list counts what it shows and no more."""
    kind, found = GRAPH.type_map[owner], {}
    assert isinstance(kind, GraphQLObjectType)
    for name, field in kind.fields.items():
        inner, needs = get_named_type(field.type), [n for n, of in field.args.items() if is_required_argument(of)]
        paged = inner.name.endswith("Connection")
        if not (paged or str(field.type).startswith("[")) or any(each not in given for each in needs):
            continue
        element = get_named_type(get_named_type(inner.fields["edges"].type).fields["node"].type) if paged else inner
        asked = f"edges {{ node {{ {_telling(element)} }} }} totalCount" if paged else _telling(element)
        passed = f"({', '.join(f'{each}: {given[each]}' for each in needs)})" if needs else ""
        answer = await knocker.answer(role, f"{{ {around % f'{name}{passed} {{ {asked} }}'} }}")
        assert answer["errors"] == [], (name, answer["errors"])
        (value,) = answer["data"].values()
        value = (value["customer"] if owner == "Customer" else value)[name]
        assert not paged or min(value["totalCount"], int(given["first"])) == len(value["edges"]), name
        shown = [edge["node"] for edge in value["edges"]] if paged else value
        held = [value for each in shown for value in (each, *each.values()) if isinstance(value, dict)]
        found[name] = {str(each["id"]) for each in held if "id" in each}
    return found
