"""docs/reliability.md, written from the outcomes of the tests that carry the marker ``fault``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"

HEAD = """\
# What a run survives

Written by `make reliability` from a run of the tests below; do not edit. Each row is one test: it
provokes the fault, checks the exit code and the line that the user sees, lifts the fault, goes on
with the run, and compares `front.csv`, `results.csv`, `summary.json` and `journal.jsonl`, byte for
byte, with those of a run that nothing befell. "Lost" is what was not there again at the end.

A run folder is the record of a run: `manifest.json` holds the command line, the text and the
SHA-256 of every input file, the seed and the versions; `journal.jsonl` a line with a checksum for
each batch; tables appear when they are whole. `dse resume DIR` goes on from there: it reads the
inputs from the manifest and not from the disk, says which have changed, and refuses other
versions. One process at a time writes to a folder (`flock`); the lock ends with its process. On a
network file system, let one host at a time write.

Not covered: a disk that says that data is on it when it is not, Windows, and network file systems.

"""
TITLES = ("Fault", "How it is provoked", "Exit", "What the user sees", "Lost", "Test", "Result")


@dataclass(frozen=True)
class Row:
    """One test and how it ended."""

    fault: str
    how: str
    code: str
    seen: str
    test: str
    outcome: str

    def cells(self) -> tuple[str, ...]:
        passed = self.outcome == "passed"
        result = ("nothing", "passed") if passed else ("?", self.outcome)
        seen = (
            f"`{self.seen}`" if self.seen.startswith(("dse: ", "note: ", "stopped")) else self.seen
        )
        return (self.fault, self.how, self.code, seen, result[0], f"`{self.test}`", result[1])


def page(rows: list[Row]) -> str:
    """The page: its head, then a table by fault in the order of the tests."""
    lines = [_line(TITLES), _line(["---"] * len(TITLES))]
    lines += [_line(row.cells()) for row in rows]
    passed = sum(row.outcome == "passed" for row in rows)
    return HEAD + "\n".join(lines) + f"\n\n{passed} of {len(rows)} tests passed.\n"


def tests_of(text: str) -> list[str]:
    """Tests that a page lists, in its order."""
    rows = [line for line in text.splitlines() if line.startswith("| ")][2:]
    return [row.rsplit(" | ", 2)[1].strip("`") for row in rows]


def _line(cells) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
