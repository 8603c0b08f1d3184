"""The published JSON Schema says what the models accept."""

import re
from collections.abc import Iterator
from typing import cast

import pytest

from config.durations import format_duration
from config.schema import DIALECT, program_schema
from tests.config.samples import CORNER_SHOP, plain, program

Schema = dict[str, object]


def inner(schema: Schema, root: Schema) -> Schema:
    """`schema` without its reference and without the alternative null."""
    for choice in cast("list[Schema]", schema.get("anyOf", [])):
        if choice.get("type") != "null":
            return inner(choice, root)
    if "$ref" in schema:
        return cast("dict[str, Schema]", root["$defs"])[str(schema["$ref"]).rpartition("/")[2]]
    return schema


def violations(value: object, schema: Schema, root: Schema, at: str = "") -> Iterator[str]:
    """Where `value` does not fit: the few keywords that our schema uses."""
    schema = inner(schema, root)
    kinds = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool}
    if not isinstance(value, cast("type", kinds[str(schema["type"])])):
        yield f"{at}: type"
    elif isinstance(value, dict):
        properties = cast("dict[str, Schema]", schema.get("properties", {}))
        patterns = cast("dict[str, Schema]", schema.get("patternProperties", {}))
        yield from (f"{at}.{key}: missing" for key in cast("list[str]", schema.get("required", [])) if key not in value)
        for key, entry in value.items():
            fitting = [properties[key]] if key in properties else [s for p, s in patterns.items() if re.search(p, key)]
            if fitting:
                yield from violations(entry, fitting[0], root, f"{at}.{key}")
            elif schema.get("additionalProperties") is False:
                yield f"{at}.{key}: unknown"
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from violations(entry, cast("Schema", schema["items"]), root, f"{at}.{index}")
    elif "enum" in schema and value not in cast("list[str]", schema["enum"]):
        yield f"{at}: enum"
    elif "pattern" in schema and not re.search(str(schema["pattern"]), str(value)):
        yield f"{at}: pattern"


def found(text: str) -> list[str]:
    """What the published schema says against a YAML text."""
    schema = program_schema()
    return list(violations(plain(text), schema, schema))


def test_the_corner_shop_fits_the_schema() -> None:
    """The schema has every key of the example and accepts its values."""
    assert found(CORNER_SHOP.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("text", "violation"),
    [
        ("programm: x", ".programm: unknown"),
        ("limits: {future_skew: 5 minutes}", ".limits.future_skew: pattern"),
        ("channels: {Email: {identifier: email}}", ".channels.Email: unknown"),
        ("caps: [{id: a, max: one, window: 1d}]", ".caps.0.max: type"),
        ("caps: [{id: a, window: 1d}]", ".caps.0.max: missing"),
        ("identity: {default_region: UK}", ".identity.default_region: enum"),
        ("quiet_hours: {from: 25:00, to: 08:00}", ".quiet_hours.from: pattern"),
    ],
)
def test_the_schema_refuses_what_the_models_refuse(text: str, violation: str) -> None:
    """An editor underlines unknown keys, malformed durations and names, and missing keys."""
    assert violation in found(text)


def test_the_schema_explains_itself() -> None:
    """It names its dialect and title, and every key of every part has a description."""
    schema = program_schema()

    assert (schema["$schema"], schema["title"]) == (DIALECT, "Balanza program")
    parts = [schema, *cast("dict[str, Schema]", schema["$defs"]).values()]
    for part in parts:
        for name, entry in cast("dict[str, Schema]", part["properties"]).items():
            assert entry.get("description") or inner(entry, schema).get("description"), name


def test_defaults_of_the_schema_are_those_of_the_models() -> None:
    """Durations are written as text, and defaults that a function makes are written out."""
    schema, kiosk = program_schema(), program()
    parts = cast("dict[str, dict[str, dict[str, Schema]]]", schema["$defs"])
    top = cast("dict[str, Schema]", schema["properties"])

    assert format_duration(kiosk.retention.events) == parts["Retention"]["properties"]["events"]["default"]
    assert format_duration(kiosk.retention.orders) == parts["Retention"]["properties"]["orders"]["default"]
    assert format_duration(kiosk.limits.future_skew) == parts["Limits"]["properties"]["future_skew"]["default"]
    plain_kiosk = kiosk.model_dump(mode="json", by_alias=True)
    for key, entry in top.items():
        if "default" in entry:
            default = entry["default"]
            if key in {"channels", "purposes", "identity", "retention", "limits", "alerts"}:
                assert plain_kiosk[key] == default
            else:
                assert not default
    assert "known" not in cast("list[str]", parts["IdentifierType"].get("required", []))
