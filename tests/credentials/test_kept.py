"""Credentials at rest: sealed, the newer of two counts, and one refresher at a time."""

import threading
import traceback

import pytest
from tests.credentials.conftest import NOW, Safe, secret

from watchdaemon.credentials import Origin, new_key
from watchdaemon.domain.credential import CredentialState
from watchdaemon.errors import ConfigError, RefusedCredentialError
from watchdaemon.ports import CredentialSource, CredentialStore
from watchdaemon.settings import FileCredentials


def test_it_is_a_store_and_a_folder_of_files_is_not(safe: Safe) -> None:
    source: CredentialSource = FileCredentials(safe.folder)

    assert isinstance(safe.kept, CredentialStore)
    assert not isinstance(source, CredentialStore)


# ---- sealing ---------------------------------------------------------------------------------------------------


def test_what_was_written_is_read_back_and_stands_nowhere_in_the_clear(safe: Safe) -> None:
    safe.kept.write("x", secret(token="hemlig-token", note="å\n"), by="anna")
    (record,) = safe.store.credential_records()

    assert safe.read("x") == {"token": "hemlig-token", "note": "å\n"}
    assert "hemlig" not in record.sealed
    assert "hemlig" not in repr(record) + repr(safe.kept.overview()) + repr(safe.kept.read("x"))
    assert (record.state, record.changed_at, record.changed_by) == (CredentialState.GOOD, NOW, "anna")


def test_without_a_key_nothing_is_written_and_the_error_says_how_to_make_one(safe: Safe) -> None:
    (safe.folder / "watchdaemon-key").unlink()

    with pytest.raises(ConfigError, match="watchdaemon credentials new-key"):
        safe.kept.write("x", secret(token="t"))
    assert safe.store.credential_records() == []


def test_without_a_key_files_are_read_as_before(safe: Safe) -> None:
    (safe.folder / "watchdaemon-key").unlink()
    safe.file("x", "from-file")

    assert safe.read("x") == {"token": "from-file"}


def test_another_key_opens_nothing_not_even_the_file_of_that_name(safe: Safe) -> None:
    """Whether the file's token is spent can only be read in what is sealed."""
    safe.file("x", "from-file")
    safe.kept.write("x", secret(token="t"))
    safe.file("watchdaemon-key", new_key().get_secret_value())

    with pytest.raises(ConfigError, match="no key in 'watchdaemon-key' opens it"):
        safe.kept.read("x")
    assert "no key" in safe.kept.overview()[0].fault


@pytest.mark.parametrize("text", ["not a key", "key = 'c2hvcnQ='", "other = 'x'", "c2hvcnQ="])
def test_what_is_no_key_is_refused_without_showing_it(safe: Safe, text: str) -> None:
    safe.file("watchdaemon-key", text)

    with pytest.raises(ConfigError) as caught:
        safe.kept.write("x", secret(token="hemlig"))
    shown = "".join(traceback.format_exception(caught.value))
    assert "c2hvcnQ" not in shown
    assert "hemlig" not in str(caught.value)


def test_what_was_altered_or_moved_to_another_name_does_not_open(safe: Safe) -> None:
    safe.kept.write("a", secret(token="t"))
    record = safe.store.credential_record("a")
    assert record is not None
    safe.store._data.credentials["b"] = record
    safe.store._data.credentials["c"] = type(record)(
        name="c", sealed=record.sealed[:-4] + "AAA=", revision=1, changed_at=NOW
    )

    with pytest.raises(ConfigError, match="stored for another one"):
        safe.kept.read("b")
    with pytest.raises(ConfigError, match="no key in"):
        safe.kept.read("c")


def test_a_new_key_first_and_the_old_one_beside_it_then_the_old_one_may_go(safe: Safe) -> None:
    old, new = (safe.folder / "watchdaemon-key").read_text(), new_key().get_secret_value()
    safe.kept.write("x", secret(token="t"))
    safe.kept.write("y", secret(token="u"))
    safe.file("watchdaemon-key", f'key = "{new}"\nbefore_2026 = "{old}"\n')

    before = safe.read("x")
    sealed_anew = safe.kept.rotate()
    safe.file("watchdaemon-key", new)

    assert before == safe.read("x") == {"token": "t"}
    assert (sealed_anew, safe.read("y")) == (2, {"token": "u"})


def test_a_rotation_in_the_middle_of_a_refresh_leaves_its_state(safe: Safe) -> None:
    safe.kept.write("x", secret(token="t"))
    with safe.kept.refreshing("x") as refresh:
        refresh.begin()
    safe.kept.rotate()

    with safe.kept.refreshing("x") as again:
        assert again.was_interrupted


# ---- files -----------------------------------------------------------------------------------------------------


def test_a_refreshed_token_wins_over_the_file_it_came_from(safe: Safe) -> None:
    safe.file("x", 'refresh_token = "first"')
    with safe.kept.refreshing("x") as refresh:
        refresh.begin()
        refresh.finish(secret(refresh_token="second"))

    assert safe.read("x") == {"refresh_token": "second"}


def test_a_file_that_an_operator_replaces_wins_over_what_is_stored(safe: Safe) -> None:
    safe.file("x", 'refresh_token = "first"')
    safe.kept.write("x", secret(refresh_token="connected"))
    stored = safe.read("x")
    safe.file("x", 'refresh_token = "replaced"')

    assert stored == {"refresh_token": "connected"}
    assert safe.read("x") == {"refresh_token": "replaced"}
    assert [o.origin for o in safe.kept.overview()] == [Origin.FILE]


def test_a_replaced_file_ends_a_refusal(safe: Safe) -> None:
    safe.file("x", 'refresh_token = "first"')
    with safe.kept.refreshing("x") as refresh:
        refresh.begin()
        refresh.refused()
    safe.file("x", 'refresh_token = "replaced"')

    with safe.kept.refreshing("x") as refresh:
        assert not refresh.was_interrupted
        assert refresh.fields["refresh_token"].get_secret_value() == "replaced"


def test_a_forgotten_credential_leaves_its_file(safe: Safe) -> None:
    safe.file("x", "from-file")
    safe.kept.write("x", secret(token="stored"))

    assert safe.kept.forget("x")
    assert not safe.kept.forget("x")
    assert safe.read("x") == {"token": "from-file"}


# ---- refreshing ------------------------------------------------------------------------------------------------


def test_a_refresh_that_was_not_ended_is_known_to_the_next_one(safe: Safe) -> None:
    safe.kept.write("x", secret(refresh_token="old"), by="anna")
    with safe.kept.refreshing("x") as refresh:
        refresh.begin()

    with safe.kept.refreshing("x") as again:
        assert again.was_interrupted
        assert again.fields["refresh_token"].get_secret_value() == "old"
    assert safe.kept.overview()[0].changed_by == "anna"


def test_a_refused_credential_says_so_until_it_is_written_anew(safe: Safe) -> None:
    safe.kept.write("x", secret(refresh_token="old"))
    with safe.kept.refreshing("x") as refresh:
        refresh.begin()
        refresh.refused()

    with pytest.raises(RefusedCredentialError, match="must connect the account again"):
        safe.kept.read("x")
    with pytest.raises(RefusedCredentialError), safe.kept.refreshing("x"):
        pass
    safe.kept.write("x", secret(refresh_token="new"))
    assert safe.read("x") == {"refresh_token": "new"}


def test_no_refresh_begins_without_a_key_to_keep_the_new_token_with(safe: Safe) -> None:
    safe.file("x", 'refresh_token = "only one"')
    (safe.folder / "watchdaemon-key").unlink()

    with pytest.raises(ConfigError, match="no key to encrypt"), safe.kept.refreshing("x"):
        pytest.fail("the token would have been used up")


def test_of_many_refreshers_one_refreshes_and_the_others_find_it_done(safe: Safe) -> None:
    safe.kept.write("x", secret(refresh_token="0"))
    asked: list[str] = []

    def refresh_if_old() -> None:
        with safe.kept.refreshing("x") as refresh:
            if refresh.fields["refresh_token"].get_secret_value() == "0":
                refresh.begin()
                asked.append("0")
                refresh.finish(secret(refresh_token="1"))

    threads = [threading.Thread(target=refresh_if_old) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)

    assert asked == ["0"]
    assert safe.read("x") == {"refresh_token": "1"}
