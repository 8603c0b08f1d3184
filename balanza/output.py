"""How commands speak: tables and text for people, JSON for machines on stdout, one clear sentence on stderr if not.

Nothing that a sender wrote reaches a terminal as it came: what cannot be printed is shown escaped, so that no event
can move a cursor or hide a line.
"""

import os
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Final, Literal, NoReturn

import orjson
import typer
from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table

FAILED: Final = 1
WRONG_USAGE: Final = 2
WIDTH_WITHOUT_TERMINAL: Final = 160  # a pipe has no width; what is wider folds, nothing is cut off
ELLIPSIS: Final = "…"
PRINTED: Final = orjson.OPT_INDENT_2 | orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]
Align = Literal["left", "right"]


def fail(message: str, status: int) -> NoReturn:
    """End the command: the message, which says what to do, goes to stderr; nothing that was printed is taken back."""
    typer.echo(f"Error: {message}", err=True)
    raise typer.Exit(status)


def print_json(value: object) -> None:
    """`value` as indented JSON; times without zone are UTC, whole numbers beyond 64 bits become texts before."""
    write_bytes(orjson.dumps(value, option=PRINTED))


def write_bytes(content: bytes) -> None:
    """Bytes to stdout as they are."""
    sys.stdout.buffer.write(content)
    sys.stdout.flush()


def console() -> Console:
    """Where people read: data is never taken for markup, and lines fold at the terminal's width (or COLUMNS)."""
    open_end = not sys.stdout.isatty() and not os.environ.get("COLUMNS", "").isdigit()
    width = WIDTH_WITHOUT_TERMINAL if open_end else None
    return Console(width=width, markup=False, highlight=False, emoji=False)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], right: Iterable[str] = ()) -> Table:
    """A table for people; columns named in `right` are numbers, cells fold rather than lose text."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    numbers = set(right)
    for column in columns:
        side: Align = "right" if column in numbers else "left"
        made.add_column(printable(column), justify=side, overflow="fold")
    for row in rows:
        made.add_row(*(shown(cell) for cell in row))
    return made


def facts(pairs: Iterable[tuple[str, object]]) -> Padding:
    """Names and values, one pair a line, without a head."""
    made = Table(box=None, pad_edge=False, show_header=False)
    made.add_column(style="bold", no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in pairs:
        made.add_row(printable(name), shown(value))
    return Padding(made, (0, 0, 0, 2), expand=False)


def shown(value: object) -> str:
    """A cell as people read it: nothing is a dash, thousands are grouped, times are UTC to the second."""
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case datetime():
            return moment(value)
        case _:
            return printable(str(value))


def moment(at: datetime) -> str:
    """A time in UTC, to the second."""
    return at.strftime("%Y-%m-%d %H:%M:%S")


def printable(text: str) -> str:
    """`text` with everything that is no visible character escaped."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def shortened(text: str, longest: int) -> str:
    """At most `longest` characters, the last one an ellipsis where some are left out."""
    return text if len(text) <= longest else text[: longest - 1] + ELLIPSIS
