"""The folder of a deployment: who may work in it, what it was made with, and where its parts lie.

DIR/state/           format.json, made_as.json, program.json, lock, engine/ (offsets), a folder a station; at_rest.json
                     after a clean end of a member worker, moved.json and moving.json where groups were moved
DIR/journal.jsonl    the exceptions to the order of a file log
DIR/state/secret.key what the names of erased people are derived with
DIR/warehouse/, surfaces.db, outbox.jsonl, dead_letters.jsonl, erasures.jsonl, exports/   written by the sinks

The state's format and its number of key groups are fixed when the folder is made; another one is refused, for rows
would be looked for where they are not.
"""

import fcntl
import json
import os
import secrets
import shutil
from pathlib import Path
from typing import TextIO

from schemas.states import STATE_FORMAT

MANAGED = (
    "state", "journal.jsonl", "warehouse", "records", "surfaces.db", "surfaces.db-wal", "surfaces.db-shm",
    "surfaces.pending", "outbox.jsonl", "dead_letters.jsonl", "summary.json", "comparison.json", "kafka_topics.json",
    "kafka_surfaces.pending", "erasures.jsonl", "exports",
)  # fmt: skip
KEY, KEY_BYTES, READABLE_BY_OWNER = "secret.key", 32, 0o600


NO_REPLAY = "no"
ONE_PROCESS_ON_FILES = {"role": "run", "input": "files", "replay": NO_REPLAY}


class DeploymentRefused(Exception):
    """A folder that cannot be worked in as asked; the message says why and what to do."""


class Deployment:
    """A locked output folder, with the places of its parts."""

    def __init__(self, folder: Path, *, fresh: bool, groups: int) -> None:
        """Lock the folder, clear it if `fresh`, and check what it was made with.

        Raises:
            DeploymentRefused: another worker is in it, it cannot be written, or its format or groups differ.

        """
        self.folder = folder
        self.state = folder / "state"
        try:
            self.state.mkdir(parents=True, exist_ok=True)
            self._lock = self._locked()
            if fresh:
                self._clear()
            self.engine.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            why = error.strerror or error
            raise DeploymentRefused(f"cannot write to {folder} ({why}); choose another --out") from error
        try:
            self._check_format(groups)
        except DeploymentRefused:
            self.release()
            raise

    @property
    def engine(self) -> Path:
        """Where the engine keeps offsets and checkpoint numbers."""
        return self.state / "engine"

    @property
    def journal(self) -> Path:
        """The written-down exceptions to the order."""
        return self.folder / "journal.jsonl"

    def _locked(self) -> TextIO:
        lock = (self.state / "lock").open("a+", encoding="utf-8")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            lock.close()
            raise DeploymentRefused(
                f"another worker (process {holder}) runs on {self.folder}; stop it, or choose another --out"
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        return lock

    def _clear(self) -> None:
        """Remove what a run makes, and nothing else."""
        for name in MANAGED:
            path = self.folder / name
            if name == "state":
                self._clear_state()
            elif path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        for lines in ("outbox.jsonl", "dead_letters.jsonl"):
            for path in (*self.folder.glob(f"{lines}.*.pending"), self.folder / f"{lines}.open"):
                path.unlink(missing_ok=True)

    def _clear_state(self) -> None:
        for path in self.state.iterdir():
            if path.name == "lock":
                continue
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()

    def _check_format(self, groups: int) -> None:
        path = self.state / "format.json"
        mine = {"state_format": STATE_FORMAT, "key_groups": groups}
        if not path.exists() or not path.stat().st_size:
            _replace(path, json.dumps(mine) + "\n")
            return
        found = json.loads(path.read_text(encoding="utf-8"))
        if found.get("state_format") != STATE_FORMAT:
            raise DeploymentRefused(
                f"{self.folder} holds state of format {found.get('state_format')}, this version writes {STATE_FORMAT}; "
                "run the version that wrote it, or start anew with --fresh"
            )
        if found.get("key_groups") != groups:
            raise DeploymentRefused(
                f"{self.folder} was made with {found.get('key_groups')} key groups, now {groups} are set; the number "
                f"is fixed when a deployment is made: set BALANZA_KEY_GROUPS={found.get('key_groups')}, or start "
                "anew with --fresh"
            )

    @property
    def made_as(self) -> dict[str, str]:
        """What the folder was made as."""
        return made_as(self.folder)

    def check_made_as(self, facts: dict[str, str]) -> None:
        """Refuse to go on as something else than what the folder was made as; a new one is made as `facts`."""
        found = self.made_as
        for name, value in facts.items():
            if found.get(name, value) != value:
                raise DeploymentRefused(
                    f"{self.folder} was made with {name} {found[name]}, now it is {value}; go on as it was made, "
                    "choose another --out, or start anew with --fresh"
                )
        if found | facts != found:
            self.remember_made_as(found | facts)

    def remember_made_as(self, facts: dict[str, str]) -> None:
        """Store what the folder is made as."""
        _replace(self.state / "made_as.json", json.dumps(facts) + "\n")

    def note(self, name: str, content: bytes) -> None:
        """Keep a small file beside the state, as a whole or not at all."""
        draft = self.state / f"{name}.new"
        draft.write_bytes(content)
        draft.replace(self.state / name)

    def noted(self, name: str) -> bytes | None:
        """Give what `note` kept, None if there is nothing."""
        path = self.state / name
        return path.read_bytes() if path.exists() else None

    def forget(self, name: str) -> None:
        """Remove a note."""
        (self.state / name).unlink(missing_ok=True)

    @property
    def secret(self) -> bytes:
        """The folder's own secret, made when it is first asked for: whoever does not have it cannot name the erased."""
        found = self.noted(KEY)
        if found is None:
            found = secrets.token_bytes(KEY_BYTES)
            self.note(KEY, found)
            (self.state / KEY).chmod(READABLE_BY_OWNER)
        return found

    def stored_program(self) -> str | None:
        """Give the program that the state was last run with, as stored."""
        path = self.state / "program.json"
        return path.read_text(encoding="utf-8") if path.exists() else None

    def remember_program(self, text: str) -> None:
        """Store the program beside the state."""
        _replace(self.state / "program.json", text)

    def release(self) -> None:
        """Let another worker in."""
        self._lock.close()


def made_as(folder: Path) -> dict[str, str]:
    """What a folder was made as: its role, its kind of input, its part of the groups; empty for a new one."""
    path, engine = folder / "state" / "made_as.json", folder / "state" / "engine"
    if path.exists() and path.stat().st_size:
        facts: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
        return facts
    return dict(ONE_PROCESS_ON_FILES) if engine.is_dir() and any(engine.iterdir()) else {}


def _replace(path: Path, text: str) -> None:
    """Write a file so that it is there as a whole or not at all."""
    draft = path.with_suffix(".new")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
