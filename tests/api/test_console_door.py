"""The console is served as it was built from its sources, under a policy that lets nothing else in."""

import re

import pytest

from api.console.door import BUILT
from dev.console_build import contents, sources_digest
from tests.api_callers import Api

SECOND_CODE = re.compile(r"unsafe-eval|unsafe-hashes|strict-dynamic|\*|https?:|blob:")


def test_the_committed_page_was_built_from_these_sources() -> None:
    assert (BUILT / "sources.sha256").read_text().strip() == sources_digest(), "run: make console"


def test_the_page_names_no_file_that_is_not_there_and_no_other_origin() -> None:
    files = contents(BUILT)
    page = files["index.html"].decode()
    asked = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert asked and all(each.removeprefix("/console/") in files for each in asked)
    assert "<style" not in page and not re.search(r"<script(?![^>]* src=)", page)


@pytest.mark.row("A8")
async def test_the_page_comes_with_a_policy_that_allows_this_origin_alone(api: Api) -> None:
    first, second = await api.http.get("/console/"), await api.http.get("/console/")
    policies = [each.headers["Content-Security-Policy"] for each in (first, second)]
    rules = dict(rule.split(" ", 1) for rule in policies[0].split("; "))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == rules["frame-ancestors"] == "'none'"
    assert rules["script-src"] == rules["worker-src"] == rules["connect-src"] == rules["font-src"] == "'self'"
    nonce = re.fullmatch(r"'self' 'nonce-([\w-]{22})'", rules["style-src"])
    assert nonce and f'nonce="{nonce[1]}"' in first.text and nonce[1] not in second.text
    assert not SECOND_CODE.search(policies[0])
    # Style attributes are what the editor places lines by; nothing but style-src-attr may be that lax.
    assert [name for name, value in rules.items() if "unsafe" in value] == ["style-src-attr"]
    assert first.headers["Cache-Control"] == "no-store"
    assert first.headers["X-Frame-Options"] == "DENY" and first.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_file_is_kept_for_as_long_as_it_is_named_and_comes_packed_or_not(api: Api) -> None:
    (script,) = re.findall(r'src="([^"]+)"', (await api.http.get("/console/")).text)
    packed = await api.http.get(script, headers={"Accept-Encoding": "gzip"})
    plain = await api.http.get(script, headers={"Accept-Encoding": "identity"})
    assert packed.headers["Content-Encoding"] == "gzip" and "Content-Encoding" not in plain.headers
    assert packed.content == plain.content == contents(BUILT)[script.removeprefix("/console/")]
    for answer in (packed, plain):
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
        assert answer.headers["Vary"] == "Accept-Encoding"


async def test_what_is_no_file_of_the_page_is_not_found_and_its_bare_name_leads_to_it(api: Api) -> None:
    for path in ("/console/assets/none.js", "/console/assets/..%2Findex.html", "/console/sources.sha256"):
        assert (await api.http.get(path)).status_code == 404
    moved = await api.http.get("/console")
    assert (moved.status_code, moved.headers["Location"]) == (307, "/console/")
