"""The shipped examples: rebuilt byte for byte from what is shipped, small, attributed, and true to the contract."""

import gzip
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from connectors.simulate import BaseOrder, read_orders
from schemas.decode import EventDecoder, Rejected
from schemas.events import Event, Purchase, Return
from tools.make_example import EXAMPLE, PURCHASES, build
from tools.online_retail import Row, cancelling, moment_ms, pence
from tools.online_retail import orders_of as read_invoices

SIZE_MAX = 4 * 1024 * 1024
EXAMPLES = EXAMPLE.parent


def text(path: Path) -> bytes:
    """A file's content, uncompressed: compressed bytes depend on the version of zlib, what they mean does not."""
    content = path.read_bytes()
    return gzip.decompress(content) if path.suffix == ".gz" else content


def logged(folder: Path) -> list[bytes]:
    """All lines of the example's log."""
    return [line for path in sorted(folder.rglob("*.jsonl.gz")) for line in text(path).split(b"\n")[:-1]]


def events_of(lines: list[bytes]) -> list[Event]:
    """The distinct events of some lines, first deliveries only."""
    decoder = EventDecoder()
    events: dict[tuple[str, str], Event] = {}
    for line in lines:
        event = decoder.decode(line)
        if not isinstance(event, Rejected):
            events.setdefault((event.source, event.id), event)
    return list(events.values())


def order(kind: str, name: str, time_ms: int, *lines: tuple[str, int, int]) -> BaseOrder:
    """An order of one customer that names itself."""
    body = {"kind": kind, "customer": "1", "id": name, "order_id": name, "time_ms": time_ms, "lines": lines}
    return msgspec.convert(body, BaseOrder)


def row(invoice: str, sku: str, quantity: int, price: float, at: str) -> Row:
    """One row of the source; `at` is local time."""
    return Row("1", invoice, sku, quantity, price, datetime.fromisoformat(at))


def test_the_example_is_rebuilt_from_its_own_orders(tmp_path: Path) -> None:
    """The shipped orders and the seed give the shipped files, byte for byte."""
    build(EXAMPLE / PURCHASES, tmp_path)
    built = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    shipped = {path.relative_to(EXAMPLE) for path in EXAMPLE.rglob("*") if path.is_file()}
    assert shipped - built == {Path(PURCHASES), Path("ATTRIBUTION.md")}
    assert built <= shipped
    for path in sorted(built):
        assert text(EXAMPLE / path) == text(tmp_path / path), path


def test_the_examples_stay_small() -> None:
    """Everything under examples/ together is less than four megabytes."""
    assert sum(path.stat().st_size for path in EXAMPLES.rglob("*") if path.is_file()) < SIZE_MAX


def test_the_attribution_names_author_source_licence_and_changes() -> None:
    """What CC BY 4.0 asks for is there."""
    attribution = (EXAMPLE / "ATTRIBUTION.md").read_text()
    for needed in ("Chen, D.", "UCI Machine Learning Repository", "10.24432/C5BW33", "CC BY 4.0", "What was changed"):
        assert needed in attribution


def test_every_real_order_is_in_the_log_unchanged() -> None:
    """Each invoice of the slice is one purchase or return with its lines, total and time."""
    orders = Counter((item.id, item.order_id, item.total, item.time_ms, len(item.lines)) for item in real_orders())
    found: Counter[tuple[str, str, int, int, int]] = Counter()
    for event in events_of(logged(EXAMPLE / "log")):
        if isinstance(event, Purchase | Return):
            name = event.data.order_id if isinstance(event, Purchase) else event.data.return_id
            time_ms = round(event.time.timestamp() * 1000)
            lines = len(event.data.lines or [])
            found[name, event.data.order_id, event.data.total.amount, time_ms, lines] += 1
    assert orders == found


def test_a_return_never_comes_before_the_order_it_names() -> None:
    """In the slice a return's order is an earlier purchase, or there is none."""
    seen: set[str] = set()
    for item in real_orders():
        if item.kind == "purchase":
            seen.add(item.id)
        else:
            assert item.order_id in seen or item.order_id == item.id


def test_the_summary_says_what_the_log_holds() -> None:
    """Lines and types of the shipped summary are those of the shipped log."""
    summary = msgspec.json.decode((EXAMPLE / "summary.json").read_bytes())
    lines = logged(EXAMPLE / "log")
    assert summary["lines"] == len(lines)
    decoder = EventDecoder()
    refused = Counter(str(out.reason) for out in map(decoder.decode, lines) if isinstance(out, Rejected))
    later = {"BLOCKED_IDENTIFIER", "ID_CONFLICT", "NO_IDENTIFIER"}
    assert refused == {reason: count for reason, count in summary["dead_letters"].items() if reason not in later}


def test_the_first_steps_decode_and_tell_one_story() -> None:
    """Twelve events in order of time, strictly within the contract."""
    decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)
    events = [decoder.decode(line) for line in (EXAMPLES / "first_steps.jsonl").read_bytes().splitlines()]
    assert len(events) == 12
    assert sorted(event.time for event in events) == [event.time for event in events]


CANCELLATIONS = """
    returned       earlier orders                       names
    A2             1:A1  2:A2  3:A1                     2
    A2             1:A2  2:A3                           2
    A1,B1          1:A1  2:A1,B1  3:B1                  2
    A5             1:A1  2:B9                           1
    C1             1:A1  2:B1                           back
"""


@pytest.mark.parametrize("case", CANCELLATIONS.strip().splitlines()[1:])
def test_a_return_names_the_order_it_most_plausibly_cancels(case: str) -> None:
    """Most articles in at least the returned quantity, then most articles, then the latest; else its own number."""
    returned, *earlier, expected = case.split()
    orders = [
        order("purchase", name, int(name), *basket(goods)) for name, goods in (item.split(":") for item in earlier)
    ]
    assert expected == cancelling(order("return", "back", 9, *basket(returned)), orders).order_id


def test_invoices_become_orders_in_universal_time() -> None:
    """Rows of an invoice are gathered; identical and free rows stay; summer time is taken off."""
    rows = [
        row("5", "A", 2, 1.25, "2011-07-01T10:00"), row("5", "A", 2, 1.25, "2011-07-01T10:00"),
        row("5", "GIFT", 1, 0.0, "2011-07-01T10:01"), row("C6", "A", -2, 1.25, "2011-07-02T10:00"),
    ]  # fmt: skip
    bought, back = read_invoices("1", rows)
    assert (bought.kind, bought.total, len(bought.lines)) == ("purchase", 500, 3)
    assert (back.kind, back.total, back.order_id) == ("return", 250, "5")
    assert datetime(2011, 7, 1, 9, tzinfo=UTC).timestamp() * 1000 == bought.time_ms == moment_ms(rows[:3])


def test_amounts_are_rounded_half_up() -> None:
    """A price below a penny is rounded on the row, not on the piece."""
    assert pence(row("5", "A", 500, 0.001, "2011-07-01T10:00")) == 50
    assert pence(row("5", "A", 5, 0.001, "2011-07-01T10:00")) == 1


def real_orders() -> tuple[BaseOrder, ...]:
    """The shipped slice."""
    return read_orders(EXAMPLE / PURCHASES)


def basket(goods: str) -> list[tuple[str, int, int]]:
    """A1,B2 → an article A once and an article B twice, at a pound a piece."""
    return [(item[0], int(item[1]), 100 * int(item[1])) for item in goods.split(",")]
