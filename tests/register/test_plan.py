"""What an import changes is shown field by field, made as a whole, and the second time it is nothing."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from watchdaemon.domain.account import AccountStatus, OwnerRole, Ownership, Register
from watchdaemon.domain.audit import Change
from watchdaemon.ports import Store
from watchdaemon.services.register import apply, import_register, parse_register, plan, prepare
from watchdaemon.storage import open_store, upgrade
from watchdaemon.testing.memory import MemoryStore

EXAMPLE = Path(__file__).parents[2] / "config" / "accounts.example.toml"
TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/w.sqlite3"
        upgrade(url)
        opened: Store = open_store(url)
    else:
        opened = MemoryStore()
    yield opened
    opened.close()


@pytest.fixture
def example() -> Register:
    return parse_register(EXAMPLE, on=TODAY)


def without(folder: Path, *accounts: str) -> Path:
    """The example without some accounts."""
    head, *blocks = EXAMPLE.read_text("utf-8").split("[[accounts]]")
    kept = [b for b in blocks if not any(f'key = "{a}"' in b for a in accounts)]
    path = folder / "accounts.toml"
    path.write_text("[[accounts]]".join([head, *kept]), "utf-8")
    return path


def test_the_first_import_adds_everything_and_the_second_nothing(store: Store) -> None:
    first = prepare(EXAMPLE, store.load_register(), on=TODAY)
    apply(first, store, by="karin", at=NOW)
    second = prepare(EXAMPLE, store.load_register(), on=TODAY)

    assert [(c.kind, c.key) for c in first.changes[:3]] == [
        ("unit", "bibliotek"),
        ("unit", "kommunikation"),
        ("person", "anna"),
    ]
    assert all(c.field == "" and c.before is None for c in first.changes)
    assert len(first.changes) == len(store.audit_trail()) == 11
    assert second.changes == ()
    assert store.load_register() == parse_register(EXAMPLE, on=TODAY)


def test_a_register_made_in_code_is_imported_the_same_way(store: Store, example: Register) -> None:
    first = import_register(store, example, by="demo", at=NOW)
    second = import_register(store, example, by="demo", at=NOW)

    assert (len(first.changes), len(second.changes)) == (11, 0)
    assert {(e.by, e.at) for e in store.audit_trail()} == {("demo", NOW)}


def test_an_added_account_is_written_down_with_all_it_says(example: Register) -> None:
    added = {c.key: c.after or "" for c in plan(Register(), example)}

    assert "platform=facebook; native_id=100000000000001" in added["biblioteket-fb"]
    assert "owners=anna, bo:owner:2026-01-01.., eva:substitute:2026-06-15..2026-08-31" in added["biblioteket-fb"]


def test_a_changed_field_is_one_change(example: Register) -> None:
    account = example.accounts["biblioteket-ig"]
    changed = replace(
        account, status=AccountStatus.CLOSING, owners=(*account.owners, Ownership(person="eva")), credential=None
    )
    new = replace(example, accounts={**example.accounts, account.key: changed})

    assert plan(example, new) == [
        Change(kind="account", key=account.key, field="owners", before="anna, bo", after="anna, bo, eva"),
        Change(kind="account", key=account.key, field="status", before="approved", after="closing"),
        Change(kind="account", key=account.key, field="credential", before="facebook-biblioteket", after=None),
    ]


def test_the_order_of_owners_is_no_change(example: Register) -> None:
    account = example.accounts["biblioteket-fb"]
    turned = replace(account, owners=tuple(reversed(account.owners)))

    assert plan(example, replace(example, accounts={**example.accounts, account.key: turned})) == []


def test_a_removed_person_is_one_change_with_what_was_known(example: Register) -> None:
    new = replace(example, persons={k: p for k, p in example.persons.items() if k != "eva"})

    assert plan(example, new) == [
        Change(
            kind="person",
            key="eva",
            field="",
            before="name=Eva Exempel; mail=eva@exempelkommun.example; language=sv",
            after=None,
        )
    ]


def test_an_account_that_the_file_leaves_out_stays(tmp_path: Path, example: Register) -> None:
    prepared = prepare(without(tmp_path, "kommunen-x"), example, on=TODAY)

    assert (prepared.missing, prepared.changes) == (("kommunen-x",), ())
    assert prepared.register == example


def test_an_account_that_the_file_leaves_out_is_closed_on_request(tmp_path: Path, example: Register) -> None:
    prepared = prepare(without(tmp_path, "kommunen-x"), example, on=TODAY, close_missing=True)

    assert [(c.key, c.field, c.after) for c in prepared.changes] == [("kommunen-x", "status", "closed")]
    assert prepared.register.accounts["kommunen-x"].status is AccountStatus.CLOSED


def test_a_person_goes_when_the_file_and_every_account_have_let_go(tmp_path: Path, example: Register) -> None:
    path = tmp_path / "persons.csv"
    path.write_text("key,name,mail\nkarin,Karin Exempel,karin@exempelkommun.example\n")
    stranger = replace(example.persons["bo"], key="stranger", mail="stranger@exempelkommun.example")
    known = replace(example, persons={**example.persons, "stranger": stranger})
    prepared = prepare(tmp_path, known, on=TODAY)

    assert [(c.kind, c.key, c.after) for c in prepared.changes] == [("person", "stranger", None)]
    assert set(prepared.register.persons) == set(example.persons)


def test_a_file_of_accounts_alone_leaves_people_alone(tmp_path: Path, example: Register) -> None:
    path = tmp_path / "accounts.csv"
    path.write_text(
        "key,platform,native_id,name,link,unit,owners,status\n"
        "new,x,77,@exempel,https://x.com/exempel,bibliotek,anna;bo,applied\n"
    )
    prepared = prepare(path, example, on=TODAY)

    assert [(c.kind, c.key) for c in prepared.changes] == [("account", "new")]
    assert prepared.register.persons == example.persons


def test_roles_and_dates_are_written_the_way_the_file_has_them(example: Register) -> None:
    owner = Ownership(person="bo", role=OwnerRole.SUBSTITUTE, to_on=date(2026, 8, 31))
    account = replace(example.accounts["kommunen-x"], owners=(owner,))
    changes = plan(example, replace(example, accounts={**example.accounts, "kommunen-x": account}))

    assert [(c.before, c.after) for c in changes] == [("eva, karin", "bo:substitute:..2026-08-31")]
