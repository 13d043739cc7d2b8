//===- FoldTest.cpp - Operators evaluated while importing -----------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What is computed from constants and what is refused; test_constants.py
// compares the numbers with ONNX Runtime.
//
//===----------------------------------------------------------------------===//

#include "ImportTestUtils.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::test;

namespace {

#define EXPECT_HOLDS(PART)                                                     \
  EXPECT_NE(text.find(PART), std::string::npos) << text << messages
#define EXPECT_LACKS(PART) EXPECT_EQ(text.find(PART), std::string::npos) << text

constexpr int floating = 1, uint8 = 2, int64 = 7, boolean = 9, doubles = 11;

/// An initialiser; `values` is a field of TensorProto.
std::string makeTensor(const std::string &name, int type,
                       const std::string &dims, const std::string &values) {
  return "initializer { name: '" + name +
         "' data_type: " + std::to_string(type) + " dims: [" + dims + "] " +
         values + " } ";
}

class FoldTest : public ImportTest {
protected:
  /// A graph with the input x [2, 3] and the output y.
  std::string run(const std::string &graph, int64_t opset = 18,
                  ImportMode mode = ImportMode::Inference) {
    ImportOptions options;
    options.mode = mode;
    text = import(makeInput("x", {"2", "3"}) + graph + makeOutput("y"), opset,
                  options);
    return text;
  }
  std::string train(const std::string &graph) {
    return run(graph, 18, ImportMode::Training);
  }

  std::string text;
};

/// y = x + FLOAT(value)
std::string addToInput(const std::string &value) {
  return makeNode("Cast", {value}, "float", makeInt("to", floating)) +
         makeNode("Add", {"x", "float"}, "y");
}

//===----------------------------------------------------------------------===//
// Operators on constants alone
//===----------------------------------------------------------------------===//

TEST_F(FoldTest, someOperatorsExistOnConstantsAlone) {
  run(makeWeights("c", "3", "1.5, -1.5, 2") + makeNode("Floor", {"c"}, "f") +
      makeNode("Add", {"x", "f"}, "y"));
  EXPECT_HOLDS("dense<[1.000000e+00, -2.000000e+00, 2.000000e+00]>");
  EXPECT_EQ(run(makeNode("Floor", {"x"}, "y")), "");
  EXPECT_SAYS("operator Floor, domain ai.onnx, opset 18: the operator is not "
              "supported, except on constants");
}

TEST_F(FoldTest, allOfThemAreListedAtOnce) {
  EXPECT_EQ(run(makeNode("Elu", {"x"}, "a") + makeNode("Floor", {"a"}, "b") +
                makeNode("Sign", {"b"}, "y")),
            "");
  EXPECT_SAYS("3 of 3 nodes cannot be imported");
}

TEST_F(FoldTest, shapesAreKnownWhateverTheyBelongTo) {
  run(makeNode("Relu", {"x"}, "r") + makeNode("Shape", {"r"}, "s") +
      makeNode("ReduceProd", {"s"}, "n", makeInt("keepdims", 1)) +
      makeNode("Reshape", {"x", "n"}, "y"));
  EXPECT_HOLDS("-> tensor<6xf32>");
}

TEST_F(FoldTest, parametersAreNoConstants) {
  std::string graph = makeWeights("p", "3", "1.5, -1.5, 2") +
                      makeNode("Floor", {"p"}, "f") +
                      makeNode("Add", {"x", "f"}, "y");
  EXPECT_NE(run(graph), "");
  EXPECT_EQ(train(graph), "");
  EXPECT_SAYS("the operator is not supported, except on constants, and input 0 "
              "'p' is a parameter that training may change");
}

TEST_F(FoldTest, weightsKeepTheirNames) {
  std::string ones = "1";
  for (int i = 1; i < 80; ++i)
    ones += ", 1";
  run(makeWeights("w", "80, 1, 1", ones) + makeWeights("c", "", "3") +
      makeNode("Mul", {"w", "c"}, "v") + makeNode("Add", {"x", "v"}, "y"));
  EXPECT_HOLDS("nn.constant \"w\"");
  EXPECT_HOLDS("nn.mul");
}

TEST_F(FoldTest, whatIsMadeHasALimit) {
  run(makeTensor("c", int64, "1", "int64_data: 1") +
      makeIntegers("many", "1000000000000") +
      makeNode("Tile", {"c", "many"}, "t") + addToInput("t"));
  EXPECT_SAYS("a constant of shape [1000000000000] would be made, expected at "
              "most 268435456 elements");
}

//===----------------------------------------------------------------------===//
// Element types
//===----------------------------------------------------------------------===//

TEST_F(FoldTest, typesAreNotMixed) {
  EXPECT_EQ(run(makeTensor("a", uint8, "1", "int32_data: 200") +
                makeTensor("b", int64, "1", "int64_data: 100") +
                makeNode("Add", {"a", "b"}, "s") + addToInput("s")),
            "");
  EXPECT_SAYS("expected operands of one element type, got constant UINT8 [1] = "
              "[200] and constant INT64 [1] = [100]");
}

TEST_F(FoldTest, whatONNXLeavesOpenIsRefused) {
  std::string integers = makeTensor("a", int64, "1", "int64_data: 7") +
                         makeTensor("zero", int64, "1", "int64_data: 0");
  for (const char *op : {"Div", "Mod"}) {
    EXPECT_EQ(
        run(integers + makeNode(op, {"a", "zero"}, "s") + addToInput("s")), "");
    EXPECT_SAYS("expected integers other than 0 to divide by, got the constant "
                "INT64 [1] = [0]");
  }
  EXPECT_EQ(run(makeWeights("a", "2", "3, 300") +
                makeNode("Cast", {"a"}, "s", makeInt("to", uint8)) +
                addToInput("s")),
            "");
  EXPECT_SAYS("element 1 of the constant FLOAT [2] is 300, which is no UINT8");
  EXPECT_EQ(run(makeWeights("a", "2", "3, 2") +
                makeNode("Mod", {"a", "a"}, "s") + addToInput("s")),
            "");
  EXPECT_SAYS("expected attribute fmod=1 for the constant FLOAT [2]");
  EXPECT_EQ(run(makeWeights("a", "2", "3, 2") +
                makeNode("Cast", {"a"}, "s", makeInt("to", 8)) +
                addToInput("s")),
            "");
  EXPECT_SAYS("attribute to=8 (STRING) is not supported");
}

TEST_F(FoldTest, booleansAreNoNumbers) {
  EXPECT_EQ(run(makeTensor("a", boolean, "1", "int32_data: 1") +
                makeNode("Add", {"a", "a"}, "s") + addToInput("s")),
            "");
  EXPECT_SAYS("expected elements for which ONNX defines the operator, got the "
              "constant BOOL [1] = [1]");
}

TEST_F(FoldTest, doublesAreRoundedOnce) {
  run(makeTensor("a", doubles, "", "double_data: 1e300") +
      makeTensor("b", doubles, "", "double_data: 1e290") +
      makeNode("Div", {"a", "b"}, "s") + addToInput("s"));
  EXPECT_HOLDS("dense<1.000000e+10>");
}

//===----------------------------------------------------------------------===//
// Infinities
//===----------------------------------------------------------------------===//

TEST_F(FoldTest, infinitiesAreOperands) {
  std::string mask = makeWeights("m", "3", "0, -inf, 0");
  run(mask + makeNode("Add", {"x", "m"}, "y"));
  EXPECT_HOLDS("nn.add");
  train(mask + makeNode("Add", {"x", "m"}, "y"));
  EXPECT_HOLDS("nn.add");
  run(makeNode("Constant", {}, "m",
               "attribute { name: 'value_float' type: FLOAT f: -inf } ") +
      makeNode("Max", {"x", "m"}, "y"));
  EXPECT_HOLDS("dense<0xFF800000>");
}

TEST_F(FoldTest, weightsAreFinite) {
  std::string weights = makeWeights("w", "2, 3", "1, 2, 3, inf, 5, 6");
  EXPECT_EQ(run(weights + makeNode("Gemm", {"x", "w"}, "y", makeInt("transB", 1))),
            "");
  EXPECT_SAYS("initialiser 'w' holds an infinity at index [1, 0] (element 3); "
              "expected finite weights: check the training");
  EXPECT_EQ(run(weights + makeNode("Transpose", {"w"}, "t") +
                makeNode("MatMul", {"x", "t"}, "y")),
            "");
  EXPECT_SAYS("holds an infinity at index");
}

TEST_F(FoldTest, numbersAreNumbers) {
  EXPECT_EQ(run(makeWeights("m", "3", "0, nan, 0") +
                makeNode("Add", {"x", "m"}, "y")),
            "");
  EXPECT_SAYS("initialiser 'm' holds NaN at index [1] (element 1)");
}

//===----------------------------------------------------------------------===//
// Tensors without elements
//===----------------------------------------------------------------------===//

TEST_F(FoldTest, emptyPartsDisappear) {
  std::string slice = makeIntegers("zero", "0") + makeIntegers("one", "1") +
                      makeNode("Slice", {"x", "zero", "zero", "one"}, "s");
  run(slice + makeNode("Concat", {"s", "x"}, "c", makeInt("axis", 1)) +
      makeNode("Relu", {"c"}, "y"));
  EXPECT_HOLDS("nn.relu %arg0");
  EXPECT_LACKS("nn.concat");
  EXPECT_EQ(run(slice + makeNode("Relu", {"s"}, "y")), "");
  EXPECT_SAYS("of shape [2, 0] has no elements; expected positive extents");
}

TEST_F(FoldTest, partsOfASplitMayBeEmpty) {
  run("node { op_type: 'Split' input: 'x' output: 'a' output: 'b' " +
      makeInt("axis", 0) + makeInt("num_outputs", 2) + "} " +
      "node { op_type: 'Split' input: 'a' output: 'c' output: 'd' " +
      makeInt("axis", 0) + makeInt("num_outputs", 2) + "} " +
      makeNode("Concat", {"d", "c", "b"}, "e", makeInt("axis", 0)) +
      makeNode("Relu", {"e"}, "y"));
  EXPECT_HOLDS("nn.concat");
  EXPECT_HOLDS("tensor<2x3xf32>");
}

TEST_F(FoldTest, noAxesAreAllAxes) {
  run(makeIntegers("none", "") + makeIntegers("axes", "0, 3") +
      makeNode("Unsqueeze", {"x", "axes"}, "u") +
      makeNode("Squeeze", {"u", "none"}, "s") + makeNode("Relu", {"s"}, "y"));
  EXPECT_HOLDS("nn.relu");
  EXPECT_HOLDS("-> tensor<2x3xf32>");
}

TEST_F(FoldTest, paddingByNothing) {
  std::string mode = "attribute { name: 'mode' type: STRING s: 'reflect' } ";
  run(makeIntegers("pads", "0, 0, 0, 0") +
      makeNode("Pad", {"x", "pads"}, "p", mode) + makeNode("Relu", {"p"}, "y"));
  EXPECT_HOLDS("nn.relu %arg0");
  EXPECT_EQ(run(makeIntegers("pads", "0, 1, 0, 0") +
                makeNode("Pad", {"x", "pads"}, "y", mode)),
            "");
  EXPECT_SAYS("attribute mode=reflect is not supported: expected constant, or "
              "pads that are all 0");
}

} // namespace
