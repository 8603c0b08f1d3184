"""docs/operations.md speaks of every setting and of everything that a run leaves behind."""

import re

from config.settings import Settings, variable_of
from flows.runtime.deployment import MANAGED
from tests.repository.tree import ROOT

SETTING_ROW = re.compile(r"^\| `(BALANZA_\w+)` \| (\S+) \|", re.MULTILINE)


def operations() -> str:
    """The text of docs/operations.md."""
    return (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def plain(value: object) -> str:
    """A default as a person writes it."""
    return f"{value:g}" if isinstance(value, float) else str(value).lower()


def test_every_setting_is_documented_with_its_default() -> None:
    """There is a row for each setting, in the settings' order, with its variable and default."""
    expected = [(variable_of(name), plain(field.default)) for name, field in Settings.model_fields.items()]
    assert SETTING_ROW.findall(operations()) == expected


def test_everything_under_dir_is_documented() -> None:
    """Each name that a run makes in its folder is explained; SQLite's own companions go with their database."""
    named = set(re.findall(r"`([\w.]+)/?`", operations()))
    assert [name for name in MANAGED if name not in named and not name.endswith(("-wal", "-shm"))] == []
