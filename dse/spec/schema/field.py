"""What the fields of a spec are made of: quantities, names, and the base of every section."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import PydanticCustomError, core_schema

from dse.dtype import Format, parse_format
from dse.errors import UnitError
from dse.units import DIMENSIONS, UNLIMITED, parse_quantity

__all__ = [
    "NAME_PATTERN",
    "Checked",
    "Count",
    "Key",
    "Leaf",
    "Name",
    "OperandType",
    "Quantity",
    "Section",
    "StorageFormat",
    "Title",
    "fault",
]

NAME_PATTERN = r"^[a-z0-9][a-z0-9._-]*$"
_KEY_PATTERN = r"^[a-z0-9][a-z0-9_-]*$"
_MAX_CHECKED = 64
_NUMBER_PATTERN = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?"


class Section(BaseModel):
    """A mapping of a spec file: strict types, no unknown keys, nothing infinite."""

    model_config = ConfigDict(
        strict=True, extra="forbid", allow_inf_nan=False, frozen=True, protected_namespaces=()
    )


def fault(
    slug: str, rule: str, *, at: tuple[str, ...] = (), got: bool = False
) -> PydanticCustomError:
    """Make a fault in our own words.

    Parameters
    ----------
    slug, rule : str
        As in `dse.errors.Fault`; the rule holds no text of the file.
    at : tuple of str
        Leads from the validated section to the culprit.
    got : bool
        Whether to end the message with what the file says.
    """
    context = {"rule": rule, "slug": slug, "at": at, "got": got}
    return PydanticCustomError("dse_fault", "{rule}", context)


@dataclass(frozen=True, slots=True)
class Leaf:
    """Where a field lives in the built dataclass, so that a space can vary it.

    Parameters
    ----------
    path : str
        Attribute path from the section's own dataclass, e.g. ``clock_hz``.
    static : bool
        Whether it shapes the computation (array code cannot mix its values).
    """

    path: str
    static: bool = False


@dataclass(frozen=True)
class Quantity:
    """Marks a float field as a quantity of one dimension, positive unless said otherwise.

    Parameters
    ----------
    dimension : str
        Key of `dse.units.DIMENSIONS`.
    low, high : str
        Least and greatest sensible value; generous, to catch a slipped prefix.
    zero : bool
        Whether 0 is allowed.
    unlimited : bool
        Whether the word ``unlimited`` is allowed, for infinity.
    """

    dimension: str
    high: str
    low: str = ""
    zero: bool = False
    unlimited: bool = False

    @cached_property
    def bounds(self) -> tuple[float, float]:
        """Least and greatest value in the base unit."""
        low = parse_quantity(self.low, self.dimension) if self.low else 0.0
        return low, parse_quantity(self.high, self.dimension)

    def read(self, value: object) -> float:
        """Validate one value of a spec: text with a unit, or a bare number of a pure dimension."""
        if self.unlimited and value == UNLIMITED:
            return float("inf")
        number = self._number(value)
        low, high = self.bounds
        if number < 0.0 or (number == 0.0 and not self.zero):
            rule = "must be >= 0" if self.zero else "must be > 0"
        elif number < low:
            rule = f"must be >= {self.low}"
        elif number > high:
            rule = f"must be <= {self.high}"
        else:
            return number
        raise fault("range", rule, got=True)

    def _number(self, value: object) -> float:
        entry = DIMENSIONS[self.dimension]
        if isinstance(value, int | float) and not isinstance(value, bool):
            if entry.base:
                raise fault("unit", f'must have a unit, such as "{entry.example}"', got=True)
            return float(value)
        if not isinstance(value, str) or not (entry.base or value.endswith("%")):
            raise fault("type", f'must be {entry.title} such as "{entry.example}"', got=True)
        try:
            return parse_quantity(value, self.dimension)
        except UnitError as error:
            raise fault(error.slug, str(error)) from None

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Validate by `read` alone."""
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Describe the accepted texts by a pattern."""
        entry = DIMENSIONS[self.dimension]
        names = "|".join(name for name in entry.units if name)
        forms: list[JsonSchemaValue] = []
        if not entry.base:
            low, high = self.bounds
            least = "minimum" if self.zero or self.low else "exclusiveMinimum"
            forms.append({"type": "number", least: low, "maximum": high})
        if names:
            pattern = f"^{_NUMBER_PATTERN} *({names})$"
            forms.append({"type": "string", "pattern": pattern, "examples": [entry.example]})
        if self.unlimited:
            forms.append({"const": UNLIMITED})
        return forms[0] if len(forms) == 1 else {"anyOf": forms}


@dataclass(frozen=True, slots=True)
class Checked:
    """Marks a text field that a function of the core reads; its error is the fault."""

    reader: Any
    examples: tuple[str, ...]

    def read(self, value: object) -> Any:
        """Validate one value of a spec."""
        if not isinstance(value, str) or len(value) > _MAX_CHECKED:
            raise fault("type", f'must be text such as "{self.examples[0]}"', got=True)
        try:
            return self.reader(value)
        except UnitError as error:
            raise fault(error.slug, str(error)) from None

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Validate by `read` alone."""
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Describe the accepted texts by examples."""
        return {"type": "string", "examples": list(self.examples)}


def _printable(text: str) -> str:
    """Refuse text that could do something to a terminal."""
    if not text.isprintable() or text != text.strip():
        raise fault("text", "must be one line of printable text without outer spaces", got=True)
    return text


Name = Annotated[str, Field(pattern=NAME_PATTERN, max_length=100)]
Key = Annotated[str, Field(pattern=_KEY_PATTERN, max_length=100)]
Title = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_printable)]
Count = Annotated[int, Field(ge=1, le=10**9)]
OperandType = Literal[
    "int2", "int3", "int4", "int5", "int6", "int8", "int16", "fp4", "fp8", "fp16", "bf16", "fp32"
]
StorageFormat = Annotated[
    Format, Checked(parse_format, ("int4-g32", "int8", "fp16", "mxfp4", "q4_k"))
]
