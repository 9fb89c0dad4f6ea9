"""Errors that users can meet, each with a stable slug and an exit code.

The core raises these; only `dse.cli` turns them into text and exit codes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = [
    "CertifyError",
    "ClusterError",
    "CorruptRunError",
    "DatabaseError",
    "DseError",
    "Fault",
    "LockedRunError",
    "MissingPackageError",
    "OutputError",
    "SpecError",
    "StoreError",
    "TooLargeError",
    "UnitError",
    "VersionMismatchError",
    "printable",
]

# Control characters, line breaks, and the marks that reorder text.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    r"""Escape what would move the cursor of a terminal, as Python writes it.

    Examples
    --------
    >>> print(printable("a\n\x1b[31mb"))
    a\n\x1b[31mb
    """
    return _CONTROL.sub(lambda match: repr(match[0])[1:-1], text)


class DseError(Exception):
    """Base of every error that is the input's fault and not a bug of dse."""

    exit_code: int = 1
    slug: str = "error"


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One fault of an input file.

    Parameters
    ----------
    file : str
        The file's name as the user gave it.
    line, column : int
        Place of the offending text, counted from 1; 0 when the whole file is meant.
    path : str
        Dotted path of the field, e.g. ``dram.data_rate``; may be empty.
    message : str
        Rule, value and remedy: ``must be > 0, but got "-1 GHz"``.
    slug : str
        Stable short name of the rule, e.g. ``range``.
    """

    file: str
    line: int
    column: int
    path: str
    message: str
    slug: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}: " if self.line else f"{self.file}: "
        path = f"{self.path}: " if self.path else ""
        return printable(f"{place}{path}{self.message} [{self.slug}]")


class SpecError(DseError):
    """One or more faults of spec files, reported together."""

    slug = "spec"

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = tuple(sorted(faults))
        files = len({fault.file for fault in self.faults})
        count = len(self.faults)
        summary = (
            f"{count} error{'s' if count != 1 else ''} in {files} file{'s' if files != 1 else ''}"
        )
        super().__init__("\n".join([*map(str, self.faults), summary]))


class UnitError(DseError, ValueError):
    """A quantity that cannot be read: no unit, a wrong unit or no finite number."""

    slug = "unit"

    def __init__(self, message: str, slug: str = "unit") -> None:
        super().__init__(message)
        self.slug = slug


class OutputError(DseError):
    """Standard output cannot be written; the message says why."""

    slug = "output"


class MissingPackageError(DseError):
    """An optional package is not installed.

    Parameters
    ----------
    what : str
        What needs it.
    package, extra : str
        The package, and the extra of dse that installs it.
    """

    slug = "missing-package"

    def __init__(self, what: str, package: str, extra: str) -> None:
        super().__init__(
            f"{what} needs the package {package}, which is not installed; "
            f"install it with: pip install 'dse[{extra}]'"
        )


class TooLargeError(DseError):
    """More designs were asked for than can be evaluated one by one."""

    exit_code = 2
    slug = "too-large"


class CertifyError(DseError):
    """A space about which nothing can be proven; the message says what stands in the way."""

    exit_code = 2
    slug = "certify"


class ClusterError(DseError):
    """A cluster cannot be reached or used; the message says why."""

    exit_code = 5
    slug = "cluster"


class StoreError(DseError):
    """A run folder cannot be read or written, or a file that was asked for not written."""

    exit_code = 4
    slug = "store"


class CorruptRunError(StoreError):
    """A run folder's record is damaged beyond its last line."""

    slug = "corrupt-run"


class LockedRunError(StoreError):
    """Another process is writing to the run folder."""

    slug = "locked-run"


class VersionMismatchError(StoreError):
    """A run folder was written by a newer schema, or for another manifest."""

    slug = "version-mismatch"


class DatabaseError(StoreError):
    """A database cannot be reached, refuses to serve, or went away; the message says which."""

    slug = "database"
