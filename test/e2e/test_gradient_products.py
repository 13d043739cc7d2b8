# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Random products of training steps, bit for bit, in every format, dataflow and
memory model of training: forward, input gradient, weight gradient."""

import numpy as np
import pytest
from bits import assert_same_bits
from oracle import Format, Key, Stream, gradients, product
from test_products import STYLES, draw_input, draw_values

PER_PROGRAM = 12
FORMATS = ["bfp:4:16", "bfp:4:16:nearest", "bfp:4:16:stochastic", "bfp:3:8",
           "bfp:4:24", "bfp:4:40:nearest", "bfp:5:16:stochastic", "bfp:4:128",
           "bfp:2:5:stochastic"]
KINDS = ["forward", "input", "weight"]
MEMORIES = ["ideal", "hierarchy", "tight"]


def get_type(shape):
    return f"tensor<{'x'.join(map(str, shape))}xf32>"


class Program:
    """A function with many products, each of inputs of its own."""

    def __init__(self, seed, styles):
        self.rng = np.random.default_rng(seed)
        self.styles = styles
        self.arguments, self.body, self.results = [], [], []
        self.inputs, self.products = {}, []
        for number in range(PER_PROGRAM):
            add = self.add_linear if self.rng.random() < 0.3 else self.add_conv
            add(number, KINDS[number % 3])

    def operand(self, name, shape, style):
        draw = draw_input if len(shape) > 1 else draw_values
        self.inputs[name] = draw(self.rng, shape, style)
        self.arguments.append(f'%{name}: {get_type(shape)} {{nn.name = "{name}"}}')
        return self.inputs[name]

    def add(self, number, op, operands, attributes, shape, compute):
        types = ", ".join(get_type(self.inputs[o].shape) for o in operands)
        names = ", ".join("%" + o for o in operands)
        self.body.append(f"  %y{number} = {op} {names} {attributes} : ({types}) -> "
                         f'{get_type(shape)} loc("{op}_{number}")')
        self.results.append((f"y{number}", shape))
        self.products.append((f"y{number}", compute))

    def add_linear(self, number, kind):
        batch, m, k = (int(self.rng.integers(1, high)) for high in (40, 70, 90))
        shapes = {"w": (m, k), "x": (batch, k), "g": (batch, m)}
        used = {"forward": "xw", "input": "gw", "weight": "gx"}[kind]
        names = []
        for position, letter in enumerate(used):
            names.append(f"{letter}{number}")
            self.operand(names[-1], shapes[letter], self.styles[position])
        first, second = names
        op, result, call = {
            "forward": ("nn.linear", (batch, m),
                        lambda a, b, *o: product.linear(a, b, None, *o)),
            "input": ("nn.linear_input_grad", (batch, k), gradients.linear_input_grad),
            "weight": ("nn.linear_weight_grad", (m, k), gradients.linear_weight_grad),
        }[kind]
        self.add(number, op, names, "", result,
                 lambda f, s: call(self.inputs[first], self.inputs[second], f, s))

    def draw_conv(self):
        rng = self.rng
        groups = int(rng.choice([1, 1, 1, 2, 3]))
        inner, outer = (int(rng.integers(1, 24)) for _ in range(2))
        if rng.random() < 0.2:
            groups, inner, outer = int(rng.integers(2, 16)), 1, int(rng.integers(1, 3))
        kernel, strides = rng.integers(1, 4, 2), rng.integers(1, 4, 2)
        dilations, pads = rng.integers(1, 3, 2), rng.integers(0, 3, 4)
        extent = dilations * (kernel - 1) + 1
        size = np.maximum(rng.integers(1, 10, 2), extent - pads[:2] - pads[2:])
        size = np.maximum(size, 1)
        batch = int(rng.choice([1, 3]))
        geometry = (strides.tolist(), pads.tolist(), dilations.tolist(), groups)
        return ((batch, groups * inner, *map(int, size)),
                (groups * outer, inner, *map(int, kernel)), geometry)

    def add_conv(self, number, kind):
        x, w, geometry = self.draw_conv()
        strides, pads, dilations, groups = geometry
        out = product.get_out_extents(np.empty(x), w[2:], *geometry[:3])
        shapes = {"x": x, "w": w, "g": (x[0], w[0], *out)}
        attributes = (f"strides = {strides} pads = {pads} dilations = {dilations} "
                      f"groups = {groups}")
        used = {"forward": "xw", "input": "gw", "weight": "gx"}[kind]
        names = []
        for position, letter in enumerate(used):
            names.append(f"{letter}{number}")
            self.operand(names[-1], shapes[letter], self.styles[position])
        first, second = names

        def compute(fmt, stream):
            a, b = self.inputs[first], self.inputs[second]
            if kind == "forward":
                return product.conv2d(a, b, None, fmt, *geometry, stream)
            if kind == "input":
                return gradients.conv2d_input_grad(a, b, x, fmt, *geometry, stream)
            return gradients.conv2d_weight_grad(a, b, w[2:], fmt, *geometry, stream)

        op = {"forward": "nn.conv2d", "input": "nn.conv2d_input_grad",
              "weight": "nn.conv2d_weight_grad"}[kind]
        result = {"forward": shapes["g"], "input": x, "weight": w}[kind]
        self.add(number, op, names, attributes, result, compute)

    def write(self, path):
        types = ", ".join(f'{get_type(s)} {{nn.name = "{n}"}}' for n, s in self.results)
        values = ", ".join("%" + n for n, _ in self.results)
        kinds = ", ".join(get_type(s) for _, s in self.results)
        path.write_text(
            f"func.func @main({', '.join(self.arguments)}) -> ({types}) {{\n"
            + "\n".join(self.body) + f"\n  return {values} : {kinds}\n}}\n")
        return path

    def get_expected(self, text, seed):
        fmt = Format.parse(text)
        return {name: compute(fmt, Stream(Key(seed), number))
                for number, (name, compute) in enumerate(self.products)}


@pytest.mark.parametrize("seed", range(18))
def test_random_products(seed, cli, tmp_path):
    text = FORMATS[seed % len(FORMATS)]
    made = Program(seed, STYLES[seed % len(STYLES)])
    source, program = made.write(tmp_path / "m.mlir"), tmp_path / "m.phx"
    rng_seed = 100 + seed
    expected = made.get_expected(text, rng_seed)
    options = ["--seed", rng_seed] if "stochastic" in text else []
    for dataflow in ("df1", "df2"):
        for memory in MEMORIES:
            if memory == "tight" and "stochastic" in text:
                continue  # a product that does not fit in one piece is refused
            flags = [f"--dataflow={dataflow}", f"--format={text}"]
            machine = []
            if memory == "tight":
                machine = cli.compile_tightly(source, program, *flags)
            else:
                cli.compile(source, program, f"--memory={memory}", *flags)
            found = cli.run(program, made.inputs, tmp_path / "run", *machine, *options)
            assert found.keys() == expected.keys()
            for name, value in expected.items():
                what = f"seed {seed} {name} {text} {dataflow} {memory}"
                assert_same_bits(found[name], value, what)
            stepped = cli.time(program, "--timing=stepped", *machine)
            assert cli.time(program, *machine) == stepped


@pytest.mark.parametrize("text", ["bfp:4:16", "bfp:4:40:stochastic"])
def test_reference_executor(text, cli, tmp_path):
    made = Program(3, STYLES[0])
    source, program = made.write(tmp_path / "m.mlir"), tmp_path / "m.phx"
    cli.compile(source, program, f"--format={text}")
    expected = made.get_expected(text, 5)
    options = ["--seed", 5] if "stochastic" in text else []
    found = cli.run(program, made.inputs, tmp_path / "run", "--executor=reference",
                    *options)
    for name, value in expected.items():
        assert_same_bits(found[name], value, name)


def test_next_step_draws_other_numbers(cli, tmp_path):
    """Every run is a step: the counter goes on, and so do the numbers."""
    import photonic

    made = Program(4, STYLES[0])
    exe = photonic.compile(made.write(tmp_path / "m.mlir"), format="bfp:4:16:stochastic")
    exe.seed = 9
    fmt = Format.parse("bfp:4:16:stochastic")
    for step in range(3):
        found = exe.step(made.inputs)
        for number, (name, compute) in enumerate(made.products):
            expected = compute(fmt, Stream(Key(9, 0, step), number))
            assert_same_bits(found[name], expected, f"step {step} {name}")
