"""The literal values inside a document's text: what no type of ours could accept is refused before validation."""

from collections.abc import Iterable, Iterator
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


def literal_faults(nodes: Iterable[Node]) -> tuple[int, list[GraphQLError]]:
    """How many nodes lie below these, and a BAD_INPUT for each overlong number or string with NUL among them."""
    queue = list(nodes)
    faults = []
    for node in queue:  # grows while it is read
        queue.extend(_below(node))
        if isinstance(node, IntValueNode | FloatValueNode) and len(node.value) > MAX_DIGITS:
            faults.append(_fault("A number in the document is too long.", node))
        elif isinstance(node, StringValueNode) and "\x00" in node.value:
            faults.append(_fault("A string in the document holds a NUL character.", node))
    return len(queue), faults


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
