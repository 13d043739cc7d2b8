# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Training steps with the arithmetic of the machine.

Interprets the function that the stage `autodiff` leaves (primitive operations of
`nn`, from the forward pass to the update) with products in block floating point.
"""

import numpy as np

from . import functions as fn
from . import gradients, product
from .ir import read_function
from .philox import Key, Stream

F = np.float32
RNG = "photonic.rng"
# Their results are elements of their operands, as bits.
MOVES = {"constant", "reshape", "transpose", "concat", "pad", "slice", "embed",
         "broadcast_to"}


class Step:
    """`Step(text).run(values, fmt)`: one step from named arrays."""

    def __init__(self, text):
        self.function = read_function(text)

    def run(self, given, fmt):
        """(outputs, updates) by name, of inputs, parameters and state by name."""
        self.fmt, self.products = fmt, 0
        self.values = {}
        rng = given.get(RNG)
        self.key = None if rng is None else Key(*(int(n) for n in rng))
        for value, attributes, shape in self.function.arguments:
            array = np.asarray(given[attributes["nn.name"]]).astype(F)
            self.values[value] = array.reshape(shape)
        for op in self.function.operations:
            method = getattr(self, "_run_" + op.name.removeprefix("nn."), None)
            if method is None:
                raise NotImplementedError(op.name)
            results = method(op, *(self.values[name] for name in op.operands))
            if not isinstance(results, tuple):
                results = (results,)
            for name, result, shape in zip(op.results, results, op.shapes):
                result = np.asarray(result)
                if op.name.removeprefix("nn.") not in MOVES:
                    result = fn.canonical(result)
                assert result.shape == shape, (op.name, result.shape, shape)
                self.values[name] = result
        outputs, updates = {}, {}
        for value, attributes in self.function.results:
            if "nn.updates" in attributes:
                updates[attributes["nn.updates"]] = self.values[value]
            if "nn.name" in attributes:
                outputs[attributes["nn.name"]] = self.values[value]
        if rng is not None:
            # Also where only a later stage, which rounds at random, adds it.
            updates.setdefault(RNG, rng + F([0, 0, 1]))
        return outputs, updates

    # Products.

    def _next_stream(self):
        number, self.products = self.products, self.products + 1
        return Stream(self.key, number) if self.fmt.rounding == "stochastic" else None

    @staticmethod
    def _get_geometry(op):
        a = op.attributes
        return (a.get("strides", [1, 1]), a.get("pads", [0, 0, 0, 0]),
                a.get("dilations", [1, 1]), a.get("groups", 1))

    def _run_conv2d(self, op, x, weight, bias=None):
        geometry = self._get_geometry(op)
        return product.conv2d(x, weight, bias, self.fmt, *geometry, self._next_stream())

    def _run_linear(self, op, x, weight, bias=None):
        return product.linear(x, weight, bias, self.fmt, self._next_stream())

    def _run_conv2d_input_grad(self, op, dy, weight):
        return gradients.conv2d_input_grad(
            dy, weight, op.shapes[0], self.fmt, *self._get_geometry(op),
            self._next_stream())

    def _run_conv2d_weight_grad(self, op, dy, x):
        return gradients.conv2d_weight_grad(
            dy, x, op.shapes[0][2:], self.fmt, *self._get_geometry(op),
            self._next_stream())

    def _run_linear_input_grad(self, op, dy, weight):
        return gradients.linear_input_grad(dy, weight, self.fmt, self._next_stream())

    def _run_linear_weight_grad(self, op, dy, x):
        return gradients.linear_weight_grad(dy, x, self.fmt, self._next_stream())

    # Elementwise.

    def _run_constant(self, op):
        return op.attributes["value"]

    def _run_add(self, op, a, b):
        return a + b

    def _run_sub(self, op, a, b):
        return a - b

    def _run_mul(self, op, a, b):
        return a * b

    def _run_div(self, op, a, b):
        return a / b

    def _run_max(self, op, a, b):
        return fn.maximum(a, b)

    def _run_min(self, op, a, b):
        return fn.minimum(a, b)

    def _run_neg(self, op, x):
        return -x

    def _run_abs(self, op, x):
        return np.abs(x)

    def _run_sqrt(self, op, x):
        return np.sqrt(x)

    def _run_exp(self, op, x):
        return fn.exp(x)

    def _run_log(self, op, x):
        return fn.log(x)

    def _run_tanh(self, op, x):
        return fn.tanh(x)

    def _run_sigmoid(self, op, x):
        return fn.sigmoid(x)

    def _run_relu(self, op, x):
        return fn.relu(x)

    def _run_leaky_relu(self, op, x):
        return np.where(x < 0, F(op.attributes["alpha"]) * x, x)

    def _run_clip(self, op, x):
        return fn.clip(x, op.attributes["min"], op.attributes["max"])

    def _run_equal(self, op, a, b):
        return (a == b).astype(F)

    def _run_gate(self, op, condition, x):
        slope = F(op.attributes.get("slope", 0))
        if slope == 0:
            return np.where(condition <= 0, F(0), x)
        return np.where(condition > 0, x, slope * x)

    def _run_gate_range(self, op, condition, x):
        low, high = F(op.attributes["min"]), F(op.attributes["max"])
        return np.where((low < condition) & (condition < high), x, F(0))

    def _run_pack_signs(self, op, y):
        return ~(y <= 0)

    def _run_gate_mask(self, op, mask, x):
        return np.where(mask, x, F(0))

    def _run_uniform(self, op, key):
        shape, stream = op.shapes[0], op.attributes["stream"]
        elements = np.arange(np.prod(shape), dtype=np.uint64)
        return Key(*map(int, key)).uniform(elements, stream).astype(F).reshape(shape)

    def _run_drop(self, op, random, x):
        ratio = F(op.attributes["ratio"])
        factor = F(1.0 / (1.0 - float(ratio)))
        return np.where(random >= ratio, x * factor, x - x)

    # Reductions.

    def _reduce(self, op, x, reduce):
        axes = op.attributes["axes"]
        rest = [d for d in range(x.ndim) if d not in axes]
        moved = x.transpose(*rest, *axes).reshape(*(x.shape[d] for d in rest), -1)
        return reduce(moved).reshape(op.shapes[0])

    def _run_reduce_sum(self, op, x):
        return self._reduce(op, x, fn.lane_sum)

    def _run_reduce_mean(self, op, x):
        return self._reduce(op, x, lambda v: fn.lane_sum(v) / F(v.shape[-1]))

    def _run_reduce_max(self, op, x):
        return self._reduce(op, x, fn.first_maximum)

    def _run_softmax(self, op, x):
        return fn.softmax(x, op.attributes["axis"])

    def _run_log_softmax(self, op, x):
        return fn.softmax(x, op.attributes["axis"], True)

    # Pools.

    @staticmethod
    def _get_window(op):
        a = op.attributes
        return (a["kernel"], a.get("strides", [1, 1]), a.get("pads", [0] * 4),
                a.get("dilations", [1, 1]), a.get("ceil_mode", False))

    def _run_max_pool(self, op, x):
        return fn.max_pool(x, *self._get_window(op))

    def _run_max_pool_positions(self, op, x):
        values, inside, _ = fn._gather(x, *self._get_window(op))
        inside = np.broadcast_to(inside, values.shape)
        # The first of equal ones; what is outside does not take part.
        return fn.first_maximum(values, inside), fn.first_position(values, inside)

    def _run_avg_pool(self, op, x):
        count = op.attributes.get("count_include_pad", False)
        return fn.average_pool(x, *self._get_window(op), count)

    def _scatter(self, op, grad, chosen):
        """Adds to the input elements of each window: outputs in row-major order,
        positions inside, one addition each."""
        dx = np.zeros(op.shapes[0], F)
        numbers = np.arange(dx[0, 0].size).reshape(1, 1, *dx.shape[2:])
        places, inside, margin = fn._gather(numbers, *self._get_window(op))
        flat = dx.reshape(*dx.shape[:2], -1)
        places, inside = places[0, 0], inside
        for oh in range(grad.shape[2]):
            for ow in range(grad.shape[3]):
                for p in range(places.shape[-1]):
                    if inside[oh, ow, p]:
                        at = places[oh, ow, p]
                        value = chosen(grad[:, :, oh, ow], oh, ow, p, inside, margin)
                        flat[..., at] = np.where(
                            value[1], flat[..., at] + value[0], flat[..., at])
        return dx

    def _run_max_pool_grad(self, op, grad, positions):
        return self._scatter(
            op, grad,
            lambda g, oh, ow, p, *_: (g, positions[:, :, oh, ow] == p))

    def _run_avg_pool_grad(self, op, grad):
        count = op.attributes.get("count_include_pad", False)
        return self._scatter(
            op, grad,
            lambda g, oh, ow, p, inside, margin: (
                g / F((margin if count else inside)[oh, ow].sum()), np.True_))

    # Layout.

    def _run_reshape(self, op, x):
        return x.reshape(op.shapes[0])

    def _run_transpose(self, op, x):
        return x.transpose(op.attributes["perm"])

    def _run_concat(self, op, *operands):
        return np.concatenate(operands, op.attributes["axis"])

    def _run_pad(self, op, x):
        widths = list(zip(op.attributes["low"], op.attributes["high"]))
        return np.pad(x, widths, constant_values=F(op.attributes["value"]))

    @staticmethod
    def _select(offsets, sizes, strides):
        return np.ix_(*(o + np.arange(n) * s for o, n, s in zip(offsets, sizes, strides)))

    def _run_slice(self, op, x):
        a = op.attributes
        return x[self._select(a["offsets"], a["sizes"], a["strides"])]

    def _run_embed(self, op, x):
        a, big = op.attributes, np.zeros(op.shapes[0], F)
        big[self._select(a["offsets"], x.shape, a["strides"])] = x
        return big

    def _run_broadcast_to(self, op, x):
        return np.broadcast_to(x, op.shapes[0])

    def _run_batch_norm(self, op, x, scale, bias, mean, var):
        return fn.batch_norm(x, scale, bias, mean, var, F(op.attributes["epsilon"]))
