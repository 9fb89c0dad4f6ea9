"""Predicts rows of energy and power: through the kernel itself, in the scope of each row.

Such rows are never fitted. Time comes from the stack of the row, energy per event from the
technology, and what else draws power where it was measured from the table of scopes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dse.cost import Stack, derive
from dse.cost.phase import energy_j, one, phase_cost
from dse.technology import Silicon
from dse.validate.scope import Scope, scope_of
from dse.validate.subject import Subject
from dse.validate.summary import Outcome
from dse.workload import Model, unroll

__all__ = ["energy_outcomes"]


def energy_outcomes(
    subjects: Sequence[Subject],
    stacks: Sequence[Stack],
    silicon: Silicon,
    scopes: tuple[Scope, ...],
) -> tuple[Outcome, ...]:
    """Predict J per token and W.

    Parameters
    ----------
    subjects : sequence of Subject
        n rows of energy or power.
    stacks : sequence of Stack
        Of each.
    silicon : Silicon
        Constants of the reference node.
    scopes : tuple of Scope
        What each scope includes.
    """
    return tuple(
        _outcome(each, stack, silicon, scope_of(each.row, scopes))
        for each, stack in zip(subjects, stacks, strict=True)
    )


def _outcome(subject: Subject, stack: Stack, silicon: Silicon, scope: Scope) -> Outcome:
    """Value of the row's own metric: the prompt's where its notes say so, else a decode step's.

    The stack sets the time. Operations and bytes are those of the plain chip: how long its code
    takes to unpack a weight says nothing of the energy of an operation.
    """
    assert isinstance(subject.model, Model)  # noqa: S101 -- chosen by the caller
    request = subject.scenario
    plain = derive(subject.chip, request.precision, silicon, subject.unit.name)
    own = replace(stack, has_narrow_sums=subject.has_narrow_sums)
    chips = derive(subject.chip, request.precision, silicon, subject.unit.name, own)
    work = unroll(subject.model, request)
    is_prefill = "prefill" in subject.row.notes.lower()
    table = work.prefill if is_prefill else work.decode
    fixed = chips.prompt_s if is_prefill else chips.step_s
    cost = phase_cost(table, chips, fixed)
    dynamic = phase_cost(table, plain, fixed).dynamic_j
    seconds = one(cost.seconds)
    joules = one(energy_j(dynamic, cost.seconds, cost.running_s, chips))
    watts = scope.watts(joules / seconds)
    tokens = request.batch_size * (request.prompt_tokens if is_prefill else 1)
    value = watts if subject.row.metric == "power_w" else watts * seconds / tokens
    return Outcome(subject, value, subject.row.value, scope.name)
