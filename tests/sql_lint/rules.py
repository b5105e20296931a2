"""Rules on a statement's form that need no knowledge of shard keys."""

from collections.abc import Iterator, Mapping

from pglast import ast
from pglast.enums import OnConflictAction, SQLValueFunctionOp

from tests.sql_lint.syntax import function_name, present, uncast, walk

# A cluster refuses most of these in a change, and an answer that depends on the server's clock cannot be tested.
OWN_CLOCK = frozenset(
    {
        "now",
        "transaction_timestamp",
        "statement_timestamp",
        "clock_timestamp",
        "timeofday",
        "random",
        "random_normal",
        "gen_random_uuid",
        "uuidv4",
        "uuidv7",
        "nextval",
        "setval",
        "pg_sleep",
    }
)
CLOCK_WORDS = frozenset(op for op in SQLValueFunctionOp if "TIME" in op.name or "DATE" in op.name)

# Each acts on one node only, or never reaches the workers.
ONE_NODE = frozenset({"set_config", "pg_notify", "lo_create", "lo_import", "lo_export"})

CHANGES = (ast.InsertStmt, ast.UpdateStmt, ast.DeleteStmt)


def form_findings(statement: ast.Node, tables: Mapping[str, str]) -> list[str]:
    """Findings on the kind of the statement, its columns, functions, locks and sources."""
    if isinstance(statement, ast.TransactionStmt):
        return []
    if isinstance(statement, ast.VariableSetStmt):
        return [] if statement.is_local else ["SET outlives the transaction: use SET LOCAL"]
    if not isinstance(statement, (ast.SelectStmt, *CHANGES)):
        return [f"{_kind(statement)} is not a statement for the application"]
    named = frozenset(present(node.ctename) for node in walk(statement) if isinstance(node, ast.CommonTableExpr))
    found = [finding for node in walk(statement) for finding in _findings(node, frozenset(tables) - named, named)]
    if any(isinstance(node, CHANGES) for node in walk(statement)) or _splits(statement, tables):
        found += [f"{name} takes its value from the server: pass it as a parameter" for name in _clocks(statement)]
    return found


def _kind(statement: ast.Node) -> str:
    return type(statement).__name__.removesuffix("Stmt").upper()


def _splits(statement: ast.Node, tables: Mapping[str, str]) -> bool:
    used = [present(node.relname) for node in walk(statement) if isinstance(node, ast.RangeVar)]
    return any(tables.get(each, "R") != "R" for each in used)


def _clocks(statement: ast.Node) -> Iterator[str]:
    for node in walk(statement):
        if isinstance(node, ast.FuncCall) and function_name(node) in OWN_CLOCK:
            yield f"{function_name(node)}()"
        elif isinstance(node, ast.SQLValueFunction) and node.op in CLOCK_WORDS:
            yield SQLValueFunctionOp(node.op).name.removeprefix("SVFOP_")


def _findings(node: ast.Node, tables: frozenset[str], named: frozenset[str]) -> Iterator[str]:
    if isinstance(node, ast.ColumnRef) and isinstance(present(node.fields)[-1], ast.A_Star):
        yield "SELECT * and RETURNING * hide which columns are read"
    elif isinstance(node, ast.FuncCall) and _acts_on_one_node(function_name(node)):
        yield f"{function_name(node)}() acts on one node only"
    elif isinstance(node, ast.MergeStmt):
        yield "MERGE is not a statement for the application"
    elif isinstance(node, ast.SelectStmt):
        if node.intoClause:
            yield "SELECT INTO makes a table"
        if node.lockingClause:
            yield from _lock_findings(node, tables)
    elif isinstance(node, ast.InsertStmt):
        yield from _source_findings(node, named)
        if node.onConflictClause and node.onConflictClause.action == OnConflictAction.ONCONFLICT_UPDATE:
            yield from _key_changes(present(node.onConflictClause.targetList))
    elif isinstance(node, ast.UpdateStmt):
        yield from _key_changes(present(node.targetList))


def _acts_on_one_node(name: str) -> bool:
    return name in ONE_NODE or "advisory" in name


def _key_changes(targets: tuple[ast.ResTarget, ...]) -> Iterator[str]:
    if any(target.name == "shard_key" for target in targets):
        yield "a row never changes its shard_key"


def _lock_findings(node: ast.SelectStmt, tables: frozenset[str]) -> Iterator[str]:
    only = node.fromClause[0] if node.fromClause and len(node.fromClause) == 1 else None
    if not isinstance(only, ast.RangeVar) or only.relname not in tables:
        yield "FOR UPDATE stands in a query over one table, without a join"
    locks = present(node.lockingClause)
    if len(locks) > 1 or any(len(each.lockedRels or ()) > 1 for each in locks):
        yield "FOR UPDATE names more than one table"
    if _any_of(node.whereClause) and not node.sortClause:
        yield "FOR UPDATE of several rows without ORDER BY locks them in no order"


def _any_of(condition: ast.Node | None) -> bool:
    if condition is None:
        return False
    kinds = {present(each.kind).name for each in walk(condition) if isinstance(each, ast.A_Expr)}
    return bool(kinds & {"AEXPR_OP_ANY", "AEXPR_IN"})


def _source_findings(node: ast.InsertStmt, named: frozenset[str]) -> Iterator[str]:
    source = node.selectStmt
    if source is None:
        yield "INSERT ... DEFAULT VALUES gives no shard_key"
        return
    assert isinstance(source, ast.SelectStmt)
    if source.valuesLists:
        if any(isinstance(each, ast.SubLink) for each in walk(source)):
            yield "a subquery inside VALUES cannot be routed"
    elif not _from_parameters(source, named) or any(isinstance(each, ast.SubLink) for each in walk(source)):
        yield "INSERT ... SELECT reads only from unnest of parameters or from a WITH query of the same statement"


def _from_parameters(source: ast.SelectStmt, named: frozenset[str]) -> bool:
    if source.larg:
        return _from_parameters(source.larg, named) and _from_parameters(present(source.rarg), named)
    items = source.fromClause or ()
    return bool(items) and all(_given(item, named) for item in items)


def _given(item: ast.Node, named: frozenset[str]) -> bool:
    if isinstance(item, ast.JoinExpr):
        return _given(present(item.larg), named) and _given(present(item.rarg), named)
    if isinstance(item, ast.RangeFunction):
        return all(_unnests_parameters(function) for function, _ in present(item.functions))
    return isinstance(item, ast.RangeVar) and item.relname in named


def _unnests_parameters(function: ast.Node) -> bool:
    if not isinstance(function, ast.FuncCall) or function_name(function) != "unnest":
        return False
    return all(isinstance(uncast(argument), ast.ParamRef) for argument in present(function.args))
