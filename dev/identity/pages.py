"""What a person sees: who to sign in as, and what went wrong."""

from html import escape
from string import Template
from typing import Final

from starlette.responses import HTMLResponse

from dev.identity.personas import PERSONAS, Persona

_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

_PAGE: Final = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; margin: 0; background: #f4f5f7; color: #1c2330 }
  main { max-width: 30rem; margin: 8vh auto; padding: 2rem; background: #fff; border-radius: 12px;
         box-shadow: 0 1px 3px #0002 }
  h1 { font-size: 1.25rem; margin: 0 }
  p { margin: .5rem 0 1.5rem; color: #5a6475 }
  form, li { margin: 0 0 .6rem }
  button, .row { display: block; box-sizing: border-box; width: 100%; padding: .8rem 1rem; font: inherit;
                 text-align: left; border: 1px solid #d5dae2; border-radius: 8px; background: #fff; color: inherit }
  button { cursor: pointer }
  button:hover, button:focus-visible { border-color: #2f5bd8; outline: 2px solid #2f5bd833 }
  small { display: block; color: #5a6475 }
  ul { list-style: none; padding: 0; margin: 0 }
  code { font-size: .9em }
</style>
</head>
<body><main><h1>$title</h1>$body</main></body>
</html>
""")


def choose_persona(personas: list[Persona], client: str, acr: str) -> HTMLResponse:
    """One button for each persona; it posts `persona` to the address of the page."""
    buttons = "".join(
        f'<form method="post"><button name="persona" value="{escape(each.name)}">'
        f"{escape(each.full_name)}<small>{_what(each)}</small></button></form>"
        for each in personas
    )
    hint = (
        f"<p>For <code>{escape(client)}</code>, at assurance level <code>{escape(acr)}</code>. No passwords in dev.</p>"
    )
    return _page("Sign in as", hint + (buttons or "<p>Nobody of the demo belongs here.</p>"))


def everybody(issuer: str) -> HTMLResponse:
    """All personas, for a person who found the address."""
    rows = "".join(
        f'<li class="row">{escape(each.full_name)}<small>{_what(each)}, '
        f"<code>quittance token {escape(each.name)}</code></small>"
        f'<form method="post" action="/sign-out"><button name="persona" value="{escape(each.name)}">'
        "Sign out everywhere</button></form></li>"
        for each in PERSONAS.values()
    )
    hint = f"<p>The dev identity provider at <code>{escape(issuer)}</code>. Sign-in starts at the portal.</p>"
    return _page("Personas of the demo", f"{hint}<ul>{rows}</ul>")


def told(title: str, sentence: str, status: int = 200) -> HTMLResponse:
    """One sentence."""
    return _page(title, f"<p>{escape(sentence)}</p>", status)


def _page(title: str, body: str, status: int = 200) -> HTMLResponse:
    return HTMLResponse(_PAGE.substitute(title=escape(title), body=body), status, _HEADERS)


def _what(persona: Persona) -> str:
    role = f"{persona.roles[0]} at" if persona.roles else f"{persona.name.replace('-', ' ')} of"
    return escape(f"{role} {persona.tenant}")
