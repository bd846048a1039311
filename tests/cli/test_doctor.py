"""The doctor asks the platforms, and says what is wrong and what to do in a person's words."""

import json
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from tests.cli.conftest import Run
from tests.cli.connected import account
from tests.cli.provider import Provider

from watchdaemon.cli._remedies import State, finding_of
from watchdaemon.clock import system_clock
from watchdaemon.domain.credential import CredentialCheck, CredentialVerdict
from watchdaemon.domain.delivery import DeliveryKey, MailKind, MailTrouble, OutgoingMail
from watchdaemon.errors import AccountError, AdapterError, Reason, RetriableError
from watchdaemon.http import Road
from watchdaemon.services.credentials import Examined
from watchdaemon.settings import load_settings
from watchdaemon.storage import open_store

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
STOCKHOLM = ZoneInfo("Europe/Stockholm")
KEYS = "key\nkey-secret\ntoken\ntoken-secret\n"


def findings(run: Run, office: Path, *arguments: str) -> dict[str, dict[str, str]]:
    """What the doctor says, by what it looked at."""
    rows = json.loads(run("doctor", *arguments, "--json", "-c", office).stdout)
    return {row["what"]: row for row in rows}


def test_a_credential_that_works_is_in_order(run: Run, office: Path) -> None:
    run("auth", "x", "--account", "kommunen-x", "--way", "oauth1", "-c", office, stdin=KEYS)
    result = run("doctor", "kommunen-x", "-c", office)
    found = findings(run, office, "kommunen-x")

    assert result.exit_code == 0
    assert set(found) == {"credential kommunen-x", "account kommunen-x"}
    assert found["account kommunen-x"]["state"] == "ok"
    assert "connected by @exempelkommun" in found["account kommunen-x"]["detail"]


def test_another_account_s_credential_is_named_with_the_next_step(run: Run, office: Path, provider: Provider) -> None:
    run("auth", "x", "--account", "kommunen-x", "--way", "oauth1", "-c", office, stdin=KEYS)
    provider.owner = "999999"
    result = run("doctor", "kommunen-x", "-c", office)

    assert result.exit_code == 1
    assert "FAULT account kommunen-x: cannot be watched: the token belongs to another X account" in result.stdout
    assert "Connect it again: watchdaemon auth x --account kommunen-x" in result.stdout


def test_an_account_without_a_credential_is_told_how_to_get_one(run: Run, office: Path) -> None:
    found = findings(run, office, "kommunen-bluesky")

    assert found["account kommunen-bluesky"]["next"] == (
        "Connect it: watchdaemon auth bluesky --account kommunen-bluesky"
    )


def test_a_missing_key_is_a_warning_with_the_command_that_makes_one(run: Run, office: Path) -> None:
    (office.parent / "credentials" / "watchdaemon-key").unlink()
    found = findings(run, office, "--offline")

    assert found["credential key"]["state"] == "warning"
    assert "watchdaemon credentials new-key" in found["credential key"]["detail"]


def test_a_person_of_the_configuration_whom_the_register_does_not_know_is_named(run: Run, office: Path) -> None:
    text = office.read_text().replace("[mail]", 'communications = ["anna", "karn"]\n[mail]', 1)
    office.write_text(text + '[alerts.channels]\nbo = "bo-channel"\nmara = "mara-channel"\n')
    found = findings(run, office, "--offline")

    told = {what: row["detail"].split(",")[0] for what, row in found.items() if row["state"] == "FAULT"}
    assert told.items() >= {
        ("organisation.communications", "names 'karn'"),
        ("alerts.channels", "names 'mara'"),
    }


def test_a_communications_unit_of_nobody_is_a_warning(run: Run, office: Path) -> None:
    found = findings(run, office, "--offline")

    assert found["organisation.communications"]["state"] == "warning"
    assert "no monthly overview" in found["organisation.communications"]["detail"]


def test_offline_no_platform_is_asked(run: Run, office: Path, provider: Provider) -> None:
    run("auth", "x", "--account", "kommunen-x", "--way", "oauth1", "-c", office, stdin=KEYS)
    provider.requests.clear()
    found = findings(run, office, "--offline")

    assert provider.requests == []
    assert "account kommunen-x" not in found
    assert found["credential kommunen-x"]["state"] == "ok"


def test_an_unknown_account_is_a_wrong_command_line(run: Run, office: Path) -> None:
    result = run("doctor", "kommunen-xx", "-c", office)

    assert result.exit_code == 2
    assert "did you mean 'kommunen-x'" in result.stderr


FILES = {
    "x": 'consumer_key = "k"\nconsumer_secret = "k"\naccess_token = "t"\naccess_token_secret = "t"\n',
    "facebook": 'token = "page-own"\n',
    "threads": 'token = "th-long"\n',
}


def credit(office: Path) -> None:
    """Give some accounts a credential each, by file."""
    with closing(open_store(load_settings(office).database_url().get_secret_value())) as store:
        register = store.load_register()
        accounts = dict(register.accounts)
        for platform, text in FILES.items():
            (office.parent / "credentials" / platform).write_text(text)
            accounts[f"kommunen-{platform}"] = replace(accounts[f"kommunen-{platform}"], credential=platform)
        store.apply_changes(replace(register, accounts=accounts), [], by="test", at=NOW)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A road that tries once and waits for nothing."""
    monkeypatch.setattr(Road, "_wait_before", lambda *_: None)


@pytest.mark.usefixtures("impatient")
def test_a_machine_that_reaches_nobody_is_told_so_once(run: Run, office: Path, provider: Provider) -> None:
    credit(office)
    office.write_text(office.read_text().replace(provider.url, "http://127.0.0.1:9"))
    found = findings(run, office)

    assert found["network"]["state"] == "FAULT"
    assert (
        found["network"]["detail"]
        == "none of 3 platforms could be reached from here, so none of 3 accounts was asked about"
    )
    assert not [what for what in found if what in {f"account kommunen-{p}" for p in FILES}]


@pytest.mark.usefixtures("impatient")
def test_where_one_platform_answers_each_account_is_told_of(run: Run, office: Path, provider: Provider) -> None:
    credit(office)
    office.write_text(office.read_text().replace(f"{provider.url}/threads", "http://127.0.0.1:9/threads"))
    found = findings(run, office)

    assert "network" not in found
    assert found["account kommunen-x"]["state"] == "ok"
    assert "did not say" in found["account kommunen-threads"]["detail"]


def test_an_answer_in_another_version_of_the_api_is_a_warning(run: Run, office: Path, provider: Provider) -> None:
    credit(office)
    provider.headers = {"facebook-api-version": "v26.0"}
    found = findings(run, office, "kommunen-facebook")

    assert found["platform facebook"]["state"] == "warning"
    assert "was asked in version v25.0 of its API and answered in v26.0" in found["platform facebook"]["detail"]


def check(verdict: CredentialVerdict = CredentialVerdict.VALID, **facts: object) -> CredentialCheck:
    """A check of X's account."""
    return CredentialCheck(account="kommunen-x", credential="x", verdict=verdict, tried_at=NOW, **facts)  # type: ignore[arg-type]  # a test's shorthand


@pytest.mark.parametrize(
    ("examined", "state", "detail", "step"),
    [
        (Examined(check=check(detail="good")), State.OK, "good; no end known", ""),
        (
            Examined(check=check(detail="good", kind="page token", clocks={"data access": NOW + timedelta(days=60)})),
            State.OK,
            "good; page token; data access ends Fri 2027-01-22 09:00",
            "",
        ),
        (
            Examined(check=check(detail="good"), missing_for_moderation=("tweet.write",)),
            State.OK,
            "good; no end known",
            "it lacks tweet.write: watchdaemon auth x --account kommunen-x --moderate",
        ),
        (
            Examined(check=check(missing_scopes=("dm.read",))),
            State.WARNING,
            "works, but lacks dm.read",
            "Give our app the missing permission",
        ),
        (
            Examined(check=check(expires_at=NOW + timedelta(days=3), detail="it could not be renewed: refused")),
            State.WARNING,
            "works, and ends Thu 2026-11-26 09:00: it could not be renewed: refused",
            "watchdaemon auth x --account kommunen-x",
        ),
        (
            Examined(check=check(expires_at=NOW + timedelta(days=3))),
            State.WARNING,
            "works, and ends Thu 2026-11-26 09:00",
            "watchdaemon auth x --account kommunen-x",
        ),
        (
            Examined(check=check(CredentialVerdict.DEAD, reason=Reason.NO_CREDENTIAL, detail="no such file")),
            State.FAULT,
            "cannot be watched: no such file",
            "Connect it: watchdaemon auth x",
        ),
        (
            Examined(check=check(), silence=RetriableError("no answer", platform="x")),
            State.WARNING,
            "the platform did not say: no answer",
            "try again later",
        ),
        (
            Examined(check=check(), silence=AccountError("no such user", platform="x", reason=Reason.GONE)),
            State.FAULT,
            "no such user",
            "Open https://example.org",
        ),
        (
            Examined(check=check(), silence=AdapterError("the adapter failed", platform="x", reason=Reason.INTERNAL)),
            State.FAULT,
            "the adapter failed",
            "report it",
        ),
    ],
)
def test_what_is_found_is_put_into_words(examined: Examined, state: State, detail: str, step: str) -> None:
    found = finding_of(account("x", "1"), examined, STOCKHOLM)

    assert found.state is state
    assert detail in found.detail
    assert step in found.next
    assert found.next or state is State.OK


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_a_next_step(reason: Reason) -> None:
    silence = AdapterError("x", platform="x", reason=reason)
    found = finding_of(account("x", "1"), Examined(check=check(), silence=silence), STOCKHOLM)

    assert found.next
    assert "{" not in found.next


@pytest.mark.parametrize(
    ("retry_at", "state", "next_words"),
    [(None, "FAULT", "Correct the person's address"), (NOW, "warning", "tried again by itself")],
    ids=["refused for good", "not taken for now"],
)
def test_a_mail_that_did_not_arrive_is_named_with_the_next_step(
    run: Run, lived: Path, retry_at: datetime | None, state: str, next_words: str
) -> None:
    store = open_store(load_settings(lived).database_url().get_secret_value())
    key = DeliveryKey(kind=MailKind.DIGEST, recipient="anna", period="2026-11-23/1")
    queued_at = system_clock()
    store.queue(OutgoingMail(key=key, address="anna@example.org", subject="s", message=b"m"), at=queued_at)
    (claimed,) = store.claim(now=queued_at, lease=timedelta(minutes=5))
    store.book_failed(claimed.id, at=queued_at, error="550 no such mailbox", next_attempt_at=retry_at)
    store.close()

    found = findings(run, lived, "--offline")["mail to anna"]

    assert (found["state"], found["detail"]) == (state, "digest/anna/2026-11-23/1: 550 no such mailbox")
    assert next_words in found["next"]


def test_whose_mail_comes_back_is_named_with_the_reason_in_our_words(run: Run, office: Path) -> None:
    trouble = MailTrouble(
        person="anna", address="anna@example.org", since=NOW, status="5.1.1", detail="there is no such mailbox"
    )
    with closing(open_store(load_settings(office).database_url().get_secret_value())) as store:
        store.book_mail_trouble(trouble)

    found = findings(run, office)["mail to anna"]
    assert found["state"] == "FAULT"
    assert found["detail"] == "comes back since 2026-11-23: 5.1.1, there is no such mailbox"
