"""Jobs that a worker can import."""

from __future__ import annotations


class Nothing:
    """Tasks that do nothing, so that only the way there and back is left."""

    def work(self, task: int) -> int:
        return task


class Picks:
    """A job that fails beyond its end."""

    def work(self, task: int) -> int:
        return (1, 2, 3)[task]
