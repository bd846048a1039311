"""What a pass says of itself."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PassReport:
    """What one pass did, in numbers."""

    fetched: int = 0
    failed: int = 0
    partly: int = 0
    new_items: int = 0
    judged: int = 0
    missed_windows: int = 0
    alerts_mailed: int = 0
    digests_queued: int = 0
    weekly_queued: int = 0
    monthly_queued: int = 0
    credentials_checked: int = 0
    sent: int = 0
    postponed: int = 0
    bounced: int = 0
    superseded: int = 0  # mails that waited and matter no more
    returned: int = 0  # mails that came back after a server had taken them

    @property
    def did_anything(self) -> bool:
        """Whether there was any work at all."""
        return any(asdict(self).values())

    def counts(self) -> dict[str, int]:
        """Return what is not zero, for a log line."""
        return {name: value for name, value in asdict(self).items() if value}
