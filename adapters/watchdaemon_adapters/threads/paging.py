"""Following Threads' lists to their end, although they may not say that they go on.

A list's end is where there is no ``next`` (paging guide of the Graph). But Threads' reference shows answers that have
cursors alone (Reply Management reference, updated 2026-02-13), and programs that read it report real ones. So where an
edge was never seen to write ``next``, its cursor is followed until nothing comes: one call more, and nothing lost.
"""

from collections.abc import Iterator, Mapping, Sequence

from watchdaemon.errors import AdapterError, Reason, RetriableError
from watchdaemon_adapters._graph.errors import MissingObjectError, ReduceAmountError, incomplete_error
from watchdaemon_adapters._graph.paging import MAX_PAGES, next_of
from watchdaemon_adapters._graph.values import Row, child_of, is_list_missing, optional_id, rows_of
from watchdaemon_adapters.threads.client import PLATFORM, ThreadsClient


class ListReader:
    """Reads lists with one client. `tells_next` is shared by an adapter's readers: what is learned of an edge stays."""

    def __init__(self, client: ThreadsClient, tells_next: set[str]) -> None:
        self._client = client
        self._account = client.account
        self._tells_next = tells_next

    def read(self, path: str, params: Mapping[str, str], *, limit: int | None = None) -> Iterator[list[object]]:
        """Yield the pages of a list; `limit` only where the edge knows the parameter. Raises as `read_from`."""
        return (rows for rows, _ in self.read_from(None, path, params, limit=limit))

    def read_from(
        self, after: str | None, path: str, params: Mapping[str, str], *, limit: int | None = None
    ) -> Iterator[tuple[list[object], str | None]]:
        """Yield the pages of a list that come after a cursor, each with the cursor of its end.

        Raises:
            RetriableError: With reason INCOMPLETE when the pages cannot be followed to the end.
            AdapterError: As the client does.
        """
        edge = path.rpartition("/")[2]
        step: Mapping[str, str] = {"after": after} if after else {}
        is_promised = True  # whether the platform said that there is this page
        seen_steps: set[frozenset[tuple[str, str]]] = set()
        seen_ids: set[str] = set()
        for _ in range(MAX_PAGES):
            answer, limit = self._page(path, {**params, **step}, limit, is_promised=is_promised)
            if answer is None:
                return
            rows = rows_of(answer)
            yield rows, _after(answer)
            following, is_promised = self._following(edge, answer, rows)
            if following is None:
                return
            ids = {i for row in rows if isinstance(row, dict) and (i := optional_id(row))}
            if frozenset(following.items()) in seen_steps:
                if not is_promised and ids <= seen_ids:
                    return  # a cursor that leads to itself, and to nothing new
                raise incomplete_error(f"{PLATFORM} gave the same page twice", platform=PLATFORM, account=self._account)
            seen_steps.add(frozenset(following.items()))
            seen_ids |= ids
            step = following
        raise self._unfollowed()

    def is_there(self, key: str) -> bool:
        """Tell whether a post can be read by its id. Raises AdapterError when that cannot be told."""
        try:
            self._client.get(key, {"fields": "id"})
        except MissingObjectError:
            return False
        return True

    def _page(
        self, path: str, params: Mapping[str, str], limit: int | None, *, is_promised: bool
    ) -> tuple[Row | None, int | None]:
        """Return a page, and the limit that the platform could bear; None where an unpromised page is refused."""
        while True:
            try:
                asked = params if limit is None else {**params, "limit": str(limit)}
                answer = self._client.get(path, asked)
            except ReduceAmountError:
                if limit is None or limit <= 1:
                    raise
                limit //= 2
            except AdapterError as error:
                if "after" not in params or error.reason is not Reason.MALFORMED or isinstance(error, RetriableError):
                    raise
                if not is_promised:
                    return None, limit  # the cursor of a last page leads nowhere
                raise self._unfollowed() from error  # the first page was understood: it is the cursor
            else:
                break
        if is_list_missing(answer):
            raise RetriableError(
                f"{PLATFORM} answered a list without a list",
                platform=PLATFORM,
                account=self._account,
                reason=Reason.MALFORMED,
            )
        return answer, limit

    def _following(self, edge: str, answer: Row, rows: Sequence[object]) -> tuple[dict[str, str] | None, bool]:
        """Return what leads to the next page, and whether the platform promised one."""
        promised = next_of(answer, platform=PLATFORM, account=self._account)
        if promised is not None:
            self._tells_next.add(edge)
            return promised, True
        after = _after(answer)
        if not rows or edge in self._tells_next or after is None:
            return None, False
        return {"after": after}, False

    def _unfollowed(self) -> RetriableError:
        return incomplete_error(
            f"{PLATFORM}'s pages could not be followed to the end",
            platform=PLATFORM,
            account=self._account,
        )


def _after(answer: Row) -> str | None:
    after = child_of(child_of(answer, "paging"), "cursors").get("after")
    return after if isinstance(after, str) and after else None
