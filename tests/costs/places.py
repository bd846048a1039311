"""One account of each platform that has a sandbox, and how something is written there. Another is one more entry."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from watchdaemon.domain.account import Account, Ownership
from watchdaemon.sandbox import ids
from watchdaemon.sandbox.scenario import town
from watchdaemon.sandbox.world import Kind, Token, TokenKind, World, WorldAccount, WorldItem

TOKEN = "sandbox-measured-token"
SECRET = "sandbox-measured-secret"

NewId = Callable[[str, datetime, str, str | None], str]
"""Makes an item's id from its author's id, the time, a seed and (for a comment) the post's id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A platform: how its ids look, how its account proves itself, and what its words are."""

    platform: str
    native_id: Callable[[str], str]
    person_id: Callable[[str], str]
    post_id: NewId
    comment_id: NewId
    token: Token
    credential: Mapping[str, str]
    names_the_account: bool = False  # a reply begins with "@name"

    def world_accounts(self, key: str) -> list[WorldAccount]:
        """Return an account as the platform knows it, and what belongs to it; its token ends in its key."""
        page = f"{key}-page"
        opens = frozenset({key, page}) if self.platform == "instagram" else frozenset({key})
        me = WorldAccount(
            key=key,
            platform=self.platform,
            native_id=self.native_id(key),
            name="Exempelkommun",
            username=f"{key}.example" if self.platform == "bluesky" else key.replace("-", ""),
            tokens=(replace(self.token, value=f"{self.token.value}-{key}", accounts=opens),),
            linked_id=ids.facebook_page(page) if self.platform == "instagram" else None,
        )
        if self.platform != "instagram":
            return [me]
        linked = WorldAccount(
            key=page,
            platform="facebook",
            native_id=ids.facebook_page(page),
            name=me.name,
            username=me.username,
            tokens=me.tokens,
            linked_id=me.native_id,
        )
        return [me, linked]

    def account(self, key: str) -> Account:
        """Return it as our register does."""
        return Account(
            key=key,
            platform=self.platform,
            native_id=self.native_id(key),
            name="Exempelkommun",
            link="https://exempelkommun.example/",
            unit="info",
            manager="chef",
            owners=(Ownership(person="anna"), Ownership(person="bo")),
            credential=key,
            extra={"page_id": ids.facebook_page(f"{key}-page")} if self.platform == "instagram" else {},
        )

    def fields(self, key: str) -> dict[str, str]:
        """Return the credential's fields."""
        return {name: text.replace(TOKEN, f"{TOKEN}-{key}") for name, text in self.credential.items()}

    def post(self, world: World, key: str, at: datetime, number: int, **more: Any) -> WorldItem:
        """Let the account publish something; `more` is what else is so of it."""
        own, seed = self.native_id(key), f"{key}:post:{number}"
        made = WorldItem(
            id=self.post_id(own, at, seed, None),
            account=key,
            kind=Kind.POST,
            author_id=own,
            author_name="Exempelkommun",
            author_username=world.account(key).username,
            by_account=True,
            title="Film" if self.platform == "youtube" else "",
            text=f"Nytt från kommunen {number}",
            published_at=at,
        )
        return world.add(replace(made, **more))

    def comment(
        self, world: World, post: WorldItem, at: datetime, number: int, *, to: WorldItem | None = None, **more: Any
    ) -> WorldItem:
        """Let one of forty people comment under a post, or reply to a comment; `more` is what else is so of it."""
        key, name = post.account, f"Kim Exempel {number % 40}"
        seed = f"{post.id}:comment:{number}"
        named = f"@{world.account(key).username} " if self.names_the_account else ""
        has_two_levels = self.platform in ("facebook", "instagram", "youtube")
        author_id = more.get("author_id", self.person_id(name))
        above = (to.id if to is not None else None) if self.platform == "youtube" else post.id
        made = WorldItem(
            id=self.comment_id(author_id, at, seed, above),
            account=key,
            kind=Kind.COMMENT,
            author_id=author_id,
            author_name=name,
            author_username=f"kim{number % 40}.example" if self.platform == "bluesky" else f"kim{number % 40}",
            text=f"{named}Hur länge är det öppet {number}?",
            published_at=at,
            parent_id=to.id if to is not None else (None if has_two_levels else post.id),
            root_id=post.id,
        )
        return world.add(replace(made, **more))


def _user(scopes: frozenset[str] = frozenset(), *, kind: TokenKind = TokenKind.USER, secret: str = "") -> Token:
    return Token(value=TOKEN, kind=kind, accounts=frozenset(), scopes=scopes, secret=secret)


_GRAPH = {"token": TOKEN, "app_id": town.APP_ID, "app_secret": town.APP_SECRET}

PLACES = {
    place.platform: place
    for place in (
        Place(
            platform="facebook",
            native_id=ids.facebook_page,
            person_id=ids.facebook_person,
            post_id=lambda own, _at, seed, _under: ids.facebook_post(own, seed),
            comment_id=lambda _own, _at, seed, under: ids.facebook_comment(under or "", seed),
            token=replace(_user(town._PAGE_SCOPES, kind=TokenKind.PAGE), user_id="1000000000000077"),
            credential=_GRAPH,
        ),
        Place(
            platform="instagram",
            native_id=ids.instagram_user,
            person_id=ids.instagram_person,
            post_id=lambda _own, _at, seed, _under: ids.instagram_media(seed),
            comment_id=lambda _own, _at, seed, _under: ids.instagram_comment(seed),
            token=replace(_user(town._PAGE_SCOPES, kind=TokenKind.PAGE), user_id="1000000000000077"),
            credential=_GRAPH,
        ),
        Place(
            platform="x",
            native_id=ids.x_user,
            person_id=ids.x_user,
            post_id=lambda _own, at, seed, _under: ids.x_post(at, seed),
            comment_id=lambda _own, at, seed, _under: ids.x_post(at, seed),
            token=_user(town._X_SCOPES),
            credential={"token": TOKEN},
            names_the_account=True,
        ),
        Place(
            platform="youtube",
            native_id=ids.youtube_channel,
            person_id=ids.youtube_channel,
            post_id=lambda _own, _at, seed, _under: ids.youtube_video(seed),
            comment_id=lambda _own, _at, seed, under: ids.youtube_comment(seed, under),
            token=_user(town._YOUTUBE_SCOPES),
            credential={"token": TOKEN},
        ),
        Place(
            platform="bluesky",
            native_id=ids.bluesky_did,
            person_id=ids.bluesky_did,
            post_id=lambda own, at, seed, _under: ids.bluesky_post(own, at, seed),
            comment_id=lambda own, at, seed, _under: ids.bluesky_post(own, at, seed),
            token=_user(kind=TokenKind.APP_PASSWORD),
            credential={"password": TOKEN},
        ),
        Place(
            platform="mastodon",
            native_id=ids.mastodon_account,
            person_id=ids.mastodon_account,
            post_id=lambda _own, at, seed, _under: ids.mastodon_status(at, seed),
            comment_id=lambda _own, at, seed, _under: ids.mastodon_status(at, seed),
            token=_user(frozenset({"read:notifications", "read:statuses", "read:accounts"})),
            credential={"token": TOKEN},
        ),
        Place(
            platform="threads",
            native_id=ids.instagram_user,
            person_id=ids.instagram_person,
            post_id=lambda _own, _at, seed, _under: ids.instagram_media(seed),
            comment_id=lambda _own, _at, seed, _under: ids.instagram_media(seed),
            token=_user(
                frozenset(
                    {"threads_basic", "threads_read_replies", "threads_manage_replies", "threads_manage_mentions"}
                )
            ),
            credential={"token": TOKEN},
        ),
    )
}
