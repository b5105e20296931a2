"""The guide for partners tells the truth: its program gets a token, and its requests answer what is printed."""

import json
from pathlib import Path
from typing import Any

from api.audience import PRODUCTION, Audience
from api.documents import DocumentStore
from api.graph.schema import build_schema
from api.manifests import ManifestDocuments, read_entries
from domain.tenants.persist_documents import NewDocument, PersistDocuments, persist_documents
from tests.api.test_guides import BLOCK, agrees, filled
from tests.api.test_partner_subscriptions import reference_of
from tests.api.test_registered_documents import do, partner_of
from tests.api_callers import Api, key
from tests.dev.identity_kit import ISSUER, part, provider
from tests.dev.test_identity_programs import key_of

GUIDE = (Path(__file__).parents[2] / "docs" / "guides" / "partner.md").read_text()
BLOCKS = BLOCK.findall(GUIDE)
FORECAST = {"documentId": "forecast.1", "variables": {"reference": "x", "of": "x"}}


async def test_the_program_of_the_guide_gets_a_token(tmp_path: Path) -> None:
    (program,) = (body for kind, body in BLOCKS if kind == "python")
    parts: dict[str, Any] = {}
    exec(program, parts)
    async with provider(tmp_path) as client:
        form = parts["token_form"](ISSUER, "acme-partner", key_of(tmp_path))
        answer = await client.post("/token", data=form)
    assert answer.status_code == 200, answer.text
    assert part(answer.json()["access_token"], 1)["client_id"] == "acme-partner"
    assert answer.json()["expires_in"] > 0


async def test_every_request_of_the_guide_answers_what_the_guide_says(api: Api) -> None:
    guest, (partner, owner) = await api.guest("tok_visa"), await partner_of(api)
    (manifest,) = (body for kind, body in BLOCKS if kind == "json manifest")
    entries = read_entries(manifest.encode())
    store = DocumentStore(build_schema()._schema, ManifestDocuments({}), PRODUCTION)
    assert store.problems(Audience.PARTNER, {each.id: each.text for each in entries}) == {}
    documents = tuple(NewDocument(each.id, each.name, each.text) for each in entries)
    await do(api.world, persist_documents, PersistDocuments(owner, documents))
    known = {f"<{name} price>": str(price) for name, price in api.world.prices.items()}
    known["<reference>"] = await reference_of(guest)
    told = [(kind, json.loads(body)) for kind, body in BLOCKS if kind in ("json request", "json answer")]
    order = key()
    for (kind, request), (_, answer) in zip(told[::2], told[1::2], strict=True):
        assert kind == "json request"
        sent = json.loads(json.dumps(filled(request, known)).replace("order-4711", order))
        body = (await partner.post(sent)).json()
        assert agrees(answer, body.get("data"), known), json.dumps(body, indent=2)
        assert "errors" not in body
    headers = (await partner.post(FORECAST)).headers
    for name in ("Deprecation", "Sunset"):
        assert f"    {name}: {headers[name]}\n" in GUIDE
