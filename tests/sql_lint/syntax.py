"""Small questions to a parsed statement."""

from collections.abc import Iterator
from typing import TypeVar

from pglast import ast
from pglast.enums import A_Expr_Kind, BoolExprType

T = TypeVar("T")


def present(part: T | None) -> T:
    """A part that such a node always has; in the parser's types any may be missing."""
    assert part is not None
    return part


def children(node: ast.Node) -> Iterator[ast.Node]:
    """The nodes right below a node, lists flattened."""
    for name in node:
        yield from _nodes(getattr(node, name))


def _nodes(value: object) -> Iterator[ast.Node]:
    if isinstance(value, ast.Node):
        yield value
    elif isinstance(value, tuple | list):
        for element in value:
            yield from _nodes(element)


def walk(node: ast.Node) -> Iterator[ast.Node]:
    """The node and everything below it."""
    yield node
    for child in children(node):
        yield from walk(child)


def uncast(node: object) -> ast.Node | None:
    """The expression without casts around it, None for what is no expression."""
    while isinstance(node, ast.TypeCast):
        node = node.arg
    return node if isinstance(node, ast.Node) else None


def column(node: ast.Node | None) -> tuple[str | None, str] | None:
    """Qualifier and name of a plain column, else None."""
    fields = present(node.fields) if isinstance(node, ast.ColumnRef) else ()
    if not fields or not all(isinstance(field, ast.String) for field in fields):
        return None
    parts = [field.sval for field in fields]
    return (parts[-2] if len(parts) > 1 else None, parts[-1])


def function_name(call: ast.FuncCall) -> str:
    """The name without its schema."""
    return str(present(call.funcname)[-1].sval)


def conjuncts(node: ast.Node | None) -> Iterator[ast.Node]:
    """What must all be true when the condition is."""
    if isinstance(node, ast.BoolExpr) and node.boolop == BoolExprType.AND_EXPR:
        for each in present(node.args):
            yield from conjuncts(each)
    elif node is not None:
        yield node


def equalities(node: ast.Node | None) -> Iterator[tuple[ast.Node | None, ast.Node | None]]:
    """The pairs that must be equal when the condition is true; a row comparison gives a pair for each place."""
    for each in conjuncts(node):
        if not isinstance(each, ast.A_Expr) or each.kind != A_Expr_Kind.AEXPR_OP:
            continue
        if present(each.name)[-1].sval != "=":
            continue
        left, right = uncast(each.lexpr), uncast(each.rexpr)
        if isinstance(left, ast.RowExpr) and isinstance(right, ast.RowExpr):
            for one, other in zip(present(left.args), present(right.args), strict=False):
                yield uncast(one), uncast(other)
        else:
            yield left, right
