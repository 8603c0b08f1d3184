"""How far a member worker is in the stitcher's order: its part of a snapshot."""

from msgspec import Struct

PROGRESS_FORMAT = 1


class StitchedProgress(Struct):
    """All steps up to number `applied` are applied, for the groups of `ahead` up to a later one.

    A group is ahead after it moved here from a worker that was further. `offsets` and `copies` are the next offsets of
    the topics `stitched` and `handovers` by partition, `clocks` the log time behind the messages before them, `topics`
    the ids of both, `partitions` how many each has; `moves` counts the moves of groups that this state has seen. `told`
    are the numbers of the last records of identity and of members that were passed on, by partition.
    """

    format: int = PROGRESS_FORMAT
    applied: int = 0
    ahead: dict[int, int] = {}
    offsets: dict[int, int] = {}
    clocks: dict[int, int] = {}
    copies: dict[int, int] = {}
    topics: dict[str, str] = {}
    partitions: int = 0
    moves: int = 0
    told: dict[int, tuple[int, int]] = {}
