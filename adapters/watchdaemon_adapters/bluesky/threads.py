"""A thread's answer taken apart: the posts in it, what a block hides, and where more stands than was shown. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from watchdaemon_adapters.bluesky.mapping import count_in, hidden_in, is_blocked, is_not_found, post_uri


@dataclass(kw_only=True)
class Reading:
    """What one answer held. `posts` are raw post views, the one asked for first."""

    posts: list[object] = field(default_factory=list)
    hidden: set[str] = field(default_factory=set)
    cut: list[str] = field(default_factory=list)  # posts whose replies are counted but were not all shown
    blocked: int = 0
    broken: int = 0  # nodes that are nothing the lexicon knows
    counted: int = 0  # direct replies to the post asked for, as it counts them
    shown: int = 0  # those of them that were in the answer, in whatever form


def read_thread(answer: Mapping[str, object]) -> Reading:
    """Take an answer of app.bsky.feed.getPostThread apart. Not recursive: threads may be deep."""
    reading = Reading(hidden=set(hidden_in(answer)))
    top = answer.get("thread")
    waiting = [top]
    while waiting:
        node = waiting.pop()
        if is_not_found(node):
            continue
        if is_blocked(node):
            reading.blocked += 1
        elif not isinstance(node, dict) or not isinstance(node.get("post"), dict):
            reading.broken += 1
        else:
            waiting += _take(node, reading, is_top=node is top)
    return reading


def _take(node: Mapping[str, object], reading: Reading, *, is_top: bool) -> list[object]:
    """Keep a node's post, and return the nodes below it."""
    post, replies = node["post"], node.get("replies")
    reading.posts.append(post)
    reading.hidden.update(hidden_in(post))
    if replies is not None and not isinstance(replies, list):
        reading.broken += 1
    below = replies if isinstance(replies, list) else []
    counted, uri = count_in(post, "replyCount") or 0, post_uri(post)
    if is_top:
        reading.counted, reading.shown = counted, len(below)
    elif counted > len(below) and uri is not None:
        reading.cut.append(uri)
    return below
