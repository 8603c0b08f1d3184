"""A child process: a till that appends purchases. It answers with the moments at which it did."""

from pathlib import Path

from tests.benchmarks.answers import answer, task
from tests.benchmarks.writing import append_all, plan_of


def main() -> None:
    """Append as planned."""
    given = task()
    answer(append_all(Path(given.log), plan_of(Path(given.plan))))


if __name__ == "__main__":
    main()
