"""Takes the pictures of the pages that docs/web/ shows. By hand: ``python -m tests.web.screenshots docs/web``.

Needs Debian's chromium. It is no test: whether a page is beautiful is for a person to say.
"""

import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import Browser, FloatRect, sync_playwright
from tests.mail.screenshots import ARGUMENTS, CHROMIUM
from tests.services.conftest import register_of
from tests.web.conftest import NINE, PUBLIC, accounts, built, comment, configured, furnish

from watchdaemon.clock import SimulatedClock
from watchdaemon.domain.fetch import Coverage, FetchResult
from watchdaemon.domain.question import DecisionKind
from watchdaemon.rules.schedule import windows_on
from watchdaemon.services.links import SignedLinks
from watchdaemon.storage import upgrade
from watchdaemon.web.server import WebServer

WIDE, NARROW = 900, 390
LONG = (
    "Hej! Min dotter går i simskolan och vi undrar två saker: hur lång är kön till fortsättningskursen, och går det "
    "att få en plats på lördagar?\n\nTack för en fin verksamhet!"
)


def pictures(links: SignedLinks, window: object) -> dict[str, tuple[str, int, str]]:
    """Return every picture's name with its link, its width and its colour scheme."""

    def word(kind: DecisionKind, item: str = "long", person: str = "anna") -> str:
        return links.word(person, "bibblan", item, kind, at=NINE)

    seen = links.seen_all("anna", window, at=NINE)  # type: ignore[arg-type]  # a window
    return {
        "word": (word(DecisionKind.NO_REPLY_NEEDED), WIDE, "light"),
        "forwarded-phone": (word(DecisionKind.FORWARDED), NARROW, "light"),
        "forwarded-phone-dark": (word(DecisionKind.FORWARDED), NARROW, "dark"),
        "every-word-phone": (links.item("anna", "bibblan", "long", at=NINE), NARROW, "light"),
        "english-dark": (word(DecisionKind.ANSWERED_ELSEWHERE, person="bo"), WIDE, "dark"),
        "secret-phone": (word(DecisionKind.REMOVED, "secret"), NARROW, "light"),
        "seen-all": (seen, WIDE, "light"),
        "refused": (PUBLIC + "/w/AAAA", WIDE, "light"),
        "receipt-phone": ("press:" + word(DecisionKind.NO_REPLY_NEEDED), NARROW, "light"),
        "take-back": (word(DecisionKind.REOPENED), WIDE, "light"),
    }


def take(browser: Browser, link: str, width: int, scheme: str, path: Path) -> None:
    """Take one picture; press the button first when the link says so."""
    page = browser.new_page(
        viewport={"width": width, "height": 600}, color_scheme="dark" if scheme == "dark" else "light"
    )
    page.goto(link.removeprefix("press:"))
    if link.startswith("press:"):
        page.get_by_role("button").click()
    height = page.evaluate("document.documentElement.scrollHeight")
    clip: FloatRect = {"x": 0, "y": 0, "width": width, "height": height}
    page.screenshot(path=str(path), full_page=True, clip=clip)
    page.close()


def main(out: Path) -> None:
    """Write the pictures."""
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        clock = SimulatedClock(NINE)
        settings = configured(Path(folder))
        upgrade(settings.database_url().get_secret_value())
        app = built(settings, clock)
        furnish(app, clock)
        library, *others = accounts()
        register = register_of(
            replace(library, platform="facebook"), *others[:-1], replace(others[-1], platform="tiktok")
        )
        app.store.apply_changes(register, [], by="pictures", at=NINE)
        items = (comment("long", LONG),)
        app.store.save_fetch(FetchResult(account="bibblan", coverage=Coverage.COMPLETE, items=items), at=NINE)
        app.judge.run(app.register())
        assert app.links is not None
        window = windows_on(NINE.date(), app.calendar, app.watch)[0]
        with WebServer(app, port=0) as server:
            browser = play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            for name, (link, width, scheme) in pictures(app.links, window).items():
                take(browser, link.replace(PUBLIC, server.url), width, scheme, out / f"{name}.png")
            browser.close()
        app.close()


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/web"))
