"""The file of measured qualities: what ships is sound, and what is wrong is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from dse.errors import SpecError
from dse.spec import list_specs, load_model, load_qualities, load_scenario, root

FILE = root() / "hw_configs" / "quality" / "quant.yaml"
SOUND = """\
schema: dse.quantisation/1
name: mine
title: Mine
relatives:
  child: {model: parent, why: "a fine-tune"}
sets:
  - model: parent
    metric: "perplexity of my text"
    kind: perplexity
    reference: 10
    source: "my notebook"
    confidence: B
    rows:
      - {name: "q4", method: rtn, weights: 4.5, result: 10.5}
      - {name: "q4 rotated", method: spinquant, weights: 4, per_channel: true, result: 10.2}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text)
    return path


def test_every_row_that_ships_has_a_source_and_a_confidence() -> None:
    qualities = load_qualities()
    rows = [row for quality in qualities.values() if not quality.why for row in quality.rows]
    assert len(rows) >= 270
    for row in rows:
        assert row.source, row
        assert row.confidence in ("A", "B", "C"), row
        assert "recalled" not in row.source or row.confidence == "C", row


def test_relatives_are_models_of_the_zoo_with_the_rows_of_another() -> None:
    qualities = load_qualities()
    relatives = {name: quality for name, quality in qualities.items() if quality.why}
    assert set(relatives) <= set(list_specs("model"))
    for quality in relatives.values():
        assert quality.rows == qualities[quality.of].rows


def test_models_carry_what_is_known_of_them_and_are_equal_without_it() -> None:
    llama = load_model("llama-3-8b").quality
    assert llama is not None
    methods = {row.method for row in llama.rows}
    assert methods >= {"rtn", "k-quant", "imatrix", "i-quant", "spinquant"}
    solar = load_model("solar-10.7b").quality
    assert solar is not None
    assert not solar.rows


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    known = load_qualities(write(tmp_path, SOUND))
    assert set(known) == {"parent", "child"}
    assert (known["child"].of, known["child"].why) == ("parent", "a fine-tune")
    plain, rotated = known["child"].rows
    assert (plain.weight_bits, plain.ratio, plain.source, plain.confidence) == (
        4.5,
        1.05,
        "my notebook",
        "B",
    )
    assert plain.is_grouped
    assert not rotated.is_grouped


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("method: rtn", "method: magic", "must be a method of quantisation"),
        ("method: rtn", "method: best", "must be the method that was measured"),
        ("weights: 4.5", "weights: 17", "sets[0].rows[0].weights"),
        ("result: 10.5", "result: 0", "sets[0].rows[0].result"),
        ("kind: perplexity", "kind: taste", "sets[0].kind"),
        ("confidence: B", "confidence: D", "must be A, B or C"),
    ],
)
def test_faults_are_located(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(SpecError) as caught:
        load_qualities(write(tmp_path, SOUND.replace(old, new, 1)))
    assert said in str(caught.value)


def test_a_scenario_may_name_a_method(tmp_path: Path) -> None:
    text = (root() / "hw_configs" / "scenarios" / "phone-chat.yaml").read_text()
    assert load_scenario("phone-chat").precision.quantisation == "rtn"
    path = tmp_path / "phone-chat.yaml"
    path.write_text(text + "quantisation: awq\n")
    assert load_scenario(path).precision.quantisation == "awq"
    path.write_text(text + "quantisation: luck\n")
    with pytest.raises(SpecError, match="must be a method of quantisation"):
        load_scenario(path)
