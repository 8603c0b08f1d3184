"""Documents point at things that exist."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tests.repository.tree import ROOT, documents, shown

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
DECISION_LINES_MAX = 30
DECISION_PARTS = ["## Context", "## Decision", "## Consequences"]


def prose(path: Path) -> str:
    """The document without its fenced blocks, where brackets mean something else."""
    return FENCED.sub("", path.read_text(encoding="utf-8"))


def anchors(path: Path) -> set[str]:
    """The anchors that a host makes of the document's headings: lower case, words joined by dashes."""
    headings = re.findall(r"^#+\s+(.*)$", prose(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def broken_links(path: Path) -> Iterator[str]:
    """The links of the document that lead nowhere inside the repository."""
    for link in LINK.findall(prose(path)):
        if "://" in link or link.startswith("mailto:"):
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        if not target.exists() or (anchor and anchor not in anchors(target)):
            yield link


def test_every_link_of_a_document_leads_somewhere() -> None:
    """A relative link names a file that is there and a heading it has."""
    assert {shown(path): broken for path in documents() if (broken := list(broken_links(path)))} == {}


def test_the_changelog_speaks_of_this_version() -> None:
    """CHANGELOG.md has an Unreleased section or one of the version that pyproject.toml names."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    sections = re.findall(r"^## \[([^\]]+)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sections[0] in {"Unreleased", version}


def test_a_decision_fits_on_a_page() -> None:
    """A decision has context, decision and consequences on at most 30 lines."""
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    unlike = {
        page.name
        for page in pages
        if len(page.read_text(encoding="utf-8").splitlines()) > DECISION_LINES_MAX
        or re.findall(r"^## .*$", page.read_text(encoding="utf-8"), re.MULTILINE) != DECISION_PARTS
    }
    assert (len(pages) > 0, unlike) == (True, set())


def test_decisions_are_numbered_without_a_gap() -> None:
    """Decisions count from 0001."""
    numbers = sorted(int(page.name[:4]) for page in (ROOT / "docs" / "decisions").glob("*.md"))
    assert numbers == list(range(1, len(numbers) + 1))


def test_contributing_and_licence_are_there() -> None:
    """A clone says how to work on it and under which licence."""
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert ((ROOT / "CONTRIBUTING.md").exists(), "Apache License" in licence) == (True, True)
