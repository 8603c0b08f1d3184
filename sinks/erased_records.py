"""Takes people out of the files of `--keep-records`, by the rules of the warehouse, without moving anybody's line.

What the rules let stay loses what they take from it; any other line of the person gives way to one that says that it
was erased. Both are filled up with blanks to the length there was, for the worker goes on appending meanwhile and knows
how long its files are. The rules are SQL, so the lines are read by DuckDB: from a copy, in which every line has its
place in the file, without half a line at the end, without lines that were erased before and, since nobody else writes
such, without those that a crash left half-written, which are blanked.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

import orjson

from schemas.records import TABLES, ErasedMember
from sinks.erased_lines import ERASED, LINE_END, WITHOUT_REQUEST, filled
from sinks.erasing import Erasing, Touched

Line = dict[str, Any]  # a record, as it is stored
JSON_COLUMN: Final = "data"


def erase_records(erasing: Erasing, folder: Path, people: Sequence[ErasedMember], spill: Path) -> None:
    """Erase the people from every table's file in `folder`; counted under the files' names.

    `erasing` has rewritten the warehouse, `spill` is a folder for the copy. OSError if a file cannot be written.
    """
    requests = {person.request_id: nth for nth, person in enumerate(people)}
    for table in TABLES:
        path = folder / f"{table}.jsonl"
        if not path.exists() or not path.stat().st_size:
            continue
        name = f"{folder.name}/{path.name}"
        spill.mkdir(parents=True, exist_ok=True)
        copy = spill / path.name
        with path.open("r+b") as file:
            for request_id in _copied(file, copy):
                nth = requests.get(request_id)
                if nth is not None:
                    erasing.counts[nth][name] = erasing.counts[nth].get(name, 0) + 1
            for touched in erasing.touched(table, copy, name):
                _change(file, touched, people[touched.nth].request_id)
        copy.unlink()


def _copied(file: BinaryIO, copy: Path) -> list[str]:
    """Copy the lines with their places; give the requests by which others were erased before."""
    before: list[str] = []
    offset = 0
    with copy.open("wb") as lines:
        for line in file:
            if not line.endswith(LINE_END):
                break  # it is being appended just now, of a later epoch
            try:
                said: Line = orjson.loads(line)
            except ValueError:
                os.pwrite(file.fileno(), filled(len(line) - 1, *WITHOUT_REQUEST), offset)
                said = {}
            if ERASED in said:
                before.append(str(said[ERASED]))
            elif said:
                lines.write(b'{"file_row_number":%d,' % offset + line.lstrip()[1:])
            offset += len(line)
    return before


def _change(file: BinaryIO, touched: Touched, request_id: str) -> None:
    """Put what is left of a line in its place."""
    file.seek(touched.spot)
    line = file.readline().removesuffix(LINE_END)
    choices = [orjson.dumps({ERASED: request_id}), *WITHOUT_REQUEST]
    if touched.changed is not None:
        said = orjson.loads(line)
        for name, value in touched.changed.items():
            said[name] = orjson.Fragment(str(value)) if name == JSON_COLUMN and value is not None else value
        choices.insert(0, orjson.dumps(said))
    os.pwrite(file.fileno(), filled(len(line), *choices), touched.spot)
