"""Threads' reference as a judge of requests. There is no description for machines: the tables below are its pages'.

Threads API: "User" and "Media retrieval" (fields of posts), "Reply Management" (updated 2026-02-13: conversation,
replies, pending_replies, manage_reply, manage_pending_reply), "Mentions", "Get access tokens", "Troubleshooting" (the
token debugger); read 2026-11.
"""

import re
from collections.abc import Iterable, Mapping

from tests.conformance.wire import Sent


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_POST = _names(
    "id media_product_type media_type media_url permalink owner username text timestamp shortcode thumbnail_url "
    "children is_quote_post quoted_post reposted_post alt_text link_attachment_url has_replies reply_audience "
    "gif_url topic_tag poll_attachment is_verified profile_picture_url"
)
_REPLY = _names(
    "id text username permalink timestamp media_product_type media_type media_url shortcode thumbnail_url children "
    "is_quote_post quoted_post reposted_post gif_url has_replies root_post replied_to is_reply is_reply_owned_by_me "
    "hide_status reply_audience topic_tag is_verified profile_picture_url"
)
_PENDING = (_REPLY - {"permalink", "is_reply_owned_by_me"}) | {"reply_approval_status"}
_USER = _names("id username name threads_profile_picture_url threads_biography is_verified")
_TIMES = _names("since until limit before after")
_BELOW = _names("reverse before after")
_CODE = _names("client_id client_secret grant_type redirect_uri code")

# path below the version: fields, parameters
_READING: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "me": (_USER, frozenset()),
    "me/threads": (_POST, _TIMES),
    "me/replies": (_POST | _REPLY, _TIMES),
    "me/mentions": (_POST | _REPLY, _TIMES),
    r"\d+": (_POST | _REPLY, frozenset()),
    r"\d+/(conversation|replies)": (_REPLY, _BELOW),
    r"\d+/pending_replies": (_PENDING, _BELOW | {"approval_status"}),
    "debug_token": (frozenset(), frozenset({"input_token"})),
}
_WRITING: Mapping[str, frozenset[str]] = {
    r"\d+/manage_reply": frozenset({"hide"}),
    r"\d+/manage_pending_reply": frozenset({"approve"}),
}
# these have no version
_TOKENS: Mapping[tuple[str, str], frozenset[str]] = {
    ("POST", "oauth/access_token"): _CODE,
    ("GET", "access_token"): _names("grant_type client_secret access_token"),
    ("GET", "refresh_access_token"): _names("grant_type access_token"),
}
_VALUES = {
    "limit": r"[1-9]\d?|100",
    "since": r"\d+",
    "until": r"\d+",
    "reverse": "true|false",
    "hide": "true|false",
    "approve": "true|false",
    "approval_status": "pending|ignored",
}


def faults_of(sent: Sent) -> list[str]:
    """Return what the reference does not know or allow in a request."""
    for (method, path), allowed in _TOKENS.items():
        if sent.method == method and re.fullmatch(f"(/threads)?/{path}", sent.path):
            return [f"{sent}: {f}" for f in _faults(sent.form if method == "POST" else sent.query, allowed)]
    found = re.search(r"/v\d+\.\d+/(.+)$", sent.path)
    path = found[1] if found else ""
    if sent.method == "POST":
        return _judged(sent, {p: (frozenset(), names) for p, names in _WRITING.items()}, path, sent.form)
    return _judged(sent, _READING if sent.method == "GET" else {}, path, sent.query)


def _judged(
    sent: Sent,
    table: Mapping[str, tuple[frozenset[str], frozenset[str]]],
    path: str,
    pairs: tuple[tuple[str, str], ...],
) -> list[str]:
    row = next((row for pattern, row in table.items() if re.fullmatch(pattern, path)), None)
    if row is None:
        return [f"{sent}: no such path"]
    fields, allowed = row
    unknown = set(filter(None, dict(pairs).get("fields", "").split(","))) - fields
    more = {"access_token", *(["fields"] if fields else [])}
    return [f"{sent}: no field {n}" for n in sorted(unknown)] + [f"{sent}: {f}" for f in _faults(pairs, allowed | more)]


def _faults(pairs: Iterable[tuple[str, str]], allowed: frozenset[str] | set[str]) -> list[str]:
    wrong = [f"unknown parameter {name}" for name, _ in pairs if name not in allowed]
    return wrong + [f"{n} is out of its range" for n, v in pairs if n in _VALUES and not re.fullmatch(_VALUES[n], v)]
