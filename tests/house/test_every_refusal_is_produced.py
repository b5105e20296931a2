"""A refusal that the code of a mutation can reach is produced over HTTP, or it is said why it never is the answer."""

import pytest
from graphql import GraphQLUnionType, build_schema

from api.graph.error_code import ErrorCode
from api.graph.refusal import as_error
from domain.refusals import RefusalCode, Refused
from tests.api.test_bad_input import TABLE
from tests.house.conftest import Plant
from tests.house.reachable import reachable
from tests.house.tree import ROOT
from tests.refusal_guards import GUARDS, NOT_YET
from tests.refusal_table import CASES, CLOSED

# What tests/api/test_the_door_refuses.py, test_misuse.py and test_roles.py produce for every mutation there is; the
# last alone STEP_UP_REQUIRED, for those that move money. test_portal_features.py alone FEATURE_OFF, for what customers
# change by themselves.
OF_THE_DOOR = {
    *("FORBIDDEN", "STEP_UP_REQUIRED", "FEATURE_OFF"),
    *("BUSY", "IN_PROGRESS", "UNAVAILABLE", "IDEMPOTENCY_MISMATCH"),
}
# tests/api/test_portal_links.py: of what links do.
OF_LINKS = {"changePlan", "addPaymentMethod", "payInvoice", "cancelSubscription"}
# A member that shares its code with another one, and the test file that produces it.
APART = {
    ("PaymentOutcomeUnknown", "payInvoice"): "tests/api/test_double_pay_shield.py",
    ("ConflictError", "inviteMember"): "tests/api/test_members.py",
    ("ConflictError", "saveBillingContact"): "tests/api/test_billing_profile.py",
}
# Codes that a story of their own produces, and its file.
STORIES = {
    ("inviteMember", "ALREADY_EXISTS"): "tests/api/test_members.py",
    ("inviteMember", "STATE_CONFLICT"): "tests/api/test_members.py",
    ("saveBillingContact", "ALREADY_EXISTS"): "tests/api/test_billing_profile.py",
    ("saveBillingContact", "STATE_CONFLICT"): "tests/api/test_billing_profile.py",
    ("acceptRetentionOffer", "ALREADY_EXISTS"): "tests/api/test_retention.py",
    ("startBulkRun", "ALREADY_EXISTS"): "tests/api/test_bulk_runs.py",
}


def produced() -> dict[str, set[str]]:
    """For each mutation the codes that tests see over HTTP."""
    found = {name: set(OF_THE_DOOR) for name in reachable(ROOT)}
    for name, _, code, _ in TABLE:
        found[name].add(code)
    for name in OF_LINKS:
        found[name].add("LINK_OVER")
    for case in (*CASES, *CLOSED):
        found[case.mutation].add(case.code)
    for name, code in STORIES:
        found[name].add(code)
    return found


def guarded() -> set[tuple[str, str]]:
    """Mutations with the codes that only guard what is below them."""
    return {(name, code) for (code, _), names in GUARDS.items() for name in names}


def kind(code: str) -> str:
    """The member of an error union that carries the code."""
    return type(as_error(Refused(RefusalCode(code), ""))).__name__


def test_every_refusal_in_the_way_of_a_mutation_is_produced_or_said_to_be_a_guard() -> None:
    seen = produced()
    missing = {(name, code) for name, codes in reachable(ROOT).items() for code in codes - seen[name]}
    assert missing - guarded() == set(), "produce it in tests/refusal_table.py, or say why it never is the answer"
    assert guarded() - missing == set(), "it is produced now, or not in the way any more"


def test_every_code_that_clients_know_is_produced_by_some_mutation() -> None:
    assert {code.name for code in ErrorCode} == {code for codes in produced().values() for code in codes}


def test_every_member_of_an_error_union_is_produced_or_said_to_wait() -> None:
    schema, seen = build_schema((ROOT / "frontend-schema.graphql").read_text()), produced()
    missing = set()
    for name in seen:
        union = schema.type_map[f"{name[0].upper()}{name[1:]}Error"]
        assert isinstance(union, GraphQLUnionType)
        answered = {kind(code) for code in seen[name]}
        missing |= {(each.name, name) for each in union.types if each.name not in answered}
        assert answered <= {each.name for each in union.types}
    assert missing - set(APART) == {(member, name) for member, names in NOT_YET.items() for name in names}
    assert all(member in (ROOT / file).read_text() for (member, _), file in APART.items())
    assert all(code in (ROOT / file).read_text() for (_, code), file in STORIES.items())


SCHEMA = "import api.graph.pay as pay\nclass Mutation:\n    pay_it: P = _mutation(pay.pay, 'Pays.')\n"
PAY = """from domain.paying import Bill, check
from api.graph.outcome import performed
async def pay(info, input):
    check(input)
    Bill(1).settle()
    return await performed(info)
"""
PAYING = """from domain.refusals import RefusalCode, Refused
class Bill:
    def settle(self):
        raise Refused(RefusalCode.NOTHING_DUE, "Nothing is due.")
def check(input):
    deeper()
def deeper():
    raise {refusal}
def other():
    raise Refused(RefusalCode.NOT_FOUND, "There is none.")
"""


@pytest.mark.parametrize("code", ["BUSY", "QUOTE_STALE"])
def test_what_a_function_or_a_method_raises_further_down_is_found(plant: Plant, code: str) -> None:
    plant("api/graph/schema.py", SCHEMA)
    plant("api/graph/pay.py", PAY)
    root = plant("domain/paying.py", PAYING.format(refusal=f'Refused(RefusalCode.{code}, "No.")'))
    assert reachable(root) == {"payIt": {"NOTHING_DUE", code}}
