"""Any JSON in any field of any answer gives items, a counted malformed item or a named trouble."""

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.adapters.bluesky.anything import any_json
from tests.adapters.bluesky.town import KEY, Town, account

from watchdaemon.domain.fetch import Coverage
from watchdaemon.testing.conformance import check_item

CALLS = (
    *("createSession", "getAuthorFeed", "listNotifications", "getPostThread", "getQuotes", "searchPosts"),
    *("getPosts", "getProfile", "getSession"),
)

# what one of these leaves out, another one has
BACKED_UP = ("listNotifications", "getPostThread", "getQuotes", "searchPosts")


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value, the whole first."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(p for key, part in inner for p in places(part, (*path, key)))]


def with_changed(body: Any, path: tuple[Any, ...], value: object) -> Any:
    """The body with another value at a place."""
    if not path:
        return value
    changed = copy.deepcopy(body)
    at = changed
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return changed


@pytest.mark.parametrize("call", CALLS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=any_json, place=st.integers(0, 10_000))
def test_no_answer_breaks_a_fetch(busy: Town, call: str, value: object, place: int) -> None:
    whole = {i.id for i in busy.world.all_items()}

    def change(name: str, body: Any) -> Any:
        if name != call:
            return body
        found = places(body)
        return with_changed(body, found[place % len(found)], value)

    busy.alters(change)
    busy._adapter = None
    (result,) = busy.adapter.fetch([account()], {KEY: {}})
    rechecks = list(busy.adapter.recheck(account(), result.items))

    for item in result.items:
        check_item(item, account(), "bluesky")
    assert len(rechecks) == len(result.items)
    if call in BACKED_UP and result.coverage is Coverage.COMPLETE:
        assert whole <= {i.external_id for i in result.items}
