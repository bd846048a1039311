"""A profile's text as a reader sees it: X shows its own short links, and the true addresses only beside them."""

from collections.abc import Iterator, Mapping


def profile_text(user: Mapping[str, object]) -> str:
    """Return description, location and link of a user object, each on its line, with t.co links written out."""
    entities = user.get("entities")
    of_description, of_url = (_urls(entities, part) for part in ("description", "url"))
    description = _text(user.get("description"))
    for short, true in of_description:
        description = description.replace(short, true)
    link = next((true for _, true in of_url), _text(user.get("url")))
    return "\n".join(part for part in (description, _text(user.get("location")), link) if part)


def _urls(entities: object, part: str) -> Iterator[tuple[str, str]]:
    holder = entities.get(part) if isinstance(entities, dict) else None
    rows = holder.get("urls") if isinstance(holder, dict) else None
    for row in rows if isinstance(rows, list) else []:
        short, true = (row.get("url"), row.get("expanded_url")) if isinstance(row, dict) else (None, None)
        if isinstance(short, str) and short and isinstance(true, str):
            yield short, true


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
