"""The calls: one account's requests to its instance over our road, with every answer checked."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import httpx

from watchdaemon.errors import AccountError, AdapterError, Reason, RetriableError
from watchdaemon.http import Road
from watchdaemon.ports import Clock
from watchdaemon_adapters.mastodon.problems import PLATFORM, error_from, outage_cause
from watchdaemon_adapters.mastodon.settings import MastodonSettings

Json = Mapping[str, object]
Pairs = Sequence[tuple[str, str]]

LISTING_SIZE = 40  # the most that statuses, conversations and quotes give a page
LOOK_UP_SIZE = 20  # the most ids one look-up takes

_LINK = re.compile(r'<([^<>]*)>\s*;\s*rel="?(next|prev)"?')
_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")


def as_id(value: object) -> str | None:
    """Return an id as text, or None. Mastodon's are digits; other servers of its API have letters in theirs."""
    return value if isinstance(value, str) and _ID.fullmatch(value) else None


def id_order(status_id: str) -> tuple[int, str]:
    """Order ids of one series as numbers: they grow longer over the years, and are text only in JSON."""
    return (len(status_id), status_id)


@dataclass(frozen=True, slots=True)
class Answer:
    """A checked answer."""

    body: object
    headers: httpx.Headers

    def links(self) -> dict[str, str]:
        """Return the ``Link`` header's addresses by ``rel``."""
        return {rel: address for address, rel in _LINK.findall(self.headers.get("link", ""))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What stands above and below a status, as far as the instance knows and shows it."""

    ancestors: tuple[object, ...]
    descendants: tuple[object, ...]
    is_growing: bool  # the instance is still collecting replies from elsewhere


@dataclass
class MastodonClient:
    """One account's calls. Not shared between threads: make one for each fetch."""

    road: Road
    settings: MastodonSettings
    account: str
    base_url: str
    token: str = field(repr=False)
    clock: Clock
    calls: int = 0

    def me(self) -> Json:
        """Return the account the token belongs to, as it sees itself."""
        return self._object("api/v1/accounts/verify_credentials")

    def app(self) -> Json:
        """Return the application the token was given to."""
        return self._object("api/v1/apps/verify_credentials")

    def instance(self) -> Json:
        """Return what the instance says of itself."""
        return self._object("api/v2/instance")

    def many_at_once(self, status_ids: Sequence[str]) -> list[object]:
        """Return statuses by the call that takes many (4.3). Raises AdapterError where there is none."""
        return self._rows(self._list("api/v1/statuses", [("id[]", i) for i in status_ids]))

    def notifications(self, *, after: str | None = None, before: str | None = None) -> Iterator[list[object]]:
        """Page through mentions and quotes, filtered ones included.

        Goes upward from `after`, or else down: from `before`, or from the newest.
        """
        return self._pages(
            "api/v1/notifications",
            [
                ("types[]", "mention"),
                ("types[]", "quote"),
                ("include_filtered", "true"),
                ("limit", str(self.settings.page_size)),
            ],
            after=after,
            before=before,
        )

    def has_notification(self, notification_id: str) -> bool:
        """Tell whether a notification is still there."""
        return self._found(f"api/v1/notifications/{quote(notification_id)}") is not None

    def has_notifications_before(self, notification_id: str) -> bool:
        """Tell whether there is any notification at all, of whatever type, that is older."""
        pairs = [("max_id", notification_id), ("include_filtered", "true"), ("limit", "1")]
        return bool(self._rows(self._list("api/v1/notifications", pairs)))

    def own_statuses(self, user_id: str) -> Iterator[list[object]]:
        """Page through what the account wrote, newest first: posts, answers, direct ones; no boosts."""
        pairs = [("exclude_reblogs", "true"), ("limit", str(LISTING_SIZE))]
        return self._pages(f"api/v1/accounts/{quote(user_id)}/statuses", pairs)

    def newest_own_posts(self, user_id: str) -> list[object]:
        """Return the newest own posts proper."""
        pairs = [("exclude_replies", "true"), ("exclude_reblogs", "true"), ("limit", "5")]
        return self._rows(self._list(f"api/v1/accounts/{quote(user_id)}/statuses", pairs))

    def has_statuses(self, user_id: str) -> bool:
        """Tell whether the account shows anything at all, boosts included."""
        return bool(self._rows(self._list(f"api/v1/accounts/{quote(user_id)}/statuses", [("limit", "1")])))

    def conversations(self) -> Iterator[list[object]]:
        """Page through the account's conversations of direct messages, the liveliest first."""
        return self._pages("api/v1/conversations", [("limit", str(LISTING_SIZE))], id_of=_last_status_id)

    def has_conversations(self) -> bool:
        """Tell whether there is a conversation: asks for what reading messages needs."""
        return bool(self._rows(self._list("api/v1/conversations", [("limit", "1")])))

    def quotes(self, status_id: str) -> Iterator[list[object]]:
        """Page through the posts that quote a status."""
        return self._pages(f"api/v1/statuses/{quote(status_id)}/quotes", [("limit", str(LISTING_SIZE))])

    def context(self, status_id: str) -> Context | None:
        """Return what stands above and below a status; None when the status is gone."""
        answer = self._found(f"api/v1/statuses/{quote(status_id)}/context")
        if answer is None:
            return None
        body = answer.body if isinstance(answer.body, dict) else {}
        ancestors, descendants = body.get("ancestors"), body.get("descendants")
        if not isinstance(ancestors, list) or not isinstance(descendants, list):
            raise self._broken("a conversation is not two lists", Reason.MALFORMED)
        is_growing = "mastodon-async-refresh" in answer.headers
        return Context(ancestors=tuple(ancestors), descendants=tuple(descendants), is_growing=is_growing)

    def status(self, status_id: str) -> Json | None:
        """Return a status; None when it is gone, or hidden from the account, which looks the same."""
        answer = self._found(f"api/v1/statuses/{quote(status_id)}")
        if answer is None:
            return None
        if not isinstance(answer.body, dict):
            raise self._broken("a status is not an object", Reason.MALFORMED)
        return answer.body

    def look_up(self, status_ids: Sequence[str]) -> Iterator[tuple[str, Json | None]]:
        """Yield each id with its status, many a call, or with None; what is missing is asked for alone to be sure.

        Looking up many at once came with 4.3: an older instance finds none, or refuses.
        """
        for start in range(0, len(status_ids), LOOK_UP_SIZE):
            batch = status_ids[start : start + LOOK_UP_SIZE]
            found = {row["id"]: row for row in self._statuses(batch) if isinstance(row, dict) and as_id(row.get("id"))}
            for status_id in batch:
                yield status_id, found.get(status_id) or self.status(status_id)

    def _statuses(self, status_ids: Sequence[str]) -> list[object]:
        try:
            return self.many_at_once(status_ids)
        except AdapterError as error:
            if error.reason in (Reason.GONE, Reason.INTERNAL, Reason.MALFORMED):
                return []
            raise

    def post_status(self, form: Mapping[str, str], *, key: str) -> Json:
        """Write a status. Neither this nor a deletion is tried twice."""
        body = self._sent("POST", "api/v1/statuses", form=form, headers={"Idempotency-Key": key}).body
        return body if isinstance(body, dict) else {}

    def delete_status(self, status_id: str) -> None:
        """Delete an own status."""
        self._sent("DELETE", f"api/v1/statuses/{quote(status_id)}")

    # ---- underneath ----------------------------------------------------------------------------------------------

    def _pages(
        self,
        path: str,
        pairs: Pairs,
        *,
        after: str | None = None,
        before: str | None = None,
        id_of: Callable[[object], str | None] | None = None,
    ) -> Iterator[list[object]]:
        """Follow the pages to the end: upward from `after`, else downward from `before` or from the newest.

        Raises:
            RetriableError: INCOMPLETE when a page comes again (it would never end), MALFORMED when it is not one.
        """
        by = "max_id" if after is None else "min_id"
        at = after if after is not None else before
        seen = {at}
        while True:
            answer = self._list(path, [*pairs, *([(by, at)] if at is not None else [])])
            rows = self._rows(answer)
            yield rows
            at = self._following(answer, rows, by, id_of or _row_id)
            if at is None:
                return
            if at in seen:
                raise self._broken("the instance gave the same page twice", Reason.INCOMPLETE)
            seen.add(at)

    def _following(
        self, answer: Answer, rows: Sequence[object], by: str, id_of: Callable[[object], str | None]
    ) -> str | None:
        """Return the bound of the page after this one, or None after the last.

        A ``Link`` header is believed; only its id is taken, so that the token never goes to another host. Without one
        pages are counted on by their own ids until one is empty. Upward, only an empty page is the end; downward, one
        that was emptied after it was cut (by blocks, for instance) may still link to the next.
        """
        links = answer.links()
        address = links.get("next" if by == "max_id" else "prev")
        if by == "max_id" and address is None and (links or not rows):
            return None
        if by == "min_id" and not rows:
            return None
        if address is not None:
            bound = _bound_in(address, by)
        else:
            ids = sorted((i for i in map(id_of, rows) if i is not None), key=id_order)
            bound = (ids[0] if by == "max_id" else ids[-1]) if ids else None
        if bound is None:
            raise self._broken("a page does not say where the next one begins", Reason.MALFORMED)
        return bound

    def _object(self, path: str) -> Json:
        body = self._get(path).body
        if not isinstance(body, dict):
            raise self._broken("the answer is not an object", Reason.MALFORMED)
        return body

    def _rows(self, answer: Answer) -> list[object]:
        if not isinstance(answer.body, list):
            raise self._broken("a list is not a list", Reason.MALFORMED)
        return answer.body

    def _found(self, path: str) -> Answer | None:
        try:
            return self._get(path)
        except AccountError as error:
            if error.reason is not Reason.GONE:
                raise
            return None

    def _get(self, path: str, pairs: Pairs = ()) -> Answer:
        return self._sent("GET", path, pairs)

    def _list(self, path: str, pairs: Pairs) -> Answer:
        return self._sent("GET", path, pairs, is_list=True)

    def _sent(
        self,
        method: str,
        path: str,
        pairs: Pairs = (),
        *,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        is_list: bool = False,
    ) -> Answer:
        self.calls += 1
        url = f"{self.base_url}/{path}" + (f"?{urlencode(pairs)}" if pairs else "")
        try:
            response = self.road.request(
                method,
                url,
                platform=PLATFORM,
                account=self.account,
                data=form,
                headers={"Authorization": f"Bearer {self.token}", **(headers or {})},
                timeout=self.settings.timeout_seconds,
                # a limit holds for minutes: trying again at once only eats into the next one
                should_retry=lambda given: _is_worth_repeating(given, is_list=is_list),
            )
        except RetriableError as error:
            error.cause_key = error.cause_key or outage_cause(self._host)
            raise
        try:
            body: object = response.json()
        except (ValueError, RecursionError):
            body = None
        refusal = self._error_from(response, body)
        if refusal is not None:
            raise refusal
        return Answer(body, response.headers)

    def _error_from(self, response: httpx.Response, body: object) -> AdapterError | None:
        return error_from(
            response.status_code, response.headers, body, account=self.account, host=self._host, now=self.clock()
        )

    @property
    def _host(self) -> str:
        return urlsplit(self.base_url).netloc

    def _broken(self, message: str, reason: Reason) -> RetriableError:
        return RetriableError(message, platform=PLATFORM, reason=reason, account=self.account)


def _is_worth_repeating(response: httpx.Response, *, is_list: bool) -> bool:
    """Tell whether the server has trouble, or its answer was cut off or is something else: a proxy's page, a null."""
    if not response.is_success:
        return response.status_code >= 500 and response.status_code != 501
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return True
    rows = body if is_list and isinstance(body, list) else [body]
    return not all(isinstance(row, dict) for row in rows)


def _row_id(row: object) -> str | None:
    return as_id(row.get("id")) if isinstance(row, dict) else None


def _last_status_id(row: object) -> str | None:
    """Conversations are paged by their last status's id, not by their own."""
    return _row_id(row.get("last_status")) if isinstance(row, dict) else None


def _bound_in(address: str, by: str) -> str | None:
    try:
        values = parse_qs(urlsplit(address).query).get(by, [])
    except ValueError:
        return None
    return as_id(values[0]) if values else None
