"""``dse pareto``: the front of a run as a table, as pictures and as data."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dse.cli.changes import changed_scenario
from dse.cli.exploration import NO_DESIGN, print_front
from dse.cli.help import command_help
from dse.cli.options import MetricName, NewPath, json_option
from dse.cli.output import is_terminal, json_text, print_json, print_tables, say
from dse.cli.robust import robust_entry, robust_of, robust_options, write_robust

if TYPE_CHECKING:
    from dse.report.front import FrontRow
    from dse.report.robust import RobustView
    from dse.report.view import ChipPoint, FrontView
    from dse.store import Run

__all__ = ["pareto"]

_SCENARIO = "scenario."
_SAME_CHOICES = "as the knee has it; the real chips are asked the same"
_OWN_CHOICES = "as the knee has it; other designs may differ in what the axes vary"
_FORMATS = ("csv", "json", "png", "svg")
# Rows of the table on a terminal; a pipe gets all.
_MAX_ROWS = 20
# Rows of the table of ranges, which the files have whole.
_MAX_UNCERTAIN = 20


class FormatList(click.ParamType):  # type: ignore[type-arg]
    """File formats, separated by commas."""

    name = "formats"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """Split, and refuse what is not known."""
        if isinstance(value, tuple):
            return value
        formats = tuple(part.strip() for part in value.split(",") if part.strip())
        unknown = [part for part in formats if part not in _FORMATS]
        if unknown:
            known = ", ".join(_FORMATS)
            self.fail(f'must be some of {known}, but got "{unknown[0]}"', param, ctx)
        return formats


@click.command(
    help=command_help(
        "Show the Pareto front of a run, and draw it beside the real chips of its segment.",
        (
            "dse pareto out/phone_10b",
            "dse pareto out/phone_10b --x ttft_s --y area_mm2 --color energy_per_token_j",
            "dse pareto out/phone_10b --format svg --out figures",
            "dse pareto out/phone_10b --uncertainty",
        ),
        "DIR is the folder of a sweep or a search. The pictures are front-X-Y (two metrics, the "
        "third as colour) and, of three objectives and more, matrix (every pair of them).",
    )
)
@click.argument("run_dir", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--x", type=MetricName(), help="Metric across.  [default: the first objective]")
@click.option("--y", type=MetricName(), help="Metric upwards.  [default: the second objective]")
@click.option("--color", "colour", type=MetricName(), help="Metric that colours the front.")
@click.option(
    "--format",
    "formats",
    type=FormatList(),
    default=",".join(_FORMATS),
    show_default=True,
    help="Files to write.",
)
@click.option("--out", type=NewPath(), help="Folder for the files.  [default: DIR]")
@robust_options
@json_option
def pareto(run_dir: Path, formats: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Read the run, then show and write."""
    from dse.report.front import front_rows, pareto_document
    from dse.store import load_run
    from dse.store.files import atomic_path, report_os_errors

    run = load_run(run_dir)
    out = _folder(options["out"], run_dir)
    rows = front_rows(run)
    robust = robust_of(run, options)
    view = _view(run, rows)
    with report_os_errors(out, "write"):
        out.mkdir(parents=True, exist_ok=True)
        files = _write_pictures(view, out, formats, options)
        files += _write_csv(run, out, formats)
        subtitle = view.subtitle.replace(_SAME_CHOICES, _OWN_CHOICES)
        bare = replace(view, chips=(), subtitle=subtitle)
        files += write_robust(robust, bare, out, formats, _metrics(view, options)[:2])
        files += [out / "pareto.json"] if "json" in formats else []
        document = pareto_document(run, rows, view, [str(path) for path in files])
        document |= robust_entry(robust)
        if "json" in formats:
            with atomic_path(files[-1], follow=False) as place:
                place.write_text(json_text(document), encoding="utf-8")
    if as_json:
        print_json(document)
    elif rows:
        _print(rows, view, robust)
    for path in files:
        say(f"wrote {path}")
    if not rows:
        say("no design meets the targets")
        click.get_current_context().exit(NO_DESIGN)


def _folder(out: Path | None, run_dir: Path) -> Path:
    """Where the files go: the run's own folder, or any that holds no other run."""
    from dse.errors import StoreError
    from dse.store import is_run_folder

    if out is None or out.resolve() == run_dir.resolve():
        return run_dir
    if is_run_folder(out):
        raise StoreError(f"{out}: is the folder of another run; choose another folder")
    return out


def _print(rows: Sequence[FrontRow], view: FrontView, robust: RobustView | None) -> None:
    """Print the front, and what uncertain numbers leave of it: of a large one, some rows."""
    most = _MAX_ROWS if is_terminal(sys.stdout) else len(rows)
    print_front(rows, view, most)
    if robust is not None:
        from dse.report.front import thinned_rows
        from dse.report.robust import robust_tables

        click.echo()
        shown = thinned_rows(rows, view.objectives, min(most, _MAX_UNCERTAIN))
        print_tables(*robust_tables(robust, shown))


def _view(run: Run, rows: Sequence[FrontRow]) -> FrontView:
    """Gather what the pictures show; without the real chips where they cannot be loaded."""
    from dse.errors import DseError
    from dse.report.front import front_view, targets_of
    from dse.report.view import target_title

    space = run.manifest.space
    lines = [f"{', '.join(space['models'])}; scenario {space['scenario']}"]
    chips: tuple[ChipPoint, ...] = ()
    try:
        lines, chips = _comparison(space, next((row for row in rows if row.is_knee), None))
    except DseError as error:
        say(f"warning: no real chips to compare with: {str(error).splitlines()[0]}")
    targets = ", ".join(_unbroken(target_title(target)) for target in targets_of(run))
    lines += [f"targets: {targets}"] if targets else []
    return front_view(run, "\n".join(lines), chips)


def _unbroken(text: str) -> str:
    """Keep the words of a target on one line."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def _comparison(
    space: Mapping[str, Any], knee: FrontRow | None
) -> tuple[list[str], tuple[ChipPoint, ...]]:
    """Evaluate the library's chips of the base chip's segment, newest first.

    Where the run varied the scenario, its formats for instance, they get what the knee has: a
    chip with wider formats would look worse than it is.
    """
    from dse.report.comparison import chip_points
    from dse.report.use_cases import mixes_lines, mixes_of
    from dse.spec import list_specs, load_chip, load_model, load_technology

    models = [load_model(name) for name in space["models"]]
    axes = knee.axes if knee else {}
    choices = {
        path.removeprefix(_SCENARIO): text
        for path, text in axes.items()
        if path.startswith(_SCENARIO)
    }
    mixes = mixes_of(space, lambda name: changed_scenario(name, choices))
    segment = space["segment"]
    library = (load_chip(name) for name in list_specs("chip"))
    peers = [
        chip
        for chip in library
        if chip.segment == segment and (chip.name == space["chip"] or not chip.is_template)
    ]
    peers.sort(key=lambda chip: (-chip.year, chip.name))
    silicon, unit = load_technology().silicon, space["unit"]
    points = chip_points(peers, models, mixes, silicon, unit=unit, base=space["chip"])
    first, *others = mixes_lines(mixes)
    lines = [f"{', '.join(model.title for model in models)}: {first}", *others]
    if choices:
        lines.append(_SAME_CHOICES)
    return lines, points


def _write_pictures(
    view: FrontView, out: Path, formats: Sequence[str], options: Mapping[str, Any]
) -> list[Path]:
    """Draw the front and the matrix in each picture format."""
    kinds = [kind for kind in formats if kind in ("png", "svg")]
    if not kinds or not view.columns["fits"].size:
        return []
    from dse.report.figures import front_figure, matrix_figure, save_figure
    from dse.store.files import atomic_path

    x, y, colour = _metrics(view, options)
    figures = {f"front-{x}-{y}": front_figure(view, x, y, colour)}
    if len(view.objectives) > 2:  # of two, the first picture shows the only pair
        figures["matrix"] = matrix_figure(view)
    paths = []
    for name, figure in figures.items():
        for kind in kinds:
            paths.append(out / f"{name}.{kind}")
            with atomic_path(paths[-1], follow=False) as place:
                save_figure(figure, place, kind)
    return paths


def _metrics(view: FrontView, options: Mapping[str, Any]) -> tuple[str, str, str | None]:
    """Metrics of the axes and of the colour: the user's, else the objectives in their order."""
    spare = [name for name in view.objectives if name not in (options["x"], options["y"])]
    # One objective makes no plane: time stands in, or energy where time is the objective.
    spare += [name for name in ("tpot_s", "energy_per_token_j") if name not in spare]
    x = options["x"] or spare.pop(0)
    y = options["y"] or spare.pop(0)
    third = [name for name in view.objectives if name not in (x, y)]
    return x, y, options["colour"] or next(iter(third), None)


def _write_csv(run: Run, out: Path, formats: Sequence[str]) -> list[Path]:
    """Copy the front's CSV, unless it goes where it already is."""
    from dse.store import FRONT
    from dse.store.files import atomic_path

    if "csv" not in formats:
        return []
    path = out / f"{FRONT}.csv"
    if out.resolve() != run.path.resolve():
        with atomic_path(path, follow=False) as place:
            place.write_bytes((run.path / path.name).read_bytes())
    return [path]
