"""Where reading begins: from a snapshot if the topics still are what they were, else where the options say."""

from collections.abc import Mapping, Sequence
from typing import Final

from connectors.file_log import LogDamaged
from connectors.kafka.cluster import Cluster, KafkaUnusable
from connectors.kafka.options import KafkaLogOptions
from connectors.kafka.progress import FORMAT, KafkaProgress, PlaceProgress
from schemas.log import Place

ANEW: Final = "start anew with --fresh"


def find_topics(cluster: Cluster, topics: Sequence[str]) -> tuple[dict[str, int], dict[str, str]]:
    """Give the number of partitions and the id of each topic; KafkaUnusable if one is not there."""
    missing = cluster.missing(topics)
    if missing:
        raise KafkaUnusable(missing)
    return cluster.partitions(topics), cluster.topic_ids(topics)


def begin(
    cluster: Cluster, topics: Sequence[str], options: KafkaLogOptions, progress: KafkaProgress | None
) -> tuple[list[PlaceProgress], dict[str, str]]:
    """Give where each partition begins, and the topics' ids.

    Raises:
        KafkaUnusable: a topic is missing, or the cluster does not answer.
        LogDamaged: a topic is not the one that was read before, or no longer asked for.

    """
    found, ids = find_topics(cluster, sorted(set(topics)))
    places = [Place(topic, number) for topic in sorted(found) for number in range(found[topic])]
    if progress is None:
        offsets = _first_offsets(cluster, places, options.start)
        return [PlaceProgress(*place, offsets[place], 0, ids[place.topic]) for place in places], ids
    _check(progress, found, ids)
    known = {one.place: one for one in progress.places}
    known_topics = {one.topic for one in progress.places}
    added = [place for place in places if place.topic not in known_topics]
    offsets = cluster.begin_offsets(added)
    return [
        known.get(place) or PlaceProgress(*place, offsets.get(place, 0), 0, ids[place.topic]) for place in places
    ], ids


def _check(progress: KafkaProgress, found: Mapping[str, int], ids: Mapping[str, str]) -> None:
    if progress.version > FORMAT:
        raise LogDamaged(f"the snapshot was written by a younger version (format {progress.version}): use that one")
    for one in progress.places:
        if one.topic not in found:
            raise LogDamaged(f"topic {one.topic} was read up to {one.place} offset {one.offset} and is not among the "
                             f"topics any more: name it too, or {ANEW}")
        if one.topic_id != ids[one.topic]:
            raise LogDamaged(made_again(one.topic, one.topic_id, ids[one.topic]))


def made_again(topic: str, known: str, found: str) -> str:
    """Say that a topic is another one under the same name."""
    return (f"topic {topic} was deleted and made again (its id was {known}, now it is {found}): offsets of the old one "
            f"mean nothing in it; {ANEW}")


def _first_offsets(
    cluster: Cluster, places: Sequence[Place], start: Mapping[Place, int] | int | None
) -> dict[Place, int]:
    match start:
        case None:
            return cluster.begin_offsets(places)
        case int():
            return cluster.offsets_at(places, start)
        case _:
            strangers = [str(place) for place in start if place not in places]
            if strangers:
                raise KafkaUnusable(f"offsets to start from: there is no partition {', '.join(strangers)}")
            rest = cluster.begin_offsets([place for place in places if place not in start])
            return {place: start[place] if place in start else rest[place] for place in places}
