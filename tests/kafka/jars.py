"""The jars of the broker: fetched once by Maven as pom.xml says, kept in the user's cache between runs.

BALANZA_TEST_KAFKA_JARS names a folder that holds them already; nothing is fetched then.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

POM: Final = Path(__file__).with_name("pom.xml")
FOLDER_VARIABLE: Final = "BALANZA_TEST_KAFKA_JARS"
FETCH_SECONDS_MAX: Final = 240


class NoBroker(Exception):
    """A broker cannot be started on this machine; the message says what is missing."""


def java() -> str:
    """Path of the Java that runs the broker; NoBroker if there is none."""
    found = shutil.which("java")
    if found is None:
        raise NoBroker("no java on the path (Kafka needs 17 or later)")
    return found


def jars() -> Path:
    """Folder with the broker's jars, fetched if they are not there yet; NoBroker if that fails."""
    given = os.environ.get(FOLDER_VARIABLE)
    if given:
        if not any(Path(given).glob("kafka_*.jar")):
            raise NoBroker(f"{FOLDER_VARIABLE}: no kafka_*.jar in {given}")
        return Path(given)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "balanza"
    folder = cache / f"kafka-{hashlib.sha256(POM.read_bytes()).hexdigest()[:12]}"
    if not folder.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        _fetch(folder)
    return folder


def _fetch(folder: Path) -> None:
    """Fill a folder beside `folder` and give it its name when it is complete: nobody ever sees half of it."""
    maven = shutil.which("mvn")
    if maven is None:
        raise NoBroker(f"no mvn on the path to fetch the broker with, and {FOLDER_VARIABLE} is not set")
    partial = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
    try:
        wanted = f"-DincludeScope=runtime -DoutputDirectory={partial / 'jars'}".split(" ")
        command = [maven, "-B", "-q", "-f", str(POM), "dependency:copy-dependencies", *wanted]
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=FETCH_SECONDS_MAX, check=False
        )
        if done.returncode:
            raise NoBroker(f"mvn could not fetch the broker:\n{(done.stdout + done.stderr)[-2000:]}")
        _take_name(partial / "jars", folder)
    except subprocess.TimeoutExpired as error:
        raise NoBroker(f"mvn did not fetch the broker within {FETCH_SECONDS_MAX} s") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _take_name(partial: Path, folder: Path) -> None:
    try:
        partial.rename(folder)
    except OSError:
        if not folder.is_dir():  # otherwise another run was quicker, and its folder is as good
            raise
