"""Register files as raw tables: one TOML file, a folder of CSV files, or the accounts alone as CSV."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from watchdaemon.errors import ConfigError, Fault
from watchdaemon.handwritten import Place, TomlText, nearest_key, read_toml
from watchdaemon.services.register._rows import KEYS, ROWS

_LISTS = {"owners", "own_ids"}  # in CSV: several values, with ";" between them


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """What the files say, before it is judged. `tables` holds only the tables that the files speak of."""

    file: str
    tables: Mapping[str, Sequence[Mapping[str, object]]]
    locate: Callable[[Place], tuple[str, int | None]]  # a place (table, row, key …) to file and line
    faults: tuple[Fault, ...] = ()


def read_raw(path: Path) -> Raw:
    """Read a register: a ``.toml`` file, a ``.csv`` file of accounts, or a folder of CSV files.

    Raises:
        ConfigError: A file cannot be read or is of no known kind.
    """
    if path.is_dir():
        found = [(table, path / f"{table}.csv") for table in ROWS if (path / f"{table}.csv").exists()]
        if not found:
            raise ConfigError(faults=[Fault(str(path), "", "holds none of units.csv, persons.csv, accounts.csv")])
        return _from_csv(path, found)
    if path.suffix.lower() == ".csv":
        return _from_csv(path, [("accounts", path)])
    if path.suffix.lower() == ".toml":
        return _from_toml(read_toml(path))
    raise ConfigError(faults=[Fault(str(path), "", "must be a .toml file, a .csv file or a folder of .csv files")])


def _from_toml(text: TomlText) -> Raw:
    tables: dict[str, list[Mapping[str, object]]] = {}
    faults: list[Fault] = []
    for table, rows in text.data.items():
        if table not in ROWS:
            message = f"unknown table{nearest_key(table, ROWS)}"
        elif not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            message = f"must be written as [[{table}]], once for each"
        else:
            tables[table] = rows
            continue
        faults.append(Fault(text.file, table, message, text.line_of((table,))))
    return Raw(
        file=text.file, tables=tables, locate=lambda place: (text.file, text.line_of(place)), faults=tuple(faults)
    )


@dataclass(slots=True)
class _Sheet:
    """One CSV file as it is read."""

    file: str
    rows: list[Mapping[str, object]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def _from_csv(path: Path, files: Sequence[tuple[str, Path]]) -> Raw:
    sheets = {table: _read_sheet(file, KEYS[table]) for table, file in files}

    def locate(place: Place) -> tuple[str, int | None]:
        sheet, row = sheets.get(str(place[0])), place[1] if len(place) > 1 else None
        if sheet is None:
            return str(path), None
        return sheet.file, sheet.lines[row] if isinstance(row, int) else 1

    return Raw(
        file=str(path),
        tables={table: sheet.rows for table, sheet in sheets.items()},
        locate=locate,
        faults=tuple(fault for sheet in sheets.values() for fault in sheet.faults),
    )


def _read_sheet(path: Path, known: Sequence[str]) -> _Sheet:
    sheet = _Sheet(str(path))
    text = _csv_text(path)
    header_line = text.split("\n", 1)[0]
    delimiter = ";" if header_line.count(";") > header_line.count(",") else ","  # a Swedish Excel writes ";"
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        unknown = [n for n in header if n and n not in known and not n.startswith("extra.")]
        sheet.faults += [Fault(sheet.file, n, f"unknown column{nearest_key(n, known)}", 1) for n in unknown]
        end = reader.line_num
        for cells in reader:
            start, end = end + 1, reader.line_num
            if any(cell.strip() for cell in cells):
                _take_row(sheet, header, cells, start, known)
    except csv.Error as error:
        sheet.faults.append(Fault(sheet.file, "", f"is not valid CSV: {error}", reader.line_num))
    return sheet


def _take_row(sheet: _Sheet, header: Sequence[str], cells: Sequence[str], line: int, known: Sequence[str]) -> None:
    if len(cells) > len(header):
        sheet.faults.append(Fault(sheet.file, "", f"has {len(cells)} cells under {len(header)} column heads", line))
    row: dict[str, object] = {}
    extra: dict[str, str] = {}
    for name, cell in zip(header, map(str.strip, cells), strict=False):
        if not cell:
            continue
        if name.startswith("extra."):
            extra[name.removeprefix("extra.")] = cell
        elif name in known:
            row[name] = [part.strip() for part in cell.split(";") if part.strip()] if name in _LISTS else cell
    sheet.rows.append({**row, "extra": extra} if extra else row)
    sheet.lines.append(line)


def _csv_text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(faults=[Fault(str(path), "", f"cannot be read: {error.strerror or error}")]) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        message = 'is not UTF-8 text; in Excel, save as "CSV UTF-8"'
        raise ConfigError(faults=[Fault(str(path), "", message, line)]) from error
