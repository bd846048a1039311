"""Every platform's token and identity end-points on loopback, small: one app, one owner, one code at a time.

A consent page answers at once with the redirect that a consenting owner causes. What is asked is checked as the
platform would: the app's secret, the redirect URI, the PKCE verifier, a code's single use.
"""

import base64
import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

Params = dict[str, str]
Answer = tuple[int, dict[str, Any]]

APP, SECRET, CODE = "app-1", "app-secret-1", "code-1"
LATER = 1_800_000_000
"""When the second clock of a Page's token ends: in 2027."""


@dataclass
class Provider:
    """What the platforms know. `owner` is the native id of whoever consents."""

    owner: str = "700001"
    denies: bool = False
    url: str = ""
    requests: list[str] = field(default_factory=list)  # "METHOD path"
    consents: list[Params] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    headers: dict[str, str] = field(default_factory=dict)  # with every answer

    # ---- the consent page ----------------------------------------------------------------------------------------

    def consent(self, asked: Params) -> str:
        """Return where the owner's browser is sent."""
        self.consents.append(asked)
        answer = {"error": "access_denied"} if self.denies else {"code": CODE}
        return f"{asked['redirect_uri']}?{urlencode({**answer, 'state': asked['state']})}"

    def check_code(self, form: Params, *, has_pkce: bool) -> str | None:
        """Say what is wrong with a code that is to be exchanged."""
        asked = self.consents[-1] if self.consents else {}
        if form.get("code") != CODE or CODE in self.used:
            return "invalid_grant"
        if asked and form.get("redirect_uri") != asked["redirect_uri"]:
            return "redirect_uri_mismatch"
        if has_pkce and asked:
            digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
            if base64.urlsafe_b64encode(digest).decode().rstrip("=") != asked["code_challenge"]:
                return "invalid_grant"
        self.used.add(CODE)
        return None

    # ---- the platforms -------------------------------------------------------------------------------------------

    def x_token(self, form: Params, headers: Mapping[str, str]) -> Answer:
        basic = "Basic " + base64.b64encode(f"{APP}:{SECRET}".encode()).decode()
        if headers.get("Authorization") != basic:
            return 401, {"error": "invalid_client"}
        error = self.check_code(form, has_pkce=True)
        if error:
            return 400, {"error": error, "error_description": CODE}
        tokens = {"access_token": "x-access", "refresh_token": "x-refresh", "expires_in": 7200}
        tokens["scope"] = "tweet.read users.read offline.access dm.read"
        return 200, tokens

    def x_me(self, _: Params, headers: Mapping[str, str]) -> Answer:
        if not (
            headers.get("Authorization") == "Bearer x-access" or "oauth_token=" in headers.get("Authorization", "")
        ):
            return 401, {"title": "Unauthorized"}
        return 200, {"data": {"id": self.owner, "name": "Exempelkommun", "username": "exempelkommun"}}

    def x_posts(self, _: Params, __: Mapping[str, str]) -> Answer:
        return 200, {"meta": {"result_count": 0}}

    def google_token(self, form: Params, _: Mapping[str, str]) -> Answer:
        if form.get("client_secret") != SECRET:
            return 401, {"error": "invalid_client"}
        if form["grant_type"] == "refresh_token":
            scope = "https://www.googleapis.com/auth/youtube.force-ssl"
            return 200, {"access_token": "yt-access", "expires_in": 3600, "scope": scope}
        error = self.check_code(form, has_pkce=True)
        return (400, {"error": error}) if error else (200, {"access_token": "yt", "refresh_token": "yt-refresh"})

    def channels(self, _: Params, __: Mapping[str, str]) -> Answer:
        channel = {
            "id": self.owner,
            "snippet": {"title": "Exempelkommun"},
            "contentDetails": {"relatedPlaylists": {"uploads": "UU1"}},
            "status": {"privacyStatus": "public"},
        }
        return 200, {"kind": "youtube#channelListResponse", "items": [channel]}

    def uploads(self, _: Params, __: Mapping[str, str]) -> Answer:
        return 200, {"kind": "youtube#playlistItemListResponse", "items": []}

    def graph_token(self, query: Params, _: Mapping[str, str]) -> Answer:
        if query.get("client_secret") != SECRET:
            return 400, {"error": {"message": SECRET, "code": 101}}
        if query.get("grant_type") == "fb_exchange_token":
            return 200, {"access_token": "fb-long", "expires_in": 5_184_000}
        error = self.check_code(query, has_pkce=False)
        return (400, {"error": {"code": 100}}) if error else (200, {"access_token": "fb-short"})

    def pages(self, query: Params, _: Mapping[str, str]) -> Answer:
        """Two pages of Pages; the account's is on the second."""
        if query.get("access_token") != "fb-long":
            return 400, {"error": {"code": 190}}
        other = {"id": "1", "name": "Other", "access_token": "page-1"}
        if "after" not in query:
            return 200, {
                "data": [other],
                "paging": {"cursors": {"after": "A"}, "next": "https://leads.nowhere.example/"},
            }
        mine = {"id": self.owner, "access_token": "page-own", "instagram_business_account": {"id": f"ig-{self.owner}"}}
        return 200, {"data": [mine], "paging": {"cursors": {"after": "B"}}}

    def debug_token(self, query: Params, _: Mapping[str, str]) -> Answer:
        scopes = (
            "pages_show_list pages_read_engagement pages_read_user_content pages_manage_metadata pages_messaging "
            "instagram_basic instagram_manage_comments instagram_manage_messages threads_basic threads_read_replies "
            "threads_manage_mentions"
        )
        kind = "PAGE" if query["input_token"].startswith("page") else "USER"
        data = {
            "is_valid": True, "type": kind, "scopes": scopes.split(), "profile_id": self.owner, "user_id": "9",
            "expires_at": 0, "data_access_expires_at": LATER,
        }  # fmt: skip
        return 200, {"data": data}

    def page(self, _: Params, __: Mapping[str, str]) -> Answer:
        return 200, {"id": self.owner, "name": "Exempelkommun", "username": "exempelkommun", "is_published": True}

    def instagram(self, _: Params, __: Mapping[str, str]) -> Answer:
        return 200, {"id": f"ig-{self.owner}", "name": "Exempelkommun", "username": "exempelkommun"}

    def media(self, _: Params, __: Mapping[str, str]) -> Answer:
        return 200, {"data": []}

    def threads_short(self, form: Params, _: Mapping[str, str]) -> Answer:
        error = self.check_code(form, has_pkce=False) if form.get("client_secret") == SECRET else "invalid_client"
        return (400, {"error": error}) if error else (200, {"access_token": "th-short", "user_id": 1})

    def threads_long(self, query: Params, _: Mapping[str, str]) -> Answer:
        is_good = (query["grant_type"], query["access_token"]) == ("th_exchange_token", "th-short")
        return (200, {"access_token": "th-long", "expires_in": 5_184_000}) if is_good else (400, {"error": "x"})

    def mastodon_app(self, form: Params, _: Mapping[str, str]) -> Answer:
        return 200, {"client_id": APP, "client_secret": SECRET, "redirect_uri": form["redirect_uris"]}

    def mastodon_token(self, form: Params, _: Mapping[str, str]) -> Answer:
        error = self.check_code(form, has_pkce=True) if form.get("client_secret") == SECRET else "invalid_client"
        return (400, {"error": error}) if error else (200, {"access_token": "m-token", "token_type": "Bearer"})

    def mastodon_me(self, _: Params, headers: Mapping[str, str]) -> Answer:
        if headers.get("Authorization") != "Bearer m-token":
            return 401, {"error": "The access token is invalid"}
        return 200, {"id": self.owner, "acct": "exempel", "display_name": "Exempelkommun", "note": "", "fields": []}

    def mastodon_own_app(self, _: Params, __: Mapping[str, str]) -> Answer:
        return 200, {"name": "watchdaemon", "scopes": ["read"]}

    def nothing(self, _: Params, __: Mapping[str, str]) -> tuple[int, Any]:
        return 200, []

    def missing(self, _: Params, __: Mapping[str, str]) -> Answer:
        return 404, {"error": "Record not found"}

    def unknown(self, _: Params, __: Mapping[str, str]) -> Answer:
        return 404, {"error": {"code": 2500}}

    def routes(self) -> dict[str, Callable[[Params, Mapping[str, str]], tuple[int, Any]]]:
        """Return what is answered, by method and path."""
        page = f"GET /graph/v25.0/{self.owner}"
        return {
            "POST /x/2/oauth2/token": self.x_token,
            "GET /x/2/users/me": self.x_me,
            f"GET /x/2/users/{self.owner}/tweets": self.x_posts,
            "POST /youtube/token": self.google_token,
            "GET /youtube/youtube/v3/channels": self.channels,
            "GET /youtube/youtube/v3/playlistItems": self.uploads,
            "GET /graph/v25.0/oauth/access_token": self.graph_token,
            "GET /graph/v25.0/me/accounts": self.pages,
            "GET /graph/v25.0/debug_token": self.debug_token,
            "GET /graph/v25.0/me": self.page,
            page: self.page,
            f"GET /graph/v25.0/ig-{self.owner}": self.instagram,
            f"GET /graph/v25.0/ig-{self.owner}/media": self.media,
            "POST /threads/oauth/access_token": self.threads_short,
            "GET /threads/access_token": self.threads_long,
            "GET /threads/v1.0/debug_token": self.debug_token,
            "GET /threads/v1.0/me": self.page,
            "GET /threads/v1.0/me/threads": self.media,
            f"GET /threads/v1.0/{self.owner}/threads": self.media,
            "POST /mastodon/api/v1/apps": self.mastodon_app,
            "POST /mastodon/oauth/token": self.mastodon_token,
            "GET /mastodon/api/v1/accounts/verify_credentials": self.mastodon_me,
            "GET /mastodon/api/v1/apps/verify_credentials": self.mastodon_own_app,
            "GET /mastodon/api/v1/notifications/0": self.missing,
            "GET /mastodon/api/v1/conversations": self.nothing,
            f"GET /mastodon/api/v1/accounts/{self.owner}/statuses": self.nothing,
        }


CONSENT_PAGES = frozenset(
    {
        "/x/i/oauth2/authorize",
        "/youtube/o/oauth2/v2/auth",
        "/graph/v25.0/dialog/oauth",
        "/threads/oauth/authorize",
        "/mastodon/oauth/authorize",
    }
)


@contextmanager
def served(provider: Provider) -> Iterator[Provider]:
    """Serve it on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = dict(parse_qsl(parts.query))
            if parts.path in CONSENT_PAGES:
                self.send_response(302)
                self.send_header("Location", provider.consent(query))
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self._answer("GET", parts.path, query)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            self._answer("POST", urlsplit(self.path).path, dict(parse_qsl(body)))

        def _answer(self, method: str, path: str, params: Params) -> None:
            asked = f"{method} {path}"
            provider.requests.append(asked)
            route = provider.routes().get(asked, provider.unknown)
            status, body = route(params, dict(self.headers))
            content = json.dumps(body).encode()
            self.send_response(status)
            for name, value in provider.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    provider.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)
