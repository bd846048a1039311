"""An adapter for the invented Noticeboard, whose boards hold notes and answers. See docs/adapters.md."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from watchdaemon import errors as err
from watchdaemon.domain import fetch as f
from watchdaemon.domain.account import Account
from watchdaemon.domain.item import Item, ItemKind, Visibility
from watchdaemon.errors import Reason
from watchdaemon.ports import AdapterContext

NAME = "noticeboard"
MENDED = {401: ("the token was revoked: make a new one", Reason.UNAUTHORISED), 404: ("no such thing", Reason.GONE)}


class Settings(BaseModel):
    """The block ``[platforms.noticeboard]``; a key that is not here is a fault."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    base_url: str = "https://noticeboard.example/api/"


class Plugin:
    """What the entry point names."""

    name = NAME

    def create(self, settings: Mapping[str, object], context: AdapterContext) -> "Noticeboard":
        """Check the settings and make the adapter."""
        try:
            return Noticeboard(Settings.model_validate(settings), context)
        except ValidationError as error:
            keys = [(".".join(["platforms", NAME, *map(str, e["loc"])]), e["msg"]) for e in error.errors()]
            raise err.ConfigError(faults=[err.Fault(file="", key=k, message=m) for k, m in keys]) from error


class Noticeboard:
    """Reads boards. The cursor is the id of the newest note read: ids grow, and the service lists by id."""

    name = NAME
    batch_size = 1

    def __init__(self, settings: Settings, context: AdapterContext) -> None:
        self._url = settings.base_url
        self._context = context

    def kinds(self) -> Sequence[f.KindCoverage]:
        """Notes and answers are all there is."""
        covers = dict.fromkeys([ItemKind.POST, ItemKind.COMMENT], f.Cover.FULL)
        return [f.KindCoverage(kind=k, cover=covers.get(k, f.Cover.NONE), note="only notes") for k in ItemKind]

    def fetch(self, accounts: Sequence[Account], cursors: Mapping[str, f.Cursors]) -> Iterator[f.FetchResult]:
        """Give one final result for each account, whatever happens to the others."""
        for account in accounts:
            try:
                yield self._fetch(account, cursors.get(account.key, {}).get("notes", ""))
            except err.AdapterError as error:
                person = isinstance(error, err.AccountError)
                why = f.Trouble(reason=error.reason, detail=str(error), needs_person=person)
                yield f.FetchResult(account=account.key, coverage=f.Coverage.FAILED, troubles=(why,), calls=1)

    def _fetch(self, account: Account, after: str) -> f.FetchResult:
        items: list[Item] = []
        calls, malformed, newest = 0, 0, after if after.isdigit() else ""
        page: str | None = newest
        while page is not None:
            answer = self._get(account, f"boards/{account.native_id}/notes", {"after": page} if page else {}, "notes")
            calls += 1
            for row in answer["notes"]:
                try:
                    items.append(to_item(row, account))
                    newest = items[-1].external_id
                except err.MalformedItemError:
                    malformed += 1  # skipped and counted: the fetch is partial, never quietly complete
            following = answer.get("next")
            page = following if isinstance(following, str) and following != page else None
        trouble = f.Trouble(reason=Reason.MALFORMED, detail=f"{malformed} odd notes", stream="notes")
        return f.FetchResult(
            account=account.key, coverage=f.Coverage.PARTIAL if malformed else f.Coverage.COMPLETE, items=tuple(items),
            cursors={"notes": newest}, troubles=(trouble,) if malformed else (), malformed=malformed, calls=calls,
        )  # fmt: skip

    def recheck(self, account: Account, items: Sequence[Item]) -> Iterator[f.Recheck]:
        """Read each note again; 404 means that its author took it down."""
        for key, note in [(account.key, i.external_id) for i in items]:
            try:
                again = to_item(self._get(account, f"notes/{note}"), account)
                yield f.Recheck(account=key, external_id=note, visibility=again.visibility, item=again)
            except err.AdapterError as error:
                gone = error.reason is Reason.GONE
                why = None if gone else f.Trouble(reason=error.reason, detail=str(error))
                seen = Visibility.DELETED if gone else None
                yield f.Recheck(account=key, external_id=note, visibility=seen, trouble=why)

    def profile(self, account: Account) -> f.Profile:
        """Return the board's public face."""
        board = self._get(account, f"boards/{account.native_id}")
        return f.Profile(account=account.key, name=str(board["name"]), text="", link=account.link, is_public=True)

    def credential(self, account: Account) -> f.CredentialHealth:
        """A token is good when it opens the board."""
        return f.CredentialHealth(account=account.key, is_valid=bool(self.profile(account)), detail="opens the board")

    def _get(self, account: Account, path: str, params: Mapping[str, str] | None = None, rows: str = "") -> Any:
        """Return an answer; `rows` names the list it must have: an answer without it is no empty board."""
        try:
            token = self._context.credentials.read(account.credential or "")["token"].get_secret_value()
        except (err.ConfigError, KeyError) as error:
            raise failed(account, "there is no readable token", Reason.NO_CREDENTIAL) from error
        response = self._context.road.request(
            "GET", self._url + path, platform=NAME, account=account.key, params=params,
            headers={"Authorization": f"Bearer {token}"},
        )  # fmt: skip
        if response.status_code in MENDED:
            raise failed(account, *MENDED[response.status_code])
        with suppress(ValueError):
            answer = json.loads(response.content) if response.status_code == 200 else None
            if isinstance(answer, dict) and (not rows or isinstance(answer.get(rows), list)):
                return answer
        raise err.RetriableError(f"Noticeboard answered {response.status_code}", platform=NAME, account=account.key)


def to_item(row: Any, account: Account) -> Item:
    """Map a note. Raises MalformedItemError."""
    try:
        author, note, parent = row["author"], str(row["id"]), row["answers"] and str(row["answers"])
        ours = str(author["id"]) in account.own_author_ids
        return Item(
            account=account.key, platform=NAME, external_id=note, thread_id=parent or note, parent_id=parent or None,
            kind=ItemKind.POST if ours and not parent else ItemKind.COMMENT, by_account=ours,
            author=str(author["name"]), author_id=str(author["id"]), text=str(row["text"]),
            published_at=datetime.fromisoformat(row["written_at"]).astimezone(UTC),
            url=f"https://noticeboard.example/{account.native_id}#{note}",
        )  # fmt: skip
    except (KeyError, TypeError, ValueError) as error:
        raise err.MalformedItemError("a note breaks the contract", platform=NAME, account=account.key) from error


def failed(account: Account, message: str, reason: Reason) -> err.AccountError:
    return err.AccountError(message, platform=NAME, reason=reason, account=account.key)


plugin = Plugin()
