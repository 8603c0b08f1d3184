"""Following: what is appended is seen at once, time goes on by itself, and a signal ends it cleanly."""

import json
import random
import signal
import socket
import sqlite3
import urllib.request
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from flows.runtime.metrics import names
from tests.flow.commands import Command, run_options, wait_until
from tests.flow.lives import CORNER_SHOP, edited, live, settings
from tests.flow.outcomes import Outcome, differences, outcome, repeated

QUICK = (("after: 2h", "after: 1s"), ('quiet_hours: {from: "21:00", to: "08:00"}', ""))


def quick_program(folder: Path) -> Path:
    """The corner shop with carts that are abandoned after a second, at any time of day."""
    return edited(CORNER_SHOP, folder, *QUICK)


def event(name: str, kind: str, **data: object) -> bytes:
    """A line that happens now, of a member known by e-mail."""
    body = {
        "specversion": "1.0", "id": name, "source": "test", "type": kind,
        "time": (datetime.now(UTC) - timedelta(seconds=1)).isoformat(),
        "data": {"ids": {"email": "ada@example.com"}, **data},
    }  # fmt: skip
    return json.dumps(body).encode() + b"\n"


def append(path: Path, *lines: bytes) -> None:
    """Append lines to a file of the log."""
    with path.open("ab") as file:
        file.writelines(lines)


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def document_of_ada(out: Path) -> dict[str, object]:
    """Ada's surface, empty while there is none."""
    if not (out / "surfaces.db").exists():
        return {}
    query = "SELECT document FROM surfaces JOIN identifiers USING (member_id) WHERE value = 'ada@example.com'"
    with closing(sqlite3.connect(f"file:{out / 'surfaces.db'}?mode=ro", uri=True)) as surfaces:
        try:
            row = surfaces.execute(query).fetchone()
        except sqlite3.OperationalError:  # not yet made
            return {}
    document: dict[str, object] = json.loads(row[0]) if row else {}
    return document


def rows(out: Path, query: str) -> list[tuple[object, ...]]:
    """Rows of the warehouse, none while it is not there."""
    path = out / "warehouse" / "warehouse.duckdb"
    if not path.exists():
        return []
    with duckdb.connect(str(path), read_only=True) as warehouse:
        return warehouse.execute(query).fetchall()


def test_what_is_appended_reaches_every_reader(tmp_path: Path) -> None:
    """An event shows on the member's surface and in the warehouse; a cart is abandoned while nothing comes."""
    log, out = tmp_path / "shop.jsonl", tmp_path / "out"
    log.touch()
    consent = event("c1", "consent", channel="email", purpose="marketing", state="granted", origin="web")
    options = run_options(log, out, "--follow", "--epoch-seconds", "0.3", program=quick_program(tmp_path))
    with Command(tmp_path, *options) as worker:
        append(log, event("p1", "purchase", order_id="o1", total={"amount": 1299, "currency": "GBP"}), consent)
        wait_until(lambda: _available(out) == 12)
        second = event("p2", "purchase", order_id="o2", total={"amount": 500, "currency": "GBP"})
        append(log, second[:80])
        wait_until(lambda: rows(out, "SELECT available FROM balances") == [(12,)])
        append(log, second[80:], b"garbage\n")
        wait_until(lambda: rows(out, "SELECT reason FROM dead_letters") == [("NOT_JSON",)])
        wait_until(lambda: _available(out) == 17)
        append(log, event("a1", "cart_change", cart_id="x", status="active"))
        wait_until(lambda: (out / "outbox.jsonl").read_bytes() != b"")
        wait_until(lambda: rows(out, "SELECT outcome, channel FROM decisions") == [("sent", "email")])
        worker.signal(signal.SIGTERM)
        ended = worker.ended()
    assert (ended.status, ended.err) == (0, "")
    assert json.loads(ended.out)["stopped_by_signal"] == signal.SIGTERM
    actions = (out / "outbox.jsonl").read_text().splitlines()
    live(log, out, settings())
    assert actions == (out / "outbox.jsonl").read_text().splitlines()
    assert len(actions) == 1


def _available(out: Path) -> object:
    balances = document_of_ada(out).get("balances")
    assert balances is None or isinstance(balances, dict)
    return None if balances is None else balances["points"]["available"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_cleanly(
    tmp_path: Path, shop_log: Path, undisturbed: Outcome, number: signal.Signals
) -> None:  # fmt: skip
    """In the middle of the log: status 0, a summary, and the next run repeats nothing and lacks nothing."""
    out, seconds = tmp_path / "out", random.Random(number).uniform(0.5, 1.0)
    options = run_options(shop_log, out, "--follow", "--epoch-seconds", seconds, "--batch-lines", 100, "--keep-records")
    with Command(tmp_path, *options) as worker:
        wait_until((out / "warehouse" / "parquet").exists)
        worker.signal(number)
        ended = worker.ended()
    assert ended.status == 0, ended.err
    stopped = json.loads(ended.out)
    assert stopped["stopped_by_signal"] == number
    summary = live(shop_log, out)
    assert stopped["read"] + summary.read_now == summary.read
    assert summary.read_now > 0
    assert differences(undisturbed, outcome(out)) == {}
    assert repeated(out) == {}


def test_two_signals_end_at_once_and_lose_nothing(tmp_path: Path, shop_log: Path, undisturbed: Outcome) -> None:
    """Whoever presses Ctrl-C twice kills the worker; the next run mends what that cut off."""
    out = tmp_path / "out"
    options = run_options(shop_log, out, "--epoch-seconds", 2, "--batch-lines", 100, "--keep-records")
    with Command(tmp_path, *options) as worker:
        wait_until((out / "warehouse" / "parquet").exists)
        worker.signal(signal.SIGINT)
        worker.signal(signal.SIGTERM)
        assert worker.ended().status in {0, -signal.SIGTERM, -signal.SIGINT}
    live(shop_log, out)
    assert differences(undisturbed, outcome(out)) == {}


def test_the_metrics_page_shows_every_metric_while_following(tmp_path: Path) -> None:
    """All names of the catalogue, ours and no others, with what was read."""
    log, out, port = tmp_path / "shop.jsonl", tmp_path / "out", free_port()
    log.write_bytes(event("p1", "purchase", order_id="o1", total={"amount": 1299, "currency": "GBP"}) + b"garbage\n")
    with Command(tmp_path, *run_options(log, out, "--follow", "--metrics-port", port)) as worker:
        wait_until(lambda: 'balanza_events_total{outcome="applied"} 1.0' in page(port))
        wait_until(lambda: "balanza_state_bytes{" in page(port))
        shown = page(port)
        worker.signal(signal.SIGTERM)
        assert worker.ended().status == 0
    told = {line.split()[2] for line in shown.splitlines() if line.startswith("# TYPE")}
    assert {name.removesuffix("_total") for name in told} == {
        name.removesuffix("_bucket").removesuffix("_total") for name in names() if not name.endswith(("_sum", "_count"))
    }
    assert 'balanza_dead_letters_total{reason="NOT_JSON"} 1.0' in shown
    assert 'balanza_points_outstanding{currency="points"} 12.0' in shown


def page(port: int) -> str:
    """The metrics page, empty while nobody listens."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            text: str = answer.read().decode()
    except OSError:
        return ""
    return text


def shrink(log: Path) -> None:
    """Cut the file."""
    log.write_bytes(b"")


@pytest.mark.parametrize("damage", [shrink, Path.unlink])
def test_a_followed_file_that_goes_wrong_stops_the_run(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    """A file that shrinks or vanishes: status 1, the file named, and what was read stays accepted."""
    log, out = tmp_path / "log" / "web" / "0.jsonl", tmp_path / "out"
    log.parent.mkdir(parents=True)
    log.write_bytes(event("p1", "purchase", order_id="o1", total={"amount": 1299, "currency": "GBP"}))
    (log.parent / "1.jsonl").touch()
    with Command(tmp_path, *run_options(tmp_path / "log", out, "--follow", "--epoch-seconds", 0.2)) as worker:
        wait_until(lambda: _available(out) == 12)
        damage(log)
        ended = worker.ended()
    assert ended.status == 1, ended
    assert "Error: " in ended.err
    assert "0.jsonl" in ended.err or "web/0" in ended.err
    assert "Traceback" not in ended.err
    assert rows(out, "SELECT available FROM balances") == [(12,)]
