"""The ``[platforms.bluesky]`` block."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from watchdaemon.errors import ConfigError, Fault


class BlueskySettings(BaseModel):
    """What can be set for Bluesky; every key has a default that suits the real service."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # The host that serves the accounts. This one forwards to each account's own; an organisation that runs its own
    # server names that.
    base_url: str = "https://bsky.social"
    page_size: int = Field(default=100, ge=1, le=100)
    sweep_hours: int = Field(default=20, ge=0, le=168)  # how often what the counts call silent is read all the same
    search: bool = True  # each sweep also searches for mentions; false leaves them to the notifications alone
    timeout_seconds: float = Field(default=30.0, gt=0, le=300)

    @field_validator("base_url")
    @classmethod
    def _is_http(cls, value: str) -> str:
        if not value.startswith(("https://", "http://")):
            raise ValueError("must begin with https:// or http://")
        return value.rstrip("/")


def read_settings(block: Mapping[str, object]) -> BlueskySettings:
    """Validate the block. Raises ConfigError with a fault for every wrong key."""
    try:
        return BlueskySettings.model_validate(dict(block))
    except ValidationError as error:
        raise ConfigError(faults=[_fault(e["loc"], e["msg"]) for e in error.errors()]) from None


def _fault(location: tuple[int | str, ...], message: str) -> Fault:
    return Fault(file="", key=".".join(["platforms", "bluesky", *map(str, location)]), message=message)
