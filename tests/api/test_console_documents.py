"""The desk's saved documents: each is valid, affordable, and tells the menu what it is for."""

import re
from pathlib import Path

import pytest
from graphql import OperationDefinitionNode, OperationType, parse

from api.audience import PRODUCTION, Audience
from api.documents import prepare
from api.limits import FREE_TEXT
from domain.actor import STAFF
from tests.role_kit import GRAPH

DOCUMENTS = Path(__file__).resolve().parents[2] / "console" / "documents"
FILES = sorted(DOCUMENTS.glob("*.graphql"))
# What the desk was promised: at least one document for each.
NEEDED = {
    "customersByEmail", "invoicesByNumber", "paymentsByProvider", "refundsByProvider", "disputesByProvider", "customer",
    "node", "auditTrail", "notices", "refundPayment", "refundRequests", "approveRefund", "rejectRefund",
    "stuckPayments", "exceptions", "resolveException", "disputes", "submitDisputeEvidence", "deadLetters", "viewer",
}  # fmt: skip


def operation(text: str) -> OperationDefinitionNode:
    """The only operation of a document."""
    (found,) = (each for each in parse(text).definitions if isinstance(each, OperationDefinitionNode))
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_saved_document_runs_under_the_limits_of_the_desk_and_says_what_it_is_for(file: Path) -> None:
    text = file.read_text()
    prepared = prepare(GRAPH, text, FREE_TEXT, PRODUCTION[Audience.STAFF])
    assert [error.message for error in prepared.errors] == []
    head = text.split("\n")[: next(n for n, line in enumerate(text.split("\n")) if not line.startswith("#"))]
    title, group, *rest = (line.removeprefix("# ") for line in head)
    assert title and ":" not in title and group.startswith("group: ")
    roles = [line.removeprefix("roles: ") for line in rest if line.startswith("roles: ")]
    assert set(", ".join(roles).split(", ")) <= {grant.value for grant in STAFF} | {""}
    assert any(not line.startswith("roles: ") for line in rest)
    assert operation(text).name


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_blank_of_a_saved_document_says_what_belongs_into_it(file: Path) -> None:
    text = file.read_text()
    for blank in operation(text).variable_definitions or ():
        name = blank.variable.name.value
        about = re.search(rf"^  # (.+)\n  \${name}: ", text, re.MULTILINE)
        assert about or name == "key", name
    if operation(text).operation is OperationType.MUTATION:
        assert "$key: IdempotencyKey!" in text and "errors { ... on UserError { code message path retryable } }" in text


@pytest.mark.row("A8")
def test_the_menu_holds_what_the_desk_works_with() -> None:
    fields = {name for file in FILES for name in re.findall(r"\b\w+\b", file.read_text())}
    assert fields >= NEEDED
    titles = [file.read_text().partition("\n")[0] for file in FILES]
    assert len(set(titles)) == len(titles)
