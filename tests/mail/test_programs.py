"""What mail programs need: Outlook for Windows draws with Word, Gmail drops what it does not know, a reader listens."""

import re
from itertools import pairwise

import pytest
from tests.mail.reading import Page, html, text
from tests.mail.screenshots import mails

from watchdaemon.domain.delivery import OutgoingMail

MAILS = mails()
every_mail = pytest.mark.parametrize("mail", MAILS.values(), ids=MAILS.keys())


def styles(mail: OutgoingMail) -> str:
    """Return all style of a mail: on its elements, and what is left of the sheet."""
    page = html(mail)
    return ";".join(re.findall(r'style="([^"]*)"', page) + re.findall(r"<style>(.*?)</style>", page, re.DOTALL))


@every_mail
def test_nothing_is_placed_by_what_word_does_not_know(mail: OutgoingMail) -> None:
    """Microsoft, "Word 2007 HTML and CSS rendering capabilities in Outlook", and what Can I email says of it today."""
    assert not re.search(r"display:\s*(flex|grid)|float:|position:|background-image|url\(|var\(|calc\(", styles(mail))


@every_mail
def test_nothing_is_loaded_and_nothing_acts(mail: OutgoingMail) -> None:
    tags = {tag for tag, _ in Page(html(mail)).tags}

    assert not tags & {"img", "script", "link", "iframe", "object", "form", "input", "button", "svg", "video"}


@every_mail
def test_width_is_held_for_outlook_by_a_table_of_its_own(mail: OutgoingMail) -> None:
    comments = [comment for comment in Page(html(mail)).comments if comment.startswith("[if mso]")]

    assert any('width="640"' in comment for comment in comments)
    assert sum("<table" in comment for comment in comments) == sum("</table" in comment for comment in comments)


@every_mail
def test_a_screen_reader_gets_a_language_headings_in_order_and_tables_that_are_none_called_so(
    mail: OutgoingMail,
) -> None:
    tags = Page(html(mail)).tags
    levels = [int(tag[1]) for tag, _ in tags if re.fullmatch("h[1-6]", tag)]
    data_tables = {"facts", "chart", "list"}

    assert tags[0][1]["lang"] in {"sv", "en"}
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    for tag, attributes in tags:
        if tag == "table" and attributes.get("role") != "presentation":
            assert attributes.get("class") in data_tables
    assert all(attributes.get("scope") for tag, attributes in tags if tag == "th")


@every_mail
def test_no_link_says_only_where_it_leads(mail: OutgoingMail) -> None:
    """Read alone, as a list of links is: words, not an address."""
    assert not re.search(r"<a [^>]*>\s*https?:", html(mail))


@every_mail
def test_the_text_says_what_the_bars_and_pills_say(mail: OutgoingMail) -> None:
    said = " ".join(text(mail).split()).casefold()
    page = html(mail)
    seen = re.findall(r'<td class="value"[^>]*>([^<]*)</td>', page)
    seen += [re.sub(r"<!--.*?-->", "", pill) for pill in re.findall(r'<span class="pill[^>]*>(.*?)</span>', page)]

    assert seen
    assert all(words.casefold() in said for words in seen), [w for w in seen if w.casefold() not in said]


@pytest.mark.parametrize("name", [name for name in MAILS if name.endswith("-sv")])
def test_no_english_is_left_in_a_swedish_mail(name: str) -> None:
    quoted = re.compile(r"^> .*$|https?://\S+|Graph error.*", re.MULTILINE)
    said = quoted.sub("", text(MAILS[name]))

    assert not re.findall(r"\b(the|and|your|account|accounts|with|from|this|week|answer|none|open)\b", said.casefold())
