"""The file of a claim: what was said, by whom, and how it is modelled."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    Discriminator,
    Field,
    PlainValidator,
    Tag,
    WithJsonSchema,
)

from dse.spec.schema.field import Key, Name, Quantity, Section, StorageFormat, Title, fault

__all__ = [
    "AbsolutePart",
    "CaseSpec",
    "ClaimPart",
    "ClaimSpec",
    "FormatPart",
    "ParametersPart",
    "RatioPart",
    "ReadingSpec",
    "ServicePart",
    "ServiceReading",
    "SharingPart",
    "UnjudgedPart",
    "WallsPart",
]


def _line(text: str) -> str:
    if not text.isprintable() or text != text.strip():
        raise fault("text", "must be printable text without outer spaces", got=True)
    return text


def _single(value: object) -> object:
    if not isinstance(value, int | float | str) or isinstance(value, bool):
        raise fault("type", "must be a single value", got=True)
    return value


_Sentence = Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(_line)]
_Value = Annotated[Any, PlainValidator(_single), WithJsonSchema({"type": ["string", "number"]})]
_Positive = Annotated[float, Field(gt=0.0, le=1e18)]
_Seconds = Annotated[float, Quantity("time", high="1000 h")]


class CaseSpec(Section):
    """A chip at work. What a reading leaves out it takes from the part's own case."""

    chip: Name | None = Field(None, description="Chip of the library.")
    model: Name | None = Field(None, description="Model or network of layers of the library.")
    scenario: Name | None = Field(None, description="Scenario of the library.")
    unit: Name | None = Field(None, description="Unit that runs it, or heterogeneous.")
    stack: Name | None = Field(None, description="Software stack of the library.")
    changes: dict[str, _Value] = Field(
        {}, description="Fields that differ: scenario.weights, chip.dram.capacity and so on."
    )


class ReadingSpec(Section):
    """One way to read the claim."""

    label: Title = Field(description="Condition under which it is read so.")
    case: CaseSpec = Field(CaseSpec(), description="What differs from the part's case.")
    over: CaseSpec | None = Field(
        None, description="The baseline, where it differs from this reading's case."
    )
    missing: _Sentence | None = Field(
        None, description="What the library would have to know for this reading to count."
    )


class _Part(Section):
    """One figure that was claimed."""

    title: Title = Field(description="What the figure is of.")
    claimed: _Positive = Field(description="The figure, in the unit that is shown.")
    unit: Title = Field(description="Its unit, as it is shown.")
    scale: _Positive = Field(1.0, description="The unit over that of the model's result.")
    sense: Literal["at least", "at most", "about"] = Field(
        "at least", description="Which side of the figure keeps the promise."
    )


class RatioPart(_Part):
    """How much better a metric is than in a baseline."""

    kind: Literal["ratio"] = Field(description="How it is modelled.")
    metric: Key = Field(description="Metric; where less is better, the ratio is turned over.")
    case: CaseSpec = Field(CaseSpec(), description="What all readings share.")
    readings: list[ReadingSpec] = Field(min_length=1, description="Ways to read the claim.")


class AbsolutePart(_Part):
    """A metric itself."""

    kind: Literal["absolute"] = Field(description="How it is modelled.")
    metric: Key = Field(description="Metric.")
    case: CaseSpec = Field(CaseSpec(), description="What all readings share.")
    readings: list[ReadingSpec] = Field(min_length=1, description="Ways to read the claim.")


class ParametersPart(_Part):
    """The largest model that fits the DRAM: the case's own model, made larger or smaller."""

    kind: Literal["parameters"] = Field(description="How it is modelled.")
    case: CaseSpec = Field(CaseSpec(), description="What all readings share.")
    readings: list[ReadingSpec] = Field(min_length=1, description="Ways to read the claim.")


class FormatReading(Section):
    """Two number formats compared in one respect."""

    label: Title = Field(description="Condition under which the claim is read so.")
    respect: Literal["storage", "mac_energy", "bit_products"] = Field(
        description="Bits stored, energy of a multiply-accumulate, or bits multiplied with bits."
    )
    wide: StorageFormat = Field(description="The format that is given up.")
    narrow: StorageFormat = Field(description="The format that replaces it.")
    missing: _Sentence | None = Field(
        None, description="What the library would have to know for this reading to count."
    )


class FormatPart(_Part):
    """What a number format costs over what another does."""

    kind: Literal["format"] = Field(description="How it is modelled.")
    readings: list[FormatReading] = Field(min_length=1, description="Ways to read the claim.")


class SharingReading(Section):
    """One unit shared in two ways."""

    label: Title = Field(description="Condition under which the claim is read so.")
    load: Annotated[float, Field(ge=0.0, lt=1.0)] = Field(
        description="Share of the unit that the background would use alone."
    )
    slice_factor: _Positive = Field(1.0, description="New time slice over the default.")
    keeps_sram: bool = Field(
        False, description="Whether a thread finds its data in the local SRAM again."
    )
    shares_bill: bool = Field(
        False, description="Whether the background pays the static power while it works."
    )
    missing: _Sentence | None = Field(
        None, description="What the library would have to know for this reading to count."
    )


class SharingPart(_Part):
    """What a way to share a unit saves over fair slices."""

    kind: Literal["sharing"] = Field(description="How it is modelled.")
    quantity: Literal["switching", "energy"] = Field(
        description="Time lost to switches, old over new; or energy of the request under fair "
        "slices over that under priority."
    )
    case: CaseSpec = Field(description="The request in the foreground.")
    readings: list[SharingReading] = Field(min_length=1, description="Ways to read the claim.")


class ServiceReading(Section):
    """A service of so many users, on one kind of chip."""

    label: Title = Field(description="Condition under which the claim is read so.")
    case: CaseSpec = Field(CaseSpec(), description="What differs from the part's case.")
    chips: Annotated[int, Field(ge=1, le=1024)] = Field(
        1, description="Chips that share a model; each is rented for the time of one."
    )
    missing: _Sentence | None = Field(
        None, description="What the library would have to know for this reading to count."
    )


class ServicePart(_Part):
    """What it costs to serve users from a data centre for a month."""

    kind: Literal["service"] = Field(description="How it is modelled.")
    quantity: Literal["month", "over phone"] = Field(
        description="Rent of a month, or rent of a request over what it costs on a phone."
    )
    users: _Positive = Field(description="Users on a day.")
    prompts: _Positive = Field(description="Requests per user and day.")
    occupancy: Annotated[float, Quantity("ratio", high="1")] = Field(
        description="Share of the rented time in which full batches run."
    )
    case: CaseSpec = Field(CaseSpec(), description="The server's batch.")
    phone: CaseSpec = Field(CaseSpec(), description="The same request on a phone.")
    readings: list[ServiceReading] = Field(min_length=1, description="Ways to read the claim.")


class TuningSpec(Section):
    """A night of fine-tuning with low-rank adapters on a frozen model."""

    tokens: _Positive = Field(description="Tokens to learn from.")
    sequence: Annotated[int, Field(ge=1, le=10**6)] = Field(description="Tokens of one example.")
    rank: Annotated[int, Field(ge=1, le=10**4)] = Field(description="Rank of the adapters.")
    adapter_bytes: _Positive = Field(
        description="Bytes per parameter of the adapters, with gradient and optimiser."
    )
    activation_bytes: _Positive = Field(
        description="Activations kept of the layer at work, B per token and hidden channel."
    )
    passes: _Positive = Field(description="Forward passes that one step takes as long as.")
    time: _Seconds = Field(description="Time that may pass.")


class DeploymentSpec(Section):
    """Bringing the model to the device, and starting it."""

    storage: Annotated[float, Quantity("capacity", high="100 TB")] = Field(
        description="Flash that a model may take."
    )
    link: Key = Field(description="Radio of links.yaml over which it comes.")
    download: _Seconds = Field(description="Time that the download may take.")
    start: _Seconds = Field(description="Time to read it from flash into the DRAM.")


class WallsPart(_Part):
    """Which wall a model meets first on a chip, and which next."""

    kind: Literal["walls"] = Field(description="How it is modelled.")
    chips: list[Name] = Field(min_length=1, description="Chips of the library.")
    models: list[Name] = Field(min_length=1, description="Models of the library.")
    case: CaseSpec = Field(description="Scenario, unit and stack; chip and model go over it.")
    ttft: _Seconds = Field(description="Target of the time to first token.")
    tpot: _Seconds = Field(description="Target of the time per output token.")
    tuning: TuningSpec = Field(description="Target of the fine-tuning.")
    deployment: DeploymentSpec = Field(description="Target of the deployment.")


class UnjudgedPart(_Part):
    """A figure that nothing in the library bears on."""

    kind: Literal["unjudged"] = Field(description="How it is modelled: not at all.")
    missing: list[_Sentence] = Field(min_length=1, description="What it would take.")


ClaimPart = (
    RatioPart
    | AbsolutePart
    | ParametersPart
    | FormatPart
    | SharingPart
    | ServicePart
    | WallsPart
    | UnjudgedPart
)
_KINDS = (
    *("ratio", "absolute", "parameters", "format"),
    *("sharing", "service", "walls", "unjudged"),
)


def _branch(value: object) -> str | None:
    """Which kind of part this is; the angle brackets keep it out of the paths of faults."""
    kind = value.get("kind") if isinstance(value, dict) else None
    return f"<{kind}>" if kind in _KINDS else None


_TaggedPart = Annotated[
    Annotated[RatioPart, Tag("<ratio>")]
    | Annotated[AbsolutePart, Tag("<absolute>")]
    | Annotated[ParametersPart, Tag("<parameters>")]
    | Annotated[FormatPart, Tag("<format>")]
    | Annotated[SharingPart, Tag("<sharing>")]
    | Annotated[ServicePart, Tag("<service>")]
    | Annotated[WallsPart, Tag("<walls>")]
    | Annotated[UnjudgedPart, Tag("<unjudged>")],
    Discriminator(
        _branch,
        custom_error_type="dse_fault",
        custom_error_message="{rule}",
        custom_error_context={
            "rule": f"must have a kind, one of {', '.join(_KINDS)}",
            "slug": "choice",
            "at": (),
            "got": False,
        },
    ),
]


class ClaimSpec(Section):
    """A claim: who made it, when, and its figures with the way each is modelled."""

    name: Name = Field(description="Key in the library; the file's name without its ending.")
    title: Title = Field(description="The claim in one line.")
    claimant: Title = Field(description="Who made it.")
    date: Title = Field(description="When, as far as is known.")
    modelling: _Sentence = Field(description="How the figures are modelled, and what is assumed.")
    parts: dict[Key, _TaggedPart] = Field(min_length=1, max_length=16, description="The figures.")
