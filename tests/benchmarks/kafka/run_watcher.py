"""A child process: a consumer of the entries. It answers `ready`, then when the entry of each purchase came to it."""

import time

import msgspec
from confluent_kafka import TopicPartition
from msgspec import Struct

from connectors.kafka.cluster import Cluster
from schemas.log import Place
from tests.benchmarks.answers import answer
from tests.benchmarks.kafka.tasks import WatcherTask, given

READY = "ready"
PATIENCE_SECONDS = 60.0
AT_ONCE = 1000
WAIT_SECONDS = 0.002


class Entry(Struct):
    """What of an entry is of interest."""

    cause_id: str


def main() -> None:
    """Watch until all are there, or until nothing has come for a minute."""
    task = given(WatcherTask)
    cluster = Cluster({"bootstrap.servers": task.bootstrap})
    places = [Place(task.topic, number) for number in range(cluster.partitions([task.topic])[task.topic])]
    consumer = cluster.consumer(**{"fetch.wait.max.ms": 100})
    ends = cluster.end_offsets(places)
    consumer.assign([TopicPartition(*place, end) for place, end in ends.items()])
    consumer.consume(1, 1.0)  # an end of a partition: from here on it is connected
    answer(READY)
    decode = msgspec.json.Decoder(Entry).decode
    seen: dict[int, float] = {}
    heard = time.monotonic()
    while len(seen) < task.count:
        messages = consumer.consume(AT_ONCE, WAIT_SECONDS)
        now = time.monotonic()
        heard = now if messages else heard
        assert now - heard < PATIENCE_SECONDS, f"{task.count - len(seen)} of {task.count} entries did not come"
        for message in messages:
            if message.error() is None:
                number = int(decode(message.value() or b"").cause_id.split("-")[1])
                if number >= task.first:
                    seen.setdefault(number, now)
    consumer.close()
    answer([seen[number] for number in sorted(seen)])


if __name__ == "__main__":
    main()
