"""What must stand in no log and in no error, as one pattern: secrets of the run, names of people, and shapes.

A shape that numbers of ours could have by chance counts only with the check digits that make it one.
"""

import re
from collections.abc import Iterable
from typing import Final

# Nothing may stand before it that would make it a part of something longer: an id, a hash, an instant.
_SHAPES: Final = {
    "card": r"(?<![0-9A-Za-z_.:-])(?:4\d{3}|5[1-5]\d\d|2[2-7]\d\d|6011|65\d\d|3[47]\d\d)"
    r"(?:(?:[ -]?\d{4}){2}[ -]?\d{3,4}|[ -]?\d{6}[ -]?\d{5})(?![0-9A-Za-z_])",
    "iban": r"(?<![0-9A-Za-z])[A-Z]{2}\d{2}(?: ?[0-9A-Z]{4}){3,7}(?: ?[0-9A-Z]{1,3})?(?![0-9A-Za-z])",
    "token": r"eyJ[\w-]{8,}\.[\w-]{8,}|(?i:bearer )[\w.~+/-]{16,}",
    "key": r"(?:sk|rk)_(?:live|test)_\w{8,}|whsec_[\w+/=]{16,}|-----BEGIN [A-Z ]*PRIVATE KEY",
    "cookie": r"quittance-(?:portal|staff|acting)=\w",
    "password": r"://[^/\s:@\"]+:[^/\s:@\"*]{6,}@",
    "person": r"@(?:[\w-]+\.)?example\.test|Name of customer-|Ada Lovelace|Test Street|Hidden Town|secret-token",
}


def _luhn(text: str) -> bool:
    digits = [int(each) for each in text if each.isdigit()]
    doubled = [sum(divmod(2 * each, 10)) for each in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _mod_97(text: str) -> bool:
    plain = text.replace(" ", "")
    return int("".join(str(int(each, 36)) for each in plain[4:] + plain[:4])) % 97 == 1


_CHECKED: Final = {"card": _luhn, "iban": _mod_97}
_HIDDEN: Final = "***"


class Canary:
    """Finds what must not be told; ``secrets`` are those of this run, letter by letter."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        own = "|".join(re.escape(each) for each in sorted(secrets, key=len, reverse=True))
        shapes = _SHAPES | ({"secret": own} if own else {})
        self._pattern = re.compile("|".join(f"(?P<{name}>{shape})" for name, shape in shapes.items()))

    def leaks(self, text: str) -> list[str]:
        """Which kinds of secrets stand in the text, each with what stands around it and without itself."""
        found = []
        for match in self._pattern.finditer(text):
            kind = match.lastgroup or ""
            if kind not in _CHECKED or _CHECKED[kind](match[0]):
                before, after = text[max(0, match.start() - 80) : match.start()], text[match.end() :][:40]
                found.append(f"{kind}: {before}{_HIDDEN}{after}")
        return found
