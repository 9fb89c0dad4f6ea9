"""Where specs live: the folders of the library, and the names in them.

Imports neither YAML nor pydantic, so that completing a name is quick.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from dse.errors import Fault, SpecError
from dse.spec.source import is_given

__all__ = [
    "FOLDERS",
    "Located",
    "did_you_mean",
    "is_name",
    "list_specs",
    "locate",
    "locate_name",
    "root",
]

# Kind of spec, and its folder below the library's root.
FOLDERS = {
    "catalogue": "hw_configs/steps",
    "chip": "hw_configs/chips",
    "claim": "hw_configs/claims",
    "model": "models_zoo",
    "network": "models_zoo/networks",
    "quantisation": "hw_configs/quality",
    "scenario": "hw_configs/scenarios",
    "space": "hw_configs/spaces",
    "stack": "hw_configs/stacks",
    "technology": "hw_configs/technology",
}

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
_SUFFIXES = (".yaml", ".yml", ".json")


@dataclass(frozen=True, slots=True)
class Located:
    """A spec file that was found.

    Parameters
    ----------
    kind : str
        Key of `FOLDERS`.
    path : Path
        The file.
    shown : str
        Its name in messages: relative to the library's root, or as the caller gave it.
    """

    kind: str
    path: Path
    shown: str

    @property
    def name(self) -> str:
        """The name that the file must give itself."""
        return self.path.stem

    @property
    def schema(self) -> str:
        """Its format: the kind, or for a technology file its own name."""
        return self.name if self.kind == "technology" else self.kind


def root() -> Path:
    """Folder that holds ``hw_configs`` and ``models_zoo``.

    An installed package carries them as ``dse/_data``; a checkout has them beside ``dse``.
    """
    return _root()


@cache
def _root() -> Path:
    package = Path(str(resources.files("dse")))
    packed = package / "_data"
    return packed if packed.is_dir() else package.parent


def is_name(text: str) -> bool:
    """Whether `text` may name a spec of the library; no path ever does.

    Examples
    --------
    >>> is_name("apple-m4"), is_name("../apple-m4"), is_name("apple-m4.yaml")
    (True, False, False)
    """
    return bool(_NAME.fullmatch(text)) and not text.endswith(_SUFFIXES)


def list_specs(kind: str) -> tuple[str, ...]:
    """List the names of the library's specs of one kind, sorted.

    Parameters
    ----------
    kind : str
        A key of `FOLDERS`.

    Raises
    ------
    KeyError
        If there is no such kind.
    """
    folder = root() / FOLDERS[kind]
    return tuple(sorted(path.stem for path in folder.glob("*.yaml") if is_name(path.stem)))


def locate(kind: str, ref: str | Path) -> Located:
    """Find a spec by its name in the library, or by an explicit path.

    Parameters
    ----------
    kind : str
        Key of `FOLDERS`.
    ref : str or Path
        A name such as ``apple-m4``; or a `Path`, or text with a slash or a file's ending. Only
        the user's own words may be a path: what a spec says goes through `locate_name`.

    Raises
    ------
    SpecError
        If there is no such spec.
    """
    text = str(ref)
    if isinstance(ref, Path) or "/" in text or "\\" in text or text.endswith(_SUFFIXES):
        return Located(kind, Path(ref), text)
    found = locate_name(kind, text)
    if found is None:
        hint = did_you_mean(text, list_specs(kind))
        message = f"must be the name of a {kind} of the library{hint}"
        raise SpecError((Fault(text, 0, 0, "", message, "unknown-name"),))
    return found


def locate_name(kind: str, name: str) -> Located | None:
    """Find a spec of the library by name; None where there is none."""
    folder = root() / FOLDERS[kind]
    found = Located(kind, folder / f"{name}.yaml", f"{FOLDERS[kind]}/{name}.yaml")
    if is_name(name) and (is_given(found.shown) or _is_inside(found.path, folder)):
        return found
    return None


def _is_inside(path: Path, folder: Path) -> bool:
    """Whether a file is there; a link that leads out is as foreign as a path would be."""
    return path.is_file() and path.resolve().is_relative_to(folder.resolve())


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """Close a sentence with the choice nearest to `word`, or with nothing.

    Examples
    --------
    >>> did_you_mean("bandwith", ["bandwidth", "capacity"])
    '; did you mean "bandwidth"?'
    """
    from difflib import get_close_matches

    near = get_close_matches(word, list(choices), n=1, cutoff=0.6)
    return f'; did you mean "{near[0]}"?' if near else ""
