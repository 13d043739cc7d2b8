# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares two recordings of record_behaviour.py."""

import collections
import itertools
import json
import math
import re
import sys

import numpy as np

#: Fields of a case that may differ between versions that behave alike.
EXCLUDED = {
    "report.schema_version": "version of the schema",
}
#: Parts of messages that are the same for a comparison.
EQUAL_TEXTS = [(r"/\S*/targets/", "TARGETS/")]


class Comparison:
    """Deviations between two recordings, by field."""

    def __init__(self, options):
        self.options = options
        self.ignored = [*EXCLUDED, *options.ignore]
        self.fields = collections.defaultdict(list)  # field: lines
        self.presence = collections.defaultdict(set)  # (field, "new" or "gone"): cases
        self.largest = collections.Counter()  # field: relative difference of numbers
        self.zeros = []
        self.timeouts = []
        self.counts = collections.Counter()
        self.case = None

    def differ(self, field, place, text):
        """Notes a deviation; `place` is the field with the names of its rows."""
        self.fields[field].append(f"{self.case}: {place}: {text}")

    def compare(self, old, new, field, place):
        """Values of JSON; rows are matched by their names."""
        if field in self.ignored:
            return
        if isinstance(old, dict) and isinstance(new, dict):
            for key in [*old, *(k for k in new if k not in old)]:
                self.compare_member(old, new, key, field, place)
        elif isinstance(old, list) and isinstance(new, list):
            self.compare_lists(old, new, field, place)
        else:
            self.counts["values"] += 1
            if not self.equals(old, new):
                self.differ(field, place, f"{shorten(old, new)} -> {shorten(new, old)}")
                if is_number(old) and is_number(new):
                    share = abs(new - old) / max(abs(old), abs(new))
                    share = math.inf if math.isnan(share) else share
                    self.largest[field] = max(self.largest[field], share)

    def compare_member(self, old, new, key, field, place):
        """The member `key` of two objects, of which one may lack it."""
        inner = f"{field}.{key}".removeprefix(".")
        if inner in self.ignored:
            return
        if key in old and key in new:
            self.compare(old[key], new[key], inner, f"{place}.{key}".removeprefix("."))
        else:
            self.presence[inner, "gone" if key in old else "new"].add(self.case)

    def compare_lists(self, old, new, field, place):
        """Lists, as objects by name and number of that name if they have names."""
        old, new, field = name_rows(old), name_rows(new), f"{field}[]"
        for key in [*old, *(k for k in new if k not in old)]:
            if key in old and key in new:
                self.compare(old[key], new[key], field, f"{place}[{key}]")
            else:
                self.differ(field, f"{place}[{key}]", "gone" if key in old else "new")
        if old.keys() == new.keys() and list(old) != list(new):
            self.differ(field, place, "the same rows in another order")

    def equals(self, old, new):
        """Of leaves: exact but for --rtol of fractions, and for paths in texts."""
        if isinstance(old, str) and isinstance(new, str):
            return normalize(old) == normalize(new)
        if is_number(old) and is_number(new):
            if isinstance(old, float) or isinstance(new, float):
                return math.isnan(old) and math.isnan(new) or math.isclose(
                    old, new, rel_tol=self.options.rtol, abs_tol=0)
        return type(old) is type(new) and old == new

    def compare_arrays(self, old, new, run):
        """Two archives; either may not exist."""
        if not (old.exists() or new.exists()):
            return
        if not (old.exists() and new.exists()):
            self.differ(f"{run}.arrays", f"{run}.arrays", "gone" if old.exists() else "new")
            return
        with np.load(old) as before, np.load(new) as after:
            for name in sorted({*before.files, *after.files}):
                field = f"{run}.{name.partition('/')[0]}"
                if name in before.files and name in after.files:
                    self.compare_bits(before[name], after[name], field, f"{run}.{name}")
                else:
                    self.differ(field, f"{run}.{name}",
                                "gone" if name in before.files else "new")

    def compare_bits(self, old, new, field, place):
        """Two arrays, bit for bit."""
        if field in self.ignored:
            return
        self.counts["arrays"] += 1
        self.counts["elements"] += old.size
        if (old.dtype, old.shape) != (new.dtype, new.shape):
            self.differ(field, place,
                        f"{old.dtype}{list(old.shape)} -> {new.dtype}{list(new.shape)}")
            return
        if old.tobytes() == new.tobytes():
            return
        old, new = np.atleast_1d(old), np.atleast_1d(new)
        raw = f"V{old.dtype.itemsize}"
        unequal = np.ascontiguousarray(old).view(raw) != np.ascontiguousarray(new).view(raw)
        zeros = unequal & (old == 0) & (new == 0)
        if self.options.allow_zero_sign and zeros.any():
            self.zeros.append(f"{self.case}: {place}: {zeros.sum()} of {old.size}")
            unequal &= ~zeros
        if unequal.any():
            index = tuple(map(int, np.argwhere(unequal)[0]))
            self.differ(field, place, f"{unequal.sum()} of {old.size} elements, first at "
                        f"{list(index)}: {old[index]!r} -> {new[index]!r}")

    def compare_case(self, name):
        """All files of a case."""
        self.case, files = name, []
        for folder in (self.options.old, self.options.new):
            files.append(folder / "cases" / f"{name}.json")
            if not files[-1].exists():
                self.differ("case", "case", f"not in {folder}")
                return
        old, new = (json.loads(path.read_text()) for path in files)
        if old["commands"] != new["commands"]:
            self.differ("commands", "commands", "other options: record with one script")
            return
        slow = find_timeouts(old) | find_timeouts(new)
        if slow:
            self.timeouts.append(f"{name}: {', '.join(sorted(slow))}")
        if "compile" in slow:
            return
        self.counts["cases"] += 1
        self.compare(old["compile"], new["compile"], "compile", "compile")
        for run in sorted({*old["runs"], *new["runs"]}):
            if run in slow:
                continue
            before, after = old["runs"].get(run), new["runs"].get(run)
            if before is None or after is None:
                self.differ("run", run, "new" if before is None else "gone")
                continue
            self.counts["reports"] += "report" in before and "report" in after
            self.counts["timelines"] += "trace" in before and "trace" in after
            self.compare(before, after, "", run)
            self.compare_arrays(*(f.with_suffix(f".{run}.npz") for f in files), run)

    def report(self):
        """Prints what was found; whether there is a deviation."""
        limit = self.options.limit
        for lines in self.fields.values():
            for line in lines[:limit or None]:
                print(line)
            if limit and len(lines) > limit:
                print(f"... and {len(lines) - limit} like it (--limit 0 shows all)")
        for line in self.timeouts:
            print(f"not compared, out of time: {line}")
        for line in self.zeros:
            print(f"sign of zeros: {line}")
        print("\ncompared: " + ", ".join(f"{n} {k}" for k, n in self.counts.items()))
        print("not compared: " + "; ".join(
            [f"{k} ({why})" for k, why in EXCLUDED.items()] + self.options.ignore
            + [f"texts up to {pattern}" for pattern, _ in EQUAL_TEXTS]))
        for field, lines in self.fields.items():
            cases = {line.partition(": ")[0] for line in lines}
            by = f", by up to {self.largest[field]:.2g}" if field in self.largest else ""
            print(f"differs: {field}: {len(lines)} in {len(cases)} cases{by}")
        for (field, kind), cases in self.presence.items():
            print(f"{kind} field: {field}: in {len(cases)} cases, as {min(cases)}")
        if self.options.allow_zero_sign:
            print(f"only signs of zeros: {len(self.zeros)} arrays")
        found = sum(map(len, self.fields.values())) + len(self.presence)
        if found or self.counts["cases"]:
            print(f"{found} deviations" if found else "no deviation")
        return found > 0


def find_timeouts(result):
    """The commands of a case that ran out of time: "compile" and names of runs."""
    commands = {"compile": result["compile"], **result["runs"]}
    return {name for name, done in commands.items() if done["code"] == "timeout"}


def is_number(value):
    """Whether a value of JSON is a number."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def normalize(text):
    """`text` without what differs between builds."""
    for pattern, replacement in EQUAL_TEXTS:
        text = re.sub(pattern, replacement, text)
    return text


def shorten(value, other):
    """A value in few characters; of long texts the first line that differs."""
    if isinstance(value, str) and isinstance(other, str):
        lines, others = value.splitlines(), other.splitlines()
        pairs = itertools.zip_longest(lines, others)
        value = next((line for line, unlike in pairs if line != unlike), value)
    return json.dumps(value)[:160]


def name_rows(rows):
    """The elements of a list by name, phase and number of that, or by number."""
    result, seen = {}, collections.Counter()
    for row in rows:
        name = ""
        if isinstance(row, dict):
            name = " ".join(str(row[k]) for k in ("name", "phase") if k in row)
        seen[name] += 1
        result[f"{name} #{seen[name]}" if seen[name] > 1 or not name else name] = row
    return result


def compare(options):
    """The subcommand: whether two recordings differ, as exit code."""
    found = Comparison(options)
    recordings = []
    for folder in (options.old, options.new):
        path = folder / "recording.json"
        if not path.exists():
            sys.exit(f"error: {path} does not exist; expected a finished recording")
        recordings.append(json.loads(path.read_text()))
    old, new = ({n for n in r["cases"] if re.search(options.only, n)} for r in recordings)
    absent = (new - old if recordings[0]["partial"] else set()) | (
        old - new if recordings[1]["partial"] else set())
    for name in sorted((old | new) - absent):
        found.compare_case(name)
    deviates = found.report()
    if absent:
        print(f"{len(absent)} cases are in one recording only, because the other is partial")
    for kind in ("cases", "reports", "arrays"):
        if not found.counts[kind]:
            sys.exit(f"error: compared no {kind}: this proves nothing")
    return int(deviates)
