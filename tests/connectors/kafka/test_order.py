"""The order while records are still arriving, against sorting all of them afterwards."""

import random
from collections.abc import Callable, Sequence

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
READ = st.tuples(st.just("read"), FEW)
SAVE = st.just(("save",))
OTHERS = st.sampled_from([("clock",), ("crash",), ("add",)])
Step = tuple[object, ...]
LIFE = st.lists(st.one_of(APPEND, APPEND, FETCH, FENCE, TAKE, READ, SAVE, OTHERS), max_size=60)
IN_TIME = st.lists(st.one_of(APPEND_IN_TIME, FETCH, FENCE, TAKE, READ, SAVE, st.just(("crash",))), max_size=60)
SEED = st.integers(0, 1 << 32)
STEPS_OF_A_LONG_LIFE = 150


def live(count: int, script: Sequence[Step]) -> World:
    """Live through a script, then read to the end."""
    world = World(count)
    for what, *arguments in script:
        getattr(world, str(what))(*arguments)
    world.finish()
    return world


def long_life(seed: int, latest_us: int) -> list[Step]:
    """A script that is long enough for several troubles in one life; records look up to `latest_us` older."""
    chance = random.Random(seed)

    def late_us() -> int:
        return chance.choice([0, 0, chance.randint(0, latest_us)])

    makers: list[Callable[[], Step]] = [
        lambda: ("append", chance.randrange(4), late_us(), chance.randrange(3)),
        lambda: ("fetch", chance.randrange(4), chance.randint(1, 6)),
        lambda: ("fence", chance.randrange(3)),
        lambda: ("take", chance.randint(1, 4)),
        lambda: ("read", chance.randint(1, 4)),
        lambda: (chance.choice(["save", "save", "crash", "clock", "add"]),),
    ]
    return [step() for step in chance.choices(makers, [8, 4, 2, 4, 3, 2], k=STEPS_OF_A_LONG_LIFE)]


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


SIZES = st.lists(FEW, min_size=1, max_size=5)


@settings(max_examples=200)
@given(count=st.integers(1, 3), script=LIFE, sizes=SIZES)
def test_live_and_replay_are_one(count: int, script: list[Step], sizes: list[int]) -> None:
    """Whatever came when, late or not, over crashes and new partitions: reading again gives the same, log times too."""
    compare(live(count, script), sizes)


@settings(max_examples=150)
@given(seed=SEED, count=st.integers(1, 3), sizes=SIZES)
def test_long_lives_and_replay_are_one(seed: int, count: int, sizes: list[int]) -> None:
    """The same with many troubles in one life."""
    compare(live(count, long_life(seed, 20)), sizes)


@settings(max_examples=100)
@given(seed=SEED, count=st.integers(1, 3), sizes=SIZES)
def test_long_lives_in_time_have_no_exceptions(seed: int, count: int, sizes: list[int]) -> None:
    """If timestamps are true and no partition is added, nothing is ever late, whatever crashes and stands still."""
    world = live(count, [step for step in long_life(seed, 0) if step != ("add",)])
    assert world.given == {}
    compare(world, sizes)


def compare(world: World, sizes: list[int]) -> None:
    """What was taken is what a naive sort says, and what a second reading gives."""
    assert naive(world.stamps, world.given) == world.taken
    assert world.taken == read_again(world, sizes, world.given)


@settings(max_examples=200)
@given(count=st.integers(1, 3), script=IN_TIME)
def test_what_is_in_time_is_no_exception(count: int, script: list[Step]) -> None:
    """If timestamps are true, a stalled or slow partition is waited for, and nothing is written down."""
    world = live(count, script)
    assert world.given == {}
    assert naive(world.stamps, {}) == world.taken


@settings(max_examples=150)
@given(count=st.integers(1, 3), seed=SEED)
def test_the_clock_is_never_contradicted(count: int, seed: int) -> None:
    """What comes after the clock was moved has a later log time, what came before has not."""
    world = live(count, long_life(seed, 20))
    for clock_us, before in world.clocks:
        assert all(log_us <= clock_us for log_us, *_ in world.taken[:before])
        assert all(log_us > clock_us for log_us, *_ in world.taken[before:])


@settings(max_examples=100)
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


def test_a_reader_that_starts_behind_an_exception_knows_its_log_time() -> None:
    """Who begins at an offset has the running maximum that earlier exceptions made."""
    order: Order[int] = Order()
    order.join(A, 5, 0, {3: 100, 6: 200})
    order.bound({A: 8})
    order.push(A, [10, 11, 12], [5, 6, 7], [5, 6, 7])
    assert flat(order, 9) == [(100, A, 5), (200, A, 6), (200, A, 7)]


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
