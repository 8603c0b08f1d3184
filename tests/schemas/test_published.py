"""The schemas and documents that are published say what the code does."""

import re
from pathlib import Path

import pytest

from schemas.events import EVENT_TYPES
from schemas.published import event_schema, event_tables, record_schema
from schemas.reasons import DecisionReason, RefusalReason, RejectReason, TierReason
from schemas.records import TABLES

DOCS = Path(__file__).parents[2] / "docs"


def test_every_event_type_has_a_definition_told_apart_by_its_type() -> None:
    """The schema of events maps each wire name to a definition that demands that name."""
    schema = event_schema()
    mapping = {name: f"#/$defs/{event.__name__}" for name, event in EVENT_TYPES.items()}
    assert mapping == schema["discriminator"]["mapping"]
    demanded = {name: schema["$defs"][event.__name__]["properties"]["type"] for name, event in EVENT_TYPES.items()}
    assert list(EVENT_TYPES) == [demanded[name]["const"] for name in EVENT_TYPES]


def test_every_field_of_an_event_is_described() -> None:
    """No property of the schema of events goes without a description; units are told."""
    definitions = event_schema()["$defs"]
    bare = [
        f"{name}.{field}"
        for name, definition in definitions.items()
        for field, described in definition["properties"].items()
        if not described.get("description")
    ]
    assert bare == []
    assert definitions["Money"]["properties"]["amount"]["description"].endswith("Unit: minor units.")


def test_the_schema_allows_unknown_fields_and_demands_identifiers() -> None:
    """Unknown fields are dropped, not refused; an event names somebody, a receipt need not."""
    definitions = event_schema()["$defs"]
    assert [name for name, definition in definitions.items() if definition.get("additionalProperties") is False] == []
    assert definitions["PurchaseData"]["properties"]["ids"]["minProperties"] == 1
    assert "ids" not in definitions["ReceiptData"]["required"]


def test_the_schema_speaks_the_names_of_the_wire() -> None:
    """Quiet hours are `from` and `to`, whatever Python calls them."""
    assert {"from", "to"} == set(event_schema()["$defs"]["QuietHours"]["properties"])


def test_every_table_of_records_has_a_schema() -> None:
    """Each stored table is a property whose items are its records."""
    schema = record_schema()
    items = {table: properties["items"]["$ref"] for table, properties in schema["properties"].items()}
    assert {table: f"#/$defs/{record.__name__}" for table, record in TABLES.items()} == items
    assert {record.__name__ for record in TABLES.values()} <= set(schema["$defs"])


@pytest.mark.parametrize("schema", [event_schema(), record_schema()], ids=["events", "records"])
def test_a_schema_says_what_it_is(schema: dict[str, object]) -> None:
    """A schema names its dialect and has a title."""
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"]


def test_the_document_of_events_holds_the_tables_made_from_the_code() -> None:
    """docs/events.md contains every type and field as `event_tables` prints them."""
    assert event_tables() in (DOCS / "events.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("reasons", [RejectReason, RefusalReason, TierReason, DecisionReason])
def test_every_reason_is_documented(reasons: type[RejectReason | RefusalReason | TierReason | DecisionReason]) -> None:
    """docs/reasons.md has one row with meaning and remedy for each reason, and no row for another."""
    text = (DOCS / "reasons.md").read_text(encoding="utf-8")
    section = text.split(f"(`{reasons.__name__}`)")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| \S.* \| \S.* \|$", section, re.MULTILINE)
    assert [reason.value for reason in reasons] == rows
