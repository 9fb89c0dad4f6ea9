"""Shapes of the JSON files of a run folder, which somebody may have edited, or a disk damaged."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveInt,
    ValidationError,
    model_validator,
)

from dse.cost import metric
from dse.errors import CorruptRunError
from dse.store.table import UNLIMITED

__all__ = ["check_manifest", "check_summary"]


class _Shape(BaseModel):
    """What later code relies on; keys of other versions are left alone."""

    model_config = ConfigDict(strict=True, extra="allow", allow_inf_nan=False)


def _metric(name: str) -> str:
    try:
        return metric(name).name
    except KeyError:
        raise ValueError("not a metric of dse") from None


def _time(text: str) -> str:
    datetime.fromisoformat(text)
    return text


_Metric = Annotated[str, AfterValidator(_metric)]
_Time = Annotated[str, AfterValidator(_time)]


class _Target(_Shape):
    metric: _Metric
    limit: float
    sense: Literal[-1, 1]


class _Space(_Shape):
    name: str
    title: str
    chip: str
    models: list[str]
    scenario: str
    unit: str | None
    size: PositiveInt
    objectives: Annotated[list[_Metric], Field(min_length=1)]
    targets: list[_Target]


class _Settings(_Shape):
    trials: NonNegativeInt | None = None
    samples: PositiveInt | None = None
    seed: NonNegativeInt | None = None
    sampler: str = ""
    certify: float | None = None


class _Input(_Shape):
    sha256: str
    text: str


class _Column(_Shape):
    name: str
    kind: Literal["float", "int", "text"]
    unit: str
    role: Literal["design", "axis", "tied", "status", "metric"]
    sense: Literal[-1, 0, 1]
    meaning: str
    values: dict[str, float | str] | None = None

    @model_validator(mode="after")
    def _check_values(self) -> Self:
        held = tuple((self.values or {}).values())
        if self.role in ("axis", "tied") and not held:
            raise ValueError("must hold the values of its choices")
        is_text = self.kind == "text"
        if any(isinstance(v, str) != is_text for v in held if is_text or v != UNLIMITED):
            raise ValueError(f"must hold values of the kind {self.kind}")
        return self


class _Manifest(_Shape):
    kind: Literal["sweep", "search"]
    space: _Space
    settings: _Settings
    resolved_sha256: str
    inputs: dict[str, _Input]
    columns: list[_Column]
    versions: dict[str, str]
    argv: list[str] = []
    host: str = ""
    seconds: float | None = None
    started: _Time | None
    ended: _Time | None


class _Certificate(_Shape):
    space_size: PositiveInt
    eps: NonNegativeFloat
    eps_reached: NonNegativeFloat | None
    boxes: NonNegativeInt
    open_boxes: NonNegativeInt
    complete: bool


class _Summary(_Shape):
    evaluated: NonNegativeInt
    feasible: NonNegativeInt
    front: NonNegativeInt
    trials: NonNegativeInt | None = None
    is_exhaustive: bool = False
    optimal_steps: NonNegativeInt | None = None
    # It is absent or whole, but never null.
    certificate: _Certificate = None  # type: ignore[assignment]


def check_manifest(data: Any, place: str) -> None:
    """Check the content of a manifest.

    Raises
    ------
    CorruptRunError
        Names the first field that is not what it must be.
    """
    _check(_Manifest, data, place, "a run manifest")


def check_summary(data: Any, place: str) -> None:
    """Check the content of a summary, as `check_manifest` does."""
    _check(_Summary, data, place, "a summary")


def _check(shape: type[_Shape], data: Any, place: str, what: str) -> None:
    try:
        shape.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole"
        reason = first["msg"].removeprefix("Value error, ")
        raise CorruptRunError(f"{place}: not {what}: {where}: {reason}") from error
