"""What is wrong with a program file, said so that its author can repair it without reading anything else."""

from dataclasses import dataclass

Location = tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem at `line` and `column` (from 1) of `file`; `path` is dotted, "" is the whole file."""

    file: str
    line: int
    column: int
    path: str
    found: str
    expected: str
    message: str

    def __str__(self) -> str:
        """`file:line: path: message`."""
        where = f"{self.file}:{self.line}: "
        return f"{where}{self.path}: {self.message}" if self.path else f"{where}{self.message}"


class ProgramError(Exception):
    """A program that cannot be used; `problems` in the order of the file's lines, never empty."""

    def __init__(self, problems: list[Problem]) -> None:
        """`problems` become the message, one a line."""
        self.problems = sorted(problems, key=lambda problem: (problem.line, problem.column, problem.path))
        super().__init__("\n".join(map(str, self.problems)))


def dotted(location: Location) -> str:
    """`location` as people write it: `earn.0.per.amount`."""
    return ".".join(map(printable, location))


def printable(part: int | str) -> str:
    """`part` as it is, or quoted where it holds what a terminal would not show as written."""
    return str(part) if isinstance(part, int) or part.isprintable() else repr(part)
