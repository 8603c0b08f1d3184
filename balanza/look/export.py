"""`balanza export`: everything that is held on a member, by hand; an `export` event does the same by itself."""

import sqlite3
from pathlib import Path
from typing import Annotated

import typer

from balanza.look.member import Id, Space
from balanza.look.places import SURFACES, Out, chosen, warehouse
from balanza.look.who import find
from balanza.output import FAILED, fail, print_json
from sinks.exporting import FORMAT, held_on, save
from sinks.read_surface import find_member

NO_DOCUMENT = b"null"

File = Annotated[
    Path | None,
    typer.Option("--file", "-f", show_default=False, help="Write it here, for its owner only. [default: stdout]"),
]


def export(id: Id, out: Out = None, space: Space = None, file: File = None) -> None:
    """Export everything that is held on a member as one JSON file.

    ID is a member id, or an identifier in any spelling with its type. The file holds the document that surfaces show
    and every row of every table about the member; what is another person's by now, after a split, is not in it.

    Example: balanza export email:ada@example.com --file ada.json
    """
    folder = chosen(out)
    with warehouse(folder) as connection:
        who = find(connection, folder, id, space)
        held = {"format": FORMAT, **held_on(connection, who.member_id, who.merged, document_of(folder, who.member_id))}
    if file is None:
        print_json(held)
        return
    try:
        save(file, held)
    except OSError as error:
        fail(f"{file} cannot be written ({error.strerror or error}); say --file with another place.", FAILED)


def document_of(folder: Path, member_id: str) -> bytes:
    """The member's document as the surfaces have it; JSON's null where they have none."""
    try:
        surface = find_member(folder / SURFACES, member_id)
    except (FileNotFoundError, sqlite3.Error):
        return NO_DOCUMENT
    return NO_DOCUMENT if surface is None else surface.document.encode()
