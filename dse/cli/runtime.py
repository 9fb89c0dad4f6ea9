"""``dse runtime``: a request on a unit that others use too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from dse.cli.changes import change_options, changed_chip, changes_from
from dse.cli.help import command_help
from dse.cli.options import (
    NumberRange,
    QuantityType,
    SpecName,
    json_option,
    scenario_options,
    stack_option,
    unit_option,
)
from dse.cli.output import print_json, print_tables, say
from dse.cli.subject import find_unit, scenario_from, stack_from

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dse.device import RuntimeDefaults, Service, Sharing

__all__ = ["runtime"]

# Beyond, the ratios of two times leave the range of floating-point numbers.
_TIME = QuantityType("time", low="1 ps", high="1e9 s")


@click.command(
    help=command_help(
        "Say how a request fares on a unit that background work uses too, and under which policy.",
        (
            "dse runtime snapdragon-8-elite llama-3.2-3b --weights int4-g32 --background 0.3",
            "dse runtime snapdragon-8-elite llama-3.2-3b --scenario phone-chat --background 0.3 "
            "--policy priority --threads 4 --switch 50us",
            "dse runtime apple-m4 llama-3.2-3b --unit gpu --background 3 --threads 3 --json",
        ),
        "Fair slices are a processor-sharing queue, priority a preemptive-resume one; a switch "
        "costs a launch and the local SRAM filled anew, or what --switch says. A slice that runs "
        "is not cut short.",
    )
)
@click.argument("chip", type=SpecName("chip"))
@click.argument("model", type=SpecName("model"))
@click.option(
    "--background",
    type=NumberRange(0.0, 4096.0),
    default=0.3,
    show_default=True,
    help="Load of the background: the units' worth that it would use alone.",
)
@click.option(
    "--threads",
    type=click.IntRange(1, 4096),
    help="Background threads that share that load.  [default: a stream of tasks]",
)
@click.option(
    "--policy", type=click.Choice(["fair", "priority"]), help="Show one policy.  [default: both]"
)
@click.option("--slice", "slice_s", type=_TIME, help="Time slice.  [default: by kind of unit]")
@click.option("--switch", "switch_s", type=_TIME, help="Cost of one switch between threads.")
@click.option("--task", "task_s", type=_TIME, help="Mean work of a background task.")
@scenario_options
@unit_option
@stack_option
@change_options
@json_option
def runtime(chip: str, model: str, **options: Any) -> None:
    """Evaluate alone, share, and show."""
    from dse.device import POLICIES, serve, service_of
    from dse.report.sharing import SharedRun, runtime_document, runtime_table
    from dse.spec import load_model, load_technology
    from dse.spec.links import load_sharing

    built, network = changed_chip(chip, changes_from(options)), load_model(model)
    unit, scenario = find_unit(built, options["unit"]), scenario_from(options)
    silicon, stack = load_technology().silicon, stack_from(options)
    alone = service_of(built, network, scenario, silicon, unit.name, stack)
    sharing = _sharing(options, load_sharing(), unit.kind, alone)
    policies = (options["policy"],) if options["policy"] else POLICIES
    run = SharedRun(
        chip=built.name,
        chip_title=built.title,
        model=network.name,
        model_title=network.title,
        unit=unit.name,
        stack=stack.name if stack else None,
        scenario=scenario,
        sharing=sharing,
        alone=alone,
        served={policy: serve(alone, sharing, policy) for policy in policies},
    )
    if any(each.latency_s[0] == float("inf") for each in run.served.values()):
        say("warning: background and switches fill the unit: under fair slices it never ends")
    if options["as_json"]:
        print_json(runtime_document(run))
    else:
        print_tables(runtime_table(run))


def _sharing(
    options: Mapping[str, Any], usual: RuntimeDefaults, kind: str, alone: Service
) -> Sharing:
    """Build the competition from the options, the library's habits, and the chip."""
    from dse.device import Sharing

    load, threads = options["background"], options["threads"]
    if threads is not None and load > threads:
        message = f"must be <= {threads}, the most that --threads can load, but got {load:g}"
        raise click.BadParameter(message, param_hint="--background")
    if threads is None and load >= 1.0:
        message = f"a stream must leave some of the unit free, but got {load:g}; give --threads"
        raise click.BadParameter(message, param_hint="--background")
    return Sharing(
        load=load,
        threads=threads,
        task_s=options["task_s"] or usual.task_s,
        slice_s=options["slice_s"] or usual.slice_s[kind],
        switch_s=options["switch_s"] or float(alone.switch_s[0]),
    )
