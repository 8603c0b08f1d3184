"""Topics that are not what they were: records gone, the topic another one, more partitions than before."""

import time
from collections.abc import Callable

import pytest

from connectors.file_log import LogDamaged
from connectors.kafka.cluster import KafkaUnusable
from connectors.kafka.progress import KafkaProgress
from schemas.log import LogBatch, Place
from tests.connectors.kafka.reading import Reading, read_while, rows, stored, to_the_end, until_read
from tests.connectors.logs import event_line, names, told
from tests.kafka.topics import Sent, Topics


@pytest.fixture
def reading(topics: Topics) -> Reading:
    """A topic of one partition with ten events."""
    found = Reading(topics.bootstrap, topics.make())
    topics.made.append(found.exceptions)
    fill(topics, found.topics[0], 10)
    return found


def fill(topics: Topics, topic: str, count: int) -> None:
    """Produce some events to partition 0."""
    topics.produce(topic, [event_line(f"e{number}", number) for number in range(count)])


def read_some(reading: Reading, count: int) -> KafkaProgress:
    """Read a few and stop."""
    log = reading.open(batch_lines=count)
    until_read(log, count)
    progress = stored(log.progress())
    log.close()
    return progress


def test_a_missing_topic_is_named_with_both_remedies(topics: Topics) -> None:
    """It may not exist, or not be ours to see."""
    with pytest.raises(KafkaUnusable, match="topic nowhere missing or not permitted: create it, or grant"):
        Reading(topics.bootstrap, "nowhere").open()


def test_a_gap_stops_with_its_size(topics: Topics, reading: Reading) -> None:
    """Retention was quicker: nothing is read, the snapshot is still good."""
    progress = read_some(reading, 4)
    topics.forget_below(reading.topics[0], 0, 9)
    log = reading.open(progress)
    with pytest.raises(LogDamaged, match=r"5 records, offsets 4 to 8, were deleted .* --skip-gaps"):
        to_the_end(log)
    assert progress == stored(log.progress())
    log.close()


@pytest.mark.parametrize("follow", [False, True])
def test_a_gap_may_be_skipped_and_is_counted(topics: Topics, reading: Reading, follow: bool) -> None:
    """The next snapshot stands behind it, and a second reader finds no gap."""
    progress = read_some(reading, 4)
    topics.forget_below(reading.topics[0], 0, 9)
    log = reading.open(progress, skip_gaps=True, follow=follow)
    assert names(rows(until_read(log, 1))) == ["e9"]
    assert log.gaps_skipped == 5
    again = reading.open(stored(log.progress()))
    assert rows(to_the_end(again)) == []
    log.close()
    again.close()


def test_a_new_deployment_begins_with_the_oldest_record(topics: Topics, reading: Reading) -> None:
    """What retention took before anybody read is no gap."""
    topics.forget_below(reading.topics[0], 0, 9)
    log = reading.open()
    assert names(rows(to_the_end(log))) == ["e9"]
    assert log.gaps_skipped == 0
    log.close()


STARTS: list[tuple[str, Callable[[Place, int], object], list[str]]] = [
    ("offsets",        lambda place, _: {place: 7},             ["e7", "e8", "e9"]),
    ("a time",         lambda _, now_us: now_us - 60_000_000,   [f"e{number}" for number in range(10)]),
    ("a later time",   lambda _, now_us: now_us + 60_000_000,   []),
]  # fmt: skip


@pytest.mark.parametrize(("what", "start", "expected"), STARTS)
def test_a_reader_may_start_elsewhere(
    reading: Reading, what: str, start: Callable[[Place, int], object], expected: list[str]
) -> None:
    """At offsets, or at a log time."""
    place = Place(reading.topics[0], 0)
    found = reading.bounded(start=start(place, int(time.time() * 1_000_000)))
    assert names(found) == expected, what


def test_offsets_of_a_stranger_are_refused(reading: Reading) -> None:
    """A partition that is not there is named."""
    with pytest.raises(KafkaUnusable, match="there is no partition web/7"):
        reading.open(start={Place("web", 7): 1})


@pytest.mark.parametrize("count", [2, 30])
def test_a_topic_that_was_made_again_is_refused_at_the_start(topics: Topics, reading: Reading, count: int) -> None:
    """Shorter or longer than before: its id tells."""
    progress = read_some(reading, 4)
    topics.delete(reading.topics[0])
    topics.make(name=reading.topics[0])
    fill(topics, reading.topics[0], count)
    with pytest.raises(LogDamaged, match=r"was deleted and made again .* --fresh"):
        reading.open(progress)


@pytest.mark.parametrize("count", [2, 30])
def test_a_topic_that_is_made_again_while_it_is_read_is_refused(topics: Topics, reading: Reading, count: int) -> None:
    """Nothing of the new one is taken for the old one's, also when it is longer and the client gives its records."""
    log = reading.open(follow=True)
    until_read(log, 10)
    topics.delete(reading.topics[0])
    topics.make(name=reading.topics[0])
    fill(topics, reading.topics[0], count)
    found: list[LogBatch] = []
    with pytest.raises(LogDamaged, match=r"made again"):
        read_while(log, found, lambda: True)
    log.close()
    assert rows(found) == []


def test_a_topic_that_is_deleted_while_it_is_read_is_refused(topics: Topics, reading: Reading) -> None:
    """The client says nothing of it; the look at the topics does."""
    log = reading.open(follow=True)
    until_read(log, 10)
    topics.delete(reading.topics[0])
    with pytest.raises(LogDamaged, match="was deleted while it was read"):
        read_while(log, [], lambda: True)
    log.close()


def test_a_topic_that_is_no_longer_asked_for_is_refused(topics: Topics, reading: Reading) -> None:
    """What was read of it would otherwise be missing in a replay."""
    progress = read_some(reading, 4)
    with pytest.raises(LogDamaged, match="is not among the topics any more"):
        Reading(topics.bootstrap, topics.make()).open(progress, prefix=reading.topics[0])


def test_new_partitions_and_topics_join(topics: Topics, reading: Reading) -> None:
    """A partition that is added is read from its beginning, an added topic too; a replay has all at the same places."""
    topic = reading.topics[0]
    log = reading.open(follow=True)
    found: list[LogBatch] = until_read(log, 10)
    topics.grow(topic, 3)
    topics.produce(topic, [Sent(event_line("new", 1), partition=2), Sent(event_line("old", 1), partition=0)])
    found += until_read(log, 2)
    progress = stored(log.progress())
    log.close()
    other = topics.make()
    topics.produce(other, [event_line("other", 1)])
    both = Reading(topics.bootstrap, topic, other)
    added = both.bounded(progress)
    assert names(added) == ["other"]
    assert told(rows(found) + added) == told(both.bounded(write_exceptions=False))


def test_partitions_that_came_while_nobody_read_are_read_whole(topics: Topics, reading: Reading) -> None:
    """From offset 0, behind what was already taken."""
    progress = read_some(reading, 10)
    topics.grow(reading.topics[0], 2)
    topics.produce(reading.topics[0], [Sent(event_line("new", 1), partition=1)])
    assert names(reading.bounded(progress)) == ["new"]


def test_foreign_entries_among_the_exceptions_are_refused(topics: Topics, reading: Reading) -> None:
    """Without them the order would not be the one that was."""
    reading.open().close()
    topics.produce(reading.exceptions, [Sent(b"{}", key=b"another"), Sent(b"{}", key=b"balanza")])
    with pytest.raises(LogDamaged, match=r"exceptions, offset 1: no exception to the order"):
        reading.open()


def test_snapshots_of_a_younger_version_are_refused(reading: Reading) -> None:
    """Rather than misread."""
    progress = read_some(reading, 4)
    progress.version += 1
    with pytest.raises(LogDamaged, match="written by a younger version"):
        reading.open(progress)
