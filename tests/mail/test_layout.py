"""No word is so long that a mail has to be scrolled sideways, on a phone or on a wide screen."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.mail.reading import html
from tests.mail.samples import ANNA, LIBRARY, NOW, alert, digest, entry, full_report, key, renderer, report, row, watch
from tests.mail.screenshots import ARGUMENTS, CHROMIUM

from watchdaemon.domain.alert import AlertNotice
from watchdaemon.domain.delivery import MailKind, OutgoingMail
from watchdaemon.domain.digest import Section
from watchdaemon.domain.watch import WatchState
from watchdaemon.errors import Reason

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason=f"needs Debian's chromium in {CHROMIUM}"),
]
LONG = "Å" * 400


def long_mails() -> Iterator[OutgoingMail]:
    """Yield a mail of each kind with long words in every place."""
    account = replace(LIBRARY, name=LONG)
    person = replace(ANNA, name=LONG)
    renders = renderer(organisation=LONG)
    line = replace(watch(account, WatchState.NOT_WATCHED, Reason.OUTAGE), readers=(person, replace(person, key="b")))
    entries = [entry(Section.OVERDUE, of=account, text=LONG, author=LONG), entry(of=account, url=f"ftp://{LONG}")]
    notice = AlertNotice(recipient=person, now=NOW, opened=(alert(detail=LONG),), closed=(), accounts=(account,))
    yield renders.digest(digest(entries, [line], person), key())
    yield renders.weekly(report([row(account, owners=(person,)), *full_report().rows], person), key(MailKind.WEEKLY))
    yield renders.alert(notice, key(MailKind.ALERT))


def test_no_mail_is_wider_than_its_screen() -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page()
        for mail in long_mails():
            page.set_content(html(mail))
            for width in (320, 760):
                page.set_viewport_size({"width": width, "height": 600})

                assert page.evaluate("document.documentElement.scrollWidth") <= width, (str(mail.key), width)
        browser.close()
