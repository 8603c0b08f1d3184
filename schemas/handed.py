"""What processes of one deployment hand to each other through topics of their own."""

import msgspec
from msgspec import Struct

from schemas.records import ErasedMember, IdentifierMoved, IdentityChanged, MemberChanged
from schemas.stitched import Copy, Step

HANDED_FORMAT = 1
STITCHED, HANDOVERS = "stitched", "handovers"


class Handed(Struct, array_like=True, gc=False):
    """A message of a partition of `stitched`: the steps for its members.

    `upto` is the number of the last step for anybody, so that steps up to it are complete here; `clock_us` is log time
    that timers may fire up to once these steps are applied. `seqs` are the numbers of `steps`. `read_at` is a wall
    clock in seconds, for latency figures only. `moved` are look-ups of identifiers for surfaces. `identity` and
    `members` are the stitcher's records of these members, each behind a number that only grows, so that a worker's
    warehouse knows who its members are; `erased` are persons whose rows it must remove.
    """

    format: int
    upto: int
    clock_us: int
    read_at: float
    seqs: list[int]
    steps: list[Step]
    moved: list[IdentifierMoved]
    identity: list[IdentityChanged] = []
    members: list[tuple[int, MemberChanged]] = []
    erased: list[ErasedMember] = []


decode_handed = msgspec.msgpack.Decoder(Handed).decode
decode_copy = msgspec.msgpack.Decoder(Copy).decode
