"""The ratios as a picture: one bar a ratio and pass, as long as what it reaches of its goal; its spread as a line."""

from collections.abc import Iterator
from html import escape

from tests.bench.goals import BESIDE, RATIOS
from tests.bench.report import known_in
from tests.bench.run import Results
from tests.bench.samples import Ratio, Spread, ratio

WIDTH, LABELS, RIGHT = 900, 330, 130  # pixels: a page of text is about as wide; the labels fit, the values too
TOP, BAR, GAP, GROUP = 64, 16, 4, 18  # pixels down the page
REACH = 4.0  # times its goal: what reaches more is drawn so long
TICKS = (0, 0.5, 1, 2, 3, 4)
COLOURS = ("#2563a8", "#d98a2b", "#6b7a3a")  # told apart in print and by the colour-blind
INK, PALE = "#1f2328", "#d0d7de"


def chart(results: Results) -> str:
    """An SVG document."""
    shown = [each for each in (*RATIOS, *BESIDE) if _passes(each, results)]
    body, y = [], TOP
    for each in shown:
        rows, height = _group(each, results, y)
        body += rows
        y += height + GROUP
    head = [_text(0, 18, "How much of each goal the product reaches", size=16, weight="bold"), *_legend(results)]
    axis = [_line(_x(tick), TOP - 8, _x(tick), y - GROUP, PALE) for tick in TICKS]
    axis += [_text(_x(tick), y, "goal" if tick == 1 else f"{tick:g} ×", anchor="middle") for tick in TICKS]
    goal = _line(_x(1), TOP - 8, _x(1), y - GROUP, INK, 2)
    lines = "\n".join((*head, *axis, *body, goal))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 12}" width="{WIDTH}" height="{y + 12}"'
        f' font-family="system-ui, sans-serif" role="img" aria-label="How much of each goal the product reaches">\n'
        f'<rect width="100%" height="100%" fill="#ffffff"/>\n{lines}\n</svg>\n'
    )


def _passes(each: Ratio, results: Results) -> list[tuple[int, str]]:
    """The passes in which it was measured, with their numbers."""
    return [(number, name) for number, name in enumerate(results.passes) if each in known_in(results.passes[name])]


def _group(each: Ratio, results: Results, y: int) -> tuple[list[str], int]:
    rows, top = [], y
    for number, name in _passes(each, results):
        rows += _bar(each, ratio(results.passes[name], each), results.flushes[name], y, COLOURS[number % len(COLOURS)])
        y += BAR + GAP
    height = y - GAP - top
    rows.append(_text(LABELS - 10, top + height / 2 + 4, each.title, anchor="end"))
    return rows, height


def _bar(each: Ratio, value: Spread, flush_ms: float, y: int, colour: str) -> list[str]:
    end, low, high = (_x(each.reached(part, flush_ms)) for part in (value.middle, value.low, value.high))
    middle = y + BAR / 2
    text = f"{value.middle:.2f} ({each.goal_text(flush_ms)})"
    return [
        f'<rect x="{LABELS}" y="{y}" width="{end - LABELS:.1f}" height="{BAR}" fill="{colour}"/>',
        _line(low, middle, high, middle, INK),
        _text(max(end, low, high) + 6, y + BAR - 4, text),
    ]


def _legend(results: Results) -> Iterator[str]:
    x = 0.0
    for number, name in enumerate(results.passes):
        yield f'<rect x="{x:.0f}" y="30" width="12" height="12" fill="{COLOURS[number % len(COLOURS)]}"/>'
        yield _text(x + 18, 40, name)
        x += 150
    yield _text(x, 40, f"thin lines span {results.rounds} rounds, {results.at:%Y-%m-%d}")


def _x(reached: float) -> float:
    return LABELS + min(reached, REACH) / REACH * (WIDTH - LABELS - RIGHT)


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, width: int = 1) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width}"/>'


def _text(x: float, y: float, text: str, *, anchor: str = "start", size: int = 12, weight: str = "normal") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}"'
        f' fill="{INK}" paint-order="stroke" stroke="#ffffff" stroke-width="3">{escape(text)}</text>'
    )
