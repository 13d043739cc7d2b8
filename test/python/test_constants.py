# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""What the importer computes from constants, against ONNX Runtime.

Random expressions of constants alone, in all element types. Every operator is
run by ONNX Runtime on its own, so that nothing is computed in another type; the
compiler has to find the same bits.
"""

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

import photonic

OPSET = 18
FLOATS = [np.float16, np.float32, np.float64]
SIGNED = [np.int8, np.int16, np.int32, np.int64]
UNSIGNED = [np.uint8, np.uint16, np.uint32, np.uint64]
NUMBERS = FLOATS + SIGNED + UNSIGNED


def make_model(nodes, constants, outputs, inputs=()):
    graph = helper.make_graph(
        nodes, "g", list(inputs),
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) if inputs
         else helper.make_empty_tensor_value_info(name) for name in outputs],
        [numpy_helper.from_array(value, name) for name, value in constants.items()])
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)


def evaluate(node, values):
    """The outputs of one node; None if ONNX Runtime cannot compute them."""
    model = make_model([node], {name: values[name] for name in dict.fromkeys(node.input)},
                       node.output)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return session.run(None, {})
    except Exception:  # The runtime has one exception for each kind of status.
        return None


def to_float(value):
    with np.errstate(over="ignore"):
        return value.astype(np.float32)


class Expressions:
    """Grows a graph of constants, node by node."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.values, self.constants, self.nodes = {}, {}, []
        for dtype in NUMBERS + [np.bool_]:
            for shape in [(), (3,), (2, 3), (2, 1), (0, 3)]:
                self.add_constant(self.draw(dtype, shape))

    def draw(self, dtype, shape):
        if dtype == np.bool_:
            return self.rng.integers(0, 2, shape).astype(bool)
        if dtype in FLOATS:
            return np.asarray(self.rng.normal(0, 30, shape)).astype(dtype)
        info = np.iinfo(dtype)
        if self.rng.random() < 0.5:
            return self.rng.integers(max(info.min, -5), 6, shape).astype(dtype)
        return self.rng.integers(info.min, info.max, shape, dtype, endpoint=True)

    def add_constant(self, value):
        name = f"v{len(self.values)}"
        self.values[name] = self.constants[name] = np.asarray(value)
        return name

    def add(self, op, inputs, outputs=1, **attributes):
        names = [f"v{len(self.values) + i}" for i in range(outputs)]
        node = helper.make_node(op, inputs, names, **attributes)
        results = evaluate(node, self.values)
        if results is None:
            return
        for result in results:
            bad = result.dtype in FLOATS and np.isnan(result).any()
            if bad or result.size > 300:
                return
        self.nodes.append(node)
        self.values.update(zip(names, results))

    def pick(self, dtypes=None, rank=0, empty=True):
        names = [n for n, v in self.values.items()
                 if (dtypes is None or v.dtype in dtypes) and v.ndim >= rank
                 and (empty or v.size)]
        return names[self.rng.integers(len(names))]

    def pick_like(self, name):
        """Another value of the same type, of a shape that broadcasts."""
        other = self.pick([self.values[name].dtype])
        try:
            np.broadcast_shapes(self.values[name].shape, self.values[other].shape)
        except ValueError:
            return name
        return other

    def integers(self, *numbers):
        return self.add_constant(np.array(numbers, np.int64))

    # Kinds of nodes; what ONNX Runtime refuses is left out.

    def arithmetic(self):
        op = self.rng.choice(["Add", "Sub", "Mul", "Max", "Min"])
        a = self.pick(NUMBERS)
        self.add(op, [a, self.pick_like(a)])

    def division(self):
        a = self.pick(NUMBERS)
        b = self.pick_like(a)
        value = self.values[b]
        # The smallest integer divided by -1 stops a process.
        if (value == 0).any() or (value.dtype in SIGNED and (value == -1).any()):
            return
        if value.dtype in FLOATS:
            self.add("Div", [a, b])
        elif self.rng.random() < 0.5:
            self.add("Div", [a, b])
        else:
            # Of 64 bits, ONNX Runtime computes fmod=1 in binary64.
            fmod = int(self.rng.integers(2)) if value.dtype.itemsize < 8 else 0
            self.add("Mod", [a, b], fmod=fmod)

    def variadic(self):
        a = self.pick(FLOATS)
        self.add("Sum", [a, self.pick_like(a), a])

    def unary(self):
        op = self.rng.choice(["Neg", "Abs", "Sign", "Floor", "Ceil", "Round", "Sqrt",
                              "Reciprocal"])
        self.add(op, [self.pick(NUMBERS)])

    def comparison(self):
        op = self.rng.choice(["Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"])
        a = self.pick(NUMBERS)
        self.add(op, [a, self.pick_like(a)])

    def logic(self):
        a = self.pick([np.bool_])
        op = self.rng.choice(["And", "Or", "Xor", "Not"])
        self.add(op, [a] if op == "Not" else [a, self.pick_like(a)])

    def where(self):
        a = self.pick(NUMBERS)
        b = self.pick_like(a)
        condition = self.add_constant(self.draw(np.bool_, self.values[a].shape))
        self.add("Where", [condition, a, b])

    def cast(self):
        a = self.pick()
        to = np.dtype(self.rng.choice(np.array(NUMBERS + [np.bool_], object)))
        value = self.values[a]
        if value.dtype in FLOATS and to.kind in "iu":
            # Out of range ONNX leaves the result open.
            whole = np.trunc(value.astype(np.float64))
            if ((whole < float(np.iinfo(to).min)) | (whole >= 2.0 ** 62)).any() or (
                    whole > float(np.iinfo(to).max)).any():
                return
        self.add("Cast", [a], to=helper.np_dtype_to_tensor_dtype(to))

    def reduction(self):
        op = self.rng.choice(["ReduceSum", "ReduceProd", "ReduceMax", "ReduceMin",
                              "ReduceMean"])
        # Floats are added in another order.
        kinds = NUMBERS if op in ("ReduceMax", "ReduceMin") else SIGNED + UNSIGNED
        a = self.pick(kinds, 1, empty=op != "ReduceMean")
        inputs = [a]
        if self.rng.random() < 0.6:
            inputs.append(self.integers(int(self.rng.integers(self.values[a].ndim))))
        self.add(op, inputs, keepdims=int(self.rng.integers(2)))

    def layout(self):
        a = self.pick(None, 1)
        ndim = self.values[a].ndim
        op = self.rng.choice(["Transpose", "Concat", "Tile", "Expand", "Unsqueeze", "Reshape",
                              "Flatten", "Shape", "Size", "NonZero"])
        inputs, attributes = [a], {}
        if op == "Concat":
            inputs, attributes = [a, a], {"axis": int(self.rng.integers(ndim))}
        elif op == "Tile":
            inputs.append(self.integers(*self.rng.integers(0, 3, ndim)))
        elif op == "Expand":
            inputs.append(self.integers(2, *self.values[a].shape))
        elif op == "Unsqueeze":
            inputs.append(self.integers(int(self.rng.integers(-ndim - 1, ndim + 1))))
        elif op == "Reshape":
            inputs.append(self.integers(-1) if self.values[a].size else self.integers(0, 0))
        self.add(op, inputs, **attributes)

    def part(self):
        a = self.pick(None, 1, empty=False)
        shape = self.values[a].shape
        axis = int(self.rng.integers(len(shape)))
        op = self.rng.choice(["Slice", "Gather", "Split"])
        if op == "Slice":
            start, end = self.rng.integers(-4, 5, 2)
            bounds = (start, end, axis, self.rng.choice([-2, -1, 1, 2]))
            self.add(op, [a, *(self.integers(int(n)) for n in bounds)])
        elif op == "Gather":
            index = self.rng.integers(-shape[axis], shape[axis], 2)
            self.add(op, [a, self.integers(*index)], axis=axis)
        else:
            self.add(op, [a], outputs=2, axis=axis, num_outputs=2)

    def indexing(self):
        a = self.pick(NUMBERS, 2, empty=False)
        value = self.values[a]
        rows, columns = value.shape[:2]
        op = self.rng.choice(["GatherND", "ScatterND", "GatherElements", "ScatterElements"])
        attributes = {}
        if op == "GatherND":
            inputs = [np.array([[rows - 1, 0], [0, -1]])]
        elif op == "ScatterND":
            inputs = [np.array([[0, columns - 1]]), self.draw(value.dtype, (1, *value.shape[2:]))]
            attributes = {"reduction": str(self.rng.choice(["none", "add", "mul"]))}
        elif value.ndim > 2:
            return
        else:
            inputs, attributes = [self.rng.integers(0, columns, (rows, 2))], {"axis": 1}
            if op == "ScatterElements":
                inputs = [inputs[0][:, :1] - columns, self.draw(value.dtype, (rows, 1))]
        self.add(op, [a, *map(self.add_constant, inputs)], **attributes)

    def made(self):
        op = self.rng.choice(["CumSum", "Range", "Trilu", "OneHot", "EyeLike", "Pow",
                              "ConstantOfShape"])
        a = self.pick([np.int32, np.int64, np.float32, np.float64])
        dtype = self.values[a].dtype
        if op == "CumSum":
            self.add(op, [self.pick([np.int32, np.int64], 1), self.integers(0)],
                     exclusive=int(self.rng.integers(2)), reverse=int(self.rng.integers(2)))
        elif op == "Range":
            self.add(op, [self.add_constant(np.array(n, dtype)) for n in (7, -4, -3)])
        elif op == "Trilu":
            self.add(op, [self.pick([np.int64, np.float32, np.float64], 2),
                          self.add_constant(np.array(self.rng.integers(-1, 2)))],
                     upper=int(self.rng.integers(2)))
        elif op == "OneHot":
            self.add(op, [self.add_constant(self.rng.integers(-6, 6, (2, 2))), self.integers(4),
                          self.add_constant(np.array([5, -7]))],
                     axis=int(self.rng.integers(-1, 3)))
        elif op == "EyeLike":
            self.add(op, [self.pick([np.int64, np.float32])], k=int(self.rng.integers(-2, 3)))
        elif op == "Pow":
            small = self.add_constant(self.rng.integers(-4, 5, (3,)))
            self.add(op, [small, self.add_constant(np.array([0, 3, 5]))])
        elif self.values[a].size:
            self.add(op, [self.integers(2, 2)],
                     value=numpy_helper.from_array(self.values[a].reshape(-1)[:1]))

    def grow(self, steps):
        kinds = ([self.arithmetic, self.unary, self.cast, self.made, self.layout] * 2 +
                 [self.division, self.variadic, self.comparison, self.logic, self.where,
                  self.reduction, self.part, self.indexing])
        for _ in range(steps):
            kinds[self.rng.integers(len(kinds))]()


def check(nodes, constants, expected, tmp_path, compare):
    """Compiles a network that adds 0 to each value as FLOAT, and runs it."""
    nodes = list(nodes)
    for name in expected:
        nodes.append(helper.make_node("Cast", [name], [name + "_f"], to=TensorProto.FLOAT))
        nodes.append(helper.make_node("Add", ["x", name + "_f"], [name + "_y"]))
    model = make_model(nodes, constants, [name + "_y" for name in expected],
                       [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])])
    path = tmp_path / "m.onnx"
    onnx.save(model, path)
    outputs = photonic.compile(path, format="fp32").step({"x": np.zeros(1, np.float32)})
    for name, value in expected.items():
        found, wanted = outputs[name + "_y"], to_float(np.asarray(value))
        # x has one dimension, and so has the sum with a scalar.
        compare(found, wanted.reshape(wanted.shape or (1,)),
                next((n for n in nodes if name in n.output), name))


def equal(found, wanted, what):
    np.testing.assert_array_equal(found, wanted, err_msg=str(what))


@pytest.mark.parametrize("seed", range(3))
def test_constants_are_computed_in_their_type(seed, tmp_path):
    graph = Expressions(seed)
    graph.grow(130)
    made = {name: value for node in graph.nodes for name in node.output
            if (value := graph.values[name]).size and np.isfinite(to_float(value)).all()}
    assert len(made) > 60
    check(graph.nodes, graph.constants, made, tmp_path, equal)


def test_functions_of_constants(tmp_path):
    """As close as two libraries are."""
    rng = np.random.default_rng(0)
    values, nodes, expected = {}, [], {}
    for dtype in (np.float32, np.float64):
        values[dtype.__name__] = np.abs(rng.normal(0, 3, (2, 5))).astype(dtype)
        values["e" + dtype.__name__] = rng.normal(0, 3, (2, 5)).astype(dtype)
        for op in ["Exp", "Log", "Sqrt", "Sin", "Cos", "Tanh", "Sigmoid", "Erf", "Pow",
                   "ReduceSum", "ReduceProd", "ReduceMean", "Mean"]:
            name = op + dtype.__name__
            inputs = [dtype.__name__] + ["e" + dtype.__name__] * (op in ("Pow", "Mean"))
            node = helper.make_node(op, inputs, [name])
            results = evaluate(node, values)
            if results is not None:
                nodes.append(node)
                expected[name] = results[0]
    assert len(expected) > 20

    def close(found, wanted, what):
        np.testing.assert_allclose(found, wanted, rtol=1e-6, err_msg=str(what))

    check(nodes, values, expected, tmp_path, close)


def test_doubles_are_not_floats(tmp_path):
    values = {"big": np.array(1e8), "one": np.array(1.0)}
    nodes = [helper.make_node("Add", ["big", "one"], ["sum"]),
             helper.make_node("Sub", ["sum", "big"], ["rest"])]
    check(nodes, values, {"rest": np.array(1.0)}, tmp_path, equal)


def test_large_integers_without_sign(tmp_path):
    values = {"a": np.array([2**63 + 2**40, 5], np.uint64), "b": np.array(2, np.uint64)}
    nodes = [helper.make_node("Div", ["a", "b"], ["half"]),
             helper.make_node("Less", ["b", "a"], ["less"]),
             helper.make_node("Sub", ["b", "a"], ["wrapped"])]
    expected = {"half": values["a"] // values["b"], "less": np.array([True, True]),
                "wrapped": values["b"] - values["a"]}
    check(nodes, values, expected, tmp_path, equal)


def bfloat16(values):
    """As bits, rounded to nearest even."""
    bits = np.asarray(values, np.float32).view(np.uint32).astype(np.uint64)
    return ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16).astype(np.uint16)


def test_brain_floats_are_rounded(tmp_path):
    rng = np.random.default_rng(1)
    bits = bfloat16(rng.normal(0, 4, (2, 50)))
    a, b = (bits.astype(np.uint32) << 16).view(np.float32)
    constants = [helper.make_tensor(name, TensorProto.BFLOAT16, [50], row.tobytes(), raw=True)
                 for name, row in zip("ab", bits)]
    nodes, expected = [], {}
    for op, value in [("Add", a + b), ("Mul", a * b), ("Div", a / b), ("Sub", a - b)]:
        nodes += [helper.make_node(op, ["a", "b"], [op]),
                  helper.make_node("Cast", [op], [op + "_f"], to=TensorProto.FLOAT),
                  helper.make_node("Add", ["x", op + "_f"], [op + "_y"])]
        expected[op] = (bfloat16(value).astype(np.uint32) << 16).view(np.float32)
    model = make_model(nodes, {}, [op + "_y" for op in expected],
                       [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])])
    model.graph.initializer.extend(constants)
    onnx.save(model, tmp_path / "m.onnx")
    exe = photonic.compile(tmp_path / "m.onnx", format="fp32")
    outputs = exe.step({"x": np.zeros(1, np.float32)})
    for op, value in expected.items():
        equal(outputs[op + "_y"], value, op)
