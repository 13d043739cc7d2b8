# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Random networks to be trained, as Hypothesis draws and shrinks them.

A network is a list of layers, each a tuple of small numbers. A layer that does
not fit where it stands is left out, so that every list is a network.
"""

import torch
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as fn

ACTIVATIONS = {
    "relu": nn.ReLU, "leaky": lambda: nn.LeakyReLU(0.2), "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh, "silu": nn.SiLU, "hardswish": nn.Hardswish, "relu6": nn.ReLU6,
}

small = st.integers(1, 3)
sizes = st.tuples(small, small)
margins = st.tuples(*[st.integers(0, 2)] * 4)

layers = st.one_of(
    # channels per group, kernel, strides, dilations, padding, groups, bias
    st.tuples(st.just("conv"), st.integers(1, 7), sizes, sizes, sizes, margins,
              st.integers(1, 4), st.booleans()),
    st.tuples(st.just("norm")),
    st.tuples(st.just("activation"), st.sampled_from(sorted(ACTIVATIONS))),
    # kernel, strides, padding
    st.tuples(st.just("max"), sizes, sizes, st.integers(0, 1)),
    st.tuples(st.just("average"), sizes, sizes, st.integers(0, 1), st.booleans()),
    # which earlier value
    st.tuples(st.just("add"), st.integers(0, 5)),
    st.tuples(st.just("multiply"), st.integers(0, 5)),
    st.tuples(st.just("concat"), st.integers(0, 5)),
    st.tuples(st.just("branch"), st.integers(0, 5)),
    st.tuples(st.just("scale")),
    st.tuples(st.just("crop"), st.integers(0, 1), st.integers(1, 2)),
    st.tuples(st.just("shuffle"), st.integers(2, 3)),
    st.tuples(st.just("dropout")),
)

networks = st.fixed_dictionaries({
    "shape": st.tuples(st.integers(1, 5), st.integers(4, 11), st.integers(4, 11)),
    "batch": st.integers(2, 5),
    "layers": st.lists(layers, min_size=1, max_size=9),
    "head": st.sampled_from(["flatten", "average", "max"]),
    "classes": st.sampled_from([0, 3, 10]),
    "seed": st.integers(0, 2**16),
})


class Drawn(nn.Module):
    """The network of a list of layers, for images of `shape`."""

    def __init__(self, spec):
        super().__init__()
        self.batch = spec["batch"]
        self.shapes = [tuple(spec["shape"])]
        self.parts = nn.ModuleList()
        self.plan = []  # name of the layer, its module or number
        self.shape = self.shapes[0]
        for layer in spec["layers"]:
            getattr(self, "_add_" + layer[0])(*layer[1:])
        channels, height, width = self.shape
        self.head = spec["head"]
        length = channels * (height * width if self.head == "flatten" else 1)
        self.last = nn.Linear(length, spec["classes"] or 4)

    def _add(self, name, argument, shape):
        if isinstance(argument, nn.Module):
            self.parts.append(argument)
            argument = len(self.parts) - 1
        self.plan.append((name, argument))
        self.shape = tuple(shape)
        self.shapes.append(self.shape)

    def _fit(self, module):
        """Appends a module if it fits."""
        with torch.no_grad():
            try:
                shape = module.eval()(torch.zeros(1, *self.shape)).shape[1:]
            except RuntimeError:
                return
        if 0 not in shape:
            self._add("module", module.train(), shape)

    def _add_conv(self, per_group, kernel, strides, dilations, pads, groups, bias):
        channels = self.shape[0]
        groups = max(g for g in range(1, groups + 1) if channels % g == 0)
        conv = nn.Conv2d(channels, groups * per_group, kernel, strides,
                         dilation=dilations, groups=groups, bias=bias)
        self._fit(nn.Sequential(nn.ZeroPad2d(pads), conv) if any(pads) else conv)

    def _add_norm(self):
        # Statistics of a few numbers are nothing but rounding errors.
        if self.batch * self.shape[1] * self.shape[2] >= 12:
            self._fit(nn.BatchNorm2d(self.shape[0]))

    def _add_activation(self, name):
        self._fit(ACTIVATIONS[name]())

    def _add_max(self, kernel, strides, padding):
        self._fit(nn.MaxPool2d(kernel, strides, [min(padding, k // 2) for k in kernel]))

    def _add_average(self, kernel, strides, padding, count):
        padding = [min(padding, k // 2) for k in kernel]
        self._fit(nn.AvgPool2d(kernel, strides, padding, count_include_pad=count))

    def _choose(self, number, fits):
        fitting = [i for i, shape in enumerate(self.shapes) if fits(shape)]
        return fitting[number % len(fitting)] if fitting else None

    def _add_add(self, number):
        self._add("add", self._choose(number, lambda s: s == self.shape), self.shape)

    def _add_multiply(self, number):
        self._add("multiply", self._choose(number, lambda s: s == self.shape),
                  self.shape)

    def _add_concat(self, number):
        index = self._choose(number, lambda s: s[1:] == self.shape[1:])
        channels = self.shape[0] + self.shapes[index][0]
        if channels <= 24:
            self._add("concat", index, (channels, *self.shape[1:]))

    def _add_branch(self, number):
        index = number % len(self.shapes)
        self._add("branch", index, self.shapes[index])

    def _add_scale(self):
        self._add("scale", None, self.shape)

    def _add_crop(self, first, step):
        channels, height, width = self.shape
        shape = (channels, len(range(first, height, step)), width - first)
        if min(shape) > 0:
            self._add("crop", (first, step), shape)

    def _add_shuffle(self, groups):
        if self.shape[0] % groups == 0:
            self._add("shuffle", groups, self.shape)

    def _add_dropout(self):
        self._fit(nn.Dropout(0.0))

    def forward(self, image):
        x, values = image, [image]
        for name, argument in self.plan:
            if name == "module":
                x = self.parts[argument](x)
            elif name == "add":
                x = x + values[argument]
            elif name == "multiply":
                x = x * values[argument]
            elif name == "concat":
                x = torch.cat([values[argument], x], 1)
            elif name == "branch":
                x = values[argument]
            elif name == "scale":
                x = x * torch.sigmoid(fn.adaptive_avg_pool2d(x, 1))
            elif name == "crop":
                first, step = argument
                x = x[:, :, first::step, first:]
            else:
                n, c, h, w = x.shape
                x = x.reshape(n, argument, c // argument, h, w).transpose(1, 2)
                x = x.reshape(n, c, h, w)
            values.append(x)
        if self.head == "average":
            x = fn.adaptive_avg_pool2d(x, 1)
        if self.head == "max":
            x = fn.adaptive_max_pool2d(x, 1)
        return self.last(torch.flatten(x, 1))
