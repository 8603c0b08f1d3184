"""An engine of thirty lines: it drives a destination as the real one does, and can be killed at any file operation.

Run in a process of its own. A member's state is (version, points); the store of them is rebuilt from the packets, as
the real one resumes from its checkpoint.
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from schemas.records import Packet
from sinks.destination import Destination, Mark

KILLED = 9
FILE_OPERATIONS = {"open", "os.rename", "os.remove", "os.truncate", "sqlite3.connect"}
Store = dict[str, object]
Epochs = list[list[Packet]]


def drive(folder: Path, make: Callable[[Path, Store], Destination], epochs: Epochs) -> None:
    """Run what is left of the epochs; each is published when the next one begins, the last at the end."""
    committed, mark = _committed(folder)
    store: Store = {}
    for packet in (packet for epoch in epochs[:committed] for packet in epoch):
        _apply(store, packet)
    destination = make(folder, store)
    destination.recover(committed, mark)
    for epoch, packets in enumerate(epochs[committed:], committed + 1):
        destination.publish(epoch - 1)
        for packet in packets:
            _apply(store, packet)
            destination.write(packet)
        mark = destination.seal(epoch)
        _commit(folder, epoch, mark)
        if epoch % 2 == 0:
            destination.idle()
    destination.publish(len(epochs))
    destination.close()
    destination.close()


def die_at(operation: int, folder: Path) -> None:
    """From now on the process dies instead of doing its file operation of that number within the folder."""
    done = 0

    def audit(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal done
        if event in FILE_OPERATIONS and str(arguments[0]).startswith(str(folder)):
            done += 1
            if done == operation:
                os._exit(KILLED)

    sys.addaudithook(audit)


def _apply(store: Store, packet: Packet) -> None:
    store.update(packet.touched)
    for member_id in packet.gone:
        store.pop(member_id, None)


def _committed(folder: Path) -> tuple[int, Mark]:
    try:
        committed, mark = json.loads((folder / "engine.json").read_text())
    except FileNotFoundError:
        return 0, {}
    return committed, mark


def _commit(folder: Path, epoch: int, mark: Mark) -> None:
    (folder / "engine.json.tmp").write_text(json.dumps([epoch, mark]))
    (folder / "engine.json.tmp").replace(folder / "engine.json")
