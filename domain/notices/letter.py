"""Letters: a notice in the customer's language, as text and HTML, in bytes that are the same at each try."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import quote
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from domain.invoices.typesetting import Print, UnknownLocale
from domain.money import Money
from domain.notices.mailbox import Mailbox, one_line
from domain.notices.news import News
from domain.notices.words import WORDS
from domain.period import local_date
from domain.portal_link import LinkPurpose

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATES: Final = Path(__file__).parent / "templates"
_OTHERWISE: Final = "en"  # for customers of before their language had to be one of ours
Value = str | Money | datetime


@dataclass(frozen=True, slots=True)
class Seller:
    """Who writes: the legal entity as its documents name it."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Envelope:
    """The headers; ``name`` is what identifies the message at each try."""

    name: str
    written_at: datetime
    sender: Mailbox
    reply_to: Mailbox | None
    recipient: Mailbox
    copies: tuple[Mailbox, ...] = ()


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: the name to greet, and the language and zone it reads in."""

    name: str
    locale: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class Text:
    """What a letter says, in the reader's language."""

    subject: str
    plain: str
    html: str
    language: str


def written(
    news: News, reader: Reader, seller: Seller, portal: str, links: Sequence[tuple[LinkPurpose, str]] = ()
) -> Text:
    """The letter's words, with the addresses of ``links``; KeyError where a wording asks for a value that the news does
    not have."""
    out = _print(reader.locale)
    language = out.locale.language
    words = WORDS[language]
    wording = words.letters[news.wording]
    values = {name: _shown(out, value, reader.time_zone) for name, value in news.values.items()}
    values |= {"name": _isolated(out, reader.name), "seller": _isolated(out, seller.name)}
    said = [*wording.said, wording.again if news.again else "", wording.more if news.more else ""]
    filled = {
        "subject": wording.subject.format_map(values),
        "greeting": words.greeting.format_map(values),
        "paragraphs": [sentence.format_map(values) for sentence in said if sentence],
        "actions": [(words.actions[purpose], address) for purpose, address in links],
        "portal": words.portal,
        "link": f"{portal.rstrip('/')}/{news.path}",
        "automatic": words.automatic.format_map(values),
        "seller": values["seller"],
        "address": _isolated(out, seller.address),
        "language": language,
        "direction": "rtl" if out.right_to_left else "ltr",
    }
    return Text(str(filled["subject"]), _rendered("letter.txt", filled), _rendered("letter.html", filled), language)


def message_of(envelope: Envelope, seller: Seller, text: Text, attached: Mapping[str, bytes]) -> bytes:
    """The whole message for the wire; ``attached`` are PDFs by their file names."""
    recipient = envelope.recipient
    message = EmailMessage(policy=SMTP if recipient.is_ascii else SMTPUTF8)
    message["To"] = Address("", recipient.local, recipient.domain)
    if envelope.copies:
        message["Cc"] = [Address("", each.local, each.domain) for each in envelope.copies]
    if envelope.reply_to is not None:
        message["Reply-To"] = Address("", envelope.reply_to.local, envelope.reply_to.domain)
    message["Date"] = envelope.written_at
    message["Message-ID"] = f"<{envelope.name}@{envelope.sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence is answered to us
    message["Content-Language"] = text.language
    # No line of any language is too long for a server, nor has a byte that an old one would change.
    message.set_content(text.plain, cte="quoted-printable")
    message.add_alternative(text.html, subtype="html", cte="quoted-printable")
    message.set_boundary(f"part-{envelope.name}")  # else it would be another one at each try
    for name, pdf in attached.items():
        message.add_attachment(pdf, maintype="application", subtype="pdf", filename=name)
    if attached:
        message.set_boundary(f"whole-{envelope.name}")
    return _folded(envelope.sender, seller, text.subject) + message.as_bytes()


def _folded(sender: Mailbox, seller: Seller, subject: str) -> bytes:
    """The two headers with words of people, in the older encoding: EmailMessage loses spaces where it folds them."""
    name = one_line(seller.name)
    shown = f'"{quote(name)}"' if name.isascii() else Header(name, "utf-8", header_name="From").encode(linesep="\r\n")
    told = Header(subject, "us-ascii" if subject.isascii() else "utf-8", header_name="Subject").encode(linesep="\r\n")
    return f"From: {shown} <{sender}>\r\nSubject: {told}\r\n".encode("ascii")


def _print(locale: str) -> Print:
    try:
        return Print.for_locale(locale)
    except UnknownLocale:
        return Print.for_locale(_OTHERWISE)


def _shown(out: Print, value: Value, zone: str) -> str:
    if isinstance(value, Money):
        return out.money(value)
    return out.day(local_date(value, zone)) if isinstance(value, datetime) else _isolated(out, value)


def _isolated(out: Print, text: str) -> str:
    """What somebody wrote, on one line, and in a letter of the other direction in one piece."""
    safe = one_line(text)
    return f"\N{FIRST STRONG ISOLATE}{safe}\N{POP DIRECTIONAL ISOLATE}" if out.right_to_left else safe


@lru_cache(maxsize=1)
def _templates() -> "Environment":
    # Not before the first letter: every process of the house would start a fifth of a second later.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    return Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=select_autoescape(["html"]), undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip


def _rendered(template: str, filled: Mapping[str, object]) -> str:
    return _templates().get_template(template).render(filled)
