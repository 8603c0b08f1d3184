"""The order while records are still arriving, against sorting all of them afterwards."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.kafka.order import Floor, Late, Order
from schemas.log import Place
from tests.connectors.kafka.world import PLACES, SOON_US, Given, Stood, World, flat, naive, push

A, B = PLACES[0], PLACES[1]
NUMBER = st.integers(0, 3)
FEW = st.integers(1, 4)
APPEND = st.tuples(st.just("append"), NUMBER, st.sampled_from([0, 0, 0, 1, 3, 50]), st.integers(0, 2))
APPEND_IN_TIME = st.tuples(st.just("append"), NUMBER, st.just(0), st.integers(0, 2))
FETCH = st.tuples(st.just("fetch"), NUMBER, FEW)
FENCE = st.tuples(st.just("fence"), st.integers(0, 2))
TAKE = st.tuples(st.just("take"), FEW)
OTHERS = st.sampled_from([("clock",), ("save",), ("crash",), ("add",)])
Step = tuple[object, ...]
LIFE = st.lists(st.one_of(APPEND, APPEND, FETCH, FETCH, FENCE, TAKE, OTHERS), max_size=60)
IN_TIME = st.lists(st.one_of(APPEND_IN_TIME, FETCH, FENCE, TAKE, st.just(("save",)), st.just(("crash",))), max_size=60)


def live(count: int, script: Sequence[Step]) -> World:
    """Live through a script, then read to the end."""
    world = World(count)
    for what, *arguments in script:
        getattr(world, str(what))(*arguments)
    world.finish()
    return world


def read_again(world: World, sizes: Sequence[int], exceptions: Given) -> list[Stood]:
    """Read everything that is there, in pieces of these sizes, with the exceptions known beforehand."""
    order: Order[int] = Order()
    for place in world.stamps:
        order.join(place, 0, 0, exceptions.get(place))
    order.bound({place: len(stamps) for place, stamps in world.stamps.items()})
    found: list[Stood] = []
    unexpected: Given = {}
    at = 0
    while not order.ended:
        place, size = sorted(world.stamps)[at % len(world.stamps)], sizes[at % len(sizes)]
        push(order, place, world.stamps[place], size, unexpected)
        found += flat(order, size)
        at += 1
    assert unexpected == {}
    return found


@settings(max_examples=400)
@given(count=st.integers(1, 3), script=LIFE, sizes=st.lists(FEW, min_size=1, max_size=5))
def test_live_and_replay_are_one(count: int, script: list[Step], sizes: list[int]) -> None:
    """Whatever came when, late or not, over crashes and new partitions: reading again gives the same, log times too."""
    world = live(count, script)
    assert naive(world.stamps, world.given) == world.taken
    assert world.taken == read_again(world, sizes, world.given)


@settings(max_examples=200)
@given(count=st.integers(1, 3), script=IN_TIME)
def test_what_is_in_time_is_no_exception(count: int, script: list[Step]) -> None:
    """If timestamps are true, a stalled or slow partition is waited for, and nothing is written down."""
    world = live(count, script)
    assert world.given == {}
    assert naive(world.stamps, {}) == world.taken


@settings(max_examples=200)
@given(count=st.integers(1, 3), script=LIFE)
def test_the_clock_is_never_contradicted(count: int, script: list[Step]) -> None:
    """What comes after the clock was moved has a later log time, what came before has not."""
    world = live(count, script)
    for clock_us, before in world.clocks:
        assert all(log_us <= clock_us for log_us, *_ in world.taken[:before])
        assert all(log_us > clock_us for log_us, *_ in world.taken[before:])


@settings(max_examples=200)
@given(count=st.integers(1, 3), script=LIFE, until_us=st.integers(95, 130), size=FEW)
def test_until_is_a_place_in_the_order(count: int, script: list[Step], until_us: int, size: int) -> None:
    """A bounded reading that stops before a log time gives exactly the beginning of the whole one."""
    world = live(count, script)
    order: Order[int] = Order(until_us=until_us)
    for place in world.stamps:
        order.join(place, 0, 0, world.given.get(place))
    order.bound({place: len(stamps) for place, stamps in world.stamps.items()})
    found: list[Stood] = []
    for _ in range(1000):
        for place, stamps in world.stamps.items():
            push(order, place, stamps, size, {})
        found += flat(order, size)
        if order.ended:
            break
    assert order.ended
    assert [stood for stood in world.taken if stood[0] < until_us] == found


def two(floor: Floor = Floor(0, Place("", -1))) -> Order[int]:  # noqa: B008  a constant
    """An order of two partitions."""
    order: Order[int] = Order(floor)
    order.join(A, 0)
    order.join(B, 0)
    return order


def test_a_lagging_partition_holds_the_others_back() -> None:
    """What is above the place of a partition that has not reached its goal waits; what is below does not."""
    order = two()
    order.fence({A: 3, B: 2}, SOON_US)
    order.push(A, [10, 20, 30], [0, 1, 2], [0, 1, 2])
    assert flat(order, 9) == []
    order.push(B, [20], [0], [0])
    assert flat(order, 9) == [(10, A, 0), (20, A, 1), (20, B, 0)]
    order.push(B, [40], [1], [1])
    assert flat(order, 9) == [(30, A, 2), (40, B, 1)]


def test_holes_are_passed_over() -> None:
    """Markers of transactions and compacted records: the position is told without a record."""
    order = two()
    order.fence({A: 1, B: 5}, SOON_US)
    order.push(A, [10], [0], [0])
    order.push(B, [5], [2], [0])
    assert flat(order, 9) == [(5, B, 2)]
    order.reached(B, 5)
    assert flat(order, 9) == [(10, A, 0)]
    assert order.lanes[B].next_offset == 5


def test_the_fence_is_above_what_may_be_taken() -> None:
    """A record at or above the time of the fence waits for the next one."""
    order = two()
    order.push(A, [10, 20], [0, 1], [0, 1])
    order.fence({A: 2, B: 0}, 20)
    assert flat(order, 9) == [(10, A, 0)]
    assert order.idle_clock_us() == 19


def test_a_late_record_is_put_above_the_floor() -> None:
    """It gets the log time behind the last that was taken, and those that follow it keep it."""
    order = two()
    order.fence({A: 1, B: 0}, SOON_US)
    order.push(A, [50], [0], [0])
    assert flat(order, 9) == [(50, A, 0)]
    assert order.push(B, [48, 49, 60], [0, 1, 2], [0, 1, 2]) == Late(B, 0, 51, 2)
    assert flat(order, 9) == [(51, B, 0), (51, B, 1), (60, B, 2)]


def test_a_timestamp_beyond_all_calendars_is_passed_over() -> None:
    """A sender's clock that is broken cannot carry the log away."""
    order = two()
    order.fence({A: 2, B: 0}, SOON_US)
    order.push(A, [10, 1 << 61], [0, 1], [0, 1])
    assert flat(order, 9) == [(10, A, 0), (10, A, 1)]


def test_a_bounded_reading_leaves_what_is_behind_its_ends() -> None:
    """It does not even count as read."""
    order = two()
    order.bound({A: 1, B: 0})
    order.push(A, [10, 11], [0, 1], [0, 1])
    order.reached(A, 2)
    assert flat(order, 9) == [(10, A, 0)]
    assert order.ended
    assert order.lanes[A].next_offset == 1


def test_what_comes_twice_is_left_out() -> None:
    """A client that begins anew may give records again."""
    order = two()
    order.fence({A: 3, B: 0}, SOON_US)
    order.push(A, [10, 11], [0, 1], [0, 1])
    order.push(A, [10, 11, 12], [0, 1, 2], [0, 1, 2])
    order.push(A, [11], [1], [1])
    assert flat(order, 9) == [(10, A, 0), (11, A, 1), (12, A, 2)]
