"""``quittance export-schema``: prints the contract with frontends, or checks that files and documents still fit it."""

from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Annotated

import typer
from graphql import GraphQLSchema, find_breaking_changes, lexicographic_sort_schema, print_schema
from graphql import build_schema as read_schema

from api.app import trusted_documents
from api.audience import PRODUCTION
from api.deprecations import deprecations, undated
from api.documents import DocumentStore
from api.graph.schema import build_schema
from api.manifests import ManifestDocuments


def register(app: typer.Typer) -> None:
    """Adds the command to the tool."""
    app.command(name="export-schema")(export_schema)


@cache
def sdl() -> str:
    """The schema as text, sorted by name; a process has but one."""
    schema = read_schema(build_schema().as_str())
    return print_schema(lexicographic_sort_schema(schema)) + "\n"


@cache
def _read(text: str) -> GraphQLSchema:
    """The schema of a text; where nothing has changed the old one is the new one, and it takes a while to read."""
    return read_schema(text)


def breaking(old: str, new: str, today: date) -> list[str]:
    """What a client of the old schema could trip over in the new one; empty where nothing breaks.

    What the old one said would be removed by now may be gone.
    """
    was = _read(old)
    due = {each.element for each in deprecations(was) if each.removal and each.removal <= today}
    found = (change.description for change in find_breaking_changes(was, _read(new)))
    return [each for each in found if not any(each.endswith(f" {element} was removed.") for element in due)]


def unfit(today: date) -> list[str]:
    """What does not fit this schema of the documents that are part of the release, and of its deprecations."""
    schema = build_schema()._schema
    store = DocumentStore(schema, ManifestDocuments({}), PRODUCTION)
    found = undated(schema, today)
    for audience, documents in trusted_documents().items():
        for name, messages in store.problems(audience, documents).items():
            found.extend(f"The document {name} of the {audience.value}: {message}" for message in messages)
    return found


def export_schema(
    against: Annotated[Path | None, typer.Option(help="A published schema that must not be broken.")] = None,
    check: Annotated[Path | None, typer.Option(help="A file that must be this schema to the letter.")] = None,
) -> None:
    """Print the schema; or fail where --check names a stale file, or --against one whose clients this would break."""
    text = sdl()
    if against is None and check is None:
        typer.echo(text, nl=False)
        return
    today = datetime.now(UTC).date()
    found = breaking(against.read_text(), text, today) if against else []
    found.extend(unfit(today) if check else ())
    if check and (not check.exists() or check.read_text() != text):
        found.append(f"{check} is stale: write it anew with `quittance export-schema > {check}`.")
    for line in found:
        typer.echo(line, err=True)
    raise typer.Exit(1 if found else 0)
