"""The topics of a destination: made if they are missing, and the offsets from which a start reads them back."""

import logging
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final, cast

from confluent_kafka import Message

from connectors.kafka.cluster import Cluster, KafkaUnusable
from connectors.kafka.topics import TopicSpec
from schemas.log import Place
from sinks.destination import DestinationError, Mark
from sinks.kafka.asking import patiently
from sinks.kafka.options import OutOptions
from sinks.kafka.read_back import Take, read_back
from sinks.kafka.standing import Standing, Standings

LOG: Final = logging.getLogger("balanza.kafka")

class OwnTopics:
    """The topics that one destination writes, with what it knows of their offsets.

    `offsets` are those up to which every record is accounted for, as the mark of the last epoch says.
    """

    def __init__(
        self, cluster: Cluster, topics: Collection[TopicSpec], name: str, folder: Path, options: OutOptions
    ) -> None:
        """`topics` as they are made if they are missing; `name` is the destination's, `folder` the deployment's."""
        self._cluster = cluster
        self._topics = topics
        self._name = name
        self._standings = Standings(folder)
        self._options = options
        self.offsets: Mark = {}

    def recover(self, committed: int, mark: Mark, take: Take) -> None:
        """Make what is missing, hand all records that no commit counts to `take`.

        DestinationError: a topic cannot be made, read, or is not the one that the mark speaks of.
        """
        try:
            places = self._places()
            standing = self._standings.load(self._name, committed)
            starts, quiet = self._starts(places, mark, standing)
            self.offsets = {str(place): offset for place, offset in starts.items()}
            self._standings.save(self._name, Standing(committed, quiet=False, offsets=self.offsets))
            if mark or standing is not None:
                ends = read_back(self._cluster, starts, 0.0 if quiet else self._options.settle_seconds, take)
                self.offsets = {str(place): offset for place, offset in ends.items()}
        except KafkaUnusable as unusable:
            raise DestinationError(str(unusable)) from unusable

    def seal(self, delivered: Mark, ahead: Mapping[Place, int]) -> Mark:
        """Give the mark of an epoch whose records are `delivered`; it does not pass over what lies `ahead`."""
        self.offsets = self.offsets | delivered
        return self.offsets | {str(place): offset for place, offset in ahead.items()}

    def rest(self, epoch: int, mark: Mark) -> None:
        """Note that nobody writes any more, and that `epoch` is the last."""
        self._standings.save(self._name, Standing(epoch, quiet=True, offsets=mark))

    def _places(self) -> list[Place]:
        """Every partition of the topics, made where they are missing."""
        names = [spec.name for spec in self._topics]
        counts = self._cluster.partitions(names)
        missing = [spec for spec in self._topics if spec.name not in counts]
        if missing:
            for spec in missing:
                LOG.info("makes topic %s", spec)
            self._cluster.create_topics(missing)
            counts = self._cluster.partitions(names)
        return [Place(topic, number) for topic in names for number in range(counts[topic])]

    def _starts(self, places: list[Place], mark: Mark, standing: Standing | None) -> tuple[dict[Place, int], bool]:
        """Where to read from, and whether nobody can have written since.

        A partition that the mark does not know is younger than it: all that is there came after.
        """
        ends = patiently(lambda: self._cluster.end_offsets(places))
        if standing is not None and (standing.quiet or not mark):
            known, quiet = standing.offsets, standing.quiet
        elif mark:
            known, quiet = mark, False
        else:
            return ends, True
        begins = patiently(lambda: self._cluster.begin_offsets(places))
        for place in places:
            if known.get(str(place), 0) > ends[place]:
                raise DestinationError(
                    f"topic {place.topic}: partition {place.partition} ends at {ends[place]}, the state knows of "
                    f"{known[str(place)]}: it was deleted and made again, or this is another cluster. Remedy: the "
                    "cluster and the state that belong together, another --prefix, or a new start (--fresh)."
                )
        return {place: max(known.get(str(place), 0), begins[place]) for place in places}, quiet


def header(message: Message, name: str) -> bytes | None:
    """Give the value of a record's header, None if it has none of that name."""
    headers = cast("list[tuple[str, bytes | None]]", message.headers() or [])
    return next((value for key, value in headers if key == name), None)
