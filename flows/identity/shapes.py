"""What the types of an event's identifiers say, worked out once for each set of types.

Events name few sets of types, in few orders, so what follows from the types alone is kept by them: the key prefixes
with the strongest type first, whether only anonymous types stand there, which values are *watched*: those of a shared
type that stand beside a known one, since such an event may be a sighting that counts; and whether two values that are
not of shared types stand there, which may hold together what only a shared one did.

An event of the default space with one value of each type, all of which count, is *plain*: nothing about it must be
told but who its identifiers name.
"""

from msgspec import Struct

from flows.identity.index import Found, IdentityIndex, Named

SHAPES_MAX = 4096


class Shape(Struct, frozen=True, gc=False):
    """What the types of an event's identifiers say; `look_ups` are (type, key prefix), strongest first.

    `watched` are positions in `look_ups`, each with that of its anchor: the strongest known one beside it; `alone` are
    the other positions of shared types. `firm`: two or more are not of shared types. `quiet`: neither watched nor firm,
    so that one owner of all leaves nothing to ask. No look-ups: such an event is not plain.
    """

    look_ups: tuple[tuple[str, str], ...]
    anonymous: bool
    watched: tuple[tuple[int, int], ...]
    firm: bool
    alone: tuple[int, ...] = ()
    kinds: tuple[str, ...] = ()
    quiet: bool = False


SLOW = Shape((), anonymous=False, watched=(), firm=False)


class Plain(Struct, gc=False):
    """Who the identifiers of a plain event name: keys and owners beside the shape's types; none is quarantined.

    `new` are the keys that are nobody's yet, `kinds` their types.
    """

    shape: Shape
    keys: list[str]
    owners: list[str | None]
    new: list[str]
    kinds: list[str]

    def named(self, rank: dict[str, int]) -> Named:
        """Give the same as the rules for all events take it."""
        ones = zip(self.keys, self.shape.kinds, self.owners, strict=True)
        return Named([Found(rank[kind], key, kind, owner) for key, kind, owner in ones])


class Shapes(dict[tuple[str, ...], Shape]):
    """Shapes by the types in the order of the event, made when first asked for; default space only."""

    def __init__(self, index: IdentityIndex) -> None:
        super().__init__()
        self._index = index

    def __missing__(self, types: tuple[str, ...]) -> Shape:
        if len(self) >= SHAPES_MAX:
            self.clear()
        shape = self[types] = self._made(types)
        return shape

    def _made(self, types: tuple[str, ...]) -> Shape:
        index = self._index
        prefixes, rank = index.default_prefixes, index.rank
        if not types or len(types) > index.identifiers_max or not rank.keys() >= set(types):
            return SLOW
        ordered = sorted(types, key=rank.__getitem__)
        known = [at for at, name in enumerate(ordered) if name not in index.anonymous_types]
        watched = tuple(
            (at, next(other for other in known if other != at)) for at, name in enumerate(ordered)
            if name in index.shared_types and any(other != at for other in known)
        )  # fmt: skip
        shared = [at for at, name in enumerate(ordered) if name in index.shared_types]
        beside = {at for at, _ in watched}
        firm = len(ordered) - len(shared) > 1
        return Shape(
            tuple((name, prefixes[name]) for name in ordered), not known, watched, firm,
            tuple(at for at in shared if at not in beside), tuple(ordered), not (watched or firm),
        )  # fmt: skip
