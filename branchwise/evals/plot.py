"""Plots as SVG: accuracy against tokens, and reliability."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import ceil, floor, log10

from branchwise.evals.report import Curve, Point
from branchwise.statistics.reliability import Reliability

_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8a7a00", "#56b4e9", "#e69f00", "#7f7f7f")
"""Okabe and Ito's colours, which readers with a colour vision deficiency can tell apart."""
_LEFT = 48
_TOP = 12
_WIDE = 420
_HIGH = 260


def curves(found: Sequence[Curve]) -> str:
    """Draw accuracy (percent, with 95% intervals) against mean completion tokens on a logarithmic axis."""
    points = [point for curve in found for point in curve.points]
    low, high = floor(log10(min(p.tokens for p in points))), ceil(log10(max(p.tokens for p in points)))
    high = max(high, low + 1)
    top = max(0.1, ceil(10 * max(p.accuracy.high for p in points)) / 10)

    def x(tokens: float) -> float:
        return _LEFT + _WIDE * (log10(tokens) - low) / (high - low)

    def y(accuracy: float) -> float:
        return _TOP + _HIGH * (1 - accuracy / top)

    ticks = [_text(x(10.0**e), _TOP + _HIGH + 18, f"{10**e:,}", "middle") for e in range(low, high + 1)]
    ticks += [_text(_LEFT - 6, y(top * i / 5) + 4, f"{100 * top * i / 5:.0f}", "end") for i in range(6)]
    drawn = [_curve(i, curve.points, x, y) for i, curve in enumerate(found)]
    names = [
        _text(_LEFT + _WIDE + 16, _TOP + 14 + 18 * i, curve.name, "start", _colour(i))
        for i, curve in enumerate(found)
    ]
    widest = max((len(curve.name) for curve in found), default=0)
    size = (_LEFT + _WIDE + 40 + 7 * widest, _TOP + _HIGH + 44)
    caption = _text(
        _LEFT + _WIDE / 2, _TOP + _HIGH + 36, "completion tokens an instance (accuracy in %)", "middle"
    )
    return _svg(size, "Accuracy against completion tokens", [_frame(), *ticks, *drawn, *names, caption])


def diagonal(title: str, found: Reliability) -> str:
    """Draw observed against stated probabilities; the diagonal is perfect calibration."""
    side = 220
    most = max(b.count for b in found.bins)

    def x(value: float) -> float:
        return _LEFT + side * value

    def y(value: float) -> float:
        return _TOP + side * (1 - value)

    line = f'<line x1="{x(0)}" y1="{y(0)}" x2="{x(1)}" y2="{y(1)}" stroke="currentColor" stroke-dasharray="4 4"/>'
    dots = [
        f'<circle cx="{x(b.forecast):.1f}" cy="{y(b.observed):.1f}" r="{2 + 6 * (b.count / most) ** 0.5:.1f}" '
        f'fill="{_COLOURS[0]}" fill-opacity=".75"><title>{b.count}: stated {b.forecast:.2f}, '
        f"came true {b.observed:.2f}</title></circle>"
        for b in found.bins
    ]
    ticks = [_text(x(v), _TOP + side + 16, f"{v:g}", "middle") for v in (0, 0.5, 1)]
    ticks += [_text(_LEFT - 6, y(v) + 4, f"{v:g}", "end") for v in (0, 0.5, 1)]
    frame = f'<rect x="{_LEFT}" y="{_TOP}" width="{side}" height="{side}" fill="none" stroke="currentColor"/>'
    caption = _text(_LEFT, _TOP + side + 36, f"{title}: Brier {found.brier:.3f}", "start")
    return _svg((_LEFT + side + 90, _TOP + side + 44), title, [frame, line, *dots, *ticks, caption])


def _curve(i: int, points: Sequence[Point], x: object, y: object) -> str:
    assert callable(x)
    assert callable(y)
    at = sorted(points, key=lambda point: point.tokens)
    path = " ".join(f"{x(p.tokens):.1f},{y(p.accuracy.mean):.1f}" for p in at)
    bars = "".join(
        f'<line x1="{x(p.tokens):.1f}" x2="{x(p.tokens):.1f}" y1="{y(p.accuracy.low):.1f}" '
        f'y2="{y(p.accuracy.high):.1f}" stroke="{_colour(i)}" stroke-opacity=".35"/>'
        f'<circle cx="{x(p.tokens):.1f}" cy="{y(p.accuracy.mean):.1f}" r="3" fill="{_colour(i)}">'
        f"<title>{p.tokens:.0f} tokens: {p.accuracy.percent()}</title></circle>"
        for p in at
    )
    return f'<polyline points="{path}" fill="none" stroke="{_colour(i)}" stroke-width="1.5"/>{bars}'


def _colour(i: int) -> str:
    return _COLOURS[i % len(_COLOURS)]


def _frame() -> str:
    return (
        f'<rect x="{_LEFT}" y="{_TOP}" width="{_WIDE}" height="{_HIGH}" fill="none" stroke="currentColor"/>'
    )


def _text(x: float, y: float, text: str, anchor: str, colour: str = "") -> str:
    fill = f' fill="{colour}"' if colour else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{fill}>{escape(text)}</text>'


def _svg(size: tuple[float, float], label: str, parts: Sequence[str]) -> str:
    wide, high = size
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:.0f} {high:.0f}" width="{wide:.0f}" '
        f'height="{high:.0f}" role="img" aria-label="{escape(label)}">{"".join(parts)}</svg>'
    )
