"""The fonts that documents are set in, and which characters they can draw; none of the machine's own is ever used."""

import struct
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import fontpkg_amiri
import pylopdf_fonts_jp
import typst

_ARABIC: Final = fontpkg_amiri.ROOT / "files"
_JAPANESE: Final = pylopdf_fonts_jp.serif_path()
_UNICODE: Final = frozenset({(0, 3), (0, 4), (3, 1), (3, 10)})  # platform, encoding: Unicode (OpenType, table cmap)


@lru_cache(maxsize=1)
def fonts() -> typst.Fonts:
    """What typst carries itself, and the packaged fonts for Arabic and Japanese."""
    return typst.Fonts(include_system_fonts=False, font_paths=[_ARABIC, _JAPANESE.parent])


@lru_cache(maxsize=1)
def packaged_characters() -> frozenset[str]:
    """Every character that one of the packaged serif fonts can draw in each of its weights."""
    arabic = frozenset.intersection(
        *(_characters((_ARABIC / f"Amiri-{weight}.ttf").read_bytes()) for weight in ("Regular", "Bold"))
    )
    found = arabic | _characters(_JAPANESE.read_bytes())
    # A font may draw controls, marks of direction and spaces; text must not carry them.
    return frozenset(char for char in found if unicodedata.category(char)[0] not in "CZ")


def _characters(font: bytes) -> frozenset[str]:
    at = _cmap(font)
    (count,) = struct.unpack_from(">H", font, at + 2)
    records = [struct.unpack_from(">HHI", font, at + 4 + 8 * n) for n in range(count)]
    tables = {at + offset for platform, encoding, offset in records if (platform, encoding) in _UNICODE}
    return frozenset(chr(point) for table in tables for point in _points(font, table))


def _cmap(font: bytes) -> int:
    (count,) = struct.unpack_from(">H", font, 4)
    tables = (struct.unpack_from(">4sIII", font, 12 + 16 * n) for n in range(count))
    return next(int(offset) for tag, _, offset, _ in tables if tag == b"cmap")


def _points(font: bytes, table: int) -> Iterator[int]:
    (form,) = struct.unpack_from(">H", font, table)
    if form == 12:  # segmented coverage of all planes
        (groups,) = struct.unpack_from(">I", font, table + 12)
        for n in range(groups):
            first, last, glyph = struct.unpack_from(">III", font, table + 16 + 12 * n)
            yield from (point for point in range(first, last + 1) if glyph + point - first)
    elif form == 4:  # segments of the first plane
        yield from _first_plane(font, table)


def _first_plane(font: bytes, table: int) -> Iterator[int]:
    (double,) = struct.unpack_from(">H", font, table + 6)
    ends, starts, deltas, ranges = (table + 14 + extra for extra in (0, double + 2, 2 * double + 2, 3 * double + 2))
    for n in range(0, double, 2):
        (first,), (last,) = struct.unpack_from(">H", font, starts + n), struct.unpack_from(">H", font, ends + n)
        (delta,), (offset,) = struct.unpack_from(">H", font, deltas + n), struct.unpack_from(">H", font, ranges + n)
        for point in range(first, last + 1):
            if offset:
                (glyph,) = struct.unpack_from(">H", font, ranges + n + offset + 2 * (point - first))
            else:
                glyph = (point + delta) % 0x10000
            if glyph and point != 0xFFFF:
                yield point
