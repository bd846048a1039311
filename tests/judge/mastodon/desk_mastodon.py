"""A Mastodon instance as its contract says: statuses that truly were written, and the lists that show part of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from tests.judge.desk import NOW, Call, Desk, Reply

ME, KIM, ALEX = "101", "202", "203"
NAMES = {ME: "Exempelkommun", KIM: "Kim", ALEX: "Alex"}
TOKEN = "judge-mastodon-token"
_ID = "[0-9]+"
_EDGES = {"max_id": _ID, "min_id": _ID, "since_id": _ID}
_EIGHTY, _FORTY = "[1-9]|[1-7][0-9]|80", "[1-9]|[1-3][0-9]|40"
TABLE: Mapping[str, Mapping[str, str]] = {
    "GET /api/v1/accounts/verify_credentials": {},
    "GET /api/v1/apps/verify_credentials": {},
    "GET /api/v2/instance": {},
    "GET /api/v1/notifications": {
        **_EDGES,
        "limit": _EIGHTY,
        "types[]": "mention|quote",
        "include_filtered": "true|false",
        "account_id": _ID,
    },
    "GET /api/v1/notifications/[0-9]+": {},
    "GET /api/v1/accounts/[0-9]+/statuses": {
        **_EDGES,
        "limit": _FORTY,
        "exclude_reblogs": "true|false",
        "exclude_replies": "true|false",
    },
    "GET /api/v1/statuses/[0-9]+/context": {},
    "GET /api/v1/statuses/[0-9]+/quotes": {"limit": _FORTY, "max_id": _ID, "since_id": _ID},
    "GET /api/v1/statuses/[0-9]+": {},
    "GET /api/v1/statuses": {"id[]": _ID},
    "GET /api/v1/conversations": {**_EDGES, "limit": _FORTY},
}
_numbers = count(70_001)


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


@dataclass
class Status:
    """One status; `note` is its notification's id, None when there is none."""

    id: str
    author: str
    at: datetime
    text: str
    parent: "Status | None" = None
    quotes: "Status | None" = None
    visibility: str = "public"
    note: str | None = None
    is_filtered: bool = False
    edited_at: datetime | None = None
    is_gone: bool = False


@dataclass
class DeskMastodon(Desk):
    """The instance, with traps that can be set."""

    table: Any = field(default_factory=lambda: TABLE)
    statuses: list[Status] = field(default_factory=list)
    now: datetime = NOW
    most_rows: int = 80
    has_links: bool = True
    empty_first: bool = False  # an empty page that links to the next one
    repeats_pages: bool = False
    count_lie: int | None = None

    def write(
        self, hours_ago: float, text: str = "Hej?", *, author: str = KIM, told: bool = True, **more: Any
    ) -> Status:
        note = str(next(_numbers)) if told and author != ME else None
        status = Status(str(next(_numbers)), author, self.now - timedelta(hours=hours_ago), text, note=note, **more)
        self.statuses.append(status)
        return status

    def answer(self, call: Call) -> Reply:
        if call.token != TOKEN:
            return 401, {"error": "The access token is invalid"}, {}
        parts = call.path.split("/")
        if parts[-1] == "verify_credentials":
            own = [s for s in self._alive() if s.author == ME]
            last = max((s.at for s in own), default=None)
            facts = {"statuses_count": len(own), "last_status_at": last.date().isoformat() if last else None}
            return 200, {"id": ME, "acct": "kommun", "username": "kommun", "scopes": ["read"], **facts}, {}
        if parts[3] == "notifications":
            return self._notifications(call, parts)
        if parts[3] == "accounts":
            own = [s for s in self._alive() if s.author == ME]
            return self._page([(s.id, self._row(s)) for s in own], call)
        if parts[3] == "conversations":
            return self._conversations(call)
        return self._status(call, parts)

    def _notifications(self, call: Call, parts: list[str]) -> Reply:
        rows = []
        for s in self._alive():
            kind = "quote" if s.quotes else "mention"
            is_hidden = s.is_filtered and call.get("include_filtered") != "true"
            if s.note and not is_hidden and (not call.all("types[]") or kind in call.all("types[]")):
                rows.append((s.note, {"id": s.note, "type": kind, "created_at": stamp(s.at), "status": self._row(s)}))
        if len(parts) == 5:
            found = dict(rows).get(parts[4])
            return (200, found, {}) if found else (404, {"error": "Record not found"}, {})
        return self._page(rows, call)

    def _conversations(self, call: Call) -> Reply:
        direct = [s for s in self._alive() if s.visibility == "direct"]
        tops: dict[str, list[Status]] = {}
        for s in direct:
            tops.setdefault(self._top(s).id, []).append(s)
        rows = []
        for top, members in tops.items():
            last = max(members, key=lambda s: int(s.id))
            rows.append((last.id, {"id": top, "unread": True, "accounts": [], "last_status": self._row(last)}))
        return self._page(rows, call)

    def _status(self, call: Call, parts: list[str]) -> Reply:
        if len(parts) == 4:
            return 200, [self._row(s) for s in self._alive() if s.id in call.all("id[]")], {}
        found = next((s for s in self._alive() if s.id == parts[4]), None)
        if found is None:
            return 404, {"error": "Record not found"}, {}
        if parts[-1] == "quotes":
            return self._page([(s.id, self._row(s)) for s in self._alive() if s.quotes is found], call)
        if parts[-1] == "context":
            above: list[Any] = []
            node = found.parent
            while node is not None and not node.is_gone:
                above.insert(0, self._row(node))
                node = node.parent
            below = [self._row(s) for s in self._alive() if self._is_below(s, found)]
            return 200, {"ancestors": above, "descendants": below}, {}
        return 200, self._row(found), {}

    def _is_below(self, status: Status, top: Status) -> bool:
        node = status.parent
        while node is not None and node is not top and not node.is_gone:
            node = node.parent
        return node is top

    def _top(self, status: Status) -> Status:
        return self._top(status.parent) if status.parent else status

    def _alive(self) -> list[Status]:
        return [s for s in self.statuses if not s.is_gone]

    def _row(self, status: Status) -> dict[str, Any]:
        replies = sum(s.parent is status and s.visibility != "direct" for s in self._alive())
        quotes = sum(s.quotes is status for s in self._alive())
        name = NAMES[status.author]
        row: dict[str, Any] = {
            "id": status.id,
            "created_at": stamp(status.at),
            "edited_at": stamp(status.edited_at) if status.edited_at else None,
            "in_reply_to_id": status.parent.id if status.parent else None,
            "in_reply_to_account_id": status.parent.author if status.parent else None,
            "visibility": status.visibility,
            "content": f"<p>{status.text}</p>",
            "spoiler_text": "",
            "account": {"id": status.author, "acct": name.lower(), "display_name": name},
            "mentions": [],
            "replies_count": replies if self.count_lie is None else self.count_lie,
            "quotes_count": quotes,
            "url": f"https://social.example.org/@{name.lower()}/{status.id}",
        }
        if status.quotes:
            row["quote"] = {"state": "accepted", "quoted_status": {"id": status.quotes.id, "account": {"id": ME}}}
        return row

    def _page(self, pairs: list[tuple[str, Any]], call: Call) -> Reply:
        pairs = sorted(pairs, key=lambda p: int(p[0]), reverse=True)
        top, bottom = int(call.get("max_id", "9" * 18)), int(call.get("min_id") or call.get("since_id") or 0)
        inside = [p for p in pairs if bottom < int(p[0]) < top]
        size = min(int(call.get("limit", "20")), self.most_rows)
        page = inside[-size:] if call.get("min_id") else inside[:size]
        older = [] if call.get("min_id") else inside[size:]
        links = []
        if self.empty_first and page and not call.get("max_id") and not call.get("min_id"):
            links.append(f'<{self.base}{call.path}?max_id={int(page[0][0]) + 1}>; rel="next"')
            page = []
        elif older:
            links.append(f'<{self.base}{call.path}?max_id={page[-1][0]}>; rel="next"')
        if self.repeats_pages and page and older:
            links = [f'<{self.base}{call.path}?max_id={int(page[0][0]) + 1}>; rel="next"']
        if page:
            links.append(f'<{self.base}{call.path}?min_id={page[0][0]}>; rel="prev"')
        headers = {"Link": ", ".join(links)} if links and self.has_links else {}
        return 200, [row for _, row in page], {**headers, "X-RateLimit-Remaining": "200"}
