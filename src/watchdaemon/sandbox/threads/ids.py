"""Ids in Threads' form."""

from watchdaemon.sandbox.ids import digits


def threads_user(seed: str) -> str:
    """An app-scoped user id, 17 digits."""
    return digits(f"th-user:{seed}", 17)


def threads_media(seed: str) -> str:
    """A post or a reply: ``18…``, 17 digits."""
    return "18" + digits(f"th-media:{seed}", 15)
