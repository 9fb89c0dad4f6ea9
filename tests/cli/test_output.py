"""What a terminal gets and a pipe does not: rules, progress, completion."""

from __future__ import annotations

import io

import pytest

from dse.cli import exploration, output, progress
from dse.cli.options import FormatType, MetricName, QuantityType, SpecName
from dse.dtype import parse_format
from dse.search import SAMPLERS
from dse.sweep import Progress

CHIP, MODEL = "snapdragon-8-elite", "llama-3.2-1b"


@pytest.fixture
def terminal(monkeypatch):
    """Both streams are a terminal of 72 columns."""
    monkeypatch.setattr(output, "is_terminal", lambda stream: True)
    monkeypatch.setattr(progress, "can_redraw", lambda stream: True)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "72")


def test_a_terminal_gets_rules_and_no_line_too_long(run, terminal):
    done = run("specs", "list", "scenario")
    assert "\x1b[1m" in done.out
    assert "─" in done.out
    wide = run("specs", "show", MODEL)
    for line in (*wide.out.splitlines(),):
        assert len(line.replace("\x1b[0m", "").replace("\x1b[1m", "")) <= 72 + 4 * 8


def test_a_dumb_terminal_gets_plain_text(run, terminal, monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b" not in run("specs", "list", "scenario").out


def test_a_wide_table_is_cut_for_a_terminal_alone(run, terminal, monkeypatch):
    chips = ("apple-m1", "apple-m2", "apple-m3", "apple-m4", "apple-m5")
    monkeypatch.setenv("NO_COLOR", "1")
    cut = run("compare", *chips, "--model", MODEL).out
    monkeypatch.setattr(output, "is_terminal", lambda stream: False)
    whole = run("compare", *chips, "--model", MODEL).out
    assert cut.count("Time to first token") > whole.count("Time to first token") == 1


def test_a_closed_stream_is_no_terminal():
    stream = io.StringIO()
    stream.close()
    assert not output.is_terminal(stream)


def test_progress_is_shown_on_a_terminal(terminal, capsys):
    with progress.progress_reports() as show:
        assert show is not None
        show(Progress("sweep", 3, 10, 2, 1))
    err = capsys.readouterr().err
    assert "sweep" in err
    assert "3/10" in err
    assert "2 on the front" in err


def test_progress_is_not_shown_in_a_pipe():
    with progress.progress_reports() as show:
        assert show is None


def words(kind, incomplete):
    return [item.value for item in kind.shell_complete(None, None, incomplete)]  # type: ignore[arg-type]


def test_names_formats_and_metrics_are_completed():
    assert words(SpecName("scenario"), "phone-c") == ["phone-chat"]
    assert words(SpecName("chip"), "./my") == ["./my"]
    assert words(FormatType(), "int4") == ["int4-g32", "int4-g128"]
    assert words(MetricName(), "tpo") == ["tpot_s"]


def test_values_that_are_converted_already_stay():
    assert QuantityType("time").convert(0.5, None, None) == 0.5
    assert FormatType().convert(parse_format("int8"), None, None).name == "int8"


def test_a_memory_that_nobody_sells_is_said(run):
    done = run("evaluate", CHIP, MODEL, "--bus-width", "100 bit", "--json")
    expected = not done.document("evaluate")["metrics"]["buildable"]
    assert ("100 bit wide, but lpddr5x comes in whole channels of " in done.err) == expected


def test_a_value_that_is_no_yaml_is_a_fault(run):
    done = run("evaluate", CHIP, MODEL, "--set", "dram.bus_width=[64")
    assert done.code == 1
    assert done.err.startswith("--set dram.bus_width: ")
    assert "Traceback" not in done.err


def test_a_list_cannot_be_set(run):
    done = run("evaluate", CHIP, MODEL, "--set", "units.npu.matrix.rates={a: 1}")
    assert done.code == 1
    assert "units.npu.matrix.rates" in done.err


def test_show_of_a_faulty_file_reports_it(run, tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text("schema: dse.model/1\nname: y\ntitle: Y\nconfidence: D\n")
    done = run("specs", "show", path)
    assert done.code == 1
    assert "[choice]" in done.err


PLACES = {
    "pareto": ("pareto", "{run}", "--out", "{place}"),
    "pareto --uncertainty": (
        "pareto",
        "{run}",
        "--uncertainty",
        "--draws",
        "4",
        "--out",
        "{place}",
    ),
    "evaluate --plot": ("evaluate", "snapdragon-8-elite", "llama-3.2-1b", "--plot", "{place}.png"),
    "traffic --plot": ("traffic", "llama-3.2-1b", "--plot", "{place}.png"),
    "claims --docs": ("claims", "int4-over-int8", "--docs", "{place}.md"),
    "bench scaling --docs": ("bench", "scaling", "--size", "1000", "--docs", "{place}.md"),
}


@pytest.mark.parametrize("line", PLACES.values(), ids=PLACES)
def test_a_place_that_cannot_be_written_is_named(line, run, swept, tmp_path):
    (tmp_path / "file").write_text("in the way")
    place = tmp_path / "file" / "name"
    done = run(*(part.format(run=swept, place=place) for part in line))
    assert done.code == 4
    assert f"dse: {place}" in done.err
    assert ": cannot write: Not a directory" in done.err or ": File exists" in done.err
    assert "bug" not in done.err


def test_a_folder_of_that_name_and_a_full_disk_are_told_as_well(run, tmp_path):
    done = run("claims", "int4-over-int8", "--docs", tmp_path)
    assert done.code == 2
    assert f"'--docs': File '{tmp_path}' is a directory" in done.err
    done = run("claims", "int4-over-int8", "--docs", "/dev/full")
    assert done.code == 4
    assert done.err == "dse: /dev/full: cannot write: No space left on device [store]\n"


def test_the_samplers_offered_are_those_of_the_search():
    assert exploration._SAMPLERS == SAMPLERS


class Reluctant(io.RawIOBase):
    """A stream that takes a few bytes at a time, as a pipe or a disk may."""

    def __init__(self):
        self.taken = b""

    def writable(self):
        return True

    def write(self, data):
        self.taken += bytes(data[:7])
        return min(7, len(data))


def test_all_is_written_to_a_stream_without_a_buffer(monkeypatch):
    raw = Reluctant()
    stream = io.TextIOWrapper(raw, encoding="utf-8", write_through=True)
    monkeypatch.setattr("sys.stdout", stream)
    output.print_text("a — b\n" * 50)
    monkeypatch.undo()
    assert raw.taken.decode() == "a — b\n" * 50
