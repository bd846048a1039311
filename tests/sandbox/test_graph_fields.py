"""Field expansion: what is read is what was written, and nonsense is refused, never fatal."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.sandbox.conftest import PAGE, Town

from watchdaemon.sandbox.graph.errors import GraphError
from watchdaemon.sandbox.graph.fields import Field, parse_fields, unparse

_NAMES = st.from_regex(r"[a-z_]{1,8}", fullmatch=True).filter(lambda name: name != "as")
_VALUES = st.from_regex(r"[a-z0-9_]{1,6}", fullmatch=True)


def _unique(fields: list[Field]) -> tuple[Field, ...]:
    return tuple({f.shown_as: f for f in fields}.values())


_FIELDS = st.recursive(
    st.lists(st.builds(Field, _NAMES), min_size=1, max_size=3).map(_unique),
    lambda inner: st.lists(
        st.builds(Field, _NAMES, st.dictionaries(_NAMES, _VALUES, max_size=2), inner, st.none() | _NAMES),
        min_size=1,
        max_size=3,
    ).map(_unique),
    max_leaves=8,
)


def test_modifiers_alias_and_children_are_told_apart() -> None:
    (field,) = parse_fields("comments.filter(stream).limit(5).as(newest){id, from{name}}")

    assert field.name == "comments"
    assert field.shown_as == "newest"
    assert field.params == {"filter": "stream", "limit": "5"}
    assert [c.name for c in field.children] == ["id", "from"]
    assert [c.name for c in field.children[1].children] == ["name"]


@given(_FIELDS)
def test_fields_written_and_read_again_are_the_same(fields: tuple[Field, ...]) -> None:
    assert parse_fields(unparse(fields)) == fields


@pytest.mark.parametrize(
    "text", ["id,", ",id", "id{", "id{}", "id}", "a.limit(5", "a.limit", "a.(5)", "9a", "a b", "id,id"]
)
def test_bad_syntax_is_error_2500(text: str) -> None:
    with pytest.raises(GraphError) as caught:
        parse_fields(text)

    assert caught.value.code == 2500


def test_nesting_has_an_end() -> None:
    with pytest.raises(GraphError, match="too deep"):
        parse_fields("a{" * 20 + "a" + "}" * 20)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    fields=st.text(alphabet="abcdefilmnoprstu_.,(){}1 å", max_size=30),
    edge=st.sampled_from(["", "/feed", "/conversations", "/tagged", "/__init__", "/edge"]),
    name=st.sampled_from(["limit", "after", "before", "since", "platform", "ids", "summary"]),
    value=st.text(max_size=8),
)
def test_no_question_breaks_the_sandbox(town: Town, fields: str, edge: str, name: str, value: str) -> None:
    answer = town.get(f"v25.0/{PAGE}{edge}", fields=fields, **{name: value})

    assert answer.status_code in (200, 400)
    assert isinstance(answer.json(), dict)
