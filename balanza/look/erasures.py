"""`balanza erasures`: the requests to be erased that were carried out, and how many rows each took away."""

from pathlib import Path
from typing import Annotated, Final

import orjson
import typer

from balanza.look.places import Out, chosen
from balanza.look.rows import Row
from balanza.output import FAILED, AsJson, console, fail, print_json, table

REPORT: Final = "erasures.jsonl"
LATEST: Final = 20

Limit = Annotated[int, typer.Option("--limit", "-n", min=0, help="Requests, the latest ones.")]


def erasures(out: Out = None, limit: Limit = LATEST, as_json: AsJson = False) -> None:
    """Show which requests to be erased were carried out, with the rows of each by table.

    Nothing of the people themselves is kept: a request has its id, its time, and numbers.

    Example: balanza erasures --limit 5
    """
    done = read(chosen(out) / REPORT)
    latest = done[len(done) - min(limit, len(done)) :]
    if as_json:
        print_json(latest)
        return
    to = console()
    if not done:
        to.print("No erasures: nobody asked.")
        return
    rows = [(one["at"], one["request_id"], sum(one["rows"].values()), _by_table(one["rows"])) for one in latest]
    to.print(table(("at (UTC)", "request", "rows", "of which"), rows, right=["rows"]))
    if len(latest) < len(done):
        to.print(f"\n{len(done) - len(latest):,} older ones; --limit shows more.")


def read(path: Path) -> list[Row]:
    """The lines of the report, oldest first; none where nobody was erased."""
    try:
        return [orjson.loads(line) for line in path.read_bytes().splitlines()]
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        fail(f"{path} cannot be read ({error}); it was changed by someone else.", FAILED)


def _by_table(rows: dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in rows.items()) or "none"
