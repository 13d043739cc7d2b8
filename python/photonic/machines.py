# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Target descriptions: the machines programs are compiled for."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Union

from . import _runtime, files
from .errors import InputError, TargetError
from .units import get_unit

#: Changes of target fields: {"core.count": 16}, a list of numbers for a field
#: that holds several; or ["core.count=16"].
Overrides = Union[Mapping[str, object], Iterable[str], None]


@dataclass(frozen=True)
class Field:
    """One value of a target description."""

    #: For instance "core.clock_ghz".
    name: str
    #: As text.
    value: str
    #: Paper section or table, or "assumption: ..." with the reason.
    source: str
    #: What the value means.
    doc: str
    #: Changing it changes the program; otherwise only time, energy or area.
    structural: bool

    @property
    def unit(self) -> str:
        """Unit of the value ("GHz", "pJ"); empty for counts and ratios."""
        return get_unit(self.name)


@dataclass(frozen=True)
class Target:
    """A machine. `target["core.clock_ghz"]` is one of its fields."""

    name: str
    description: str
    #: File the description came from.
    path: str
    #: Extensions of the instruction set, for instance ("rns",).
    extensions: tuple[str, ...]
    #: Programs run on targets with the hash they were compiled for.
    structural_hash: str
    fields: tuple[Field, ...]

    def __getitem__(self, name: str) -> Field:
        for field in self.fields:
            if isinstance(name, str) and field.name == name:
                return field
        names = [field.name for field in self.fields]
        near = difflib.get_close_matches(str(name), names, n=1)
        hint = f"; did you mean '{near[0]}'?" if near else "; `fields` are all of them"
        raise TargetError(f"target '{self.name}' has no field {name!r}{hint}")


def _format(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return ",".join(_format(item) for item in value)
    return repr(value) if isinstance(value, float) else str(value)


def to_overrides(changes: Overrides) -> list[str]:
    """`changes` as the list of "field=value" that the command line takes."""
    if changes is None:
        return []
    if isinstance(changes, str):
        raise InputError(
            f"set: expected a mapping or a list of 'field=value', found {changes!r}; "
            f"write set=[{changes!r}]"
        )
    if isinstance(changes, Mapping):
        return [f"{name}={_format(value)}" for name, value in changes.items()]
    if not isinstance(changes, Iterable):
        raise InputError(
            "set: expected a mapping or a list of 'field=value', found "
            f"{type(changes).__name__}"
        )
    return [str(change) for change in changes]


def make_target(description: Mapping[str, object]) -> Target:
    """From what the runtime says about a target."""
    return Target(
        name=description["name"],
        description=description["description"],
        path=description["path"],
        extensions=tuple(description["extensions"]),
        structural_hash=description["structural_hash"],
        fields=tuple(Field(*field) for field in description["fields"]),
    )


def targets() -> list[str]:
    """Names of all known targets, sorted.

    They come from $PHOTONIC_TARGET_PATH (colon separated directories) and from
    the descriptions that are installed with the package.
    """
    return list(_runtime.list_targets())


def target(name: str | os.PathLike[str], set: Overrides = None) -> Target:
    """The description of a target, by name or .textproto file.

    `set` changes fields, for instance {"core.clock_ghz": 5}. Raises
    TargetError for unknown names and illegal values.
    """
    path = files.to_path(name, "name")
    return make_target(_runtime.describe_target(path, to_overrides(set)))


def find_file(name: str | os.PathLike[str]) -> str:
    """The file of a target, "" where there is none: its compiler says what is wrong."""
    try:
        return target(name).path
    except TargetError:
        return ""
