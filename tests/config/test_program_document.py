"""docs/program.md is complete and its examples work."""

import re
import typing
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from config.durations import format_duration
from config.identity import BUILT_IN_IDENTIFIERS
from config.loader import ProgramError, load_program
from config.program import Program
from config.schema import program_schema
from tests.config.samples import CORNER_SHOP, ROOT, edited, plain

DOCUMENT = (ROOT / "docs" / "program.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", DOCUMENT, re.DOTALL)


def models_in(annotation: object) -> Iterator[type[BaseModel]]:
    """The models that a field's annotation mentions."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from models_in(argument)


def fields_of(model: type[BaseModel], heading: str) -> Iterator[tuple[str, str, object]]:
    """(heading, key, default or None) of every field of `model` and of the models inside it."""
    for name, field in model.model_fields.items():
        key = field.alias or name
        default = field.default if field.default_factory is None and not field.is_required() else None
        yield heading, key, default
        for part in models_in(field.annotation):
            yield from fields_of(part, f"{heading}.{key}" if heading != "Top level" else key)


def section(heading: str) -> str:
    """The text under `heading` up to the next one."""
    match = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", DOCUMENT, re.DOTALL | re.MULTILINE)
    assert match is not None, heading
    return match[1]


@pytest.mark.parametrize(("heading", "key", "default"), list(fields_of(Program, "Top level")))
def test_every_key_has_a_row(heading: str, key: str, default: object) -> None:
    """A key of the program stands in the table of its section, with its default."""
    rows = [line for line in section(heading).splitlines() if line.startswith(f"| `{key}` |")]

    assert len(rows) == 1
    shown = rows[0].split("|")[3]
    if default is not None and not isinstance(default, BaseModel):
        is_duration = "duration" in rows[0].split("|")[2]
        meant = str(default).lower() if isinstance(default, bool) else str(default)
        assert (format_duration(int(str(default))) if is_duration else meant) in shown


def test_the_document_names_no_key_that_is_not_there() -> None:
    """Every row of a table of keys is a key of the models."""
    known = {(heading, key) for heading, key, _ in fields_of(Program, "Top level")}

    for heading in {heading for heading, _ in known}:
        table = re.search(r"^\| key \|.*?\n\n", section(heading), re.DOTALL | re.MULTILINE)
        assert table is not None, heading
        for key in re.findall(r"^\| `(\w+)` \|", table[0], re.MULTILINE):
            assert (heading, key) in known


def test_the_built_in_identifier_types_are_listed() -> None:
    """The table of built-in types says of each what the program assumes."""
    for name, kind in BUILT_IN_IDENTIFIERS.items():
        assert f"| `{name}` | `{str(kind.known).lower()}` | `{kind.normalise}` |" in section("identity.identifiers")


@pytest.mark.parametrize("block", BLOCKS)
def test_every_example_works(block: str) -> None:
    """A whole program loads; a piece of one loads in place of the corner shop's section."""
    data = plain(block)
    if "program" not in data:
        data = {**plain(CORNER_SHOP.read_text(encoding="utf-8")), **data}
    if "purposes" in plain(block):
        data["caps"] = []

    assert data["program"] == Program.model_validate(data).program


def test_every_section_has_an_example() -> None:
    """Each key of the top level that holds more than a value is shown once."""
    shown = {key for block in BLOCKS for key in plain(block)}
    properties = program_schema()["properties"]
    assert isinstance(properties, dict)

    assert set() == properties.keys() - shown


def test_the_message_in_the_head_is_real(tmp_path: Path) -> None:
    """The message that the document shows is what the loader says."""
    path = tmp_path / "corner_shop.yaml"
    path.write_text(edited("rounding: down", "roundng: down"), encoding="utf-8")

    with pytest.raises(ProgramError) as caught:
        load_program(path)

    assert str(caught.value).removeprefix(f"{tmp_path}/") in DOCUMENT
