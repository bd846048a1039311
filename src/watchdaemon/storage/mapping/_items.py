"""Items, with their earlier wordings."""

from datetime import UTC, datetime

from watchdaemon.domain.item import Item, Wording
from watchdaemon.storage.mapping._row import RowData, StoredRow


def item_to_row(item: Item, *, first_seen_at: datetime, changed_at: datetime) -> RowData:
    """Item to row."""
    return {
        "account": item.account,
        "external_id": item.external_id,
        "platform": item.platform,
        "thread_id": item.thread_id,
        "kind": item.kind,
        "published_at": item.published_at,
        "parent_id": item.parent_id,
        "root_id": item.root_id,
        "author": item.author,
        "author_id": item.author_id,
        "by_account": item.by_account,
        "is_automatic": item.is_automatic,
        "text": item.text,
        "url": item.url,
        "edited_at": item.edited_at,
        "earlier": [{"text": w.text, "since": _iso(w.since), "until": _iso(w.until)} for w in item.earlier],
        "visibility": item.visibility,
        "extra": dict(item.extra),
        "first_seen_at": first_seen_at,
        "changed_at": changed_at,
    }


def item_from_row(row: StoredRow) -> Item:
    """Row to item; further columns in the row do not disturb."""
    return Item(
        account=row["account"],
        platform=row["platform"],
        external_id=row["external_id"],
        thread_id=row["thread_id"],
        kind=row["kind"],
        published_at=row["published_at"],
        parent_id=row["parent_id"],
        root_id=row["root_id"],
        author=row["author"],
        author_id=row["author_id"],
        by_account=row["by_account"],
        is_automatic=row["is_automatic"],
        text=row["text"],
        url=row["url"],
        edited_at=row["edited_at"],
        earlier=_wordings(row["earlier"]) if row["earlier"] else (),
        visibility=row["visibility"],
        extra=row["extra"],
    )


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()


def _wordings(kept: list[dict[str, str | None]]) -> tuple[Wording, ...]:
    moments = [(w["text"] or "", w["since"], w["until"]) for w in kept]
    return tuple(Wording(text=text, since=_from_iso(since), until=_from_iso(until)) for text, since, until in moments)


def _from_iso(written: str | None) -> datetime | None:
    return None if written is None else datetime.fromisoformat(written)
