"""`quittance persist` as typed: what it registers, what it refuses, and how a release is checked before it is made."""

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from dev.stack.addresses import Servers
from domain.perform import perform
from domain.tenants.persist_documents import NewDocument, PersistDocuments, persist_documents
from domain.tenants.tenant import find_tenant, home_of
from runtime.house import open_house
from runtime.settings import settings
from tests.world import fresh

run = CliRunner()
PLANS = "query Plans { plans { id name } }"
OTHER = "query Plans { plans { id code } }"
OLD = "query Old($id: ID!) { node(id: $id) { ... on Customer { simulate(subscriptionId: $id) { endsAt } } } }"
GIVEN = ("--name", "Initech", "--address", "1 Road, Town", "--country", "US")


@pytest.fixture
def slug(servers: Servers) -> str:
    """A tenant of the test's own."""
    del servers  # that they run is all that is wanted of them
    made = fresh("t")
    assert run.invoke(app, ["tenant", "create", made, "--code", "INIT", *GIVEN]).exit_code == 0
    return made


def persist(*words: str) -> Result:
    return run.invoke(app, ["persist", *words])


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    return tmp_path / "manifest.json"


def test_a_manifest_is_registered_once_and_an_id_keeps_its_text(slug: str, manifest: Path) -> None:
    to = (str(manifest), "--tenant", slug)
    operations = [{"id": "plans.1", "name": "Plans", "type": "query", "body": PLANS}]
    manifest.write_text(
        json.dumps({"format": "apollo-persisted-query-manifest", "version": 1, "operations": operations})
    )
    first, again = persist(*to), persist(*to)
    assert (first.exit_code, first.output) == (0, f"1 of 1 documents are new to portal of {slug}.\n")
    assert (again.exit_code, again.output) == (0, f"0 of 1 documents are new to portal of {slug}.\n")

    manifest.write_text(json.dumps({"plans.1": OTHER, "plans.2": OTHER}))
    changed = persist(*to)
    assert (changed.exit_code, changed.output.startswith("Not done: plans.1 stands for another text")) == (1, True)
    manifest.write_text(json.dumps({"plans.2": OTHER}))
    assert "1 of 1" in persist(*to).output, "what was refused was kept in part"

    manifest.write_text(json.dumps({"old.1": OLD, "gone.1": "{ plans { nothing } }"}))
    unfit = persist(*to)
    assert (unfit.exit_code, "gone.1: Cannot query field 'nothing'" in unfit.output) == (1, True)
    old, bad = fresh("old"), fresh("bad")
    manifest.write_text(json.dumps({old: OLD}))
    assert persist(*to).exit_code == 0
    asyncio.run(stored_unchecked(slug, bad, "{ plans { nothing } }"))
    checked = persist("--check")  # every tenant's, so other tests' as well
    assert checked.exit_code == 1
    said = [line.split(": ", 1) for line in checked.output.splitlines()]
    assert [line[1] for line in said if line[0].startswith(f"portal {old} (")] == [
        "Customer.simulate goes on 2027-06-01 (not sent yet)",
        "Simulation.endsAt goes on 2027-06-01 (not sent yet)",
    ]
    [trouble] = [line[1] for line in said if line[0].startswith(f"portal {bad} (")]
    assert trouble.startswith("Cannot query field 'nothing'")


async def stored_unchecked(slug: str, id: str, text: str) -> None:
    """Registers a text that the schema of another release took."""
    async with open_house(settings(), "earlier") as house:
        tenant = await find_tenant(house.db.primary, slug)
        assert tenant is not None
        home = await home_of(house.db.primary, tenant.id)
        command = PersistDocuments("portal", (NewDocument(id, "", text),))
        await perform(house.db, persist_documents, house.actor, home, command, fresh("key"))


def test_what_cannot_be_meant_is_refused_in_a_sentence(slug: str, manifest: Path) -> None:
    manifest.write_text(json.dumps({"plans.1": PLANS}))
    to = (str(manifest), "--tenant", slug)
    assert persist(*to, "--audience", "partner:nobody").output == "Not done: There is no such partner.\n"
    assert persist(*to, "--retire-on", "2099-01-01").output == "Not done: There is no such document.\n"
    assert persist("--tenant", slug, "--notice-days", "0").output == "Not done: A notice is 1 to 3650 days long.\n"
    for words in ((*to, "--audience", "everybody"), (str(manifest),), (), (str(manifest), "--tenant", "nobody-here")):
        assert persist(*words).exit_code == 2
    manifest.write_text("[]")
    assert "A manifest is a JSON object." in persist(*to).output
