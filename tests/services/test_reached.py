"""What the road tells of the platforms: who answers at all, and in which version of its API."""

from collections.abc import Mapping

import pytest
from structlog.testing import capture_logs

from watchdaemon.http import Exchange
from watchdaemon.services.reached import OtherVersion, Reached

GRAPH = "/facebook/v25.0/100/published_posts"


def exchange(
    path: str = GRAPH, *, status: int | None = 200, headers: Mapping[str, str] | None = None, platform: str = "facebook"
) -> Exchange:
    """One exchange."""
    return Exchange(
        platform=platform, account="fb", method="GET", path=path, status=status, seconds=0.1, headers=headers or {}
    )


@pytest.mark.parametrize(
    ("path", "answered", "other"),
    [
        (GRAPH, "v25.0", None),
        (GRAPH, "v26.0", "v26.0"),
        ("/v25.0/", "v21.0", "v21.0"),
        ("/v25.0/", "", None),
        ("/oauth/access_token", "v26.0", None),
        ("/2/tweets", "v26.0", None),
    ],
    ids=[
        "the pinned one",
        "a newer one",
        "an older one, to a batch",
        "not said",
        "no version asked for",
        "not a Graph",
    ],
)
def test_another_version_than_was_asked_for_is_noticed(path: str, answered: str, other: str | None) -> None:
    reached = Reached()
    reached.hear(exchange(path, headers={"facebook-api-version": answered}))

    assert [o.answered for o in reached.other_versions] == ([other] if other else [])


def test_it_is_written_to_the_log_once() -> None:
    reached = Reached()
    with capture_logs() as logs:
        for _ in range(3):
            reached.hear(exchange(headers={"facebook-api-version": "v26.0"}))

    assert logs == [
        {
            "event": "other_api_version", "log_level": "warning", "platform": "facebook", "asked": "v25.0",
            "answered": "v26.0",
        }
    ]  # fmt: skip
    assert reached.other_versions == (OtherVersion(platform="facebook", asked="v25.0", answered="v26.0"),)


def test_any_answer_at_all_shows_that_a_platform_is_reached() -> None:
    reached = Reached()
    reached.hear(exchange(status=None))
    reached.hear(exchange(status=503, platform="x"))

    assert reached.platforms == {"x"}
