"""The daily check of credentials, what people are told of it, and keeping what was proven."""

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from tests.services.conftest import Office, account
from tests.services.test_alerts import alerts, mailed

from watchdaemon.credentials import KeptCredentials, new_key
from watchdaemon.domain.alert import AlertKind
from watchdaemon.domain.credential import CredentialVerdict
from watchdaemon.domain.fetch import CredentialHealth, Trouble
from watchdaemon.domain.quota import Held
from watchdaemon.errors import AccountError, ConfigError, Reason, RetriableError
from watchdaemon.ports import CredentialSource, PlatformAdapter
from watchdaemon.services.credentials import ConnectService, HealthService, shared_with
from watchdaemon.settings import FileCredentials

GOOD = CredentialHealth(
    account="a", is_valid=True, detail="good", kind="page token", scopes=("read",), connected_by="Anna"
)
REVOKED = CredentialHealth(account="a", is_valid=False, detail="revoked")


@pytest.fixture
def health(office: Office) -> HealthService:
    """The service over an office with two accounts."""
    office.enrol(account("a", credential="a"), account("b", credential="b"))
    return HealthService(store=office.store, adapters=office.adapter, clock=office.clock)


def run(health: HealthService, office: Office) -> int:
    """One pass's checks."""
    return health.run(office.register, office.clock())


def test_each_account_is_asked_about_once_a_day(office: Office, health: HealthService) -> None:
    counts = [run(health, office)]
    for hours in (1, 22, 1):
        office.clock.advance(timedelta(hours=hours))
        counts.append(run(health, office))

    assert counts == [2, 0, 0, 2]
    assert sorted(office.platform.asked_about) == ["a", "a", "b", "b"]


def test_an_account_whose_budget_is_near_its_end_is_asked_about_later(office: Office, health: HealthService) -> None:
    held = Held(account="a", detail="used up", cause_key="x", until=None)
    first = health.run(office.register, office.clock(), hold=lambda a: held if a.key == "a" else None)
    asked = list(office.platform.asked_about)
    second = run(health, office)

    assert (first, asked) == (1, ["b"])
    assert (second, office.platform.asked_about) == (1, ["b", "a"])


def test_what_the_platform_says_is_kept(office: Office, health: HealthService) -> None:
    ends = office.clock() + timedelta(days=30)
    said = CredentialHealth(
        account="a",
        is_valid=True,
        detail="good",
        kind="page token",
        scopes=("read",),
        missing_scopes=("write",),
        connected_by="Anna",
        expires_at=ends,
        clocks={"token": ends, "data access": ends + timedelta(days=30)},
    )
    office.platform.says_of_credential("a", said)
    run(health, office)
    check = office.store.credential_checks()["a"]

    assert (check.verdict, check.kind, check.scopes, check.missing_scopes, check.connected_by) == (
        CredentialVerdict.VALID, "page token", ("read",), ("write",), "Anna",
    )  # fmt: skip
    assert (check.expires_at, check.clocks, check.checked_at) == (ends, said.clocks, office.clock())


@pytest.mark.parametrize(
    ("said", "verdict", "reason"),
    [
        (REVOKED, CredentialVerdict.DEAD, Reason.UNAUTHORISED),
        (
            AccountError("none", platform="fake", reason=Reason.NO_CREDENTIAL),
            CredentialVerdict.DEAD, Reason.NO_CREDENTIAL,
        ),
        (AccountError("gone", platform="fake", reason=Reason.GONE), CredentialVerdict.UNKNOWN, None),
        (RetriableError("503", platform="fake"), CredentialVerdict.UNKNOWN, None),
        (ZeroDivisionError("a plug-in's own fault"), CredentialVerdict.UNKNOWN, None),
    ],
)  # fmt: skip
def test_only_a_word_about_the_credential_is_taken_for_one(
    office: Office,
    health: HealthService,
    said: CredentialHealth | Exception,
    verdict: CredentialVerdict,
    reason: Reason | None,
) -> None:
    office.platform.says_of_credential("a", said)
    run(health, office)
    checks = office.store.credential_checks()

    assert (checks["a"].verdict, checks["a"].reason) == (verdict, reason)
    assert checks["b"].verdict is CredentialVerdict.VALID


def test_a_platform_that_is_away_does_not_undo_what_it_said(office: Office, health: HealthService) -> None:
    office.platform.says_of_credential("a", GOOD)
    run(health, office)
    before = office.store.credential_checks()["a"]
    office.clock.advance(timedelta(days=1))
    office.platform.says_of_credential("a", RetriableError("503", platform="fake"))
    run(health, office)
    after = office.store.credential_checks()["a"]

    assert (after.verdict, after.checked_at, after.kind) == (before.verdict, before.checked_at, "page token")
    assert after.tried_at == office.clock()


def test_a_daemon_that_is_asked_to_stop_checks_nothing_more(office: Office, health: HealthService) -> None:
    stop = threading.Event()
    stop.set()

    assert health.run(office.register, office.clock(), stop=stop) == 0
    assert office.platform.asked_about == []


# ---- what people are told ----------------------------------------------------------------------------------------


def test_a_dead_credential_is_told_once_and_explains_the_windows_it_costs(
    office: Office, health: HealthService
) -> None:
    office.platform.says_of_credential("a", REVOKED)
    run(health, office)
    first = alerts(office).run(office.register, office.clock())
    dead = Trouble(reason=Reason.UNAUTHORISED, detail="revoked", needs_person=True)
    office.platform.breaks("a", dead)
    office.clock.advance(timedelta(minutes=1))
    office.poll()
    second = alerts(office).run(office.register, office.clock())

    assert (first, second) == (2, 0)
    assert [a.kind for a in office.store.alerts(only_open=True)] == [AlertKind.CREDENTIAL_DEAD]


def test_a_credential_mended_overnight_is_told_as_over_and_yesterday_s_failure_is_no_news(
    office: Office, health: HealthService
) -> None:
    office.platform.says_of_credential("a", REVOKED)
    run(health, office)
    alerts(office).run(office.register, office.clock())
    office.platform.breaks("a", Trouble(reason=Reason.UNAUTHORISED, detail="revoked", needs_person=True))
    office.poll()
    office.clock.advance(timedelta(hours=23))
    office.platform.says_of_credential("a", None)
    run(health, office)
    over = alerts(office).run(office.register, office.clock())
    office.platform.recovers("a")
    office.clock.advance(timedelta(hours=1))
    office.poll()
    afterwards = alerts(office).run(office.register, office.clock())

    assert (over, afterwards) == (2, 0)
    assert [a.kind for a in office.store.alerts()] == [AlertKind.CREDENTIAL_DEAD]


def test_a_dead_credential_that_the_watch_log_told_is_not_told_again(office: Office, health: HealthService) -> None:
    office.platform.breaks("a", Trouble(reason=Reason.UNAUTHORISED, detail="revoked", needs_person=True))
    office.poll()
    first = alerts(office).run(office.register, office.clock())
    office.platform.says_of_credential("a", REVOKED)
    run(health, office)
    office.clock.advance(timedelta(minutes=1))
    second = alerts(office).run(office.register, office.clock())

    assert (first, second) == (2, 0)
    assert [a.kind for a in office.store.alerts(only_open=True)] == [AlertKind.NOT_WATCHED]


def test_an_end_ahead_is_told_fourteen_seven_and_one_day_before_and_its_renewal_too(
    office: Office, health: HealthService
) -> None:
    ends = office.clock() + timedelta(days=20)
    told = []
    for day in range(20):
        said = CredentialHealth(account="a", is_valid=True, detail="good", expires_at=ends)
        office.platform.says_of_credential("a", said)
        run(health, office)
        told.append((20 - day, alerts(office).run(office.register, office.clock())))
        office.clock.advance(timedelta(days=1))
    office.platform.says_of_credential("a", GOOD)
    run(health, office)
    over = alerts(office).run(office.register, office.clock())

    assert [(days, mails) for days, mails in told if mails] == [(14, 2), (7, 2), (1, 2)]
    assert over == 2
    assert office.store.alerts(only_open=True) == []
    assert mailed(office) == ["anna", "bo"] * 4


# ---- connecting --------------------------------------------------------------------------------------------------


class Bench:
    """Connects accounts of an office."""

    def __init__(self, office: Office, folder: Path) -> None:
        (folder / "watchdaemon-key").write_text(new_key().get_secret_value())
        self.kept = KeptCredentials(office.store, FileCredentials(folder), key="watchdaemon-key", clock=office.clock)
        self.proven: list[str] = []
        self._office = office
        self.service = ConnectService(
            store=office.store, credentials=self.kept, adapter_with=self._adapter_with, clock=office.clock
        )

    def _adapter_with(self, platform: str, credentials: CredentialSource) -> PlatformAdapter:
        self.proven += [f"{credentials.read(n)['token'].get_secret_value()}" for n in ("a", "fresh") if n in self.names]
        return self._office.adapter(platform)

    names: tuple[str, ...] = ("a",)


@pytest.fixture
def bench(office: Office, tmp_path: Path) -> Bench:
    """A bench in an office with two accounts, one of which names no credential."""
    office.enrol(account("a", credential="a"), account("fresh"))
    return Bench(office, tmp_path)


def test_a_proven_credential_is_kept_checked_and_in_the_audit_table(office: Office, bench: Bench) -> None:
    office.platform.says_of_credential("a", GOOD)
    connected = bench.service.keep(office.register.accounts["a"], {"token": SecretStr("t")}, by="karin")
    entry = office.store.audit_trail()[-1]

    assert bench.proven == ["t"]
    assert connected.health == GOOD
    assert bench.kept.read("a")["token"].get_secret_value() == "t"
    assert office.store.credential_checks()["a"].verdict is CredentialVerdict.VALID
    assert (entry.by, entry.change.kind, entry.change.after) == ("karin", "credential", "connected for a")


def test_another_account_s_credential_is_refused_and_not_kept(office: Office, bench: Bench) -> None:
    wrong = CredentialHealth(account="a", is_valid=False, detail="the token belongs to another account")
    office.platform.says_of_credential("a", wrong)

    with pytest.raises(AccountError, match="not kept: the token belongs to another account"):
        bench.service.keep(office.register.accounts["a"], {"token": SecretStr("t")}, by="karin")
    assert office.store.credential_records() == []
    assert office.store.credential_checks() == {}


def test_an_account_that_names_no_credential_gets_one_of_its_own_name(office: Office, bench: Bench) -> None:
    bench.names = ("fresh",)
    connected = bench.service.keep(office.register.accounts["fresh"], {"token": SecretStr("t")}, by="karin")

    assert connected.credential == "fresh"
    assert office.store.load_register().accounts["fresh"].credential == "fresh"
    assert [e.change.field for e in office.store.audit_trail()[-2:]] == ["", "credential"]


def test_what_is_being_connected_is_not_read_as_another_credential(office: Office, bench: Bench) -> None:
    bench.names = ("a", "fresh")

    with pytest.raises(ConfigError, match="not the one that is being connected"):
        bench.service.keep(office.register.accounts["a"], {"token": SecretStr("t")}, by="karin")


def test_accounts_that_share_a_credential_are_named(office: Office) -> None:
    office.enrol(account("a", credential="meta"), account("b", credential="meta"), account("c"))

    assert shared_with(office.register, office.register.accounts["a"]) == ["b"]
    assert shared_with(office.register, office.register.accounts["c"]) == ()
