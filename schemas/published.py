"""The JSON Schemas that `balanza schema` prints: of the events that come in and of the records that go out.

The tables of docs/events.md are made here too, from the same structs and the same descriptions.
"""

from typing import Annotated, Any, Union

import msgspec
from msgspec import Struct
from pydantic import Field, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from schemas.described import meaning, unit_of
from schemas.events import EVENT_TYPES, CloudEvent, Money, OrderLine, QuietHours
from schemas.expected import expected
from schemas.models import event_models
from schemas.records import TABLES

JsonSchema = dict[str, Any]  # JSON Schema is an open format


def event_schema() -> JsonSchema:
    """Return the schema of one event: one of the definitions, told apart by `type`. Unknown fields are allowed."""
    models = tuple(event_models().values())
    union: Any = Annotated[Union[models], Field(discriminator="type")]  # noqa: UP007 - built from a tuple
    adapter: TypeAdapter[Any] = TypeAdapter(union)
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        "title": "Balanza events (CloudEvents 1.0, structured JSON)",
        **adapter.json_schema(by_alias=True),
    }


def record_schema() -> JsonSchema:
    """Return the schema of the records: a property a table, its items are the table's lines."""
    references, definitions = msgspec.json.schema_components(TABLES.values(), ref_template="#/$defs/{name}")
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        "title": "Balanza records",
        "description": "Each table is a file of JSON lines; the items of its property are its lines.",
        "type": "object",
        "properties": {
            table: {"type": "array", "items": reference} for table, reference in zip(TABLES, references, strict=True)
        },
        "$defs": definitions,
    }


def event_tables() -> str:
    """Return the tables of docs/events.md in Markdown: the envelope, the data of each type, the parts inside."""
    envelope = ["## Envelope", "", *_table(CloudEvent)]
    types = [line for name, event in EVENT_TYPES.items() for line in _section(f"`{name}`", _data_of(event))]
    parts = [line for part in (Money, OrderLine, QuietHours) for line in _section(part.__name__, part)]
    return "\n".join([*envelope, "", "## Data by type", *types, "", "## Parts", *parts])


def _section(title: str, struct: type[Struct]) -> list[str]:
    return ["", f"### {title}", "", *_table(struct)]


def _data_of(event: type[Struct]) -> type[Struct]:
    """Return the struct of an event type's data."""
    data: type[Struct] = next(info.type for info in msgspec.structs.fields(event) if info.name == "data")
    return data


def _table(struct: type[Struct]) -> list[str]:
    """Return a row for each field of a struct: name, whether it must be there, what is expected, what it means."""
    rows = ["| field | required | value | meaning |", "|---|---|---|---|"]
    for info in msgspec.structs.fields(struct):
        name = info.encode_name
        unit = unit_of(struct.__name__, name)
        value = expected(info.type) + (f", in {unit}" if unit else "")
        rows.append(f"| `{name}` | {'yes' if info.required else ''} | {value} | {meaning(struct.__name__, name)} |")
    return rows
