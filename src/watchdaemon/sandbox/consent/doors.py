"""Where each platform has its authorize page and its token end-points, and how those answer."""

import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qsl, unquote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from watchdaemon.sandbox import ids
from watchdaemon.sandbox.consent import scopes
from watchdaemon.sandbox.consent.desk import Desk, Dialect, Grant, Wrong
from watchdaemon.sandbox.world import Token, TokenKind, World, WorldAccount

Form = Mapping[str, str]
Json = dict[str, object]
Answer = Callable[[Form], Json]
PlatformApp = Callable[[Request, str], Awaitable[Response]]

SHORT, LONG = timedelta(hours=1), timedelta(days=60)
"""How long the tokens of Meta's platforms live, before and after they are exchanged."""

YOUNGEST = timedelta(hours=24)
"""Threads renews no token that is younger."""


class Door:
    """One platform's paths. `post` and `get` say what is answered where; everything else is passed on."""

    page = ""
    dialect = Dialect(scopes=frozenset())
    platform = ""
    owners: str | None = None

    def __init__(self, world: World) -> None:
        self.world = world
        self.desk = Desk(world, self.platform, self.dialect, accounts_of=self.owners)

    def get(self) -> Mapping[str, Answer]:
        """Return what is answered to GET, by path."""
        return {}

    def post(self) -> Mapping[str, Answer]:
        """Return what is answered to POST, by path."""
        return {}

    def is_ours(self, form: Form) -> bool:
        """Tell whether an end-point's question is one for this door (another is the platform's own)."""
        del form
        return True

    def refused(self, wrong: Wrong) -> Response:
        """Write a refusal as RFC 6749 has it."""
        status = 401 if wrong.name == "invalid_client" else 400
        return JSONResponse({"error": wrong.name, "error_description": wrong.words}, status)

    async def answer(self, request: Request, path: str) -> Response | None:
        """Answer what is this door's, else None."""
        query = dict(parse_qsl(request.url.query, keep_blank_values=True))
        if request.method == "GET" and path == self.page:
            return self.desk.ask(query, str(request.url).partition("?")[0])
        route = (self.post() if request.method == "POST" else self.get()).get(path)
        if route is None:
            return None
        form = query
        if request.method == "POST":
            form = dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
            form |= _basic(request.headers.get("authorization", ""))
        if not self.is_ours(form):
            return None
        try:
            return JSONResponse(route(form))
        except Wrong as wrong:
            return self.refused(wrong)

    def keep(self, account: WorldAccount, *tokens: Token) -> None:
        """Let these tokens open the account from now on; the newest is the first."""
        self.world.put_account(replace(self.world.account(account.key), tokens=(*tokens, *_present(self, account))))

    def token(self, grant: Grant, seed: str, *, kind: TokenKind, life: timedelta | None) -> Token:
        """Make a token for what was consented to."""
        now = self.world.now()
        return Token(
            value=ids.letters(f"{self.platform}:{grant.account.key}:{seed}:{now.isoformat()}", 44),
            kind=kind,
            accounts=frozenset({grant.account.key}),
            scopes=grant.scopes,
            user_id=grant.account.native_id,
            connected_by=f"@{grant.account.username}",
            issued_at=now,
            expires_at=None if life is None else now + life,
        )


class XDoor(Door):
    """X: codes of thirty seconds, PKCE, tokens of two hours, and a refresh token for who asked offline.access."""

    platform, page = "x", "i/oauth2/authorize"
    dialect = Dialect(scopes=scopes.X, needs_pkce=True, code_life=timedelta(seconds=30))

    def post(self) -> Mapping[str, Answer]:
        """One end-point; renewals are X's own part."""
        return {"2/oauth2/token": self._tokens}

    def is_ours(self, form: Form) -> bool:
        """Codes only."""
        return form.get("grant_type") == "authorization_code"

    def _tokens(self, form: Form) -> Json:
        client_id = form.get("client_id", "")
        self.desk.prove(client_id, form.get("client_secret", ""))
        grant = self.desk.redeem(form, client_id)
        access = self.token(grant, "access", kind=TokenKind.USER, life=timedelta(hours=2))
        answer: Json = {
            "token_type": "bearer",
            "expires_in": 7200,
            "access_token": access.value,
            "scope": " ".join(sorted(grant.scopes)),
        }
        if "offline.access" not in grant.scopes:
            self.keep(grant.account, access)
            return answer
        refresh = self.token(grant, "refresh", kind=TokenKind.REFRESH, life=None)
        self.keep(grant.account, access, refresh)
        return {**answer, "refresh_token": refresh.value}


class GoogleDoor(Door):
    """Google: a refresh token only with access_type=offline and prompt=consent."""

    platform, page = "youtube", "o/oauth2/v2/auth"
    dialect = Dialect(scopes=scopes.YOUTUBE)

    def post(self) -> Mapping[str, Answer]:
        """One end-point; renewals are YouTube's own part."""
        return {"token": self._tokens}

    def is_ours(self, form: Form) -> bool:
        """Codes only."""
        return form.get("grant_type") == "authorization_code"

    def _tokens(self, form: Form) -> Json:
        client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
        self.desk.prove(client_id, secret)
        grant = self.desk.redeem(form, client_id)
        access = self.token(grant, "access", kind=TokenKind.USER, life=timedelta(hours=1))
        answer: Json = {
            "access_token": access.value,
            "expires_in": 3599,
            "scope": " ".join(sorted(grant.scopes)),
            "token_type": "Bearer",
        }
        self.keep(grant.account, access)
        if (grant.asked.get("access_type"), grant.asked.get("prompt")) != ("offline", "consent"):
            return answer
        refresh = replace(self.token(grant, "refresh", kind=TokenKind.REFRESH, life=None), secret=secret)
        self.keep(grant.account, refresh)
        known = self.world.account(grant.account.key)
        self.world.put_account(replace(known, extra={**known.extra, "client_id": client_id}))
        return {**answer, "refresh_token": refresh.value}


class MastodonDoor(Door):
    """Mastodon: apps register themselves, and are held to the scopes and addresses they named."""

    platform, page = "mastodon", "oauth/authorize"
    dialect = Dialect(scopes=scopes.MASTODON)

    def post(self) -> Mapping[str, Answer]:
        """Registering an app, and its token."""
        return {"api/v1/apps": self._app, "oauth/token": self._token}

    def _app(self, form: Form) -> Json:
        if not form.get("client_name") or not form.get("redirect_uris"):
            raise Wrong("invalid_request", "Validation failed: client_name and redirect_uris are wanted")
        number = len(self.desk.apps)
        app = {name: ids.letters(f"mastodon:{name}:{number}", 43) for name in ("client_id", "client_secret")}
        self.desk.apps[app["client_id"]] = app["client_secret"]
        return {"id": str(number), "name": form["client_name"], "redirect_uri": form["redirect_uris"], **app}

    def _token(self, form: Form) -> Json:
        client_id = form.get("client_id", "")
        self.desk.prove(client_id, form.get("client_secret", ""))
        if form.get("grant_type") != "authorization_code":
            raise Wrong("unsupported_grant_type", "The grant type is not supported.")
        grant = self.desk.redeem(form, client_id)
        token = self.token(grant, "access", kind=TokenKind.USER, life=None)
        self.keep(grant.account, token)
        made = int(self.world.now().timestamp())
        return {
            "access_token": token.value,
            "token_type": "Bearer",
            "scope": " ".join(sorted(grant.scopes)),
            "created_at": made,
        }


class ThreadsDoor(Door):
    """Threads: an hour, exchanged for sixty days, which can be renewed from the second day on."""

    platform, page = "threads", "oauth/authorize"
    dialect = Dialect(scopes=scopes.THREADS, separator=",", code_life=timedelta(hours=1))

    def get(self) -> Mapping[str, Answer]:
        """The long token, and its renewal: below no version."""
        return {"access_token": self._long, "refresh_access_token": self._renewed}

    def post(self) -> Mapping[str, Answer]:
        """The short token."""
        return {"oauth/access_token": self._short}

    def refused(self, wrong: Wrong) -> Response:
        """Write a refusal as Meta does."""
        return _meta_refusal(wrong, "THApiException")

    def _short(self, form: Form) -> Json:
        self.desk.prove(form.get("client_id", ""), form.get("client_secret", ""))
        grant = self.desk.redeem(form, form["client_id"])
        token = self.token(grant, "short", kind=TokenKind.USER, life=SHORT)
        self.keep(grant.account, token)
        return {"access_token": token.value, "user_id": int(grant.account.native_id)}

    def _long(self, form: Form) -> Json:
        if form.get("grant_type") != "th_exchange_token" or form.get("client_secret") not in self.desk.apps.values():
            raise Wrong("invalid_client", "Error validating client secret.")
        return self._replaced(form)

    def _renewed(self, form: Form) -> Json:
        if form.get("grant_type") != "th_refresh_token":
            raise Wrong("invalid_request", "Invalid grant_type")
        token = self._good(form)
        if token.issued_at is None or self.world.now() < token.issued_at + YOUNGEST:
            raise Wrong("invalid_grant", "The token must be at least 24 hours old.")
        return self._replaced(form)

    def _good(self, form: Form) -> Token:
        token = self.world.find_token(form.get("access_token", ""))
        if token is None or token.refusal(self.world.now()) is not None:
            raise Wrong("invalid_grant", "Error validating access token.")
        return token

    def _replaced(self, form: Form) -> Json:
        """Give a token of sixty days instead; the one before stays good until its own end."""
        old, now = self._good(form), self.world.now()
        account = self.world.account(next(iter(old.accounts)))
        value = ids.letters(f"threads:{old.value}:{now.isoformat()}", 44)
        self.keep(account, replace(old, value=value, issued_at=now, expires_at=now + LONG))
        return {"access_token": value, "token_type": "bearer", "expires_in": int(LONG.total_seconds())}


class GraphDoor(Door):
    """Facebook's login: a person's short token, exchanged for a long one, whose Pages have tokens of their own."""

    owners = "facebook"
    version = "v25.0"
    page = f"{version}/dialog/oauth"
    dialect = Dialect(scopes=scopes.GRAPH, separator=",")

    def get(self) -> Mapping[str, Answer]:
        """One end-point for both exchanges."""
        return {f"{self.version}/oauth/access_token": self._token}

    def refused(self, wrong: Wrong) -> Response:
        """Write a refusal as Meta does."""
        return _meta_refusal(wrong, "OAuthException")

    def _token(self, form: Form) -> Json:
        self.desk.prove(form.get("client_id", ""), form.get("client_secret", ""))
        if form.get("grant_type") == "fb_exchange_token":
            return self._long(form)
        grant = self.desk.redeem(form, form["client_id"])
        token = self.token(grant, "short", kind=TokenKind.USER, life=2 * SHORT)
        linked = [a.key for a in self.world.accounts("instagram") if a.native_id == grant.account.linked_id]
        token = replace(token, accounts=token.accounts | frozenset(linked), user_id="1000000000000077")
        self.keep(grant.account, token)
        return {"access_token": token.value, "token_type": "bearer", "expires_in": 7200}

    def _long(self, form: Form) -> Json:
        old, now = self.world.find_token(form.get("fb_exchange_token", "")), self.world.now()
        if old is None or old.refusal(now) is not None:
            raise Wrong("invalid_grant", "Error validating access token.")
        page = next(self.world.account(k) for k in sorted(old.accounts) if self.world.account(k).platform == "facebook")
        value = ids.letters(f"graph:{old.value}:{now.isoformat()}", 44)
        long = replace(old, value=value, issued_at=now, expires_at=now + LONG)
        # The Page's own token can do what the person consented to, and has no end.
        its = replace(long, value=f"EAA{value}", kind=TokenKind.PAGE, expires_at=None)
        its = replace(its, data_access_expires_at=now + timedelta(days=90))
        self.keep(page, its, long)
        return {"access_token": value, "token_type": "bearer", "expires_in": int(LONG.total_seconds())}


class InstagramDoor(GraphDoor):
    """The same, for Instagram."""

    platform = "instagram"


class FacebookDoor(GraphDoor):
    """The same, for Facebook."""

    platform = "facebook"


_DOORS: tuple[type[Door], ...] = (XDoor, GoogleDoor, MastodonDoor, ThreadsDoor, FacebookDoor, InstagramDoor)


def with_consent(platform: str, app: PlatformApp, world: World) -> PlatformApp:
    """Stand in front of a platform's part of the sandbox; a platform that knows no consent is left as it is."""
    kind = next((kind for kind in _DOORS if kind.platform == platform), None)
    if kind is None:
        return app
    door = kind(world)

    async def answer(request: Request, path: str) -> Response:
        """Answer one request."""
        ours = await door.answer(request, path)
        return ours if ours is not None else await app(request, path)

    return answer


def _present(door: Door, account: WorldAccount) -> tuple[Token, ...]:
    return door.world.account(account.key).tokens


def _meta_refusal(wrong: Wrong, kind: str) -> Response:
    code = 101 if wrong.name == "invalid_client" else 190 if "token" in wrong.words else 100
    return JSONResponse({"error": {"message": wrong.words, "type": kind, "code": code, "fbtrace_id": "Aconsent"}}, 400)


def _basic(authorization: str) -> dict[str, str]:
    scheme, _, rest = authorization.partition(" ")
    if scheme != "Basic":
        return {}
    try:
        user, _, password = base64.b64decode(rest, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return {}
    return {"client_id": unquote(user), "client_secret": unquote(password)}
