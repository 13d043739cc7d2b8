# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Random small networks: values against the oracle, stepped timing against
closed, in every memory model."""

import numpy as np
import pytest
from bits import assert_same_bits
from oracle import Format, Network

import models


class Drawer:
    """Draws a graph that may branch, join, and end in several outputs."""

    KINDS = ["conv", "conv", "norm", "max", "average", "unary", "unary", "add",
             "branch", "concat"]

    def __init__(self, seed):
        self.b = models.Builder(seed)
        self.rng = self.b.rng
        self.shape = (int(self.rng.integers(1, 4)), int(self.rng.integers(1, 20)),
                      *map(int, self.rng.integers(6, 24, 2)))
        self.name = self.b.input("x", list(self.shape))
        self.values = [(self.name, self.shape)]

    def draw(self, path):
        for index in range(int(self.rng.integers(4, 12))):
            kind = self.rng.choice(self.KINDS)
            getattr(self, "add_" + kind)(f"value{index}")
        self._add_classifier()
        if self.rng.random() < 0.5:
            name, _ = self._choose(self.values)
            if name != "x":
                self.b.node("Identity", [name], "middle")
                self.b.output("middle")
        self.b.build(path)

    def _choose(self, items):
        return items[int(self.rng.integers(len(items)))]

    def _emit(self, op, operands, output, shape=None, **attributes):
        self.name = self.b.node(op, operands, output, **attributes)
        self.shape = shape or self.shape
        self.values.append((self.name, self.shape))

    def _draw_window(self, dilate, half):
        """Attributes and result extents of a window that fits, or None."""
        kernel = self.rng.integers(1, 4, 2)
        strides = self.rng.integers(1, 3, 2)
        dilations = self.rng.integers(1, 3, 2) if dilate else np.array([1, 1])
        pads = self.rng.integers(0, 3, 4)
        if half:
            pads = np.minimum(pads, np.tile(kernel // 2, 2))
            # Every window has to hold an element.
            dilations = np.where(pads[:2] + pads[2:] > 0, 1, dilations)
        extent = dilations * (kernel - 1) + 1
        room = np.array(self.shape[2:]) + pads[:2] + pads[2:] - extent
        if (room < 0).any():
            return None
        attributes = {"strides": strides.tolist(), "pads": pads.tolist()}
        if dilate:
            attributes["dilations"] = dilations.tolist()
        return kernel.tolist(), tuple(map(int, room // strides + 1)), attributes

    def add_conv(self, output):
        window = self._draw_window(True, False)
        if window is None:
            return
        kernel, extents, attributes = window
        n, channels = self.shape[:2]
        divisors = [g for g in range(1, channels + 1) if channels % g == 0]
        groups = int(self._choose(divisors))
        m = groups * int(self.rng.integers(1, max(2, 40 // groups)))
        operands = [self.name,
                    self.b.random(output + "_w", m, channels // groups, *kernel)]
        if self.rng.random() < 0.5:
            operands.append(self.b.random(output + "_b", m, scale=0.1))
        self._emit("Conv", operands, output, (n, m, *extents), group=groups,
                   **attributes)

    def _add_pool(self, op, output, dilate, **attributes):
        window = self._draw_window(dilate, True)
        if window is not None:
            kernel, extents, geometry = window
            self._emit(op, [self.name], output, (*self.shape[:2], *extents),
                       kernel_shape=kernel, **geometry, **attributes)

    def add_max(self, output):
        self._add_pool("MaxPool", output, True)

    def add_average(self, output):
        self._add_pool("AveragePool", output, False,
                       count_include_pad=int(self.rng.integers(2)))

    def add_norm(self, output):
        c = self.shape[1]
        arrays = [self.rng.uniform(0.5, 1.5, c), self.rng.normal(0, 0.1, c),
                  self.rng.normal(0, 0.1, c), self.rng.uniform(0.5, 1.5, c)]
        operands = [self.b.constant(f"{output}_{i}", array.astype("f4"))
                    for i, array in enumerate(arrays)]
        self._emit("BatchNormalization", [self.name, *operands], output)

    def add_unary(self, output):
        op = self._choose(["Relu", "Tanh", "Sigmoid", "LeakyRelu"])
        self._emit(op, [self.name], output)

    def add_add(self, output):
        same = [n for n, shape in self.values if shape == self.shape]
        self._emit("Add", [self.name, self._choose(same)], output)

    def add_concat(self, output):
        fitting = [(n, s) for n, s in self.values if s[2:] == self.shape[2:]]
        name, shape = self._choose(fitting)
        channels = self.shape[1] + shape[1]
        if channels <= 80:
            self._emit("Concat", [self.name, name], output,
                       (shape[0], channels, *shape[2:]), axis=1)

    def add_branch(self, output):
        self.name, self.shape = self._choose(self.values)

    def _add_classifier(self):
        source, length = self.name, int(np.prod(self.shape[1:]))
        if self.rng.random() < 0.5:
            source = self.b.node("GlobalAveragePool", [source], "global")
            length = self.shape[1]
        self.b.node("Flatten", [source], "flat")
        operands = ["flat", self.b.random("fc_w", length, 7),
                    self.b.random("fc_b", 7)]
        self.b.node("Gemm", operands, "fc")
        self.b.node("Softmax", ["fc"], "y", axis=1)
        self.b.output("y")


@pytest.mark.parametrize("seed", range(40))
def test_random_network(seed, cli, tmp_path):
    model, program = tmp_path / "m.onnx", tmp_path / "m.phx"
    drawer = Drawer(seed)
    drawer.draw(model)
    (shape,) = [s for n, s in drawer.values if n == "x"]
    x = np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
    expected = Network(model).run({"x": x}, Format())
    dataflow = f"--dataflow={['auto', 'df1', 'df2'][seed % 3]}"
    for memory in ("ideal", "hierarchy", "tight"):
        options = []
        if memory == "tight":
            options = cli.compile_tightly(model, program, dataflow)
        else:
            cli.compile(model, program, f"--memory={memory}", dataflow)
        found = cli.run(program, {"x": x}, tmp_path / memory, *options)
        assert found.keys() == expected.keys()
        for name, value in expected.items():
            assert_same_bits(found[name], value, f"{memory} {name}")
        stepped = cli.time(program, "--timing=stepped", *options)
        assert cli.time(program, *options) == stepped, memory
