"""Lets one account and the people around it write to each other, in the ways of its platform."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import TypedDict, Unpack
from zoneinfo import ZoneInfo

from watchdaemon.sandbox import ids
from watchdaemon.sandbox.scenario.texts import Texts, bent, endless, endless_pairs
from watchdaemon.sandbox.scenario.town import Voice, native_id
from watchdaemon.sandbox.world import Kind, Moderation, World, WorldItem

ZONE = ZoneInfo("Europe/Stockholm")
_OPENS, _CLOSES = time(8), time(17)

# How much people say compared to the voices' own numbers: 1 would be a thousand items in three weeks.
_TALKATIVE = 0.62

# Where a reply names the very item it answers, and begins with its author's name.
_NAMING = frozenset({"x", "mastodon"})

# What becomes of a question: how often, in percent.
_FATES = (
    ("in_time", 54),
    ("late", 13),
    ("holding", 8),
    ("never", 13),
    ("deleted", 5),
    ("edited", 4),
    ("neighbour", 3),  # another citizen answers, the municipality does not
)


class More(TypedDict, total=False):
    """What an item may have besides its text, time and author: WorldItem's own fields."""

    title: str
    parent_id: str | None
    root_id: str | None
    conversation_id: str | None
    edits: tuple[tuple[datetime, str], ...]
    deleted_at: datetime | None
    hidden_at: datetime | None
    moderation: Moderation
    is_author_private: bool
    expects: str | None


class Writer:
    """Writes one account's weeks into the world. Deterministic: the same voice and seed give the same items."""

    def __init__(self, world: World, voice: Voice, texts: Texts, seed: int) -> None:
        self._world = world
        self._voice = voice
        self._native_id = native_id(voice)
        self._texts = texts
        self._rng = random.Random(f"{seed}:{voice.key}")  # noqa: S311 - the same town every time is what is wanted
        self._topic = texts.topics[voice.topic]
        self._posts = endless(self._rng, self._topic.posts)
        self._videos = endless_pairs(self._rng, self._topic.videos or (("Film", "En film."),))
        self._questions = endless_pairs(self._rng, self._topic.questions)
        self._statements = endless(self._rng, self._topic.statements)
        self._general = endless_pairs(self._rng, texts.general.questions)
        self._wall = endless(self._rng, texts.general.statements)
        self._names = endless(self._rng, texts.names)
        self._count = 0

    # ---- weeks ---------------------------------------------------------------------------------------------------

    def live(self, start: datetime, weeks: int) -> None:
        """Write everything that happens on [start, start + weeks); `start` is local midnight of a Monday."""
        if self._voice.last_post_days is not None:
            self.own_post(start - timedelta(days=self._voice.last_post_days) + timedelta(hours=10))
            return
        for week in range(weeks):
            monday = start + timedelta(weeks=week)
            for _ in range(self._about(self._voice.posts_a_week)):
                at = self._in_office(monday)
                post = self.own_post(at)
                for _ in range(self._about(self._voice.comments_a_post * _TALKATIVE)):
                    self.comment(post, at + timedelta(minutes=5 + self._rng.expovariate(1 / 1400)))
            for _ in range(self._about(self._voice.wall_a_week)):
                self.on_the_wall(self._any_time(monday))
            for _ in range(self._about(self._voice.messages_a_week * _TALKATIVE)):
                self.messages(self._any_time(monday))

    def _about(self, rate: float) -> int:
        whole = int(rate)
        return max(0, whole + (self._rng.random() < rate - whole) + self._rng.choice((-1, 0, 0, 0, 1)) * (whole > 1))

    def _in_office(self, monday: datetime) -> datetime:
        day = monday + timedelta(days=self._rng.randrange(5))
        return day + timedelta(hours=8, minutes=self._rng.randrange(8 * 60), seconds=self._rng.randrange(60))

    def _any_time(self, monday: datetime) -> datetime:
        day = monday + timedelta(days=self._rng.randrange(7))
        return day + timedelta(hours=6, minutes=self._rng.randrange(17 * 60), seconds=self._rng.randrange(60))

    # ---- what people do ------------------------------------------------------------------------------------------

    def own_post(self, at: datetime) -> WorldItem:
        """Let the account publish something."""
        title, text = "", next(self._posts)
        if self._voice.platform == "youtube":
            title, text = next(self._videos)
        return self._add(Kind.POST, text, at, is_own=True, title=title)

    def comment(self, post: WorldItem, at: datetime) -> None:
        """Let somebody comment, with all that follows from it."""
        if self._rng.random() < 0.5:
            question, answer = next(self._questions)
            self.question(post, question, answer, at)
            return
        said = self._under(post, next(self._statements), at, expects="statement")
        if self._rng.random() < 0.2:
            self._reply(said, self._rng.choice(self._texts.own_thanks), self._office(at, 0.5, 5))

    def question(
        self, post: WorldItem, question: str, answer: str, at: datetime, *, fate: str | None = None
    ) -> WorldItem:
        """Let somebody ask under a post, and let fate decide what becomes of it."""
        text = bent(self._rng, self._texts, question)
        fate = fate or self._rng.choices([f for f, _ in _FATES], [w for _, w in _FATES])[0]
        more: More = {"expects": "question"}
        if fate == "deleted":
            more["deleted_at"] = at + timedelta(hours=self._rng.uniform(3, 40))
        if fate == "edited":
            more["edits"] = ((at + timedelta(minutes=self._rng.randrange(2, 25)), f"{text} (rättade stavfel)"),)
        # X shows nothing at all of protected authors, and Mastodon names everybody; elsewhere only the name is missing.
        more["is_author_private"] = self._voice.platform not in _NAMING and self._rng.random() < 0.04
        asked = self._under(post, text, at, **more)
        self._fulfil(asked, answer, fate)
        return asked

    def _fulfil(self, asked: WorldItem, answer: str, fate: str) -> None:
        at = asked.published_at.astimezone(ZONE)
        if fate in ("in_time", "edited"):
            answered = self._reply(asked, answer, self._office(at, 0.3, 6))
            self._follow_up(answered, asked.author_name)
        elif fate == "late":
            self._reply(asked, answer, self._office(at, 22, 40))
        elif fate == "holding":
            self._reply(asked, self._rng.choice(self._texts.holding), self._office(at, 0.3, 4))
            self._reply(asked, self._rng.choice(self._texts.after_holding), self._office(at, 20, 40))
        elif fate == "neighbour":
            said = "Jag tror att det står på webbplatsen, men är inte säker."
            self._reply(asked, said, at + timedelta(hours=1), name=next(self._names), expects="statement")

    def _follow_up(self, answered: WorldItem, name: str) -> None:
        luck = self._rng.random()
        at = answered.published_at + timedelta(minutes=self._rng.randrange(5, 600))
        if luck < 0.28:
            said = self._rng.choice(self._texts.thanks_replies)
            self._reply(answered, said, at, name=name, expects="statement")
        elif luck < 0.36:
            self._reply(answered, self._rng.choice(self._texts.follow_ups), at, name=name, expects="question")

    def on_the_wall(self, at: datetime) -> None:
        """Let somebody write about or to the account outside its own posts."""
        kind = Kind.VISITOR_POST if self._voice.platform == "facebook" else Kind.MENTION
        if self._voice.platform == "facebook" and self._rng.random() < 0.25:
            kind = Kind.MENTION
        named = f"@{self._voice.username} " if kind is Kind.MENTION else ""
        if self._rng.random() < 0.6:
            question, answer = next(self._general)
            text = named + bent(self._rng, self._texts, question)
            asked = self._add(kind, text, at, expects="question")
            # Where the account may answer at all: on its own wall, and where everybody writes to everybody.
            if (kind is Kind.VISITOR_POST or self._voice.platform in _NAMING) and self._rng.random() < 0.75:
                self._under(asked, answer, self._office(at, 0.5, 6), is_own=True)
        else:
            self._add(kind, named + next(self._wall), at, expects="statement")

    def messages(self, at: datetime) -> None:
        """Let somebody write a direct message, mostly answered."""
        if self._voice.platform == "youtube":
            return
        name = next(self._names)
        question, answer = next(self._general)
        thread = self._conversation(name)
        text = bent(self._rng, self._texts, question)
        asked = self._add(Kind.MESSAGE, text, at, name=name, conversation_id=thread, expects="question")
        luck = self._rng.random()
        if luck < 0.75:
            hours = (0.3, 6) if luck < 0.62 else (22, 40)
            replied_at = self._office(at, *hours)
            self._add(Kind.MESSAGE, answer, replied_at, is_own=True, conversation_id=thread)
            if luck < 0.3:
                said = self._rng.choice(self._texts.thanks_replies)
                later = replied_at + timedelta(minutes=self._rng.randrange(2, 90))
                self._add(
                    Kind.MESSAGE, said, later, name=asked.author_name, conversation_id=thread, expects="statement"
                )

    def spam(self, post: WorldItem, at: datetime, *, hidden_at: datetime | None = None) -> WorldItem:
        """Let somebody advertise; YouTube's own filter takes it for what it is."""
        more: More = {"expects": "statement", "hidden_at": hidden_at}
        if self._voice.platform == "youtube":
            more["moderation"] = Moderation.SPAM
        return self._under(post, self._rng.choice(self._texts.spam), at, **more)

    def held(self, post: WorldItem, at: datetime) -> WorldItem:
        """Let somebody ask something that the platform holds for review."""
        question, _ = next(self._questions)
        return self._under(post, question, at, expects="question", moderation=Moderation.HELD)

    def secret(self, post: WorldItem, at: datetime, *, deleted_at: datetime) -> WorldItem:
        """Let somebody write what must not be there; the municipality removes it in the end."""
        return self._under(post, self._texts.personal_number, at, expects="question", deleted_at=deleted_at)

    # ---- the platforms' forms ------------------------------------------------------------------------------------

    def _under(
        self, post: WorldItem, text: str, at: datetime, *, is_own: bool = False, **more: Unpack[More]
    ) -> WorldItem:
        """Write a top-level comment; on X and Mastodon a reply, which names whom it answers."""
        if self._voice.platform in _NAMING:
            text = text if is_own else f"@{self._voice.username} {text}"
            more["parent_id"] = post.id
        more["root_id"] = post.root_id or post.id
        return self._add(Kind.COMMENT, text, at, is_own=is_own, **more)

    def _reply(
        self, to: WorldItem, text: str, at: datetime, *, name: str | None = None, expects: str | None = None
    ) -> WorldItem:
        """Write a reply, the account's own unless somebody is named.

        Where there are only two levels, it lands under the top-level comment.
        """
        is_own = name is None
        if self._voice.platform in _NAMING:
            parent_id: str | None = to.id
            named = to.author_username if is_own else self._voice.username
            text = f"@{named} {text}"
        else:
            parent_id = to.parent_id or to.id
        return self._add(
            Kind.COMMENT,
            text,
            at,
            is_own=is_own,
            name=name,
            expects=expects,
            parent_id=parent_id,
            root_id=to.root_id,
            deleted_at=to.deleted_at,
        )

    def _add(
        self,
        kind: Kind,
        text: str,
        at: datetime,
        *,
        is_own: bool = False,
        name: str | None = None,
        **more: Unpack[More],
    ) -> WorldItem:
        self._count += 1
        shown = self._voice.name if is_own else name or next(self._names)
        at = at.astimezone(ZONE).replace(microsecond=0)
        author_id = self._native_id if is_own else self._person_id(shown)
        return self._world.add(
            WorldItem(
                id=self._new_id(kind, at, author_id, more.get("parent_id"), more.get("root_id")),
                account=self._voice.key,
                kind=kind,
                author_id=author_id,
                author_name=shown,
                author_username=self._voice.username if is_own else _username(shown),
                text=text,
                published_at=at.astimezone(UTC),
                by_account=is_own,
                **more,
            )
        )

    def _person_id(self, name: str) -> str:
        make: dict[str, Callable[[str], str]] = {
            "facebook": ids.facebook_person,
            "instagram": ids.instagram_person,
            "x": ids.x_user,
            "youtube": ids.youtube_channel,
            "mastodon": ids.mastodon_account,
        }
        return make[self._voice.platform](name)

    def _conversation(self, name: str) -> str:
        seed = f"{self._voice.key}:{name}"
        if self._voice.platform == "x":
            return ids.x_dm_conversation(self._native_id, self._person_id(name))
        if self._voice.platform == "mastodon":
            return seed
        return (ids.facebook_conversation if self._voice.platform == "facebook" else ids.instagram_conversation)(seed)

    def _new_id(self, kind: Kind, at: datetime, author_id: str, parent_id: str | None, root_id: str | None) -> str:
        seed = f"{self._voice.key}:{self._count}"
        match self._voice.platform:
            case "x":
                return ids.x_post(at, seed)
            case "mastodon":
                return ids.mastodon_status(at, seed)
            case "youtube":
                return ids.youtube_video(seed) if kind is Kind.POST else ids.youtube_comment(seed, parent_id)
            case "instagram":
                return _instagram_id(kind, seed)
        return _facebook_id(kind, seed, author_id if kind is Kind.MENTION else self._native_id, root_id or "")

    def _office(self, at: datetime, low: float, high: float) -> datetime:
        return after_office_hours(at.astimezone(ZONE), self._rng.uniform(low, high))


def after_office_hours(at: datetime, hours: float) -> datetime:
    """Return the local time at which so many office hours have passed since `at` (Mon-Fri 8-17, no holidays)."""
    left = timedelta(hours=hours)
    while True:
        opens, closes = (datetime.combine(at.date(), t, ZONE) for t in (_OPENS, _CLOSES))
        if at.weekday() < 5 and at < closes:
            at = max(at, opens)
            if at + left <= closes:
                return at + left
            left -= closes - at
        at = datetime.combine(at.date() + timedelta(days=1), _OPENS, ZONE)


def _username(name: str) -> str:
    plain = name.lower().translate(str.maketrans("åäöé", "aaoe"))
    return "".join(c for c in plain if c.isascii() and c.isalnum())[:15]


def _instagram_id(kind: Kind, seed: str) -> str:
    if kind is Kind.MESSAGE:
        return ids.instagram_message(seed)
    return ids.instagram_comment(seed) if kind is Kind.COMMENT else ids.instagram_media(seed)


def _facebook_id(kind: Kind, seed: str, page_id: str, root_id: str) -> str:
    if kind is Kind.MESSAGE:
        return ids.facebook_message(seed)
    return ids.facebook_comment(root_id, seed) if kind is Kind.COMMENT else ids.facebook_post(page_id, seed)
