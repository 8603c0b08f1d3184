"""Reads a program file: text, YAML, models; every problem of the file at once, each with its line."""

from pathlib import Path
from typing import Final

from pydantic import ValidationError

from config.explain import describe
from config.problems import Problem, ProgramError
from config.program import Program
from config.source import Source, read_yaml

__all__ = ["FILE_BYTES_MAX", "Problem", "ProgramError", "load_program"]

FILE_BYTES_MAX: Final = 1_048_576


def load_program(path: Path) -> Program:
    """The program in the YAML file `path`; ProgramError with all its problems if it cannot be used."""
    source = read_yaml(_text(path), str(path))
    program = None
    if () in source.positions:
        try:
            program = Program.model_validate(source.data)
        except ValidationError as error:
            _explain(source, error)
    if program is None or source.problems:
        raise ProgramError(source.problems)
    return program


def _explain(source: Source, error: ValidationError) -> None:
    """Add what `error` holds to the problems of `source`."""
    for entry in error.errors(include_url=False):
        location, found, expected, message = describe(entry)
        place = source.position(location)
        if entry["type"] == "expression":
            place = source.values.get(location, place)
        source.refuse(place, location, found, expected, message)


def _text(path: Path) -> str:
    """The file's text; ProgramError if it is missing, unreadable, too large, or not UTF-8."""
    try:
        with path.open("rb") as file:
            raw = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise _unreadable(path, 1, reason, "a file", f"cannot be read: {reason}") from error
    if len(raw) > FILE_BYTES_MAX:
        expected = f"at most {FILE_BYTES_MAX} bytes"
        raise _unreadable(path, 1, "a larger file", expected, f"too large; expected {expected}")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        found = f"the byte 0x{raw[error.start]:02x}"
        raise _unreadable(path, line, found, "UTF-8", f"found {found}; expected text in UTF-8") from error


def _unreadable(path: Path, line: int, found: str, expected: str, message: str) -> ProgramError:
    return ProgramError([Problem(str(path), line, 1, "", found, expected, message)])
