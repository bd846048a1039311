"""Orders to change what stands on a platform."""

from datetime import datetime

from sqlalchemy import Index

from watchdaemon.domain.moderation import Action, Outcome
from watchdaemon.storage.tables import _column as column
from watchdaemon.storage.tables._base import Row


class ModerationRow(Row, table=True):
    """What a person had done to an item on its platform. No foreign key: the word outlives the item."""

    __tablename__ = "moderations"

    id: int = column.serial()
    account: str = column.words()
    external_id: str = column.words()
    action: Action = column.one_of(Action)
    by: str = column.words()
    why: str = column.words()
    begun_at: datetime = column.moment()
    text: str = column.words()
    outcome: Outcome | None = column.one_of(Outcome, nullable=True)
    ended_at: datetime | None = column.moment(nullable=True)
    is_verified: bool = column.flag()
    detail: str = column.words()
    reply_id: str | None = column.words(nullable=True)

    __table_args__ = (Index(None, "account", "external_id"),)
