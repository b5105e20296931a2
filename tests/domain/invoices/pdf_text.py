"""Reads the text of our PDFs back, with its place on the page; knows only what typst writes."""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

_ESCAPE = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
_CONTROL = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
_WORD = re.compile(rb"<([0-9A-Fa-f]+)>|<<|>>|/?[^\s()<>\[\]/]+|\s+|[\[\]]")


class Run(NamedTuple):
    """A piece of text: page from 0, left edge and baseline in points from the lower left corner."""

    page: int
    x: float
    y: float
    size: float
    width: float
    text: str


@dataclass(frozen=True)
class Font:
    """What a glyph code stands for, and its width in thousandths of the size."""

    texts: dict[int, str]
    widths: dict[int, float]


class Pdf:
    """The pages of a document as runs of text, and their sizes."""

    def __init__(self, data: bytes) -> None:
        self._objects = _objects(data)
        pages = [body for body in self._objects.values() if b"/Type/Page/" in body]
        self.boxes = [_numbers(body, rb"/MediaBox\[([^\]]+)\]")[2:] for body in pages]
        self.runs = [run for number, body in enumerate(pages) for run in self._page_runs(number, body)]

    @property
    def text(self) -> str:
        """All lines from top to bottom, pages one after the other; runs of one line are joined."""
        lines: dict[tuple[int, float], list[Run]] = {}
        for run in self.runs:
            lines.setdefault((run.page, -round(run.y)), []).append(run)
        return "\n".join(_joined(sorted(line, key=lambda run: run.x)) for _, line in sorted(lines.items()))

    def says(self, words: str) -> bool:
        """Whether the text holds the words, be it in pieces: a long word is cut where its column ends, and its pieces
        are drawn one after the other."""
        return words in self.text or words in "".join(run.text for run in self.runs)

    def _page_runs(self, number: int, page: bytes) -> Iterator[Run]:
        resources = self._objects[_ref(page, rb"/Resources")]
        names = re.search(rb"/Font<<(.*?)>>", resources)
        fonts = {
            name: self._font(self._objects[int(ref)])
            for name, ref in re.findall(rb"/(\w+) (\d+) 0 R", names[1] if names else b"")
        }
        return _runs(number, _stream(self._objects[_ref(page, rb"/Contents")]), fonts)

    def _font(self, font: bytes) -> Font:
        characters = _stream(self._objects[_ref(font, rb"/ToUnicode")]).decode()
        texts = {
            int(code, 16): bytes.fromhex(text).decode("utf-16-be", "replace")
            for code, text in re.findall(r"<([0-9A-F]{4})> <([0-9A-F]+)>\n", characters.split("beginbfchar", 1)[-1])
        }
        descendant = self._objects[_ref(font, rb"/DescendantFonts\[?")]
        spans = zip(*[iter(_numbers(descendant, rb"/W\[([^\]]*)\]"))] * 3, strict=True)
        widths = {code: width for first, last, width in spans for code in range(int(first), int(last) + 1)}
        return Font(texts, widths)


def _objects(data: bytes) -> dict[int, bytes]:
    """Object number -> its bytes, by the cross-reference table at the end."""
    found = re.search(rb"\nxref\s+0 (\d+)\s+", data)
    assert found
    rows = data[found.end() : found.end() + 20 * int(found[1])]
    offsets = {n: int(rows[20 * n : 20 * n + 10]) for n in range(1, int(found[1]))}
    ends = sorted([*offsets.values(), found.start()])
    return {n: data[at : ends[ends.index(at) + 1]] for n, at in offsets.items()}


def _stream(body: bytes) -> bytes:
    found = re.search(rb"/Length (\d+).*?stream\r?\n", body, re.DOTALL)
    assert found
    raw = body[found.end() : found.end() + int(found[1])]
    return zlib.decompress(raw) if b"FlateDecode" in body[: found.end()] else raw


def _ref(body: bytes, key: bytes) -> int:
    found = re.search(key + rb" ?(\d+) 0 R", body)
    assert found, key
    return int(found[1])


def _numbers(body: bytes, pattern: bytes) -> list[float]:
    found = re.search(pattern, body)
    return [float(word) for word in found[1].split()] if found else []


def _runs(page: int, content: bytes, fonts: dict[bytes, Font]) -> Iterator[Run]:
    origin, place, font, size, actual = (0.0, 0.0), (0.0, 0.0), Font({}, {}), 0.0, ""
    given: list[bytes] = []
    strings: list[bytes] = []
    for word, string in _tokens(content):
        if string is not None:
            strings.append(string)
            continue
        match word:
            case b"cm":
                origin = (float(given[-2]), float(given[-1]))
            case b"Tf":
                font, size = fonts[given[-2][1:]], float(given[-1])
            case b"Tm":
                place = (float(given[-2]), float(given[-1]))
            case b"BDC":
                actual = _actual(strings) if b"/ActualText" in given else ""
            case b"EMC":
                actual = ""
            case b"Tj" | b"TJ":
                codes = [code for raw in strings for code in _codes(raw)]
                text = actual or "".join(font.texts.get(code, "") for code in codes)
                while codes and font.texts.get(codes[-1]) == " ":  # a space at the end of a line hangs over
                    codes.pop()
                width = sum(font.widths.get(code, 0) for code in codes) - sum(map(float, given))
                yield Run(page, origin[0] + place[0], origin[1] - place[1], size, width * size / 1000, text)
            case _:
                given.append(word)
                continue
        given, strings = [], []


def _tokens(content: bytes) -> Iterator[tuple[bytes, bytes | None]]:
    """(word, None) or (b"", string), in order."""
    at = 0
    while at < len(content):
        if content[at : at + 1] == b"(":
            string, at = _literal(content, at + 1)
            yield b"", string
            continue
        found = _WORD.match(content, at)
        assert found, content[at : at + 40]
        at = found.end()
        if found[1]:
            yield b"", bytes.fromhex(found[1].decode())
        elif found[0].strip(b"<>[]\n\r \t"):
            yield found[0], None


def _literal(content: bytes, at: int) -> tuple[bytes, int]:
    """A string from behind its parenthesis, and where it ends; balanced parentheses inside stand unescaped."""
    piece, depth = b"", 1
    while True:
        escape, char = _ESCAPE.match(content, at), content[at : at + 1]
        depth += (char == b"(") - (char == b")")
        if depth == 0:
            return piece, at + 1
        piece += _unescaped(escape[1]) if escape else char
        at = escape.end() if escape else at + 1


def _unescaped(code: bytes) -> bytes:
    return bytes([int(code, 8)]) if code.isdigit() else _CONTROL.get(code, code)


def _actual(strings: list[bytes]) -> str:
    raw = strings[-1]
    return raw[2:].decode("utf-16-be") if raw.startswith(b"\xfe\xff") else raw.decode("latin-1")


def _codes(raw: bytes) -> list[int]:
    return [int.from_bytes(raw[i : i + 2]) for i in range(0, len(raw), 2)]


def _joined(line: list[Run]) -> str:
    pieces: list[str] = []
    edge = line[0].x
    for run in line:
        pieces.append(" " if run.x - edge > run.size / 4 else "")
        pieces.append(run.text)
        edge = run.x + run.width
    return re.sub(" +", " ", "".join(pieces).replace("\u200b", "")).strip()
