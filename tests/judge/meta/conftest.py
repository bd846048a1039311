"""A fresh Graph for every test; whatever was asked of it against the contract fails the test."""

from collections.abc import Iterator

import pytest
from tests.judge.meta.book import Made, PageBook, watch_maker
from tests.judge.meta.graph import Graph, served

from watchdaemon_adapters.facebook import plugin as facebook
from watchdaemon_adapters.instagram import plugin as instagram
from watchdaemon_adapters.threads import plugin as threads

PAGE, TOKEN = "900100200", "EAApage-one"


@pytest.fixture
def graph() -> Iterator[Graph]:
    with served(Graph()) as running:
        yield running

        assert running.wrong == []


@pytest.fixture
def page(graph: Graph) -> PageBook:
    return PageBook(graph, PAGE, TOKEN)


@pytest.fixture
def watch_facebook() -> Iterator[Made]:
    yield from watch_maker(facebook, "facebook")


@pytest.fixture
def watch_instagram() -> Iterator[Made]:
    yield from watch_maker(instagram, "instagram")


@pytest.fixture
def watch_threads() -> Iterator[Made]:
    yield from watch_maker(threads, "threads")
