"""Every key of a TOML file is found on its line."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdaemon.errors import ConfigError
from watchdaemon.handwritten import parse_toml, read_toml

SAMPLE = '''\
# a comment with = and [brackets]
title = "a # that is no comment"

[organisation]   # after a header
name = 'Exempel # kommun'
text = """
[not.a.table]
key = "no"
"""
after = 1

[[persons]]
key = "anna"

[[persons]]
key = "bo"
"quoted key".sub = 2
[persons.extra]
deep = true

[watch]
windows = [
    "08:00-12:00",  # first
    { person = "bo", from = 2026-01-01 },
    [1,
     2],
]
last = """ends with a quote""""
end = 2026-12-24 08:00:00
'''


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (("title",), 2),
        (("organisation",), 4),
        (("organisation", "name"), 5),
        (("organisation", "text"), 6),
        (("organisation", "after"), 10),
        (("persons", 0, "key"), 13),
        (("persons", 1), 15),
        (("persons", 1, "key"), 16),
        (("persons", 1, "quoted key", "sub"), 17),
        (("persons", 1, "extra", "deep"), 19),
        (("watch", "windows"), 22),
        (("watch", "windows", 0), 23),
        (("watch", "windows", 1, "from"), 24),
        (("watch", "windows", 2, 1), 26),
        (("watch", "last"), 28),
        (("watch", "end"), 29),
    ],
)
def test_a_key_is_found_on_its_line(place: tuple[str | int, ...], line: int) -> None:
    assert parse_toml(SAMPLE, file="x.toml").line_of(place) == line


def test_a_missing_key_is_found_at_its_table() -> None:
    text = parse_toml(SAMPLE, file="x.toml")

    assert text.line_of(("persons", 1, "mail")) == 15
    assert text.line_of(("nothing",)) is None


def test_windows_line_ends_count_once() -> None:
    text = parse_toml("a = 1\r\n\r\nb = 2\r\n", file="x.toml")

    assert text.line_of(("b",)) == 3


@pytest.mark.parametrize(
    ("text", "line"),
    [("a = 1\nb = = 2\n", 2), ("a = 1\na = 2\n", 2), ('a = 1\nb = """\nopen\n', 3), ("[a\n", 1)],
)
def test_broken_toml_names_the_line(text: str, line: int) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_toml(text, file="x.toml")

    assert [(f.file, f.line) for f in caught.value.faults] == [("x.toml", line)]
    assert "at line" not in caught.value.faults[0].message


def test_a_file_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        read_toml(tmp_path / "none.toml")


def test_a_file_that_is_not_utf8_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes("a = 1\nname = 'Åre'\n".encode("latin-1"))

    with pytest.raises(ConfigError, match=r"latin\.toml:2: is not UTF-8"):
        read_toml(path)


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "bom.toml"
    path.write_bytes(b"\xef\xbb\xbfa = 1\n")

    assert read_toml(path).data == {"a": 1}


_text = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=12)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@given(st.dictionaries(_text, st.lists(_text, max_size=3), max_size=8))
def test_each_key_of_any_table_is_found(table: dict[str, list[str]]) -> None:
    lines = [f"{_quoted(key)} = [{', '.join(map(_quoted, values))}]" for key, values in table.items()]
    text = parse_toml("\n".join(lines), file="x.toml")

    assert text.data == tomllib.loads("\n".join(lines))
    assert [text.line_of((key,)) for key in table] == list(range(1, len(table) + 1))
