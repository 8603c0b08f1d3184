"""What is installed is what pyproject.toml asks for: exact versions, with hashes, from nowhere in particular."""

import re
import tomllib

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.repository.tree import ROOT

PIN = re.compile(r"^([\w.\-]+)==(\S+) \\$((?:\n    --hash=sha256:[0-9a-f]{64}(?: \\)?)+)", re.MULTILINE)


def pins(name: str) -> dict[str, Version]:
    """The versions by package that the lock file names."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return {str(canonicalize_name(package)): Version(version) for package, version, _ in PIN.findall(text)}


def wanted(*, dev: bool) -> list[Requirement]:
    """What pyproject.toml asks for, with the tools of development or without."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    tools = project["optional-dependencies"]["dev"] if dev else []
    return [Requirement(line) for line in project["dependencies"] + tools]


def unmet(requirements: list[Requirement], locked: dict[str, Version]) -> list[str]:
    """The requirements that the lock leaves out or contradicts."""
    met = {
        requirement
        for requirement in requirements
        if (version := locked.get(canonicalize_name(requirement.name))) and version in requirement.specifier
    }
    return [str(requirement) for requirement in requirements if requirement not in met]


def test_the_lock_of_running_meets_pyproject() -> None:
    """requirements.txt pins every dependency at an allowed version."""
    assert unmet(wanted(dev=False), pins("requirements.txt")) == []


def test_the_lock_of_development_meets_pyproject() -> None:
    """requirements-dev.txt pins the same, and the tools."""
    assert unmet(wanted(dev=True), pins("requirements-dev.txt")) == []


def test_tests_run_on_what_production_runs_on() -> None:
    """Both locks agree on every package they share, and development has all of running."""
    run, dev = pins("requirements.txt"), pins("requirements-dev.txt")
    assert {name: dev.get(name) for name in run} == run


def test_a_lock_holds_nothing_but_pins_with_hashes() -> None:
    """No line is left that is not a comment, a pin or its hash: no host, no option, no open range."""
    for name in ("requirements.txt", "requirements-dev.txt"):
        rest = PIN.sub("", (ROOT / name).read_text(encoding="utf-8"))
        assert [line for line in rest.splitlines() if line and not line.startswith("#")] == []
