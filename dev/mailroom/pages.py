"""What a person sees of the mails: a list, and each with its text and its HTML, which can do nothing there."""

from html import escape
from typing import Final

from dev.mailroom.room import Mail

_STYLE: Final = """body{margin:0;background:#f4f5f7;color:#1d2433;font:15px/1.5 system-ui,sans-serif}
main{max-width:960px;margin:0 auto;padding:32px 24px}h1{font-size:20px;margin:0 0 16px}a{color:#1f4fd8}
table{width:100%;border-collapse:collapse;background:#fff;border-radius:8px}th,td{text-align:start;padding:8px 12px;
border-bottom:1px solid #e2e5ea;vertical-align:top}th{font-size:12px;color:#5b6475;font-weight:600}
dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 16px;margin:0 0 16px}dt{color:#5b6475}dd{margin:0}
iframe{width:100%;height:520px;border:1px solid #e2e5ea;border-radius:8px;background:#fff}
pre{white-space:pre-wrap;background:#fff;border:1px solid #e2e5ea;border-radius:8px;padding:16px}"""
_HEADERS: Final = ("From", "To", "Reply-To", "Date", "Message-ID", "Content-Language", "Auto-Submitted")


def _page(title: str, inside: str, head: str = "") -> str:
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>{head}'
        f"<style>{_STYLE}</style></head><body><main>{inside}</main></body></html>"
    )


def list_page(mails: list[Mail]) -> str:
    """All mails, newest first; it looks again by itself."""
    rows = "".join(_row(mail) for mail in mails)
    table = f"<table><tr><th>#</th><th>UTC</th><th>To</th><th>Subject</th></tr>{rows}</table>"
    inside = f"<h1>Mails</h1>{table if mails else '<p>None yet. They stay here until the next start.</p>'}"
    return _page("Mails", inside, '<meta http-equiv="refresh" content="5">')


def _row(mail: Mail) -> str:
    to, subject = escape(", ".join(mail.recipients)), escape(mail.subject or "no subject")
    return (
        f'<tr><td>{mail.number}</td><td>{mail.taken_at:%H:%M:%S}</td><td dir="auto">{to}</td>'
        f'<td dir="auto"><a href="/mails/{mail.number}">{subject}</a></td></tr>'
    )


def mail_page(mail: Mail) -> str:
    """One mail."""
    headers = "".join(
        f'<dt>{name}</dt><dd dir="auto">{escape(str(mail.message[name]))}</dd>'
        for name in _HEADERS
        if mail.message[name]
    )
    files = f"<dt>Files</dt><dd>{escape(', '.join(mail.attachments))}</dd>" if mail.attachments else ""
    text = mail.body("plain")
    parts = [
        f'<p><a href="/">All mails</a></p><h1 dir="auto">{escape(mail.subject)}</h1><dl>{headers}{files}</dl>',
        f'<iframe sandbox title="HTML" src="/mails/{mail.number}/html"></iframe>' if mail.body("html") else "",
        f'<h1>Text</h1><pre dir="auto">{escape(text)}</pre>' if text else "",
        f'<p><a href="/mails/{mail.number}/raw">As it came</a></p>',
    ]
    return _page(mail.subject, "".join(parts))
