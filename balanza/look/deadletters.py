"""`balanza deadletters`: the lines that were rejected, why, and where they stand in the log."""

import base64
from typing import Annotated, Final

import typer
from duckdb import DuckDBPyConnection
from rich.console import Console

from balanza.look.places import Out, chosen, warehouse
from balanza.look.rows import Row, dictionaries
from balanza.output import AsJson, console, facts, print_json, shortened, table, write_bytes
from schemas.reasons import RejectReason

LATEST: Final = 20
LINE_CHARS_MAX: Final = 160

COUNTS = """
SELECT reason, count(*) FROM dead_letters WHERE reason IN (SELECT unnest($reasons)) GROUP BY 1 ORDER BY 2 DESC, 1
"""
LETTERS = """
SELECT log_time, reason, topic || '/' || "partition" || '@' || "offset" AS place, detail, raw, topic, "partition",
       "offset"
FROM dead_letters WHERE reason IN (SELECT unnest($reasons))
ORDER BY log_time DESC, topic DESC, "partition" DESC, "offset" DESC LIMIT $limit
"""
EVERYTHING: Final = 1 << 62

deadletters = typer.Typer(
    help="Look at the lines that were rejected.", no_args_is_help=True, add_completion=False, rich_markup_mode=None,
)  # fmt: skip

Reason = Annotated[
    list[RejectReason] | None,
    typer.Option("--reason", case_sensitive=False, show_default=False, help="Only this reason; may be given again."),
]
Limit = Annotated[
    int | None,
    typer.Option("--limit", "-n", min=0, show_default=False, help=f"The latest N. [default: {LATEST}; --raw: all]"),
]
Raw = Annotated[bool, typer.Option("--raw", help="Print only the lines, as they came, in order.")]


@deadletters.callback()
def _group() -> None:
    """Look at the lines that were rejected."""


@deadletters.command("list")
def list_letters(
    out: Out = None, reason: Reason = None, limit: Limit = None, raw: Raw = False, as_json: AsJson = False
) -> None:
    """Count the dead letters, show the latest.

    A place is topic/partition@offset; the offset is the byte (in a file) at which the line begins. What is no text is
    shown escaped.

    Example: balanza deadletters list --reason INVALID_DATA --limit 5
    """
    reasons = [one.value for one in reason or RejectReason]
    most = limit if limit is not None else EVERYTHING if raw else LATEST
    with warehouse(chosen(out)) as connection:
        counts = dict(connection.execute(COUNTS, {"reasons": reasons}).fetchall())
        letters = _letters(connection, reasons, most)
    if as_json:
        print_json({"total": sum(counts.values()), "counts": counts, "letters": letters})
    elif raw:
        left = [letter["raw"] for letter in reversed(letters) if letter["raw"]]  # those of erased people are empty
        lines = [base64.b64decode(line) for line in left]
        write_bytes(b"".join(line + b"\n" for line in lines))
    else:
        _print(console(), counts, letters)


def _letters(connection: DuckDBPyConnection, reasons: list[str], most: int) -> list[Row]:
    """The latest first, each with its line as text."""
    rows = dictionaries(connection.execute(LETTERS, {"reasons": reasons, "limit": most}))
    return [row | {"line": base64.b64decode(row["raw"]).decode("utf-8", "backslashreplace")} for row in rows]


def _print(to: Console, counts: dict[str, int], letters: list[Row]) -> None:
    if not counts:
        to.print("No dead letters: nothing was rejected.")
        return
    to.print(table(("reason", "letters"), [*counts.items(), ("all", sum(counts.values()))], right=["letters"]))
    for letter in letters:
        to.print()
        to.print(f"{letter['reason']} at {letter['place']}, {letter['log_time']:%Y-%m-%d %H:%M:%S} UTC", style="bold")
        to.print(facts([("detail", letter["detail"]), ("line", shortened(letter["line"], LINE_CHARS_MAX))]))
    left = sum(counts.values()) - len(letters)
    if letters and left:
        to.print(f"\n{left:,} older ones; --limit shows more, --raw prints the lines themselves.")
