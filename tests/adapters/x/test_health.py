"""What an X token may do: told by its scopes (OAuth 2.0) or by the app's permission (OAuth 1.0a)."""

import pytest
from pydantic import SecretStr

from watchdaemon_adapters.x.health import Told, health_of

READING = "tweet.read users.read offline.access"
WRITING = ("tweet.moderate.write", "tweet.write")


def told(**changes: object) -> Told:
    """What X told."""
    facts: dict[str, object] = {"account": "x", "handle": "exempel", "level": "", "is_oauth1": False}
    return Told(**{**facts, "has_messages": True, **changes})  # type: ignore[arg-type]  # a test's shorthand


@pytest.mark.parametrize(
    ("scope", "has_messages", "missing", "moderation"),
    [
        (f"{READING} dm.read", True, (), WRITING),
        (READING, True, ("dm.read",), WRITING),
        (READING, False, (), WRITING),
        (f"{READING} tweet.write", False, (), ("tweet.moderate.write",)),
        (f"{READING} tweet.moderate.write tweet.write", False, (), ()),
        ("tweet.read users.read", False, (), WRITING),
        ("", True, (), ()),
    ],
    ids=[
        "all that reading needs",
        "no messages",
        "messages are not read",
        "can delete, not hide",
        "can do all",
        "not renewable",
        "not told",
    ],
)
def test_oauth_2_says_it_in_scopes(
    scope: str, has_messages: bool, missing: tuple[str, ...], moderation: tuple[str, ...]
) -> None:
    health = health_of(told(has_messages=has_messages), {"scope": SecretStr(scope)})

    assert (health.missing_scopes, health.missing_for_moderation) == (missing, moderation)
    assert health.scopes == tuple(sorted(scope.split()))


@pytest.mark.parametrize(
    ("level", "missing", "moderation"),
    [
        ("read", ("direct messages",), ("read and write",)),
        ("read-write", ("direct messages",), ()),
        ("read-write-directmessages", (), ()),
        ("", (), ()),
    ],
)
def test_oauth_1_says_it_in_the_app_s_permission(
    level: str, missing: tuple[str, ...], moderation: tuple[str, ...]
) -> None:
    health = health_of(told(level=level, is_oauth1=True), {})

    assert (health.missing_scopes, health.missing_for_moderation) == (missing, moderation)
    assert health.kind == "OAuth 1.0a"
