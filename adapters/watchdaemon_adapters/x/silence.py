"""What to make of a fetch in which no list showed a single row: quiet, or a token that is shown empty lists.

X bills every post it sends, so a known one is not read again each time to prove that the lists are alive. What costs
nothing comes first: whose token it is, and how many posts the account has written. One known post is read when the
silence is unlikely, when the account has written something that its list does not show, and else once in `UNPROVEN`.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from watchdaemon_adapters.x.client import Body, rows_of
from watchdaemon_adapters.x.gathering import Gathering
from watchdaemon_adapters.x.identity import must_be
from watchdaemon_adapters.x.mapping import item_id
from watchdaemon_adapters.x.marks import OVERLAP, Mark, Range, read_mark
from watchdaemon_adapters.x.problems import errors_of, problem_kind

STREAM = "silence"

# so long may all lists be silent before a known post is read to see whether they are alive
UNPROVEN = timedelta(days=7)
# so many posts expected by the pace of the last days, and none came: that happens once in 150 times
TOO_MANY_MISSED = 5.0
# so many known posts are asked for before all of them count as deleted
CANDIDATES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """When a list last showed a row, and how many posts the account had written when silence was last looked into."""

    seen_at: datetime
    written: int | None = None

    def __str__(self) -> str:
        """Write it as a cursor."""
        return json.dumps([self.seen_at.timestamp(), self.written])


def read_proof(text: str | None) -> Proof | None:
    """Read a cursor back; one that cannot be read counts as none."""
    try:
        seen_at, written = json.loads(text or "")
        return Proof(seen_at=datetime.fromtimestamp(seen_at, UTC), written=None if written is None else int(written))
    except (ValueError, TypeError, OverflowError, OSError, RecursionError):
        return None


def confirm_silence(found: Gathering) -> None:
    """Make sure that a silent fetch may be believed, and book what that rests on.

    Raises:
        AccountError: The token is dead, or another account's.
        RetriableError: SUSPICIOUS_EMPTY: the lists hide what is there.
    """
    before = read_proof(found.cursors.get(STREAM))
    user = found.client.me() if found.me is None else found.me
    must_be(found.user_id, user, account=found.account)
    written = _count(user)
    seen_at = before.seen_at if before is not None else None
    if _is_doubtful(found, before, written):
        _show_one(found, written)
        seen_at = found.now
    found.new_cursors[STREAM] = str(Proof(seen_at=seen_at or found.now, written=written))


def book_sound(found: Gathering) -> None:
    """Write down that the lists showed something."""
    found.new_cursors[STREAM] = str(Proof(seen_at=found.now))


def _is_doubtful(found: Gathering, before: Proof | None, written: int | None) -> bool:
    if before is None:  # the account's first fetch: it has written posts, and not one is shown
        return bool(written)
    has_written = written is not None and before.written is not None and written > before.written
    return has_written or before.seen_at < found.now - UNPROVEN or _missed(found) >= TOO_MANY_MISSED


def _missed(found: Gathering) -> float:
    """Return how many posts would have come since the last fetch at the pace of the two days before it."""
    marks = [m for m in map(read_mark, (found.cursors.get(n) for n in ("own", "mentions", "search"))) if m is not None]
    if not marks:
        return 0.0
    read_at = max(m.read_at for m in marks)
    times = {i: at for m in marks for i, at in m.known.items() if at > read_at - OVERLAP}
    return len(times) * min(found.now - read_at, OVERLAP) / OVERLAP


def _show_one(found: Gathering, written: int | None) -> None:
    """Have a known post shown by the list it came from.

    Raises:
        RetriableError: The list does not show it, and it was not deleted either.
    """
    marks = {name: read_mark(found.cursors.get(name)) for name in ("mentions", "own")}
    candidates = list(_candidates(marks))[:CANDIDATES]
    for name, post_id in candidates:
        if post_id in map(item_id, rows_of(_listed(found, name, post_id))):
            return
        if not _is_gone(found.client.look_up([str(post_id)])):
            raise found.suspicious("X's lists are empty, and do not show a post that is still there")
    # nothing is known that could be shown: the newest of what the account has written must be
    if not candidates and written and not rows_of(found.client.newest_own_posts(found.user_id, exclude=())):
        raise found.suspicious(f"X counts {written} posts of the account and shows none of them")


def _candidates(marks: Mapping[str, Mark | None]) -> Iterator[tuple[str, int]]:
    for name, mark in marks.items():
        if mark is not None and mark.newest is not None:
            yield name, mark.newest
    for name, mark in marks.items():
        for post_id in sorted(mark.known if mark is not None else (), reverse=True):
            if mark is not None and post_id != mark.newest:
                yield name, post_id


def _listed(found: Gathering, name: str, post_id: int) -> Body:
    listed = found.client.own_posts if name == "own" else found.client.mentions
    exactly = Range(since_id=post_id - 1, until_id=post_id + 1).parameters
    return next(listed(found.user_id, max_results=5, **exactly), {})


def _is_gone(body: Body) -> bool:
    """Tell whether X says that the post is not there, or not to be seen; an answer without a word says nothing."""
    kinds = {problem_kind(error) for error in errors_of(body)}
    return not rows_of(body) and bool(kinds & {"resource-not-found", "not-authorized-for-resource"})


def _count(user: Mapping[str, object]) -> int | None:
    metrics = user.get("public_metrics")
    count = metrics.get("tweet_count", metrics.get("post_count")) if isinstance(metrics, dict) else None
    return count if isinstance(count, int) and not isinstance(count, bool) and count >= 0 else None
