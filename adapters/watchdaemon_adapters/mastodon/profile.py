"""A profile as a reader sees it. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from watchdaemon_adapters.mastodon.mapping import parse_time
from watchdaemon_adapters.mastodon.plain import plain_text, storable


def profile_name(me: Mapping[str, object]) -> str:
    """Return the display name, or the handle where there is none."""
    name, acct = _words(me.get("display_name")), _words(me.get("acct"))
    return name or (f"@{acct}" if acct else "")


def profile_text(me: Mapping[str, object]) -> str:
    """Return what the account says of itself and its fields ("imprint: address"), each on its line."""
    note = me.get("note")
    lines = [plain_text(note) if isinstance(note, str) else ""]
    fields = me.get("fields")
    for row in fields if isinstance(fields, list) else []:
        name, value = (row.get("name"), row.get("value")) if isinstance(row, dict) else (None, None)
        if isinstance(name, str) and isinstance(value, str):
            lines.append(f"{storable(name)}: {plain_text(value)}")
    return "\n".join(line for line in lines if line)


def newest_time(rows: Iterable[object]) -> datetime | None:
    """Return when the newest of some statuses was published; pinned ones may stand before newer ones."""
    times = [parse_time(row.get("created_at")) for row in rows if isinstance(row, dict)]
    return max((t for t in times if t is not None), default=None)


def _words(value: object) -> str:
    return storable(value).strip() if isinstance(value, str) else ""
