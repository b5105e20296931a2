"""The operator's commands, as typed: what they print, and how they refuse."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from dev.stack.addresses import Servers
from tests.world import fresh

run = CliRunner()
GIVEN = ("--name", "Initech", "--address", "1 Road, Town", "--country", "US", "--time-zone", "America/Chicago")


@pytest.fixture(autouse=True)
def on_the_suite_s_database(servers: Servers) -> None:
    """The commands read the environment, which the fixture has filled."""
    del servers  # that they run is all that is wanted of them


def test_a_tenant_is_made_once_and_found_again() -> None:
    slug = fresh("t")
    first = run.invoke(app, ["tenant", "create", slug, "--code", "INIT", *GIVEN])
    again = run.invoke(app, ["tenant", "create", slug, "--code", "INIT", *GIVEN])
    assert (first.exit_code, again.exit_code) == (0, 0), first.output + again.output
    assert "is made" in first.output
    assert "was there" in again.output
    assert first.output.split(": ")[1] == again.output.split(": ")[1]


def test_a_tenant_says_where_it_is_registered_and_for_how_many_years_documents_are_kept() -> None:
    told = ("--register-entry", "HRB 1 B, Amtsgericht Hamburg", "--retention-years")
    made = run.invoke(app, ["tenant", "create", fresh("t"), "--code", "INIT", *GIVEN, *told, "8"])
    assert (made.exit_code, "is made" in made.output) == (0, True), made.output
    refused = run.invoke(app, ["tenant", "create", fresh("t"), "--code", "INIT", *GIVEN, *told, "0"])
    assert (refused.exit_code, refused.output) == (1, "Not done: Documents are kept for 1 to 50 years.\n")


@pytest.mark.parametrize(
    ("slug", "code"), [("No Slug", "INIT"), ("x", "INIT"), ("good-slug", "lower"), ("good-slug", "TOOLONGCODE")]
)
def test_a_name_of_another_form_is_refused_in_one_sentence(slug: str, code: str) -> None:
    refused = run.invoke(app, ["tenant", "create", slug, "--code", code, *GIVEN])
    assert refused.exit_code == 1
    assert refused.output.startswith("Not done: ")
    assert "Traceback" not in refused.output


def test_an_id_that_names_no_letter_is_refused_in_one_sentence() -> None:
    told = run.invoke(app, ["dead-letters", "replay", "nonsense"])
    assert (told.exit_code, told.output) == (1, "Not done: There is no such letter.\n")


def test_the_exported_schema_is_the_one_in_the_tree() -> None:
    printed = run.invoke(app, ["export-schema"])
    assert printed.exit_code == 0
    assert printed.output == (Path(__file__).resolve().parents[2] / "frontend-schema.graphql").read_text()
