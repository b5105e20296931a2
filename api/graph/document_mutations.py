"""Admins register the documents that clients may send by id, announce that one goes, and withdraw one at once."""

from datetime import datetime
from typing import Final

import strawberry

from api.audience import PRODUCTION, Audience
from api.documents import DocumentStore
from api.graph.arguments import ERRORS, MINTED, OPERATION
from api.graph.context import Info
from api.graph.mutation_field import mutation_field
from api.graph.outcome import OperationInfo, followed, performed
from api.graph.refusal import RegisterDocumentsError, WithdrawDocumentError, as_error
from api.manifests import ManifestDocuments
from api.scalars import IdempotencyKey
from domain.refusals import RefusalCode, Refused
from domain.tenants.persist_documents import (
    MOST_AT_ONCE,
    NewDocument,
    PersistDocuments,
    RetireDocuments,
    WithdrawDocument,
    persist_documents,
    retire_documents,
    withdraw_document,
)

OWNER: Final = "portal, staff, or partner:<client id>."


@strawberry.input(description="A document by the id that clients will name it by; an id never changes its text.")
class NewDocumentInput:
    """One document."""

    id: str = strawberry.field(
        description="Up to 128 letters, digits or . _ : + / = -; sha256: stands before the hash of the text alone."
    )
    name: str = strawberry.field(description="What people call it.")
    text: str = strawberry.field(description="The GraphQL document.")


@strawberry.input(description=f"Lets clients send these documents by id; at most {MOST_AT_ONCE} at once.")
class RegisterDocumentsInput:
    """Input of registerDocuments."""

    owner: str = strawberry.field(description=OWNER)
    documents: list[NewDocumentInput] = strawberry.field(description="All of them, or none is registered.")
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="What was registered.")
class RegisterDocumentsPayload:
    """Payload of registerDocuments."""

    added: list[str] | None = strawberry.field(description="The ids that are new; the others were there already.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[RegisterDocumentsError] = strawberry.field(description=ERRORS)


async def register(info: Info, input: RegisterDocumentsInput) -> RegisterDocumentsPayload:
    """For admins; each document has to fit the schema and the limits of its audience in production."""
    try:
        home = info.context.staff_home()
        documents = tuple(NewDocument(each.id, each.name, each.text) for each in input.documents)
        _require_fit(info, input.owner, documents)
        command = PersistDocuments(input.owner, documents)
        done = await performed(info, persist_documents, home, command, input.idempotency_key)
    except Refused as refused:
        return RegisterDocumentsPayload(added=None, operation=None, errors=[as_error(refused)])
    operation = await followed(info, done, home)
    return RegisterDocumentsPayload(added=list(done.outcome.added), operation=operation, errors=[])


def _require_fit(info: Info, owner: str, documents: tuple[NewDocument, ...]) -> None:
    """INVALID_INPUT that names the first trouble of each of the first three documents that have one."""
    try:
        audience = Audience(owner.partition(":")[0])
    except ValueError:
        raise Refused(
            RefusalCode.INVALID_INPUT, "Documents belong to portal, to staff or to partner:<client id>.", ("owner",)
        ) from None
    if len(documents) > MOST_AT_ONCE:
        raise Refused(RefusalCode.INVALID_INPUT, f"At most {MOST_AT_ONCE} documents at once.", ("documents",))
    store = DocumentStore(info.schema._schema, ManifestDocuments({}), PRODUCTION)
    problems = store.problems(audience, {each.id: each.text for each in documents})
    if problems:
        told = "; ".join(f"{id}: {messages[0].rstrip('.')}" for id, messages in list(problems.items())[:3])
        raise Refused(RefusalCode.INVALID_INPUT, f"Nothing was registered: {told}.", ("documents",))


@strawberry.input(description="Takes a document from its clients: from a day on, or at once.")
class WithdrawDocumentInput:
    """Input of withdrawDocument."""

    owner: str = strawberry.field(description=OWNER)
    id: str = strawberry.field(description="The document.")
    urgent: bool = strawberry.field(
        default=False,
        description="True: it and every other of its owner with this text are refused from now on, in every process, "
        "without notice and for good. False: it goes at the instant that is named, which its partner is told of.",
    )
    at: datetime | None = strawberry.field(
        default=None, description="When it goes, where it is not urgent; not before the notice of partners is over."
    )
    idempotency_key: IdempotencyKey = strawberry.field(description=MINTED)


@strawberry.type(description="What goes, and when.")
class WithdrawDocumentPayload:
    """Payload of withdrawDocument."""

    ids: list[str] | None = strawberry.field(description="The documents; null where it was refused.")
    at: datetime | None = strawberry.field(description="From when on they do not run; null where it was refused.")
    operation: OperationInfo | None = strawberry.field(description=OPERATION)
    errors: list[WithdrawDocumentError] = strawberry.field(description=ERRORS)


async def withdraw(info: Info, input: WithdrawDocumentInput) -> WithdrawDocumentPayload:
    """For admins; after an urgent one every process looks its documents up anew."""
    try:
        home = info.context.staff_home()
        if input.urgent is (input.at is not None):
            message = "Say when it goes, or that it is urgent."
            raise Refused(RefusalCode.INVALID_INPUT, message, ("at",))
        if input.at is None:
            now = WithdrawDocument(input.owner, input.id)
            done = await performed(info, withdraw_document, home, now, input.idempotency_key)
            await info.context.rooms.live.tell_everybody()
            ids, at, operation = done.outcome.ids, done.outcome.at, await followed(info, done, home)
        else:
            later = RetireDocuments(input.owner, (input.id,), input.at)
            retiring = await performed(info, retire_documents, home, later, input.idempotency_key)
            ids, at, operation = retiring.outcome.ids, retiring.outcome.at, await followed(info, retiring, home)
    except Refused as refused:
        return WithdrawDocumentPayload(ids=None, at=None, operation=None, errors=[as_error(refused)])
    return WithdrawDocumentPayload(ids=list(ids), at=at, operation=operation, errors=[])


@strawberry.type
class DocumentMutations:
    """What is changed of registered documents; a part of the mutation root."""

    register_documents: RegisterDocumentsPayload = mutation_field(
        register, "Admins: lets clients send documents by id, once each fits the schema and the limits."
    )
    withdraw_document: WithdrawDocumentPayload = mutation_field(
        withdraw, "Admins: takes a document from its clients, with notice or at once."
    )
