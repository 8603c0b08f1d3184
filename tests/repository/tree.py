"""The files of the repository as the tests see them: what a clone has, without environments, caches and outputs."""

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("balanza", "config", "connectors", "flows", "schemas", "sinks", "tests", "tools")
HIDDEN_BUT_OURS = {".ci"}
NOT_OURS = {"__pycache__", "build", "dist", "out"}
WRITTEN_SUFFIXES = {".cfg", ".json", ".md", ".py", ".sh", ".sql", ".toml", ".txt", ".yaml", ".yml", ""}


def _walk(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        hidden = path.name.startswith(".") and path.name not in HIDDEN_BUT_OURS
        if path.is_dir():
            if not hidden and path.name not in NOT_OURS and not path.name.endswith(".egg-info"):
                yield from _walk(path)
        elif not hidden:
            yield path


def shown(path: Path) -> str:
    """`path` as a person names it: relative to the root, with slashes."""
    return path.relative_to(ROOT).as_posix()


def python_files() -> list[Path]:
    """Every Python file of the packages and the tests."""
    return [path for name in PACKAGES if (ROOT / name).is_dir() for path in _walk(ROOT / name) if path.suffix == ".py"]


def documents() -> list[Path]:
    """Every Markdown document."""
    return [path for path in _walk(ROOT) if path.suffix == ".md"]


def written_files() -> list[Path]:
    """Every file that a person wrote: code, documents and configuration, not data, not the licence's text."""
    return [path for path in _walk(ROOT) if path.suffix in WRITTEN_SUFFIXES and path.name != "LICENSE"]
