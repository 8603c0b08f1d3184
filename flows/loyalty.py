"""The dataflow, top to bottom.

log -> stitch -> members -> records. A batch travels as one item; a station is one engine key a worker. Step names are
part of the state's address in the engine's recovery store: they never change.

A deployment of several processes cuts the way between stitch and members: `stitching` in one process, `membership` in
as many as there are parts of the key groups, with a topic between them.
"""

from collections.abc import Callable

import bytewax.operators as op
from bytewax.dataflow import Dataflow
from bytewax.inputs import Source
from bytewax.outputs import Sink

from flows.runtime.station import ONE_KEY, Host, station
from flows.stations import MemberHost, StitchHost, Wiring
from flows.workers import RoutingHost, WorkerHost
from schemas.log import LogBatch
from schemas.records import Packet
from schemas.stitched import StitchedBatch


def one_key(_batch: object) -> str:
    """Every batch goes to the one writer."""
    return ONE_KEY


def loyalty(wiring: Wiring, log: Source[LogBatch], records: Sink[tuple[str, Packet]]) -> Dataflow:
    """Build the flow: raw channel events in; members recognised, points kept, decisions made; records out."""

    def open_stitch(number: int) -> Host[LogBatch, StitchedBatch]:
        return StitchHost(wiring, number)

    def open_members(number: int) -> Host[StitchedBatch, Packet]:
        return MemberHost(wiring, number)

    flow = Dataflow("loyalty")
    batches = op.input("log", flow, log)
    keyed = op.key_on("one_writer", batches, one_key)
    stitched = station("stitch", keyed, open_stitch, _note(wiring, "stitch"))
    packets = station("members", stitched, open_members, _note(wiring, "members"))
    op.output("records", packets, records)
    return flow


def stitching(wiring: Wiring, log: Source[LogBatch], records: Sink[tuple[str, Packet]]) -> Dataflow:
    """Build the first half: raw channel events in; members recognised, their events addressed to member workers."""

    def open_stitch(number: int) -> Host[LogBatch, Packet]:
        return RoutingHost(wiring, number)

    flow = Dataflow("stitching")
    batches = op.input("log", flow, log)
    keyed = op.key_on("one_writer", batches, one_key)
    packets = station("stitch", keyed, open_stitch, _note(wiring, "stitch"))
    op.output("records", packets, records)
    return flow


def membership(wiring: Wiring, stitched: Source[StitchedBatch], records: Sink[tuple[str, Packet]]) -> Dataflow:
    """Build the second half, for some of the key groups: events of members in; points, decisions, records out."""

    def open_members(number: int) -> Host[StitchedBatch, Packet]:
        return WorkerHost(wiring, number)

    flow = Dataflow("membership")
    batches = op.input("stitched", flow, stitched)
    keyed = op.key_on("one_writer", batches, one_key)
    packets = station("members", keyed, open_members, _note(wiring, "members"))
    op.output("records", packets, records)
    return flow


def _note(wiring: Wiring, name: str) -> Callable[[float], None]:
    return wiring.metrics.epoch_seconds.labels(name).observe
