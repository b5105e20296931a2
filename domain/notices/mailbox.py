"""Addresses and names as a mail can carry them: on one line, with nothing in them that means something else there."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

MAX_ADDRESS: Final = 254  # octets of a path without its brackets (RFC 5321, 4.5.3.1.3)
MAX_LOCAL: Final = 64  # octets before the @ (RFC 5321, 4.5.3.1.1)
MAX_LABEL: Final = 63  # octets between two dots of a domain (RFC 1035, 2.3.4)
MAX_TEXT: Final = 200  # what one may type for a name; a whole address on one line is about as long
_DOT_ATOM: Final = re.compile(r"[^\s@.<>()\[\]\\,;:\"\x00-\x20\x7f]+(?:\.[^\s@.<>()\[\]\\,;:\"\x00-\x20\x7f]+)*")
_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_JOINERS: Final = "\u200c\u200d"  # invisible, but letters of some scripts are spelled with them


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address; the domain is as the name system has it, in ASCII."""

    local: str
    domain: str

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"

    @property
    def is_ascii(self) -> bool:
        """Whether every mail server can take it; others need SMTPUTF8 (RFC 6531)."""
        return self.local.isascii()


def mailbox(text: str) -> Mailbox | None:
    """The address that the text is, with a domain of at least two labels; None for anything else."""
    local, at, domain = text.strip().rpartition("@")
    local = unicodedata.normalize("NFC", local)
    if not at or not _DOT_ATOM.fullmatch(local) or _is_hidden(local) or len(local.encode()) > MAX_LOCAL:
        return None
    labels = [_label(label) for label in unicodedata.normalize("NFC", domain).lower().split(".")]
    if len(labels) < 2 or None in labels:
        return None
    found = Mailbox(local, ".".join(str(label) for label in labels))
    return found if len(str(found).encode()) <= MAX_ADDRESS else None


def _label(label: str) -> str | None:
    if not label.isascii():
        if not all(each == "-" or each.isalnum() or unicodedata.category(each) in ("Mn", "Mc") for each in label):
            return None
        label = f"xn--{label.encode('punycode').decode()}"  # RFC 5890: a U-label in its other spelling
    return label if len(label) <= MAX_LABEL and _LABEL.fullmatch(label) else None


def _is_hidden(text: str) -> bool:
    return any(unicodedata.category(each)[0] == "C" for each in text)


def one_line(name: str) -> str:
    """The name without line breaks, controls and marks that hide or reorder text; cut where it is no name any more."""
    shown = "".join(_shown(each) for each in unicodedata.normalize("NFC", name))
    return " ".join(shown.split())[:MAX_TEXT].rstrip()


def _shown(character: str) -> str:
    category = unicodedata.category(character)
    if category in ("Cc", "Zl", "Zp", "Zs"):
        return " "
    return "" if category[0] == "C" and character not in _JOINERS else character
