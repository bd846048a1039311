"""What there is to read of a Page: each list, its fields, and what hangs below it."""

from collections.abc import Callable
from dataclasses import dataclass

from watchdaemon.domain.account import Account
from watchdaemon.domain.item import Item
from watchdaemon_adapters.facebook.mapping import (
    LIVE_FIELDS,
    MENTION_FIELDS,
    POST_FIELDS,
    REEL_FIELDS,
    VISITOR_POST_FIELDS,
    map_live,
    map_mention,
    map_post,
    map_reel,
    map_visitor_post,
)
from watchdaemon_adapters.facebook.settings import FacebookSettings

POSTS = "posts"
COMMENTS = "comments"
VISITOR_POSTS = "visitor_posts"
TAGGED = "tagged"
REELS = "reels"
LIVE_VIDEOS = "live_videos"
ADVERTISEMENTS = "advertisements"
PHOTOS = "photos"

FEWER = 10  # of lists that are short on nearly every Page


@dataclass(frozen=True, slots=True, kw_only=True)
class PagePlan:
    """One list of a Page, as part of the question for everything or for itself."""

    stream: str
    edge: str
    fields: str
    map_row: Callable[[object, Account], Item]
    time_key: str = "created_time"
    comment_stream: str | None = None  # whose cursor the comments below it move; None: they are not read
    keeps_old: bool = False  # own posts tell when the account was last active
    is_optional: bool = False  # not every app may read it: where it never could, that is no trouble of each day
    limit: int = FEWER
    can_be_doubted: bool = True
    is_daily: bool = False  # not with every fetch


def plans_of(settings: FacebookSettings) -> list[PagePlan]:
    """Return the lists that the settings want, the most important first."""
    wanted = {
        VISITOR_POSTS: settings.visitor_posts,
        TAGGED: settings.mentions,
        REELS: settings.reels,
        LIVE_VIDEOS: settings.live_videos,
        ADVERTISEMENTS: settings.advertisements,
        PHOTOS: settings.photos,
    }
    return [plan for plan in _PLANS if wanted.get(plan.stream, True)]


_PLANS = (
    PagePlan(
        stream=POSTS,
        edge="published_posts",
        fields=POST_FIELDS,
        map_row=map_post,
        comment_stream=COMMENTS,
        keeps_old=True,
    ),
    PagePlan(
        stream=VISITOR_POSTS,
        edge="visitor_posts",
        fields=VISITOR_POST_FIELDS,
        map_row=map_visitor_post,
        comment_stream=VISITOR_POSTS,
    ),
    PagePlan(stream=TAGGED, edge="tagged", fields=MENTION_FIELDS, map_row=map_mention),
    PagePlan(
        stream=REELS,
        edge="video_reels",
        fields=REEL_FIELDS,
        map_row=map_reel,
        comment_stream=REELS,
        keeps_old=True,
        is_optional=True,
    ),
    PagePlan(
        stream=LIVE_VIDEOS,
        edge="live_videos",
        fields=LIVE_FIELDS,
        map_row=map_live,
        time_key="creation_time",
        comment_stream=LIVE_VIDEOS,
        keeps_old=True,
        is_optional=True,
    ),
    PagePlan(
        stream=ADVERTISEMENTS,
        edge="ads_posts",
        fields=POST_FIELDS,
        map_row=map_post,
        comment_stream=ADVERTISEMENTS,
        keeps_old=True,
        is_optional=True,
        can_be_doubted=False,  # advertisements come and go
    ),
    PagePlan(
        stream=PHOTOS,
        # The same posts by another name: the question for everything may hold each edge only once.
        edge="posts",
        fields="id,created_time,attachments",
        map_row=map_post,
        is_optional=True,
        can_be_doubted=False,
        is_daily=True,
    ),
)
