//===- ModelNodesTest.cpp - Nodes that a model may have or not --*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ImportTestUtils.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::test;

namespace {

using ModelNodesTest = ImportTest;

/// The text holds the part.
#define EXPECT_HOLDS(TEXT, PART)                                               \
  EXPECT_NE(TEXT.find(PART), std::string::npos) << TEXT << messages

//===----------------------------------------------------------------------===//
// Unsupported nodes
//===----------------------------------------------------------------------===//

TEST_F(ModelNodesTest, allUnsupportedNodesAtOnce) {
  std::string graph =
      makeInput("x", {"1", "2", "4", "4"}) + makeWeights("s", "2", "1, 1") +
      makeNode("LRN", {"x"}, "a", "name: 'norm' " + makeInt("size", 5)) +
      makeNode("Relu", {"a"}, "b", makeInt("fast", 1)) +
      makeNode("Magic", {"b"}, "c", "domain: 'com.example'") +
      makeNode("Pad", {"c", "s"}, "d",
               "attribute { name: 'mode' type: STRING s: 'reflect' }") +
      makeNode("BatchNormalization", {"x", "s", "s", "s", "s"}, "e",
               makeInt("training_mode", 1)) +
      makeNode("Dropout", {"x"}, "f", "name: 'drop' output: 'mask'") +
      makeNode("Xor", {"mask", "mask"}, "g") +
      makeNode("Concat", {"x", "e"}, "h") + makeOutput("h") + makeOutput("d") +
      makeOutput("g");
  EXPECT_EQ(import(graph), "");
  EXPECT_SAYS("7 of 8 nodes cannot be imported");
  EXPECT_SAYS("note: node 'norm': operator LRN, domain ai.onnx, opset 17: the "
              "operator is not supported; its attributes: size=5");
  EXPECT_SAYS("node 'Relu_1': operator Relu, domain ai.onnx, opset 17: "
              "attribute fast=1 is not supported");
  EXPECT_SAYS("node 'Magic_2': operator Magic, domain com.example, opset not "
              "imported: the domain is not supported");
  EXPECT_SAYS("node 'Pad_3': operator Pad, domain ai.onnx, opset 17: attribute "
              "mode=reflect is not supported: expected constant");
  EXPECT_SAYS("node 'BatchNormalization_4': operator BatchNormalization, "
              "domain ai.onnx, opset 17: attribute training_mode=1 is not "
              "supported: only inference is; compile a training step with "
              "option 'train'");
  EXPECT_SAYS("node 'Xor_6': operator Xor");
  EXPECT_SAYS("attribute axis is missing");
}

TEST_F(ModelNodesTest, unsupportedByTheirInputs) {
  // Found only while importing, and still reported together.
  std::string graph = makeInput("x", {"1", "2", "4", "4", "4"}) +
                      makeInput("v", {"1", "2", "4", "4"}) +
                      makeWeights("w", "2,2,1,1,1", "1, 1, 1, 1") +
                      makeNode("Conv", {"x", "w"}, "y") +
                      makeNode("Cast", {"v"}, "z", makeInt("to", 10)) +
                      makeNode("MatMul", {"v", "v"}, "q") +
                      makeNode("Relu", {"y"}, "r") + makeOutput("r") +
                      makeOutput("z") + makeOutput("q");
  EXPECT_EQ(import(graph), "");
  EXPECT_SAYS("3 of 4 nodes cannot be imported");
  EXPECT_SAYS(
      "node 'Conv_0': operator Conv, domain ai.onnx, opset 17: an input "
      "of rank 5; expected 1 or 2 spatial dimensions");
  EXPECT_SAYS("node 'Cast_1': operator Cast, domain ai.onnx, opset 17: "
              "attribute to=10 (FLOAT16) is not supported");
  EXPECT_SAYS("node 'MatMul_2'");
  EXPECT_EQ(messages.find("Relu_3"), std::string::npos);
}

TEST_F(ModelNodesTest, formsOfAttributesAndInputs) {
  EXPECT_EQ(
      import(single(makeNode("LeakyRelu", {"x"}, "y", makeInt("alpha", 1)))),
      "");
  EXPECT_SAYS("attribute alpha=1 has type INT, expected FLOAT");
  EXPECT_EQ(import(single(makeNode("Relu", {"x", "x"}, "y"))), "");
  EXPECT_SAYS("expected 1 inputs, found 2");
  EXPECT_EQ(import(single(makeNode("Concat", {}, "y", makeInt("axis", 0)))),
            "");
  EXPECT_SAYS("expected 1 or more inputs, found 0");
  EXPECT_EQ(import(single(makeNode("Add", {"x", ""}, "y"))), "");
  EXPECT_SAYS("input 1 is left out");
  EXPECT_EQ(import(single(makeNode("HardSwish", {"x"}, "y")), 13), "");
  EXPECT_SAYS("operator HardSwish, domain ai.onnx, opset 13: the operator is "
              "not supported before opset 14");
  EXPECT_EQ(import(single(makeNode("Clip", {"x"}, "y",
                                   "attribute { name: 'min' type: FLOAT }"))),
            "");
  EXPECT_SAYS("attribute min=0 is not supported");
}

TEST_F(ModelNodesTest, dropoutInTraining) {
  std::string graph = makeInput("x", {"1", "2"}) +
                      "initializer { name: 't' data_type: 9 int32_data: 1 }" +
                      makeWeights("ratio", "", "0.5") +
                      makeNode("Dropout", {"x", "ratio", "t"}, "y") +
                      makeOutput("y");
  EXPECT_EQ(import(graph), "");
  EXPECT_SAYS("training_mode=true is not supported");
}

//===----------------------------------------------------------------------===//
// Wrong shapes and values
//===----------------------------------------------------------------------===//

TEST_F(ModelNodesTest, shapesThatDoNotMatch) {
  std::string graph = makeInput("image", {"1", "3", "8", "8"}) +
                      makeWeights("w", "1,2,1,1", "1, 1") +
                      makeNode("Conv", {"image", "w"}, "y", "name: 'stem'") +
                      makeNode("Relu", {"y"}, "z") + makeOutput("z");
  EXPECT_EQ(import(graph), "");
  EXPECT_SAYS("node 'stem' (Conv): ");
  EXPECT_SAYS("tensor<1x3x8x8xf32>");
  EXPECT_SAYS("tensor<1x2x1x1xf32>");
  EXPECT_SAYS("note: input 0 'image' is tensor<1x3x8x8xf32>");
  EXPECT_EQ(messages.find("Relu"), std::string::npos) << messages;
  EXPECT_EQ(import(makeInput("a", {"2", "3"}) + makeInput("b", {"2", "4"}) +
                   makeNode("Add", {"a", "b"}, "y") + makeOutput("y")),
            "");
  EXPECT_SAYS("node 'Add_0' (Add): shapes of 'tensor<2x3xf32>' and "
              "'tensor<2x4xf32>' do not broadcast");
}

TEST_F(ModelNodesTest, weightsThatAreNotFinite) {
  std::string graph =
      makeInput("x", {"2", "2"}) + makeWeights("w", "2,2", "1, 2, nan, 4") +
      makeWeights("b", "2,2", "1, -inf, 4, 5") +
      makeNode("Add", {"x", "w"}, "h") + makeNode("MatMul", {"x", "b"}, "y") +
      makeOutput("y") + makeOutput("h");
  EXPECT_EQ(import(graph), "");
  EXPECT_SAYS("initialiser 'w' holds NaN at index [1, 0] (element 2)");
  EXPECT_SAYS("initialiser 'b' holds an infinity at index [0, 1] (element 1)");
}

TEST_F(ModelNodesTest, integersAreNotData) {
  EXPECT_EQ(import(makeInput("x", {"2"}) + makeIntegers("i", "1, 2") +
                   makeNode("Add", {"x", "i"}, "y") + makeOutput("y")),
            "");
  EXPECT_SAYS("node 'Add_0' (Add): expected a tensor of FLOAT, got the "
              "constant INT64 [2] = [1, 2]");
}

TEST_F(ModelNodesTest, impossibleReshapes) {
  auto reshape = [&](const std::string &shape) {
    return makeInput("x", {"2", "3"}) + makeIntegers("s", shape) +
           makeNode("Reshape", {"x", "s"}, "y") + makeOutput("y");
  };
  EXPECT_HOLDS(import(reshape("0, -1")), "tensor<2x3xf32>");
  EXPECT_HOLDS(import(reshape("-1")), "tensor<6xf32>");
  EXPECT_EQ(import(reshape("4, -1")), "");
  EXPECT_SAYS("the input of shape [2, 3] has 6 elements, which do not fit the "
              "requested shape [4, -1]");
  EXPECT_EQ(import(reshape("-1, -1")), "");
  EXPECT_SAYS("leaves more than one dimension open");
  EXPECT_EQ(import(reshape("2, 3, 0")), "");
  EXPECT_SAYS("copies dimension 2");
}

TEST_F(ModelNodesTest, emptySlices) {
  EXPECT_EQ(import(makeInput("x", {"4"}) + makeIntegers("a", "2") +
                   makeNode("Slice", {"x", "a", "a"}, "y") + makeOutput("y")),
            "");
  EXPECT_SAYS("constant 'y' of shape [0] has no elements; expected positive "
              "extents");
}

TEST_F(ModelNodesTest, padding) {
  std::string conv =
      "attribute { name: 'auto_pad' type: STRING s: 'SAME_UPPER' } " +
      makeInts("strides", "2, 2") + makeInts("kernel_shape", "3, 3");
  std::string graph = makeInput("x", {"1", "1", "6", "7"}) +
                      makeWeights("w", "1,1,3,3", "1,1,1,1,1,1,1,1,1") +
                      makeNode("Conv", {"x", "w"}, "y", conv) + makeOutput("y");
  EXPECT_HOLDS(import(graph), "pads = [0, 1, 1, 1]");
  graph =
      makeInput("x", {"1", "1", "6", "7"}) +
      makeNode("MaxPool", {"x"}, "y", conv + makeInts("pads", "1, 1, 1, 1")) +
      makeOutput("y");
  EXPECT_EQ(import(graph), "");
  EXPECT_SAYS("attributes auto_pad=SAME_UPPER and pads=[1, 1, 1, 1] contradict "
              "each other");
}

TEST_F(ModelNodesTest, nodesKeepTheirNames) {
  std::string bytes =
      makeModel(single(makeNode("Relu", {"x"}, "h", "name: 'act'") +
                       makeNode("Neg", {"h"}, "y")))
          .SerializeAsString();
  auto module = importONNXBuffer({bytes, "model.onnx"}, {}, context);
  ASSERT_TRUE(module);
  std::vector<std::string> names;
  module->walk([&](Operation *op) {
    if (auto name = dyn_cast<NameLoc>(op->getLoc()))
      names.push_back(name.getName().str());
  });
  EXPECT_EQ(names, (std::vector<std::string>{"act", "Neg_1"}));
}

TEST_F(ModelNodesTest, shapeArithmetic) {
  // What old exporters write for x.view(x.size(0), -1).
  std::string graph =
      makeInput("x", {"N", "2", "3"}) + makeIntegers("minus", "-1") +
      "initializer { name: 'zero' data_type: 7 int64_data: 0 }" +
      makeNode("Shape", {"x"}, "shape") +
      makeNode("Gather", {"shape", "zero"}, "n") + makeIntegers("axes", "0") +
      makeNode("Unsqueeze", {"n", "axes"}, "n1") +
      makeNode("Concat", {"n1", "minus"}, "target", makeInt("axis", 0)) +
      makeNode("Reshape", {"x", "target"}, "y") + makeOutput("y");
  EXPECT_HOLDS(import(graph, 17, {.batch = 4}),
               "nn.reshape %arg0 : tensor<4x2x3xf32> -> tensor<4x6xf32>");
  EXPECT_EQ(import(makeInput("x", {"2"}) + makeIntegers("a", "1") +
                   makeIntegers("b", "0") + makeNode("Div", {"a", "b"}, "s") +
                   makeNode("Reshape", {"x", "s"}, "y") + makeOutput("y")),
            "");
  EXPECT_SAYS("expected integers other than 0 to divide by");
}

} // namespace
