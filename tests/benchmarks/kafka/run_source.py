"""A child process: reads a log to its end. It answers with a SourceResult."""

import gc
import logging
import time
from pathlib import Path

from confluent_kafka import TopicPartition

from connectors.file_log import FileLog, LogOptions
from connectors.kafka.cluster import Cluster
from connectors.kafka.log import KafkaLog
from connectors.kafka.options import KafkaLogOptions
from schemas.decode import EventDecoder
from schemas.log import Place
from tests.benchmarks.answers import answer
from tests.benchmarks.kafka.tasks import SourceResult, SourceTask, given

AT_ONCE = 5000
WAIT_SECONDS = 0.1


class Consuming:
    """The client alone, asked in the same way: no order, no decoding. It gives how many records came."""

    def __init__(self, cluster: Cluster, topics: list[str]) -> None:
        """Assign every partition of the topics."""
        counts = cluster.partitions(topics)
        places = [Place(topic, number) for topic, count in counts.items() for number in range(count)]
        self._left = sum(cluster.end_offsets(places).values())
        self._consumer = cluster.consumer(**{"fetch.wait.max.ms": 100, "fetch.queue.backoff.ms": 10})
        self._consumer.assign([TopicPartition(*place, 0) for place in places])

    @property
    def ended(self) -> bool:
        """Whether everything came."""
        return self._left <= 0

    def read(self) -> int:
        """Take in what has come."""
        count = sum(message.error() is None for message in self._consumer.consume(AT_ONCE, WAIT_SECONDS))
        self._left -= count
        return count


def opened(task: SourceTask) -> FileLog | KafkaLog | Consuming:
    """What is to be read."""
    if task.what == "files":
        return FileLog(Path(task.log), EventDecoder(), LogOptions(), None)
    cluster = Cluster({"bootstrap.servers": task.bootstrap})
    if task.what == "consume":
        return Consuming(cluster, task.topics)
    return KafkaLog(cluster, task.topics, EventDecoder(), KafkaLogOptions(write_exceptions=False), None)


def main() -> None:
    """Read with the collector off, as in the product."""
    logging.getLogger("balanza.kafka").setLevel(logging.ERROR)  # topics of history have the senders' times, on purpose
    task = given(SourceTask)
    gc.disable()
    start = time.perf_counter()
    log = opened(task)
    began, cpu, thread_cpu = time.perf_counter(), time.process_time(), time.thread_time()
    rows = 0
    while not log.ended:
        got = log.read()
        rows += got if isinstance(got, int) else 0 if got is None else len(got.rows)
    seconds = time.perf_counter() - began
    spent = time.process_time() - cpu, time.thread_time() - thread_cpu
    answer(SourceResult(rows, seconds, *spent, began - start))


if __name__ == "__main__":
    main()
