"""PURE: a bar chart as SVG, written by hand."""

from collections.abc import Mapping
from html import escape

_WIDTH, _LEFT, _RIGHT, _BAR, _STEP, _TOP = 820, 290, 70, 22, 34, 56


def bars(values: Mapping[str, int], *, title: str) -> str:
    """Return an SVG with one bar a value, its name to the left and its number to the right."""
    most = max([*values.values(), 1])
    height = _TOP + _STEP * len(values) + 12
    shapes = [_bar(index, name, value, most) for index, (name, value) in enumerate(values.items())]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img"'
            ' font-family="system-ui, sans-serif" font-size="14">',
            f"<title>{escape(title)}</title>",
            f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
            f'<text x="16" y="32" font-size="17" font-weight="600" fill="#1d2733">{escape(title)}</text>',
            *shapes,
            "</svg>",
            "",
        ]
    )


def _bar(index: int, name: str, value: int, most: int) -> str:
    y, width = _TOP + _STEP * index, round((_WIDTH - _LEFT - _RIGHT) * value / most)
    colour = "#1f6f5c" if name.startswith(("our", "full")) else "#9aa5b1"
    middle = y + _BAR - 6
    return (
        f'<text x="{_LEFT - 12}" y="{middle}" text-anchor="end" fill="#1d2733">{escape(name)}</text>'
        f'<rect x="{_LEFT}" y="{y}" width="{width}" height="{_BAR}" rx="3" fill="{colour}"/>'
        f'<text x="{_LEFT + width + 8}" y="{middle}" fill="#1d2733">{value}</text>'
    )
