# Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The operators that the importer lists are those that ONNX defines, in every
version of the operator set that it reads."""

import pytest

onnx = pytest.importorskip("onnx")

OLDEST, NEWEST = 7, 24
UNLIMITED = 2**31 - 1

# Operators of graphs that ONNX Runtime wrote, in the domain of ONNX.
NOT_IN_ONNX = {"AveragePoolGrad", "MaxPoolGrad"}

# Attributes of ONNX that the importer refuses by name.
REFUSED = {"Constant": {"value_string", "value_strings"}}


def parse_range(text):
    first, separator, last = text.partition("-")
    if not separator:
        return int(first), int(first)
    return int(first), int(last) if last else UNLIMITED


@pytest.fixture(scope="module")
def forms(tool):
    """Operator and opset to inputs, outputs and attributes."""
    done = tool("photonic-compile", "--list-operators")
    assert done.returncode == 0 and done.stderr == ""
    header, *lines = done.stdout.splitlines()
    assert header.split() == ["domain", "operator", "opsets", "inputs", "outputs",
                              "attributes"]
    table = {}
    for line in lines:
        line = line.removesuffix(" (on constants)")
        domain, operator, opsets, inputs, outputs, *attributes = line.split()
        if domain != "ai.onnx":
            continue
        first, last = parse_range(opsets)
        assert OLDEST <= first <= last <= NEWEST, line
        for opset in range(first, last + 1):
            assert (operator, opset) not in table, line
            table[operator, opset] = (parse_range(inputs), parse_range(outputs),
                                      set(attributes) - {"-"})
    return table


@pytest.fixture(scope="module")
def schemas():
    """Operator to its schemas, the oldest first."""
    found = {}
    for schema in onnx.defs.get_all_schemas_with_history():
        if schema.domain == "":
            found.setdefault(schema.name, []).append(schema)
    return {name: sorted(all_, key=lambda s: s.since_version)
            for name, all_ in found.items()}


def find_schema(schemas, operator, opset):
    known = [s for s in schemas[operator] if s.since_version <= opset]
    return known[-1] if known and not known[-1].deprecated else None


def test_every_version_of_every_operator_has_a_form(forms, schemas):
    operators = {operator for operator, _ in forms} - NOT_IN_ONNX
    assert len(operators) > 60
    for operator in sorted(operators):
        for opset in range(OLDEST, NEWEST + 1):
            schema = find_schema(schemas, operator, opset)
            assert ((operator, opset) in forms) == (schema is not None), (
                operator, opset)


def test_forms_are_those_of_onnx(forms, schemas):
    for (operator, opset), (inputs, outputs, attributes) in sorted(forms.items()):
        if operator in NOT_IN_ONNX:
            continue
        schema = find_schema(schemas, operator, opset)
        where = f"{operator} of opset {opset}"
        expected = set(schema.attributes) - REFUSED.get(operator, set())
        assert attributes == expected, where
        assert inputs == (schema.min_input, schema.max_input), where
        assert outputs[1] == schema.max_output, where


def test_operators_of_other_domains_are_listed(tool):
    text = tool("photonic-compile", "--list-operators").stdout
    assert "- (on constants)" in text
    for line in ("com.microsoft             ConvGrad", "ai.onnx.preview.training  Adam"):
        assert line in text
