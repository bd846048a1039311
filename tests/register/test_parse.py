"""A register file is taken as a whole or not at all, and every fault has its line."""

from datetime import date
from pathlib import Path

import pytest

from watchdaemon.domain.account import AccountStatus, Audience, OwnerRole, Ownership, Register
from watchdaemon.errors import ConfigError
from watchdaemon.services.register import parse_register

EXAMPLE = Path(__file__).parents[2] / "config" / "accounts.example.toml"
TODAY = date(2026, 11, 23)

PEOPLE = """\
units = [{ key = "lib", name = "Bibliotek", manager = "maria" }]
persons = [
  { key = "anna", name = "Anna", mail = "anna@example.org" },
  { key = "bo", name = "Bo", mail = "bo@example.org" },
  { key = "maria", name = "Maria", mail = "maria@example.org" },
]
"""
ACCOUNT = """\
[[accounts]]
key = "lib-fb"
platform = "facebook"
native_id = "1"
name = "Biblioteket"
link = "https://www.facebook.com/lib"
unit = "lib"
owners = ["anna", "bo"]
approved_by = "maria"
approved_on = 2026-01-01
"""


def parse(folder: Path, text: str, known: Register | None = None) -> Register:
    path = folder / "accounts.toml"
    path.write_text(text, encoding="utf-8")
    return parse_register(path, on=TODAY, known=known)


def faults(folder: Path, text: str, known: Register | None = None) -> list[tuple[int | None, str, str]]:
    with pytest.raises(ConfigError) as caught:
        parse(folder, text, known)
    return [(f.line, f.key, f.message) for f in caught.value.faults]


def test_the_example_says_every_key() -> None:
    register = parse_register(EXAMPLE, on=TODAY)
    library = register.accounts["biblioteket-fb"]

    assert [len(part) for part in (register.units, register.persons, register.accounts)] == [2, 5, 4]
    assert library.owners == (
        Ownership(person="anna"),
        Ownership(person="bo", from_on=date(2026, 1, 1)),
        Ownership(person="eva", role=OwnerRole.SUBSTITUTE, from_on=date(2026, 6, 15), to_on=date(2026, 8, 31)),
    )
    assert (library.warn_days, library.close_days, library.own_ids) == (14, 90, ("100000000000009",))
    assert library.credential == "facebook-biblioteket"
    assert register.persons["anna"].away_until == date(2026, 8, 14)
    assert register.accounts["klass-5b-yt"].audience is Audience.EXEMPT
    assert register.accounts["klass-5b-yt"].status is AccountStatus.RESTING


def test_an_account_without_a_manager_gets_its_units(tmp_path: Path) -> None:
    assert parse(tmp_path, PEOPLE + ACCOUNT).accounts["lib-fb"].manager == "maria"


def test_owners_may_be_named_by_mail_and_in_the_short_form(tmp_path: Path) -> None:
    text = ACCOUNT.replace('["anna", "bo"]', '["ANNA@example.org", "bo", "maria:substitute:2026-06-01..2026-08-31"]')
    owners = parse(tmp_path, PEOPLE + text).accounts["lib-fb"].owners

    assert owners == (
        Ownership(person="anna"),
        Ownership(person="bo"),
        Ownership(person="maria", role=OwnerRole.SUBSTITUTE, from_on=date(2026, 6, 1), to_on=date(2026, 8, 31)),
    )


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('["anna", "bo"]', '["anna"]', (14, ".owners", "has one owner only, now or later")),
        ('["anna", "bo"]', "[]", (14, ".owners", "has no owner")),
        ('["anna", "bo"]', '["anna", "bo:substitute"]', (14, ".owners", "has one owner only")),
        ('["anna", "bo"]', '["anna", "bo:owner:..2026-11-22"]', (14, ".owners", "has one owner only")),
        ('["anna", "bo"]', '["anna", "anna"]', (14, ".owners[1]", "'anna' is named twice")),
        ('["anna", "bo"]', '["anna", "bob"]', (14, ".owners[1].person", "no person 'bob' (did you mean")),
        (
            '"bo"]',
            '{ person = "bo", from = 2026-02-01, to = 2026-01-01 }, "maria"]',
            (14, ".owners[1].to", "is before"),
        ),
        ('"bo"]', '{ person = "bo", form = 2026-02-01 }]', (14, ".owners[1].form", "did you mean 'from'?")),
        ('"bo"]', '"bo:chief"]', (14, ".owners[1].role", "should be 'owner' or 'substitute'")),
        ('unit = "lib"', 'unit = "libb"', (13, ".unit", "no unit 'libb' (did you mean 'lib'?)")),
        ('unit = "lib"', 'unit = "lib"\nmanager = "mario"', (14, ".manager", "no person 'mario'")),
        ('manager = "maria"', 'manager = "nobody"', (1, "units[lib].manager", "no person 'nobody'")),
        (', manager = "maria"', "", (7, ".manager", "is missing, and unit 'lib' has none either")),
        ("https://www", "javascript://www", (12, ".link", "must be a web address")),
        ("https://www.facebook.com/lib", "https://", (12, ".link", "must be a web address")),
        ('"anna@example.org"', '"anna"', (3, "persons[anna].mail", "must be a mail address")),
        ('"anna@example.org"', '"bo@example.org"', (4, "persons[bo].mail", "is the address of person 'anna' too")),
        ('name = "Anna"', 'name = "Anna\\r\\nBcc: x"', (3, "persons[anna].name", "one line of text")),
        ('key = "bo"', 'key = "b o"', (4, "persons[b o].key", "without spaces")),
        ('key = "bo",', 'key = "anna",', (4, "persons[anna].key", "is used already, by")),
        ("approved_on = 2026-01-01\n", "", (7, ".approved_on", "status is approved")),
        ('approved_by = "maria"\n', 'status = "resting"\n', (7, ".approved_by", "status is resting")),
        ('approved_by = "maria"', 'approved_by = "maria"\nstatus = "resting"', (7, ".resting_until", "until a date")),
        ('approved_by = "maria"', 'approved_by = "maria"\nstatus = "open"', (16, ".status", "should be 'applied'")),
        (
            'approved_by = "maria"',
            'approved_by = "maria"\naudience = "exempt"',
            (7, ".audience_reason", "needs its reason"),
        ),
        (
            'approved_by = "maria"',
            'approved_by = "maria"\nwarn_days = 9\nclose_days = 9',
            (16, ".warn_days", "smaller"),
        ),
        ('approved_by = "maria"', 'approved_by = "maria"\nwarn_days = 0', (16, ".warn_days", "greater than")),
        ('approved_by = "maria"', 'approved_by = "maria"\ncredential = "../x"', (16, ".credential", "must be made of")),
        ('name = "Biblioteket"\n', "", (7, ".name", "is missing")),
        ("2026-01-01", '"some day"', (16, ".approved_on", "date")),
        ("platform =", "plattform =", (9, ".plattform", "unknown key (did you mean 'platform'?)")),
        ("[[accounts]]", "[[account]]", (7, "account", "unknown table (did you mean 'accounts'?)")),
        ("[[accounts]]", "[accounts]", (7, "accounts", "must be written as [[accounts]]")),
    ],
)
def test_a_fault_names_entry_key_and_line(tmp_path: Path, old: str, new: str, fault: tuple[int, str, str]) -> None:
    line, key, message = fault
    key = f"accounts[lib-fb]{key}" if key.startswith(".") else key
    found = {(f[0], f[1]): f[2] for f in faults(tmp_path, (PEOPLE + ACCOUNT).replace(old, new, 1))}

    assert message in found.get((line, key), f"not among {found}")


def test_each_fault_brings_up_no_other(tmp_path: Path) -> None:
    text = (PEOPLE + ACCOUNT).replace('"bo@example.org"', '"bo"').replace("https:", "ftp:")

    assert [key for _, key, _ in faults(tmp_path, text)] == ["persons[bo].mail", "accounts[lib-fb].link"]


def test_one_account_of_a_platform_is_registered_once(tmp_path: Path) -> None:
    text = PEOPLE + ACCOUNT + ACCOUNT.replace("lib-fb", "lib-fb-2")

    assert faults(tmp_path, text) == [
        (20, "accounts[lib-fb-2].native_id", "is registered already, as account 'lib-fb'"),
    ]


def test_an_account_cannot_take_the_id_of_one_registered_before(tmp_path: Path) -> None:
    known = parse(tmp_path, PEOPLE + ACCOUNT)

    assert [m for _, _, m in faults(tmp_path, PEOPLE + ACCOUNT.replace("lib-fb", "new"), known)] == [
        "is registered already, as account 'lib-fb'"
    ]


def test_a_closed_account_needs_no_owners(tmp_path: Path) -> None:
    text = ACCOUNT.replace('["anna", "bo"]', '[]\nstatus = "closed"')

    assert parse(tmp_path, PEOPLE + text).accounts["lib-fb"].owners == ()


def test_numbers_are_taken_as_ids(tmp_path: Path) -> None:
    text = ACCOUNT.replace('native_id = "1"', "native_id = 100000000000001")

    assert parse(tmp_path, PEOPLE + text).accounts["lib-fb"].native_id == "100000000000001"


def test_people_known_before_may_be_named(tmp_path: Path) -> None:
    known = parse(tmp_path, PEOPLE)
    register = parse(tmp_path, ACCOUNT, known)

    assert list(register.accounts) == ["lib-fb"]
    assert register.persons == {}


@pytest.mark.parametrize("name", ["accounts.xlsx", "accounts", "nothing.toml"])
def test_a_file_of_no_known_kind_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError):
        parse_register(tmp_path / name, on=TODAY)
