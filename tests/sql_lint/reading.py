"""Reads a statement: every use of a table, every equality that holds, every output column, scope by scope."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pglast import ast
from pglast.enums import JoinType, SetOperation

from tests.sql_lint.pins import Alias, Pins, Place
from tests.sql_lint.syntax import children, column, equalities, present, uncast

Outputs = list[tuple[str, Place | None]]  # name and origin of each column that a query gives

SYSTEM_SCHEMAS = ("pg_catalog", "information_schema")


@dataclass(slots=True)
class Scope:
    """One query: what its FROM names, which WITH queries it brings, the query around it and whose columns it sees."""

    number: int
    parent: "Scope | None"
    outer: "Scope | None"
    tables: dict[str, Alias | None] = field(default_factory=dict)  # None: a function, or a table without rows of ours
    rows: dict[str, dict[str, Place | None]] = field(default_factory=dict)  # subqueries and WITH queries
    withs: dict[str, Outputs] = field(default_factory=dict)

    def with_query(self, name: str) -> Outputs | None:
        """The columns of a WITH query seen from here, or None where there is none of that name."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.withs:
                return scope.withs[name]
            scope = scope.parent
        return None

    def owners(self, name: str) -> list[str]:
        """The aliases that surely have a column of this name, else the only alias there is."""
        sure = [alias for alias, used in self.tables.items() if used is not None and used.key == name]
        sure += [alias for alias, columns in self.rows.items() if name in columns]
        every = [*self.tables, *self.rows]
        return sure or (every if len(every) == 1 else [])

    def find(self, qualifier: str | None, name: str) -> "tuple[Scope, str] | None":
        """Which alias of which scope a column belongs to."""
        scope: Scope | None = self
        while scope is not None:
            if qualifier is None:
                found = scope.owners(name)
            else:
                found = [qualifier] if qualifier in scope.tables or qualifier in scope.rows else []
            if found:
                return scope, found[0]
            scope = scope.outer
        return None

    def place(self, alias: str, name: str) -> Place | None:
        """The place of a column of one of this scope's aliases."""
        return self.rows[alias].get(name) if alias in self.rows else ("column", self.number, alias, name)


class Reading:
    """What ``read`` found: every alias of a table, the pins between them, and what cannot be read."""

    def __init__(self, tables: Mapping[str, str], keys: Mapping[str, str]) -> None:
        self._tables, self._keys = tables, keys
        self._scopes = 0
        self.aliases: list[Alias] = []
        self.pins = Pins()
        self.findings: list[str] = []

    def read(self, statement: ast.Node) -> "Reading":
        """Reads the whole statement and returns itself."""
        self._query(statement, None)
        return self

    def _query(self, node: ast.Node, parent: Scope | None, *, sees: bool = True) -> Outputs:
        self._scopes += 1
        scope = Scope(self._scopes, parent, parent if sees or parent is None else parent.outer)
        brought: ast.WithClause | None = getattr(node, "withClause", None)
        if brought:
            self._withs(brought, scope)
        if isinstance(node, ast.SelectStmt):
            return self._select(node, scope)
        if isinstance(node, ast.InsertStmt):
            return self._insert(node, scope)
        if isinstance(node, ast.UpdateStmt | ast.DeleteStmt):
            return self._change(node, scope)
        self._subqueries(node, scope)
        return []

    def _withs(self, clause: ast.WithClause, scope: Scope) -> None:
        for each in present(clause.ctes):
            query = each.ctequery
            if clause.recursive and isinstance(query, ast.SelectStmt) and query.larg:
                scope.withs[each.ctename] = self._named(each, self._query(query.larg, scope))
            scope.withs[each.ctename] = self._named(each, self._query(query, scope))

    @staticmethod
    def _named(each: ast.CommonTableExpr, outputs: Outputs) -> Outputs:
        names = [name.sval for name in each.aliascolnames or ()]
        return [(names[place] if place < len(names) else name, origin) for place, (name, origin) in enumerate(outputs)]

    def _select(self, node: ast.SelectStmt, scope: Scope) -> Outputs:
        if node.op != SetOperation.SETOP_NONE:
            return self._combined(self._query(present(node.larg), scope), self._query(present(node.rarg), scope))
        if node.valuesLists:
            self._subqueries(node, scope)
            return self._values(node.valuesLists)
        for item in node.fromClause or ():
            self._from(item, scope)
        self._holds(node.whereClause, scope)
        self._subqueries(node, scope)
        return self._outputs(node.targetList or (), scope)

    def _combined(self, left: Outputs, right: Outputs) -> Outputs:
        return [(name, self._either((one, other))) for (name, one), (_, other) in zip(left, right, strict=False)]

    def _either(self, origins: Sequence[Place | None]) -> Place | None:
        places = [origin for origin in origins if origin is not None]
        if not places or len(places) < len(origins):
            return None
        self._scopes += 1
        derived: Place = ("derived", self._scopes)
        self.pins.follow(derived, places)
        return derived

    def _values(self, rows: Iterable[Sequence[ast.Node]]) -> Outputs:
        by_column = zip(*rows, strict=False)
        return [
            (f"column{place}", self._either([_parameter(value) for value in values]))
            for place, values in enumerate(by_column, start=1)
        ]

    def _outputs(self, targets: Iterable[ast.ResTarget], scope: Scope) -> Outputs:
        outputs: Outputs = []
        for target in targets:
            value = uncast(target.val)
            named = column(value)
            outputs.append((target.name or (named[1] if named else ""), self._origin(value, scope)))
        return outputs

    def _origin(self, value: ast.Node | None, scope: Scope) -> Place | None:
        named = column(value)
        if named is None:
            return _parameter(value)
        found = scope.find(*named)
        return found[0].place(found[1], named[1]) if found else None

    def _insert(self, node: ast.InsertStmt, scope: Scope) -> Outputs:
        given = self._query(node.selectStmt, scope) if node.selectStmt else []
        relation = present(node.relation)
        target = self._table(relation, scope)
        if not node.cols:
            self.findings.append(f"INSERT INTO {relation.relname} does not name its columns")
        names = [name.name for name in node.cols or ()]
        if target and target.key in names and names.index(target.key) < len(given):
            origin = given[names.index(target.key)][1]
            if origin is not None:
                self.pins.follow(target.place, (origin,))
        if node.onConflictClause:
            self._subqueries(node.onConflictClause, scope)
        return self._returned(node, scope)

    def _change(self, node: ast.UpdateStmt | ast.DeleteStmt, scope: Scope) -> Outputs:
        self._table(present(node.relation), scope)
        for item in (node.fromClause if isinstance(node, ast.UpdateStmt) else node.usingClause) or ():
            self._from(item, scope)
        self._holds(node.whereClause, scope)
        self._subqueries(node, scope)
        return self._returned(node, scope)

    def _returned(self, node: ast.InsertStmt | ast.UpdateStmt | ast.DeleteStmt, scope: Scope) -> Outputs:
        clause = node.returningClause
        if clause is None:
            return []
        self._subqueries(clause, scope)
        return self._outputs(present(clause.exprs), scope)

    def _subqueries(self, node: ast.Node, scope: Scope) -> None:
        """Reads the subqueries of expressions; FROM, WITH and the source of an INSERT were read by their own rules."""
        for child in children(node):
            if isinstance(child, ast.SubLink):
                self._query(present(child.subselect), scope)
                if child.testexpr is not None:
                    self._subqueries(child.testexpr, scope)
            elif not isinstance(child, ast.SelectStmt | ast.RangeSubselect | ast.WithClause | ast.ReturningClause):
                self._subqueries(child, scope)

    def _table(self, node: ast.RangeVar, scope: Scope) -> Alias | None:
        name, table = _shown(node), present(node.relname)
        split = self._tables.get(table)
        system = node.schemaname in SYSTEM_SCHEMAS or (node.schemaname is None and table.startswith("pg_"))
        if split is None and not system:
            self.findings.append(f"{table} is not in the registry of tables")
        alias = None
        if split is not None:
            key = "shard_key" if split == "S" else self._keys.get(table, "") if split != "R" else ""
            alias = Alias(scope.number, name, table, split, key)
            self.aliases.append(alias)
        scope.tables[name] = alias
        return alias

    def _from(self, node: ast.Node, scope: Scope) -> list[str]:
        """Reads an item of FROM and returns the aliases that it brings."""
        if isinstance(node, ast.JoinExpr):
            return self._join(node, scope)
        if isinstance(node, ast.RangeSubselect):
            outputs = self._query(present(node.subquery), scope, sees=bool(node.lateral))
            return [self._rows(node.alias, "", outputs, scope)]
        if isinstance(node, ast.RangeVar):
            table = present(node.relname)
            outputs_of_with = scope.with_query(table) if node.schemaname is None else None
            if outputs_of_with is not None:
                return [self._rows(node.alias, table, outputs_of_with, scope)]
            self._table(node, scope)
            return [_shown(node)]
        alias: ast.Alias | None = getattr(node, "alias", None)
        name = present(alias.aliasname) if alias else f"function {len(scope.tables)}"
        scope.tables[name] = None
        return [name]

    def _rows(self, alias: ast.Alias | None, name: str, outputs: Outputs, scope: Scope) -> str:
        names = [each.sval for each in (alias.colnames if alias else None) or ()]
        shown = present(alias.aliasname) if alias else name
        scope.rows[shown] = {
            (names[place] if place < len(names) else own): origin for place, (own, origin) in enumerate(outputs)
        }
        return shown

    def _join(self, node: ast.JoinExpr, scope: Scope) -> list[str]:
        left, right = self._from(present(node.larg), scope), self._from(present(node.rarg), scope)
        if node.isNatural:
            self.findings.append("NATURAL JOIN hides the columns it joins on")
        optional = {
            JoinType.JOIN_LEFT: right,
            JoinType.JOIN_RIGHT: left,
            JoinType.JOIN_FULL: [],
        }.get(present(node.jointype))
        self._holds(node.quals, scope, optional)
        for each in node.usingClause or ():
            for one in self._having(left, each.sval, scope):
                for other in self._having(right, each.sval, scope):
                    self._equal((scope, one, each.sval), (scope, other, each.sval), scope, optional)
        return left + right

    @staticmethod
    def _having(aliases: Iterable[str], name: str, scope: Scope) -> Iterator[str]:
        owners = scope.owners(name)
        return (alias for alias in aliases if alias in owners)

    def _holds(self, condition: ast.Node | None, scope: Scope, optional: Sequence[str] | None = None) -> None:
        """Takes the equalities of a condition; one of an outer join holds only for the rows of its optional side."""
        for one, other in equalities(condition):
            self._equal(self._side(one, scope), self._side(other, scope), scope, optional)

    @staticmethod
    def _side(node: ast.Node | None, scope: Scope) -> "tuple[Scope, str, str] | Place | None":
        named = column(node)
        if named is None:
            return _parameter(node)
        found = scope.find(*named)
        return (*found, named[1]) if found else None

    def _equal(self, one: object, other: object, scope: Scope, optional: Sequence[str] | None) -> None:
        for this, that in ((one, other), (other, one)):
            if not isinstance(this, tuple) or not isinstance(that, tuple) or not isinstance(this[0], Scope):
                continue
            inner = this[0] is scope and (optional is None or this[1] in optional)
            target = this[0].place(this[1], this[2])
            source = that[0].place(that[1], that[2]) if isinstance(that[0], Scope) else that
            if inner and target is not None and source is not None:
                self.pins.follow(target, (source,))


def _shown(table: ast.RangeVar) -> str:
    return present(table.alias.aliasname if table.alias else table.relname)


def _parameter(node: ast.Node | None) -> Place | None:
    value = uncast(node)
    return ("parameter", value.number) if isinstance(value, ast.ParamRef) else None
