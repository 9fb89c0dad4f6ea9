"""What a hostile or broken spec can do: each row is one fault, with its place, and no harm."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dse.errors import SpecError
from dse.spec import load_chip, load_scenario, load_space
from dse.spec.source import MAX_BYTES, read_file
from dse.spec.text import parse_text
from dse.spec.tree import plain

SCENARIO = """\
schema: dse.scenario/1
name: odd
title: Odd
prompt_tokens: 16
output_tokens: 16
weights: int8
"""


def faults(text: str) -> list[str]:
    """Write the faults of a text."""
    with pytest.raises(SpecError) as caught:
        parse_text(text, "f.yaml")
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e9", 1e9),
        ("1.5e9", 1.5e9),
        ("12e3", 12e3),
        (".5", 0.5),
        ("1.", 1.0),
        ("-0", 0),
        ("+7", 7),
        ("010", "010"),
        ("0x10", "0x10"),
        ("0o7", "0o7"),
        ("1:30", "1:30"),
        ("1_000", "1_000"),
        ("no", "no"),
        ("on", "on"),
        ("y", "y"),
        ("2024-01-01", "2024-01-01"),
        ("=", "="),
        ("true", True),
        ("False", False),
        ("'true'", "true"),
        ('"12"', "12"),
        ("٣", "٣"),
    ],
)
def test_scalars_follow_yaml_1_2(text: str, value: object) -> None:
    read = plain(parse_text(f"a: {text}", "f.yaml"))["a"]
    assert (type(read), read) == (type(value), value)


@pytest.mark.parametrize("text", ["~", "null", "Null", "NULL", ""])
def test_null_is_as_good_as_absent(text: str) -> None:
    assert plain(parse_text(f"a: {text}\nb: 1", "f.yaml")) == {"b": 1}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "a: 1\nb: 2\na: 3",
            'f.yaml:3:1: a: the key "a" is given twice, first in line 1 [duplicate-key]',
        ),
        ("a: &x 1", "f.yaml:1:4: a: anchors and aliases are not allowed [alias]"),
        ("a:\n  - *x", "f.yaml:2:5: a[0]: anchors and aliases are not allowed [alias]"),
        ("&x a: 1", "f.yaml:1:1: anchors and aliases are not allowed [alias]"),
        ("a:\n  <<: {b: 1}", "f.yaml:2:3: a: merge keys are not allowed [merge-key]"),
        ("a: !!python/object/apply:os.system [ls]", "f.yaml:1:4: a: tags are not allowed [tag]"),
        ("a: ! 1", "f.yaml:1:4: a: tags are not allowed [tag]"),
        ("!!str a: 1", "f.yaml:1:1: tags are not allowed [tag]"),
        (
            "a: 1\n---\nb: 1",
            "f.yaml:2:1: must hold one document, but a second one starts here [documents]",
        ),
        ("%YAML 1.1\n---\na: 1", "f.yaml:1:1: directives are not allowed [directive]"),
        ("%TAG ! x\n---\na: 1", "f.yaml:1:1: directives are not allowed [directive]"),
        ("\ufeffa: 1", "f.yaml:1:1: must be plain text, but holds a byte-order mark [character]"),
        ("a: 1\nb: \0", "f.yaml:2:4: must be plain text, but holds U+0000 [character]"),
        ("a: \x1b[31m", "f.yaml:1:4: must be plain text, but holds U+001B [character]"),
        ("a: 1\u2028b: 1", "f.yaml:1:5: must be plain text, but holds U+2028 [character]"),
        ("a: \udcff", "f.yaml:1:4: must be plain text, but holds U+DCFF [character]"),
        ("a: \u202egpj", "f.yaml:1:4: must be plain text, but holds U+202E [character]"),
        (
            'a: "\\e[31m"',
            "f.yaml:1:4: a: must be plain text, but holds an escaped control character "
            "[character]",
        ),
        ('"a\\n": 1', "f.yaml:1:1: a key must be plain text [character]"),
        ("a:\n\tb: 1", "f.yaml:2:1: must be indented with spaces, not tabs [tab]"),
        ("", "f.yaml: must not be empty [empty]"),
        ("# nothing\n", "f.yaml: must not be empty [empty]"),
        (
            "[1]",
            "f.yaml:1:1: must be a mapping of keys to values, but got a list of 1 [type]",
        ),
        ("text", 'f.yaml:1:1: must be a mapping of keys to values, but got "text" [type]'),
        ("[a]: 1", "f.yaml:1:1: a key must be text [key]"),
        ("? {a: 1}\n: 2", "f.yaml:1:3: a key must be text [key]"),
        ('"": 1', "f.yaml:1:1: a key must not be empty [key]"),
        ("a" * 101 + ": 1", "f.yaml:1:1: a key must be at most 100 characters long [length]"),
        (
            "a: " + "9" * 5000,
            f'f.yaml:1:4: a: must be a number in range, but got "{"9" * 40}..." [range]',
        ),
        (
            "a: 9223372036854775808",
            'f.yaml:1:4: a: must be a number in range, but got "9223372036854775808" [range]',
        ),
        ("a: 1e400", 'f.yaml:1:4: a: must be a number in range, but got "1e400" [range]'),
        ("a: 1e-400", 'f.yaml:1:4: a: must be a number in range, but got "1e-400" [range]'),
        ("a: .inf", 'f.yaml:1:4: a: must be a finite number, but got ".inf" [range]'),
        ("a: -.INF", 'f.yaml:1:4: a: must be a finite number, but got "-.INF" [range]'),
        ("a: .NaN", 'f.yaml:1:4: a: must be a finite number, but got ".NaN" [range]'),
        (
            "a: [1,\nb: 2",
            "f.yaml:3:1: must be valid YAML: did not find expected ',' or ']' [syntax]",
        ),
        (
            "ü: [é, &x 1]",
            "f.yaml:1:8: ü[1]: anchors and aliases are not allowed [alias]",
        ),
        (
            "a: 1\r\nb: &x 1",
            "f.yaml:2:4: b: anchors and aliases are not allowed [alias]",
        ),
    ],
)
def test_one_fault_at_its_place(text: str, fault: str) -> None:
    assert faults(text) == [fault]


def test_the_largest_integers_are_read() -> None:
    text = "a: 9223372036854775807\nb: -9223372036854775807"
    assert plain(parse_text(text, "f.yaml")) == {"a": (1 << 63) - 1, "b": 1 - (1 << 63)}


def test_all_faults_of_a_text_come_together_and_sorted() -> None:
    found = faults("b: !x 1\na: &y 1\nb: *y\n")
    assert [line.split(" ")[0] for line in found] == [
        "f.yaml:1:4:",
        "f.yaml:2:4:",
        "f.yaml:3:1:",
        "f.yaml:3:4:",
    ]


def test_a_flood_of_faults_is_cut() -> None:
    assert len(faults("".join(f"k{i}: &x{i} 1\n" for i in range(1000)))) == 100
    assert len(faults("\0" * 1000)) == 100


DEEP = "is nested deeper than 32 [depth]"
BOMBS = {
    "brackets": ("[" * 50_000, f"f.yaml:1:33: {DEEP}"),
    "braces": ("a: " + "{b: " * 50_000, f"f.yaml:1:128: {DEEP}"),
    "dashes": ("- " * 100_000, f"f.yaml:1:65: {DEEP}"),
    "indents": ("\n".join(" " * i + "a:" for i in range(1_000)), f"f.yaml:33:33: {DEEP}"),
    "a mebibyte of brackets": ("[" * MAX_BYTES, f"f.yaml:1:33: {DEEP}"),
    "entries": (
        "a:\n" + "- b\n" * 200_000,
        "f.yaml:50000:3: a[49998]: must hold at most 50000 values [too-large]",
    ),
    "billion laughs": (
        "a: &a [x,x]\nb: &b [*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c]\n",
        "f.yaml:1:4: a: anchors and aliases are not allowed [alias]",
    ),
    "merge keys": (
        "a0: &a0 {x: 1}\n"
        + "".join(
            f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 9)}]}}\n" for i in range(1, 26)
        ),
        "f.yaml:1:5: a0: anchors and aliases are not allowed [alias]",
    ),
    "a list that holds itself": ("&a [*a]", "f.yaml:1:1: anchors and aliases are not allowed "),
}

# Runs in a child, since some of these crash PyYAML's own loaders.
_CHILD = """
import resource, sys, time
from dse.errors import SpecError
from dse.spec.text import parse_text
parse_text("a: 1", "warm.yaml")
text = sys.stdin.read()
pages = int(open("/proc/self/statm").read().split()[0])
limit = pages * resource.getpagesize() + 100_000_000
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
start = time.process_time()
try:
    parse_text(text, "f.yaml")
except SpecError as error:
    print(error.faults[0])
print(time.process_time() - start)
"""


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_end_quickly_and_in_little_memory(name: str) -> None:
    text, fault = BOMBS[name]
    child = subprocess.run(
        [sys.executable, "-c", _CHILD], input=text, capture_output=True, text=True, check=True
    )
    first, seconds = child.stdout.splitlines()
    assert first.startswith(fault)
    assert float(seconds) < 2.0


def file_fault(path: Path) -> str:
    with pytest.raises(SpecError) as caught:
        read_file(path, "f.yaml")
    (fault,) = caught.value.faults
    return str(fault)


def test_only_regular_files_are_read(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo.yaml"
    os.mkfifo(fifo)
    message = "f.yaml: must be a regular file [unreadable]"
    assert file_fault(fifo) == message
    assert file_fault(tmp_path) == message
    assert file_fault(Path("/dev/zero")) == message


def test_unreadable_files_say_why(tmp_path: Path) -> None:
    missing = file_fault(tmp_path / "none.yaml")
    assert missing == "f.yaml: cannot be read: No such file or directory [unreadable]"
    broken = file_fault(Path("/proc/self/mem"))
    assert broken == "f.yaml: cannot be read: Input/output error [unreadable]"
    assert file_fault(Path("a\0b")) == "f.yaml: cannot be read: embedded null byte [unreadable]"


def test_size_is_limited(tmp_path: Path) -> None:
    path = tmp_path / "big.yaml"
    path.write_bytes(b"#" * MAX_BYTES)
    assert len(read_file(path, "f.yaml")) == MAX_BYTES
    path.write_bytes(b"#" * (MAX_BYTES + 1))
    assert file_fault(path) == "f.yaml: must be at most 1 MiB long [too-large]"
    with path.open("r+b") as stream:
        stream.truncate(2 << 30)  # sparse: two gibibytes that nobody must read
    assert file_fault(path) == "f.yaml: must be at most 1 MiB long [too-large]"


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (b"a: 1\nb: \xe9", "f.yaml:2:4: must be UTF-8 text, but byte 0xe9 is not [encoding]"),
        (
            "a: 1".encode("utf-16"),
            "f.yaml:1:1: must be UTF-8 text, but byte 0xff is not [encoding]",
        ),
        (b"a: \xed\xa0\x80", "f.yaml:1:4: must be UTF-8 text, but byte 0xed is not [encoding]"),
    ],
)
def test_only_utf_8_is_read(tmp_path: Path, raw: bytes, fault: str) -> None:
    path = tmp_path / "f.yaml"
    path.write_bytes(raw)
    assert file_fault(path) == fault


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("16\nout", "true\nout", 'prompt_tokens: must be a whole number, but got "true" [type]'),
        ("16\nout", "4.0\nout", 'prompt_tokens: must be a whole number, but got "4.0" [type]'),
        ("16\nout", "1e3\nout", 'prompt_tokens: must be a whole number, but got "1e3" [type]'),
        ("16\nout", "'16'\nout", 'prompt_tokens: must be a whole number, but got "16" [type]'),
        ("16\nout", "٣\nout", 'prompt_tokens: must be a whole number, but got "٣" [type]'),
        ("16\nout", "0\nout", 'prompt_tokens: must be >= 1, but got "0" [range]'),
        (
            "16\nout",
            "1000000000000000000\nout",
            'prompt_tokens: must be <= 100 000 000, but got "1000000000000000000" [range]',
        ),
        ("weights: int8", "weights: {{ bits }}", "weights: a key must be text [key]"),
        (
            "weights: int8",
            "weights: ${bits}",
            'fp16, bf16, mxfp4, q4_k, but got "${bits}" [format]',
        ),
        (
            "title: Odd",
            'title: "a\\nb"',
            'title: must be one line of printable text without outer spaces, but got "a\\nb" '
            "[text]",
        ),
        (
            "weights: int8",
            "weights: [int8]",
            'weights: must be text such as "int4-g32", but got a list of 1 [type]',
        ),
    ],
)
def test_types_are_strict(tmp_path: Path, old: str, new: str, fault: str) -> None:
    path = tmp_path / "odd.yaml"
    path.write_text(SCENARIO.replace(old, new), encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        load_scenario(path)
    assert fault in str(caught.value)


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "/etc/passwd", "CON", "a b", "a;b", "=cmd()", "<script>", "-x", ".x", ""],
)
def test_specs_name_no_paths(tmp_path: Path, name: str) -> None:
    path = tmp_path / "odd.yaml"
    path.write_text(
        f"schema: dse.space/1\nname: odd\ntitle: Odd\nchip: '{name}'\nmodels: ['{name}']\n"
        f"scenario: '{name}'\naxes: {{chip.node: [n4]}}\nobjectives: [tpot_s]\n"
    )
    with pytest.raises(SpecError) as caught:
        load_space(path)
    for field in ("chip", "models[0]", "scenario"):
        assert f": {field}: must be the name of a " in str(caught.value)


def test_a_chip_names_no_path_as_its_base(tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text("schema: dse.chip/1\n")
    path = tmp_path / "odd.yaml"
    path.write_text(f"schema: dse.chip/1\nname: odd\ntitle: Odd\nbase: {other}\n")
    with pytest.raises(SpecError) as caught:
        load_chip(path)
    assert "base: must be the name of a chip of the library" in str(caught.value)


def test_links_out_of_the_library_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "hw_configs/scenarios"
    folder.mkdir(parents=True)
    (tmp_path / "odd.yaml").write_text(SCENARIO)
    (folder / "odd.yaml").symlink_to(tmp_path / "odd.yaml")
    monkeypatch.setattr("dse.spec.library._root", lambda: tmp_path)
    with pytest.raises(SpecError, match="odd: must be the name of a scenario of the library"):
        load_scenario("odd")
    assert load_scenario(folder / "odd.yaml").name == "odd"
