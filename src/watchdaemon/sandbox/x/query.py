"""X's search language, as far as a watcher needs it: from a query text to a test of one post.

Spaces mean "and" and bind tighter than OR; parentheses group; a minus negates one term, never a group.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from watchdaemon.sandbox.x.spec import Refused, invalid

LONGEST_QUERY = 512

_TOKEN = re.compile(r'\s*(?:(?P<open>-?\()|(?P<close>\))|(?P<term>-?(?:[A-Za-z_]+:)?(?:"[^"]*"|[^\s()"]+)))')


@dataclass(frozen=True, slots=True, kw_only=True)
class Searchable:
    """What the search language can ask about a post. Ids and usernames in lower case; a reply has `to_ids`."""

    text: str
    post_id: str
    conversation_id: str
    author: frozenset[str]  # id and username
    to: frozenset[str] = frozenset()  # id and username of whom it replies to
    mentions: frozenset[str] = frozenset()  # usernames
    reply_to: str | None = None  # post ids
    quotes: str | None = None
    is_retweet: bool = False
    lang: str = ""


Test: TypeAlias = Callable[[Searchable], bool]

_ALONE: dict[str, Callable[[Searchable, str], bool]] = {
    "from": lambda post, value: value in post.author,
    "to": lambda post, value: value in post.to,
    "conversation_id": lambda post, value: post.conversation_id == value,
    "in_reply_to_tweet_id": lambda post, value: post.reply_to == value,
    "quotes_of_tweet_id": lambda post, value: post.quotes == value,
    "url": lambda post, value: value in post.text.casefold(),
}
# These may only narrow a query that has a term of the first kind.
_WITH_OTHERS: dict[str, Callable[[Searchable, str], bool]] = {
    "is:reply": lambda post, _: post.reply_to is not None,
    "is:quote": lambda post, _: post.quotes is not None,
    "is:retweet": lambda post, _: post.is_retweet,
    "has:links": lambda post, _: "://" in post.text,
    "has:mentions": lambda post, _: bool(post.mentions),
    "has:hashtags": lambda post, _: re.search(r"#\w", post.text) is not None,
}
_IDS = frozenset({"conversation_id", "in_reply_to_tweet_id", "quotes_of_tweet_id"})


@dataclass(frozen=True, slots=True)
class Search:
    """A query, or a piece of one: a test of one post, and what is known about the posts that can pass it.

    `is_positive` tells that it asks for something on its own, not only narrows or negates. What passes stands in one of
    `conversations`; None when nothing is known, so that every post must be tried.
    """

    test: Test
    is_positive: bool
    conversations: frozenset[str] | None = None


class _Parser:
    def __init__(self, query: str) -> None:
        self.query = query
        self.at = 0

    def refuse(self, message: str) -> Refused:
        text = f"There were errors processing your request: {message} (at position {self.at + 1})"
        return invalid("query", [self.query], text)

    def peek(self) -> re.Match[str] | None:
        if not self.query[self.at :].strip():
            return None
        found = _TOKEN.match(self.query, self.at)
        if found is None:
            raise self.refuse(f"no viable alternative at input '{self.query[self.at :].strip()[:20]}'")
        return found

    def either(self, depth: int) -> Search:
        parts = [self.all_of(depth)]
        while (token := self.peek()) is not None and token["term"] == "OR":
            self.at = token.end()
            parts.append(self.all_of(depth))
        if len(parts) == 1:
            return parts[0]
        tests = [part.test for part in parts]
        known = [part.conversations for part in parts if part.conversations is not None]
        union = frozenset().union(*known) if len(known) == len(parts) else None
        return Search(lambda post: any(test(post) for test in tests), all(part.is_positive for part in parts), union)

    def all_of(self, depth: int) -> Search:
        parts: list[Search] = []
        while (token := self.peek()) is not None and token["term"] != "OR":
            if token["close"]:
                break
            parts.append(self.one(token, depth))
        if not parts:
            raise self.refuse("no viable alternative at input '<EOF>'")
        tests = [part.test for part in parts]
        known = next((part.conversations for part in parts if part.conversations is not None), None)
        return Search(lambda post: all(test(post) for test in tests), any(part.is_positive for part in parts), known)

    def one(self, token: re.Match[str], depth: int) -> Search:
        if not token["open"]:
            part = self.term(token["term"])
            self.at = token.end()
            return part
        if token["open"] == "-(":
            raise self.refuse("a group can not be negated")
        if depth > 8:
            raise self.refuse("too many nested groups")
        self.at = token.end()
        part = self.either(depth + 1)
        closing = self.peek()
        if closing is None or not closing["close"]:
            raise self.refuse("missing ')' at '<EOF>'")
        self.at = closing.end()
        return part

    def term(self, term: str) -> Search:
        wanted = term.removeprefix("-").casefold()
        if not wanted:
            raise self.refuse("no viable alternative at input '-'")
        test, stands_alone = self.test(wanted)
        if term.startswith("-"):
            return Search(lambda post: not test(post), is_positive=False)
        name, _, value = wanted.partition(":")
        return Search(test, stands_alone, frozenset({value}) if name == "conversation_id" else None)

    def test(self, wanted: str) -> tuple[Test, bool]:
        if wanted in _WITH_OTHERS:
            narrowing = _WITH_OTHERS[wanted]
            return lambda post: narrowing(post, ""), False
        name, colon, value = wanted.partition(":")
        value = value.strip('"').removeprefix("@")
        if colon and name == "lang":
            return lambda post: post.lang == value, False
        if colon and name in _ALONE:
            if not value or (name in _IDS and not value.isdigit()):
                raise self.refuse(f"invalid value '{value}' for operator '{name}'")
            asking = _ALONE[name]
            return lambda post: asking(post, value), True
        if colon and re.fullmatch(r"[a-z_]+", name):
            raise self.refuse(f"Reference to invalid operator '{name}'")
        if wanted.startswith("@"):
            return lambda post: wanted[1:] in post.mentions, True
        phrase = wanted.strip('"')
        return lambda post: _has_words(post.text, phrase), True


def _has_words(text: str, phrase: str) -> bool:
    words = r"(?<!\w)" + r"\W+".join(re.escape(word) for word in phrase.split()) + r"(?!\w)"
    return re.search(words, text.casefold()) is not None


def read_search(query: str) -> Search:
    """Turn a query text into a search.

    Raises:
        Refused: 400, in X's form, when the query has an unknown operator, unbalanced parentheses, or nothing in it
            that asks for something (only negations, only is:/has:/lang:).
    """
    parser = _Parser(query)
    part = parser.either(0)
    if parser.peek() is not None:
        raise parser.refuse("missing EOF at ')'")
    if not part.is_positive:
        raise invalid("query", [query], "Rules must contain at least one positive, non-stopword clause")
    return part
