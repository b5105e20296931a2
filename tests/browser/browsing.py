"""Chromium with an ear on everything that the page must not do."""

import os
import re
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Browser, Locator, Page, Request, Response, Route, async_playwright

CONSOLE = "/console/"
# A browser of a test speaks to nobody but the page; its own updates and look-ups stay at home.
QUIET = (
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
    "--disable-gpu", "--disable-quic", "--disable-features=AutofillServerCommunication,OptimizationHints",
)  # fmt: skip
# Told to the page before any script of its own.
LISTEN = "document.addEventListener('securitypolicyviolation', e => console.error(`policy: ${e.violatedDirective}`))"
KEPT = """async () => JSON.stringify([
    {...localStorage}, {...sessionStorage}, await indexedDB.databases(), await caches.keys(), document.cookie])"""


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """The machine's own Chromium; without one the test fails."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert program, "Chromium is not installed here: it is the browser that these tests drive"
    root = ("--no-sandbox",) if os.geteuid() == 0 else ()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=[*QUIET, *root])
        yield browser
        await browser.close()


@dataclass
class Desk:
    """Somebody's browser window at the console."""

    page: Page
    api: str
    shots: Path | None
    troubles: list[str] = field(default_factory=list)

    async def sign_in(self, persona: str) -> None:
        """One click here, one at the identity provider."""
        await self.page.goto(f"{self.api}{CONSOLE}")
        await self.page.get_by_role("button", name="Sign in").click()
        await self.page.get_by_role("button", name=persona).click()
        await self.page.get_by_role("button", name="Sign out").wait_for()

    def offered(self, title: str) -> Locator:
        """The line of the menu that begins with this title."""
        return self.page.locator(".menu .title", has_text=re.compile(f"^{re.escape(title)}"))

    async def choose(self, title: str, blanks: Mapping[str, str]) -> None:
        """Opens a saved document and fills its blanks, by their labels."""
        form = self.offered(title).locator("xpath=..")
        if await form.locator("form").count() == 0:
            await self.offered(title).click()
        for label, text in blanks.items():
            blank = form.get_by_label(label, exact=True)
            is_list = await blank.evaluate("blank => blank.tagName === 'SELECT'")
            await (blank.select_option(text) if is_list else blank.fill(text))

    async def run(self, title: str, blanks: Mapping[str, str] | None = None) -> Any:
        """The data of a saved document that answers without errors; blanks left out stay as the menu filled them."""
        await self.choose(title, blanks or {})
        return await self.again()

    async def again(self) -> Any:
        """The same once more."""
        async with self.page.expect_response(_is_asked) as answered:
            await self.page.get_by_role("button", name="Run", exact=True).click()
        body = await (await answered.value).json()
        assert "errors" not in body, body
        return body["data"]

    async def kept(self) -> str:
        """Everything that the browser keeps of this page, as one text."""
        text: str = await self.page.evaluate(KEPT)
        return text

    async def shot(self, name: str) -> None:
        """A picture for somebody who looks at them; none where nobody asked."""
        if self.shots:
            await self.page.screenshot(path=self.shots / f"{name}.png")


def _is_asked(answer: Response) -> bool:
    """Whether it answers a document of a person's; the page itself asks for the schema."""
    return answer.url.endswith("/graphql") and "IntrospectionQuery" not in (answer.request.post_data or "")


@asynccontextmanager
async def desk(
    browser: Browser, api: str, issuer: str, *, width: int = 1280, height: int = 800, scheme: Any = "light"
) -> AsyncIterator[Desk]:
    """A window of its own; at its end the page has spoken to nobody else, broken no policy, complained of nothing."""
    context = await browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    shots = Path(os.environ["SHOTS"]) if os.environ.get("SHOTS") else None
    if shots:
        shots.mkdir(parents=True, exist_ok=True)
    troubles: list[str] = []

    async def guarded(route: Route, request: Request) -> None:
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(request.url))
        # Going to the identity provider and back is the only way out of this origin, and it is a navigation.
        allowed = origin == api or (origin == issuer and request.is_navigation_request())
        if not allowed:
            troubles.append(f"asked {request.url}")
        await (route.continue_() if allowed else route.abort())

    await context.route("**/*", guarded)
    await context.add_init_script(LISTEN)

    def watch(page: Page) -> None:
        page.on("console", lambda said: troubles.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: troubles.append(str(error)))

    context.on("page", watch)
    yield Desk(await context.new_page(), api, shots, troubles)
    await context.close()
    assert troubles == []
