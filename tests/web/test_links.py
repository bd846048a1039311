"""Links that are not believed: damaged, expired, revoked, somebody else's, of an old key. (3 s)"""

import base64
import string
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.services.conftest import register_of
from tests.web.conftest import LIBRARY, NINE, POOL, PUBLIC, Hall, accounts, configured, hidden, path_of

from watchdaemon.app import signed_links
from watchdaemon.domain.account import Register
from watchdaemon.domain.question import DecisionKind
from watchdaemon.errors import ConfigError
from watchdaemon.services.links import LinkKeys, LinkRefusedError, Page, Refusal, SignedLinks
from watchdaemon.settings import FileCredentials
from watchdaemon.testing.memory import MemoryStore

SEEN = DecisionKind.SEEN
KEY = "k" * 40


def links(folder: Path, store: MemoryStore, web: str = "") -> SignedLinks:
    """What makes links, as a fresh process would."""
    made = signed_links(configured(folder, web), store)
    assert made is not None
    return made


def token(link: str) -> str:
    """A link's token."""
    return link.rpartition("/")[2]


def refusal(made: SignedLinks, link: str, *, days: float = 0) -> Refusal | None:
    """Why a link is not believed so many days later; None when it is."""
    try:
        ticket = made.read(token(link), NINE + timedelta(days=days))
        made.check_generation(ticket, "anna")
    except LinkRefusedError as error:
        return error.refusal
    return None


@pytest.fixture
def store() -> Iterator[MemoryStore]:
    """An empty store."""
    with closing(MemoryStore()) as opened:
        yield opened


# ---- what a link is ----------------------------------------------------------------------------------------------


def test_the_same_arguments_give_the_same_link_and_each_other_one_another(tmp_path: Path, store: MemoryStore) -> None:
    made = links(tmp_path, store)
    base = ("anna", LIBRARY, "q1", SEEN)
    others = [
        ("bo", *base[1:]),
        ("anna", POOL, *base[2:]),
        ("anna", LIBRARY, "q2", SEEN),
        (*base[:3], DecisionKind.REMOVED),
    ]

    first = made.word(*base, at=NINE)

    assert first == made.word(*base, at=NINE) == links(tmp_path, store).word(*base, at=NINE)
    assert len({first, made.item(*base[:3], at=NINE), *(made.word(*o, at=NINE) for o in others)}) == 6
    assert first != made.word(*base, at=NINE + timedelta(seconds=1))


def test_a_link_is_short_and_no_person_or_account_can_be_read_in_it(tmp_path: Path, store: MemoryStore) -> None:
    link = links(tmp_path, store).word("anna.andersson", "socialtjansten-fb", "123456789_987654321", SEEN, at=NINE)
    raw = base64.urlsafe_b64decode(token(link) + "==")

    assert link.startswith(f"{PUBLIC}/w/")
    assert len(link) < 120
    assert set(token(link)) <= set(string.ascii_letters + string.digits + "-_")
    assert b"anna" not in raw
    assert b"social" not in raw


def test_a_link_ends_in_a_letter_or_a_digit_so_that_mail_programs_leave_nothing_of_it_out(
    tmp_path: Path, store: MemoryStore
) -> None:
    made = links(tmp_path, store)
    for size in range(1, 7):
        for number in range(100):
            external_id = f"{number:0{size}}"
            first = made.item("anna", LIBRARY, external_id, at=NINE + timedelta(seconds=number))
            ticket = made.read(token(first), NINE)

            assert ticket.subject == external_id
            assert first[-1].isalnum()
            assert made.further(ticket, SEEN, serial=b"1234")[-1].isalnum()


def test_what_is_read_is_what_was_signed(tmp_path: Path, store: MemoryStore) -> None:
    made = links(tmp_path, store)
    ticket = made.read(token(made.item("anna", LIBRARY, "at://did:plc:x/app.bsky.feed.post/3å", at=NINE)), NINE)

    assert ticket.purpose is Page.ITEM
    assert ticket.subject == "at://did:plc:x/app.bsky.feed.post/3å"
    assert ticket.expires_at == NINE + timedelta(days=30)
    assert (ticket.is_of_person("anna"), ticket.is_of_person("bo")) == (True, False)
    assert (ticket.is_of_account(LIBRARY), ticket.is_of_account(POOL)) == (True, False)
    assert KEY not in repr(ticket)
    assert token(made.item("anna", LIBRARY, "q1", at=NINE)) not in repr(ticket)


# ---- damaged -----------------------------------------------------------------------------------------------------


def test_no_character_of_a_link_can_be_changed_and_nothing_cut_off_or_added(tmp_path: Path, store: MemoryStore) -> None:
    made = links(tmp_path, store)
    whole = token(made.word("anna", LIBRARY, "q1", SEEN, at=NINE))
    alphabet = string.ascii_letters + string.digits + "-_"
    changed = {whole[:i] + c + whole[i + 1 :] for i in range(len(whole)) for c in alphabet} - {whole}
    cut = {whole[:i] for i in range(len(whole))} | {whole[i:] for i in range(1, len(whole))}
    added = {
        whole + "A",
        whole + "=",
        "A" + whole,
        whole + whole,
        whole + "\n",
        " " + whole,
        whole + "%00",
        whole + "å",
    }

    assert refusal(made, whole) is None
    assert {refusal(made, bad) for bad in changed | cut | added} == {Refusal.FORGED}


def test_no_byte_of_a_link_can_be_changed(tmp_path: Path, store: MemoryStore) -> None:
    made = links(tmp_path, store)
    raw = base64.urlsafe_b64decode(token(made.word("anna", LIBRARY, "q1", SEEN, at=NINE)) + "==")
    flipped = [bytes([*raw[:i], raw[i] ^ bit, *raw[i + 1 :]]) for i in range(len(raw)) for bit in (1, 0x80)]

    assert {refusal(made, base64.urlsafe_b64encode(b).rstrip(b"=").decode()) for b in flipped} == {Refusal.FORGED}


@given(st.text(max_size=300))
@settings(max_examples=200, deadline=None)
def test_whatever_comes_as_a_token_is_refused_and_breaks_nothing(text: str) -> None:
    made = SignedLinks(store := MemoryStore(), _keys_of(store), public_url=PUBLIC, life=timedelta(days=1))
    made.word("anna", LIBRARY, "q1", SEEN, at=NINE)

    assert refusal(made, text) is Refusal.FORGED


def _keys_of(store: MemoryStore) -> LinkKeys:
    return LinkKeys(store, FileCredentials(Path("/nowhere")), credential="k", is_required=False, life=timedelta(days=1))


def test_one_persons_link_cannot_be_made_anothers_without_the_key(tmp_path: Path, store: MemoryStore) -> None:
    made = links(tmp_path, store)
    annas, bos = (
        base64.urlsafe_b64decode(token(made.word(who, LIBRARY, "q1", SEEN, at=NINE)) + "==") for who in ("anna", "bo")
    )
    differ = [i for i in range(len(annas) - 16) if annas[i] != bos[i]]
    mixed = annas[: differ[0]] + bos[differ[0] : differ[-1] + 1] + annas[differ[-1] + 1 :]

    assert refusal(made, base64.urlsafe_b64encode(mixed).rstrip(b"=").decode()) is Refusal.FORGED


# ---- in time, and taken back -------------------------------------------------------------------------------------


def test_a_link_holds_until_its_days_are_over(tmp_path: Path, store: MemoryStore) -> None:
    made = links(tmp_path, store, "link_days = 7\n")
    link = made.word("anna", LIBRARY, "q1", SEEN, at=NINE)

    assert refusal(made, link, days=6.999) is None
    assert refusal(made, link, days=7) is Refusal.EXPIRED


def test_revoked_links_never_come_back_and_new_ones_hold(tmp_path: Path, store: MemoryStore) -> None:
    made, elsewhere = links(tmp_path, store), links(tmp_path, store)
    old = made.word("anna", LIBRARY, "q1", SEEN, at=NINE)

    elsewhere.revoke("bo")
    assert refusal(made, old) is None
    elsewhere.revoke("anna")
    assert refusal(made, old) is Refusal.REVOKED
    newer = made.word("anna", LIBRARY, "q1", SEEN, at=NINE + timedelta(minutes=1))
    assert refusal(made, newer) is None
    elsewhere.revoke(None)
    assert {refusal(made, old), refusal(made, newer)} == {Refusal.REVOKED}
    assert refusal(made, made.word("anna", LIBRARY, "q1", SEEN, at=NINE + timedelta(minutes=2))) is None


# ---- keys --------------------------------------------------------------------------------------------------------


def test_without_a_credential_one_key_is_made_and_kept(tmp_path: Path, store: MemoryStore) -> None:
    link = links(tmp_path, store).word("anna", LIBRARY, "q1", SEEN, at=NINE)

    assert refusal(links(tmp_path, store), link) is None
    assert refusal(links(tmp_path, MemoryStore()), link) is Refusal.FORGED


def test_a_replaced_key_is_believed_as_long_as_its_links_live_and_signs_no_more(
    tmp_path: Path, store: MemoryStore
) -> None:
    made = links(tmp_path, store)
    old = made.word("anna", LIBRARY, "q1", SEEN, at=NINE)
    made.renew_key(NINE + timedelta(days=1))
    fresh = made.word("anna", LIBRARY, "q1", SEEN, at=NINE)

    assert fresh != old
    assert refusal(made, old, days=29) is None
    assert len(links(tmp_path, store)._keys.accepted(NINE + timedelta(days=30))) == 2
    assert len(links(tmp_path, store)._keys.accepted(NINE + timedelta(days=31))) == 1


def credential(folder: Path, text: str) -> None:
    """Put the key's credential in place."""
    (folder / "credentials").mkdir(exist_ok=True)
    (folder / "credentials" / "watchdaemon-web-key").write_text(text)


def test_a_credential_takes_over_and_the_stored_key_retires(tmp_path: Path, store: MemoryStore) -> None:
    old = links(tmp_path, store).word("anna", LIBRARY, "q1", SEEN, at=NINE)
    credential(tmp_path, KEY)
    made = links(tmp_path, store)
    fresh = made.word("anna", LIBRARY, "q1", SEEN, at=NINE)

    assert refusal(links(tmp_path, MemoryStore()), fresh) is None  # by the credential alone
    assert refusal(made, old, days=29) is None
    assert len(made._keys.accepted(NINE + timedelta(days=31))) == 1


def test_an_older_key_beside_the_new_one_in_the_credential_is_believed(tmp_path: Path, store: MemoryStore) -> None:
    credential(tmp_path, KEY)
    old = links(tmp_path, store).word("anna", LIBRARY, "q1", SEEN, at=NINE)
    credential(tmp_path, f'key = "{"n" * 40}"\nold = "{KEY}"\n')
    both = links(tmp_path, store)
    credential(tmp_path, "n" * 40)

    assert both.word("anna", LIBRARY, "q1", SEEN, at=NINE) != old
    assert refusal(both, old) is Refusal.FORGED  # read anew: the old one is gone from the file
    credential(tmp_path, f'key = "{"n" * 40}"\nold = "{KEY}"\n')
    assert refusal(both, old) is None


@pytest.mark.parametrize(
    ("text", "web", "said"),
    [
        ("short", "", "too short for a key"),
        ('other = "x"\n', "", "no field named key"),
        (None, 'key = "given"\n', "there is no such file"),
    ],
)
def test_a_credential_that_is_no_key_is_a_fault_and_never_replaced_by_another(
    tmp_path: Path, store: MemoryStore, text: str | None, web: str, said: str
) -> None:
    (tmp_path / "credentials").mkdir()
    if text is not None:
        credential(tmp_path, text)

    with pytest.raises(ConfigError, match=said):
        links(tmp_path, store, web).word("anna", LIBRARY, "q1", SEEN, at=NINE)
    assert store.get_state("web_keys") is None


def test_a_credential_that_breaks_later_keeps_no_mail_from_being_written(tmp_path: Path, store: MemoryStore) -> None:
    credential(tmp_path, KEY)
    made = links(tmp_path, store)
    before = made.word("anna", LIBRARY, "q1", SEEN, at=NINE)
    credential(tmp_path, "short")
    made.word("anna", LIBRARY, "q2", SEEN, at=NINE + timedelta(minutes=1))

    assert made.word("anna", LIBRARY, "q1", SEEN, at=NINE) == before
    with pytest.raises(ConfigError):
        made.read(token(before), NINE)  # nobody is believed meanwhile


def test_a_credentials_key_is_not_renewed_in_the_database(tmp_path: Path, store: MemoryStore) -> None:
    credential(tmp_path, KEY)

    with pytest.raises(ConfigError, match="put a new one there"):
        links(tmp_path, store).renew_key(NINE)


# ---- over HTTP ---------------------------------------------------------------------------------------------------


def bad_links(hall: Hall) -> dict[str, tuple[str, int]]:
    """Every kind of link that is not believed, with the status its page has."""
    good = hall.word(SEEN)
    strange = SignedLinks(store := MemoryStore(), _keys_of(store), public_url=PUBLIC, life=timedelta(days=30))
    return {
        "damaged": (good[:-1] + ("A" if good[-1] != "A" else "Q"), 403),
        "cut": (good[:-5], 403),
        "of another key": (hall.here(strange.word("anna", LIBRARY, "q1", SEEN, at=NINE)), 403),
        "of nobody": (hall.word(SEEN, person="nobody"), 403),
        "of an account that is not hers": (hall.word(SEEN, of=POOL), 403),
        "of an item that is not there": (hall.word(SEEN, "q9"), 410),
        "of an account that is not there": (hall.word(SEEN, of="x"), 410),
        "of a window that is not there": (
            hall.here(hall.links.seen_all("anna", replace(hall.window, index=9), at=NINE)),
            410,
        ),
    }


def test_no_bad_link_shows_or_changes_anything(hall: Hall) -> None:
    bad = bad_links(hall)
    proof = hidden(hall.get(hall.word(SEEN)).text)
    before = hall.dump()
    for name, (link, status) in bad.items():
        for answer in (hall.get(link), hall.browser.post(link, data=proof)):
            assert answer.status_code == status, name
            assert 'lang="sv"' in answer.text, name
            assert 'lang="en"' in answer.text, name
            assert "öppnar" not in answer.text, name  # the item's text
            assert "<form" not in answer.text, name
    assert hall.dump() == before


def test_expired_and_revoked_links_are_refused_over_http_too(hall: Hall) -> None:
    link, fields = hall.word(SEEN), hidden(hall.get(hall.word(SEEN)).text)
    hall.links.revoke("anna")
    before = hall.dump()

    assert "Länken har dragits tillbaka" in hall.get(link).text
    assert hall.browser.post(link, data=fields).status_code == 403
    hall.clock.move_to(NINE + timedelta(days=31))
    assert hall.browser.post(link, data=fields).status_code == 410
    assert hall.dump() == before


def test_somebody_who_left_the_register_is_refused(hall: Hall) -> None:
    link = hall.word(SEEN)
    without = replace(accounts()[0], owners=accounts()[0].owners[1:])
    register = register_of(without, *accounts()[1:])
    people = {key: p for key, p in register.persons.items() if key != "anna"}
    hall.register(Register(units=register.units, persons=people, accounts={LIBRARY: without}))

    assert hall.get(link).status_code == 403


@pytest.mark.parametrize("kind", [Page.ITEM, *(kind for kind in DecisionKind if kind is not SEEN)])
def test_a_link_says_only_its_own_word(hall: Hall, kind: DecisionKind | Page) -> None:
    seen = hidden(hall.get(hall.word(SEEN)).text)
    other = hall.item() if isinstance(kind, Page) else hall.word(kind)
    before = hall.dump()

    assert hall.browser.post(other, data=seen).status_code == 400  # the form of another link's page
    assert hall.dump() == before


def test_a_thousand_links_are_signed_in_a_moment(tmp_path: Path, store: MemoryStore) -> None:
    made = links(tmp_path, store)
    began = time.perf_counter()
    for n in range(1_000):
        made.word("anna", LIBRARY, f"q{n}", SEEN, at=NINE)

    assert time.perf_counter() - began < 1  # about 10 ms on an idle core


def test_a_link_has_no_more_of_a_path_than_its_token(hall: Hall) -> None:
    assert path_of(hall.word(SEEN)).count("/") == 2
    assert hall.get(hall.word(SEEN) + "/x").status_code == 404
