"""Letters: every kind in every language, and names and addresses that mean to be something else."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr

import pytest

from domain.money import Money
from domain.notices.kind import Kind
from domain.notices.letter import Envelope, Reader, Seller, Text, message_of, written
from domain.notices.mailbox import Mailbox, mailbox, one_line
from domain.notices.news import News
from domain.notices.words import WORDS
from tests.world import EUR

AT = datetime(2027, 2, 1, 23, 30, tzinfo=UTC)
SELLER = Seller("Acme & Söhne GmbH", "Torstraße 1, 10119 Berlin")
NO_DOCUMENTS: Mapping[str, bytes] = {}
OURS = Mailbox("billing", "acme.test")
HOSTILE = '<script>alert(1)</script>\r\nBcc: eve@evil.test\u202e"; {number} {{ 7*7 }}'


def news(kind: Kind) -> News:
    """News of that kind with every value that any wording asks for, and all its sentences."""
    values: dict[str, str | Money | datetime] = {
        "number": "ACME-1-000007", "receipt": "ACME-1-R-000007", "plan": "Team", "amount": Money(123450, EUR),
        "paid": Money(100, EUR), "day": AT, "retry_day": AT, "brand": "visa", "last4": "4242", "account": "Ada",
    }  # fmt: skip
    return News(kind, values, "invoices/invoice_1", more=True, again=True)


def text(kind: Kind, locale: str, name: str = "Ada Lovelace") -> Text:
    """What the letter of that kind says to a reader in Berlin."""
    return written(news(kind), Reader(name, locale, "Europe/Berlin"), SELLER, "https://portal.test/")


def raw(of: Text, seller: Seller = SELLER, attached: Mapping[str, bytes] = NO_DOCUMENTS) -> bytes:
    """The message on the wire."""
    return message_of(Envelope("notice_1", AT, OURS, None, Mailbox("ada", "example.test")), seller, of, attached)


def parsed(of: Text, seller: Seller = SELLER, attached: Mapping[str, bytes] = NO_DOCUMENTS) -> EmailMessage:
    """The message as who gets it reads it."""
    read = message_from_bytes(raw(of, seller, attached), policy=policy.default)
    assert isinstance(read, EmailMessage)
    assert not read.defects
    return read


@pytest.mark.parametrize("language", WORDS)
def test_every_kind_is_told_in_the_language_with_subject_text_and_html(language: str) -> None:
    subjects = set()
    for kind in Kind:
        said = text(kind, language)
        subjects.add(said.subject)
        read = parsed(said)
        assert read["Subject"] == said.subject
        plain, html = [read.get_body((each,)) for each in ("plain", "html")]
        assert plain is not None and html is not None
        told = plain.get_content()
        assert "Ada Lovelace" in told and "https://portal.test/invoices/invoice_1" in told
        for body in (told, html.get_content(), said.subject):
            assert "{" not in body.replace("{margin", "") and "None" not in body
        assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}">' in html.get_content()
        assert "Acme &amp; Söhne GmbH" in html.get_content()
        assert read["Auto-Submitted"] == "auto-generated"
    assert len(subjects) == len(Kind)


@pytest.mark.parametrize(
    ("locale", "amount", "day"),
    [("en", "€1,234.50", "February 2, 2027"), ("de", "1.234,50", "2. Februar 2027"),
     ("fr", "234,50", "2 février 2027"), ("ja", "€1,234.50", "2027年2月2日"), ("ar", "1,234.50", "2027"),
     ("nl", "€1,234.50", "February 2, 2027")],
)  # fmt: skip
def test_amounts_and_days_are_written_as_the_reader_writes_them_in_its_own_zone(
    locale: str, amount: str, day: str
) -> None:
    said = text(Kind.INVOICE_ISSUED, locale).plain
    assert day in said
    assert amount in said.replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize("language", WORDS)
def test_a_hostile_name_stays_a_name(language: str) -> None:
    for kind in Kind:
        said = text(kind, language, one_line(HOSTILE))
        assert "<script" not in said.html and "&lt;script&gt;" in said.html
        assert "{number}" in said.plain and "{{ 7*7 }}" in said.plain  # as it was typed, and nothing else
        assert "\u202e" not in said.plain
        read = parsed(said)
        assert read["Bcc"] is None and read["To"] == "ada@example.test"
        of_another = parsed(said, Seller(f"Acme {HOSTILE}", SELLER.address))
        assert of_another["Bcc"] is None
        assert [each.addr_spec for each in of_another["From"].addresses] == ["billing@acme.test"]


@pytest.mark.parametrize(
    "name", ["Acme", "Acme, Inc.", 'Acme & Söhne, "GmbH"', "株式会社" * 20, "شركة أكمي للبرمجيات " * 5]
)
def test_a_seller_s_name_arrives_as_it_is(name: str) -> None:
    read = message_from_bytes(raw(text(Kind.RECEIPT, "en"), Seller(name, "")))  # the newer parser adds spaces itself
    told, address = parseaddr(str(make_header(decode_header(read["From"]))) if name.isascii() else read["From"])
    assert (str(make_header(decode_header(told))), address) == (name.strip(), "billing@acme.test")


def test_a_message_has_the_same_bytes_at_each_try_and_brings_its_documents_along() -> None:
    documents = {"receipt.pdf": b"%PDF-1.7"}
    made = raw(text(Kind.RECEIPT, "ja"), SELLER, documents)
    assert made == raw(text(Kind.RECEIPT, "ja"), SELLER, documents)
    read = parsed(text(Kind.RECEIPT, "ja"), SELLER, documents)
    assert [each.get_filename() for each in read.iter_attachments()] == ["receipt.pdf"]
    assert read["Message-ID"] == "<notice_1@acme.test>"
    assert max(map(len, made.split(b"\r\n"))) <= 78 and made.isascii()


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("ada@example.test", "ada@example.test"),
        (" Ada.Love+x@Example.TEST ", "Ada.Love+x@example.test"),
        ("jürgen@example.test", "jürgen@example.test"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@straße.example", "ada@xn--strae-oqa.example"),  # not strasse, which may be somebody else's
        ("ada@例え.テスト", "ada@xn--r8jz45g.xn--zckzah"),
        *((wrong, None) for wrong in (
            "", "ada", "@example.test", "ada@", "ada@localhost", "ada@@example.test", "ada@exa mple.test",
            "a da@example.test", "ada@example.test\r\nBcc: eve@evil.test", "ada@example.test\nRCPT TO:<eve@evil.test>",
            "ada\x00@example.test", "<ada@example.test>", "Ada <ada@example.test>", "ada@example.test,eve@evil.test",
            "ada@[127.0.0.1]", "ada@-bad.test", "ada@bad..test", ".ada@example.test", "ada..b@example.test",
            "ada\u202e@example.test", "a" * 65 + "@example.test", "ada@" + "x" * 64 + ".test",
            "ada@" + ".".join(["abcdefgh"] * 30), '"a b"@example.test')),
    ],
)  # fmt: skip
def test_an_address_is_one_address_or_none(typed: str, read: str | None) -> None:
    found = mailbox(typed)
    assert (str(found) if found else None) == read


def test_a_name_is_one_line_of_what_can_be_seen() -> None:
    assert one_line("Ada\r\nBcc: eve\u2028x\u0000y\u202ez\t ") == "Ada Bcc: eve x yz"
    assert one_line("می\u200cخواهم") == "می\u200cخواهم"
    assert len(one_line("x" * 5000)) == 200
