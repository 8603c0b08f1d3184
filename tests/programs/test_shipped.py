"""What ships as an example to copy is complete: every file is sound, and every key of a program is used in one."""

import typing
from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from config.loader import load_program
from config.program import Program
from config.source import read_yaml
from tests.config.samples import ROOT, plain
from tests.config.test_program_document import models_in
from tests.programs.tables import PROGRAMS, shipped

CHOICES_MAX = 20  # more are codes of countries and currencies
FILES = sorted(PROGRAMS.glob("*.yaml"))
DOCUMENT = (ROOT / "docs" / "programs.md").read_text(encoding="utf-8")

# Choices that no shipped program makes, each with its reason.
UNMADE = {
    ("earn.budget.period", "day"), ("earn.budget.period", "week"),      # as `month` and `year`
    ("earn.once_a", "week"), ("earn.once_a", "year"), ("earn.once_a", "ever"),  # as `day` and `month`
    ("identity.identifiers.normalise", "email"), ("identity.identifiers.normalise", "phone"),  # of the built-in types
}  # fmt: skip

Used = Iterator[tuple[str, object]]


def parts_of(annotation: object, value: object) -> Iterator[object]:
    """The values of sections inside a value: of a list each, of a mapping by name each, else the value itself."""
    if isinstance(value, list):
        yield from value
    elif isinstance(value, dict) and "dict[" in str(annotation):
        yield from value.values()
    else:
        yield value


def used_in(model: type[BaseModel], data: object, place: str = "") -> Used:
    """(place of a key, value) for every key that a program's data gives."""
    if not isinstance(data, dict):
        return
    for name, field in model.model_fields.items():
        key = field.alias or name
        if key not in data:
            continue
        here = f"{place}.{key}".lstrip(".")
        for value in parts_of(field.annotation, data[key]):
            yield here, value
            for part in models_in(field.annotation):
                yield from used_in(part, value, here)


def keys_of(model: type[BaseModel], place: str = "") -> Iterator[str]:
    """The place of every key of a model and of the models inside it."""
    for name, field in model.model_fields.items():
        here = f"{place}.{field.alias or name}".lstrip(".")
        yield here
        for part in models_in(field.annotation):
            yield from keys_of(part, here)


def literals_in(annotation: object) -> Iterator[object]:
    """The choices that an annotation leaves."""
    if typing.get_origin(annotation) is typing.Literal:
        yield from typing.get_args(annotation)
    elif annotation is bool:
        yield from (True, False)
    else:
        for argument in typing.get_args(annotation):
            yield from literals_in(argument)


def choices_of(model: type[BaseModel], place: str = "") -> Iterator[tuple[str, object]]:
    """(place of a key, choice) for every key that has a few values to choose from, without what it is by default."""
    for name, field in model.model_fields.items():
        here = f"{place}.{field.alias or name}".lstrip(".")
        choices = [choice for choice in literals_in(field.annotation) if choice not in {field.default, False}]
        for choice in choices if len(choices) <= CHOICES_MAX else ():
            yield here, choice
        for part in models_in(field.annotation):
            yield from choices_of(part, here)


def everything_used() -> list[tuple[str, object]]:
    """What all shipped files use together."""
    found: list[tuple[str, object]] = []
    for file in FILES:
        found += used_in(Program, plain(file.read_text(encoding="utf-8")))
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_shipped_program_is_sound(file: typing.Any) -> None:  # noqa: ANN401  # a path
    """It loads, is named as its file is, and says at its head what it is an example of."""
    text = file.read_text(encoding="utf-8")

    assert file.stem == load_program(file).program
    assert text.startswith("# ")
    assert read_yaml(text, file.name).problems == []


def test_every_key_of_a_program_is_used_in_a_shipped_one() -> None:
    """Who looks for how a key is written finds it in a file that works."""
    assert set() == set(keys_of(Program)) - {place for place, _ in everything_used()}


def test_every_choice_is_made_in_a_shipped_program() -> None:
    """What a key is without being given is made by leaving it out."""
    used = {(place, value) for place, value in everything_used() if isinstance(value, str | bool)}

    assert set(choices_of(Program)) - used == UNMADE


def test_the_document_names_every_shipped_program() -> None:
    """With a link to its file and to its story."""
    for file in FILES:
        assert f"(../config/programs/{file.name})" in DOCUMENT
        if file.stem != "corner_shop":
            assert f"(../tests/programs/test_{file.stem}.py)" in DOCUMENT
            assert shipped(file.stem).program in DOCUMENT
