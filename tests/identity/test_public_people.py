"""People recognised in simulated and public data; what is measured stands in docs/identity.md and nowhere else."""

import re
from typing import Final

import pytest

from config.loader import load_program
from connectors.simulate import Quality, Rates, SimulateOptions, pairwise, simulate
from tests.config.samples import CORNER_SHOP, ROOT
from tests.identity.public_data import Record, febrl, recognised, splink
from tests.identity.stories import Story

EMAIL, NUMBER, NAME = "email", "social_security", "name_and_birthday"
SIMULATED_EVENTS: Final = 20_000
SIMULATED_PEOPLE: Final = 600


def documented(data: str, by: str) -> tuple[str, ...]:
    """The cells of docs/identity.md for a measurement: precision, recall."""
    page = (ROOT / "docs" / "identity.md").read_text(encoding="utf-8")
    found = re.search(rf"^\| {re.escape(data)} \| {re.escape(by)} \| (\S+) \| (\S+) \|", page, re.MULTILINE)
    assert found is not None, f"no row | {data} | {by} |"
    return found.groups()


def told(quality: Quality, capsys: pytest.CaptureFixture[str], what: str) -> tuple[str, str]:
    """Precision and recall as the page has them, also printed."""
    shown = f"{quality.precision:.4f}", f"{quality.recall:.4f}"
    with capsys.disabled():
        print(f" [{what}: precision {shown[0]}, recall {shown[1]}]", end=" ")  # noqa: T201
    return shown


@pytest.mark.external
@pytest.mark.parametrize(
    ("types", "by"),
    [
        ((EMAIL,),      "e-mail"),
        ((NAME,),       "name and birthday"),
        ((EMAIL, NAME), "e-mail, or name and birthday"),
    ],
)  # fmt: skip
def test_people_of_splink(types: tuple[str, ...], by: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody shares an address there, so nothing is joined wrongly by it; errors in it are what is missed."""
    assert told(measured(splink(), types), capsys, f"splink by {by}") == documented("splink fake_1000", by)


@pytest.mark.external
@pytest.mark.parametrize(
    ("types", "by"),
    [
        ((NUMBER,),      "social security number"),
        ((NAME,),        "name and birthday"),
        ((NUMBER, NAME), "number, or name and birthday"),
    ],
)  # fmt: skip
def test_people_of_febrl(types: tuple[str, ...], by: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One record in ten has an error in the number; then only another identifier finds the person."""
    assert told(measured(febrl(), types), capsys, f"febrl by {by}") == documented("febrl dataset 1", by)


def measured(records: list[Record], types: tuple[str, ...]) -> Quality:
    """The quality over a thousand records, all of which found a member."""
    quality = recognised(records, types)
    assert (quality.events, quality.missing) == (1_000, 0)
    return quality


@pytest.mark.parametrize(
    ("shared", "by"),
    [
        (0.0, "all types"),
        (0.1, "all types, a tenth of the households share a tablet"),
    ],
)  # fmt: skip
def test_people_of_the_simulation(shared: float, by: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Where nobody shares anything no pair is wrong; a tablet of a family that is too small to be noticed joins it."""
    options = SimulateOptions(
        events=SIMULATED_EVENTS, members=SIMULATED_PEOPLE, rates=Rates(shared_device=shared, malformed=0.0)
    )
    lines = [one for one in simulate(options) if one.kind == "event"]
    found = Story([one.raw for one in lines], load_program(CORNER_SHOP))
    credited = {event.id: found.resolved(event.member_id) for event in found.events}
    quality = pairwise(((one.id, one.person) for one in lines), credited)
    assert told(quality, capsys, f"simulated by {by}") == documented("simulated", by)
    assert (quality.precision == 1.0) == (shared == 0.0)
