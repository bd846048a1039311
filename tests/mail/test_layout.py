"""As a browser shows it: nothing to be scrolled sideways, on a phone or on a wide screen, and every word readable."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.mail.reading import html
from tests.mail.samples import (
    ANNA,
    LIBRARY,
    NOW,
    alert,
    digest,
    entry,
    full_overview,
    full_report,
    key,
    linking_renderer,
    month_row,
    overview,
    renderer,
    report,
    row,
    watch,
)
from tests.mail.screenshots import ARGUMENTS, CHROMIUM, mails

from watchdaemon.domain.alert import AlertNotice
from watchdaemon.domain.delivery import MailKind, OutgoingMail
from watchdaemon.domain.digest import Section
from watchdaemon.domain.overview import Breach
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
    yield renders.monthly(
        overview([month_row(account, Breach.STALE, unit=LONG, owners=(person,)), *full_overview(person).rows], person),
        key(MailKind.MONTHLY, period="2026-11"),
    )
    yield linking_renderer(LONG).digest(digest(entries, [line], person), key())


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


READABLE = """() => {
  const parts = (c) => c.match(/[\\d.]+/g).map(Number);
  const light = (c) => parts(c).slice(0, 3).map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const colour = parts(getComputedStyle(e).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) return getComputedStyle(e).backgroundColor;
    }
    return "rgb(255, 255, 255)";
  };
  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const of = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || of.closest("[aria-hidden]")) continue;
    const [low, high] = [light(getComputedStyle(of).color), light(ground(of))].sort((a, b) => a - b);
    const contrast = (high + 0.05) / (low + 0.05);
    if (contrast < 4.5) faint.push(walker.currentNode.data.trim().slice(0, 40) + " " + contrast.toFixed(2));
  }
  return faint;
}"""


def test_every_word_of_every_mail_can_be_read_as_a_browser_shows_it() -> None:
    """AA, 4.5 to 1, with the styles on the elements and the dark scheme as they really come together."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page()
        for name, mail in mails().items():
            page.set_content(html(mail))
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")

                assert page.evaluate(READABLE) == [], (name, scheme)
        browser.close()
