"""The metrics of a worker: one registry of its own, one page, bounded labels, clear errors."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from flows.runtime.metrics import CATALOGUE, INVENTED_LABELS_MAX, CannotServe, Metrics, PortTaken, names, serve

HERE = "127.0.0.1"


@pytest.fixture
def port() -> int:
    """A port that nobody listened on a moment ago."""
    with closing(socket.create_server((HERE, 0))) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with closing(socket.create_server((HERE, 0))) as server:
        yield int(server.getsockname()[1])


def page(port: int) -> str:
    """What a scrape gets."""
    with urlopen(f"http://{HERE}:{port}/metrics", timeout=5) as answer:
        return str(answer.read().decode())


def touch_everything(metrics: Metrics) -> None:
    """Give every metric of the catalogue one sample."""
    for row in CATALOGUE:
        metric = getattr(metrics, row.name.removeprefix("balanza_"))
        child = metric.labels(*("x" for _ in row.labels)) if row.labels else metric
        child.observe(1) if row.kind == "histogram" else child.inc()


def test_a_scrape_shows_the_catalogue_and_nothing_else(port: int) -> None:
    """The page holds every metric of the catalogue, and none that a library added by itself."""
    metrics = Metrics()
    touch_everything(metrics)
    close = serve(metrics, HERE, port)
    shown = {sample.name for family in text_string_to_metric_families(page(port)) for sample in family.samples}
    close()
    assert shown == set(names())


def test_closing_frees_the_port_and_may_be_repeated(port: int) -> None:
    """After closing nobody answers; closing again does nothing."""
    close = serve(Metrics(), HERE, port)
    close()
    close()
    with pytest.raises(URLError):
        page(port)
    serve(Metrics(), HERE, port)()


def test_a_taken_port_says_what_to_do(taken: int) -> None:
    """The message names the port and the two ways out."""
    expected = (
        f"port {taken} on {HERE} is taken; choose another with --metrics-port or BALANZA_METRICS_PORT, "
        "0 turns metrics off"
    )
    with pytest.raises(PortTaken) as caught:
        serve(Metrics(), HERE, taken)
    assert str(caught.value) == expected


def test_an_address_that_is_not_ours_says_so() -> None:
    """An address of another machine is refused with its name, not with a stack of calls."""
    with pytest.raises(CannotServe, match=r"metrics cannot be served on 192\.0\.2\.1:9108"):
        serve(Metrics(), "192.0.2.1", 9108)


def test_port_0_serves_nothing() -> None:
    """Port 0 turns metrics off; closing what was not opened is fine."""
    threads = threading.active_count()
    close = serve(Metrics(), HERE, 0)
    assert (threading.active_count(), close()) == (threads, None)


def test_two_workers_in_one_process_share_nothing() -> None:
    """What one counts the other does not see."""
    one, other = Metrics(), Metrics()
    one.merges_total.inc(3)
    counted = [metrics.registry.get_sample_value("balanza_merges_total") for metrics in (one, other)]
    assert counted == [3, 0]


def test_senders_cannot_fill_the_memory_with_field_names() -> None:
    """Beyond the limit new field names count as `other`; known ones go on under their name."""
    metrics = Metrics()
    metrics.count_dropped_fields({f"data.field{number}": 1 for number in range(INVENTED_LABELS_MAX + 50)})
    metrics.count_dropped_fields({"data.field0": 2})

    def value(field: str) -> float | None:
        return metrics.registry.get_sample_value("balanza_dropped_fields_total", {"field": field})

    assert (value("data.field0"), value("other"), value(f"data.field{INVENTED_LABELS_MAX}")) == (3, 50, None)


def test_dropped_identifiers_count_by_type_and_cause() -> None:
    """An identifier left out is counted with its type and why."""
    metrics = Metrics()
    metrics.count_dropped_identifiers({("email", "blocked"): 2, ("phone", "invalid"): 1})
    labels = {"type": "email", "why": "blocked"}
    assert metrics.registry.get_sample_value("balanza_dropped_identifiers_total", labels) == 2
