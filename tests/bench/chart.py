"""The ratios as a picture: one bar a ratio and pass, its spread as a line, the goal as a mark."""

from collections.abc import Iterator
from html import escape

from tests.bench.measures import RATIOS
from tests.bench.run import Results
from tests.bench.samples import Ratio, Spread, ratio

WIDTH, LABELS, RIGHT = 860, 290, 70  # pixels: a page of text is about as wide; the labels fit, the values too
TOP, BAR, GAP, GROUP = 64, 16, 4, 18  # pixels down the page
COLOURS = ("#2563a8", "#d98a2b", "#6b7a3a")  # told apart in print and by the colour-blind
INK, PALE = "#1f2328", "#d0d7de"


def chart(results: Results) -> str:
    """An SVG document."""
    shown = [each for each in RATIOS if any(_known(each, name, results) for name in results.passes)]
    reach = max(1.0, *(each.goal for each in shown), *(_high(each, results) for each in shown))
    body, y = [], TOP
    for each in shown:
        rows, height = _group(each, results, y, reach)
        body += rows
        y += height + GROUP
    head = [_text(0, 18, "The product beside its limits", size=16, weight="bold"), *_legend(results)]
    axis = [_line(_x(tick, reach), TOP - 8, _x(tick, reach), y - GROUP, PALE) for tick in _ticks(reach)]
    axis += [_text(_x(tick, reach), y, f"{tick:g}", anchor="middle") for tick in _ticks(reach)]
    lines = "\n".join((*head, *axis, *body))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 12}" width="{WIDTH}" height="{y + 12}"'
        f' font-family="system-ui, sans-serif" role="img" aria-label="Ratios of the product to its limits">\n'
        f'<rect width="100%" height="100%" fill="#ffffff"/>\n{lines}\n</svg>\n'
    )


def _known(each: Ratio, name: str, results: Results) -> bool:
    return each.of in results.passes[name] and each.to in results.passes[name]


def _high(each: Ratio, results: Results) -> float:
    known = [name for name in results.passes if _known(each, name, results)]
    return max(ratio(results.passes[name], each.of, each.to).high for name in known)


def _group(each: Ratio, results: Results, y: int, reach: float) -> tuple[list[str], int]:
    rows, top = [], y
    for number, name in enumerate(results.passes):
        if _known(each, name, results):
            rows += _bar(ratio(results.passes[name], each.of, each.to), y, COLOURS[number % len(COLOURS)], reach)
            y += BAR + GAP
    height = y - GAP - top
    goal = _x(each.goal, reach)
    rows.append(_line(goal, top - 3, goal, top + height + 3, INK, 2))
    rows.append(_text(LABELS - 10, top + height / 2 + 4, each.title, anchor="end"))
    return rows, height


def _bar(value: Spread, y: int, colour: str, reach: float) -> list[str]:
    end, middle = _x(value.middle, reach), y + BAR / 2
    return [
        f'<rect x="{LABELS}" y="{y}" width="{end - LABELS:.1f}" height="{BAR}" fill="{colour}"/>',
        _line(_x(value.low, reach), middle, _x(value.high, reach), middle, INK),
        _text(max(end, _x(value.high, reach)) + 6, y + BAR - 4, f"{value.middle:.2f}"),
    ]


def _legend(results: Results) -> Iterator[str]:
    x = 0.0
    for number, name in enumerate(results.passes):
        yield f'<rect x="{x:.0f}" y="30" width="12" height="12" fill="{COLOURS[number % len(COLOURS)]}"/>'
        yield _text(x + 18, 40, name)
        x += 150
    yield _line(x + 4, 29, x + 4, 43, INK, 2)
    yield _text(x + 14, 40, f"goal; thin lines span {results.rounds} rounds, {results.at:%Y-%m-%d}")


def _x(value: float, reach: float) -> float:
    return LABELS + value / reach * (WIDTH - LABELS - RIGHT)


def _ticks(reach: float) -> list[float]:
    step = next(step for step in (0.25, 0.5, 1, 2, 5, 10, 25) if reach / step <= 8 or step == 25)
    return [number * step for number in range(int(reach / step) + 1)]


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, width: int = 1) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width}"/>'


def _text(x: float, y: float, text: str, *, anchor: str = "start", size: int = 12, weight: str = "normal") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}"'
        f' fill="{INK}" paint-order="stroke" stroke="#ffffff" stroke-width="3">{escape(text)}</text>'
    )
