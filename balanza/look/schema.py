"""`balanza schema`: what may come in, what goes out, what a program may say."""

from enum import StrEnum
from typing import Annotated

import typer

from balanza.output import print_json
from config.schema import program_schema
from schemas.published import event_schema, record_schema


class Schema(StrEnum):
    """Which schema."""

    EVENTS = "events"
    RECORDS = "records"
    PROGRAM = "program"


PUBLISHED = {Schema.EVENTS: event_schema, Schema.RECORDS: record_schema, Schema.PROGRAM: program_schema}

Which = Annotated[Schema | None, typer.Argument(help="One of them; none prints all three in one object.")]


def schema(which: Which = None) -> None:
    """Print the JSON Schemas of events, records and programs.

    Example: balanza schema program > program.schema.json
    """
    if which is None:
        print_json({name.value: made() for name, made in PUBLISHED.items()})
    else:
        print_json(PUBLISHED[which]())
