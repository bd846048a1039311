"""The register as CSV: what a spreadsheet gives."""

from datetime import date
from pathlib import Path

import pytest

from watchdaemon.domain.account import OwnerRole, Ownership
from watchdaemon.errors import ConfigError
from watchdaemon.services.register import parse_register

TODAY = date(2026, 11, 23)
UNITS = "key,name,manager\nlib,Bibliotek,maria\n"
PERSONS = (
    "key,name,mail,language,away_until\n"
    "anna,Anna Åberg,anna@example.org,sv,2026-12-01\n"
    'bo,"Exempel, Bo",bo@example.org,en,\n'
    "maria,Maria,maria@example.org,,\n"
)
ACCOUNTS = (
    "key,platform,native_id,name,link,unit,owners,approved_by,approved_on,own_ids,extra.page\n"
    "lib-fb,facebook,1,Biblioteket,https://www.facebook.com/lib,lib,"
    '"anna@example.org; bo; maria:substitute:2026-06-01..2026-08-31",maria,2026-01-01,7;8,p1\n'
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "units.csv").write_text(UNITS)
    (tmp_path / "persons.csv").write_text(PERSONS)
    (tmp_path / "accounts.csv").write_text(ACCOUNTS)
    return tmp_path


def test_a_folder_of_csv_files_is_a_register(folder: Path) -> None:
    register = parse_register(folder, on=TODAY)
    account = register.accounts["lib-fb"]

    assert register.persons["bo"].name == "Exempel, Bo"
    assert register.persons["anna"].away_until == date(2026, 12, 1)
    assert account.owners[2] == Ownership(
        person="maria", role=OwnerRole.SUBSTITUTE, from_on=date(2026, 6, 1), to_on=date(2026, 8, 31)
    )
    assert [o.person for o in account.owners] == ["anna", "bo", "maria"]
    assert (account.own_ids, account.extra) == (("7", "8"), {"page": "p1"})
    assert account.approved_on == date(2026, 1, 1)


def test_semicolons_and_a_byte_order_mark_are_read_as_excel_writes_them(folder: Path) -> None:
    text = PERSONS.replace('"Exempel, Bo"', "Exempel Bo").replace(",", ";").replace("\n", "\r\n")
    (folder / "persons.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())

    assert parse_register(folder, on=TODAY).persons["bo"].name == "Exempel Bo"


def test_accounts_alone_may_name_people_known_before(folder: Path) -> None:
    known = parse_register(folder, on=TODAY)
    alone = parse_register(folder / "accounts.csv", on=TODAY, known=known)

    assert (alone.persons, list(alone.accounts)) == ({}, ["lib-fb"])


def test_accounts_alone_cannot_name_strangers(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no person 'anna@example\.org'"):
        parse_register(folder / "accounts.csv", on=TODAY)


def test_faults_name_the_file_and_the_line_where_the_row_begins(folder: Path) -> None:
    (folder / "units.csv").write_text('key,name,chief\n"lib","Biblio\ntek",\n"lib2","ok",\n')
    (folder / "persons.csv").write_text(PERSONS.replace("bo@example.org", "bo"))

    with pytest.raises(ConfigError) as caught:
        parse_register(folder, on=TODAY)
    found = {(Path(f.file).name, f.line, f.key, f.message) for f in caught.value.faults}
    assert ("units.csv", 1, "chief", "unknown column") in found
    assert ("units.csv", 2, "units[lib].name", "must be one line of text without control characters") in found
    assert ("persons.csv", 3, "persons[bo].mail", "must be a mail address such as watch@example.org") in found


def test_a_row_longer_than_its_heads_is_a_fault(folder: Path) -> None:
    (folder / "units.csv").write_text("key,name\nlib,Bibliotek,maria\n")

    with pytest.raises(ConfigError, match=r"units\.csv:2: has 3 cells under 2 column heads"):
        parse_register(folder, on=TODAY)


def test_another_encoding_is_explained(folder: Path) -> None:
    (folder / "persons.csv").write_bytes(PERSONS.encode("cp1252"))

    with pytest.raises(ConfigError, match=r'persons\.csv:2: is not UTF-8 text; in Excel, save as "CSV UTF-8"'):
        parse_register(folder, on=TODAY)


def test_broken_quotes_are_a_fault(folder: Path) -> None:
    (folder / "units.csv").write_text('key,name\n"lib"x,Bibliotek\n')

    with pytest.raises(ConfigError, match=r"units\.csv:2: is not valid CSV"):
        parse_register(folder, on=TODAY)


def test_an_empty_folder_is_no_register(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"holds none of units\.csv"):
        parse_register(tmp_path, on=TODAY)
