"""The invented texts, read from the package's data, and the ways in which people bend them."""

import random
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """What one unit writes, and what people write to it; questions are (question, answer), videos (title, text)."""

    posts: tuple[str, ...]
    questions: tuple[tuple[str, str], ...]
    statements: tuple[str, ...]
    videos: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """Everything there is to say."""

    topics: dict[str, Topic]
    general: Topic  # for messages and walls: no posts
    names: tuple[str, ...]  # invented people
    greetings: tuple[str, ...]
    endings: tuple[str, ...]
    holding: tuple[str, ...]
    after_holding: tuple[str, ...]
    thanks_replies: tuple[str, ...]
    follow_ups: tuple[str, ...]
    own_thanks: tuple[str, ...]
    spam: tuple[str, ...]
    personal_number: str


@cache
def load_texts() -> Texts:
    """Read the package's texts."""
    data = tomllib.loads(resources.files("watchdaemon.sandbox").joinpath("data/exempelkommun.toml").read_text("utf-8"))
    shared = tuple(data["statements"])
    topics = {
        name: Topic(
            posts=tuple(topic["posts"]),
            questions=tuple((q, a) for q, a in topic["questions"]),
            statements=(*topic["statements"], *shared),
            videos=tuple((title, text) for title, text in topic.get("videos", ())),
        )
        for name, topic in data["topic"].items()
    }
    general = Topic(
        posts=(), questions=tuple((q, a) for q, a in data["general"]), statements=tuple(data["general_statements"])
    )
    return Texts(
        topics=topics,
        general=general,
        names=tuple(f"{first} {last}" for last in data["last_names"] for first in data["first_names"]),
        personal_number=data["personal_number"],
        **{
            name: tuple(data[name])
            for name in (
                "greetings",
                "endings",
                "holding",
                "after_holding",
                "thanks_replies",
                "follow_ups",
                "own_thanks",
                "spam",
            )
        },
    )


def endless(rng: random.Random, things: Sequence[str]) -> Iterator[str]:
    """Give the things in random order, each once before any comes again."""
    while True:
        yield from rng.sample(things, len(things))


def endless_pairs(rng: random.Random, things: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Give the pairs in random order, each once before any comes again."""
    while True:
        yield from rng.sample(things, len(things))


def bent(rng: random.Random, texts: Texts, question: str) -> str:
    """Write a question the way somebody in a hurry, or somebody polite, would."""
    if rng.random() < 0.35:
        question = question.replace("?", "").lower()
    if rng.random() < 0.25 and not question.lower().startswith(("hej", "så bra", "bra")):
        question = rng.choice(texts.greetings) + question[0].lower() + question[1:]
    if rng.random() < 0.2:
        question += rng.choice(texts.endings)
    return question
