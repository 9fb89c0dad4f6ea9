"""Sources and confidences: the nearest enclosing word holds."""

from __future__ import annotations

import pytest

from dse.spec import list_specs
from dse.spec.library import FOLDERS, locate
from dse.spec.provenance import Provenance, provenance, resolve
from dse.spec.read import read_spec
from dse.spec.text import parse_text
from dse.spec.tree import plain

TEXT = """\
source: a datasheet
confidence: A
title: 3 numbers
node: n4
a: 1 GHz
b:
  confidence: B
  c: {value: 2 W, source: a paper}
  d: {value: [3, 4 mm2], confidence: C, note: guessed}
  e: true
  source:
    - one
    - >-
      two
      lines
f:
  - {value: 5, source: here}
  - g: 6 %
"""


def test_nearest_enclosing_word_holds() -> None:
    tree, faults = resolve(parse_text(TEXT, "f.yaml"))
    assert faults == ()
    assert list(provenance(tree)) == [
        Provenance("a", "1 GHz", "a datasheet", "A", "f.yaml", 5),
        Provenance("b.c", "2 W", "a paper", "B", "f.yaml", 8),
        Provenance("b.d[0]", "3", "one; two lines", "C", "f.yaml", 9),
        Provenance("b.d[1]", "4 mm2", "one; two lines", "C", "f.yaml", 9),
        Provenance("f[0]", "5", "here", "A", "f.yaml", 17),
        Provenance("f[1].g", "6 %", "a datasheet", "A", "f.yaml", 18),
    ]


def test_data_are_left_plain() -> None:
    tree, _ = resolve(parse_text(TEXT, "f.yaml"))
    assert plain(tree) == {
        "title": "3 numbers",
        "node": "n4",
        "a": "1 GHz",
        "b": {"c": "2 W", "d": [3, "4 mm2"], "e": True},
        "f": [5, {"g": "6 %"}],
    }


def test_unvouched_numbers_say_so() -> None:
    tree, _ = resolve(parse_text("a: 1", "f.yaml"))
    assert list(provenance(tree)) == [Provenance("a", "1", "", "", "f.yaml", 1)]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("source: 7", "f.yaml:1:9: source: must be text or a list of texts [type]"),
        ("source: ''", "f.yaml:1:9: source: must be text or a list of texts [type]"),
        ("source: []", "f.yaml:1:9: source: must be text or a list of texts [type]"),
        ("a: {note: [x, 1]}", "f.yaml:1:11: a.note: must be text or a list of texts [type]"),
        ("a: {source: {b: c}}", "f.yaml:1:13: a.source: must be text or a list of texts [type]"),
        ("confidence: a", 'f.yaml:1:13: confidence: must be A, B or C, but got "a" [choice]'),
        (
            "confidence: [A]",
            "f.yaml:1:13: confidence: must be A, B or C, but got a list of 1 [choice]",
        ),
        (
            "a: {value: 1, sauce: b}",
            'f.yaml:1:15: a.sauce: unknown key; beside "value" only source, confidence and note '
            "may stand [unknown-key]",
        ),
        (
            "a: {value: {b: 1}}",
            "f.yaml:1:12: a.value: must be a single value, but got a mapping [type]",
        ),
    ],
)
def test_faults(text: str, fault: str) -> None:
    _, faults = resolve(parse_text(text, "f.yaml"))
    assert [str(each) for each in faults] == [fault]


@pytest.mark.parametrize("kind", [kind for kind in FOLDERS if kind not in {"scenario", "space"}])
def test_every_shipped_number_is_vouched_for(kind: str) -> None:
    for name in list_specs(kind):
        for entry in provenance(read_spec(locate(kind, name)).tree):
            assert entry.source, entry
            assert entry.confidence in {"A", "B", "C"}, entry
