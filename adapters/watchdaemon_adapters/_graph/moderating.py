"""Hiding, deleting and answering on the Graph.

Sent by the road itself, each order once: the Graph knows no idempotency key. A comment is hidden by a POST to its id
with that one parameter; ``message`` posted there would edit the citizen's words (Comment node reference, "Updating"):
replies go to the edge below it and nowhere else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from watchdaemon.domain.account import Account
from watchdaemon.domain.item import Item, ItemKind
from watchdaemon.domain.moderation import Action, Receipt
from watchdaemon.errors import AdapterError, Reason, RetriableError
from watchdaemon.http import Road
from watchdaemon_adapters._graph.client import Secrets, as_outage, read_answer
from watchdaemon_adapters._graph.courier import SyncGraph
from watchdaemon_adapters._graph.errors import MissingObjectError
from watchdaemon_adapters._graph.settings import GraphSettings
from watchdaemon_adapters._graph.values import Row, child_of, optional_id, rows_of

_REPLIES_A_PAGE: Final = "50"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a platform of the Graph says it."""

    platform: str
    hide: str  # the parameter that hides
    hidden: str  # the field that tells
    replies: str  # the edge that replies are written to and read from
    text: str  # the field that a reply's text is read by
    order: Mapping[str, str]  # parameters that bring the newest replies first, where there are any


FACEBOOK: Final = Dialect(
    platform="facebook",
    hide="is_hidden",
    hidden="is_hidden",
    replies="comments",
    text="message",
    order={"order": "reverse_chronological"},
)
INSTAGRAM: Final = Dialect(platform="instagram", hide="hide", hidden="hidden", replies="replies", text="text", order={})


def can_on_graph(item: Item) -> frozenset[Action]:
    """Return what can be done to a comment; posts, mentions and messages are a person's business."""
    if item.kind is not ItemKind.COMMENT:
        return frozenset()
    possible = {Action.DELETE, Action.REPLY}
    if not item.by_account:
        possible |= {Action.HIDE, Action.UNHIDE}
    return frozenset(possible)


class GraphOrders:
    """One account's orders. `graph` reads with the same token."""

    def __init__(
        self,
        dialect: Dialect,
        *,
        road: Road,
        settings: GraphSettings,
        account: Account,
        secrets: Secrets,
        graph: SyncGraph,
    ) -> None:
        self._dialect = dialect
        self._road = road
        self._settings = settings
        self._account = account
        self._secrets = secrets
        self._graph = graph

    def moderate(self, item: Item, action: Action, text: str) -> Receipt:
        """Send an order once. Raises AdapterError as `ports.Moderator.moderate`."""
        if action is Action.DELETE:
            self._require_success(self._send("DELETE", item.external_id, {}))
            return Receipt()
        if action is Action.REPLY:
            answer = self._send("POST", f"{item.external_id}/{self._dialect.replies}", {"message": text})
            reply_id = optional_id(answer)
            if reply_id is None:
                raise self._strange("the platform did not say which reply it wrote")
            return Receipt(reply_id=reply_id)
        hidden = "true" if action is Action.HIDE else "false"
        self._require_success(self._send("POST", item.external_id, {self._dialect.hide: hidden}))
        return Receipt()

    def holds(self, item: Item, action: Action, *, text: str, reply_id: str | None) -> bool | None:
        """Read again whether it is so. Raises AdapterError."""
        if action is Action.REPLY:
            return self._has_reply(item, text, reply_id)
        try:
            row = self._graph.get(item.external_id, {"fields": f"id,{self._dialect.hidden}"})
        except MissingObjectError:
            return action is Action.DELETE
        if action is Action.DELETE:
            return False
        hidden = row.get(self._dialect.hidden)
        return hidden is (action is Action.HIDE) if isinstance(hidden, bool) else None

    def _has_reply(self, item: Item, text: str, reply_id: str | None) -> bool | None:
        if reply_id is not None:
            try:
                return optional_id(self._graph.get(reply_id, {"fields": "id"})) is not None
            except MissingObjectError:
                return False
        wanted = {"fields": f"id,from{{id}},{self._dialect.text}", "limit": _REPLIES_A_PAGE, **self._dialect.order}
        # there are two levels: a reply to a reply lands under the top-level comment
        answer = self._graph.get(f"{item.parent_id or item.external_id}/{self._dialect.replies}", wanted)
        if any(self._is_own_with(row, text) for row in rows_of(answer)):
            return True
        # what is not on the first page may be on another
        return None if "next" in child_of(answer, "paging") else False

    def _is_own_with(self, row: object, text: str) -> bool:
        if not isinstance(row, dict):
            return False
        author, words = optional_id(child_of(row, "from")), row.get(self._dialect.text)
        return author == self._account.native_id and isinstance(words, str) and words.strip() == text.strip()

    def _send(self, method: str, path: str, wanted: Mapping[str, str]) -> Row:
        given = {**self._secrets.parameters(), **wanted}
        try:
            answer = self._road.request(
                method,
                f"{self._settings.base_url.rstrip('/')}/{self._settings.api_version}/{quote(path, safe='/')}",
                platform=self._dialect.platform,
                account=self._account.key,
                params=given if method == "DELETE" else None,
                data=None if method == "DELETE" else given,
                idempotent=False,
                timeout=self._settings.timeout_seconds,
            )
        except RetriableError as error:
            raise as_outage(error) from None
        return read_answer(
            answer.content,
            status=answer.status_code,
            headers=answer.headers,
            platform=self._dialect.platform,
            account=self._account.key,
        )

    def _require_success(self, answer: Row) -> None:
        if answer.get("success") is False:
            raise AdapterError(
                "the platform answered that it was not done",
                platform=self._dialect.platform,
                account=self._account.key,
                reason=Reason.INTERNAL,
            )
        if answer.get("success") is not True:
            raise self._strange("the platform did not say whether it was done")

    def _strange(self, message: str) -> RetriableError:
        return RetriableError(
            message, platform=self._dialect.platform, account=self._account.key, reason=Reason.MALFORMED
        )
