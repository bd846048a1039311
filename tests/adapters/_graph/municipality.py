"""Many Pages, each with an Instagram account and a token of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from pydantic import SecretStr
from tests.adapters._graph.town import NOW, SCOPES, Clock, Stage, Town, facebook_account, instagram_account

from watchdaemon.domain.account import Account
from watchdaemon.ports import AdapterContext
from watchdaemon.sandbox import ids
from watchdaemon.sandbox.faults import Faults
from watchdaemon.sandbox.world import Kind, Token, TokenKind, World, WorldAccount, WorldItem

DAY = timedelta(days=1)


class Pockets:
    """Every account's token is its credential's name."""

    def read(self, name: str) -> Mapping[str, SecretStr]:
        return {"token": SecretStr(name)}


@dataclass
class Municipality:
    """The town with many Pages, and verbs."""

    town: Town
    context: AdapterContext
    pages: list[Account]
    instagrams: list[Account]
    count: int = 0

    @property
    def requests(self) -> int:
        return len(self.town.exchanges)

    def write(
        self, account: Account, kind: Kind, text: str, *, ago: timedelta, under: WorldItem | None = None, **more: object
    ) -> WorldItem:
        """Let somebody write something; `under` is the post of a comment."""
        self.count += 1
        by_account = bool(more.pop("by_account", kind is Kind.POST))
        item = WorldItem(
            id=self._new_id(account, kind, under),
            account=account.key,
            kind=kind,
            author_id=account.native_id if by_account else ids.facebook_person(f"{self.count}"),
            author_name=account.name if by_account else "Kim Exempel",
            author_username="" if by_account else "kim.exempel",
            text=text,
            published_at=self.town.clock.now - ago,
            by_account=by_account,
            root_id=under.id if under else None,
            **more,  # type: ignore[arg-type]  # the caller names the fields
        )
        return self.town.world.add(item)

    def _new_id(self, account: Account, kind: Kind, under: WorldItem | None) -> str:
        seed = f"{account.key}-{self.count}"
        if kind is Kind.MESSAGE:
            return ids.facebook_message(seed)
        if account.platform == "instagram":
            return ids.instagram_comment(seed) if under else ids.instagram_media(seed)
        return ids.facebook_comment(under.id, seed) if under else ids.facebook_post(account.native_id, seed)

    def usual_past(self, *, posts: int = 12, conversations: int = 5) -> None:
        """Give every account an ordinary month: posts, some comments and answers, some messages."""
        for account in (*self.pages, *self.instagrams):
            for number in range(posts):
                post = self.write(account, Kind.POST, f"Inlägg {number}", ago=(2 * number + 1) * DAY)
                for other in range(number % 4):
                    self.write(account, Kind.COMMENT, f"Fråga {other}?", ago=number * DAY, under=post)
            for number in range(conversations):
                thread = f"t_{account.key}_{number}"
                self.write(account, Kind.MESSAGE, "Hej?", ago=(number + 1) * DAY, conversation_id=thread)
        for page in self.pages:
            self.write(page, Kind.VISITOR_POST, "Hallå?", ago=3 * DAY)
            self.write(page, Kind.MENTION, "Fint i stan", ago=4 * DAY)


def found_municipality(stage: Stage, count: int) -> Municipality:
    """Found it on the stage's server."""
    town = stage.town()
    clock = Clock(NOW)
    pages, instagrams, world_accounts = [], [], []
    for number in range(count):
        key = f"{number:03}"
        page_id, instagram_id = ids.facebook_page(key), ids.instagram_user(key)
        page = facebook_account(key=f"fb-{key}", native_id=page_id, credential=f"EAA{key}")
        other = instagram_account(
            key=f"ig-{key}", native_id=instagram_id, credential=f"EAA{key}", extra={"page_id": page_id}
        )
        token = Token(value=f"EAA{key}", kind=TokenKind.PAGE, accounts=frozenset({page.key, other.key}), scopes=SCOPES)
        world_accounts += [
            WorldAccount(
                key=page.key,
                platform="facebook",
                native_id=page_id,
                name=page.name,
                username=f"sida{key}",
                linked_id=instagram_id,
                tokens=(token,),
                followers=10_000,
            ),
            WorldAccount(
                key=other.key,
                platform="instagram",
                native_id=instagram_id,
                name=other.name,
                username=f"insta{key}",
                linked_id=page_id,
                followers=10_000,
            ),
        ]
        pages.append(page)
        instagrams.append(other)
    stage.play(World(clock, world_accounts), Faults())
    town = replace(town, world=stage.server.world, clock=clock, faults=stage.server.faults)
    context = replace(town.context, clock=clock, credentials=Pockets())
    return Municipality(town, context, pages, instagrams)
