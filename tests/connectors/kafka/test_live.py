"""What was read live, as records came, against reading the same topics again from the beginning."""

import random
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
from confluent_kafka import Producer, TopicPartition

from connectors.kafka import fetch
from connectors.kafka.log import KafkaLog
from schemas.log import LogBatch
from tests.connectors.kafka.reading import Reading, read_while, rows, stored, to_the_end, until_read
from tests.connectors.logs import event_line, told
from tests.kafka.topics import Sent, Topics

PARTITIONS = 3
RECORDS_EACH = 1500


def produce(bootstrap: str, topics: Sequence[str], seed: int, linger_ms: int) -> None:
    """Send events to random partitions of all topics, in bursts."""
    chance = random.Random(seed)
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": linger_ms, "compression.type": "lz4"})
    for number in range(RECORDS_EACH):
        line = event_line(f"{seed}-{number}", number)
        producer.produce(chance.choice(topics), line, partition=chance.randrange(PARTITIONS))
        producer.poll(0)
        if chance.random() < 0.05:
            time.sleep(chance.random() * 0.02)
    producer.flush()


@contextmanager
def producers(bootstrap: str, topics: Sequence[str]) -> Iterator[None]:
    """Three producers out of phase."""
    threads = [
        threading.Thread(target=produce, args=(bootstrap, topics, seed, linger_ms))
        for seed, linger_ms in enumerate((0, 7, 40))
    ]
    for thread in threads:
        thread.start()
    yield
    for thread in threads:
        thread.join()


class Stalls:
    """Stops the fetching of one partition at a time, for up to a second."""

    def __init__(self, log: KafkaLog, topics: Sequence[str]) -> None:
        self._log = log
        self._chance = random.Random(1)
        self._places = [TopicPartition(topic, number) for topic in topics for number in range(PARTITIONS)]
        self._stalled: TopicPartition | None = None
        self._until = 0.0
        self.count = 0

    def go_on(self) -> None:
        """End a stall that has lasted, begin another."""
        now = time.monotonic()
        if now < self._until:
            return
        if self._stalled is not None:
            self._log.fetcher.consumer.resume([self._stalled])
        self._stalled = self._chance.choice(self._places)
        self._log.fetcher.consumer.pause([self._stalled])
        self._until = now + self._chance.choice([0.05, 0.3, 1.0])
        self.count += 1

    def end(self) -> None:
        """Let everything go on."""
        if self._stalled is not None:
            self._log.fetcher.consumer.resume([self._stalled])
        self._until = float("inf")


def live(reading: Reading, bootstrap: str, count: int) -> tuple[KafkaLog, list[LogBatch]]:
    """Follow while three producers send and partitions stall."""
    log = reading.open(follow=True, batch_lines=100, hold_ms=200)  # a busy machine shows records later than stamped
    stalls = Stalls(log, reading.topics)
    found: list[LogBatch] = []

    def goes_on() -> bool:
        if len(rows(found)) < count // 2:
            stalls.go_on()
        else:
            stalls.end()
        return len(rows(found)) < count

    with producers(bootstrap, reading.topics):
        read_while(log, found, goes_on)
    assert stalls.count > 1
    return log, found


def test_stalled_partitions_are_waited_for(topics: Topics) -> None:
    """Three producers out of phase, two topics, fetches that stall: the order read live is that of a replay."""
    reading = Reading(topics.bootstrap, *(topics.make(PARTITIONS) for _ in range(2)))
    topics.made.append(reading.exceptions)
    log, found = live(reading, topics.bootstrap, 3 * RECORDS_EACH)
    log.close()
    assert log.exceptions_written == 0
    again = reading.bounded(write_exceptions=False, batch_lines=17)
    assert told(rows(found)) == told(again)
    assert sorted((row[0], row[2], row[3]) for row in again) == [(row[0], row[2], row[3]) for row in again]


def test_late_records_are_written_down_and_read_again(topics: Topics) -> None:
    """Senders' own times, minutes apart: the order is as it came, and a replay gives the same log times."""
    topic = topics.make(PARTITIONS, message_timestamp_type="CreateTime")
    reading = Reading(topics.bootstrap, topic)
    topics.made.append(reading.exceptions)
    log = reading.open(follow=True)
    chance = random.Random(7)
    found: list[LogBatch] = []
    sent = 0
    for _ in range(12):
        now_ms = int(time.time() * 1000)
        some = [
            Sent(event_line(f"e{sent + at}", 1), partition=chance.randrange(PARTITIONS),
                 time_ms=now_ms - chance.randrange(90_000))
            for at in range(20)
        ]  # fmt: skip
        topics.produce(topic, some)
        sent += len(some)
        found += until_read(log, len(some))
    last = stored(log.progress())
    log.close()
    assert log.exceptions_written > 5
    assert len(topics.read(reading.exceptions)) == log.exceptions_written
    again = reading.open(write_exceptions=False)
    assert told(rows(found)) == told(rows(to_the_end(again)))
    assert again.exceptions_written == 0
    assert stored(again.progress()).offsets() == last.offsets()
    again.close()


def test_a_crash_keeps_the_exceptions(topics: Topics) -> None:
    """Who goes on from an older snapshot gives late records the log times that were written down, not new ones."""
    topic = topics.make(2, message_timestamp_type="CreateTime")
    reading = Reading(topics.bootstrap, topic)
    topics.made.append(reading.exceptions)
    now_ms = int(time.time() * 1000)
    log = reading.open(follow=True)
    topics.produce(topic, [Sent(event_line("a", 1), partition=0, time_ms=now_ms - 1000)])
    found = rows(until_read(log, 1))
    snapshot = stored(log.progress())
    topics.produce(topic, [Sent(event_line("b", 1), partition=1, time_ms=now_ms - 9000)])
    rest = rows(until_read(log, 1))
    log.close()
    assert found[0][0] + 1 == rest[0][0]
    assert told(rest) == told(reading.bounded(snapshot))
    assert told(found + rest) == told(reading.bounded(write_exceptions=False))
    assert told(rest) != told(reading.bounded(write_exceptions=False, deployment="another"))


def test_the_clock_moves_while_nothing_comes(topics: Topics) -> None:
    """A timer that is due makes the fence a clock, and what comes afterwards is later."""
    topic = topics.make(2)
    reading = Reading(topics.bootstrap, topic)
    topics.made.append(reading.exceptions)
    topics.produce(topic, [event_line("a", 1)])
    due_us = int(time.time() * 1_000_000) + 300_000
    log = reading.open(follow=True, next_due_us=lambda: due_us)
    found = until_read(log, 1)
    read_while(log, found, lambda: found[-1].clock_us is None)
    clock_us = found[-1].clock_us
    assert clock_us is not None
    assert 0 <= clock_us - due_us < 2_000_000
    topics.produce(topic, [event_line("b", 1)])
    assert rows(until_read(log, 1))[0][0] > clock_us
    log.close()


def test_a_clock_is_given_without_timers_if_somebody_wants_it(topics: Topics) -> None:
    """Workers behind a stitcher need to know the time; ten times a second is enough."""
    reading = Reading(topics.bootstrap, topics.make())
    topics.made.append(reading.exceptions)
    log = reading.open(follow=True, beat_clock=True)
    found: list[LogBatch] = []
    began = time.monotonic()
    read_while(log, found, lambda: len(found) < 5)
    assert 0.3 < time.monotonic() - began < 3
    clocks = [batch.clock_us for batch in found if batch.clock_us is not None]
    assert clocks == sorted(set(clocks))
    assert len(clocks) == 5
    log.close()


def test_a_followed_log_may_end_at_a_log_time(topics: Topics) -> None:
    """When the fence has passed it; what is later is not taken."""
    topic = topics.make(2)
    reading = Reading(topics.bootstrap, topic)
    topics.made.append(reading.exceptions)
    until_us = int(time.time() * 1_000_000) + 3_000_000
    log = reading.open(follow=True, until_us=until_us)
    topics.produce(topic, [event_line("a", 1)])
    found = until_read(log, 1)
    time.sleep(max(0.0, until_us / 1_000_000 - time.time()) + 0.1)
    topics.produce(topic, [Sent(event_line("b", 1), partition=1)])
    found += to_the_end(log)
    log.close()
    assert [row[0] < until_us for row in rows(found)] == [True]
    assert [row[4] for row in reading.bounded(stored(log.progress()))] == [event_line("b", 1)]


@pytest.mark.parametrize("sizes", [(20_000, 200, 0), (5000, 5000, 5000)])
def test_a_backlog_streams_through(
    topics: Topics, sizes: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than may be buffered: partitions pause and go on, nothing stands still, nothing is left out."""
    monkeypatch.setattr(fetch, "BUFFERED_MAX", 300)
    monkeypatch.setattr(fetch, "BUFFERED_A_PLACE_MIN", 100)
    topic = topics.make(3)
    reading = Reading(topics.bootstrap, topic)
    topics.made.append(reading.exceptions)
    for partition, size in enumerate(sizes):
        topics.produce(topic, [Sent(b"x", partition=partition)] * size)
    log = reading.open(batch_lines=50)
    found: list[LogBatch] = []
    pauses: set[int] = set()

    def goes_on() -> bool:
        pauses.add(len(log.fetcher.paused))
        return not log.ended

    read_while(log, found, goes_on)
    assert len(pauses) > 1
    assert len(told(rows(found))) == sum(sizes)
    assert sorted((row[0], row[2], row[3]) for row in rows(found)) == [(row[0], row[2], row[3]) for row in rows(found)]
    log.close()
