"""Key groups: the parts of the state that can move between workers, fixed when a deployment is made.

A member belongs to a group by the hash of its id; a partition of a topic between workers holds a run of neighbouring
groups. So any number of partitions and any cut into workers goes together with the same groups.
"""

from collections import defaultdict
from collections.abc import Collection
from functools import lru_cache
from itertools import count

from xxhash import xxh3_64_intdigest


def group_number(key: str, groups: int) -> int:
    """Give the group of a member's id (or another owner's), 0 to groups - 1."""
    return xxh3_64_intdigest(key.encode()) % groups


def by_group(keys: Collection[str], groups: int) -> list[tuple[int, list[str]]]:
    """Give keys by their group, about in the order of the rows in a store (for ASCII keys exactly)."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    for key, digest in zip(keys, map(xxh3_64_intdigest, map(str.encode, keys)), strict=True):
        found[digest % groups].append(key)
    return [(group, sorted(some)) for group, some in sorted(found.items())]


@lru_cache(maxsize=65_536)
def key_in_group(name: str, group: int, groups: int) -> str:
    """Give the first key made of a name that lies in a group: a row that many share, one for each group."""
    return next(key for number in count() if group_number(key := f"{name}#{number}", groups) == group)


def share_of(amount: int, group: int, groups: int) -> int:
    """Give a group's part of what is divided among all: the first ones have one more where it does not divide."""
    return amount // groups + (group < amount % groups)


def partition_of(group: int, groups: int, partitions: int) -> int:
    """Give the partition that holds a group; neighbouring groups share one."""
    return group * partitions // groups


def home_of(member_id: str, groups: int, partitions: int) -> int:
    """Give the partition of a member's group."""
    return partition_of(group_number(member_id, groups), groups, partitions)
