//===- ModelTest.cpp - Models, good and bad -------------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ImportTestUtils.h"

#include <random>

using namespace mlir;
using namespace photonic;
using namespace photonic::test;

namespace {

using ModelTest = ImportTest;

/// The text holds the part.
#define EXPECT_HOLDS(TEXT, PART)                                               \
  EXPECT_NE(TEXT.find(PART), std::string::npos) << TEXT << messages

size_t count(StringRef text, StringRef part) { return text.count(part); }

//===----------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------===//

TEST_F(ModelTest, notAModel) {
  EXPECT_EQ(importBytes(""), "");
  EXPECT_SAYS("'dir/model.onnx' is empty: expected an ONNX model");
  EXPECT_EQ(importBytes("Some text that is no model."), "");
  EXPECT_SAYS("is not an ONNX model");
  // A tensor parses as a model without a version.
  ::onnx::TensorProto tensor;
  tensor.set_name("w");
  EXPECT_EQ(importBytes(tensor.SerializeAsString()), "");
  EXPECT_SAYS("is not an ONNX model");
  ::onnx::ModelProto model = makeModel("");
  model.clear_graph();
  EXPECT_EQ(import(model), "");
  EXPECT_SAYS("found no graph");
}

TEST_F(ModelTest, everyTruncation) {
  std::string bytes =
      makeModel(single(makeNode("Relu", {"x"}, "y"))).SerializeAsString();
  ASSERT_NE(importBytes(bytes), "") << messages;
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(importBytes(StringRef(bytes).take_front(size)), "") << size;
    EXPECT_FALSE(messages.empty()) << size;
  }
}

TEST_F(ModelTest, mutations) {
  // Whatever the bytes say: a module or a message, never a crash.
  std::string graph =
      makeInput("x", {"N", "2", "6", "7"}) + makeIntegers("minus", "-1") +
      makeWeights("w", "2,1,2,1", "1, 2, 3, 4") + makeIntegers("one", "1") +
      makeNode("Conv", {"x", "w"}, "c",
               makeInts("pads", "1, 0, 0, 1") + makeInt("group", 2) +
                   makeInts("dilations", "2, 1")) +
      makeNode("AveragePool", {"c"}, "p",
               makeInts("kernel_shape", "2, 3") + makeInts("strides", "2, 1") +
                   makeInt("ceil_mode", 1)) +
      makeIntegers("three", "3") +
      makeNode("Slice", {"p", "one", "three", "three", "one"}, "s") +
      makeNode("Shape", {"s"}, "shape") +
      makeIntegers("pads", "0,1,0,1,0,0,0,0") +
      makeNode("Gather", {"shape", "one"}, "n") +
      makeNode("Concat", {"n", "minus"}, "t", makeInt("axis", 0)) +
      makeNode("Pad", {"s", "pads"}, "q") +
      makeNode("Reshape", {"q", "t"}, "y") +
      makeNode("Split", {"y"}, "a", "output: 'b' " + makeInt("axis", 0)) +
      makeOutput("a") + makeOutput("b");
  const std::string bytes = makeModel(graph).SerializeAsString();
  importBytes(bytes, {.batch = 2});
  ASSERT_EQ(messages, "");
  std::mt19937 random(1);
  int imported = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string mutated = bytes;
    for (int k = random() % 3; k >= 0; --k)
      mutated[random() % mutated.size()] = char(random());
    bool ok = !importBytes(mutated, {.batch = 2}).empty();
    imported += ok;
    ASSERT_TRUE(ok || !messages.empty()) << "mutation " << i;
  }
  EXPECT_GT(imported, 100);
}

TEST_F(ModelTest, files) {
  EXPECT_FALSE(importONNXFile("/nonexistent/model.onnx", {}, context));
  EXPECT_SAYS("cannot read '/nonexistent/model.onnx': No such file");
  EXPECT_FALSE(importONNXFile("/tmp", {}, context));
  EXPECT_SAYS("cannot read '/tmp': Is a directory; expected an ONNX file");
}

TEST_F(ModelTest, opsets) {
  std::string graph = single(makeNode("Relu", {"x"}, "y"));
  for (int64_t opset = oldestOpset; opset <= newestOpset; ++opset)
    EXPECT_NE(import(graph, opset), "") << messages;
  EXPECT_EQ(import(graph, 6), "");
  EXPECT_SAYS("expected opset 7 to 24, found 6; export the model with "
              "opset_version=17");
  EXPECT_EQ(import(graph, 25), "");
  EXPECT_SAYS("expected opset 7 to 24, found 25; export the model with "
              "opset_version=24");
  ::onnx::ModelProto model = makeModel(graph);
  model.mutable_opset_import(0)->set_domain("com.example");
  EXPECT_EQ(import(model), "");
  EXPECT_SAYS("found no version of the operators of ai.onnx");
  model = makeModel(graph);
  auto *other = model.add_opset_import();
  other->set_domain("ai.onnx");
  other->set_version(18);
  EXPECT_EQ(import(model), "");
  EXPECT_SAYS("in versions 17 and 18");
}

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

TEST_F(ModelTest, undefinedTensor) {
  EXPECT_EQ(import(single(makeNode("Add", {"x", "ghost"}, "y"))), "");
  EXPECT_SAYS("node 'Add_0' (Add) reads tensor 'ghost', which no node, input "
              "or initialiser defines");
  EXPECT_EQ(import(makeInput("x", {"1"}) + makeOutput("y")), "");
  EXPECT_SAYS("nothing defines the output 'y'");
  EXPECT_EQ(import(makeInput("x", {"1"})), "");
  EXPECT_SAYS("the graph has no outputs");
}

TEST_F(ModelTest, orderAndCycles) {
  EXPECT_EQ(import(single(makeNode("Relu", {"h"}, "y") +
                          makeNode("Relu", {"x"}, "h", "name: 'first'"))),
            "");
  EXPECT_SAYS("node 'Relu_0' (Relu) reads tensor 'h' before node 'first' "
              "(Relu) defines it");
  EXPECT_EQ(import(single(makeNode("Add", {"x", "b"}, "a") +
                          makeNode("Relu", {"a"}, "b") +
                          makeNode("Relu", {"b"}, "y"))),
            "");
  EXPECT_SAYS("node 'Add_0' (Add) and node 'Relu_1' (Relu) need each other's "
              "results, through tensor 'b': the graph has a cycle");
}

TEST_F(ModelTest, doubleDefinitions) {
  EXPECT_EQ(import(single(makeNode("Relu", {"x"}, "y") +
                          makeNode("Neg", {"x"}, "y"))),
            "");
  EXPECT_SAYS("tensor 'y' is defined twice, by node 'Relu_0' (Relu) and by "
              "node 'Neg_1' (Neg)");
  EXPECT_EQ(import(makeWeights("w", "1", "1") + makeWeights("w", "1", "2") +
                   makeOutput("w")),
            "");
  EXPECT_SAYS("tensor 'w' is defined twice, by an initialiser");
  EXPECT_EQ(import(single(makeNode("Relu", {"x"}, "x") +
                          makeNode("Relu", {"x"}, "y"))),
            "");
  EXPECT_SAYS("tensor 'x' is defined twice, by an input and by node");
}

TEST_F(ModelTest, initialisersAmongInputs) {
  std::string text = import(makeInput("x", {"1", "2"}) + makeInput("w", {"2"}) +
                            makeWeights("w", "2", "1, 2") +
                            makeNode("Add", {"x", "w"}, "y") + makeOutput("y"));
  EXPECT_HOLDS(text, "@main(%arg0: tensor<1x2xf32> {nn.batch_axis = 0 : "
                     "i64, nn.name = \"x\"}) -> (tensor<1x2xf32> "
                     "{nn.batch_axis = 0 : i64, nn.name = \"y\"})");
  EXPECT_HOLDS(text, "nn.constant \"w\" dense_resource<w>");
}

TEST_F(ModelTest, aliasesShareOneConstant) {
  std::string text = import(
      makeInput("x", {"1", "2"}) + makeWeights("w", "2", "1, 2") +
      makeNode("Identity", {"w"}, "v") + makeNode("Add", {"x", "w"}, "a") +
      makeNode("Add", {"a", "v"}, "b") + makeNode("Add", {"b", "w"}, "y") +
      makeOutput("y"));
  EXPECT_EQ(count(text, "nn.constant"), 1u) << text << messages;
  EXPECT_EQ(count(text, "nn.add"), 3u);
}

//===----------------------------------------------------------------------===//
// Inputs and outputs
//===----------------------------------------------------------------------===//

TEST_F(ModelTest, batch) {
  std::string relu = makeNode("Relu", {"x"}, "y") + makeOutput("y");
  std::string graph = makeInput("x", {"N", "3"}) + relu;
  EXPECT_EQ(import(graph), "");
  EXPECT_SAYS("expected inputs of static shape, found 1 dynamic dimension");
  EXPECT_SAYS("note: dimension 0 of input 'x' is 'N': bind it with --batch N");
  std::string text = import(graph, 17, {.batch = 5});
  EXPECT_HOLDS(text, "tensor<5x3xf32>");
  EXPECT_HOLDS(text, "nn.batch = 5");
  EXPECT_HOLDS(text, "nn.model = \"model\"");
  EXPECT_EQ(import(graph, 17, {.batch = -1}), "");
  EXPECT_SAYS("expected a positive batch, got -1");
  // A batch that is fixed.
  graph = makeInput("x", {"2", "3"}) + relu;
  EXPECT_NE(import(graph, 17, {.batch = 2}), "");
  EXPECT_EQ(import(graph, 17, {.batch = 5}), "");
  EXPECT_SAYS("batch 5 was asked for, but input 'x' has the fixed first "
              "dimension 2");
}

TEST_F(ModelTest, otherSymbols) {
  std::string graph = makeInput("x", {"N", "3", "H", "N"}) +
                      makeInput("z", {"?", "W", "1", "1"}) +
                      makeNode("Add", {"x", "x"}, "y") + makeOutput("y") +
                      makeNode("Relu", {"z"}, "r") + makeOutput("r");
  EXPECT_EQ(import(graph), "");
  EXPECT_SAYS("found 5 dynamic dimensions");
  EXPECT_SAYS("note: dimension 2 of input 'x' is 'H': bind it with --dim H=N");
  EXPECT_SAYS("note: dimension 3 of input 'x' is 'N': bind it with --batch N");
  EXPECT_SAYS("note: dimension 1 of input 'z' is 'W': bind it with --dim W=N");
  EXPECT_HOLDS(import(graph, 17, {.batch = 2, .dims = {{"H", 7}, {"W", 8}}}),
               "%arg0: tensor<2x3x7x2xf32> {nn.name = \"x\"}, %arg1: "
               "tensor<2x8x1x1xf32>");
  EXPECT_EQ(import(graph, 17, {.batch = 2, .dims = {{"H", 0}}}), "");
  EXPECT_SAYS("expected a positive extent for dimension 'H', got 0");
}

/// `INPUT = { nn.batch_axis …` of input number `index`, or that it has none.
static std::string arg(unsigned index, const std::string &type, int axis) {
  std::string text = "%arg" + std::to_string(index) + ": tensor<" + type +
                     "xf32> {";
  return axis < 0 ? text + "nn.name"
                  : text + "nn.batch_axis = " + std::to_string(axis) + " : i64";
}

TEST_F(ModelTest, batchIsKnownByItsSymbol) {
  std::string add = makeNode("Add", {"x", "w"}, "y") + makeOutput("y");
  // An equal extent is none.
  std::string text = import(makeInput("x", {"N", "2"}) +
                                makeInput("w", {"1", "2"}) + add,
                            17, {.batch = 1});
  EXPECT_HOLDS(text, arg(0, "1x2", 0));
  EXPECT_HOLDS(text, arg(1, "1x2", -1));
  // The same symbol in another place is.
  text = import(makeInput("x", {"N", "2"}) + makeInput("w", {"2", "N"}) +
                    makeNode("Transpose", {"w"}, "t") +
                    makeNode("Add", {"x", "t"}, "y") + makeOutput("y"),
                17, {.batch = 3});
  EXPECT_HOLDS(text, arg(0, "3x2", 0));
  EXPECT_HOLDS(text, arg(1, "2x3", 1));
  EXPECT_HOLDS(text, "-> (tensor<3x2xf32> {nn.batch_axis = 0 : i64");
  // It is the only one that is open.
  text = import(makeInput("x", {"5", "N", "2"}) + makeNode("Relu", {"x"}, "y") +
                    makeOutput("y"),
                17, {.batch = 3});
  EXPECT_HOLDS(text, arg(0, "5x3x2", 1));
  // Another option settles the first dimension.
  text = import(makeInput("x", {"T", "N", "2"}) + makeNode("Relu", {"x"}, "y") +
                    makeOutput("y"),
                17, {.batch = 3, .dims = {{"T", 4}}});
  EXPECT_HOLDS(text, arg(0, "4x3x2", 1));
  // Without a batch: the name of the first dimension.
  text = import(makeInput("x", {"N", "2"}) + makeInput("w", {"2", "2"}) +
                    makeNode("MatMul", {"x", "w"}, "y") + makeOutput("y"),
                17, {.dims = {{"N", 2}}});
  EXPECT_HOLDS(text, "nn.batch = 2");
  EXPECT_HOLDS(text, arg(0, "2x2", 0));
  EXPECT_HOLDS(text, arg(1, "2x2", -1));
}

TEST_F(ModelTest, batchOfFixedShapes) {
  std::string relu = makeNode("Relu", {"x"}, "y") + makeOutput("y");
  std::string text = import(makeInput("x", {"2", "3"}) + relu);
  EXPECT_HOLDS(text, "nn.batch = 2");
  EXPECT_HOLDS(text, arg(0, "2x3", 0));
  EXPECT_HOLDS(text, "-> (tensor<2x3xf32> {nn.batch_axis = 0 : i64");
  // A vector is one sample.
  EXPECT_EQ(import(makeInput("x", {"2"}) + relu).find("batch"),
            std::string::npos);
  // Several inputs: nobody knows.
  std::string two = makeInput("x", {"2", "2"}) + makeInput("w", {"2", "2"}) +
                    makeNode("MatMul", {"x", "w"}, "y") + makeOutput("y");
  EXPECT_EQ(import(two).find("batch"), std::string::npos);
  text = import(two, 17, {.batch = 2});
  EXPECT_HOLDS(text, arg(0, "2x2", 0));
  EXPECT_HOLDS(text, arg(1, "2x2", 0));
  // Rows times columns: samples of one with those of the other.
  EXPECT_HOLDS(text, "-> (tensor<2x2xf32> {nn.name");
  text = import(makeInput("x", {"4", "2"}) + makeInput("w", {"2", "2"}) +
                    makeNode("MatMul", {"x", "w"}, "y") + makeOutput("y"),
                17, {.batch = 4});
  EXPECT_HOLDS(text, arg(0, "4x2", 0));
  EXPECT_HOLDS(text, arg(1, "2x2", -1));
  EXPECT_HOLDS(text, "-> (tensor<4x2xf32> {nn.batch_axis = 0 : i64");
}

TEST_F(ModelTest, declaredBatchOfOutputs) {
  std::string graph = makeInput("x", {"N", "3"}) +
                      makeNode("Transpose", {"x"}, "y");
  std::string right = graph + "output { " + makeInfo("y", {"3", "N"}) + "} ";
  EXPECT_HOLDS(import(right, 17, {.batch = 3}),
               "-> (tensor<3x3xf32> {nn.batch_axis = 1 : i64");
  EXPECT_EQ(messages, "");
  std::string wrong = graph + "output { " + makeInfo("y", {"N", "3"}) + "} ";
  EXPECT_HOLDS(import(wrong, 17, {.batch = 3}),
               "-> (tensor<3x3xf32> {nn.batch_axis = 1 : i64");
  EXPECT_SAYS("output 'y' is declared with its samples along dimension 0, but "
              "the graph computes them along dimension 1, which is used");
  // What a batch of 1 leaves open.
  std::string flat = makeInput("x", {"N", "3"}) +
                     makeIntegers("s", "1, -1, 3") +
                     makeNode("Reshape", {"x", "s"}, "y");
  EXPECT_HOLDS(import(flat + makeOutput("y"), 17, {.batch = 1}),
               "-> (tensor<1x1x3xf32> {nn.name");
  flat += "output { " + makeInfo("y", {"1", "N", "3"}) + "} ";
  EXPECT_HOLDS(import(flat, 17, {.batch = 1}),
               "-> (tensor<1x1x3xf32> {nn.batch_axis = 1 : i64");
}

TEST_F(ModelTest, dimensionsWithoutNames) {
  std::string relu = makeNode("Relu", {"x"}, "y") + makeOutput("y");
  for (std::string name : {"?", "-1", "unk__7", ""}) {
    std::string graph = makeInput("x", {"N", "3", name, name}) + relu;
    EXPECT_EQ(import(graph, 17, {.batch = 2}), "");
    EXPECT_SAYS("found 2 dynamic dimensions");
    EXPECT_SAYS(": bind it with --dim x:2=N");
    EXPECT_SAYS(": bind it with --dim x:3=N");
    EXPECT_HOLDS(
        import(graph, 17, {.batch = 2, .dims = {{"x:2", 7}, {"x:3", 8}}}),
        arg(0, "2x3x7x8", 0));
  }
  std::string named = makeInput("x", {"N", "H", "H"}) + relu;
  // A number goes before a name.
  EXPECT_HOLDS(
      import(named, 17, {.batch = 2, .dims = {{"H", 7}, {"x:2", 8}}}),
      arg(0, "2x7x8", 0));
  auto refuse = [&](std::vector<std::pair<std::string, int64_t>> dims,
                    const std::string &message) {
    EXPECT_EQ(import(named, 17, {.batch = 2, .dims = std::move(dims)}), "");
    EXPECT_SAYS(message);
  };
  refuse({{"H", 7}, {"H", 8}}, "dimension 'H' is bound twice");
  refuse({{"x:1", 7}, {"x:1", 8}},
         "dimension 1 of input 'x' is bound twice, to 7 and to 8");
  refuse({{"x:3", 7}}, "input 'x' has no dimension 3, it has 3 of them");
  refuse({{"z:1", 7}}, "has no input 'z' to bind dimension 1 of; it has 'x'");
  refuse({{"W", 7}}, "has no symbolic dimension 'W'; it has 'H', 'N'");
  refuse({{"N", 5}, {"H", 7}}, "batch 2 was asked for");
  EXPECT_EQ(import(makeInput("x", {"2", "3"}) + relu, 17,
                   {.dims = {{"x:1", 4}}}),
            "");
  EXPECT_SAYS("dimension 1 of input 'x' was to be 4, but the model fixes it at "
              "3");
}

TEST_F(ModelTest, inputsWithoutAShape) {
  std::string graph =
      "input { name: 'x' type { tensor_type { elem_type: 1 } } } " +
      makeNode("Relu", {"x"}, "y") + makeOutput("y");
  EXPECT_EQ(import(graph), "");
  EXPECT_SAYS("give it one, such as --shape x=1,3,24,24");
  EXPECT_HOLDS(import(graph, 17, {.shapes = {{"x", {2, 5}}}}),
               arg(0, "2x5", 0));
  EXPECT_EQ(import(graph, 17, {.shapes = {{"z", {2, 5}}}}), "");
  EXPECT_SAYS("has no input 'z' to give a shape to; it has 'x'");
  std::string fixed = makeInput("x", {"N", "3"}) +
                      makeNode("Relu", {"x"}, "y") + makeOutput("y");
  EXPECT_EQ(import(fixed, 17, {.shapes = {{"x", {2, 5}}}}), "");
  EXPECT_SAYS("dimension 1 of input 'x' was to be 5, but the model fixes it at "
              "3");
  EXPECT_EQ(import(fixed, 17, {.shapes = {{"x", {2}}}}), "");
  EXPECT_SAYS("expected 2 extents for input 'x', got 1");
}

TEST_F(ModelTest, inputsWithoutElements) {
  std::string graph = makeInput("x", {"0", "3"}) +
                      makeNode("Relu", {"x"}, "y") + makeOutput("y");
  EXPECT_EQ(import(graph), "");
  EXPECT_SAYS("dimension 0 of input 'x' is '0': no program takes an input "
              "without elements; if the extent is open, bind it with --batch "
              "N");
  // Nobody misses it.
  std::string text = import(makeInput("x", {"2", "3"}) +
                            makeInput("z", {"0", "3"}) +
                            makeNode("Relu", {"x"}, "y") + makeOutput("y"));
  EXPECT_HOLDS(text, arg(0, "2x3", 0));
  EXPECT_HOLDS(text, "nn.ignored_inputs = [\"z\"]");
  EXPECT_EQ(text.find("nn.name = \"z\""), std::string::npos);
  EXPECT_SAYS("no output needs input 'z'; the program ignores what is fed to "
              "it");
}

TEST_F(ModelTest, typesOfInputs) {
  for (auto [type, name] : {std::pair(10, "FLOAT16"),
                            {7, "INT64"},
                            {18, "FLOAT8E4M3FNUZ"},
                            {77, "number 77"}}) {
    EXPECT_EQ(import(makeInput("x", {"1"}, type) +
                     makeNode("Relu", {"x"}, "y") + makeOutput("y")),
              "");
    EXPECT_SAYS("input 'x' has elements of type " + std::string(name) +
                ", expected FLOAT");
  }
  EXPECT_EQ(import("input { name: 'x' type { tensor_type { elem_type: 1 } } }" +
                   makeNode("Relu", {"x"}, "y") + makeOutput("y")),
            "");
  EXPECT_SAYS("input 'x' has no shape");
}

TEST_F(ModelTest, declaredOutputShape) {
  EXPECT_NE(import(makeInput("x", {"1", "2"}) + makeNode("Relu", {"x"}, "y") +
                   "output { " + makeInfo("y", {"1", "3"}) + "}"),
            "");
  EXPECT_SAYS("output 'y' is declared with shape [1, 3], but the graph "
              "computes");
}

} // namespace
