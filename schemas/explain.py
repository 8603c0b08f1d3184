"""Say in one sentence what is wrong with a line: the field's path, what was expected and what was found."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from schemas.events import Name, Text


class Envelope(Struct, frozen=True, gc=False):
    """The attributes of CloudEvents 1.0 without the data."""

    specversion: Literal["1.0"]
    type: Name
    id: Name
    source: Name
    time: Annotated[datetime, Meta(tz=True)]
    space: Name = "default"
    datacontenttype: Text | None = None
    dataschema: Text | None = None
    subject: Text | None = None


def explained(raw: bytes, struct: type[Struct], error: Exception) -> str:
    """Return the sentence for a JSON line that `struct` does not take."""
    return str(error)
