"""The pages in a real browser: nothing is blocked, nothing overflows, the button works without any script. (4 s)"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from tests.mail.screenshots import ARGUMENTS, CHROMIUM
from tests.web.conftest import Hall, comment

from watchdaemon.domain.question import DecisionKind

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason=f"needs Debian's chromium in {CHROMIUM}"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser."""
    with sync_playwright() as play:
        yield play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)


def test_a_word_is_said_with_the_keyboard_alone_and_scripts_switched_off(hall: Hall, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 800})
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(hall.word(DecisionKind.FORWARDED))
    page.get_by_label("Till vem?").fill("Gatukontoret")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(hall.word(DecisionKind.FORWARDED))
    page.get_by_role("status").wait_for()
    receipt = page.content()
    context.close()

    assert "Registrerat: Vidarebefordrad" in receipt
    assert hall.said() == [(DecisionKind.FORWARDED, "anna", "Gatukontoret")]
    assert complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_cut_off_on_the_narrowest_screen(hall: Hall, browser: Browser, scheme: str) -> None:
    hall.take(comment("wide", "Är" + "x" * 500 + "?", author="W" * 300, url="https://fake.example/" + "y" * 300))
    page = browser.new_page(
        viewport={"width": 320, "height": 600}, color_scheme="dark" if scheme == "dark" else "light"
    )
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    for link in (hall.item("wide"), hall.word(DecisionKind.FORWARDED, "wide"), hall.seen_all(), hall.item() + "x"):
        page.goto(link)

        assert page.evaluate("document.documentElement.scrollWidth") <= 320  # WCAG 2.2, 1.4.10
        ground = page.evaluate("getComputedStyle(document.querySelector('main')).backgroundColor")
        assert ground == ("rgb(26, 32, 38)" if scheme == "dark" else "rgb(255, 255, 255)")  # the style is let in
    page.close()

    assert [c for c in complaints if "403" not in c] == []  # the browser notes the refused page's own status
