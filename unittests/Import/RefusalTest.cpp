//===- RefusalTest.cpp - One run lists everything that is refused ---------===//
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

class RefusalTest : public ImportTest {
protected:
  void expectSilence(StringRef text) {
    EXPECT_EQ(StringRef(messages).count(text), 0u) << messages;
  }
};

const std::string x = makeInput("x", {"2", "3", "4"});

TEST_F(RefusalTest, behindARefusedNode) {
  EXPECT_EQ(import(x + makeWeights("e", "", "1.5") +
                   makeNode("Erf", {"x"}, "a") +
                   makeNode("Transpose", {"a"}, "b", makeInts("perm", "0,2,1")) +
                   makeNode("MatMul", {"a", "b"}, "c") +
                   makeNode("Pow", {"c", "e"}, "d") +
                   makeNode("Cast", {"d"}, "f", makeInt("to", 6)) +
                   makeNode("Cast", {"f"}, "y", makeInt("to", 1)) +
                   makeOutput("y")),
            "");
  EXPECT_SAYS("3 of 6 nodes cannot be imported");
  EXPECT_SAYS("operator Erf");
  EXPECT_SAYS("operator MatMul, domain ai.onnx, opset 17: a right factor of "
              "shape [2, 4, 3]");
  EXPECT_SAYS("attribute to=6 (INT32)");
  EXPECT_EQ(StringRef(messages).count("note: "), 3u) << messages;
}

TEST_F(RefusalTest, typesThatTheModelDeclares) {
  std::string graph = makeInput("x", {"N", "8", "8"}) +
                      makeWeights("w", "4,4,1,1,1",
                                  "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1") +
                      makeNode("Magic", {"x"}, "a") +
                      makeNode("Conv", {"a", "w"}, "y") + makeOutput("y");
  ImportOptions options{.batch = 2};
  // Nothing is known about what Magic computes.
  EXPECT_EQ(import(graph, 17, options), "");
  EXPECT_SAYS("1 of 2 nodes");
  EXPECT_EQ(import(graph + "value_info { " +
                       makeInfo("a", {"N", "4", "5", "5", "5"}) + "} ",
                   17, options),
            "");
  EXPECT_SAYS("2 of 2 nodes");
  EXPECT_SAYS("an input of rank 5");
  // Wrong for the model that would be left.
  EXPECT_EQ(import(graph + "value_info { " +
                       makeInfo("a", {"N", "3", "5", "5"}) + "} ",
                   17, options),
            "");
  EXPECT_SAYS("expected an input and weights of the same rank");
}

TEST_F(RefusalTest, shapesThatOperatorsImply) {
  // Each is refused, and tells the next one its shape.
  EXPECT_EQ(import(makeInput("v", {"1", "2", "6", "6", "6"}) +
                   makeNode("LpPool", {"v"}, "a",
                            makeInts("kernel_shape", "2,2,2") +
                                makeInts("strides", "2,2,2")) +
                   makeNode("ReduceL1", {"a"}, "b",
                            makeInts("axes", "4") + makeInt("keepdims", 0)) +
                   makeNode("SpaceToDepth", {"b"}, "c", makeInt("blocksize", 3)) +
                   makeWeights("w", "1,5,1,1", "1,1,1,1,1") +
                   makeNode("Conv", {"c", "w"}, "y") + makeOutput("y")),
            "");
  EXPECT_SAYS("3 of 4 nodes");
  EXPECT_SAYS("node 'Conv_3' (Conv): ");
  EXPECT_SAYS("tensor<1x18x1x1xf32>");
}

TEST_F(RefusalTest, nothingThatWouldBeAccepted) {
  // What Magic computes may be anything: also constants and integers.
  EXPECT_EQ(import(x + makeNode("Magic", {}, "m") +
                   makeNode("Reshape", {"x", "m"}, "a") +
                   makeNode("Pow", {"a", "m"}, "b") +
                   makeNode("Cast", {"m"}, "c", makeInt("to", 7)) +
                   makeNode("Gather", {"b", "c"}, "d") +
                   makeNode("Where", {"m", "d", "d"}, "e") +
                   makeNode("Concat", {"e", "m"}, "y", makeInt("axis", 0)) +
                   makeOutput("y")),
            "");
  EXPECT_SAYS("1 of 7 nodes");
  expectSilence("Reshape");
  // Floor of constants would be folded.
  EXPECT_EQ(import(x + makeWeights("two", "1", "2.5") +
                   makeNode("Magic", {"two"}, "f") +
                   makeNode("Cast", {"f"}, "i", makeInt("to", 7)) +
                   makeNode("Expand", {"x", "i"}, "y") + makeOutput("y")),
            "");
  EXPECT_SAYS("1 of 3 nodes");
  // Indices are integers, so that no type of floats is assumed.
  EXPECT_EQ(import(x + makeNode("ArgMax", {"x"}, "i") +
                   makeNode("Cast", {"i"}, "f", makeInt("to", 1)) +
                   makeNode("Relu", {"f"}, "y") + makeOutput("y")),
            "");
  EXPECT_SAYS("1 of 3 nodes");
}

TEST_F(RefusalTest, wrongAndUnsupportedTogether) {
  EXPECT_EQ(import(x + makeInput("z", {"5"}) +
                   makeNode("Add", {"x", "z"}, "a", "name: 'first' ") +
                   makeNode("Erf", {"x"}, "b") +
                   makeNode("Add", {"b", "z"}, "c", "name: 'second' ") +
                   makeNode("Relu", {"c"}, "d") + makeOutput("a") +
                   makeOutput("d")),
            "");
  EXPECT_SAYS("node 'first' (Add): shapes of");
  EXPECT_SAYS("node 'second' (Add): shapes of");
  EXPECT_SAYS("operator Erf");
  expectSilence("Relu");
}

TEST_F(RefusalTest, behindInputsThatAreRefused) {
  // What needs no shapes is found all the same.
  EXPECT_EQ(import(makeInput("x", {"N", "C"}) + makeWeights("e", "", "1.5") +
                   makeNode("Magic", {"x"}, "a") +
                   makeNode("Pow", {"a", "e"}, "b") +
                   makeNode("Relu", {"b"}, "y", makeInt("fast", 1)) +
                   makeOutput("y")),
            "");
  EXPECT_SAYS("expected inputs of static shape");
  EXPECT_SAYS("operator Magic");
  EXPECT_SAYS("attribute fast=1");
  // So is what is wrong beside names that nothing defines.
  EXPECT_EQ(import(x + makeNode("Add", {"x", "ghost"}, "a") +
                   makeNode("Magic", {"a"}, "y") + makeOutput("y")),
            "");
  EXPECT_SAYS("reads tensor 'ghost'");
  EXPECT_SAYS("operator Magic");
}

//===----------------------------------------------------------------------===//
// Operators that ask for training
//===----------------------------------------------------------------------===//

std::string makeNormalization(const std::string &more) {
  return makeInput("x", {"2", "3", "4"}) + makeWeights("s", "3", "1,1,1") +
         makeWeights("b", "3", "0,0,0") + makeWeights("m", "3", "1,2,3") +
         makeWeights("v", "3", "1,1,1") +
         makeNode("BatchNormalization", {"x", "s", "b", "m", "v"}, "y",
                  "name: 'bn' " + more) +
         makeOutput("y");
}

TEST_F(RefusalTest, trainingFormsOfBatchNormalization) {
  std::string five = "output: 'rm' output: 'rv' output: 'sm' output: 'sv' ";
  for (int64_t opset : {7, 8, 9, 13}) {
    EXPECT_NE(import(makeNormalization(five), opset).find("nn.batch_norm_train"),
              std::string::npos)
        << messages;
    EXPECT_SAYS("node 'bn' (BatchNormalization) of opset " +
                std::to_string(opset) +
                " has more outputs than the first, which is the form of "
                "training");
  }
  EXPECT_NE(import(makeNormalization(""), 9).find("nn.batch_norm "),
            std::string::npos);
  EXPECT_EQ(messages, "");
  // Its momentum and the batch's mean are as defined.
  std::string text = import(makeNormalization(five) + makeOutput("rm") +
                                makeOutput("rv") + makeOutput("sm"),
                            9);
  EXPECT_NE(text, "") << messages;
  EXPECT_EQ(text.find("unbiased"), std::string::npos) << text;
  EXPECT_EQ(import(makeNormalization(five) + makeOutput("sv"), 9), "");
  EXPECT_SAYS("output 4 'sv' is the variance of the batch in ONNX and 1 / "
              "sqrt(variance + epsilon) in ONNX Runtime");
  EXPECT_NE(import(makeNormalization(makeInt("spatial", 1)), 8), "");
  EXPECT_EQ(import(makeNormalization(makeInt("spatial", 0)), 8), "");
  EXPECT_SAYS("attribute spatial=0 is not supported: expected 1, statistics "
              "per channel");
}

TEST_F(RefusalTest, dropoutThatDropsNothing) {
  auto dropout = [&](const std::string &ratio, int64_t opset = 13) {
    return import(x + "initializer { name: 't' data_type: 9 int32_data: 1 } " +
                      ratio +
                      makeNode("Dropout", {"x", ratio.empty() ? "" : "r", "t"},
                               "y", "output: 'mask' ") +
                      makeOutput("y") + makeOutput("mask"),
                  opset);
  };
  EXPECT_NE(dropout(makeWeights("r", "", "0")).find("return %arg0, "),
            std::string::npos)
      << messages;
  EXPECT_EQ(dropout(makeWeights("r", "", "0.25")), "");
  EXPECT_SAYS("input training_mode=true is not supported with ratio 0.25: only "
              "inference is; compile a training step with option 'train'");
  EXPECT_EQ(dropout(""), "");
  EXPECT_SAYS("with ratio 0.5");
  // Runtimes disagree about old masks.
  std::string old =
      x + makeNode("Dropout", {"x"}, "y", "output: 'mask' ") + makeOutput("y");
  EXPECT_NE(import(old, 10), "");
  EXPECT_EQ(import(old + makeOutput("mask"), 10), "");
  EXPECT_SAYS("output 1 'mask', the mask, is all ones in ONNX's evaluator and "
              "all zeros in ONNX Runtime before opset 12");
}

TEST_F(RefusalTest, oldForms) {
  std::string image = makeInput("x", {"1", "1", "4", "4"});
  EXPECT_NE(import(image + makeNode("MaxPool", {"x"}, "y",
                                    makeInts("kernel_shape", "2,2")) +
                       makeOutput("y"),
                   7),
            "")
      << messages;
  EXPECT_EQ(import(image + makeNode("MaxPool", {"x"}, "y",
                                    makeInts("kernel_shape", "2,2") +
                                        makeInt("ceil_mode", 1)) +
                       makeOutput("y"),
                   7),
            "");
  EXPECT_SAYS("attribute ceil_mode=1 is not supported");
  EXPECT_EQ(import(image + makeNode("Upsample", {"x", "x"}, "y") +
                       makeOutput("y"),
                   9),
            "");
  EXPECT_SAYS("operator Upsample, domain ai.onnx, opset 9");
}

TEST_F(RefusalTest, groupsThatDoNotDivide) {
  EXPECT_EQ(import(makeInput("x", {"1", "4", "1", "1"}) +
                   makeWeights("w", "3,2,1,1", "1,1,1,1,1,1") +
                   makeNode("Conv", {"x", "w"}, "y",
                            "name: 'stem' " + makeInt("group", 2)) +
                   makeOutput("y")),
            "");
  EXPECT_SAYS("node 'stem' (Conv): ");
  EXPECT_SAYS("groups");
  EXPECT_SAYS("note: input 1 'w' is constant FLOAT [3, 2, 1, 1]");
}

} // namespace
