"""What a migration file may say, as far as its text alone tells."""

from collections.abc import Iterable, Iterator

import pglast
from pglast import ast
from pglast.enums import AlterTableType, ConstrType, ObjectType

from migrations.files import MigrationFile
from tests.sql_lint.syntax import present, walk

FORBIDDEN = (
    ast.TransactionStmt,  # the runner commits a file together with its mark
    ast.DoStmt,
    ast.CreateTrigStmt,
    ast.RuleStmt,
    ast.CreateEventTrigStmt,
    ast.VacuumStmt,  # VACUUM and ANALYZE: the server does both by itself
    ast.ListenStmt,
    ast.NotifyStmt,
    ast.TruncateStmt,
    ast.VariableSetStmt,  # the runner sets what a session of it needs
)
KEYS = frozenset(
    {
        ConstrType.CONSTR_PRIMARY,
        ConstrType.CONSTR_UNIQUE,
        ConstrType.CONSTR_CHECK,
        ConstrType.CONSTR_FOREIGN,
        ConstrType.CONSTR_EXCLUSION,
    }
)


def form_faults(file: MigrationFile) -> list[str]:
    """One line per statement that a migration must not hold, or not hold in this kind of file."""
    statements = [present(raw.stmt) for raw in pglast.parse_sql(file.sql)]
    found = [fault for statement in statements for fault in _faults(statement)]
    built = [each for each in statements if isinstance(each, ast.IndexStmt) and each.concurrent]
    if file.transactional:
        return found + [f"{each.idxname}: CONCURRENTLY needs a file with -- no-transaction" for each in built]
    if len(statements) != len(file.statements):
        found.append("a statement does not end with a semicolon at the end of a line")
    dropped = list(_dropped_if_there(statements))
    return found + [
        f"{each.idxname}: drop what a failed try left first" for each in built if each.idxname not in dropped
    ]


def _dropped_if_there(statements: Iterable[ast.Node]) -> Iterator[str]:
    for each in statements:
        if not isinstance(each, ast.DropStmt) or each.removeType != ObjectType.OBJECT_INDEX:
            continue
        if each.missing_ok and each.concurrent:
            yield present(each.objects)[0][-1].sval


def _faults(statement: ast.Node) -> Iterator[str]:
    if isinstance(statement, FORBIDDEN):
        yield f"{type(statement).__name__.removesuffix('Stmt')} is not for migrations"
    if isinstance(statement, ast.CreateFunctionStmt):
        yield f"function {present(statement.funcname)[-1].sval}: rules are keys, not code in the database"
    if isinstance(statement, ast.AlterTableStmt):
        commands = present(statement.cmds)
        added = [each for each in commands if each.subtype == AlterTableType.AT_AddConstraint]
        if added and len(commands) > 1:
            yield f"{present(statement.relation).relname}: a constraint is added by a statement of its own"
    for node in walk(statement):
        if isinstance(node, ast.Constraint) and node.contype in KEYS and not node.conname:
            yield f"a constraint without a name: {ConstrType(node.contype).name.removeprefix('CONSTR_')}"
