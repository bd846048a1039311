"""What every adapter must do, as tests: subclass `AdapterConformance` and give it a fixture named ``case``.

::

    class TestMyPlatform(AdapterConformance):
        @pytest.fixture
        def case(self, my_server) -> AdapterCase:
            return AdapterCase(plugin=plugin, settings={"base_url": my_server.url}, context=…, accounts=[…], secrets=…)

The accounts of a case must be readable without trouble and hold something, by a server or recorded answers of yours
that answer the same again when they are asked again.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from unittest.mock import patch

import httpx
import structlog

from watchdaemon.domain.account import Account
from watchdaemon.domain.fetch import Cover, Coverage, Cursors, FetchResult
from watchdaemon.domain.item import Item, ItemKind, Visibility
from watchdaemon.errors import AdapterError, ConfigError, RetriableError
from watchdaemon.http import Road
from watchdaemon.ports import AdapterContext, AdapterPlugin, PlatformAdapter


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterCase:
    """An adapter with something to read."""

    plugin: AdapterPlugin
    context: AdapterContext
    accounts: Sequence[Account]
    settings: Mapping[str, object] = field(default_factory=dict)
    secrets: Sequence[str] = ()  # must show nowhere

    @property
    def adapter(self) -> PlatformAdapter:
        """A new adapter."""
        return self.plugin.create(self.settings, self.context)


class AdapterConformance:
    """The suite. Each test gets the subclass's fixture ``case``."""

    def test_the_adapter_has_its_plugins_name(self, case: AdapterCase) -> None:
        """The register finds the adapter by the name its accounts have."""
        require(case.adapter.name == case.plugin.name, "adapter and plug-in have different names")
        require(case.adapter.batch_size >= 1, "batch_size is below 1")

    def test_every_kind_has_one_line_of_coverage(self, case: AdapterCase) -> None:
        """The matrix speaks of every kind once, and gives the reason for what is not covered."""
        lines = case.adapter.kinds()
        require(sorted(line.kind for line in lines) == sorted(ItemKind), "kinds() must name every ItemKind once")
        for line in lines:
            require(
                line.cover is Cover.FULL or line.note != "", f"{line.kind}: not fully covered, and no note says why"
            )

    def test_an_unknown_setting_is_refused_by_name(self, case: AdapterCase) -> None:
        """A misspelt key is a fault in the file, not silently ignored."""
        try:
            case.plugin.create({**case.settings, "no_such_key": 1}, case.context)
        except ConfigError as error:
            keys = [fault.key for fault in error.faults]
            require(keys == [f"platforms.{case.plugin.name}.no_such_key"], f"the faults name {keys}")
        else:
            raise AssertionError("an unknown key was taken")

    def test_nothing_is_fetched_for_no_accounts(self, case: AdapterCase) -> None:
        """No accounts, no results."""
        require(list(case.adapter.fetch([], {})) == [], "results for accounts that nobody asked for")

    def test_every_account_gets_one_final_result(self, case: AdapterCase) -> None:
        """An account may come in pieces; its last piece, and no other, is final."""
        results = fetch(case)
        for account in case.accounts:
            finals = [r.is_final for r in results if r.account == account.key]
            require(finals.count(True) == 1 and finals[-1], f"{account.key}: pieces are final as {finals}")
        asked = {a.key for a in case.accounts}
        require({r.account for r in results} <= asked, "results for accounts that nobody asked for")

    def test_the_case_is_read_completely_and_holds_something(self, case: AdapterCase) -> None:
        """Without trouble on the platform there is none in the results."""
        results = fetch(case)
        for result in results:
            reasons = [(t.reason.value, t.stream, t.detail) for t in result.troubles]
            require(result.coverage is Coverage.COMPLETE, f"{result.account}: {reasons}")
        require(any(r.items for r in results), "the case has no items: it proves nothing")
        require(all(r.calls > 0 for r in results if r.is_final), "a fetch without a single call")

    def test_items_are_well_formed(self, case: AdapterCase) -> None:
        """Keys, times, threads and authors keep the contract of `Item`."""
        for result in fetch(case):
            account = next(a for a in case.accounts if a.key == result.account)
            for item in result.items:
                check_item(item, account, case.plugin.name)

    def test_an_item_comes_once_in_a_result(self, case: AdapterCase) -> None:
        """(account, external_id) is the key."""
        for result in fetch(case):
            ids = [i.external_id for i in result.items]
            require(len(ids) == len(set(ids)), f"{result.account}: an id comes twice in one result")

    def test_cursors_are_text_and_are_accepted_back(self, case: AdapterCase) -> None:
        """A second fetch from the cursors of the first is complete, contradicts nothing, and leaves no cursor out."""
        first = fetch(case)
        cursors = cursors_after(first)
        for streams in cursors.values():
            require(all(isinstance(v, str) for v in streams.values()), "a cursor is not text")
        second = fetch(case, cursors)
        known = {i.key: i for r in first for i in r.items}
        for result in second:
            require(result.coverage is Coverage.COMPLETE, f"{result.account}: the second fetch is {result.coverage}")
            for item in result.items:
                require(known.get(item.key, item) == item, f"{result.account}: an item changed although nothing did")

    def test_cursors_that_make_no_sense_do_no_harm(self, case: AdapterCase) -> None:
        """What cannot be read is no cursor: the account is read as if for the first time, or says what is wrong."""
        streams = {name for of in cursors_after(fetch(case)).values() for name in of}
        nonsense = {a.key: dict.fromkeys(streams, "\ufffdno cursor{") for a in case.accounts}
        finals = [r for r in fetch(case, nonsense) if r.is_final]
        require(len(finals) == len(case.accounts), "an account without a final result")

    def test_an_account_without_a_credential_fails_alone(self, case: AdapterCase) -> None:
        """The others of the same call get theirs, and a person is wanted."""
        lost = replace(case.accounts[0], key="lost", native_id="0", credential=None)
        results = list(case.adapter.fetch([lost, *case.accounts], {}))
        of_lost = [r for r in results if r.account == "lost"]
        require([r.coverage for r in of_lost] == [Coverage.FAILED], "the account without a credential did not fail")
        require(any(t.needs_person for t in of_lost[0].troubles), "no person is told to mend it")
        others = [r for r in results if r.account != "lost" and r.is_final]
        require(all(r.coverage is Coverage.COMPLETE for r in others), "it took others with it")
        require(len(others) == len(case.accounts), "others got no result")

    def test_errors_are_adapter_errors(self, case: AdapterCase) -> None:
        """Whatever the matter is, callers get the error tree, with platform and account."""
        lost = replace(case.accounts[0], key="lost", native_id="0", credential=None)
        asked: list[Callable[[Account], object]] = [case.adapter.profile, case.adapter.credential]
        for ask in asked:
            try:
                ask(lost)
            except AdapterError as error:
                require(error.platform == case.plugin.name, f"the error says platform {error.platform!r}")
            else:
                raise AssertionError("no error without a credential")

    def test_a_platform_that_goes_away_fails_every_account_also_one_just_read(self, case: AdapterCase) -> None:
        """Nothing seen is never partly seen: what an adapter remembers, or need not ask, is no part of a fetch."""
        adapter = case.adapter
        cursors = cursors_after(list(adapter.fetch(case.accounts, {})))
        with away(case.context.road):
            finals = [r for r in adapter.fetch(case.accounts, cursors) if r.is_final]
        require(len(finals) == len(case.accounts), "an account without a final result")
        for result in finals:
            require(result.coverage is Coverage.FAILED, f"{result.account}: {result.coverage} with the platform away")

    def test_every_item_is_rechecked_once(self, case: AdapterCase) -> None:
        """One answer an item; a known visibility or a reason why not; nothing is deleted that is there."""
        for result in fetch(case):
            account = next(a for a in case.accounts if a.key == result.account)
            answers = list(case.adapter.recheck(account, result.items))
            asked = sorted(i.external_id for i in result.items)
            require(sorted(a.external_id for a in answers) == asked, f"{account.key}: rechecks do not match the items")
            for answer in answers:
                require(answer.visibility is not Visibility.DELETED, f"{account.key}: called deleted what is there")
                require(answer.account == account.key, "a recheck of another account")
        require(list(case.adapter.recheck(case.accounts[0], [])) == [], "rechecks of nothing")

    def test_profile_and_credential_speak_of_the_account(self, case: AdapterCase) -> None:
        """Both name the account and hold what a person can read."""
        for account in case.accounts:
            profile, health = case.adapter.profile(account), case.adapter.credential(account)
            require(profile.account == health.account == account.key, "another account's profile or credential")
            require(profile.name != "", f"{account.key}: a profile without a name")
            require(health.is_valid, f"{account.key}: a good credential is called bad: {health.detail}")
            for at in (profile.last_own_activity_at, health.expires_at):
                require(at is None or is_utc(at), f"{account.key}: {at} is not aware UTC")

    def test_no_secret_shows(self, case: AdapterCase) -> None:
        """Not in results, not in any log line of any level, not in an adapter's own representation."""
        require(len(case.secrets) > 0, "the case names no secret: this test would prove nothing")
        with everything_logged() as lines:
            adapter = case.adapter
            shown = [repr(adapter), repr(list(adapter.fetch(case.accounts, {})))]
            shown += [repr(adapter.credential(a)) for a in case.accounts]
        for secret in case.secrets:
            require(all(secret not in text for text in shown), "a secret shows in what the adapter gives back")
            require(all(secret not in line for line in lines), "a secret shows in a log line")


def fetch(case: AdapterCase, cursors: Mapping[str, Cursors] | None = None) -> list[FetchResult]:
    """Fetch the case's accounts with a new adapter."""
    return list(case.adapter.fetch(case.accounts, cursors or {}))


def cursors_after(results: Sequence[FetchResult]) -> dict[str, dict[str, str]]:
    """Return the cursors as they are stored after the results."""
    stored: dict[str, dict[str, str]] = {}
    for result in results:
        stored.setdefault(result.account, {}).update(result.cursors)
    return stored


def check_item(item: Item, account: Account, platform: str) -> None:
    """Check one item against the contract. Raises AssertionError."""
    where = f"{account.key}: item of kind {item.kind}"
    require((item.account, item.platform) == (account.key, platform), f"{where} is not the account's")
    require(bool(item.external_id and item.thread_id), f"{where} without external_id or thread_id")
    require(is_utc(item.published_at), f"{where}: published_at is not aware UTC")
    require(item.edited_at is None or is_utc(item.edited_at), f"{where}: edited_at is not aware UTC")
    require(item.kind is not ItemKind.POST or item.by_account, f"{where} by somebody else")
    require(item.kind is not ItemKind.POST or item.thread_id == item.external_id, f"{where} in another's thread")
    require(not item.is_automatic or item.by_account, f"{where}: automatic, and not the account's own")
    require(item.parent_id != item.external_id, f"{where} is its own parent")
    private = item.kind is ItemKind.MESSAGE
    require(not private or item.visibility is Visibility.PRIVATE, f"{where} is not private")
    require("\0" not in item.text, f"{where}: NUL in the text")
    item.text.encode()  # half a surrogate pair would break storage and mail


def require(condition: bool, message: str) -> None:
    """Raise AssertionError with `message` unless the condition holds; unlike assert, also under -O."""
    if not condition:
        raise AssertionError(message)


def is_utc(at: datetime) -> bool:
    """Tell whether a time is aware and in UTC."""
    return at.utcoffset() == timedelta(0)


@contextmanager
def away(road: Road) -> Iterator[None]:
    """No request of any thread is answered."""

    def unanswered(*_: object, platform: str, account: str | None = None, **__: object) -> httpx.Response:
        raise RetriableError("no answer (the suite has switched the platform off)", platform=platform, account=account)

    with patch.object(road, "request", unanswered):
        yield


@contextmanager
def everything_logged() -> Iterator[list[str]]:
    """Collect every line that is logged, by structlog and by the standard library, down to DEBUG."""
    lines: list[str] = []

    class Collecting(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    root, handler = logging.getLogger(), Collecting(logging.DEBUG)
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with structlog.testing.capture_logs() as entries:
            yield lines
        lines.extend(repr(entry) for entry in entries)
    finally:
        root.setLevel(level)
        root.removeHandler(handler)
