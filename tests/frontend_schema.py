"""The schema that frontends are given, as they read it."""

from functools import cache
from pathlib import Path
from typing import Final

from graphql import GraphQLSchema, build_schema

PUBLISHED: Final = Path(__file__).parents[1] / "frontend-schema.graphql"


@cache
def frontend_schema() -> GraphQLSchema:
    """The file's schema, read once in a process and not before somebody asks for it."""
    return build_schema(PUBLISHED.read_text())
