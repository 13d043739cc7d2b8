# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Why a change of IR provably changes nothing.

`explain` writes both texts in a form in which each of the rules below is applied: what
differs in it may matter. Two texts that are equal there mean the same."""

from __future__ import annotations

import itertools
import math

from ir_text import Text

#: What is written in more ways than one, and why they are the same.
RULES = {
    "names": "SSA names, and which operation holds a constant or an index, say nothing: "
             "numbers reach tiles and loops as values",
    "places": "values that no work is done for where they stand (tensor.empty, "
              "photonic.zeros, reshapes, constants that the compiler converts), and in front of "
              "stage schedule updates, which go where what they need is there "
              "(photonic-order-updates), in their order",
    "dead": "the result of a pure operation that nobody uses",
    "loops": "loops count to another bound, in other steps, or from elsewhere, but their "
             "iterations have the same tiles in the same order",
    "start": "a start is compared with 0: it is 0 in the same iterations",
    "arrays": "each pass runs on the same array",
    "sizes": "rows and vectors beyond the extents of the product are idle, as the "
             "definition of array_product says",
}
PURE = ("photonic", "scf", "arith", "tensor", "nn")
#: Of the group that the target of the tests has.
ARRAYS = 8


class Nest:
    """Loops around an array_product."""

    def __init__(self, text, outermost, constants):
        self.loops, op = [], outermost
        while op.name == "scf.for":
            self.loops.append(op)
            inner = [o for o in op.ops if o.name in ("scf.for", "photonic.array_product")]
            if len(inner) != 1 or not set(o.name for o in op.ops) <= {
                    "scf.for", "photonic.array_product", "scf.yield", "arith.constant",
                    "arith.addi", "arith.subi", "arith.muli"}:
                raise ValueError("no nest around one tile")
            op = inner[0]
        self.tile = op
        self._check_chain()
        self.constants = dict(constants)
        for loop in self.loops:
            for inner in loop.ops:
                if inner.name == "arith.constant":
                    self.constants[inner.results[0]] = read_constant(inner)
        self._count()
        self._read_tile(text)

    def _check_chain(self):
        """Each loop hands its accumulator to what is in it, and yields what that makes."""
        outer = None
        for op in [*self.loops, self.tile]:
            init = (next(t.text for t in op.operands if t.place == "outs")
                    if op is self.tile else op.operands[-1].text)
            if outer is not None and init != outer:
                raise ValueError("an accumulator that is not handed on")
            if op is self.tile:
                break
            values = [t.text for t in op.tokens if t.kind == "value"]
            outer = values[5] if len(values) == 7 else None
            last = op.ops[-1]
            inner = self.loops[self.loops.index(op) + 1:] + [self.tile]
            if last.name != "scf.yield" or [t.text for t in last.operands] != inner[0].results:
                raise ValueError("another value is yielded")

    def _count(self):
        ranges, counters = [], []
        for loop in self.loops:
            values = [t.text for t in loop.tokens if t.kind == "value"]
            _, counter, *bounds = values[:5]
            low, high, step = (self.constants[b] for b in bounds)
            if step < 1 or high <= low:
                raise ValueError("a loop without iterations")
            if (high - low) / step > 4096:
                raise ValueError("a loop with many iterations")
            ranges.append(range(low, high, step))
            counters.append(counter)
        self.trips = [len(r) for r in ranges]
        self.points = list(itertools.islice(itertools.product(*ranges), 1 << 16))
        self.counters = counters

    def evaluate(self, name):
        """Per iteration."""
        if name in self.constants:
            return [self.constants[name]] * len(self.points)
        if name in self.counters:
            return [point[self.counters.index(name)] for point in self.points]
        for loop in self.loops:
            for op in loop.ops:
                if name in op.results and op.name.startswith("arith."):
                    a, b = (self.evaluate(t.text) for t in op.operands)
                    apply = {"arith.addi": int.__add__, "arith.subi": int.__sub__,
                             "arith.muli": int.__mul__}[op.name]
                    return [apply(x, y) for x, y in zip(a, b)]
        raise ValueError(f"{name} is no index")

    def _read_tile(self, text):
        tile = self.tile
        self.coordinates = [self.evaluate(t.text) for t in tile.operands
                            if t.place == "tile"]
        start = [t for t in tile.operands if t.place == "start"]
        self.start = self.evaluate(start[0].text) if start else None
        self.sizes = [int(t.text) for t in tile.get("sizes") if t.kind == "number"]
        self.over = [int(t.text) for t in tile.tokens
                     if t.kind == "number" and t.place.endswith("over")]
        width = [int(t.text) for t in tile.tokens
                 if t.kind == "number" and t.place.endswith("^/vector")]
        self.passes = math.ceil(self.sizes[-1] / width[0]) if width else 1

    def get_arrays(self):
        """Per pass the number of its array."""
        counts = [range(n) for n in self.trips]
        last = len(self.trips) - 1
        result = []
        for point in itertools.islice(itertools.product(*counts), 1 << 16):
            number = 0
            for loop in self.over:
                number = number * self.trips[loop] + point[loop]
            for turn in range(self.passes):
                same = last not in self.over
                result.append((number if same else number * self.passes + turn) % ARRAYS)
        return result

    def clip_sizes(self):
        """Rows of both operands that the product has, of all that a tile may have."""
        extents = get_extents(self.tile)
        if len(self.sizes) != 3 or extents is None:
            return self.sizes
        # Where the last tile along a row ends does not matter beyond the extent.
        m, n = extents
        return [min(self.sizes[0], m), min(self.sizes[1], n), self.sizes[2]]


def get_extents(tile):
    """Rows of the first operand, and of the second; None without views."""
    rows = []
    for token, after in zip(tile.tokens, tile.tokens[1:]):
        if token.text == "by" and token.depth == 1 and token.place.startswith("ins"):
            rows.append([])
        elif token.place == "ins/by/rows" and token.kind == "number" and after.text == "x":
            rows[-1].append(int(token.text))
    return [math.prod(radices) for radices in rows] if len(rows) == 2 else None


def read_constant(op):
    if "index" not in [t.text for t in op.tokens]:
        raise ValueError("a constant that is no index")
    return int(next(t.text for t in op.tokens if t.kind == "number"))


class Writer:
    """Writes a program in the one form. `parts` are what rules are about, raw."""

    def __init__(self, text):
        self.text = Text(text)
        self.aliases = {}
        self.constants = {}
        self.names = {}
        self.known = set()  # values of nn.constant
        self.parts = {rule: [] for rule in RULES}

    def write(self):
        functions = [op for op in self.text.walk() if op.name == "func.func"]
        around = [op for top in self.text.top.ops for op in (top, *top.ops)
                  if op not in functions]
        return [*(self._write_op(op) if op.name != "module" else
                  self._write_tokens(op, {}) for op in around),
                *(self._write_function(f) for f in functions)]

    def _write_function(self, function):
        ops = function.ops
        live = self._find_live(ops)
        for token in function.tokens:
            if token.kind == "value":
                self.names.setdefault(token.text, f"argument {len(self.names)}")
        result, updates = [self._write_tokens(function, self.names)], []
        # Where it is said where values are kept, the order has been chosen.
        ordered = any(t.text.startswith("photonic.memory") for t in function.tokens)
        for op in ops:
            self.parts["names"].append(op.name if op.name.startswith("arith.") else "")
            if op.name == "arith.constant":
                self.constants[op.results[0]] = read_constant(op)
                self.parts["names"].append(op.results)
                continue
            if op not in live:
                self.parts["dead"].append(self._write_op(op))
                continue
            if op.name == "nn.constant":
                self.known |= set(op.results)
            if op.name in ("tensor.empty", "photonic.zeros", "nn.reshape") or (
                    self._is_converted_constant(op)):
                words, *_ = self._write_op(op)
                end = len(words) - words[::-1].index("loc") - 1 if "loc" in words else None
                # No work is attributed to a node for it.
                self.names[op.results[0]] = " ".join(words[:end])
                self.parts["places"].append((op.results, len(result), len(updates)))
                continue
            written = self._write_step(op)
            if not ordered and any(t.text == '"update"' for t in op.tokens):
                self.parts["places"].append(("update", len(result)))
                updates.append(written)
                which = f"update {len(updates)}"
            else:
                result.append(written)
                which = f"value {len(result)}"
            self.names.update(dict.fromkeys(op.results, which))
        result += updates
        return result

    def _is_converted_constant(self, op):
        return (op.name == "photonic.convert" and op.operands[0].text in self.known
                and not any(t.text == "rows" for t in op.tokens))

    @staticmethod
    def _find_live(ops):
        """Operations that something is made of that the function returns."""
        needed, live = set(), []
        for op in reversed(ops):
            pure = op.name.partition(".")[0] in PURE
            if not pure or not op.results or needed & set(op.results):
                live.append(op)
                needed |= {t.text.partition("#")[0] for inner in op.walk()
                           for t in inner.operands}
        return live

    @staticmethod
    def _write_tokens(op, names):
        """With values by what they are, and without those that it defines."""
        defined = op.results if op.name != "scf.for" else []
        tokens = [t for t in op.tokens if not (t.kind == "value" and t.text in defined)]
        return tuple(names.get(t.text, t.text) if t.kind == "value" else t.text
                     for t in tokens)

    def _write_op(self, op):
        names = dict(self.names)
        names.update({name: f"constant {value}" for name, value in self.constants.items()})
        return self._write_nested(op, names)

    def _write_nested(self, op, outer):
        """With what is nested; names of each region count anew."""
        names, result = dict(outer), []
        for number, region in enumerate(op.regions):
            inside = dict(outer)
            for i, name in enumerate(op.arguments[number]):
                inside[name] = f"argument {i} of region {number}"
            for i, inner in enumerate(region):
                result.append((number, self._write_nested(inner, inside)))
                inside.update({name: f"result {i}" for name in inner.results})
        # Which names arguments have does not matter, what types they have does.
        arguments = {name for each in op.arguments for name in each}
        names.update(dict.fromkeys(arguments, "argument"))
        return (self._write_tokens(op, names), *result)

    def _write_step(self, op):
        if op.name == "photonic.fused":
            return self._write_fused(op)
        return self._write_nest(op) if op.name == "scf.for" else self._write_op(op)

    def _write_fused(self, op):
        """What is computed together, as by itself."""
        outer, result = dict(self.names), []
        for i, inner in enumerate(op.ops):
            result.append(self._write_step(inner))
            self.names.update(dict.fromkeys(inner.results, f"result {i}"))
        self.names = outer
        return (self._write_tokens(op, self.names), *result)

    def _write_nest(self, op):
        try:
            nest = Nest(self.text, op, self.constants)
        except (ValueError, KeyError):
            return self._write_op(op)
        self.parts["loops"].append([
            [nest.constants[t.text] for t in loop.tokens
             if t.kind == "value" and t.text in nest.constants] for loop in nest.loops])
        self.parts["start"].append(nest.start)
        self.parts["arrays"].append((nest.over, nest.trips))
        self.parts["sizes"].append(nest.sizes)
        self.parts["names"].append([[t.text for t in inner.tokens if t.kind == "value"]
                                    for inner in op.walk()])
        tile = nest.tile
        names = dict(self.names)
        init = op.operands[-1].text
        for loop in nest.loops:
            values = [t.text for t in loop.tokens if t.kind == "value"]
            names[values[5]] = "accumulator"
        by_place = {"tile": "index", "start": "index"}
        for token in tile.operands:
            if token.place in by_place:
                names[token.text] = by_place[token.place]
        words, *regions = self._write_nested(tile, names)
        tokens = [t for t in tile.tokens if t.text not in tile.results]
        own = tuple(word for word, token in zip(words, tokens)
                    if token.place.rpartition("/")[2] not in ("sizes", "over"))
        return ("nest", own, tuple(regions), tuple(map(tuple, nest.coordinates)),
                nest.start and tuple(s == 0 for s in nest.start),
                tuple(nest.get_arrays()) if nest.over else None,
                tuple(nest.clip_sizes()), self.names.get(init, init),
                self._get_rest(nest))

    @staticmethod
    def _get_rest(nest):
        """What loops and what they yield say beside values: types, locations."""
        return tuple(t.text for loop in nest.loops for op in (loop, loop.ops[-1])
                     for t in op.tokens if t.kind != "value")


def explain(text, changed):
    """Which of the rules say that both texts mean the same; empty if none do."""
    try:
        one, two = Writer(text), Writer(changed)
        if one.write() != two.write():
            return []
    except (StopIteration, IndexError, ValueError):
        return []
    return [rule for rule in RULES if one.parts[rule] != two.parts[rule]] or ["names"]
