"""`balanza export`: everything that is held on a member, by hand; an `export` event does the same by itself."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from balanza.look.member import Id, Space
from balanza.look.places import SURFACES, Outs, all_chosen, warehouses
from balanza.look.who import find
from balanza.output import FAILED, fail, print_json
from balanza.parts import export_command, missing_beside
from sinks.exporting import FORMAT, held_on, save, whole
from sinks.read_surface import find_member

NO_DOCUMENT = b"null"

File = Annotated[
    Path | None,
    typer.Option("--file", "-f", show_default=False, help="Write it here, for its owner only. [default: stdout]"),
]


def export(id: Id, out: Outs = None, space: Space = None, file: File = None) -> None:
    """Export everything that is held on a member as one JSON file.

    ID is a member id, or an identifier in any spelling with its type. The file holds the document that surfaces show
    and every row of every table about the member; what is another person's by now, after a split, is not in it.

    Of a deployment of several processes name every folder, --out once for each: they become one file. Where some are
    missing, the file says which, and how to ask for the whole.

    Example: balanza export email:ada@example.com --file ada.json
    """
    folders = all_chosen(out)
    with warehouses(folders) as connection:
        who = find(connection, folders[0], id, space)
        missing = missing_beside(folders)
        held = {
            "format": FORMAT,
            **whole(missing, export_command(who.member_id, folders, len(missing))),
            **held_on(connection, who.member_id, who.merged, document_of(folders, who.member_id)),
        }
    if missing:
        typer.echo(f"Not everything: {'; '.join(missing)} is missing. Say --out for each folder.", err=True)
    if file is None:
        print_json(held)
        return
    try:
        save(file, held)
    except OSError as error:
        fail(f"{file} cannot be written ({error.strerror or error}); say --file with another place.", FAILED)


def document_of(folders: Sequence[Path], member_id: str) -> bytes:
    """The member's document as the surfaces of one of the folders have it; JSON's null where they have none."""
    for folder in folders:
        try:
            surface = find_member(folder / SURFACES, member_id)
        except (FileNotFoundError, sqlite3.Error):
            continue
        if surface is not None:
            return surface.document.encode()
    return NO_DOCUMENT
