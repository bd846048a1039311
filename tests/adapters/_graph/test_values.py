"""The readers take any JSON and give a good value, an absence, or BadValueError."""

import contextlib
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdaemon_adapters._graph import values
from watchdaemon_adapters._graph.values import BadValueError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
READERS: list[Callable[[dict[str, object], str], object]] = [
    values.child_of,
    values.rows_of,
    values.id_of,
    values.optional_id,
    values.text_of,
    values.optional_text,
    values.optional_link,
    values.moment_of,
    values.optional_moment,
    values.count_of,
]


@given(JSON)
def test_no_reader_fails_in_any_other_way(value: object) -> None:
    for reader in READERS:
        with contextlib.suppress(BadValueError):
            reader({"key": value}, "key")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2021-07-21T21:05:14+0000", datetime(2021, 7, 21, 21, 5, 14, tzinfo=UTC)),
        ("2026-11-20T09:00:00+01:00", datetime(2026, 11, 20, 8, 0, tzinfo=UTC)),
        ("2026-11-20T09:00:00Z", datetime(2026, 11, 20, 9, 0, tzinfo=UTC)),
        (1347235328, datetime(2012, 9, 10, 0, 2, 8, tzinfo=UTC)),
        ("1347235328", datetime(2012, 9, 10, 0, 2, 8, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_into_utc(written: object, expected: datetime) -> None:
    moment = values.moment_of({"at": written}, "at")

    assert moment == expected
    assert moment.tzinfo is UTC


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-20T09:00:00",
        "0000-00-00T00:00:00+0000",
        "0001-01-01T00:00:00+2359",
        "i går",
        "",
        None,
        True,
        10**30,
        1.5,
        "9" * 5000,
        "²",
    ],
)
def test_a_time_that_is_none_is_refused(written: object) -> None:
    with pytest.raises(BadValueError):
        values.moment_of({"at": written}, "at")


@pytest.mark.parametrize("written", ["", "  ", None, True, 1.5, [], "a\nb", "a\x00", "x" * 301])
def test_an_id_that_is_none_is_refused(written: object) -> None:
    with pytest.raises(BadValueError):
        values.id_of({"id": written})


def test_an_id_may_be_a_whole_number() -> None:
    assert values.id_of({"id": 912475055002}) == "912475055002"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Räksmörgås 🦐", "Räksmörgås 🦐"),
        ("a\x00b", "a\ufffdb"),
        ("\ud83e\udd90", "🦐"),
        ("half \ud83e", "half \ufffd"),
        ("\u202eabc", "\u202eabc"),
        ("<b>&amp;</b>\r\n", "<b>&amp;</b>\r\n"),
    ],
)
def test_a_text_stays_as_written_but_for_what_nothing_can_store(written: str, kept: str) -> None:
    assert values.text_of({"message": written}, "message") == kept


@pytest.mark.parametrize("written", ["javascript:alert(1)", "//evil.example", "https://a\nb", 7, ""])
def test_a_link_is_a_web_address_or_nothing(written: object) -> None:
    assert values.optional_link({"link": written}, "link") is None
