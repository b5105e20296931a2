"""The document store: from a trusted id or a text to a parsed, weighed and validated document, prepared once."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from graphql import GraphQLError, GraphQLSchema, specified_rules, validate
from graphql.language import DocumentNode, OperationDefinitionNode
from strawberry.extensions import SchemaExtension
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule
from strawberry.types import StreamExecutionResult

from api.audience import Audience, Policies, Policy, Sender
from api.deprecations import NOTHING_READ, Reading, read_document
from api.errors import Code, Fault, label
from api.execution.plan import Plans
from api.limits import FREE_TEXT, TRUSTED, Limits, exceeded, excesses
from api.manifests import Trusted, TrustedDocuments
from api.pacing import Pacing
from api.parse import parse
from api.weigh import Weight, weigh

_RULES: Final = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule)  # what strawberry itself runs
_ABORTED: Final = "Parsing aborted."  # how graphql-core ends the message of a limit, and of nothing else
MAX_ERRORS: Final = 10  # a person reads the first few; each further one is work for a broken document
TEXT_SHELF: Final = 64_000  # characters; a parsed one holds up to 300 bytes, so at most 20 MB that callers choose
PLANNED_FIELD: Final = 8  # characters that hold as much as a field of a plan
TRUSTED_SHELF: Final = 1_000_000  # several hundred documents, so that a whole app's manifest stays prepared
_AS_URQL_KNOWS_IT: Final = "PersistedQueryNotFound"  # a word and no sentence: its client compares the message
PREPARED: Final = "quittance.prepared"  # where a request's extensions carry its Prepared; a client's own is overwritten


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document that is ready to run, or the labelled errors why it never will be."""

    document: DocumentNode | None
    errors: tuple[GraphQLError, ...]
    weights: Mapping[str | None, Weight]
    policy: Policy
    reading: Reading = NOTHING_READ
    plans: Plans | None = field(default_factory=Plans, compare=False)
    """How its operations are executed, found as they are; None has graphql-core do all of it."""
    operations: Mapping[str | None, OperationDefinitionNode] = field(default_factory=dict, compare=False)
    """By name; the only one under None as well."""

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """The one operation, or the one of that name; BAD_INPUT if there is none or the choice is left open."""
        found = self.operations.get(name)
        if found is not None:
            return found
        if name is None:
            message = f"The document holds {len(self.operations)} operations: operationName must name the one to run."
            raise Fault(Code.BAD_INPUT, message)
        raise Fault(Code.BAD_INPUT, "The document holds no operation of that operationName.")

    def cost(self, operation: OperationDefinitionNode) -> int:
        """Points that the operation is charged before it runs, at least 1."""
        return max(1, self._weight(operation).cost)

    def work(self, operation: OperationDefinitionNode) -> int:
        """Those of its points that are spent whatever comes of it."""
        return self._weight(operation).work

    def _weight(self, operation: OperationDefinitionNode) -> Weight:
        return self.weights[operation.name.value if operation.name else None]


@dataclass(frozen=True, slots=True)
class Reference:
    """How a request names its document: by id, by text, or both where they were checked to agree.

    ``apollo`` is set where it came in Apollo's and urql's form, whose clients know other words for "not found".
    """

    document_id: str | None
    text: str | None
    apollo: bool = False

    def not_found(self) -> Fault:
        """What a client of that form is told of an id that is nobody's."""
        if self.apollo:  # both clients send the text beside the hash then, Apollo's by the code, urql's by the message
            return Fault(Code.PERSISTED_QUERY_NOT_FOUND, _AS_URQL_KNOWS_IT)
        return Fault(Code.DOCUMENT_NOT_FOUND, "There is no document of that id.")


class Found(NamedTuple):
    """What a reference names: a prepared document, and the registered one that it is, if it is one.

    ``took_seconds`` is how long a text that was not known was looked at; 0 where nothing had to be.
    """

    prepared: Prepared
    trusted: Trusted | None
    took_seconds: float = 0.0


class DocumentStore:
    """Prepared documents of one schema under one table of policies."""

    def __init__(self, schema: GraphQLSchema, trusted: TrustedDocuments, policies: Policies) -> None:
        self._schema = schema
        self._trusted = trusted
        self._policies = policies
        self._shelves = {TRUSTED: _Shelf(TRUSTED_SHELF), FREE_TEXT: _Shelf(TEXT_SHELF)}
        self._pacing = Pacing()

    async def resolve(self, sender: Sender, reference: Reference, caller: str = "") -> Found:
        """The prepared document; DOCUMENT_NOT_FOUND or PERSISTED_QUERY_NOT_FOUND, by the form of the reference, for an
        unknown id; DOCUMENT_WITHDRAWN; FORBIDDEN for a text of a closed audience.

        A caller that sends one text after the other that is refused, or that it cannot pay for, waits for its turn.
        """
        policy = self._policies[sender.audience]
        if reference.document_id is not None:
            trusted = await self._trusted.find(sender, reference.document_id)
            if trusted is not None:
                if not sender.may_send(reference.document_id):
                    raise Fault(Code.FORBIDDEN, "The token's scope does not name this document.")
                if trusted.withdrawn:
                    raise Fault(Code.DOCUMENT_WITHDRAWN, "This document was withdrawn: use another one.")
                return Found(self._prepared(trusted.text, TRUSTED, policy), trusted)
        if reference.text is None:
            raise reference.not_found()
        if not policy.free_text:
            raise Fault(Code.FORBIDDEN, "Only registered documents run here: send a documentId without a query.")
        return await self._free(reference.text, policy, caller)

    def unpaid(self, found: Found, caller: str) -> None:
        """The caller went without paying for what was found: its next text waits, as if this one had been refused."""
        if found.took_seconds:
            self._pacing.refused(caller, found.took_seconds)

    def trusted(self, audience: Audience, text: str) -> Prepared:
        """A registered text as it runs for this audience, with its errors if it does not fit the schema."""
        return self._prepared(text, TRUSTED, self._policies[audience])

    def problems(self, audience: Audience, documents: Mapping[str, str]) -> dict[str, list[str]]:
        """Id -> messages of each document that this audience could not run on this schema, for a build to fail on."""
        prepared = {
            name: prepare(self._schema, text, TRUSTED, self._policies[audience]) for name, text in documents.items()
        }
        return {name: [error.message for error in each.errors] for name, each in prepared.items() if each.errors}

    async def _free(self, text: str, policy: Policy, caller: str) -> Found:
        known = self._shelves[FREE_TEXT].get((text, policy))
        if known is not None:
            return Found(known, None)
        began = await self._pacing.turn(caller)
        found = Found(self._prepared(text, FREE_TEXT, policy), None, self._pacing.since(began))
        if found.prepared.errors:
            self.unpaid(found, caller)
        return found

    def _prepared(self, text: str, limits: Limits, policy: Policy) -> Prepared:
        shelf = self._shelves[limits]
        found = shelf.get((text, policy))
        if found is None:
            found = prepare(self._schema, text, limits, policy)
            shelf.put((text, policy), found)
        return found


def prepare(schema: GraphQLSchema, text: str, limits: Limits, policy: Policy) -> Prepared:
    """Parses within limits, weighs, and only then validates; each step runs if the one before found no error."""
    if len(text) > limits.characters:
        return _refused([exceeded("characters", limits.characters, len(text))], policy)
    try:
        document = parse(text, limits.tokens)
    except GraphQLError as error:
        return _refused([_syntax_error(error, limits)], policy)
    weighed = weigh(schema, document)
    errors = [*weighed.faults, *excesses(weighed, limits)][:MAX_ERRORS]
    if weighed.introspects and not policy.introspection:
        errors.append(Fault(Code.FORBIDDEN, "The schema can be read by staff only: use the published file."))
    if not errors:
        errors = validate(schema, document, _RULES, MAX_ERRORS, hide_suggestions=not policy.suggestions)
    if errors:
        return _refused(errors, policy)
    plans = Plans(max((weight.fields for weight in weighed.operations.values()), default=1))
    return Prepared(
        document, (), weighed.operations, policy, read_document(schema, document), plans, _operations(document)
    )  # fmt: skip


def _operations(document: DocumentNode) -> dict[str | None, OperationDefinitionNode]:
    found = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    named = {each.name.value if each.name else None: each for each in found}
    return {None: found[0], **named} if len(found) == 1 else named


def _syntax_error(error: GraphQLError, limits: Limits) -> GraphQLError:
    if not error.message.endswith(_ABORTED):
        return error
    if limits.tokens is not None and str(limits.tokens) in error.message:
        return exceeded("tokens", limits.tokens)
    return exceeded("depth", limits.depth)


def _refused(errors: list[GraphQLError], policy: Policy) -> Prepared:
    """A document that cannot run; its errors keep line and column but not the tree, which would stay in memory."""
    kept = []
    for error in errors:
        label(error)
        bare = GraphQLError(error.message, extensions=error.extensions)
        bare.locations = error.locations
        kept.append(bare)
    return Prepared(None, tuple(kept), {}, policy, plans=None)


class _Shelf:
    """The most recently used documents, up to a number of characters, to which what their plans hold is added."""

    def __init__(self, characters: int) -> None:
        self._room = characters
        self._kept: OrderedDict[tuple[str, Policy], tuple[Prepared, int]] = OrderedDict()

    def get(self, key: tuple[str, Policy]) -> Prepared | None:
        found = self._kept.get(key)
        if found is None:
            return None
        self._kept.move_to_end(key)
        prepared, taken = found
        if taken != _characters(key[0], prepared):  # plans were made since
            self._room += taken
            self.put(key, prepared)
        return prepared

    def put(self, key: tuple[str, Policy], prepared: Prepared) -> None:
        taken = _characters(key[0], prepared)
        self._kept[key] = prepared, taken
        self._room -= taken
        while self._room < 0:
            _, (_, given) = self._kept.popitem(last=False)
            self._room += given


def _characters(text: str, prepared: Prepared) -> int:
    return len(text) + PLANNED_FIELD * (prepared.plans.fields() if prepared.plans else 0)


class UsePrepared(SchemaExtension):
    """Hands the request's Prepared to strawberry, which then neither parses nor validates."""

    def on_operation(self) -> Iterator[None]:
        """Puts the parsed document in place of the text."""
        prepared = self._prepared()
        if prepared:
            self.execution_context.graphql_document = prepared.document
        yield
        self._reword(self.execution_context.result)

    def on_validate(self) -> Iterator[None]:
        """Tells strawberry that the document is valid."""
        if self._prepared():
            self.execution_context.pre_execution_errors = []  # not None: validation is done
        yield

    def on_stream_result(self, result: StreamExecutionResult) -> Iterator[None]:
        """Treats each event of a stream as an answer."""
        self._reword(result)
        yield

    def _prepared(self) -> Prepared | None:
        prepared = (self.execution_context.operation_extensions or {}).get(PREPARED)
        return prepared if isinstance(prepared, Prepared) else None

    def _reword(self, result: object) -> None:
        prepared = self._prepared()
        if prepared:
            prepared.policy.reword(getattr(result, "errors", None) or ())
