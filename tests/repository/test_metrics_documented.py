"""Metrics, their documentation, the dashboard and the alert rules speak of the same things."""

import ast
import json
import re
from collections.abc import Iterator
from typing import Any

import yaml

from flows.runtime.metrics import CATALOGUE, names
from tests.repository.tree import ROOT, python_files

DASHBOARDS = ROOT / "config" / "dashboards"
METRICS = ROOT / "flows" / "runtime" / "metrics.py"
COUNTED_BY = {
    "dropped_fields_total": "count_dropped_fields",
    "dropped_identifiers_total": "count_dropped_identifiers",
}
ROW = re.compile(r"^\| `(balanza_\w+)` \| (\w+) \|([^|]*)\|", re.MULTILINE)
METRIC = re.compile(r"\bbalanza_\w+")
GROUPED_BY = re.compile(r"\b(?:by|on) \(([^)]*)\)")
LEGEND_LABEL = re.compile(r"\{\{\s*(\w+)\s*\}\}")
MESSAGE_LABEL = re.compile(r"\$labels\.(\w+)")
EVERY_SERIES_HAS = {"instance", "job", "le"}


def operations() -> str:
    """The text of docs/operations.md."""
    return (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def rules() -> list[dict[str, Any]]:
    """The alert rules as they are loaded."""
    groups = yaml.safe_load((DASHBOARDS / "alerts.yaml").read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def targets() -> Iterator[tuple[str, str]]:
    """Every query of the dashboard with its legend."""
    for panel in json.loads((DASHBOARDS / "balanza.json").read_text(encoding="utf-8"))["panels"]:
        yield from ((target["expr"], target["legendFormat"]) for target in panel.get("targets", []))


def labels_of(query: str) -> set[str]:
    """The labels that the metrics of a query carry."""
    used = set(METRIC.findall(query))
    ours = {label for row in CATALOGUE for label in row.labels if any(name.startswith(row.name) for name in used)}
    return ours | EVERY_SERIES_HAS


def test_operations_document_every_metric_as_it_is() -> None:
    """docs/operations.md has a row for each metric, with its kind and labels, in the catalogue's order."""
    rows = ROW.findall(operations())
    documented = [(name, kind, tuple(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows]
    assert documented == [(row.name, row.kind, row.labels) for row in CATALOGUE]


def test_a_help_text_ends_with_its_unit() -> None:
    """Whoever meets a metric without the documents still knows what it counts."""
    assert [row.name for row in CATALOGUE if not re.search(r" \([a-z]+\)$", row.help)] == []


def test_dashboard_and_alerts_use_metrics_that_exist() -> None:
    """Every name in a query is one that a scrape can show."""
    queries = [query for query, _ in targets()] + [rule["expr"] for rule in rules()]
    assert {name for query in queries for name in METRIC.findall(query)} - set(names()) == set()


def test_the_dashboard_shows_every_metric() -> None:
    """What is measured can be seen."""
    shown = {name for query, _ in targets() for name in METRIC.findall(query)}
    assert [row.name for row in CATALOGUE if not any(name.startswith(row.name) for name in shown)] == []


def test_queries_group_by_labels_that_their_metrics_have() -> None:
    """A grouping, a legend or a message never names a label that is not there."""
    named = [(query, LEGEND_LABEL.findall(legend)) for query, legend in targets()]
    named += [(rule["expr"], MESSAGE_LABEL.findall(str(rule["annotations"]))) for rule in rules()]
    strange = {
        (query, label)
        for query, labels in named
        for label in labels + ", ".join(GROUPED_BY.findall(query)).split(", ")
        if label and label not in labels_of(query)
    }
    assert strange == set()


def test_every_alert_says_what_to_do() -> None:
    """An alert has a severity, a summary and a row in docs/operations.md under its name."""
    table = dict(re.findall(r"^\| `(Balanza\w+)` \| (\w+) \|", operations(), re.MULTILINE))
    assert table == {rule["alert"]: rule["labels"]["severity"] for rule in rules() if rule["annotations"]["summary"]}


def test_what_is_wrong_with_kafka_wakes_somebody() -> None:
    """Records that pile up, a broker that is away, records that are gone and members that wait have alerts."""
    watched = {name for rule in rules() for name in METRIC.findall(rule["expr"])}
    troubles = {"lag_records", "broker_away_seconds", "gap_records_total", "members_waiting"}
    assert {f"balanza_{name}" for name in troubles} <= watched


def test_every_metric_is_set_by_somebody() -> None:
    """A metric that nobody sets reads as zero, which is a lie: each is used outside the catalogue."""
    used = {
        node.attr
        for path in python_files()
        if path != METRICS and not path.is_relative_to(ROOT / "tests")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value).endswith("metrics")
    }
    attributes = {row.name.removeprefix("balanza_") for row in CATALOGUE}
    assert {name for name in attributes if not used & {name, COUNTED_BY.get(name, name)}} == set()
