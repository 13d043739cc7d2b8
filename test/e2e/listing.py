# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Reads disassembled programs and counts what they charge.

Follows docs/isa.md sections 3, 5, 8 and 12 and nothing else. Loops are
expanded: every field of an instruction is evaluated at every iteration, as one
NumPy array per instruction.
"""

import re
from dataclasses import dataclass, field

import numpy as np

TOKEN = re.compile(
    r'"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|0x[0-9A-Fa-f]+'
    r"|[A-Za-z_][\w.]*|[\[\](),*+<{}]"
)


@dataclass
class Instruction:
    line: int
    name: str
    head: list
    fields: dict
    loops: tuple
    layer: int | None = None


@dataclass
class Listing:
    batch: int
    array: tuple = ()
    cores: int = 0
    bytes_used: list = field(default_factory=list)
    memories: list = field(default_factory=list)
    formats: dict = field(default_factory=dict)  # (mantissa bits, group) by conversion
    regions: list = field(default_factory=list)
    layers: dict = field(default_factory=dict)
    code: list = field(default_factory=list)


class Reader:
    def __init__(self, text, memories):
        self.memories = memories
        self.tokens = TOKEN.findall(text)
        self.at = 0

    def peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def take(self, expected=None):
        token = self.tokens[self.at]
        assert expected is None or token == expected, (token, expected, self.tokens)
        self.at += 1
        return token

    def takes(self, token):
        if self.peek() == token:
            self.at += 1
            return True
        return False

    def affine_body(self):
        """`base + weight * lN(scale, offset, divisor, modulus) + ...`"""
        base, terms = 0, []
        while True:
            weight = 1
            if re.match(r"-?\d", self.peek()):
                weight = int(self.take())
                if not self.takes("*"):
                    base += weight
                    if not self.takes("+"):
                        return base, terms
                    continue
            loop = int(self.take()[1:])
            digits = (1, 0, 1, 0)
            if self.takes("("):
                digits = tuple(self.list(")", lambda: int(self.take())))
            terms.append((weight, loop, *digits))
            if not self.takes("+"):
                return base, terms

    def affine(self):
        if self.takes("["):
            value = self.affine_body()
            self.take("]")
            return value
        return int(self.take()), []

    def count(self):
        cap = int(self.take())
        return cap, self.affine() if self.takes("of") else None

    def address(self):
        space = self.memories.index(self.take())
        self.take("[")
        value = self.affine_body()
        self.take("]")
        return space, value

    def list(self, end, element):
        values = []
        while not self.takes(end):
            values.append(element())
            self.takes(",")
        return values

    def numbers(self):
        self.take("[")
        return self.list("]", lambda: int(self.take()))


def read(text):
    """A `Listing` of the output of photonic-translate --disassemble."""
    listing, loops = None, []
    for number, line in enumerate(text.splitlines()):
        line = line.strip()
        if line.startswith("pisa.program"):
            listing = Listing(int(re.search(r" batch (\d+)", line)[1]))
        elif line.startswith("pisa.group 0"):
            match = re.search(r" count (\d+) array \[(\d+), (\d+)\]", line)
            listing.cores, *listing.array = map(int, match.groups())
        elif line.startswith("pisa.memory"):
            match = re.match(r'pisa\.memory \d+ "(\w+)" .* bytes (\d+)', line)
            listing.memories.append(match[1])
            listing.bytes_used.append(int(match[2]))
        elif match := re.match(r"pisa\.conversion (\d+) bfp mantissa (\d+) group (\d+) ", line):
            listing.formats[int(match[1])] = int(match[2]), int(match[3])
        elif line.startswith("pisa.region"):
            listing.regions.append(_read_region(line, listing.memories))
        elif line.startswith("pisa.layer"):
            match = re.match(r'pisa\.layer (\d+) ("(?:[^"\\]|\\.)*") "', line)
            listing.layers[int(match[1])] = eval(match[2])
        elif line.startswith("pisa.loop"):
            loops.append(int(line.split()[1]))
        elif line == "}" and loops:
            loops.pop()
        elif re.match(r"pisa\.(dma|vec|core|signal|wait|halt)", line):
            listing.code.append(_read_instruction(line, number, tuple(loops),
                                                  listing.memories))
    return listing


def _read_region(line, memories):
    match = re.match(
        r'pisa\.region \d+ ("(?:[^"\\]|\\.)*") (\w+) at (\w+)\[(\d+)\] '
        r"bytes (\d+)", line
    )
    assert match, line
    return (eval(match[1]), match[2], memories.index(match[3]), int(match[4]),
            int(match[5]))


def _read_instruction(line, number, loops, memories):
    reader = Reader(line, memories)
    name = reader.take()[len("pisa."):]
    result = Instruction(number, name, [], {}, loops)
    if name in ("core_program", "core_stream", "core_convert", "signal", "wait"):
        result.head = [reader.take(), reader.numbers()[0]]
    if name in ("signal", "wait"):
        reader.take()
    if name in ("vec_map", "vec_reduce", "vec_pool"):
        result.head = [reader.take()]
    fields = result.fields
    key = "dst"
    while reader.peek() is not None:
        token = reader.peek()
        if token in memories:
            fields[key] = reader.address()
            continue
        reader.take()
        if token in ("conversion", "pass", "combine", "map", "product", "window", "dim", "extent",
                     "width", "operand"):
            fields[f"{key} {token}" if token == "map" else token] = int(reader.take())
        elif token == "into":
            # Streams name the map in front of the address.
            key = "into"
            fields["into map"] = int(reader.take())
        elif token in ("from", "a", "b"):
            key = token
        elif token in ("row", "k", "vec", "start", "group"):
            fields[token] = reader.affine()
        elif token in ("rows", "cols", "length"):
            fields[token] = reader.count()
        elif token == "shape":
            reader.take("[")
            fields["shape"] = reader.list("]", reader.count)
        elif token == "strides":
            fields[key + " strides"] = reader.numbers()
        elif token in ("zero_fill", "stored"):
            fields[token] = True
        elif token == "layer":
            result.layer = int(reader.take())
        elif token == "when":
            loop = int(reader.take()[1:])
            scale, offset = 1, 0
            if reader.takes("*"):
                scale = int(reader.take())
            if reader.takes("+"):
                offset = int(reader.take())
            reader.take("<")
            extent = int(reader.take())
            low = int(reader.take()) if reader.takes("from") else 0
            fields["guard"] = (loop, scale, offset, low, extent)
        elif token in ("s0", "s1"):
            fields[token] = reader.take()
        elif token in ("dims", "stream"):
            fields[token] = int(reader.take())
        elif token != "redundant":
            raise ValueError(f"line {number + 1}: expected a word of {name}, found "
                             f"{token!r}: {line}")
    return result


class Expansion:
    """The iterations of one instruction that are not skipped."""

    def __init__(self, instruction):
        self.fields = instruction.fields
        sizes = instruction.loops or (1,)
        grid = np.indices(sizes, dtype=np.int64).reshape(len(sizes), -1)
        self.counters = grid
        keep = np.ones(grid.shape[1], bool)
        if "guard" in self.fields:
            loop, scale, offset, low, extent = self.fields["guard"]
            digit = grid[loop] * scale + offset
            keep &= (digit >= low) & (digit < extent)
        for value in self._get_counts():
            keep &= self.count(value) > 0
        self.counters = grid[:, keep]
        self.times = int(keep.sum())

    def _get_counts(self):
        names = ("rows", "cols", "length")
        counts = [self.fields[n] for n in names if n in self.fields]
        return counts + list(self.fields.get("shape", []))

    def affine(self, value):
        base, terms = value
        total = np.full(self.counters.shape[1], base, np.int64)
        for weight, loop, scale, offset, divisor, modulus in terms:
            digit = (self.counters[loop] * scale + offset) // divisor
            total += weight * (digit % modulus if modulus else digit)
        return total

    def count(self, value):
        cap, remaining = value
        if remaining is None:
            return np.full(self.counters.shape[1], cap, np.int64)
        return np.clip(self.affine(remaining), 0, cap)

    def get(self, name):
        return self.count(self.fields[name])

    def elements(self):
        total = np.ones(self.counters.shape[1], np.int64)
        for value in self.fields["shape"]:
            total *= self.count(value)
        return total

    def elements_read(self):
        """Elements of a copy that zero fill does not supply."""
        total = self.elements()
        if "zero_fill" not in self.fields:
            return total
        extent = self.count(self.fields["shape"][self.fields["dim"]])
        start = self.affine(self.fields["start"])
        stop = np.minimum(start + extent, self.fields["extent"])
        return total // extent * np.maximum(stop - np.maximum(start, 0), 0)


# Operations that one element takes, where more than one (section 5.5).
OPS = {"leaky_relu": 2, "clip": 2, "exp": 21, "log": 20, "tanh": 37, "sigmoid": 23,
       "gate": 2, "gate_range": 3, "drop": 2}


def count_charges(listing, moduli, detections):
    """Counters by layer index (None: no layer), as section 8 says."""
    result = {}
    for instruction in listing.code:
        charges = _charge(instruction, listing, moduli, detections)
        into = result.setdefault(instruction.layer, {})
        for name, amount in charges.items():
            into[name] = into.get(name, 0) + int(amount)
    return result


def _charge(instruction, listing, moduli, detections):
    rows, cols = listing.array
    name, fields = instruction.name, instruction.fields
    if name in ("signal", "wait", "halt"):
        return {}
    x = Expansion(instruction)
    stored = "stored" in fields
    if name in ("core_program", "core_stream", "core_convert"):
        bits, group = listing.formats.get(fields["conversion"], (0, 1))
        block = 1 + -(-group * (bits + 1) // 8)
        read = block if stored else 4 * x.get("cols")  # bytes of a row
    if name == "core_convert":
        used, length = x.get("rows"), x.get("cols")
        passes = length // group * -(-group // cols) + -(-(length % group) // cols)
        return {
            "bfp_conversions": (used * passes).sum(),
            "scratchpad_bytes": (used * (read + -(-length // group) * block)).sum(),
        }
    if name == "core_program":
        used = x.get("rows")
        return {
            "dac_conversions": x.times * rows * cols * moduli,
            "bfp_conversions": 0 if stored else used.sum(),
            "forward_conversions": used.sum(),
            "scratchpad_bytes": (used * read).sum(),
        }
    if name == "core_stream":
        used, width, length = x.get("rows"), x.get("cols"), x.get("length")
        reads = np.where(x.affine(fields["start"]) == 0, 0, used)
        vectors = int(length.sum())
        return {
            "bfp_conversions": 0 if stored else vectors,
            "forward_conversions": vectors,
            "modulated_elements": vectors * cols,
            "tia_symbols": vectors * rows * moduli * detections,
            "adc_conversions": vectors * rows * moduli * detections,
            "reverse_conversions": vectors * rows,
            "accumulations": (used * length).sum(),
            "scratchpad_bytes": (length * (read + 4 * (used + reads))).sum(),
            "macs": (used * width * length).sum(),
        }
    if name == "dma_copy":
        written, read = int(x.elements().sum()), int(x.elements_read().sum())
        charges = {"dram_bytes": 0, "scratchpad_bytes": 0}
        for space, amount in ((fields["dst"][0], written), (fields["from"][0], read)):
            charges["scratchpad_bytes" if space else "dram_bytes"] += (
                fields.get("width", 4) * amount)
        return charges
    if name == "vec_map":
        n = int(x.elements().sum())
        operands = 1 + ("a" in fields) + ("b" in fields)
        return {"vector_ops": n * OPS.get(instruction.head[0], 1),
                "scratchpad_bytes": 4 * n * operands}
    if name == "vec_reduce":
        n = x.elements()
        reduced = 1
        for size in fields["shape"][4 - fields.get("dims", 1):]:
            reduced = reduced * x.count(size)
        written = n // reduced
        return {"vector_ops": n.sum(), "scratchpad_bytes": (4 * (n + written)).sum()}
    assert name == "vec_pool", name
    n, window = int(x.get("rows").sum()), fields["window"]
    average = instruction.head[0].startswith("average")
    return {"vector_ops": n * (window + average),
            "scratchpad_bytes": 4 * n * (window + 1)}


def get_touched_dram(listing):
    """For each DRAM element of 4 bytes, whether a copy reads or writes it."""
    touched = np.zeros(listing.bytes_used[0] // 4 + 1, bool)
    for instruction in listing.code:
        if instruction.name != "dma_copy":
            continue
        x = Expansion(instruction)
        for key in ("dst", "from"):
            space, address = x.fields[key]
            if space == 0:
                _touch(x, key, x.affine(address), touched)
    return touched


def _touch(x, key, addresses, touched):
    strides = x.fields[key + " strides"]
    shapes = np.stack([x.count(c) for c in x.fields["shape"]], axis=1)
    fill = x.fields.get("zero_fill") and key == "from"
    starts = x.affine(x.fields["start"]) if fill else None
    for i in range(x.times):
        ranges = [np.arange(n) for n in shapes[i]]
        if fill:
            positions = ranges[x.fields["dim"]] + starts[i]
            inside = (positions >= 0) & (positions < x.fields["extent"])
            ranges[x.fields["dim"]] = positions[inside]
        offsets = [r * s for r, s in zip(ranges, strides)]
        index = addresses[i] + sum(np.ix_(*offsets))
        touched[index.ravel() // 4] = True
