"""The surfaces: documents and identifiers in SQLite, when they are made and who finds them."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from schemas.records import ErasedMember, IdentifierMoved, Packet
from sinks import surfaces as module
from sinks.destination import DestinationError
from sinks.read_surface import AmbiguousIdentifierError, Surface, find_member
from sinks.surfaces import Surfaces
from tests.sinks.examples import packet
from tests.sinks.kinds import document

PATIENCE_SECONDS = 30.0
Row = tuple[str, int]


class Folder:
    """A surfaces folder; `made` counts the documents that were made, `states` is the store they can be loaded from."""

    def __init__(self, folder: Path) -> None:
        self.path = folder
        self.made = 0
        self.states: dict[str, object] = {}

    def start(
        self, committed: int = 0, flush_seconds: float | None = None, load: Callable[[str], object] | None = None
    ) -> Surfaces:
        """Surfaces after their start."""
        surfaces = Surfaces(self.path, self.document, flush_seconds, load)
        surfaces.recover(committed, {})
        return surfaces

    def document(self, member_id: str, state: object) -> tuple[int, bytes]:
        """The document of a state (version, points), counted."""
        self.made += 1
        return document(member_id, state)

    def touch(self, member_id: str, version: int) -> Packet:
        """A packet that says the member changed, stored as well."""
        self.states[member_id] = (version, 0)
        return packet(touched={member_id: (version, 0)})

    def rows(self) -> list[Row]:
        """Members and versions as a reader sees them."""
        with closing(sqlite3.connect(self.path / "surfaces.db")) as connection:
            return connection.execute("SELECT member_id, version FROM surfaces ORDER BY 1").fetchall()

    def wait_for(self, expected: list[Row]) -> None:
        """Until readers see it."""
        patience = time.monotonic() + PATIENCE_SECONDS
        while self.rows() != expected:
            assert time.monotonic() < patience, self.rows()
            time.sleep(0.01)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A folder in which nothing was shown yet."""
    return Folder(tmp_path)


def test_held_states_are_shown_at_the_end_of_their_epoch(folder: Folder) -> None:
    """Without a way to load states again, each seal shows the latest of each member touched."""
    surfaces = folder.start()
    surfaces.write(folder.touch("ada", 1))
    surfaces.write(folder.touch("ada", 2))
    surfaces.seal(1)
    folder.wait_for([("ada", 2)])
    assert folder.made == 1
    surfaces.close()


def test_states_that_can_be_loaded_are_shown_once_after_many_epochs(folder: Folder) -> None:
    """A long catch-up makes one document a member, at its end."""
    surfaces = folder.start(load=folder.states.get)
    for epoch in range(1, 10):
        surfaces.write(folder.touch("ada", epoch))
        surfaces.seal(epoch)
        surfaces.publish(epoch)
    assert folder.made == 0
    surfaces.close()
    assert (folder.rows(), folder.made) == ([("ada", 9)], 1)


def test_a_pause_shows_what_came_last(folder: Folder) -> None:
    """Idle flushes, also within an epoch."""
    surfaces = folder.start(load=folder.states.get)
    surfaces.write(folder.touch("ada", 1))
    surfaces.idle()
    folder.wait_for([("ada", 1)])
    surfaces.close()


def test_live_shows_within_the_seconds_it_was_told(folder: Folder) -> None:
    """When they have passed, the next packet flushes."""
    surfaces = folder.start(flush_seconds=0.05, load=folder.states.get)
    surfaces.write(folder.touch("ada", 1))
    time.sleep(0.1)
    surfaces.write(folder.touch("bob", 1))
    folder.wait_for([("ada", 1), ("bob", 1)])
    surfaces.close()


@pytest.mark.parametrize(("limit", "loads"), [("STATES_MAX", False), ("NAMES_MAX", True)])
def test_memory_is_bounded(folder: Folder, monkeypatch: pytest.MonkeyPatch, limit: str, loads: bool) -> None:
    """So many members touched are flushed before the epoch ends."""
    monkeypatch.setattr(module, limit, 3)
    surfaces = folder.start(load=folder.states.get if loads else None)
    for who in ("ada", "bob", "eve", "kim"):
        surfaces.write(folder.touch(who, 1))
    folder.wait_for([("ada", 1), ("bob", 1), ("eve", 1)])
    surfaces.seal(1)
    surfaces.close()
    assert folder.rows() == [("ada", 1), ("bob", 1), ("eve", 1), ("kim", 1)]


def test_an_older_version_never_replaces_a_younger(folder: Folder) -> None:
    """What comes again after a crash is not shown until it is as young as what is shown."""
    surfaces = folder.start()
    surfaces.write(folder.touch("ada", 5))
    surfaces.seal(1)
    surfaces.close()
    again = folder.start(committed=1)
    for version in (3, 5, 6):
        again.write(folder.touch("ada", version))
        again.seal(version)
    again.close()
    assert folder.rows() == [("ada", 6)]


def test_a_deployment_that_starts_anew_shows_nothing_of_the_one_before(folder: Folder) -> None:
    """With nothing ever committed, older rows are of another past."""
    surfaces = folder.start()
    surfaces.write(folder.touch("ada", 5))
    surfaces.seal(1)
    surfaces.close()
    folder.start(committed=0).close()
    assert folder.rows() == []


def test_who_is_gone_is_not_shown_and_may_come_back(folder: Folder) -> None:
    """A merged or forgotten member's row goes; the same id later is shown again."""
    surfaces = folder.start()
    surfaces.write(folder.touch("ada", 1))
    surfaces.write(folder.touch("bob", 1))
    surfaces.seal(1)
    surfaces.write(packet(touched={"bob": (2, 0)}, gone=["bob"]))
    surfaces.seal(2)
    folder.wait_for([("ada", 1)])
    surfaces.write(packet(gone=["ada"]))
    surfaces.write(folder.touch("ada", 2))
    surfaces.seal(3)
    surfaces.close()
    assert folder.rows() == [("ada", 2)]


def test_names_of_a_committed_epoch_outlive_a_crash(folder: Folder) -> None:
    """What was sealed as names is made into documents after the next start; names of a lost epoch are not."""
    surfaces = folder.start(load=folder.states.get)
    surfaces.write(folder.touch("ada", 1))
    surfaces.seal(1)
    surfaces.write(packet(touched={"eve": (1, 0)}))
    surfaces.seal(2)
    again = folder.start(committed=1, load=folder.states.get)
    again.idle()
    folder.wait_for([("ada", 1)])
    assert folder.made == 1
    again.close()


def test_who_cannot_be_loaded_yet_is_shown_as_soon_as_it_can(folder: Folder) -> None:
    """A start that ends before the states can be loaded forgets nobody; neither does a pause."""
    surfaces = folder.start(load=folder.states.get)
    for epoch, who in enumerate(("ada", "bob"), 1):
        surfaces.write(folder.touch(who, 1))
        surfaces.seal(epoch)
    empty: dict[str, object] = {}
    too_early = folder.start(committed=2, load=empty.get)
    too_early.idle()
    too_early.close()
    assert folder.rows() == []
    empty["bob"] = (1, 0)
    half = folder.start(committed=2, load=empty.get)
    half.idle()
    folder.wait_for([("bob", 1)])
    empty["ada"] = (1, 0)
    half.close()
    assert (folder.rows(), folder.made) == ([("ada", 1), ("bob", 1)], 2)


def test_a_database_that_fails_stops_the_worker_and_loses_nothing(folder: Folder) -> None:
    """The next call says so; what was not written comes with the next start."""
    surfaces = folder.start()
    with closing(sqlite3.connect(folder.path / "surfaces.db")) as connection:
        connection.execute("ALTER TABLE surfaces RENAME TO elsewhere")
    surfaces.write(folder.touch("ada", 1))
    surfaces.seal(1)
    with pytest.raises(DestinationError, match=r"surfaces.db could not be written: no such table"):
        surfaces.close()
    folder.start(committed=1).close()
    assert folder.rows() == [("ada", 1)]


def test_a_member_is_found_by_id_and_by_identifier(folder: Folder) -> None:
    """The value begins after the first colon; an identifier that was freed finds nobody."""
    database = folder.path / "surfaces.db"
    surfaces = folder.start()
    moved = [
        IdentifierMoved("default", "email", "ada@x.org", "ada"),
        IdentifierMoved("default", "device", "tablet:7", "ada"),
        IdentifierMoved("default", "cookie", "c", "ada"),
        IdentifierMoved("default", "cookie", "c", None),
    ]
    surfaces.write(packet(touched={"ada": (4, 70)}, moved=moved))
    surfaces.seal(1)
    surfaces.close()
    ada = Surface("ada", 4, '{"member_id": "ada", "points": 70}')
    found = [find_member(database, who) for who in ("ada", "email:ada@x.org", "device:tablet:7", "cookie:c", "bob")]
    assert found == [ada, ada, ada, None, None]
    assert find_member(database, "email:ada@x.org", "default") == ada
    assert find_member(database, "email:ada@x.org", "elsewhere") is None


def test_an_identifier_in_two_spaces_needs_its_space(folder: Folder) -> None:
    """Guessing would show one brand's member to another."""
    surfaces = folder.start()
    moved = [IdentifierMoved(brand, "email", "a@x.org", brand) for brand in ("north", "south")]
    surfaces.write(packet(touched={"north": (1, 1), "south": (1, 2)}, moved=moved))
    surfaces.seal(1)
    surfaces.close()
    with pytest.raises(AmbiguousIdentifierError, match="say which one"):
        find_member(folder.path / "surfaces.db", "email:a@x.org")
    south = find_member(folder.path / "surfaces.db", "email:a@x.org", "south")
    assert south is not None
    assert south.member_id == "south"


def test_no_surfaces_are_said_plainly(folder: Folder) -> None:
    """Where nothing has run, the message says so."""
    with pytest.raises(FileNotFoundError, match="there are no surfaces at"):
        find_member(folder.path / "surfaces.db", "ada")


def test_nothing_of_an_erased_member_is_left_in_the_files(tmp_path: Path) -> None:
    """Neither in the database's free pages nor in its log, while the process goes on."""
    secret = "ada-" + "0123456789" * 400
    surfaces = Surfaces(tmp_path, lambda _, state: (1, str(state).encode()), 0.0)
    surfaces.recover(0, {})
    named = [IdentifierMoved("default", "email", secret, "ada")]
    surfaces.write(packet(touched={"ada": secret, "bob": "x"}, moved=named))
    surfaces.seal(1)
    erased = packet(gone=["ada"], moved=[IdentifierMoved("default", "email", secret, None, "ada")])
    erased.erased = [ErasedMember("ada", "default", [], [f"email:{secret}"], "r", 0, 1, "k")]
    surfaces.write(erased)
    surfaces.seal(2)
    patience = time.monotonic() + PATIENCE_SECONDS
    while any(b"ada-0123" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()):
        assert time.monotonic() < patience
        time.sleep(0.05)
    surfaces.close()
