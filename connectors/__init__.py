"""The way in: logs that are read in one order, and simulated ones."""
