"""One broker of Apache Kafka in a process of its own: started, stopped, killed, held still, started again.

It listens on 127.0.0.1 only, keeps everything in one folder, and dies with the process that started it.
"""

import base64
import os
import signal
import socket
import subprocess
import time
import uuid
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from tests.kafka.jars import NoBroker, jars, java
from tests.kafka.properties import free_ports, server_properties
from tests.kafka.topics import QUIET

START_SECONDS_MAX: Final = 60.0
STOP_SECONDS_MAX: Final = 20.0
LOG_SHOWN_BYTES: Final = 4000
QUICK_JVM: Final = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")
SIMPLE_LOG: Final = "-Dorg.slf4j.simpleLogger"

# Reads from the process that started the broker. A word is a good-bye; the end of input is that process's death, also
# by SIGKILL. (The kernel's death signal would come already when the thread ends that started the broker.)
WATCHDOG: Final = 'read -r _ || kill -9 "$1" 2>/dev/null'


class Broker:
    """A broker on `folder`; use it as a context, or call start and kill."""

    def __init__(self, folder: Path, users: dict[str, str] | None = None, *, tls: bool = False) -> None:
        """`users` (name: password) get a listener with PLAIN and SCRAM-SHA-256, `tls` one with a certificate."""
        self.folder = folder
        self.users = users or {}
        self.ports = free_ports()
        self.log = folder / "broker.log"
        self._keystore = folder / "broker.p12" if tls else None
        self._process: subprocess.Popen[bytes] | None = None
        self._watchdog: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        """Address where everything is allowed."""
        return f"127.0.0.1:{self.ports.plain}"

    @property
    def sasl_bootstrap(self) -> str:
        """Address where a name and a password are asked for."""
        return f"127.0.0.1:{self.ports.sasl}"

    @property
    def ssl_bootstrap(self) -> str:
        """Address that is reached by TLS; `certificate` is the authority to trust."""
        return f"127.0.0.1:{self.ports.ssl}"

    @property
    def certificate(self) -> Path:
        """The broker's certificate in PEM, which it has signed itself."""
        return self.folder / "broker.pem"

    def start(self) -> Self:
        """Start, formatting the folder the first time, and wait until it answers; NoBroker with its log if not."""
        assert self._process is None
        libraries = jars()
        settings = self.folder / "server.properties"
        if not settings.exists():
            self._format(libraries, settings)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [java(), *QUICK_JVM, f"{SIMPLE_LOG}.defaultLogLevel=warn", f"{SIMPLE_LOG}.showDateTime=true",
                 "-cp", f"{libraries}/*", "kafka.Kafka", str(settings)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self._watchdog = subprocess.Popen(
            ["sh", "-c", WATCHDOG, "sh", str(self._process.pid)],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        try:
            self._wait()
        except BaseException:
            self.kill()
            raise
        return self

    def stop(self) -> None:
        """Let it end in good order."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self.kill()

    def kill(self) -> None:
        """End it at once, as a power cut would; nothing happens if it does not run."""
        if self._watchdog is not None:
            self._watchdog.communicate(b"good-bye\n")
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._process = self._watchdog = None

    def pause(self) -> None:
        """Hold it still: connections stay open and nothing is answered."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on after `pause`."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGCONT)

    def restart(self) -> None:
        """Stop and start on the same folder and ports."""
        self.stop()
        self.start()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.kill()

    def _format(self, libraries: Path, settings: Path) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._keystore is not None:
            self._certify(self._keystore)
        lines = server_properties(self.ports, self.folder / "data", self.users, self._keystore)
        text = "".join(f"{name}={value}\n" for name, value in lines.items())
        # The tool takes an id that begins with a dash for an option: the first bits are zero, so it begins with an A.
        cluster = base64.urlsafe_b64encode(bytes(1) + uuid.uuid4().bytes[1:]).decode().rstrip("=")
        scram = [f"SCRAM-SHA-256=[name={name},password={word}]" for name, word in self.users.items()]
        accounts = [word for account in scram for word in ("--add-scram", account)]
        draft = settings.with_suffix(".draft")
        draft.write_text(text, encoding="utf-8")
        tool = ["kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(draft), *accounts]
        _run([java(), *QUICK_JVM, "-cp", f"{libraries}/*", *tool])
        draft.rename(settings)  # last: a folder without it has not been formatted

    def _certify(self, keystore: Path) -> None:
        store = ["-keystore", str(keystore), "-storepass", "changeit", "-alias", "broker"]
        name = ["-dname", "CN=127.0.0.1", "-ext", "san=ip:127.0.0.1,dns:localhost", "-validity", "30"]
        kind = ["-keyalg", "EC", "-groupname", "secp256r1", "-storetype", "PKCS12"]
        keytool = str(Path(java()).with_name("keytool"))
        _run([keytool, "-genkeypair", *kind, *store, *name])
        _run([keytool, "-exportcert", "-rfc", "-file", str(self.certificate), *store])

    def _wait(self) -> None:
        """Wait until it answers a question (that the port is open comes a little earlier)."""
        assert self._process is not None
        until = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < until:
            if self._process.poll() is not None:
                raise NoBroker(f"the broker ended with {self._process.returncode}:\n{self._tail()}")
            if answers(self.bootstrap):
                return
            time.sleep(0.05)
        raise NoBroker(f"the broker did not answer within {START_SECONDS_MAX:.0f} s:\n{self._tail()}")

    def _tail(self) -> str:
        return self.log.read_bytes()[-LOG_SHOWN_BYTES:].decode(errors="replace")


def answers(bootstrap: str) -> bool:
    """Whether the broker at `bootstrap` says what topics there are; no wait if nobody listens there."""
    if not _listens(bootstrap):
        return False
    client = AdminClient({"bootstrap.servers": bootstrap}, logger=QUIET)
    try:
        return bool(client.list_topics(timeout=5.0).brokers)
    except KafkaException:
        return False


def _listens(address: str) -> bool:
    host, _, port = address.rpartition(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


def _run(command: list[str]) -> None:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        raise NoBroker(f"{command[-1]} and before: exit status {done.returncode}\n{done.stdout}{done.stderr}")
