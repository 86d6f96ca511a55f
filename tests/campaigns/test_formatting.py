"""How things read on a screen."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings

from campaigns import formatting


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1,000"),
        (125000, "1,25,000"),
        (12345678, "1,23,45,678"),
        (-4812, "-4,812"),
    ],
)
def test_figures_are_grouped_the_indian_way(number: int, shown: str) -> None:
    assert formatting.grouped(number) == shown


@pytest.mark.parametrize(
    ("ms", "shown"), [(None, "–"), (0, "0:00"), (55_999, "0:55"), (75_000, "1:15"), (3_600_000, "60:00")]
)
def test_lengths(ms: int | None, shown: str) -> None:
    assert formatting.length(ms) == shown


def test_times_are_in_india_and_say_so() -> None:
    moment = datetime(2026, 11, 24, 20, 0, 7, tzinfo=UTC)
    assert formatting.ist(moment) == "25 Nov, 01:30 IST"
    assert formatting.ist_exact(moment) == "25 Nov 2026, 01:30:07 IST"
    assert formatting.ist(None) == "–"


def test_a_share_of_nothing_is_a_dash() -> None:
    assert (formatting.share(1, 0), formatting.share(0, 3), formatting.share(2, 3)) == ("–", "0 %", "67 %")


def test_offsets_show_tenths() -> None:
    assert formatting.offset(21_240) == "0:21.2"
    assert formatting.offset(61_990) == "1:01.9"


def test_a_cell_hides_a_number_in_any_spelling_and_keeps_an_amount() -> None:
    assert formatting.masked_cell("98251 12-410") == "•••410"
    assert formatting.masked_cell("+91 98251 12410, home") == "+•••410, home"
    assert formatting.masked_cell("125000") == "125000"


def test_own_numbers_are_grouped_by_their_series() -> None:
    assert formatting.spaced_phone("+911600110245") == "+91 1600 110 245"
    assert formatting.spaced_phone("+917961344101") == "+91 79613 44101"


def test_a_shifted_clock_is_told_in_words() -> None:
    assert formatting.own_offset(9000) == "2 h 30 min ahead"
    assert formatting.own_offset(-120) == "2 min behind"


def luminance(colour: str) -> float:
    """Relative luminance of #rgb or #rrggbb (WCAG 2.1)."""
    digits = colour.removeprefix("#")
    digits = "".join(2 * ch for ch in digits) if len(digits) == 3 else digits
    linear = []
    for place in (0, 2, 4):
        value = int(digits[place : place + 2], 16) / 255
        linear.append(value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4)
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio, 1 to 21."""
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def tokens(theme: str) -> dict[str, str]:
    """The colours of a theme in portal.css; dark is laid over light."""
    css = Path(settings.BASE_DIR, "static", "portal.css").read_text()
    blocks = [block.split("}")[0] for block in css.split(":root {")[1:3]]
    found: dict[str, str] = {}
    for block in blocks[: 1 if theme == "light" else 2]:
        for part in block.replace("\n", " ").split(";"):
            name, _, value = part.strip().partition(":")
            if value.strip().startswith("#"):
                found[name.removeprefix("--")] = value.strip()
    return found


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_has_the_contrast_of_wcag_aa(theme: str) -> None:
    colours = tokens(theme)
    pairs = [
        (ink, ground) for ink in ("ink", "ink-2", "ink-3", "accent") for ground in ("paper", "card", "raise")
    ]
    pairs += [(tone, f"{tone}-2") for tone in ("ok", "warn", "bad", "live", "calm", "accent")]
    pairs += [("accent-ink", "accent"), ("bad", "card")]
    low = {pair: contrast(colours[pair[0]], colours[pair[1]]) for pair in pairs}
    assert {pair: round(ratio, 2) for pair, ratio in low.items() if ratio < 4.5} == {}
