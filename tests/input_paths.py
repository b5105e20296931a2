"""Whether the path of a refusal names a part of the caller's own input, as the schema promises of it."""

import re
from typing import Any, Final

from graphql import get_named_type, is_input_object_type

from tests.frontend_schema import frontend_schema

_NAME: Final = re.compile(r"\{\s*(?:\w+:\s*)?(\w+)\s*\(\s*input:")


def path_is_in_input(document: str, path: list[str]) -> bool:
    """Whether the input of the document's mutation has such a part; also where no part is named."""
    (name,) = _NAME.findall(document)
    mutation = frontend_schema().mutation_type
    assert mutation is not None
    part = get_named_type(mutation.fields[name].args["input"].type)
    for step in path:
        if not is_input_object_type(part) or step not in part.fields:
            return False
        part = get_named_type(part.fields[step].type)
    return True


def has_paths_of_its_input(document: str, payload: Any) -> bool:
    """Whether all errors of a mutation's payload do so, as far as their paths were asked for."""
    return all(path_is_in_input(document, each["path"]) for each in payload.get("errors", []) if "path" in each)
