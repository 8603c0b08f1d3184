"""The JSON Schemas that `balanza schema` prints: of the events that come in and of the records that go out."""

from typing import Annotated, Any, Union

import msgspec
from pydantic import Field, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

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
