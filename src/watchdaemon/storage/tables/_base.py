"""What every table stands on: the metadata that holds them all, and the class of a row."""

from typing import ClassVar

from sqlalchemy import MetaData, Table
from sqlmodel import SQLModel

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


class Row(SQLModel):
    """The base of our tables: they have their own metadata, apart from anybody else's SQLModel tables."""

    metadata: ClassVar[MetaData] = metadata
    __table__: ClassVar[Table]


def table(row: type[Row]) -> Table:
    """Return the table behind a row class, for statements written in SQLAlchemy Core."""
    return row.__table__
