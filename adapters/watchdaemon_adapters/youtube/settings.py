"""The ``[platforms.youtube]`` block."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from watchdaemon.errors import ConfigError, Fault

GOOGLE_CONSENT_PAGE = "https://accounts.google.com/o/oauth2/v2/auth"
GOOGLE_TOKEN_URI = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address


class YouTubeSettings(BaseModel):
    """What can be set for YouTube; every key has a default that suits the real service."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_url: str = "https://youtube.googleapis.com/"
    token_uri: str | None = None  # None: Google's own, or "token" below a base_url that is not Google's
    page_size: int = Field(default=100, ge=1, le=100)  # comment threads and replies a page
    uploads_page_size: int = Field(default=50, ge=1, le=50)
    timeout_seconds: float = Field(default=30.0, gt=0, le=300)

    @field_validator("base_url", "token_uri")
    @classmethod
    def _is_http(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("https://", "http://")):
            raise ValueError("must begin with https:// or http://")
        return value

    @property
    def api_endpoint(self) -> str:
        """The base URL with the slash the client library wants."""
        return self.base_url.rstrip("/") + "/"

    @property
    def token_endpoint(self) -> str:
        """Where access tokens are renewed. One key, `base_url`, is thus enough to aim at another server."""
        if self.token_uri is not None:
            return self.token_uri
        host = urlsplit(self.base_url).hostname or ""
        is_google = host == "googleapis.com" or host.endswith(".googleapis.com")
        return GOOGLE_TOKEN_URI if is_google else self.api_endpoint + "token"

    @property
    def consent_page(self) -> str:
        """Where a channel's owner consents."""
        is_google = self.token_endpoint == GOOGLE_TOKEN_URI
        return GOOGLE_CONSENT_PAGE if is_google else self.api_endpoint + "o/oauth2/v2/auth"


def read_settings(block: Mapping[str, object]) -> YouTubeSettings:
    """Validate the block. Raises ConfigError with a fault for every wrong key."""
    try:
        return YouTubeSettings.model_validate(dict(block))
    except ValidationError as error:
        raise ConfigError(faults=[_fault(e["loc"], e["msg"]) for e in error.errors()]) from None


def _fault(location: tuple[int | str, ...], message: str) -> Fault:
    return Fault(file="", key=".".join(["platforms", "youtube", *map(str, location)]), message=message)
