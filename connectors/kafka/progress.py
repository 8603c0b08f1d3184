"""How far the topics are applied: the source's part of a snapshot."""

from typing import Final

from msgspec import Struct

from schemas.log import Place

FORMAT: Final = 1


class PlaceProgress(Struct):
    """A partition: the next record's offset, the log time of the last one that was taken, the id of its topic."""

    topic: str
    partition: int
    offset: int
    reached_us: int
    topic_id: str

    @property
    def place(self) -> Place:
        """The partition."""
        return Place(self.topic, self.partition)


class KafkaProgress(Struct):
    """Everything needed to go on with the next row; nothing that comes later may stand below the floor in the order."""

    places: list[PlaceProgress]
    floor_us: int = 0
    floor_topic: str = ""
    floor_partition: int = -1
    reached_us: int = 0
    version: int = FORMAT

    def offsets(self) -> dict[Place, int]:
        """Give the next offset of each partition."""
        return {one.place: one.offset for one in self.places}
