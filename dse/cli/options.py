"""Options and their types that several commands share."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from dse.dtype import Format
    from dse.space import Target

__all__ = [
    "Command",
    "FormatType",
    "MethodType",
    "MetricName",
    "NewPath",
    "NumberRange",
    "QuantityType",
    "SpecName",
    "TargetType",
    "image_options",
    "json_option",
    "scenario_options",
    "stack_option",
    "unit_option",
]

# click.ParamType takes a type argument from 8.5 on; 8.2 has none, hence the ignored complaints.
Command = TypeVar("Command", bound=Callable[..., Any])


class NewPath(click.Path):
    """The path of a file or folder to be written: not empty, in UTF-8; converts to a `Path`."""

    def __init__(self, *, is_folder: bool = True) -> None:
        super().__init__(path_type=Path, dir_okay=is_folder)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Check the name before click makes a path of it."""
        text = os.fsdecode(value)
        if not text:
            self.fail("the path must not be empty", param, ctx)
        try:
            text.encode()
        except UnicodeEncodeError:
            self.fail(f"the path {text!a} must be UTF-8: a run keeps it as text", param, ctx)
        return super().convert(value, param, ctx)


class PicturePath(NewPath):
    """The path of a picture to be drawn: its ending says how."""

    def __init__(self) -> None:
        super().__init__(is_folder=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Check the ending too."""
        path = super().convert(value, param, ctx)
        if path.suffix not in (".png", ".svg"):
            self.fail(f"must end in .png or .svg, but got {path.name}", param, ctx)
        return path


class NumberRange(click.FloatRange):
    """A number within bounds; NaN, which no comparison finds beyond them, is none."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read the number, or fail with the bounds."""
        number: float = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail(f"{value} is not in the range {self._describe_range()}.", param, ctx)
        return number


class QuantityType(click.ParamType):  # type: ignore[type-arg]
    """A positive number with a unit, of one dimension; converts to the SI float.

    Parameters
    ----------
    dimension : str
        Of `dse.units.DIMENSIONS`.
    low, high : str
        Bounds as a user would write them; > 0 alone by default.
    """

    def __init__(self, dimension: str, low: str | None = None, high: str | None = None) -> None:
        self.dimension = dimension
        self.name = dimension
        self.low, self.high = low, high

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read the quantity, or fail with the parser's own sentence."""
        from dse.errors import UnitError
        from dse.units import parse_quantity

        if isinstance(value, float):
            return value
        try:
            number = parse_quantity(value, self.dimension)
        except UnitError as error:
            self.fail(str(error), param, ctx)
        if number <= 0.0:
            self.fail(f'must be > 0, but got "{value}"', param, ctx)
        if self.low is not None and number < parse_quantity(self.low, self.dimension):
            self.fail(f'must be >= {self.low}, but got "{value}"', param, ctx)
        if self.high is not None and number > parse_quantity(self.high, self.dimension):
            self.fail(f'must be <= {self.high}, but got "{value}"', param, ctx)
        return number


class FormatType(click.ParamType):  # type: ignore[type-arg]
    """A number format such as ``int4-g32``."""

    name = "format"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Format:
        """Read the format, or fail with the parser's own sentence."""
        from dse.dtype import Format, parse_format
        from dse.errors import UnitError

        if isinstance(value, Format):
            return value
        try:
            return parse_format(value)
        except UnitError as error:
            self.fail(str(error), param, ctx)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Offer the formats that are met most."""
        common = ("int4-g32", "int4-g128", "int8", "fp8", "fp16", "bf16", "mxfp4", "q4_k")
        return [CompletionItem(name) for name in common if name.startswith(incomplete)]


class TargetType(click.ParamType):  # type: ignore[type-arg]
    """A limit such as ``tpot_s <= 100 ms``."""

    name = "target"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Target:
        """Read the limit, or fail with the reader's own sentence."""
        from dse.errors import UnitError
        from dse.spec.targets import parse_target

        if not isinstance(value, str):
            target: Target = value
            return target
        try:
            return parse_target(value)
        except UnitError as error:
            self.fail(str(error), param, ctx)


class MethodType(click.ParamType):  # type: ignore[type-arg]
    """The name of a method of quantisation."""

    name = "method"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Check the name, or list all of them."""
        from dse.errors import UnitError
        from dse.workload import parse_method

        try:
            return parse_method(value)
        except UnitError as error:
            self.fail(str(error), param, ctx)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Offer the methods."""
        from dse.workload import BEST, METHODS

        return [CompletionItem(name) for name in (BEST, *METHODS) if name.startswith(incomplete)]


class SpecName(click.ParamType):  # type: ignore[type-arg]
    """A name in the library, or the path of a file; converts to itself.

    Parameters
    ----------
    kind, more : str
        Kinds of spec, for completion; the first is what it is called.
    """

    def __init__(self, kind: str, *more: str) -> None:
        self.kinds = (kind, *more)
        self.name = kind

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Offer the library's names, and files where the text looks like a path."""
        from dse.spec import list_specs

        if "/" in incomplete or incomplete.startswith("."):
            return [CompletionItem(incomplete, type="file")]
        names = [name for kind in self.kinds for name in list_specs(kind)]
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]


class MetricName(click.ParamType):  # type: ignore[type-arg]
    """The name of a metric; converts to itself.

    Parameters
    ----------
    has_sense : bool
        Whether it must be one that can be better or worse.
    """

    name = "metric"

    def __init__(self, *, has_sense: bool = False) -> None:
        self.has_sense = has_sense

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Check the name, or say which was probably meant."""
        from difflib import get_close_matches

        from dse.cost.metric import TEXT_METRICS

        if self.has_sense and any(m.name == value and not m.sense for m in TEXT_METRICS):
            self.fail(f'"{value}" can be neither better nor worse', param, ctx)
        names = [entry.name for entry in TEXT_METRICS if entry.sense or not self.has_sense]
        if value not in names:
            close = get_close_matches(value, names, n=1)
            hint = f'; did you mean "{close[0]}"?' if close else f": {', '.join(names)}"
            self.fail(f'no metric is named "{value}"{hint}', param, ctx)
        return str(value)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Offer the metrics."""
        from dse.cost.metric import TEXT_METRICS

        names = [entry.name for entry in TEXT_METRICS if entry.sense or not self.has_sense]
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def json_option(command: Command) -> Command:
    """Add ``--json``."""
    text = "Print one JSON object; `dse specs schema` describes it."
    return click.option("--json", "as_json", is_flag=True, help=text)(command)


def unit_option(command: Command) -> Command:
    """Add ``--unit``."""
    text = "Unit that runs the model, by key or kind.  [default: the chip's first]"
    return click.option("--unit", metavar="NAME", help=text)(command)


def stack_option(command: Command) -> Command:
    """Add ``--stack``."""
    text = (
        "Software stack that runs the model, by its name in the library or its file; see "
        "`dse specs list stack`.  [default: a competent one, as the chip's file assumes]"
    )
    return click.option("--stack", type=SpecName("stack"), help=text)(command)


_FORMAT = FormatType()
_SCENARIO_OPTIONS: Sequence[tuple[str, Any, str]] = (
    ("--prompt", click.IntRange(1, 1 << 24), "Tokens of the prompt."),
    ("--output", click.IntRange(1, 1 << 24), "Tokens to generate."),
    ("--batch", click.IntRange(1, 1 << 20), "Sequences processed together."),
    ("--weights", _FORMAT, "Format of the weights, e.g. int4-g32."),
    ("--head", _FORMAT, "Format of the LM head.  [default: as the weights]"),
    ("--activations", _FORMAT, "Format of the activations."),
    ("--kv", _FORMAT, "Format of the KV cache."),
    ("--quantisation", MethodType(), "Method of quantisation, or best.  [default: rtn]"),
    ("--fusion", click.Choice(["full", "none"]), "Fused kernels, or one kernel per operator."),
)


def scenario_options(command: Command) -> Command:
    """Add ``--scenario`` and the options that replace single fields of it."""
    for flag, kind, text in reversed(_SCENARIO_OPTIONS):
        command = click.option(flag, type=kind, help=text)(command)
    text = "Scenario of the library or a file; the options below replace its fields."
    return click.option("--scenario", type=SpecName("scenario"), help=text)(command)


def image_options(command: Command) -> Command:
    """Add what is asked of a network of layers alone."""
    counts = (
        ("--steps", "Steps of a diffusion network.  [default: its own]"),
        ("--guidance", "Evaluations per step, 2 for a guided image.  [default: its own]"),
    )
    for flag, text in reversed(counts):
        command = click.option(flag, type=click.IntRange(1, 1 << 16), help=text)(command)
    return command
