"""Partners name documents by id; the manifest of this release holds them, and nothing else runs for a partner."""

from typing import Any

import pytest

from api.app import trusted_documents
from api.audience import PRODUCTION, Audience
from api.documents import DocumentStore
from api.graph.schema import build_schema
from api.manifests import ManifestDocuments
from domain.tenants.trusted_document import hash_of as sha256
from tests.api_callers import Api, Caller

ACCOUNT, INVOICES, PRICES = "customer-account.1", "customer-invoices.1", "price-list.1"
ITSELF = "partner-itself.1"


async def named(partner: Caller, document: str, **variables: Any) -> Any:
    """The body of the answer to a document named by id."""
    return (await partner.post({"documentId": document, "variables": variables})).json()


def test_every_trusted_document_fits_the_schema_and_its_limits() -> None:
    documents = trusted_documents()
    store = DocumentStore(build_schema()._schema, ManifestDocuments(documents), PRODUCTION)
    assert {audience: store.problems(audience, each) for audience, each in documents.items()} == {Audience.PARTNER: {}}


async def test_a_partner_reads_a_customer_of_its_tenant_by_reference(api: Api) -> None:
    guest, bought = await api.subscriber()
    reference = (await guest.data("{ viewer { customer { reference } } }"))["viewer"]["customer"]["reference"]
    partner = await api.partner()
    account = (await named(partner, ACCOUNT, reference=reference))["data"]["partner"]["customer"]
    assert (account["id"], account["balance"]["receivable"]["decimal"]) == (guest.id, "0.00")
    assert [each["plan"]["code"] for each in account["subscriptions"]] == ["starter"]
    await guest.data(SETTLED, token=bought["operation"]["consistencyToken"])
    page = (await named(partner, INVOICES, reference=reference, first=10))["data"]["partner"]["customer"]["invoices"]
    assert page["source"] == "REPLICA"


SETTLED = """query ($token: ConsistencyToken) { viewer { customer {
    invoices(first: 1, atLeast: $token) { totalCount } } } }"""


async def test_a_partner_is_told_who_it_is(api: Api) -> None:
    partner = await api.partner()
    itself = (await named(partner, ITSELF))["data"]["partner"]
    assert itself["name"] == "A partner"
    assert itself["clientId"].startswith("partner-")


async def test_a_document_goes_by_its_hash_as_well(api: Api) -> None:
    text = trusted_documents()[Audience.PARTNER][PRICES]
    partner = await api.partner()
    by_name = (await named(partner, PRICES))["data"]
    assert (await named(partner, f"sha256:{sha256(text)}"))["data"] == by_name
    apollo = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": sha256(text)}}}
    assert (await partner.post(apollo)).json()["data"] == by_name


@pytest.mark.row("Z")
@pytest.mark.parametrize("text", ["{ plans { id } }", "{ __schema { types { name } } }"])
async def test_a_partner_s_own_text_does_not_run(api: Api, text: str) -> None:
    answer = await (await api.partner()).post({"query": text})
    assert answer.status_code == 403
    assert answer.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_an_unknown_document_is_not_found(api: Api) -> None:
    body = await named(await api.partner(), "customer-account.2", reference="x")
    assert body["errors"][0]["extensions"]["code"] == "DOCUMENT_NOT_FOUND"


async def test_another_tenant_s_customer_is_nobody_to_a_partner(api: Api, elsewhere: Api) -> None:
    guest = await api.guest()
    reference = (await guest.data("{ viewer { customer { reference } } }"))["viewer"]["customer"]["reference"]
    stranger = await elsewhere.partner()
    theirs, none = [await named(stranger, ACCOUNT, reference=each) for each in (reference, "nobody")]
    assert theirs["errors"] == none["errors"]
    assert theirs["data"] == none["data"] == {"partner": {"customer": None}}


async def test_a_portal_user_cannot_borrow_a_partner_s_document(api: Api) -> None:
    body = await named(await api.guest(), ACCOUNT, reference="x")
    assert body["errors"][0]["extensions"]["code"] == "DOCUMENT_NOT_FOUND"


@pytest.mark.parametrize(
    ("scopes", "may"),
    [(["documents"], True), (["documents:customer-account"], True), (["documents:customer-account.1"], True),
     (["documents:price-list"], False), (["documents:customer-account.2"], False), (["openid"], False), ([], False)],
)  # fmt: skip
async def test_a_partner_s_scopes_name_the_documents_that_it_sends(api: Api, scopes: list[str], may: bool) -> None:
    program = Caller(api.http, await api.token("partner", await api.world.partner(), scopes=scopes))
    sent = {"documentId": "customer-account.1", "variables": {"reference": "nobody"}}
    answer = await program.post(sent)
    if may:
        assert answer.json()["data"] == {"partner": {"customer": None}}
    else:
        assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (403, "FORBIDDEN")
