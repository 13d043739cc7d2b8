# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Every change of one thing in IR: of a number, a keyword, a name or an order in
the operations of `photonic` and in the loops and index arithmetic around them, and
of whole operations."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass

from ir_text import Text, Token, find_uses

DIALECTS = ("photonic", "scf", "arith", "tensor")
#: What a module says of its machine. Only structure matters, costs do not.
TARGET = "#photonic.target"

#: Keywords that say something, with the others that could stand in their place.
ENUMERATIONS = [
    ("trunc", "nearest", "stochastic"),
    ("first", "second"),
    ("groups", "positions", "rows", "columns", "offsets"),
    ("i8", "i16", "i32", "i64", "f32", "index"),
    ("photonic.dot", "photonic.modular_dot"),
    ("photonic.scaled_add", "photonic.float_add"),
    ("photonic.product", "photonic.array_product"),
    ("arith.addi", "arith.subi", "arith.muli"),
    ("images", "lines", "units"),
    ("operands", "result"),
    ("df1", "df2"),  # of older IR
]
WORDS = {word: [w for w in words if w != word] for words in ENUMERATIONS for word in words}
DIMENSIONS = [f"d{i}" for i in range(5)]

#: Words behind which something may be left out, together with it.
OPTIONAL = ("start", "stationary", "key", "stream", "offsets", "groups", "positions",
            "rows", "columns", "arrays", "by", "operator", "formats", "sizes", "chunk",
            "buffers", "images", "lines", "units", "operands", "result")


@dataclass(frozen=True)
class Mutation:
    #: What kind of thing is changed, in which operation: "photonic.product: sizes".
    kind: str
    line: int
    column: int
    #: "16 -> 17 in sizes"
    what: str
    #: (start, end, replacement), which do not overlap.
    edits: tuple[tuple[int, int, str], ...]

    def __str__(self):
        operation, _, thing = self.kind.partition(": ")
        return f"line {self.line}, column {self.column}: {self.what} ({thing} of {operation})"

    def apply(self, text):
        for start, end, new in sorted(self.edits, reverse=True):
            text = text[:start] + new + text[end:]
        return text


def is_relevant(op):
    return op.name.partition(".")[0] in DIALECTS


def vary_number(text):
    if not text.lstrip("-").isdigit():
        return [f"{float(text) + 1}", f"{float(text) * 2}"]
    n = int(text)
    return [str(v) for v in dict.fromkeys((n + 1, n - 1, 2 * n)) if v != n]


class Mutator:
    """All changes of a text."""

    def __init__(self, text):
        self.text = Text(text)
        self.names = defaultdict(set)  # strings that stand in a place
        self.nodes = set()  # locations that operations have
        for op in self.text.walk():
            for token in op.tokens:
                if token.kind == "string":
                    self.names[token.place.rpartition("/")[2]].add(token.text)
            location = self._get_location(op)
            if location and location.kind == "alias":
                self.nodes.add(location.text)
        self.constants = {}
        for op in self.text.walk():
            if op.name == "arith.constant":
                value = next(t for t in op.tokens if t.kind == "number")
                self.constants[op.results[0]] = value.text

    def get_all(self):
        result = []
        for op in self.text.walk():
            if op.name == TARGET:
                result += [*self.change_tokens(op), *self.change_lists(op)]
            elif is_relevant(op):
                for part in (self.change_tokens, self.change_lists, self.leave_out,
                             self.change_op):
                    result += part(op)
        known, unique = {self.text.body}, []
        for mutation in result:
            changed = mutation.apply(self.text.body)
            if changed not in known:
                known.add(changed)
                unique.append(mutation)
        return unique

    #
    # Tokens
    #

    def _make(self, op, token, what, kind, edits=None):
        edits = edits or ((token.start, token.end, what),)
        if len(edits) == 1 and edits[0][2] == what:
            what = f"{token.text} -> {what}"
        return Mutation(f"{op.name}: {kind}", token.line, token.column, what, tuple(edits))

    @staticmethod
    def _get_location(op):
        """The token that says which node an operation is of."""
        for before, token in zip(reversed(op.tokens[:-2]), reversed(op.tokens[:-1])):
            if token.kind in ("alias", "string") and before.text == "(":
                return token
            break
        return None

    def change_tokens(self, op):
        location = self._get_location(op)
        result = []
        scope = None
        for i, token in enumerate(op.tokens):
            thing = self._name_thing(op, token)
            if op.name == TARGET and "structure/" not in token.place:
                continue
            if token is location:
                if op.name in ("photonic.product", "photonic.array_product"):
                    result += [self._make(op, token, node, "location")
                               for node in sorted(self.nodes - {token.text})]
            elif token.place.endswith("loc") or token.text == "loc":
                continue
            elif token.kind == "number":
                result += [self._make(op, token, new, thing)
                           for new in vary_number(token.text)]
            elif token.kind == "string":
                others = self.names[token.place.rpartition("/")[2]] - {token.text}
                others.add(token.text[:-1] + '_0"')
                result += [self._make(op, token, new, thing) for new in sorted(others)]
            elif token.kind == "word":
                result += self._change_word(op, i, token, thing)
            elif token in op.operands:
                scope = scope or self.text.get_scope(op)
                result += [self._make(op, token, new, f"operand, {thing}")
                           for new in self._choose_values(token.text, scope)]
        return result

    @staticmethod
    def _name_thing(op, token):
        place = token.place.replace("^", "arguments")
        if place.rpartition("/")[2] in ("tensor", "vector", "type", "result"):
            return "types"
        if op.name == TARGET:
            return "structure"
        return place or {"number": "number", "word": "keyword"}.get(token.kind, token.kind)

    def _change_word(self, op, i, token, thing):
        before = op.tokens[i - 1].text if i else ""
        if token.text in DIMENSIONS and before == "x":
            return [self._make(op, token, new, f"{thing}, dimension")
                    for new in DIMENSIONS if new != token.text]
        if token.text in WORDS:
            last = op.tokens[i + 1].text if i + 1 < len(op.tokens) else ""
            if token.text in WORDS["rows"] + ["rows"] and last != "=":
                return []
            others = WORDS[token.text]
            if token.place.endswith("tensor"):
                others = ["i32"]
            if thing != "types":
                thing = "name" if token.text == op.name else f"{thing}, keyword"
            return [self._make(op, token, new, thing) for new in others]
        if "." in token.text and token.text != op.name and token.depth > 0:
            return [self._make(op, token, token.text + "_0", "attribute's name")]
        return []

    def _choose_values(self, name, scope):
        """Values of the type, of constants one per number, and one of another type."""
        kind, seen, result = scope.get(name), {self.constants.get(name)}, []
        same = other = False
        for value, its in scope.items():
            if value == name:
                continue
            number = self.constants.get(value)
            if its != kind:
                if not other:
                    result.append(value)
                other = True
            elif number is None:
                result.append(value)
            elif number == self.constants.get(name):
                if not same:
                    result.append(value)
                same = True
            elif number not in seen:
                seen.add(number)
                result.append(value)
        return result

    #
    # Orders, and what may be left out
    #

    def change_lists(self, op):
        """Elements of lists: neighbours exchanged, one left out, one twice."""
        result = []
        for first, last in self._find_lists(op):
            if op.name == TARGET and "structure/" not in op.tokens[first + 1].place:
                continue
            depth = op.tokens[first].depth
            elements, start = [], first + 1
            for i in range(first + 1, last + 1):
                comma = op.tokens[i].text == "," and op.tokens[i].depth == depth + 1
                if (comma or i == last) and i > start:
                    elements.append((op.tokens[start].start, op.tokens[i - 1].end,
                                     op.tokens[start]))
                    start = i + 1
            result += self._change_elements(op, elements)
        return result

    @staticmethod
    def _find_lists(op):
        """Numbers of the tokens of a [ and its ]."""
        opened = []
        for i, token in enumerate(op.tokens):
            if token.text == "[" and token.kind == "mark":
                opened.append(i)
            elif token.text == "]" and opened:
                yield opened.pop(), i

    def _change_elements(self, op, elements):
        text, result = self.text.text, []
        for number, (start, end, token) in enumerate(elements):
            thing = self._name_thing(op, token).split("/bfp")[0]
            mine = text[start:end]
            result.append(self._make(op, token, f"'{mine}' twice", f"{thing}, element",
                                     ((end, end, ", " + mine),)))
            if len(elements) > 1:
                cut = ((start, elements[number + 1][0], "") if number + 1 < len(elements)
                       else (elements[number - 1][1], end, ""))
                result.append(self._make(op, token, f"without '{mine}'",
                                         f"{thing}, element", (cut,)))
            if number + 1 < len(elements):
                left, right, _ = elements[number + 1]
                other = text[left:right]
                result.append(self._make(
                    op, token, f"'{mine}' and '{other}' exchanged", f"{thing}, order",
                    ((start, end, other), (left, right, mine))))
        return result

    def leave_out(self, op):
        """Words and what belongs to them, as far as it is one thing."""
        result = []
        for i, token in enumerate(op.tokens):
            if token.kind != "word" or token.text not in OPTIONAL:
                continue
            end = i + 1
            if end < len(op.tokens) and op.tokens[end].text == "=":
                end += 1
            if end >= len(op.tokens):
                continue
            if op.tokens[end].text in ("[", "<"):
                depth = op.tokens[end].depth
                end = next(j for j in range(end + 1, len(op.tokens))
                           if op.tokens[j].depth == depth)
            start, stop = token.start, op.tokens[end].end
            after = op.tokens[end + 1] if end + 1 < len(op.tokens) else None
            if after is not None and after.text == ",":
                stop = after.end
            elif i and op.tokens[i - 1].text == ",":
                start = op.tokens[i - 1].start
            what = self.text.text[token.start: op.tokens[end].end]
            result.append(self._make(op, token, f"without '{what}'",
                                     f"{token.text}, left out", ((start, stop, ""),)))
        return result

    #
    # Operations
    #

    def change_op(self, op):
        result = [*self._exchange(op), *self._repeat(op), *self._delete(op)]
        if op.name == "scf.for":
            result += [*self._unwrap(op), *self._interchange(op)]
        return result

    def _describe(self, op):
        return " ".join(filter(None, [" ".join(op.results), op.name]))

    def _of(self, op, what, kind, edits):
        return self._make(op, op.tokens[0], what, f"operation, {kind}", edits)

    def _get_source(self, op):
        return self.text.text[op.start: op.end]

    def _exchange(self, op):
        """With the one behind it, and with the one before if that is none of ours."""
        siblings, index = op.get_siblings()
        pairs = [(op, siblings[index + 1])] if index + 1 < len(siblings) else []
        if index and not is_relevant(siblings[index - 1]):
            pairs.append((siblings[index - 1], op))
        for one, two in pairs:
            yield self._of(op, f"{self._describe(one)} and {self._describe(two)} exchanged",
                           "order", ((one.start, one.end, self._get_source(two)),
                                     (two.start, two.end, self._get_source(one))))

    def _repeat(self, op):
        if not op.results:
            yield self._of(op, f"{self._describe(op)} twice", "twice",
                           ((op.end, op.end, self._get_source(op)),))
            return
        name = op.results[0]
        result = next(t for t in op.tokens if t.kind == "value")
        at = result.start - op.start
        source = self._get_source(op)

        def rename(source):
            return source[:at] + "%again" + source[at + len(name):]

        yield self._of(op, f"{self._describe(op)} twice, the second for nothing", "twice",
                       ((op.end, op.end, rename(source)),))
        through = self._find_through(op)
        if through is None:
            return
        at_operand = through.start - op.start
        chained = source[:at_operand] + name + source[at_operand + len(through.text):]
        uses = [(t.start, t.end, "%again") for t in find_uses(op, name)]
        yield self._of(op, f"{self._describe(op)} twice, one after the other", "twice",
                       ((op.end, op.end, rename(chained)), *uses))

    def _find_through(self, op):
        """The operand that the result could stand for: of the same type."""
        kind, scope = self.text.get_result_type(op), self.text.get_scope(op)
        if op.name in ("photonic.product", "photonic.array_product"):
            named = [t for t in op.operands if t.place == "outs"]
            return named[0] if named else None
        if op.name == "scf.for":
            return op.operands[-1]
        for token in op.operands:
            if kind and scope.get(token.text) == kind:
                return token
        return None

    def _delete(self, op):
        cut = (op.start, op.end, "")
        if not op.results:
            yield self._of(op, f"without {self._describe(op)}", "deleted", (cut,))
            return
        name, through = op.results[0], self._find_through(op)
        new = through.text if through else next(
            (v for v, kind in self.text.get_scope(op).items()
             if kind == self.text.get_result_type(op)), None)
        uses = [(t.start, t.end, new) for t in find_uses(op, name)] if new else []
        yield self._of(op, f"without {self._describe(op)}, {new} in its place", "deleted",
                       (cut, *uses))

    def _unwrap(self, op):
        """A loop's body instead of the loop, as in its first iteration."""
        values = [t.text for t in op.tokens if t.kind == "value"]
        if len(values) < 7 or not op.ops:
            return
        name, counter, lower, _, _, carried, init = values[:7]
        inside, last = op.ops[0], op.ops[-1]
        if not last.operands:
            return
        edits = [(op.start, inside.start, ""), (last.start, op.end, "")]
        for inner in op.ops[:-1]:
            for each in inner.walk():
                edits += [(t.start, t.end, lower if t.text == counter else init)
                          for t in each.operands if t.text in (counter, carried)]
        # SSA names of a body may come again behind it.
        yielded = last.operands[0].text
        for inner in op.ops[:-1]:
            if yielded in inner.results:
                token = next(t for t in inner.tokens if t.kind == "value")
                edits.append((token.start, token.end, name))
        yield self._of(op, f"the body of {self._describe(op)} in its place", "unwrapped",
                       edits)

    def _interchange(self, op):
        """Two loops, the one in the other, exchanged."""
        inner = next((o for o in op.ops if o.name == "scf.for"), None)
        if inner is None:
            return

        def get_head(loop):
            names = [t for t in loop.tokens if t.kind == "value"]
            first = len(loop.results)
            return names[first].start, names[first + 3].end

        one, other = get_head(op), get_head(inner)
        text = self.text.text
        yield self._of(op, f"{self._describe(op)} and the loop in it exchanged",
                       "interchanged", ((*one, text[slice(*other)]),
                                        (*other, text[slice(*one)])))


def choose(mutations, count, seed):
    """`count` of them, or all for None: in turn of each kind, at random in a kind."""
    rng = random.Random(seed)
    if count is None or count >= len(mutations):
        return list(mutations)
    kinds = defaultdict(list)
    for mutation in mutations:
        kinds[mutation.kind].append(mutation)
    order = sorted(kinds)
    rng.shuffle(order)
    for kind in order:
        rng.shuffle(kinds[kind])
    result = []
    while len(result) < count:
        for kind in order:
            if kinds[kind] and len(result) < count:
                result.append(kinds[kind].pop())
    return result


__all__ = ["TARGET", "Mutation", "Mutator", "Token", "choose"]
