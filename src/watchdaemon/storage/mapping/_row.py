"""What a row is, on its way in and on its way out."""

from typing import Any

from sqlalchemy import RowMapping

RowData = dict[str, Any]
"""Values by column name, as an insert takes them."""

StoredRow = RowMapping
"""Values by column name, as a select gives them."""
