"""The ``[platforms.x]`` block."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from watchdaemon.errors import ConfigError, Fault


class XSettings(BaseModel):
    """What can be set for X; every key has a default that suits the real service."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_url: str = "https://api.x.com"
    page_size: int = Field(default=100, ge=10, le=100)  # 10 is the least that search takes
    messages: bool = True  # direct messages need an app permission of their own; false says "not covered"
    message_page_size: int = Field(default=10, ge=1, le=100)  # every message read is billed, and there is no since_id
    quotes_days: int = Field(default=3, ge=0, le=7)  # quotes of own posts younger than this; one call a post
    search_days: int = Field(default=30, ge=0, le=365)  # replies that do not name the account, under posts so young
    timeout_seconds: float = Field(default=30.0, gt=0, le=300)

    @field_validator("base_url")
    @classmethod
    def _is_http(cls, value: str) -> str:
        if not value.startswith(("https://", "http://")):
            raise ValueError("must begin with https:// or http://")
        return value.rstrip("/")

    @property
    def consent_page(self) -> str:
        """Where an account's owner consents. One key, `base_url`, is enough to aim at another server."""
        host = urlsplit(self.base_url).hostname or ""
        is_home = host in {"api.x.com", "api.twitter.com"}
        return f"{'https://x.com' if is_home else self.base_url}/i/oauth2/authorize"


def read_settings(block: Mapping[str, object]) -> XSettings:
    """Validate the block. Raises ConfigError with a fault for every wrong key."""
    try:
        return XSettings.model_validate(dict(block))
    except ValidationError as error:
        raise ConfigError(faults=[_fault(e["loc"], e["msg"]) for e in error.errors()]) from None


def _fault(location: tuple[int | str, ...], message: str) -> Fault:
    return Fault(file="", key=".".join(["platforms", "x", *map(str, location)]), message=message)
