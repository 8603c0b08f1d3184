"""Imports run one way, and the machines have no way to reach the world."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.repository.tree import PACKAGES, ROOT, python_files, shown

MACHINES = ("flows.identity", "flows.ledger", "flows.signals", "flows.decisions", "flows.journeys")
DATA = frozenset({"schemas", "config"})
CLUSTER = frozenset({"connectors.kafka.cluster", "connectors.kafka.topics"})
FLOW = DATA | CLUSTER | {*MACHINES, "flows.runtime", "connectors", "connectors.kafka.troubles", "sinks"}

# A module belongs to the first row whose name it starts with, and may import that layer and those named beside it.
# The clients of a Kafka cluster stand before the connectors they lie in: both ends of the way go to the same cluster
# with the same properties, and nothing else is shared by them (docs/decisions/0006-kafka-client.md).
LAYERS: tuple[tuple[str, frozenset[str]], ...] = (
    ("schemas",          frozenset()),
    ("config",           frozenset({"schemas"})),
    ("connectors.kafka.troubles", DATA),
    ("connectors.kafka.topics",   DATA),
    ("connectors.kafka.cluster",  DATA | {"connectors.kafka.topics", "connectors.kafka.troubles"}),
    ("connectors",       DATA | CLUSTER | {"connectors.kafka.troubles"}),
    ("sinks",            DATA | CLUSTER),
    ("flows.identity",   DATA),
    ("flows.ledger",     DATA),
    ("flows.signals",    DATA),
    ("flows.journeys",   DATA),
    ("flows.decisions",  DATA | {"flows.signals", "flows.journeys"}),   # decides over signals, within caps
    ("flows.runtime",    DATA),
    ("flows",            FLOW),
    ("balanza",          FLOW | {"flows"}),
    ("tools",            FLOW | {"flows", "balanza"}),
    ("tests",            FLOW | {"flows", "balanza", "tools"}),
)  # fmt: skip
ENGINE_IS_KNOWN_IN = ("flows", "connectors", "sinks", "tests")
FORBIDDEN_IN_MACHINES = frozenset({
    "asyncio", "bytewax", "duckdb", "httpx", "io", "multiprocessing", "os", "pathlib", "prometheus_client", "random",
    "rocksdict", "secrets", "shutil", "socket", "sqlite3", "subprocess", "tempfile", "threading", "time", "urllib",
    "uuid",
})  # fmt: skip
CLOCK_CALLS = frozenset({"now", "utcnow", "today"})


def within(module: str, package: str) -> bool:
    """Whether `module` is `package` or inside it."""
    return module == package or module.startswith(f"{package}.")


def layer_of(module: str) -> tuple[str, frozenset[str]]:
    """The row of LAYERS that `module` belongs to."""
    return next(row for row in LAYERS if within(module, row[0]))


def name_of(path: Path) -> str:
    """The dotted name under which the file is imported."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def parsed(path: Path) -> ast.Module:
    """The file as Python reads it."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imported(path: Path) -> Iterator[str]:
    """The absolute names of the modules that the file imports; `from a import b` gives `a.b`, which is enough."""
    package = name_of(path) if path.name == "__init__.py" else name_of(path).rpartition(".")[0]
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*parents, base]).rstrip(".")
            yield from (f"{base}.{alias.name}" for alias in node.names)


def called_methods(path: Path) -> Iterator[str]:
    """The names of the methods that the file calls."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr


def allowed(module: str, target: str) -> bool:
    """Whether `module` may import `target`, by the table above."""
    own, may = layer_of(module)
    theirs, _ = layer_of(target)
    return theirs == own or theirs in may


def test_imports_run_one_way() -> None:
    """A file imports only from the layers below its own."""
    against = {
        (shown(path), target)
        for path in python_files()
        for target in imported(path)
        if target.partition(".")[0] in PACKAGES and not allowed(name_of(path), target)
    }
    assert against == set()


def test_the_engine_is_known_only_where_it_is_hosted() -> None:
    """Bytewax is imported by flow, runtime, connectors and sinks, so that the rest could be hosted elsewhere."""
    known = {name_of(path) for path in python_files() if any(within(target, "bytewax") for target in imported(path))}
    assert {module for module in known if not any(within(module, package) for package in ENGINE_IS_KNOWN_IN)} == set()


def test_a_machine_has_no_clock_no_chance_and_no_way_out() -> None:
    """A machine imports nothing that reads a clock, rolls dice or does I/O, and never asks for the present time."""
    machines = [path for path in python_files() if layer_of(name_of(path))[0] in MACHINES]
    reached = {
        (shown(path), target)
        for path in machines
        for target in imported(path)
        if target.partition(".")[0] in FORBIDDEN_IN_MACHINES
    }
    clocks = {(shown(path), call) for path in machines for call in called_methods(path) if call in CLOCK_CALLS}
    assert reached | clocks == set()


@pytest.mark.parametrize(
    ("module", "target", "expected"),
    [
        ("schemas.events",          "schemas.currencies",     True),
        ("schemas.events",          "config.program",         False),
        ("flows.ledger.ledger",     "schemas.records",        True),
        ("flows.ledger.ledger",     "flows.identity.links",   False),
        ("flows.ledger.ledger",     "flows.runtime.store",    False),
        ("flows.decisions.decide",  "flows.journeys.caps",    True),
        ("flows.journeys.caps",     "flows.decisions.decide", False),
        ("flows.runtime.station",   "flows.ledger.ledger",    False),
        ("flows.runtime.station",   "flows.member",           False),
        ("flows.member",            "flows.ledger.ledger",    True),
        ("flows.loyalty",           "flows.runtime.station",  True),
        ("connectors.file_log",     "flows.runtime.metrics",  False),
        ("sinks.outbox",            "connectors.file_log",    False),
        ("sinks.kafka.writer",      "connectors.kafka.cluster", True),
        ("sinks.kafka.writer",      "connectors.kafka.log",   False),
        ("connectors.kafka.log",    "connectors.kafka.cluster", True),
        ("connectors.kafka.cluster", "connectors.kafka.log",  False),
        ("flows.loyalty",           "balanza.cli",            False),
        ("balanza.cli",             "flows.loyalty",          True),
    ],
)  # fmt: skip
def test_the_table_of_layers_means_what_it_says(module: str, target: str, expected: bool) -> None:
    """Some pairs by name, so that a mistake in the rule itself shows."""
    assert allowed(module, target) == expected
