"""Who there is: units, persons, accounts and their tokens, in the register's words and in the platforms'."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from watchdaemon.domain.account import (
    Account,
    AccountStatus,
    Audience,
    OwnerRole,
    Ownership,
    Person,
    Register,
    Unit,
)
from watchdaemon.sandbox import ids
from watchdaemon.sandbox.world import Token, TokenKind, WorldAccount

APP_ID, APP_SECRET = "912475055002", "sandbox-app-secret"
_PAGE_SCOPES = frozenset(
    {
        "pages_show_list",
        "pages_read_engagement",
        "pages_read_user_content",
        "pages_manage_engagement",
        "pages_manage_metadata",
        "pages_messaging",
        "instagram_basic",
        "instagram_manage_comments",
        "instagram_manage_messages",
    }
)
_X_SCOPES = frozenset({"tweet.read", "users.read", "dm.read", "tweet.moderate.write", "tweet.write", "offline.access"})
_MASTODON_SCOPES = frozenset({"read:notifications", "read:statuses", "read:accounts"})
_YOUTUBE_SCOPES = frozenset({"https://www.googleapis.com/auth/youtube.force-ssl"})
YOUTUBE_CLIENT, YOUTUBE_SECRET = "sandbox-client.apps.example.org", "sandbox-client-secret"


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """One account of the town: what it is about, how busy it is, and who answers for it."""

    key: str
    platform: str
    name: str
    username: str
    unit: str
    topic: str
    owners: tuple[str, ...]
    posts_a_week: float = 2.5
    comments_a_post: float = 2.6
    wall_a_week: float = 0.6  # visitors' posts, mentions
    messages_a_week: float = 1.0
    last_post_days: int | None = None  # a quiet account: so many days before the start, and silence since
    status: AccountStatus = AccountStatus.APPROVED
    exempt: str = ""


_UNITS = (
    ("kommunikation", "Kommunikationsenheten", "karin"),
    ("bibliotek", "Exempelkommuns bibliotek", "maria"),
    ("badhus", "Exempelbadet", "maria"),
    ("kultur", "Kultur och musikskola", "maria"),
    ("ungdom", "Ungdomens hus Navet", "maria"),
    ("skola", "Skola och förskola", "leila"),
    ("omsorg", "Äldreomsorgen", "siv"),
    ("gata", "Gator och parker", "goran"),
    ("miljo", "Miljö och avfall", "goran"),
)

_PERSONS = (
    ("karin", "Karin Kommunexempel", "sv"),
    ("maria", "Maria Chefsexempel", "sv"),
    ("leila", "Leila Skolexempel", "sv"),
    ("siv", "Siv Omsorgsexempel", "sv"),
    ("goran", "Göran Gatuexempel", "sv"),
    ("anna", "Anna Exempelbok", "sv"),
    ("bo", "Bo Bokexempel", "sv"),
    ("eva", "Eva Vikariexempel", "sv"),
    ("sam", "Sam Bathexample", "en"),
    ("dilan", "Dilan Badexempel", "sv"),
    ("olga", "Olga Kulturexempel", "sv"),
    ("nico", "Nico Studioexempel", "en"),
    ("petra", "Petra Pressexempel", "sv"),
    ("hassan", "Hassan Webbexempel", "sv"),
    ("ulla", "Ulla Vårdexempel", "sv"),
    ("kent", "Kent Vägexempel", "sv"),
    ("mira", "Mira Miljöexempel", "en"),
)

VOICES = (
    Voice(
        key="kommunen-fb",
        platform="facebook",
        name="Exempelkommun",
        username="exempelkommun",
        unit="kommunikation",
        topic="kommunen",
        owners=("petra", "hassan"),
        posts_a_week=4,
        comments_a_post=4,
        messages_a_week=3,
        wall_a_week=2,
    ),
    Voice(
        key="bibliotek-fb",
        platform="facebook",
        name="Exempelkommuns bibliotek",
        username="exempelbiblioteket",
        unit="bibliotek",
        topic="bibliotek",
        owners=("anna", "bo"),
        posts_a_week=3.5,
        comments_a_post=3,
    ),
    Voice(
        key="badhus-fb",
        platform="facebook",
        name="Exempelbadet",
        username="exempelbadet",
        unit="badhus",
        topic="badhus",
        owners=("sam", "dilan"),
        posts_a_week=3,
        comments_a_post=3.5,
        messages_a_week=1.5,
    ),
    Voice(
        key="skola-fb",
        platform="facebook",
        name="Skolorna i Exempelkommun",
        username="exempelskolorna",
        unit="skola",
        topic="skola",
        owners=("hassan", "leila"),
        posts_a_week=2.5,
        comments_a_post=3.2,
        messages_a_week=1.5,
    ),
    Voice(
        key="omsorg-fb",
        platform="facebook",
        name="Äldreomsorgen i Exempelkommun",
        username="exempelomsorgen",
        unit="omsorg",
        topic="omsorg",
        owners=("ulla", "siv"),
        posts_a_week=2,
        comments_a_post=2.8,
        messages_a_week=1.5,
    ),
    Voice(
        key="gata-fb",
        platform="facebook",
        name="Gator och parker i Exempelkommun",
        username="exempelgator",
        unit="gata",
        topic="gata",
        owners=("kent", "goran"),
        posts_a_week=3.5,
        comments_a_post=3.8,
        wall_a_week=1.5,
    ),
    Voice(
        key="kultur-fb",
        platform="facebook",
        name="Kultur i Exempelkommun",
        username="exempelkultur",
        unit="kultur",
        topic="kultur",
        owners=("olga", "petra"),
        posts_a_week=2.5,
    ),
    Voice(
        key="miljo-fb",
        platform="facebook",
        name="Miljö i Exempelkommun",
        username="exempelmiljo",
        unit="miljo",
        topic="miljo",
        owners=("mira", "kent"),
        posts_a_week=2,
    ),
    Voice(
        key="bjorken-fb",
        platform="facebook",
        name="Särskilda boendet Björken",
        username="exempelbjorken",
        unit="omsorg",
        topic="omsorg",
        owners=("ulla", "siv"),
        last_post_days=60,
        status=AccountStatus.RESTING,
        exempt="Bara för de boendes anhöriga.",
    ),
    Voice(
        key="ungdom-fb",
        platform="facebook",
        name="Navet (gamla sidan)",
        username="exempelnavet",
        unit="ungdom",
        topic="ungdom",
        owners=("nico", "olga"),
        last_post_days=420,
        status=AccountStatus.CLOSED,
    ),
    Voice(
        key="kommunen-ig",
        platform="instagram",
        name="Exempelkommun",
        username="exempelkommun",
        unit="kommunikation",
        topic="kommunen",
        owners=("petra", "hassan"),
        posts_a_week=3,
        comments_a_post=2.6,
    ),
    Voice(
        key="bibliotek-ig",
        platform="instagram",
        name="Exempelbiblioteket",
        username="exempelbiblioteket",
        unit="bibliotek",
        topic="bibliotek",
        owners=("anna", "bo"),
        comments_a_post=2,
    ),
    Voice(
        key="badhus-ig",
        platform="instagram",
        name="Exempelbadet",
        username="exempelbadet",
        unit="badhus",
        topic="badhus",
        owners=("sam", "dilan"),
        comments_a_post=2.4,
    ),
    Voice(
        key="ungdom-ig",
        platform="instagram",
        name="Navet",
        username="exempelnavet",
        unit="ungdom",
        topic="ungdom",
        owners=("nico", "olga"),
        posts_a_week=4,
        comments_a_post=2.4,
        messages_a_week=2,
    ),
    Voice(
        key="kultur-ig",
        platform="instagram",
        name="Kultur i Exempelkommun",
        username="exempelkultur",
        unit="kultur",
        topic="kultur",
        owners=("olga", "petra"),
        last_post_days=41,
    ),
    Voice(
        key="skola-ig",
        platform="instagram",
        name="Skolorna i Exempelkommun",
        username="exempelskolorna",
        unit="skola",
        topic="skola",
        owners=("hassan", "leila"),
        posts_a_week=1.5,
        comments_a_post=2,
    ),
    Voice(
        key="kommunen-x",
        platform="x",
        name="Exempelkommun",
        username="exempelkommun",
        unit="kommunikation",
        topic="kommunen",
        owners=("petra", "hassan"),
        posts_a_week=4,
        comments_a_post=1.6,
        wall_a_week=2,
    ),
    Voice(
        key="gata-x",
        platform="x",
        name="Exempelkommun trafik",
        username="exempeltrafik",
        unit="gata",
        topic="gata",
        owners=("kent", "goran"),
        posts_a_week=5,
        comments_a_post=1.2,
        wall_a_week=1.5,
        messages_a_week=0.5,
    ),
    Voice(
        key="miljo-x",
        platform="x",
        name="Exempelkommun miljö",
        username="exempelmiljo",
        unit="miljo",
        topic="miljo",
        owners=("mira", "kent"),
        posts_a_week=1.5,
        comments_a_post=1,
        messages_a_week=0.3,
    ),
    Voice(
        key="kommunen-mastodon",
        platform="mastodon",
        name="Exempelkommun",
        username="exempelkommun",
        unit="kommunikation",
        topic="kommunen",
        owners=("petra", "hassan"),
        posts_a_week=2,
        comments_a_post=1.6,
        wall_a_week=1.5,
        messages_a_week=2,
    ),
    Voice(
        key="kommunen-yt",
        platform="youtube",
        name="Exempelkommun",
        username="exempelkommun",
        unit="kommunikation",
        topic="kommunen",
        owners=("petra", "hassan"),
        posts_a_week=1.2,
        comments_a_post=3,
        wall_a_week=0,
        messages_a_week=0,
    ),
    Voice(
        key="kultur-yt",
        platform="youtube",
        name="Kultur i Exempelkommun",
        username="exempelkultur",
        unit="kultur",
        topic="kultur",
        owners=("olga", "petra"),
        posts_a_week=1,
        comments_a_post=3.5,
        wall_a_week=0,
        messages_a_week=0,
    ),
    Voice(
        key="skola-yt",
        platform="youtube",
        name="Skolorna i Exempelkommun",
        username="exempelskolorna",
        unit="skola",
        topic="skola",
        owners=("hassan", "leila"),
        last_post_days=200,
        wall_a_week=0,
        messages_a_week=0,
    ),
)

EXPIRING = "badhus-ig"
"""Whose token runs out, and is mended some days later."""

AWAY, SUBSTITUTE = "anna", "eva"

_NATIVE_ID: dict[str, Callable[[str], str]] = {
    "facebook": ids.facebook_page,
    "instagram": ids.instagram_user,
    "x": ids.x_user,
    "youtube": ids.youtube_channel,
    "mastodon": ids.mastodon_account,
}
_LINK = {
    "facebook": "https://www.facebook.com/{username}",
    "instagram": "https://www.instagram.com/{username}/",
    "x": "https://x.com/{username}",
    "youtube": "https://www.youtube.com/channel/{native_id}",
    "mastodon": "https://mastodon.exempelkommun.example/@{username}",
}


def native_id(voice: Voice) -> str:
    """Return the platform's id of an account."""
    return _NATIVE_ID[voice.platform](voice.key)


def link(voice: Voice) -> str:
    """Return the account's public address."""
    return _LINK[voice.platform].format(username=voice.username, native_id=native_id(voice))


def register(start: date) -> Register:
    """Return the town as its own register knows it."""
    units = {key: Unit(key=key, name=name, manager=manager) for key, name, manager in _UNITS}
    away_until = start + timedelta(days=11)
    persons = {
        key: Person(
            key=key,
            name=name,
            mail=f"{key}@exempelkommun.example",
            language=language,
            away_until=away_until if key == AWAY else None,
        )
        for key, name, language in _PERSONS
    }
    accounts = {voice.key: _account(voice, units[voice.unit], start) for voice in VOICES}
    return Register(units=units, persons=persons, accounts=accounts)


def _account(voice: Voice, unit: Unit, start: date) -> Account:
    owners = tuple(Ownership(person=person) for person in voice.owners)
    if AWAY in voice.owners:
        owners += (Ownership(person=SUBSTITUTE, role=OwnerRole.SUBSTITUTE, from_on=start),)
    page = _page_of(voice)
    return Account(
        key=voice.key,
        platform=voice.platform,
        native_id=native_id(voice),
        name=voice.name,
        link=link(voice),
        unit=voice.unit,
        manager=unit.manager or "",
        owners=owners,
        purpose=f"Berätta om och svara på frågor om det som {unit.name} gör.",
        audience=Audience.EXEMPT if voice.exempt else Audience.PUBLIC,
        audience_reason=voice.exempt,
        status=voice.status,
        resting_until=start + timedelta(days=60) if voice.status is AccountStatus.RESTING else None,
        approved_by="karin",
        approved_on=date(2025, 1, 15),
        credential=voice.key,
        extra={"page_id": ids.facebook_page(page)} if page is not None else {},
    )


def _page_of(voice: Voice) -> str | None:
    """Return the key of an Instagram account's Facebook Page."""
    if voice.platform != "instagram":
        return None
    return next((v.key for v in VOICES if v.platform == "facebook" and v.username == voice.username), None)


def world_accounts(start: datetime) -> list[WorldAccount]:
    """Return the town's accounts as their platforms know them, with their tokens."""
    pages = {v.username: v for v in VOICES if v.platform == "facebook"}
    instagrams = {v.username: v for v in VOICES if v.platform == "instagram"}
    linked = {v.key: instagrams.get(v.username) for v in pages.values()}
    linked |= {v.key: pages.get(v.username) for v in instagrams.values()}
    return [_world_account(voice, linked.get(voice.key), start) for voice in VOICES]


def _world_account(voice: Voice, other: Voice | None, start: datetime) -> WorldAccount:
    extra: dict[str, str] = {}
    if voice.platform == "x":
        extra = {"consumer_key": "sandbox-consumer", "consumer_secret": "sandbox-consumer-secret"}
    if voice.platform == "youtube":
        extra = {"client_id": YOUTUBE_CLIENT, "client_secret": YOUTUBE_SECRET}
    return WorldAccount(
        key=voice.key,
        platform=voice.platform,
        native_id=native_id(voice),
        name=voice.name,
        username=voice.username,
        about=f"{voice.name} svarar på frågor vardagar 8-17. Olämpliga kommentarer tas bort.",
        link=link(voice),
        website=f"https://exempelkommun.example/{voice.unit}",
        created_at=datetime(2015, 3, 2, 8, tzinfo=UTC),
        tokens=_tokens(voice, other, start),
        followers=1200,
        linked_id=native_id(other) if other is not None else None,
        extra=extra,
    )


def _tokens(voice: Voice, other: Voice | None, start: datetime) -> tuple[Token, ...]:
    issued_at = start - timedelta(days=90)
    mine = frozenset({voice.key})
    if voice.platform == "x":
        return (_user_token(voice, mine, issued_at, _X_SCOPES, secret=f"{token_value(voice)}-secret"),)
    if voice.platform == "mastodon":
        return (_user_token(voice, mine, issued_at, _MASTODON_SCOPES),)
    if voice.platform == "youtube":
        refresh = Token(
            value=token_value(voice),
            kind=TokenKind.REFRESH,
            accounts=mine,
            scopes=_YOUTUBE_SCOPES,
            secret=YOUTUBE_SECRET,
        )
        return (refresh,)
    expires_at = mended_at = None
    if voice.key == EXPIRING:
        expires_at, mended_at = start + timedelta(days=9, hours=2), start + timedelta(days=11, hours=6)
    page = Token(
        value=token_value(voice),
        kind=TokenKind.PAGE,
        accounts=mine | ({other.key} if other is not None else frozenset()),
        scopes=_PAGE_SCOPES,
        user_id="1000000000000077",
        connected_by="Petra Pressexempel",
        issued_at=issued_at,
        expires_at=expires_at,
        mended_at=mended_at,
    )
    app = Token(value=f"{APP_ID}|{APP_SECRET}", kind=TokenKind.APP, accounts=frozenset())
    return (page, app) if voice.key == "kommunen-fb" else (page,)


def _user_token(
    voice: Voice, mine: frozenset[str], issued_at: datetime, scopes: frozenset[str], *, secret: str = ""
) -> Token:
    return Token(
        value=token_value(voice),
        kind=TokenKind.USER,
        accounts=mine,
        scopes=scopes,
        secret=secret,
        user_id=native_id(voice),
        connected_by=f"@{voice.username}",
        issued_at=issued_at,
    )


def token_value(voice: Voice) -> str:
    """Return the account's token; for YouTube its refresh token."""
    return f"sandbox-{voice.key}-{ids.letters(f'token:{voice.key}', 24)}"


def credential(voice: Voice) -> str:
    """Return the content of the account's credential file (TOML)."""
    if voice.platform == "x":
        fields = {
            "consumer_key": "sandbox-consumer",
            "consumer_secret": "sandbox-consumer-secret",
            "access_token": token_value(voice),
            "access_token_secret": f"{token_value(voice)}-secret",
        }
    elif voice.platform == "youtube":
        fields = {
            "client_id": YOUTUBE_CLIENT,
            "client_secret": YOUTUBE_SECRET,
            "refresh_token": token_value(voice),
        }
    elif voice.platform == "mastodon":
        fields = {"token": token_value(voice)}
    else:
        fields = {"token": token_value(voice), "app_id": APP_ID, "app_secret": APP_SECRET}
    return "".join(f'{name} = "{value}"\n' for name, value in fields.items())
