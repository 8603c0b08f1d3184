"""A child process: tills that send purchases. It answers with the moments (monotonic seconds) at which they did."""

import time
from datetime import UTC, datetime

from confluent_kafka import Message

from connectors.kafka.cluster import Cluster
from tests.benchmarks.answers import answer
from tests.benchmarks.kafka.tasks import SenderTask, given
from tests.benchmarks.writing import purchase_line

FLUSH_SECONDS = 60.0
QUEUE_MESSAGES = 1_000_000


def main() -> None:
    """Send at a steady pace, each to the next partition, with the producer's usual `linger.ms` of 5."""
    task = given(SenderTask)
    producer = Cluster({"bootstrap.servers": task.bootstrap}).producer(
        **{"queue.buffering.max.messages": QUEUE_MESSAGES}
    )
    failed: list[str] = []

    def delivered(error: object, _: Message) -> None:
        if error is not None:
            failed.append(str(error))

    sent = []
    began = time.monotonic()
    for at, loyalty in enumerate(task.loyalty):
        if task.per_second:
            wait = began + at / task.per_second - time.monotonic()
            if wait > 0:
                time.sleep(wait)
        line = purchase_line(loyalty, task.first + at, datetime.now(UTC)).rstrip()
        sent.append(time.monotonic())
        producer.produce(task.topic, line, partition=at % task.partitions, on_delivery=delivered)
        producer.poll(0)
    assert producer.flush(FLUSH_SECONDS) == 0
    assert not failed, failed[0]
    answer(sent)


if __name__ == "__main__":
    main()
