"""The dataflow, top to bottom.

log -> stitch -> members -> records. A batch travels as one item; a station is one engine key a worker. Step names are
part of the state's address in the engine's recovery store: they never change.
"""

from collections.abc import Callable

import bytewax.operators as op
from bytewax.dataflow import Dataflow
from bytewax.inputs import Source
from bytewax.outputs import Sink

from flows.runtime.station import ONE_KEY, Host, station
from flows.stations import MemberHost, StitchHost, Wiring
from schemas.log import LogBatch
from schemas.records import Packet
from schemas.stitched import StitchedBatch


def one_key(_batch: LogBatch) -> str:
    """Every batch goes to the one writer."""
    return ONE_KEY


def loyalty(wiring: Wiring, log: Source[LogBatch], records: Sink[tuple[str, Packet]]) -> Dataflow:
    """Build the flow: raw channel events in; members recognised, points kept, decisions made; records out."""

    def open_stitch(number: int) -> Host[LogBatch, StitchedBatch]:
        return StitchHost(wiring, number)

    def open_members(number: int) -> Host[StitchedBatch, Packet]:
        return MemberHost(wiring, number)

    def note(name: str) -> Callable[[float], None]:
        return wiring.metrics.epoch_seconds.labels(name).observe

    flow = Dataflow("loyalty")
    batches = op.input("log", flow, log)
    keyed = op.key_on("one_writer", batches, one_key)
    stitched = station("stitch", keyed, open_stitch, note("stitch"))
    packets = station("members", stitched, open_members, note("members"))
    op.output("records", packets, records)
    return flow
