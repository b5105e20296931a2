"""The published schema: current, described to the last value, and never broken without a word."""

from collections.abc import Iterator
from datetime import date
from enum import Enum
from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    is_specified_directive,
)
from typer.testing import CliRunner

from api.graph.error_code import ErrorCode
from api.graph.invoices import InvoiceState
from api.graph.payments import PaymentState, RefundState
from api.graph.subscriptions import SubscriptionState
from cli.export_schema import breaking, sdl
from cli.main import app
from domain.invoices.invoice import INVOICE
from domain.machine import Machine
from domain.payments.payment import PAYMENT
from domain.payments.refund import REFUND
from domain.refusals import RefusalCode
from domain.subscriptions.lifecycle import SUBSCRIPTION
from tests.frontend_schema import PUBLISHED, frontend_schema


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    """The schema as frontends read it."""
    return frontend_schema()


def test_the_published_file_is_the_schema_of_the_code() -> None:
    assert PUBLISHED.read_text() == sdl()


def test_every_type_field_argument_and_value_is_described(schema: GraphQLSchema) -> None:
    assert list(undescribed(schema)) == []


def undescribed(schema: GraphQLSchema) -> Iterator[str]:
    """Names of what the schema publishes without a word, its own and not GraphQL's."""
    for name, type_ in schema.type_map.items():
        if name.startswith("__") or name in ("Int", "String", "Boolean", "ID", "Float"):
            continue
        if not type_.description:
            yield name
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            for field_name, field in type_.fields.items():
                if not field.description:
                    yield f"{name}.{field_name}"
                for argument_name, argument in getattr(field, "args", {}).items():
                    if not argument.description:
                        yield f"{name}.{field_name}({argument_name})"
        if isinstance(type_, GraphQLEnumType):
            yield from (f"{name}.{value}" for value, each in type_.values.items() if not each.description)


def test_an_undescribed_part_of_any_kind_is_found() -> None:
    text = '"""Q""" type Query { "f" a(x: Int): Int b: E c(i: I): U } enum E { V } input I { f: Int } union U = Query'
    assert sorted(undescribed(build_schema(text))) == [
        "E",
        "E.V",
        "I",
        "I.f",
        "Query.a(x)",
        "Query.b",
        "Query.c",
        "Query.c(i)",
        "U",
    ]


def test_every_mutation_takes_one_input_with_a_key_and_answers_operation_and_errors(schema: GraphQLSchema) -> None:
    assert schema.mutation_type
    for name, field in schema.mutation_type.fields.items():
        (argument,) = field.args.items()
        kind = name[0].upper() + name[1:]
        assert (argument[0], str(argument[1].type), str(field.type)) == ("input", f"{kind}Input!", f"{kind}Payload!")
        given, payload = schema.type_map[f"{kind}Input"], schema.type_map[f"{kind}Payload"]
        assert isinstance(given, GraphQLInputObjectType)
        assert isinstance(payload, GraphQLObjectType)
        assert str(given.fields["idempotencyKey"].type) == "IdempotencyKey!"
        assert str(payload.fields["errors"].type) == f"[{kind}Error!]!"
        others = {each: str(of.type) for each, of in payload.fields.items() if each != "errors"}
        assert others["operation"] == "OperationInfo"
        assert all(not of.endswith("!") for of in others.values())


@pytest.mark.row("A1")
def test_no_amount_and_nothing_else_is_a_float(schema: GraphQLSchema) -> None:
    assert "Float" not in schema.type_map
    money = schema.type_map["Money"]
    assert isinstance(money, GraphQLObjectType)
    assert {name: str(of.type) for name, of in money.fields.items()} == {
        "minorUnits": "Int64!", "currency": "CurrencyCode!", "decimal": "String!",
    }  # fmt: skip


@pytest.mark.row("X4")
def test_every_mutation_hands_out_a_token_and_every_history_takes_one(schema: GraphQLSchema) -> None:
    performed = schema.type_map["OperationInfo"]
    assert isinstance(performed, GraphQLObjectType)
    assert str(performed.fields["consistencyToken"].type) == "ConsistencyToken!"
    objects = [each for each in schema.type_map.values() if isinstance(each, GraphQLObjectType)]
    histories = {each.name: each for each in objects if each.name.endswith("HistoryConnection")}
    assert histories
    for history in histories.values():
        assert (str(history.fields["asOf"].type), str(history.fields["source"].type)) == ("DateTime!", "Source!")
    fields = [field for each in objects for field in each.fields.values() if str(field.type).rstrip("!") in histories]
    assert len(fields) >= len(histories)
    assert all(str(field.args["atLeast"].type) == "ConsistencyToken" for field in fields)


def test_every_error_union_shares_the_interface(schema: GraphQLSchema) -> None:
    shared = schema.type_map["UserError"]
    unions = [each for each in schema.type_map.values() if isinstance(each, GraphQLUnionType)]
    assert unions
    for union in unions:
        assert all(shared in member.interfaces for member in union.types)


def test_every_refusal_has_a_published_code() -> None:
    assert {each.name for each in ErrorCode} == {each.name for each in RefusalCode}


@pytest.mark.parametrize(
    ("machine", "shown"),
    [(SUBSCRIPTION, SubscriptionState), (INVOICE, InvoiceState), (PAYMENT, PaymentState), (REFUND, RefundState)],
)
def test_every_state_that_a_machine_reaches_can_be_shown(machine: Machine, shown: type[Enum]) -> None:
    reached = set(machine.moves.values())
    assert {each.value for each in shown} == reached


SMALL = "type Query { a(x: Int, y: Int = 1): String! b: E } enum E { V W } input I { f: Int }"


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (" b: E", "", "Query.b was removed."),
        ("String!", "String", "Query.a changed type"),
        ("x: Int,", "x: Int!,", "Query.a(x:)"),
        ("V W", "V", "E.W was removed."),
        ("f: Int", "f: Int g: Int!", "I.g was added."),
    ],
)
def test_a_change_that_breaks_clients_is_found(old: str, new: str, found: str) -> None:
    (line,) = breaking(SMALL, SMALL.replace(old, new), date(2027, 1, 1))
    assert found in line


def test_a_new_field_breaks_nobody() -> None:
    old = sdl()
    assert (
        breaking(old, old.replace("type Money {", 'type Money {\n  """New."""\n  words: String'), date(2027, 1, 1))
        == []
    )


def test_the_check_against_a_published_file_says_what_breaks_and_fails(tmp_path: Path) -> None:
    earlier = tmp_path / "earlier.graphql"
    earlier.write_text(sdl().replace("type Money {", 'type Money {\n  """Old."""\n  cents: Int'))
    refused = CliRunner().invoke(app, ["export-schema", "--against", str(earlier)])
    assert (refused.exit_code, refused.output.strip()) == (1, "Field Money.cents was removed.")
    earlier.write_text(sdl())
    assert CliRunner().invoke(app, ["export-schema", "--against", str(earlier)]).exit_code == 0


def test_the_check_of_a_stale_file_names_it_and_fails(tmp_path: Path) -> None:
    published = tmp_path / "published.graphql"
    missing = CliRunner().invoke(app, ["export-schema", "--check", str(published)])
    assert (missing.exit_code, str(published) in missing.output) == (1, True)
    published.write_text(sdl())
    assert CliRunner().invoke(app, ["export-schema", "--check", str(published)]).exit_code == 0
    published.write_text(sdl().replace("An exact amount", "Some amount"))
    stale = CliRunner().invoke(app, ["export-schema", "--check", str(published), "--against", str(published)])
    assert (stale.exit_code, "is stale" in stale.output) == (1, True)


def test_no_directive_of_ours_is_published(schema: GraphQLSchema) -> None:
    assert all(is_specified_directive(each) for each in schema.directives)
