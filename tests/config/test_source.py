"""Reading YAML: no word is taken for something else, everything remembers its place."""

import pytest

from config.source import read_yaml
from tests.config.samples import plain


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("on", "on"),
        ("yes", "yes"),
        ("NO", "NO"),
        ("21:00", "21:00"),
        ("2026-01-01", "2026-01-01"),
        ("0x1f", "0x1f"),
        ("0o17", "0o17"),
        ("017", "017"),
        ("1_000", "1_000"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("=", "="),
        ("<<", "<<"),
        ("9" * 40, "9" * 40),
        ("'1'", "1"),
        ("1", 1),
        ("-12", -12),
        ("0.5", 0.5),
        ("1e3", 1000.0),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("null", None),
        ("", None),
    ],
)
def test_a_plain_value_is_what_it_looks_like(written: str, value: object) -> None:
    """Only whole numbers, decimal fractions, true, false and null are not texts."""
    assert [value] == list(plain(f"key: {written}").values())
    assert type(value) is type(plain(f"key: {written}")["key"])


def test_keys_are_texts() -> None:
    """A key that YAML 1.1 takes for a truth value, a number or nothing is the text that was written."""
    assert plain("{on: 1, true: 2, 1: 3, ~: 4}") == {"on": 1, "true": 2, "1": 3, "~": 4}


def test_everything_has_a_place() -> None:
    """Keys and list entries know their line and column; what is not there has the place of what surrounds it."""
    source = read_yaml("a:\n  - b: 1\n    c: 2\n  - 3\n", "sample.yaml")

    assert source.position(("a",)) == (1, 1)
    assert source.position(("a", 0, "c")) == (3, 5)
    assert source.position(("a", 1)) == (4, 5)
    assert source.position(("a", 0, "missing", "deeper")) == (2, 5)
    assert source.position(("missing",)) == (1, 1)
