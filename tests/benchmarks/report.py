"""Tables as aligned text, the same in a terminal and in docs/performance.md."""

from collections.abc import Iterator

from tests.benchmarks.results import Judged

GAP = "  "


class Table:
    """Rows of text under a heading; the first column is words, the others are figures."""

    def __init__(self, title: str, head: list[str]) -> None:
        self.title = title
        self._rows = [head]

    def add(self, *cells: str) -> None:
        """Append a row."""
        self._rows.append(list(cells))

    def text(self) -> str:
        """Title, head and rows, columns aligned."""
        widths = [max(len(row[column]) for row in self._rows) for column in range(len(self._rows[0]))]
        lines = [GAP.join(_aligned(row, widths)) for row in self._rows]
        return "\n".join([self.title, *(f"{GAP}{line.rstrip()}" for line in lines)])


def _aligned(row: list[str], widths: list[int]) -> Iterator[str]:
    for column, (cell, width) in enumerate(zip(row, widths, strict=True)):
        yield cell.rjust(width) if column else cell.ljust(width)


def targets(figures: list[Judged]) -> Table:
    """What was aimed at, and whether it was met."""
    table = Table("Targets", ["", "figure", "target", "met"])
    for one in figures:
        table.add(one.name, one.figure, one.target, "" if one.met is None else "yes" if one.met else "NO")
    return table
