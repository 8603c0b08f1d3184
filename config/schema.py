"""The JSON Schema of a program file, for editors that complete and check YAML while it is written."""

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from config.identity import Identity
from config.program import Program

DIALECT = "https://json-schema.org/draft/2020-12/schema"

JsonObject = dict[str, object]


def program_schema() -> JsonObject:
    """The schema of what `load_program` accepts, except references between sections, which no schema can say."""
    schema = Program.model_json_schema(by_alias=True)
    _add_defaults(schema, Program)
    _add_defaults(schema["$defs"]["Identity"], Identity)
    # An entry for a built-in identifier type may leave out what it does not change.
    schema["$defs"]["IdentifierType"].pop("required")
    for model in (schema, *schema["$defs"].values()):
        _close_mappings(model)
    schema.pop("title")
    return {"$schema": DIALECT, "title": "Balanza program", **schema}


def _add_defaults(schema: JsonObject, model: type[BaseModel]) -> None:
    """Write out the defaults that a function makes; pydantic leaves these out."""
    properties = schema["properties"]
    assert isinstance(properties, dict)
    for name, field in model.model_fields.items():
        if field.default_factory is not None:
            properties[field.alias or name]["default"] = _plain_default(field)


def _plain_default(field: FieldInfo) -> object:
    default = field.get_default(call_default_factory=True, validated_data={})
    return _plain(default)


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True)
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    return value


def _close_mappings(schema: JsonObject) -> None:
    """Refuse keys that are no names in mappings of names, as the models do."""
    properties = schema["properties"]
    assert isinstance(properties, dict)
    for entry in properties.values():
        if "patternProperties" in entry:
            entry["additionalProperties"] = False
