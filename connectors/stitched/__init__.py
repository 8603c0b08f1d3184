"""What the stitcher's process wrote for the member workers, as one ordered input of a worker."""

from connectors.stitched.log import StitchedLog, StitchedLogBroken, StitchedOptions
from connectors.stitched.order import StitchedOrder
from connectors.stitched.progress import StitchedProgress

__all__ = ["StitchedLog", "StitchedLogBroken", "StitchedOptions", "StitchedOrder", "StitchedProgress"]
