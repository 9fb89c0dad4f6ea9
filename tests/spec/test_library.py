"""Finding specs: names in the library, explicit paths, and nothing else."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import dse
from dse.errors import SpecError
from dse.spec import list_specs, load_chip, root
from dse.spec.library import FOLDERS, did_you_mean, is_name, locate, locate_name


def test_names_are_listed_sorted(library: Path) -> None:
    folder = library / "hw_configs/chips"
    for name in ("b.yaml", "a.yaml", "Bad Name.yaml", "notes.txt", ".hidden.yaml"):
        (folder / name).write_text("")
    assert list_specs("chip") == ("a", "b", "tiny")
    assert list_specs("technology") == ("dram", "nodes", "silicon")
    with pytest.raises(KeyError):
        list_specs("vegetable")


@pytest.mark.parametrize("name", ["a", "apple-m4", "qwen2.5-7b", "phone_10b", "4n"])
def test_names(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize(
    "name", ["", "A", "-a", "_a", ".a", "a/b", "a\\b", "a b", "a\n", "é", "a.yaml", "a" * 101]
)
def test_no_names(name: str) -> None:
    assert not is_name(name)
    assert locate_name("chip", name) is None


def test_a_name_is_found_in_its_folder(library: Path) -> None:
    found = locate("chip", "tiny")
    assert (found.path, found.shown) == (
        library / "hw_configs/chips/tiny.yaml",
        "hw_configs/chips/tiny.yaml",
    )
    assert (found.name, found.schema) == ("tiny", "chip")
    assert locate("technology", "nodes").schema == "nodes"


@pytest.mark.parametrize("ref", ["./tiny.yaml", "tiny.yaml", "x/tiny", Path("tiny"), "a\\b"])
def test_what_looks_like_a_path_is_one(library: Path, ref: str | Path) -> None:
    found = locate("chip", ref)
    assert (found.path, found.shown) == (Path(ref), str(ref))


def test_an_unknown_name_has_a_suggestion(library: Path) -> None:
    with pytest.raises(SpecError) as caught:
        load_chip("tinny")
    assert str(caught.value).splitlines()[0] == (
        'tinny: must be the name of a chip of the library; did you mean "tiny"? [unknown-name]'
    )


def test_did_you_mean_stays_silent_without_a_guess() -> None:
    assert did_you_mean("xyz", ["capacity"]) == ""
    assert did_you_mean("x", []) == ""


def test_the_checkout_holds_the_library() -> None:
    assert all((root() / folder).is_dir() for folder in FOLDERS.values())


def test_an_installed_package_carries_the_library(tmp_path: Path) -> None:
    home = Path(dse.__file__).parent
    skip = shutil.ignore_patterns("__pycache__")
    shutil.copytree(home, tmp_path / "dse", ignore=skip)
    for name in ("hw_configs", "models_zoo"):
        shutil.copytree(home.parent / name, tmp_path / "dse/_data" / name, ignore=skip)
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from dse.spec import list_specs, load_chip, load_model, root\n"
        "print(root()); print(load_chip(list_specs('chip')[0]).name)\n"
        "print(load_model(list_specs('model')[0]).name)\n"
    )
    child = subprocess.run(
        [sys.executable, "-I", "-c", code, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert child.stdout.splitlines() == [
        str(tmp_path / "dse/_data"),
        list_specs("chip")[0],
        list_specs("model")[0],
    ]


def test_listing_names_imports_nothing_heavy() -> None:
    code = (
        "import sys; from dse.spec import list_specs; assert list_specs('chip')\n"
        "heavy = {'yaml', 'pydantic', 'numpy', 'difflib'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_unknown_public_names_are_attribute_errors() -> None:
    import dse.spec

    with pytest.raises(AttributeError, match="load_vegetable"):
        _ = dse.spec.load_vegetable  # type: ignore[attr-defined]
    for name in dse.spec.__all__:
        assert getattr(dse.spec, name) is not None
