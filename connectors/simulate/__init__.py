"""A seeded stream of loyalty events of any size, with the truth of who did what.

`simulate` yields lines, `write_log` writes them with a truth file and exact counts, `pairwise` judges stitching by that
truth. People browse anonymously, log in, buy, return, redeem and change their minds; lines arrive late, twice, broken.
"""

from connectors.simulate.base import BaseOrder, read_orders, write_orders
from connectors.simulate.lines import Line
from connectors.simulate.options import Rates, SimulateOptions
from connectors.simulate.quality import Quality, pairwise
from connectors.simulate.stream import simulate
from connectors.simulate.summary import SimulationSummary
from connectors.simulate.writer import write_log

__all__ = [
    "BaseOrder", "Line", "Quality", "Rates", "SimulateOptions", "SimulationSummary",
    "pairwise", "read_orders", "simulate", "write_log", "write_orders",
]  # fmt: skip
