"""The same little town hall on every platform: an own post, a citizen's comment about a neighbour, an own answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from watchdaemon.domain.account import Account
from watchdaemon.ports import AdapterPlugin
from watchdaemon.sandbox import ids
from watchdaemon.sandbox.threads.app import APPROVALS
from watchdaemon.sandbox.world import Kind, Token, TokenKind, WorldAccount, WorldItem
from watchdaemon_adapters.bluesky import plugin as bluesky
from watchdaemon_adapters.facebook import plugin as facebook
from watchdaemon_adapters.instagram import plugin as instagram
from watchdaemon_adapters.mastodon import plugin as mastodon
from watchdaemon_adapters.threads import plugin as threads
from watchdaemon_adapters.x import plugin as x
from watchdaemon_adapters.youtube import plugin as youtube

KEY = "kommunen"
POST, COMMENT, OWN = "Simhallen öppnar", "Grannen heter", "Tack för frågan"


@dataclass(frozen=True, kw_only=True)
class Place:
    """How the town hall looks on one platform."""

    platform: str
    plugin: AdapterPlugin
    me: str
    citizen: str
    scopes: frozenset[str]
    new_id: Callable[[datetime, str, str | None], str]  # when, seed, the id above it
    kind: TokenKind = TokenKind.USER
    username: str = "exempelkommun"
    credential: Mapping[str, str] = field(default_factory=lambda: {"token": "hemlig"})
    setting: str = "base_url"
    settings: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, str] = field(default_factory=dict)

    def account(self, _base_url: str) -> Account:
        """The account in the register."""
        return Account(
            key=KEY,
            platform=self.platform,
            native_id=self.me,
            name="Exempelkommun",
            link="https://social.example.org/exempelkommun",
            unit="info",
            manager="chefen",
            owners=(),
            credential="den",
        )

    def accounts(self) -> list[WorldAccount]:
        """The account in the sandbox."""
        token = Token(value="hemlig", kind=self.kind, accounts=frozenset({KEY}), scopes=self.scopes, user_id="77")
        return [
            WorldAccount(
                key=KEY,
                platform=self.platform,
                native_id=self.me,
                name="Exempelkommun",
                username=self.username,
                tokens=(token,),
                extra=dict(self.extra),
            )
        ]

    def items(self, now: datetime) -> list[WorldItem]:
        """What is there."""
        post = self._item(now - timedelta(hours=9), POST, Kind.POST, above=None, own=True)
        comment = self._item(now - timedelta(hours=8), f"{COMMENT} Bo", Kind.COMMENT, above=post)
        own = self._item(now - timedelta(hours=7), OWN, Kind.COMMENT, above=comment, own=True)
        return [post, comment, own]

    def _item(self, at: datetime, text: str, kind: Kind, *, above: WorldItem | None, own: bool = False) -> WorldItem:
        # YouTube and Meta's platforms have two levels; on the others every post names what it answers
        is_under_post = above is not None and above.kind is Kind.POST
        has_levels = self.platform in ("facebook", "instagram", "threads", "youtube")
        parent = None if above is None or (is_under_post and has_levels) else above.id
        root = None if above is None else above.root_id or above.id
        return WorldItem(
            id=self.new_id(at, text, None if above is None or is_under_post else above.id),
            account=KEY,
            kind=kind,
            author_id=self.me if own else self.citizen,
            author_name="Exempelkommun" if own else "Kim Exempel",
            author_username="exempelkommun" if own else "kim.exempel",
            text=text,
            title=text if kind is Kind.POST and self.platform == "youtube" else "",
            published_at=at,
            by_account=own,
            parent_id=parent,
            root_id=root,
            extra={APPROVALS: "true"} if kind is Kind.POST and self.platform == "threads" else {},
        )


PAGE = ids.facebook_page("exempelkommun")
_FACEBOOK = Place(
    platform="facebook",
    plugin=facebook,
    me=PAGE,
    citizen=ids.facebook_person("kim"),
    kind=TokenKind.PAGE,
    scopes=frozenset({"pages_read_engagement", "pages_read_user_content", "pages_manage_engagement"}),
    new_id=lambda _, seed, __: ids.facebook_post(PAGE, seed) if seed == POST else ids.facebook_comment(PAGE, seed),
    settings={"messages": False},
)
_INSTAGRAM = Place(
    platform="instagram",
    plugin=instagram,
    me=ids.instagram_user("exempelkommun"),
    citizen=ids.facebook_person("kim"),
    kind=TokenKind.PAGE,
    scopes=frozenset({"instagram_basic", "instagram_manage_comments", "pages_read_engagement"}),
    new_id=lambda _, seed, __: ids.instagram_media(seed) if seed == POST else ids.instagram_comment(seed),
    settings={"messages": False, "mentions": False},
)
_X = Place(
    platform="x",
    plugin=x,
    me=ids.x_user("exempelkommun"),
    citizen=ids.x_user("kim"),
    scopes=frozenset({"tweet.read", "users.read", "tweet.moderate.write", "tweet.write"}),
    new_id=lambda at, seed, _: ids.x_post(at, seed),
    settings={"messages": False},
)
_YOUTUBE = Place(
    platform="youtube",
    plugin=youtube,
    me=ids.youtube_channel("exempelkommun"),
    citizen=ids.youtube_channel("kim"),
    scopes=frozenset({"https://www.googleapis.com/auth/youtube.force-ssl"}),
    new_id=lambda _, seed, above: ids.youtube_video(seed) if seed == POST else ids.youtube_comment(seed, above),
)

_MASTODON = Place(
    platform="mastodon",
    plugin=mastodon,
    me=ids.mastodon_account("exempelkommun"),
    citizen=ids.mastodon_account("kim"),
    scopes=frozenset({"read", "write:statuses"}),
    new_id=lambda at, seed, _: ids.mastodon_status(at, seed),
)
_THREADS = Place(
    platform="threads",
    plugin=threads,
    me=ids.digits("threads:exempelkommun", 17),
    citizen=ids.digits("threads:kim", 17),
    scopes=frozenset({"threads_basic", "threads_read_replies", "threads_manage_replies"}),
    new_id=lambda _, seed, __: ids.digits(f"threads:{seed}", 17),
    settings={"mentions": False},
)

ME_ON_BLUESKY, KIM_ON_BLUESKY = ids.bluesky_did("exempelkommun"), ids.bluesky_did("kim")
_BLUESKY = Place(
    platform="bluesky",
    plugin=bluesky,
    me=ME_ON_BLUESKY,
    citizen=KIM_ON_BLUESKY,
    kind=TokenKind.APP_PASSWORD,
    scopes=frozenset(),
    username="exempelkommun.example.org",
    credential={"password": "hemlig"},
    new_id=lambda at, seed, _: ids.bluesky_post(
        KIM_ON_BLUESKY if seed.startswith(COMMENT) else ME_ON_BLUESKY, at, seed
    ),
)

PLACES = {place.platform: place for place in (_BLUESKY, _FACEBOOK, _INSTAGRAM, _X, _YOUTUBE, _MASTODON, _THREADS)}
