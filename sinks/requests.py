"""What persons ask for, carried out where their records lie: to be erased, or to be given all that is held on them.

A request is written down with the records of its epoch and carried out when these become Parquet, in the background.
Exports come first, of the rows as they were; then the erased are taken out of line files, of the Parquet files and of
the files of `--keep-records`. The
manifest that counts the new files is saved after all that: a process that dies before begins again, and readers see
the epoch without the erased or not at all.

`erasures.jsonl` says what was erased: a line a request, with the rows by table, and nothing of the person.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import duckdb
import msgspec
import orjson
from msgspec import Raw, Struct

from schemas.records import ErasedMember, ExportAsked, Packet
from schemas.states import decode_member
from sinks.catalog import SPILL, Manifest, create_views
from sinks.document import DocumentOf
from sinks.erased_lines import ErasedLines
from sinks.erased_records import erase_records
from sinks.erasing import Counts, Erasing
from sinks.exporting import save_export
from sinks.readable import rfc3339

ERASED, EXPORTS = "erased", "exports"  # their names among the files of an epoch
REPORT: Final = "erasures.jsonl"
EXPORTS_FOLDER: Final = "exports"
RECORDS: Final = "records"  # what `--keep-records` leaves, in this run or an earlier one
NO_DOCUMENT: Final = Raw(b"null")

About = Callable[[str], dict[str, Any]]  # what an export of a member says of itself
Files = Mapping[str, Sequence[tuple[int, Path]]]  # (epoch, JSON lines) by table


class ExportNoted(Struct):
    """An export with the member's document as of its request; JSON's null where no member states are."""

    asked: ExportAsked
    document: Raw


_encoder = msgspec.json.Encoder()
_erased = msgspec.json.Decoder(ErasedMember)
_exports = msgspec.json.Decoder(ExportNoted)


class Requests:
    """Carries out the requests of a deployment's folder."""

    def __init__(
        self, out: Path, key: bytes, document: DocumentOf | None = None, line_files: Mapping[str, Path] | None = None,
        about: About | None = None,
    ) -> None:  # fmt: skip
        """`out` is the deployment's folder, `key` (1 to 64 bytes) its own, never told to anybody.

        `document` makes a member's document of its state; `line_files` are those by table that people are taken out of;
        `about` says of a member's export what is missing in it.
        """
        self._out = out
        self._key = key
        self._document = document
        self._about = about
        self._line_files = {} if line_files is None else line_files

    def noted(self, packet: Packet) -> dict[str, bytes]:
        """The packet's requests as JSON lines, by their names."""
        noted: dict[str, bytes] = {}
        if packet.erased:
            noted[ERASED] = _encoder.encode_lines(packet.erased)
        if packet.exports:
            noted[EXPORTS] = _encoder.encode_lines([self._export(asked, packet) for asked in packet.exports])
        return noted

    def _export(self, asked: ExportAsked, packet: Packet) -> ExportNoted:
        state = decode_member(asked.state) if asked.state else packet.touched.get(asked.member_id)
        asked = msgspec.structs.replace(asked, state=b"")
        if self._document is None or state is None:
            return ExportNoted(asked, NO_DOCUMENT)
        return ExportNoted(asked, Raw(self._document(asked.member_id, state)[1]))

    def carry_out(
        self, connection: duckdb.DuckDBPyConnection, folder: Path, manifest: Manifest, files: Files, epoch: int
    ) -> list[Path]:
        """Export and erase, for a manifest (of the warehouse in `folder`) that counts all rows up to `epoch`.

        Gives the Parquet files that the manifest counts no more.
        """
        exports = [_exports.decode(line) for line in _lines(files.get(EXPORTS, ()))]
        if exports:
            self._save_exports(connection, folder, manifest, exports)
        people = [_erased.decode(line) for line in _lines(files.get(ERASED, ()))]
        if not people:
            return []
        counts: Counts = [{} for _ in people]
        lines = ErasedLines(people)
        for table, path in self._line_files.items():
            for nth, count in enumerate(lines.erase(path, table)):
                counts[nth] |= {path.name: count} if count else {}
        erasing = Erasing(connection, folder, people, self._key)
        superseded = erasing.rewrite(manifest, epoch)
        erase_records(erasing, self._out / RECORDS, people, folder / SPILL)
        self._report(people, [rows | more for rows, more in zip(erasing.counts, counts, strict=True)])
        return superseded

    def _save_exports(
        self, connection: duckdb.DuckDBPyConnection, folder: Path, manifest: Manifest, exports: list[ExportNoted]
    ) -> None:
        connection.execute("ATTACH ':memory:' AS shown")
        try:
            create_views(connection, "shown", folder, manifest)
            for noted in exports:
                about = None if self._about is None else self._about(noted.asked.member_id)
                save_export(connection, noted.asked, bytes(noted.document), self._out / EXPORTS_FOLDER, about)
        finally:
            connection.execute("USE memory")
            connection.execute("DETACH shown")

    def _report(self, people: Sequence[ErasedMember], counts: Counts) -> None:
        """Add the requests to the report, or put them in the place of what a pass before a crash said of them."""
        path = self._out / REPORT
        found = path.read_bytes().splitlines() if path.exists() else []
        said = {orjson.loads(line)["seq"]: line for line in found}
        for person, rows in zip(people, counts, strict=True):
            line = {"seq": person.seq, "request_id": person.request_id, "at": rfc3339(person.at_us), "rows": rows}
            said[person.seq] = orjson.dumps(line)
        built = path.with_name(f"{REPORT}.tmp")
        built.write_bytes(b"".join(said[seq] + b"\n" for seq in sorted(said)))
        built.replace(path)


def _lines(files: Sequence[tuple[int, Path]]) -> list[bytes]:
    return [line for _, path in files for line in path.read_bytes().splitlines()]
