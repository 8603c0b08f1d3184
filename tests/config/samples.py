"""Programs that the tests of this folder start from."""

from pathlib import Path
from typing import Final

from config.program import Program
from config.source import read_yaml

ROOT: Final = Path(__file__).parents[2]
CORNER_SHOP: Final = ROOT / "config" / "programs" / "corner_shop.yaml"

SMALLEST: Final = """
program: kiosk
version: 1
time_zone: Europe/Madrid
currencies: {points: {name: Points}}
"""


def plain(text: str) -> dict[str, object]:
    """The data of a YAML text that must be readable."""
    source = read_yaml(text, "sample.yaml")
    assert source.problems == []
    return source.data


def program(extra: str = "") -> Program:
    """The smallest program with the sections of `extra` over it."""
    return Program.model_validate({**plain(SMALLEST), **(plain(extra) if extra else {})})


def edited(old: str, new: str) -> str:
    """The corner shop's text with the only `old` in it replaced by `new`."""
    text = CORNER_SHOP.read_text(encoding="utf-8")
    assert text.count(old) == 1, old
    return text.replace(old, new)
