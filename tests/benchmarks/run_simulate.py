"""A child process: writes a log to measure on. Simulating needs memory that no measuring process should have had."""

from pathlib import Path

from tests.benchmarks.answers import task
from tests.benchmarks.logs import write


def main() -> None:
    """Write the log."""
    given = task()
    write(given.events, Path(given.log))


if __name__ == "__main__":
    main()
