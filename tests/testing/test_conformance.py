"""The conformance suite catches what it promises to catch, and lets a good adapter through."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import cast

import httpx
import pytest
from pydantic import SecretStr

from watchdaemon.domain.account import Account
from watchdaemon.domain.fetch import (
    Cover,
    Coverage,
    CredentialHealth,
    Cursors,
    FetchResult,
    KindCoverage,
    Profile,
    Recheck,
    Trouble,
)
from watchdaemon.domain.item import Item, ItemKind, Visibility
from watchdaemon.errors import AccountError, ConfigError, Fault, Reason, RetriableError
from watchdaemon.http import Road
from watchdaemon.ports import AdapterContext, PlatformAdapter
from watchdaemon.testing.conformance import AdapterCase, AdapterConformance

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SECRET = "hemligt"
Tests = Callable[[AdapterConformance, AdapterCase], None]


class PocketRoad(Road):
    """Answers without asking anybody."""

    def request(self, *_: object, **__: object) -> httpx.Response:
        return httpx.Response(200)


class GoodAdapter:
    """Does everything right, from memory."""

    name = "pocket"
    batch_size = 1
    road: Road

    def kinds(self) -> Sequence[KindCoverage]:
        return [KindCoverage(kind=k, cover=Cover.NONE, note="it is a pocket") for k in ItemKind]

    def fetch(self, accounts: Sequence[Account], cursors: Mapping[str, Cursors]) -> Iterator[FetchResult]:
        for account in accounts:
            if account.credential is None:
                trouble = Trouble(reason=Reason.NO_CREDENTIAL, detail="none", needs_person=True)
                yield FetchResult(account=account.key, coverage=Coverage.FAILED, troubles=(trouble,))
            elif self.is_away():
                trouble = Trouble(reason=Reason.OUTAGE, detail="no answer")
                yield FetchResult(account=account.key, coverage=Coverage.FAILED, troubles=(trouble,), calls=1)
            else:
                yield FetchResult(
                    account=account.key,
                    coverage=Coverage.COMPLETE,
                    items=tuple(self.items(account)),
                    cursors={"comments": "1"},
                    calls=1,
                )

    def is_away(self) -> bool:
        try:
            self.road.request("GET", "https://pocket.example/", platform=self.name)
        except RetriableError:
            return True
        return False

    def items(self, account: Account) -> list[Item]:
        return [
            Item(
                account=account.key,
                platform=self.name,
                external_id="1",
                thread_id="1",
                kind=ItemKind.COMMENT,
                published_at=NOW,
                text="Hej?",
            )
        ]

    def recheck(self, account: Account, items: Sequence[Item]) -> Iterator[Recheck]:
        for item in items:
            yield Recheck(account=account.key, external_id=item.external_id, visibility=item.visibility, item=item)

    def profile(self, account: Account) -> Profile:
        self.refuse_nobody(account)
        return Profile(account=account.key, name="P", text="", link=None, is_public=True)

    def credential(self, account: Account) -> CredentialHealth:
        self.refuse_nobody(account)
        return CredentialHealth(account=account.key, is_valid=True, detail="good")

    def refuse_nobody(self, account: Account) -> None:
        if account.credential is None:
            raise AccountError("none", platform=self.name, reason=Reason.NO_CREDENTIAL)


class PocketPlugin:
    """Makes an adapter of the given class."""

    name = "pocket"

    def __init__(self, make: type[GoodAdapter] = GoodAdapter, *, is_strict: bool = True) -> None:
        self.make = make
        self.is_strict = is_strict

    def create(self, settings: Mapping[str, object], context: AdapterContext) -> PlatformAdapter:
        if self.is_strict and settings:
            raise ConfigError(faults=[Fault(file="", key=f"platforms.pocket.{k}", message="unknown") for k in settings])
        adapter = self.make()
        adapter.road = context.road
        return adapter


class Pocket:
    """A credential source."""

    def read(self, name: str) -> Mapping[str, SecretStr]:
        return {"token": SecretStr(SECRET)}


@pytest.fixture
def context() -> Iterator[AdapterContext]:
    with PocketRoad() as road:
        yield AdapterContext(road=road, credentials=Pocket(), clock=lambda: NOW, look_back=timedelta(days=30))


def case_of(plugin: PocketPlugin, context: AdapterContext) -> AdapterCase:
    account = Account(
        key="a",
        platform="pocket",
        native_id="1",
        name="A",
        link="https://example.org",
        unit="u",
        manager="m",
        owners=(),
        credential="c",
    )
    return AdapterCase(plugin=plugin, context=context, accounts=[account, replace(account, key="b")], secrets=[SECRET])


class TestAGoodAdapter(AdapterConformance):
    @pytest.fixture
    def case(self, context: AdapterContext) -> AdapterCase:
        return case_of(PocketPlugin(), context)


class FromMemory(GoodAdapter):
    def is_away(self) -> bool:
        return False


class OtherName(GoodAdapter):
    name = "other"


class NoReviewLine(GoodAdapter):
    def kinds(self) -> Sequence[KindCoverage]:
        return super().kinds()[:-1]


class NoReason(GoodAdapter):
    def kinds(self) -> Sequence[KindCoverage]:
        return [replace(k, note="") for k in super().kinds()]


class NeverFinal(GoodAdapter):
    def fetch(self, accounts: Sequence[Account], cursors: Mapping[str, Cursors]) -> Iterator[FetchResult]:
        for result in super().fetch(accounts, cursors):
            yield replace(result, is_final=result.account != "b")


class ForgetsTheLast(GoodAdapter):
    def fetch(self, accounts: Sequence[Account], cursors: Mapping[str, Cursors]) -> Iterator[FetchResult]:
        yield from super().fetch(accounts[:1], cursors)


class LocalTimes(GoodAdapter):
    def items(self, account: Account) -> list[Item]:
        local = NOW.astimezone(timezone(timedelta(hours=1)))
        return [replace(i, published_at=local) for i in super().items(account)]


class PublicMessages(GoodAdapter):
    def items(self, account: Account) -> list[Item]:
        return [replace(i, kind=ItemKind.MESSAGE) for i in super().items(account)]


class SameIdTwice(GoodAdapter):
    def items(self, account: Account) -> list[Item]:
        return super().items(account) * 2


class ChokesOnItsCursor(GoodAdapter):
    def fetch(self, accounts: Sequence[Account], cursors: Mapping[str, Cursors]) -> Iterator[FetchResult]:
        for result in super().fetch(accounts, cursors):
            int(cursors.get(result.account, {}).get("comments", "1"))
            yield result


class ChangesItsMind(GoodAdapter):
    def fetch(self, accounts: Sequence[Account], cursors: Mapping[str, Cursors]) -> Iterator[FetchResult]:
        for result in super().fetch(accounts, cursors):
            items = tuple(replace(i, text=str(bool(cursors))) for i in result.items)
            yield replace(result, items=items)


class OneForAll(GoodAdapter):
    def fetch(self, accounts: Sequence[Account], cursors: Mapping[str, Cursors]) -> Iterator[FetchResult]:
        for account in accounts:
            self.refuse_nobody(account)
        yield from super().fetch(accounts, cursors)


class OwnErrors(GoodAdapter):
    def refuse_nobody(self, account: Account) -> None:
        if account.credential is None:
            raise AccountError("none", platform="elsewhere", reason=Reason.NO_CREDENTIAL)


class DeletesWhatIsThere(GoodAdapter):
    def recheck(self, account: Account, items: Sequence[Item]) -> Iterator[Recheck]:
        for answer in super().recheck(account, items):
            yield replace(answer, visibility=Visibility.DELETED)


class LogsTheToken(GoodAdapter):
    def credential(self, account: Account) -> CredentialHealth:
        logging.getLogger("pocket").debug("asked with %s", SECRET)
        return super().credential(account)


class ShowsTheToken(GoodAdapter):
    def __repr__(self) -> str:
        return f"<adapter with {SECRET}>"


@pytest.mark.parametrize(
    ("make", "test"),
    [
        (FromMemory, "test_a_platform_that_goes_away_fails_every_account_also_one_just_read"),
        (OtherName, "test_the_adapter_has_its_plugins_name"),
        (NoReviewLine, "test_every_kind_has_one_line_of_coverage"),
        (NoReason, "test_every_kind_has_one_line_of_coverage"),
        (NeverFinal, "test_every_account_gets_one_final_result"),
        (ForgetsTheLast, "test_every_account_gets_one_final_result"),
        (LocalTimes, "test_items_are_well_formed"),
        (PublicMessages, "test_items_are_well_formed"),
        (SameIdTwice, "test_an_item_comes_once_in_a_result"),
        (ChokesOnItsCursor, "test_cursors_that_make_no_sense_do_no_harm"),
        (ChangesItsMind, "test_cursors_are_text_and_are_accepted_back"),
        (OneForAll, "test_an_account_without_a_credential_fails_alone"),
        (OwnErrors, "test_errors_are_adapter_errors"),
        (DeletesWhatIsThere, "test_every_item_is_rechecked_once"),
        (LogsTheToken, "test_no_secret_shows"),
        (ShowsTheToken, "test_no_secret_shows"),
    ],
)
def test_a_broken_promise_is_caught_by_its_test(make: type[GoodAdapter], test: str, context: AdapterContext) -> None:
    run = cast("Tests", getattr(AdapterConformance, test))

    with pytest.raises((AssertionError, ValueError, AccountError)):  # a ValueError is the adapter's own
        run(AdapterConformance(), case_of(PocketPlugin(make), context))


def test_settings_that_are_silently_ignored_are_caught(context: AdapterContext) -> None:
    case = case_of(PocketPlugin(is_strict=False), context)

    with pytest.raises(AssertionError, match="unknown key was taken"):
        AdapterConformance().test_an_unknown_setting_is_refused_by_name(case)
