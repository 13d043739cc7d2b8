# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""An interpreter of ONNX graphs with the arithmetic of the machine."""

import functools

import numpy as np
import onnx
from onnx import numpy_helper

from . import functions as fn
from . import product

F = np.float32
# Their results are elements of their operands, as bits.
MOVES = {"Flatten", "Reshape", "Transpose", "Concat", "Gather", "Unsqueeze", "Pad",
         "Shape"}


def get_attributes(node):
    values = {}
    for attribute in node.attribute:
        value = onnx.helper.get_attribute_value(attribute)
        values[attribute.name] = value.decode() if isinstance(value, bytes) else value
    return values


class Network:
    """One ONNX model: `Network("m.onnx").run({"x": x}, Format())`."""

    def __init__(self, model):
        if not isinstance(model, onnx.ModelProto):
            model = onnx.load(str(model))
        self.graph = model.graph
        self.opset = max(
            o.version for o in model.opset_import if o.domain in ("", "ai.onnx")
        )
        self.constants = {
            t.name: numpy_helper.to_array(t) for t in self.graph.initializer
        }
        self.nodes = self._get_live_nodes()
        for node in self.nodes:
            if node.op_type == "Constant":
                value = list(get_attributes(node).values())[0]
                if isinstance(value, onnx.TensorProto):
                    value = numpy_helper.to_array(value)
                self.constants[node.output[0]] = np.asarray(value)
        self._resolve_aliases()
        self._find_folds()

    def _get_live_nodes(self):
        """Nodes that some output depends on; others are no use of a value."""
        needed = {output.name for output in self.graph.output}
        live = []
        for node in reversed(self.graph.node):
            if needed.intersection(node.output):
                live.append(node)
                needed.update(node.input)
        return live[::-1]

    def _resolve_aliases(self):
        """Identity and inference-time Dropout are other names of a value."""
        self.aliases = {}
        for node in self.nodes:
            if node.op_type in ("Identity", "Dropout"):
                self.aliases[node.output[0]] = self._resolve(node.input[0])

    def _resolve(self, name):
        return self.aliases.get(name, name)

    def _find_folds(self):
        """BatchNormalization behind a product with constant parameters and no
        other use is part of the product, which then has constant parameters."""
        uses, producers = {}, {}
        for node in self.nodes:
            if node.op_type in ("Identity", "Dropout"):
                continue
            for name in node.input:
                resolved = self._resolve(name)
                uses[resolved] = uses.get(resolved, 0) + 1
            producers[node.output[0]] = node
        for output in self.graph.output:
            resolved = self._resolve(output.name)
            uses[resolved] = uses.get(resolved, 0) + 1
        # Output of a product: normalisations that are part of it, in order.
        self.folds = {}
        self.folded = {}
        for node in self.nodes:
            if node.op_type != "BatchNormalization":
                continue
            source = self._resolve(node.input[0])
            if uses[source] != 1:
                continue
            start = self.folded.get(source, source)
            before = producers.get(start)
            if (
                before is not None
                and before.op_type in ("Conv", "Gemm")
                and all(self._resolve(n) in self.constants for n in before.input[1:])
            ):
                self.folds.setdefault(start, []).append(node)
                self.folded[node.output[0]] = start

    def run(self, inputs, fmt, keep=None):
        """Outputs by name. `keep`, if given, receives every value by name."""
        values = dict(self.constants)
        values.update(inputs)
        self.fmt = fmt
        last_use = self._get_last_uses()
        for index, node in enumerate(self.nodes):
            if node.op_type in ("Identity", "Dropout", "Constant"):
                continue
            operands = [
                values[self._resolve(n)] if n else None for n in node.input
            ]
            method = getattr(self, "_run_" + node.op_type.lower(), None)
            if method is None:
                raise NotImplementedError(node.op_type)
            result = np.asarray(method(node, operands, get_attributes(node)))
            if node.op_type not in MOVES:
                result = fn.canonical(result)
            values[node.output[0]] = result
            if keep is not None:
                keep[node.output[0]] = result
            for name in last_use.get(index, ()):
                values.pop(name, None)
        return {o.name: values[self._resolve(o.name)] for o in self.graph.output}

    def _get_last_uses(self):
        last = {}
        for index, node in enumerate(self.nodes):
            if node.op_type not in ("Identity", "Dropout"):
                for name in node.input:
                    last[self._resolve(name)] = index
        kept = {self._resolve(o.name) for o in self.graph.output}
        result = {}
        for name, index in last.items():
            if name not in kept and name not in self.constants:
                result.setdefault(index, []).append(name)
        return result

    # Products.

    def _fold(self, node, weight, bias):
        for norm in self.folds.get(node.output[0], ()):
            parameters = [self.constants[self._resolve(n)] for n in norm.input[1:5]]
            epsilon = get_attributes(norm).get("epsilon", float(F(1e-5)))
            weight, bias = fn.fold_batch_norm(weight, bias, *parameters, epsilon)
        return weight, bias

    def _run_conv(self, node, operands, attributes):
        x, weight, bias = (*operands, None)[:3]
        weight, bias = self._fold(node, weight, bias)
        geometry = get_geometry(x, weight.shape[2:], attributes)
        groups = attributes.get("group", 1)
        return product.conv2d(x, weight, bias, self.fmt, *geometry, groups)

    def _run_gemm(self, node, operands, attributes):
        x, weight, bias = (*operands, None)[:3]
        assert attributes.get("alpha", 1.0) == attributes.get("beta", 1.0) == 1.0
        if attributes.get("transA", 0):
            x = x.T
        if not attributes.get("transB", 0):
            weight = weight.T
        weight, bias = self._fold(node, weight, bias)
        return product.linear(x, weight, bias, self.fmt)

    def _run_matmul(self, node, operands, attributes):
        x, weight = operands
        flat = x.reshape(-1, x.shape[-1])
        y = product.linear(flat, weight.T, None, self.fmt)
        return y.reshape(*x.shape[:-1], weight.shape[1])

    # Digital operations.

    def _run_batchnormalization(self, node, operands, attributes):
        if node.output[0] in self.folded:
            return operands[0]
        epsilon = attributes.get("epsilon", float(F(1e-5)))
        return fn.batch_norm(*operands[:5], epsilon)

    def _run_maxpool(self, node, operands, attributes):
        kernel = attributes["kernel_shape"]
        geometry = get_geometry(operands[0], kernel, attributes)
        ceil_mode = attributes.get("ceil_mode", 0)
        return fn.max_pool(operands[0], kernel, *geometry, ceil_mode)

    def _run_averagepool(self, node, operands, attributes):
        kernel = attributes["kernel_shape"]
        geometry = get_geometry(operands[0], kernel, attributes)
        return fn.average_pool(
            operands[0],
            kernel,
            *geometry,
            attributes.get("ceil_mode", 0),
            attributes.get("count_include_pad", 0),
        )

    def _run_globalaveragepool(self, node, operands, attributes):
        return self._mean(operands[0], (2, 3), True)

    def _run_globalmaxpool(self, node, operands, attributes):
        x = operands[0]
        flat = x.reshape(*x.shape[:2], -1)
        return fn.first_maximum(flat).reshape(*x.shape[:2], 1, 1)

    def _run_reducemean(self, node, operands, attributes):
        axes = operands[1] if len(operands) > 1 else attributes["axes"]
        axes = tuple(int(a) % operands[0].ndim for a in axes)
        return self._mean(operands[0], axes, attributes.get("keepdims", 1))

    @staticmethod
    def _mean(x, axes, keep):
        rest = [d for d in range(x.ndim) if d not in axes]
        moved = x.transpose(*rest, *axes).reshape(*(x.shape[d] for d in rest), -1)
        y = fn.lane_sum(moved) / F(moved.shape[-1])
        return np.expand_dims(y, axes) if keep else y

    def _run_softmax(self, node, operands, attributes):
        return fn.softmax(operands[0], attributes.get("axis", -1))

    def _run_logsoftmax(self, node, operands, attributes):
        return fn.softmax(operands[0], attributes.get("axis", -1), True)

    def _run_relu(self, node, operands, attributes):
        return fn.relu(operands[0])

    def _run_leakyrelu(self, node, operands, attributes):
        x = operands[0]
        return np.where(x < 0, F(attributes.get("alpha", 0.01)) * x, x)

    def _run_clip(self, node, operands, attributes):
        x, low, high = (*operands, None, None)[:3]
        low = attributes.get("min", -np.inf) if low is None else low
        high = attributes.get("max", np.inf) if high is None else high
        return fn.clip(x, low, high)

    def _run_max(self, node, operands, attributes):
        return functools.reduce(fn.maximum, operands)

    def _run_min(self, node, operands, attributes):
        return functools.reduce(fn.minimum, operands)

    def _run_tanh(self, node, operands, attributes):
        return fn.tanh(operands[0])

    def _run_sigmoid(self, node, operands, attributes):
        return fn.sigmoid(operands[0])

    def _run_exp(self, node, operands, attributes):
        return fn.exp(operands[0])

    def _run_log(self, node, operands, attributes):
        return fn.log(operands[0])

    def _run_sqrt(self, node, operands, attributes):
        return np.sqrt(operands[0])

    def _run_add(self, node, operands, attributes):
        return operands[0] + operands[1]

    def _run_sub(self, node, operands, attributes):
        return operands[0] - operands[1]

    def _run_mul(self, node, operands, attributes):
        return operands[0] * operands[1]

    def _run_div(self, node, operands, attributes):
        return operands[0] / operands[1]

    # Layout and shape arithmetic.

    def _run_flatten(self, node, operands, attributes):
        x, axis = operands[0], attributes.get("axis", 1)
        return x.reshape(int(np.prod(x.shape[:axis])), -1)

    def _run_reshape(self, node, operands, attributes):
        x, shape = operands
        shape = [x.shape[i] if s == 0 else int(s) for i, s in enumerate(shape)]
        return x.reshape(shape)

    def _run_transpose(self, node, operands, attributes):
        return operands[0].transpose(attributes.get("perm"))

    def _run_concat(self, node, operands, attributes):
        return np.concatenate(operands, attributes["axis"])

    def _run_shape(self, node, operands, attributes):
        return np.array(operands[0].shape, np.int64)

    def _run_gather(self, node, operands, attributes):
        return np.take(*operands, axis=attributes.get("axis", 0))

    def _run_unsqueeze(self, node, operands, attributes):
        axes = operands[1] if len(operands) > 1 else attributes["axes"]
        return np.expand_dims(operands[0], tuple(int(a) for a in axes))

    def _run_pad(self, node, operands, attributes):
        pads = operands[1] if len(operands) > 1 else attributes["pads"]
        value = operands[2] if len(operands) > 2 else attributes.get("value", 0.0)
        value = 0.0 if value is None else float(value)
        rank = len(pads) // 2
        widths = [(int(pads[d]), int(pads[d + rank])) for d in range(rank)]
        return np.pad(operands[0], widths, constant_values=F(value))


def get_geometry(x, kernel, attributes):
    """Strides, pads (top, left, bottom, right) and dilations."""
    assert attributes.get("auto_pad", "NOTSET") == "NOTSET"
    strides = attributes.get("strides", [1, 1])
    pads = attributes.get("pads", [0, 0, 0, 0])
    dilations = attributes.get("dilations", [1, 1])
    return strides, pads, dilations
