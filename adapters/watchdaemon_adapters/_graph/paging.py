"""Following the Graph's pages: to the end, in smaller steps where it asks for them, and never in a circle."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qsl, urlsplit

from watchdaemon.errors import AdapterError, Reason, RetriableError
from watchdaemon_adapters._graph.client import GraphClient
from watchdaemon_adapters._graph.errors import ReduceAmountError, incomplete_error
from watchdaemon_adapters._graph.values import Row, child_of, is_list_missing, rows_of

MAX_PAGES = 2_000  # a list that is longer is a fault, not a list
_SECRET_PARAMETERS = frozenset({"access_token", "appsecret_proof"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A list to be read page by page."""

    path: str
    params: Mapping[str, str]
    limit: int
    lean: Mapping[str, str] | None = None  # parameters to fall back to when even one row at a time is too much


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page's rows, as they came."""

    rows: list[object]
    summary: Row = field(default_factory=dict)
    is_lean: bool = False  # read with the edge's lean parameters


def read_pages(
    client: GraphClient, edge: Edge, *, platform: str, account: str, start: Mapping[str, str] | None = None
) -> Iterator[Page]:
    """Yield the pages of an edge from its beginning, or from `start` (what `next_of` gave).

    A page may be empty and still have a next one; the end is where there is none.

    Raises:
        RetriableError: With reason INCOMPLETE when the pages cannot be followed to the end.
        AdapterError: As the client does.
    """
    limit, lean, params = edge.limit, False, edge.params
    step: Mapping[str, str] = start or {}
    seen = {frozenset(step.items())}
    for _ in range(MAX_PAGES):
        try:
            answer = client.get(edge.path, {**params, **step, "limit": str(limit)})
        except ReduceAmountError:
            if limit > 1:
                limit //= 2
            elif edge.lean is not None and not lean:
                limit, lean, params = edge.limit, True, edge.lean
            else:
                raise
            continue
        except AdapterError as error:
            if step and error.reason is Reason.MALFORMED:  # the first page was understood: it is the cursor
                raise _unfollowed(platform, account) from error
            raise
        if is_list_missing(answer):
            raise RetriableError(
                f"{platform} answered a list without a list",
                platform=platform,
                account=account,
                reason=Reason.MALFORMED,
            )
        yield Page(rows=rows_of(answer), summary=child_of(answer, "summary"), is_lean=lean)
        following = next_of(answer)
        if following is None:
            return
        if frozenset(following.items()) in seen:
            raise incomplete_error(f"{platform} gave the same page twice", platform=platform, account=account)
        seen.add(frozenset(following.items()))
        step = following
    raise _unfollowed(platform, account)


def next_of(answer: Row) -> dict[str, str] | None:
    """Return the parameters that lead to the next page, without the token that ``next`` repeats; None at the end."""
    paging = child_of(answer, "paging")
    address = paging.get("next")
    if not isinstance(address, str) or not address:
        return None
    after = child_of(paging, "cursors").get("after")
    if isinstance(after, str) and after:
        return {"after": after}
    query = parse_qsl(urlsplit(address).query, keep_blank_values=True)
    return {name: value for name, value in query if name not in _SECRET_PARAMETERS}


class StopWhenOld:
    """Tells when to stop paging a list that is *mostly* newest first.

    The Graph ranks some lists and promises no order, so one old row means nothing: `patience` whole pages without a
    single row of interest do. With `only_while_sorted` nothing does any more, once a row was newer than the one before.
    """

    def __init__(self, since: datetime, *, patience: int = 2, only_while_sorted: bool = False) -> None:
        self._since = since
        self._patience = patience
        self._only_while_sorted = only_while_sorted
        self._old_pages = 0
        self._is_sorted = True
        self._last: datetime | None = None

    def is_enough(self, moments: Sequence[datetime | None]) -> bool:
        """Take in one page's times; an unreadable time counts as interesting, an empty page as nothing."""
        for moment in moments:
            if moment is not None:
                self._is_sorted = self._is_sorted and (self._last is None or moment <= self._last)
                self._last = moment
        if moments:
            is_old = all(moment is not None and moment < self._since for moment in moments)
            self._old_pages = self._old_pages + 1 if is_old else 0
        if self._only_while_sorted and not self._is_sorted:
            return False
        return self._old_pages >= self._patience


def _unfollowed(platform: str, account: str) -> RetriableError:
    return incomplete_error(f"{platform}'s pages could not be followed to the end", platform=platform, account=account)
