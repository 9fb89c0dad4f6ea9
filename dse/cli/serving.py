"""How a request is served: options of ``dse evaluate``, in sections of its help page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from dse.cli.options import Command, NumberRange, SpecName
from dse.cli.sections import SectionedOption

if TYPE_CHECKING:
    from dse.workload import Scenario

__all__ = ["served", "serving_options"]

_TOKENS = click.IntRange(0, 1 << 24)
_COUNT = click.IntRange(1, 1 << 20)
_SERVING = "Serving"
_FLASH = "Memory that does not fit"
# Flag, field of `Scenario`, settings, section, text.
_OPTIONS: tuple[tuple[str, str, dict[str, Any], str, str], ...] = (
    (
        "--cached-prompt",
        "cached_prompt_tokens",
        {"type": _TOKENS, "metavar": "TOKENS"},
        _SERVING,
        "Head of the prompt whose keys and values are cached already.  [default: none]",
    ),
    (
        "--prefill-chunk",
        "prefill_chunk_tokens",
        {"type": _COUNT, "metavar": "TOKENS"},
        _SERVING,
        "Process the prompt in chunks of so many tokens.  [default: at once]",
    ),
    (
        "--beams",
        "beams",
        {"type": click.IntRange(1, 10_000), "metavar": "N"},
        _SERVING,
        "Sequences of a beam search, which share the prompt.  [default: 1]",
    ),
    (
        "--draft",
        "draft",
        {"type": SpecName("model"), "metavar": "MODEL"},
        _SERVING,
        "Model that drafts tokens for MODEL to verify; needs --acceptance.",
    ),
    (
        "--draft-tokens",
        "draft_tokens",
        {"type": click.IntRange(1, 1000), "metavar": "N"},
        _SERVING,
        "Tokens drafted before they are verified.  [default: 4]",
    ),
    (
        "--acceptance",
        "acceptance",
        {"type": NumberRange(0.0, 1.0), "metavar": "SHARE"},
        _SERVING,
        "Probability that a drafted token is accepted, e.g. 0.75.",
    ),
    (
        "--offload",
        "offload",
        {"type": click.Choice(["none", "weights", "experts", "kv"])},
        _FLASH,
        "What stays on flash as far as the DRAM is too small for it.  [default: none]",
    ),
    (
        "--active-fraction",
        "active_fraction",
        {"type": NumberRange(0.0, 1.0, min_open=True), "metavar": "SHARE"},
        _FLASH,
        "Feed-forward neurons that one token activates.  [default: 1]",
    ),
    (
        "--popularity-skew",
        "popularity_skew",
        {"type": NumberRange(0.0, 0.99), "metavar": "S"},
        _FLASH,
        "Popularity rank^-S of experts, or of sparse neurons.  [default: 0, all alike]",
    ),
    (
        "--load-ahead/--no-load-ahead",
        "load_ahead",
        {"default": None},
        _FLASH,
        "Whether flash is read while the unit computes.  [default: --load-ahead]",
    ),
)


def serving_options(command: Command) -> Command:
    """Add the options that say how a request is served."""
    for flag, name, settings, section, text in reversed(_OPTIONS):
        command = click.option(
            flag, name, cls=SectionedOption, section=section, help=text, **settings
        )(command)
    return command


def served(scenario: Scenario, options: Mapping[str, Any]) -> Scenario:
    """Put what the user said of the serving into a scenario.

    Parameters
    ----------
    scenario : Scenario
        Of the file, or the default one.
    options : mapping of str to object
        Values of `serving_options`; None where the user said nothing.

    Raises
    ------
    click.UsageError
        If the options do not go together, or the scenario is one of images.
    """
    from dse.spec import load_model
    from dse.workload import conflict

    fields = {name: options[name] for _, name, *_ in _OPTIONS if options[name] is not None}
    if not fields:
        return scenario
    if scenario.steps is not None:
        raise click.UsageError("a network of layers has no prompts, drafts, beams or offload")
    if "draft" in fields:
        fields["draft"] = load_model(fields["draft"])
    changed = replace(scenario, name="custom", **fields)
    if "acceptance" in fields and changed.draft is None:
        raise click.BadParameter("is of drafted tokens: give --draft", param_hint="--acceptance")
    found = conflict(changed.draft, changed.acceptance, changed.beams)
    if found is not None:
        key, rule = found
        raise click.BadParameter(rule, param_hint=f"--{key}")
    return changed
