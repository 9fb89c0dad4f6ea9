from __future__ import annotations

from pathlib import Path

import pytest

from dse.errors import SpecError
from dse.validate import read_measurements

HEAD = "id,chip,unit,model,engine,metric,value,batch,peak_bw_gbs\n"


def read(tmp_path: Path, text: str) -> object:
    path = tmp_path / "m.csv"
    path.write_text(text, encoding="utf-8")
    return read_measurements(path)


def faults(tmp_path: Path, text: str) -> list[tuple[int, str, str]]:
    with pytest.raises(SpecError) as caught:
        read(tmp_path, text)
    return [(each.line, each.path, each.slug) for each in caught.value.faults]


def test_units_are_si_and_empty_is_none(tmp_path: Path) -> None:
    (row,) = read(tmp_path, HEAD + "a,X,gpu,M,E,decode_tok_s,12.5,,100\n")  # type: ignore[misc]
    assert (row.peak_bytes_per_s, row.value, row.batch) == (1e11, 12.5, "1")
    assert row.peak_ops_per_s is None
    assert row.is_clean


def test_every_fault_is_found_at_its_place(tmp_path: Path) -> None:
    text = (
        HEAD
        + "a,X,gpu,M,E,decode_tok_s,fast,1,100\n"
        + "b,,tpu,M,E,decode_tok_s,1,1,-5\n"
        + "a,X,gpu,M,E,speed,0,1,\n"
    )
    assert faults(tmp_path, text) == [
        (2, "value", "type"),
        (3, "chip", "missing"),
        (3, "unit", "choice"),
        (3, "peak_bw_gbs", "type"),
        (4, "id", "duplicate"),
        (4, "metric", "choice"),
        (4, "value", "range"),
    ]


@pytest.mark.parametrize(
    ("text", "sequences"),
    [
        ("", 1.0),
        ("8", 8.0),
        ("8.0", 8.0),
        ("1e3", 1e3),
        ("max", None),
        ("0", None),
        ("1e13", None),
    ],
)
def test_a_batch_is_any_writing_of_its_number(
    tmp_path: Path, text: str, sequences: float | None
) -> None:
    (row,) = read(tmp_path, HEAD + f"a,X,gpu,M,E,decode_tok_s,1,{text},\n")  # type: ignore[misc]
    assert row.sequences == sequences


@pytest.mark.parametrize("text", ["²", "8 x", "nan", "inf", "-1"])
def test_a_batch_that_is_no_number_is_not_known(tmp_path: Path, text: str) -> None:
    (row,) = read(tmp_path, HEAD + f"a,X,gpu,M,E,decode_tok_s,1,{text},\n")  # type: ignore[misc]
    assert row.sequences is None


def test_a_bandwidth_of_zero_is_unknown_and_one_beyond_reason_a_fault(tmp_path: Path) -> None:
    (row,) = read(tmp_path, HEAD + "a,X,gpu,M,E,decode_tok_s,1,1,0\n")  # type: ignore[misc]
    assert row.peak_bytes_per_s is None
    text = HEAD + "a,X,gpu,M,E,decode_tok_s,1,1,1e30\n"
    assert faults(tmp_path, text) == [(2, "peak_bw_gbs", "range")]


def test_missing_columns_and_files_are_faults(tmp_path: Path) -> None:
    assert faults(tmp_path, "id,chip\na,b\n") == [(1, "", "missing")]
    with pytest.raises(SpecError, match="No such file"):
        read_measurements(tmp_path / "none.csv")
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00id")
    with pytest.raises(SpecError, match="UTF-8"):
        read_measurements(tmp_path / "bytes.csv")


def test_the_shipped_file_has_all_rows(rows: tuple[object, ...]) -> None:
    assert len(rows) == 2491
    assert sum(row.is_clean for row in rows) == 838  # type: ignore[attr-defined]
