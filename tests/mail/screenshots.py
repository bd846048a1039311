"""Takes the pictures of the mails that docs/mail/ shows. By hand: ``python -m tests.mail.screenshots docs/mail``.

Needs Debian's chromium. It is no test: whether a mail is beautiful is for a person to say.
"""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import FloatRect, sync_playwright
from tests.mail.samples import CHRIS, LIBRARY, full_digest, full_notice, full_report, key, renderer, report, row

from watchdaemon.domain.delivery import MailKind, OutgoingMail
from watchdaemon.mail.preview import part

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
WIDE, NARROW = 760, 400
TALLEST = 1_250  # what is below looks the same, and pictures in a repository should be small


def pictures() -> dict[str, tuple[OutgoingMail, int, str]]:
    """Return every picture's name with its mail, its width and its colour scheme."""
    mails = renderer()
    digest = mails.digest(full_digest(), key())
    weekly = mails.weekly(full_report(), key(MailKind.WEEKLY, "bengt", "2026-W47"))
    well = mails.weekly(report([row(LIBRARY)]), key(MailKind.WEEKLY, "bengt", "2026-W47"))
    alert = mails.alert(full_notice(), key(MailKind.ALERT))
    english = mails.digest(full_digest(CHRIS), key(recipient="chris"))
    return {
        "digest": (digest, WIDE, "light"),
        "digest-phone-dark": (digest, NARROW, "dark"),
        "digest-english-phone": (english, NARROW, "light"),
        "weekly": (weekly, WIDE, "light"),
        "weekly-all-well-dark": (well, WIDE, "dark"),
        "alert": (alert, WIDE, "light"),
    }


def main(out: Path) -> None:
    """Write the pictures."""
    out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as play, tempfile.TemporaryDirectory() as folder:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for name, (mail, width, scheme) in pictures().items():
            source = Path(folder) / f"{name}.html"
            source.write_text(part(mail, "html"), encoding="utf-8")
            page = browser.new_page(
                viewport={"width": width, "height": 600},
                color_scheme="dark" if scheme == "dark" else "light",
            )
            page.goto(source.as_uri())
            height = min(TALLEST, page.evaluate("document.documentElement.scrollHeight"))
            clip: FloatRect = {"x": 0, "y": 0, "width": width, "height": height}
            page.screenshot(path=str(out / f"{name}.png"), full_page=True, clip=clip)
            page.close()
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/mail"))
