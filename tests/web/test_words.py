"""What the pages say: in every language, readable by everybody, proof against what citizens write. (4 s)"""

import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from tests.mail.attacks import ATTACKS, LINKS_THAT_ARE_NONE
from tests.mail.test_colours import colours, contrast
from tests.services.conftest import register_of
from tests.web.conftest import LIBRARY, NINE, Hall, accounts, comment, hidden, path_of

from watchdaemon import web
from watchdaemon.domain.question import DecisionKind
from watchdaemon.mail.language import LANGUAGES
from watchdaemon.services.links import Refusal
from watchdaemon.web._words import REGRETS, WORDINGS

ROOM = Path(web.__file__).parent
PLACES = re.compile(r"%\((\w+)\)[sd]")
STYLE = (ROOM / "templates" / "style.css.j2").read_text(encoding="utf-8")
LIGHT, _, DARK = STYLE.partition("@media (prefers-color-scheme: dark)")


# ---- languages ---------------------------------------------------------------------------------------------------


def forms(message: object) -> tuple[str, ...]:
    """Return a message's singular and, if it has one, its plural."""
    assert isinstance(message, str | tuple | list)
    return (message,) if isinstance(message, str) else tuple(message)


def test_the_catalog_has_every_message_and_no_other_and_loses_no_place() -> None:
    found = extract_from_dir(
        ROOM,
        method_map=[("**.py", "python"), ("**.j2", "jinja2.ext:babel_extract")],
        keywords={"N_": None, "say": None, "count": (1, 2)},
    )
    source = {forms(message) for _, _, message, _, _ in found}
    with (ROOM / "locale" / "sv" / "LC_MESSAGES" / "watchdaemon.po").open("rb") as file:
        catalog = {forms(m.id): forms(m.string) for m in read_po(file, locale="sv") if m.id}

    assert set(catalog) == source
    for message, translations in catalog.items():
        wanted = {place for form in message for place in PLACES.findall(form)}
        assert all(set(PLACES.findall(translation)) == wanted for translation in translations), message
        assert all(translations), message


def test_no_words_hide_in_an_f_string_where_no_catalog_finds_them() -> None:
    for file in ROOM.glob("*.py"):
        assert not re.search(r"""f"[^"\n]*\{[^}"]*(say|count)\(""", file.read_text(encoding="utf-8")), file


def test_every_word_and_every_refusal_has_its_text() -> None:
    assert set(WORDINGS) == set(DecisionKind)
    assert set(REGRETS) >= set(Refusal)
    assert all(400 <= regret.status < 600 for regret in REGRETS.values())


# ---- whoever reads it --------------------------------------------------------------------------------------------


class Outline(HTMLParser):
    """What a screen reader goes by."""

    def __init__(self) -> None:
        super().__init__()
        self.language = ""
        self.headings: list[int] = []
        self.ids: list[str] = []
        self.labels: list[str] = []
        self.fields: list[str] = []
        self.refers: list[str] = []
        self.landmarks: list[str] = []
        self.open: list[str] = []
        self.title = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take down what an element is and refers to."""
        given = {name: value or "" for name, value in attrs}
        if tag not in {"meta", "input"}:
            self.open.append(tag)
        if tag == "html":
            self.language = given.get("lang", "")
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag in {"main", "header", "nav"}:
            self.landmarks.append(tag)
        if tag == "label":
            self.labels.append(given["for"])
        if tag in {"textarea", "select"} or (tag == "input" and given.get("type") != "hidden"):
            self.fields.append(given.get("id", ""))
        self.ids += [given["id"]] if "id" in given else []
        self.refers += [
            part for name in ("aria-describedby", "aria-labelledby") for part in given.get(name, "").split()
        ]

    def handle_endtag(self, tag: str) -> None:
        """Every element that was opened is closed, in order."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Take down the title."""
        if self.open and self.open[-1] == "title":
            self.title += data


def outline(page: str) -> Outline:
    """Read a page."""
    read = Outline()
    read.feed(page)
    read.close()
    assert read.open == []
    return read


@pytest.mark.parametrize("person", ["anna", "bo"])
def test_pages_can_be_read_by_a_screen_reader(hall: Hall, person: str) -> None:
    pages = [hall.get(hall.word(kind, person=person)).text for kind in DecisionKind]
    pages += [
        hall.get(hall.item(person=person)).text,
        hall.get(hall.seen_all(person)).text,
        hall.get(hall.item() + "x").text,
    ]
    pages += [hall.press(hall.word(DecisionKind.FORWARDED, person=person)).text]

    for page in pages:
        read = outline(page)
        assert read.language in LANGUAGES
        assert read.title.strip()
        assert read.headings[0] == 1
        assert read.headings.count(1) == 1
        assert all(later <= earlier + 1 for earlier, later in zip(read.headings, read.headings[1:], strict=False))
        assert set(read.fields) <= set(read.labels)
        assert set(read.labels) | set(read.refers) <= set(read.ids)
        assert len(read.ids) == len(set(read.ids))
        assert read.landmarks.count("main") == 1
        assert 'name="viewport" content="width=device-width, initial-scale=1"' in page


GROUNDS = [
    *(("body", "main"), ("a", "main"), (".muted", "main")),
    *((tone, tone) for tone in (".good", ".warn", ".bad", ".text", "textarea", "button", ".way")),
]


@pytest.mark.parametrize("style", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), GROUNDS)
def test_text_can_be_read_on_its_ground(style: str, text: str, ground: str) -> None:
    of = colours(style)

    assert contrast(of[text, "color"], of[ground, "background-color"]) >= 4.5


# ---- whoever wrote it --------------------------------------------------------------------------------------------


def skeleton(page: str) -> list[str]:
    """Return a page's tags without what citizens can change: addresses and fields' values."""
    return [re.sub(r' (href|value)="[^"]*"', "", tag) for tag in re.findall(r"<[^>]*>", page)]


@pytest.fixture
def known(hall: Hall) -> set[str]:
    """Every tag that pages of harmless items have."""
    hall.take(comment("mute", ""), comment("long", "Hej? " * 2_000), comment("unlinked", "När?", url="x"))
    hall.press(hall.word(DecisionKind.FORWARDED, "q2"), note="Gatukontoret")
    pages = [hall.get(hall.item(i)) for i in ("q1", "q2", "rude", "secret", "mute", "long", "unlinked")]
    pages += [hall.get(hall.word(kind, "q2")) for kind in (DecisionKind.FORWARDED, DecisionKind.REOPENED)]
    pages += [hall.press(hall.word(DecisionKind.FORWARDED))]
    return {tag for page in pages for tag in skeleton(page.text)}


@pytest.mark.parametrize("half", [0, 1])  # all of them at once would be more than one address may ask for
def test_nothing_that_a_citizen_writes_becomes_an_element(hall: Hall, known: set[str], half: int) -> None:
    attacks = ATTACKS[half::2]
    hall.take(*(comment(f"a{n}", f"?{a}", author=f"K{a}"[:2_000]) for n, a in enumerate(attacks)))
    for n, attack in enumerate(attacks):
        page = hall.get(hall.item(f"a{n}"))

        assert page.status_code == 200
        assert set(skeleton(page.text)) <= known, attack[:80]
        assert page.text.count('class="text"') <= 1
        assert outline(page.text).headings.count(1) == 1


def test_nothing_in_a_note_or_a_name_becomes_an_element(hall: Hall, known: set[str]) -> None:
    attacks = [a for a in ATTACKS if len(a) < 400]
    library, *others = accounts()
    hall.take(*(comment(f"n{n}", "När öppnar ni?") for n in range(len(attacks))))
    for n, attack in enumerate(attacks[::10]):
        register = register_of(replace(library, name=f"B{attack}"), *others)
        anna = replace(register.persons["anna"], name=f"A{attack}")
        hall.register(replace(register, persons={**register.persons, "anna": anna}))
        link = hall.word(DecisionKind.FORWARDED, f"n{n}")
        note = f"x{attack}"[:500].encode("utf-8", "replace").decode()
        pages = [hall.follow(hall.press(link, note=note)), hall.get(hall.word(DecisionKind.REOPENED, f"n{n}"))]

        for page in pages:
            assert page.status_code == 200
            assert set(skeleton(page.text)) <= known, attack
            assert outline(page.text).headings.count(1) == 1


def test_an_address_that_is_no_web_link_is_not_clickable(hall: Hall) -> None:
    mended = ("\x00", "\ud800")  # the database keeps another character in their place, and that is a web link
    urls = [url for url in LINKS_THAT_ARE_NONE if not any(char in url for char in mended)]
    hall.take(*(comment(f"u{n}", "När öppnar ni?", url=url) for n, url in enumerate(urls)))
    for n, url in enumerate(urls):
        page = hall.get(hall.item(f"u{n}")).text

        assert re.findall(r'href="([^"]+)"', page) == re.findall(r'class="way" href="([^"]+)"', page), url


def test_a_note_that_was_refused_comes_back_into_its_field(hall: Hall) -> None:
    link = hall.word(DecisionKind.REOPENED)
    fields = hidden(hall.get(link).text)
    hall.clock.move_to(NINE + timedelta(minutes=1))
    hall.press(hall.word(DecisionKind.ANSWERED_ELSEWHERE, person="bo"))
    answer = hall.browser.post(link, data={**fields, "about": "stale", "note": "</textarea><b>Hej"})

    assert answer.status_code == 409
    assert "&lt;/textarea&gt;&lt;b&gt;Hej</textarea>" in answer.text


def test_ids_with_any_characters_have_pages(hall: Hall) -> None:
    ids = ["at://did:plc:x/app.bsky.feed.post/3", "a b/c?d=e#f", "åäö", "%2e%2e", "🏊", "x" * 300]
    hall.take(*(comment(i, "När öppnar ni?") for i in ids))
    for i in ids:
        assert hall.get(hall.item(i)).status_code == 200
        assert re.fullmatch(r"/w/[A-Za-z0-9_-]+", path_of(hall.item(i)))
    assert hall.app.store.question(LIBRARY, "a b/c?d=e#f") is not None
