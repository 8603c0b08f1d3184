"""Files stay small enough to be read at one sitting, and nothing is left for later."""

import re

from tests.repository.tree import python_files, shown, written_files

LINES_MAX = 400
LEFT_FOR_LATER = re.compile(r"\b(?:TO[D]O|FIX[M]E|HAC[K])\b")  # bracketed, so that this line is not one of them
MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:work|home|root|Users)/\w")


def test_no_file_outgrows_a_sitting() -> None:
    """A Python file has at most 400 lines, tests included; a longer one holds two ideas."""
    lines = {shown(path): len(path.read_text(encoding="utf-8").splitlines()) for path in python_files()}
    assert {name: count for name, count in lines.items() if count > LINES_MAX} == {}


def test_nothing_is_left_for_later() -> None:
    """No file carries a reminder of unfinished work: what is missing is an issue."""
    found = [
        f"{shown(path)}:{number}"
        for path in written_files()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if LEFT_FOR_LATER.search(line)
    ]
    assert found == []


def test_no_file_names_the_machine_it_was_written_on() -> None:
    """Paths are relative to the repository: an absolute one works for one person only."""
    found = [
        f"{shown(path)}:{number}"
        for path in written_files()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if MACHINE_PATHS.search(line)
    ]
    assert found == []


def test_every_module_says_what_it_is() -> None:
    """A Python file opens with a docstring, an empty one does not exist."""
    opening = {shown(path): path.read_text(encoding="utf-8")[:4] for path in python_files()}
    assert [name for name, start in opening.items() if not start.startswith(('"""', 'r"""'))] == []
