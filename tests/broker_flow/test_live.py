"""V4 between live and replay: what was consumed while it came is what a replay from offset 0 consumes."""

import json
import random
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from confluent_kafka import Producer

from schemas.records import TABLES
from tests.broker_flow.lives import Life, Part, live
from tests.conftest import IN_CI
from tests.flow.commands import wait_until
from tests.flow.lives import settings
from tests.flow.outcomes import differences, lines, records
from tests.flow.test_follow import quick_program
from tests.kafka.broker import Broker
from tests.kafka.fixtures import BrokerMaker
from tests.kafka.topics import QUIET, Topics

PRODUCERS, EVENTS_EACH, MEMBERS = 3, 80, 12
GAP_SECONDS = 2.5  # longer than a cart waits: its timer fires while nothing comes
STALLS, STALL_SECONDS = 3, 1.0
PATIENT = {"reconnect.backoff.max.ms": 500}


def event(draw: random.Random, number: str) -> bytes:
    """What a channel says just now of one of a few people, who are sometimes known by two identifiers."""
    who = draw.randrange(MEMBERS)
    ids = {"cookie": f"cookie-{who}-{draw.randrange(3)}"}
    if draw.random() < 0.5:
        ids["email"] = f"p{who}@example.com"
    kinds: list[tuple[str, dict[str, object]]] = [
        ("cart_change", {"cart_id": f"cart-{who}-{draw.randrange(4)}", "status": "active",
                         "value": {"amount": 1000, "currency": "GBP"}}),
        ("purchase", {"order_id": f"o-{number}", "total": {"amount": draw.randrange(100, 9000), "currency": "GBP"}}),
        ("product_view", {"sku": "a"}),
        ("consent", {"channel": "email", "purpose": "marketing", "state": "granted", "origin": "form"}),
    ]  # fmt: skip
    kind, data = draw.choice(kinds)
    return json.dumps({
        "specversion": "1.0", "id": number, "source": "test", "type": kind, "time": datetime.now(UTC).isoformat(),
        "data": {"ids": ids, **data},
    }).encode()  # fmt: skip


def produce(bootstrap: str, topics: list[str], seed: int) -> None:
    """One channel: irregular, with a gap in the middle, in a phase of its own."""
    draw = random.Random(seed)
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": draw.choice([0, 5, 40]), **PATIENT}, logger=QUIET)
    time.sleep(draw.random() / 3)
    for at in range(EVENTS_EACH):
        producer.produce(draw.choice(topics), event(draw, f"{seed}-{at}"), partition=draw.randrange(2))
        producer.poll(0)
        time.sleep(GAP_SECONDS if at == EVENTS_EACH // 2 else draw.random() / 20)
    assert producer.flush(90) == 0


def stall(broker: Broker, draw: random.Random, over: threading.Event) -> None:
    """Hold the broker still now and then."""
    for _ in range(STALLS):
        if over.wait(draw.uniform(0.5, 2.5)):
            return
        broker.pause()
        time.sleep(STALL_SECONDS)
        broker.resume()


def read_so_far(out: Path) -> int:
    """How many events are in the records of a run that may be under way."""
    path = out / "records" / "events.jsonl"
    return len(path.read_bytes().splitlines()) if path.exists() else 0


def test_a_replay_gives_what_live_gave(brokers: BrokerMaker, tmp_path: Path) -> None:
    """Three producers out of phase, a broker that stalls, timers in idle gaps; then the same topics from offset 0."""
    seed = 8 if IN_CI else random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")  # noqa: T201  shown when the test fails
    broker = brokers()
    topics = Topics(broker.bootstrap)
    names = [topics.make(2, stem=stem) for stem in ("app", "till")]
    part = Part(broker.bootstrap, "live", tmp_path / "live", tuple(names), follow=True, program=quick_program(tmp_path))
    consumer = Life(part, settings(follow_epoch_seconds=0.3))
    over = threading.Event()
    channels = [threading.Thread(target=produce, args=(broker.bootstrap, names, seed + at)) for at in range(PRODUCERS)]
    stalls = threading.Thread(target=stall, args=(broker, random.Random(seed), over))
    for thread in (*channels, stalls):
        thread.start()
    for thread in channels:
        thread.join()
    over.set()
    stalls.join()
    time.sleep(GAP_SECONDS)
    produce_last(broker.bootstrap, names[0])
    wait_until(lambda: read_so_far(part.out) == PRODUCERS * EVENTS_EACH + 1)
    consumer.stop()
    assert consumer.end() == 0

    again = Part(broker.bootstrap, "live", tmp_path / "replay", part.topics, program=part.program, replay=True)
    live(again)

    told = {table: lines(records(part.out, table)) for table in TABLES}
    assert differences(told, {table: lines(records(again.out, table)) for table in TABLES}) == {}
    assert len([line for line in told["signals"] if '"raised"' in line]) > 0
    topics.close()


def produce_last(bootstrap: str, topic: str) -> None:
    """One more event when all timers have fired, so that the log's last time is behind them."""
    producer = Producer({"bootstrap.servers": bootstrap})
    last = {"specversion": "1.0", "id": "last", "source": "test", "type": "product_view",
            "time": datetime.now(UTC).isoformat(), "data": {"ids": {"cookie": "last"}, "sku": "a"}}  # fmt: skip
    producer.produce(topic, json.dumps(last).encode())
    assert producer.flush(30) == 0
