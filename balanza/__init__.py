"""The command line: run the pipeline, look at what it made, check what goes in."""

__version__ = "0.1.0"
