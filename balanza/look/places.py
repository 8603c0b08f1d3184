"""What the looking commands open: the output folder, its warehouse, its program. A failure says what to do."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Final

import duckdb
import msgspec
import typer
from duckdb import DuckDBPyConnection

from balanza.output import FAILED, WRONG_USAGE, fail
from config.compatibility import parse_program
from config.program import Program
from sinks.catalog import create_views_of, load_manifest, refresh_views
from sinks.destination import DestinationError

OUT_VARIABLE: Final = "BALANZA_OUT"
EXAMPLE: Final = Path("out/example")
SURFACES: Final = "surfaces.db"

Out = Annotated[
    Path | None,
    typer.Option(
        "--out", "-o", envvar=OUT_VARIABLE, show_default=False,
        help="Folder that `balanza run` wrote into. [default: out/example, if it is there]",
    ),
]  # fmt: skip


Outs = Annotated[
    list[Path] | None,
    typer.Option(
        "--out", "-o", envvar=OUT_VARIABLE, show_default=False,
        help="Folder that `balanza run` wrote into, or each of those of a deployment's processes. "
        "[default: out/example, if it is there]",
    ),
]  # fmt: skip


def all_chosen(outs: list[Path] | None) -> list[Path]:
    """The folders to look at, each once."""
    return list(dict.fromkeys(map(chosen, outs))) if outs else [chosen(None)]


def chosen(out: Path | None) -> Path:
    """The folder to look at; ends the command if none was said or it is not there."""
    folder = EXAMPLE if out is None else out
    if not folder.is_dir() and out is None:
        fail(
            f"which output folder? Say --out DIR or set {OUT_VARIABLE} ({EXAMPLE}, the default, is not there; "
            "`balanza run` makes one).",
            WRONG_USAGE,
        )
    if not folder.is_dir():
        fail(f"there is no folder {folder}; say --out with one that `balanza run` wrote into.", WRONG_USAGE)
    return folder


@contextmanager
def warehouse(folder: Path) -> Iterator[DuckDBPyConnection]:
    """The warehouse, read-only, as of one epoch; ends the command where it cannot be read."""
    try:
        path = refresh_views(folder / "warehouse")
        with duckdb.connect(str(path), read_only=True, config={"autoinstall_known_extensions": False}) as connection:
            yield connection
    except DestinationError as error:
        fail(f"{error}; `balanza run --out {folder} …` makes it.", WRONG_USAGE)
    except BrokenPipeError:
        raise  # the reader of our output left, the warehouse is fine
    except (duckdb.IOException, msgspec.DecodeError, OSError) as error:
        fail(
            f"the warehouse in {folder} cannot be read: {error}. Ask again if a worker writes there just now; if it "
            "stays, the folder is damaged: replay the log into another one.",
            FAILED,
        )


@contextmanager
def warehouses(folders: Sequence[Path]) -> Iterator[DuckDBPyConnection]:
    """The warehouses of a deployment's processes as one, read-only; ends the command where one cannot be read."""
    if len(folders) == 1:
        with warehouse(folders[0]) as connection:
            yield connection
        return
    with ExitStack() as opened:
        for folder in folders:
            opened.enter_context(warehouse(folder))  # which says what is wrong with it
        parts = [(folder / "warehouse", load_manifest(folder / "warehouse")) for folder in folders]
        with duckdb.connect(":memory:", config={"autoinstall_known_extensions": False}) as connection:
            connection.execute("ATTACH ':memory:' AS shown")
            create_views_of(connection, "shown", [(folder, found) for folder, found in parts if found is not None])
            yield connection


def program_of(folder: Path) -> Program:
    """The program that the folder was made with; ends the command if it is not there or not ours."""
    path = folder / "state" / "program.json"
    try:
        return parse_program(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        fail(f"nothing has run in {folder} yet ({path} is missing); `balanza run --out {folder}` does.", WRONG_USAGE)
    except (OSError, ValueError) as error:
        fail(
            f"{path} cannot be read ({str(error).splitlines()[0]}); it was changed, or written by another version: "
            "look with the version that ran here.",
            FAILED,
        )
