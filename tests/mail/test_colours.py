"""Every text colour of a mail can be read on its ground, in light and in dark (WCAG 2.2, 1.4.3: 4.5 to 1)."""

import re
from importlib import resources

import pytest

from watchdaemon.mail.render import ink_on

STYLE = (resources.files("watchdaemon.mail") / "templates" / "_style.css").read_text(encoding="utf-8")
LIGHT, _, DARK = STYLE.partition("@media (prefers-color-scheme: dark)")
PILLS = [f".pill-{tone}" for tone in ("bad", "warn", "calm", "good")]


def colours(style: str) -> dict[tuple[str, str], str]:
    """Return each colour by selector and property."""
    found = {}
    for selectors, body in re.findall(r"([^{}]+)\{([^{}]*)\}", style):
        for name, value in re.findall(r"(?<![-\w])(color|background-color): (#[0-9a-f]{6})", body):
            for selector in selectors.split(","):
                found[selector.strip(), name] = value
    return found


def luminance(colour: str) -> float:
    """Return the relative luminance."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("style", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("text", "ground"),
    [
        *((selector, ".sheet") for selector in (".body", "h1", "h2", "h3", "a", ".muted", ".date", ".foot", ".detail")),
        *((selector, ".sheet") for selector in (".facts th", ".facts td", ".gap", ".card-in")),
        *((selector, ".sheet") for selector in (".chart th", ".chart td", ".list th", ".list td")),
        (".words", ".words"),
        (".note", ".note"),
        *((pill, pill) for pill in PILLS),
    ],
)
def test_text_can_be_read_on_its_ground(style: str, text: str, ground: str) -> None:
    of = colours(style)

    assert contrast(of[text, "color"], of[ground, "background-color"]) >= 4.5


@pytest.mark.parametrize(
    "colour",
    ["#1f4e79", "#757575", "#777777", "#7a7a00", "#e0004d", "#ff0000", "#00a000", "#ffd200", "#ffffff", "#000000"],
)
def test_the_organisations_name_can_be_read_on_any_colour(colour: str) -> None:
    assert contrast(ink_on(colour), colour) >= 4.5


@pytest.mark.parametrize("style", [LIGHT, DARK], ids=["light", "dark"])
def test_a_bar_can_be_told_from_its_ground(style: str) -> None:
    """What is no text needs 3 to 1 (WCAG 2.2, 1.4.11)."""
    of = colours(style)

    assert contrast(of[".chart .bar-in", "background-color"], of[".sheet", "background-color"]) >= 3.0


def test_nothing_is_left_light_in_the_dark() -> None:
    """Every colour of the style has its counterpart: one that is forgotten is dark ink on a dark ground."""
    names = {name for name in colours(LIGHT) if name[0] != ".preheader"}

    assert names <= set(colours(DARK)), names - set(colours(DARK))
