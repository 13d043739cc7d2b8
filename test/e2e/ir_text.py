# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The text of IR as the tools print it: tokens, and the operations that they are of.

Knows no operation: one begins on a line of its own, and ends on the line on which
every bracket is closed again that was opened since."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property

TOKEN = re.compile(r"""
    (?P<space>\s+|//[^\n]*)
  | (?P<string>"(?:[^"\\]|\\.)*")
  | (?P<value>%[\w$.-]+(?:\#\d+)?)
  | (?P<block>\^[\w$.-]+)
  | (?P<symbol>@[\w$.-]+)
  | (?P<alias>[\#!][A-Za-z_][\w$.]*)
  | (?P<arrow>->)
  | (?P<number>-?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)
  | (?P<word>[A-Za-z_][\w$.]*)
  | (?P<mark>.)""", re.VERBOSE)
EXTENT = re.compile(r"(\d+)x")
OPEN, CLOSE = "([{<", ")]}>"
#: What stands behind these has their name, as behind "name =".
KEYWORDS = ("to", "step", "start", "by")


@dataclass(frozen=True)
class Token:
    kind: str  # a group of TOKEN
    text: str
    start: int
    line: int  # from 1
    column: int  # from 1
    depth: int = 0  # of brackets in its operation
    #: What is around it and in front of it, outermost first: "formats/bfp/mantissa".
    place: str = ""
    #: Its number in the innermost list.
    index: int = 0

    @property
    def end(self):
        return self.start + len(self.text)


def split(text, start=0, line=1):
    """Tokens, without space. Extents in types are numbers of their own."""
    tokens, line_start = [], start
    in_type = False

    def add(kind, word, at):
        tokens.append(Token(kind, word, at, line, at - line_start + 1))

    while start < len(text):
        extent = EXTENT.match(text, start) if in_type else None
        if extent:
            add("number", extent[1], start)
            start = extent.end()
            continue
        found = TOKEN.match(text, start)
        kind, word = found.lastgroup, found[0]
        if kind != "space":
            add(kind, word, start)
            in_type = word == "<" and len(tokens) > 1 and (
                tokens[-2].text in ("tensor", "vector"))
        elif "\n" in word:
            line += word.count("\n")
            line_start = start + word.rindex("\n") + 1
        start = found.end()
    return tokens


@dataclass(eq=False)
class Op:
    """An operation. `tokens` are its own: those of nested ones are theirs."""

    start: int  # of its first line
    end: int = 0  # behind its last line
    parent: Op | None = None
    tokens: list[Token] = field(default_factory=list)
    #: By region.
    regions: list[list[Op]] = field(default_factory=list)
    #: The block arguments of each region and their types.
    arguments: list[dict[str, str]] = field(default_factory=list)

    @cached_property
    def results(self):
        names = []
        for token in self.tokens:
            if token.kind == "value":
                names.append(token.text)
            elif token.text == "=":
                return names
            elif token.text not in ",:" and token.kind != "number":
                break
        return []

    @cached_property
    def name(self):
        """With its dialect. Of `#name = #attribute` the attribute."""
        start = 0
        if self.results or self.tokens[0].kind == "alias":
            start = next(i for i, t in enumerate(self.tokens) if t.text == "=") + 1
        return self.tokens[start].text

    @cached_property
    def operands(self):
        """Tokens of values that are used."""
        defined = len(self.results)
        if self.name == "scf.for":
            loop = [t for t in self.tokens if t.kind == "value"][defined:]
            return [t for i, t in enumerate(loop) if i not in (0, 4)]
        return [t for t in self.tokens if t.kind == "value" and "^" not in t.place
                ][defined:]

    @property
    def ops(self):
        """Nested, of all regions."""
        return [op for region in self.regions for op in region]

    def get(self, place):
        """Tokens at a place, in their order."""
        return [t for t in self.tokens if t.place == place]

    def walk(self):
        yield self
        for op in self.ops:
            yield from op.walk()

    def get_siblings(self):
        """The operations of its block, and its number among them."""
        region = next(r for r in self.parent.regions if self in r)
        return region, region.index(self)


def _is_named(tokens, i):
    return i + 1 < len(tokens) and tokens[i + 1].text == "="


def place_tokens(tokens):
    """Tokens with their depth and place, of one operation."""
    result, stack = [], []  # of the stack: [label, number in the list, last name]
    previous = before = None

    def get_label():
        if previous is None:
            return ""
        if previous.text == "=" and before is not None:
            return before.text.rpartition(".")[2]
        if previous.kind in ("word", "alias"):
            return previous.text.rpartition(".")[2].lstrip("#!")
        return ""

    top = ["", 0, ""]
    for i, token in enumerate(tokens):
        if token.kind == "block":
            stack, top = [], ["^", 0, ""]
        opens = token.kind == "mark" and token.text in OPEN
        if token.kind == "mark" and token.text in CLOSE and stack:
            top = stack.pop()
        labels = [level[0] for level in [*stack, top]]
        labels.append(top[2])
        unique = [label for i, label in enumerate(labels) if label and
                  (i == 0 or label != labels[i - 1])]
        result.append(Token(token.kind, token.text, token.start, token.line,
                            token.column, len(stack), "/".join(unique), top[1]))
        if opens:
            stack.append(top)
            top = [get_label(), 0, ""]
        elif token.text == "," and token.kind == "mark":
            top = [top[0], top[1] + 1, ""]
        elif token.kind == "word" and (token.text in KEYWORDS or _is_named(tokens, i)):
            top = [top[0], top[1], token.text.rpartition(".")[2]]
        elif token.text == ":" and token.kind == "mark":
            top = [top[0], top[1], "type"]
        elif token.kind == "arrow":
            top = [top[0], top[1], "result"]
        before, previous = previous, token
    return result


class Text:
    """Parsed IR: `top` has the module, or what there is instead."""

    def __init__(self, text):
        self.text = text
        end = text.find("\n{-#")
        self.body = text if end < 0 else text[: end + 1]
        self.top = Op(0, len(self.body))
        self.top.regions.append([])
        self._parse(split(self.body))
        for op in self.walk():
            op.tokens = place_tokens(op.tokens)
            self._read_arguments(op)

    def walk(self):
        for op in self.top.ops:
            yield from op.walk()

    def _parse(self, tokens):
        lines = {}
        for token in tokens:
            lines.setdefault(token.line, []).append(token)
        op, depth = self.top, 0
        opened = []  # depths at which operations began
        for line in lines.values():
            first = line[0]
            if op is self.top and first.kind == "mark":
                continue
            if first.text not in ("}", ")", "]") and first.kind != "block":
                start = self.body.rfind("\n", 0, first.start) + 1
                new = Op(start, parent=op)
                op.regions[-1].append(new)
                op = new
                opened.append(depth)
            for i, token in enumerate(line):
                op.tokens.append(token)
                if token.kind != "mark":
                    continue
                if token.text in OPEN:
                    depth += 1
                    if token.text == "{" and i + 1 == len(line):
                        op.regions.append([])
                elif token.text in CLOSE:
                    depth -= 1
            if opened and depth == opened[-1]:
                stop = self.body.find("\n", line[-1].end)
                op.end = len(self.body) if stop < 0 else stop + 1
                opened.pop()
                op = op.parent

    def _read_arguments(self, op):
        """Of blocks, from ^bb0(%a: type, ...)."""
        names = [t for t in op.tokens if t.kind == "value" and "^" in t.place]
        for number, _ in enumerate(op.regions):
            op.arguments.append({})
            if number >= len(op.regions):
                break
        starts = [region[0].start if region else op.end for region in op.regions]
        for token in names:
            number = next(i for i, s in enumerate(starts) if token.start < s)
            op.arguments[number][token.text] = self._read_type(token.end)

    def _read_type(self, start):
        """The type behind a colon, or an arrow."""
        found = re.compile(r"\s*(?::|->)?\s*\(?([\w.]+(?:<[^>]*>)?)").match(self.body, start)
        return found[1] if found else ""

    def get_result_type(self, op):
        """Empty where it is not known."""
        if not op.results:
            return ""
        if op.name == "scf.for":
            arrows = [t for t in op.tokens if t.kind == "arrow"]
            return self._read_type(arrows[0].start) if arrows else ""
        if op.name == "arith.constant":
            colons = [t for t in op.tokens if t.text == ":" and t.depth == 0]
            return self._read_type(colons[-1].start) if colons else ""
        if op.name in ("photonic.scaled_add", "photonic.float_add"):
            return "f32"
        if op.name in ("photonic.product", "photonic.array_product"):
            # Named beside the destination.
            places = [t for t in op.tokens if t.text == ":" and t.place.startswith("outs")]
            if places:
                return self._read_type(places[-1].start)
        arrows = [t for t in op.tokens if t.kind == "arrow" and t.depth == 0]
        colons = [t for t in op.tokens if t.text == ":" and t.depth == 0]
        marks = arrows or colons
        return self._read_type(marks[-1].start) if marks else ""

    def get_scope(self, op):
        """Values that `op` may use, with their types, nearest first."""
        result = {}
        isolated = False
        while op.parent is not None and not isolated:
            siblings, index = op.get_siblings()
            for other in reversed(siblings[:index]):
                for name in other.results:
                    result.setdefault(name, self.get_result_type(other))
            parent = op.parent
            if parent is self.top:
                break
            if parent.name == "scf.for":
                names = [t.text for t in parent.tokens if t.kind == "value"]
                first = len(parent.results)
                result.setdefault(names[first], "index")
                if len(names) > first + 4:
                    result.setdefault(names[first + 4], self.get_result_type(parent))
            elif parent.name == "func.func":
                for token in parent.tokens:
                    if token.kind == "value":
                        result.setdefault(token.text, self._read_type(token.end))
            else:
                number = parent.regions.index(siblings)
                for name, kind in parent.arguments[number].items():
                    result.setdefault(name, kind)
            isolated = parent.name.startswith("photonic.") or parent.name == "func.func"
            op = parent
        return result


def find_uses(op, name):
    """Tokens that use a result of `op`: behind it, in its block and what is nested."""
    siblings, index = op.get_siblings()
    return [token for other in siblings[index + 1:] for inner in other.walk()
            for token in inner.operands if token.text == name]
