"""The literal values inside a document's text: what no type of ours could accept is refused before validation."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from graphql import GraphQLError
from graphql.language import (
    ArgumentNode,
    DirectiveNode,
    FloatValueNode,
    IntValueNode,
    ListValueNode,
    Node,
    ObjectFieldNode,
    ObjectValueNode,
    StringValueNode,
    VariableDefinitionNode,
)

from api.errors import Code

MAX_DIGITS: Final = 40  # an Int64 has 19; Python refuses to read more than 4,300 and says so in its own words


@dataclass(frozen=True, slots=True)
class Literals:
    """What lies in and below some nodes: how many nodes, how many directives, and a BAD_INPUT for each bad literal."""

    nodes: int
    directives: int
    faults: list[GraphQLError]


def read_literals(nodes: Iterable[Node]) -> Literals:
    """Looks at arguments, directives and variables; overlong numbers and strings with NUL are faults."""
    queue = list(nodes)
    directives = 0
    faults = []
    for node in queue:  # grows while it is read
        queue.extend(_below(node))
        directives += isinstance(node, DirectiveNode)
        if isinstance(node, IntValueNode | FloatValueNode) and len(node.value) > MAX_DIGITS:
            faults.append(_fault("A number in the document is too long.", node))
        elif isinstance(node, StringValueNode) and "\x00" in node.value:
            faults.append(_fault("A string in the document holds a NUL character.", node))
    return Literals(len(queue), directives, faults)


def _below(node: Node) -> Iterator[Node]:
    if isinstance(node, ArgumentNode | ObjectFieldNode):
        yield node.value
    elif isinstance(node, ListValueNode):
        yield from node.values
    elif isinstance(node, ObjectValueNode):
        yield from node.fields
    elif isinstance(node, DirectiveNode):
        yield from node.arguments or ()
    elif isinstance(node, VariableDefinitionNode):
        yield from node.directives or ()
        if node.default_value:
            yield node.default_value


def _fault(message: str, node: Node) -> GraphQLError:
    return GraphQLError(message, node, extensions={"code": Code.BAD_INPUT.value})
