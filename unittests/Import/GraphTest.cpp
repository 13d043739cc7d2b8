//===- GraphTest.cpp - Dead parts, branches, functions, outputs -----------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ImportTestUtils.h"

#include <google/protobuf/unknown_field_set.h>

using namespace mlir;
using namespace photonic;
using namespace photonic::test;

namespace {

#define EXPECT_HOLDS(TEXT, PART)                                               \
  EXPECT_NE(TEXT.find(PART), std::string::npos) << TEXT << messages

using GraphTest = ImportTest;

const std::string x = makeInput("x", {"2", "3"});
const std::string yes =
    "initializer { name: 'yes' data_type: 9 int32_data: 1 } ";
const std::string no = "initializer { name: 'no' data_type: 9 int32_data: 0 } ";

/// An If with one output; branches are fields of graphs.
std::string makeIf(const std::string &condition, const std::string &output,
                   const std::string &thenBranch, const std::string &elseBranch,
                   const std::string &name = "choose") {
  auto attr = [](const std::string &which, const std::string &graph) {
    return "attribute { name: '" + which + "_branch' type: GRAPH g { " + graph +
           " } } ";
  };
  return makeNode("If", {condition}, output,
                  "name: '" + name + "' " + attr("then", thenBranch) +
                      attr("else", elseBranch));
}

/// A function of domain 'my'; `more` holds nodes and attributes.
std::string makeFunction(const std::string &name,
                         std::vector<std::string> inputs,
                         const std::string &output, const std::string &more,
                         int64_t opset = 17) {
  std::string text = "functions { name: '" + name + "' domain: 'my' output: '" +
                     output + "' opset_import { domain: '' version: " +
                     std::to_string(opset) +
                     " } opset_import { domain: 'my' version: 1 } ";
  for (const std::string &input : inputs)
    text += "input: '" + input + "' ";
  return text + more + "} ";
}

/// A model with functions.
::onnx::ModelProto makeCalls(const std::string &graph,
                             const std::string &functions) {
  ::onnx::ModelProto model = makeModel(graph);
  EXPECT_TRUE(::google::protobuf::TextFormat::MergeFromString(
      "opset_import { domain: 'my' version: 1 } " + functions, &model))
      << functions;
  return model;
}

std::string call(const std::string &function, std::vector<std::string> inputs,
                 const std::string &output, const std::string &more = "") {
  return makeNode(function, std::move(inputs), output, "domain: 'my' " + more);
}

/// An attribute that stands for one of the function around it.
std::string refer(const std::string &name, const std::string &type,
                  const std::string &attr) {
  return "attribute { name: '" + name + "' type: " + type +
         " ref_attr_name: '" + attr + "' } ";
}

//===----------------------------------------------------------------------===//
// Dead parts
//===----------------------------------------------------------------------===//

TEST_F(GraphTest, deadNodesDoNotMatter) {
  std::string text = import(
      x + makeNode("Relu", {"x"}, "y") + makeNode("Magic", {"x"}, "a") +
      makeNode("Add", {"a", "x"}, "b") +
      makeNode("Constant", {}, "s",
               "attribute { name: 'value_string' type: STRING s: 'abc' } ") +
      makeNode("NonZero", {"s"}, "t") + makeOutput("y"));
  EXPECT_HOLDS(text, "nn.relu");
  EXPECT_EQ(text.find("nn.add"), std::string::npos) << text;
  EXPECT_EQ(messages, "");
  // The same nodes are refused once somebody reads them.
  EXPECT_EQ(import(x + makeNode("Magic", {"x"}, "a") +
                   makeNode("Add", {"a", "x"}, "y") + makeOutput("y")),
            "");
  EXPECT_SAYS("1 of 2 nodes cannot be imported");
  EXPECT_EQ(import(makeNode("Constant", {}, "y",
                            "attribute { name: 'value_strings' type: STRINGS "
                            "strings: ['a'] } ") +
                   makeOutput("y")),
            "");
  EXPECT_SAYS("attribute value_strings=[a] is not supported");
}

TEST_F(GraphTest, inputsThatNoOutputNeeds) {
  std::string text =
      import(makeInput("ids", {"N", "5"}, 7) + x + makeInput("spare", {"?"}) +
             "input { name: 'text' type { tensor_type { elem_type: 8 } } } " +
             makeNode("Cast", {"ids"}, "dead", makeInt("to", 6)) +
             makeNode("Relu", {"x"}, "y") + makeOutput("y"));
  EXPECT_HOLDS(text, "@main(%arg0: tensor<2x3xf32> {nn.batch_axis = 0 : i64, "
                     "nn.name = \"x\"})");
  EXPECT_HOLDS(text, "nn.ignored_inputs = [\"ids\", \"spare\", \"text\"]");
  EXPECT_SAYS("no output needs input 'ids'; the program ignores what is fed to "
              "it");
}

//===----------------------------------------------------------------------===//
// Branches
//===----------------------------------------------------------------------===//

TEST_F(GraphTest, knownConditionsChooseABranch) {
  std::string relu = makeNode("Relu", {"x"}, "r") + makeOutput("r");
  std::string refused = makeNode("Magic", {"x"}, "r") + makeOutput("r");
  std::string graph = x + yes + no + makeNode("Not", {"yes"}, "never");
  for (auto [condition, first, second] :
       {std::tuple("yes", relu, refused), {"no", refused, relu},
        {"never", refused, relu}}) {
    std::string text = import(graph + makeIf(condition, "y", first, second) +
                              makeOutput("y"));
    EXPECT_HOLDS(text, "(tensor<2x3xf32> {nn.batch_axis = 0 : i64, "
                       "nn.name = \"y\"})");
    EXPECT_HOLDS(text, "nn.relu %arg0");
  }
  EXPECT_EQ(import(graph + makeIf("no", "y", relu, refused) + makeOutput("y")),
            "");
  EXPECT_SAYS("node 'choose/Magic_0': operator Magic");
}

TEST_F(GraphTest, namesInsideOfBranches) {
  // Both branches, and the graph around, use the same names.
  std::string inner = makeWeights("w", "3", "1, 2, 3") +
                      makeNode("Add", {"x", "w"}, "h", "name: 'sum'") +
                      makeNode("Neg", {"h"}, "r", "name: 'minus'") +
                      makeOutput("r");
  std::string text =
      import(x + yes + no + makeIf("yes", "a", inner, inner, "one") +
             makeIf("no", "b", inner, inner, "two") +
             makeNode("Add", {"a", "b"}, "y") + makeOutput("y"));
  EXPECT_HOLDS(text, "nn.constant \"one/w\"");
  EXPECT_HOLDS(text, "nn.constant \"two/w\"");
  EXPECT_EQ(StringRef(text).count("nn.neg"), 2u) << text;
}

TEST_F(GraphTest, conditionsByShapeArithmetic) {
  // Squeeze if the dimension is 1, as PyTorch's exporter writes it; the Ifs are
  // nested, and the second depends on the result of the first.
  auto shapeIs = [](const std::string &tensor, const std::string &flag) {
    return makeNode("Shape", {tensor}, flag + ".s") +
           makeNode("Gather", {flag + ".s", "one"}, flag + ".d") +
           makeNode("Equal", {flag + ".d", "one"}, flag);
  };
  std::string squeeze = makeNode("Squeeze", {"h", "one"}, "r") + makeOutput("r");
  std::string keep = makeNode("Identity", {"h"}, "r") + makeOutput("r");
  std::string nested = shapeIs("h", "c") +
                       makeIf("c", "r", squeeze, keep, "inner") +
                       makeOutput("r");
  std::string text = import(
      makeInput("x", {"2", "1", "1", "3"}) + makeIntegers("one", "1") + yes +
      makeNode("Relu", {"x"}, "h") + makeIf("yes", "a", nested, keep) +
      shapeIs("a", "f") +
      makeIf("f", "y", makeNode("Squeeze", {"a", "one"}, "q") + makeOutput("q"),
             makeNode("Magic", {"a"}, "q") + makeOutput("q"), "last") +
      makeOutput("y"));
  EXPECT_HOLDS(text, "-> (tensor<2x3xf32> {nn.batch_axis = 0 : i64, "
                     "nn.name = \"y\"})");
}

TEST_F(GraphTest, branchesThatPassOnWhatIsAround) {
  std::string outer = makeOutput("x");
  std::string text = import(x + yes + makeIf("yes", "y", outer, outer) +
                            makeOutput("y") + makeOutput("x"));
  EXPECT_HOLDS(text, "return %arg0, %arg0");
  // What only the other branch needs is dead.
  text = import(x + no + makeNode("Magic", {"x"}, "m") +
                makeIf("no", "y", makeOutput("m"), makeOutput("x")) +
                makeOutput("y"));
  EXPECT_HOLDS(text, "return %arg0");
}

TEST_F(GraphTest, conditionsAtRunTimeAreRefused) {
  std::string branch = makeNode("Relu", {"x"}, "r") + makeOutput("r");
  std::string graph = x + makeWeights("z", "2,3", "0,0,0,0,0,0") +
                      makeNode("Greater", {"x", "z"}, "c");
  EXPECT_EQ(import(graph + makeIf("c", "y", branch, branch) +
                   makeNode("Magic", {"x"}, "m") + makeOutput("y") +
                   makeOutput("m")),
            "");
  EXPECT_SAYS("node 'choose': operator If, domain ai.onnx, opset 17: its "
              "condition 'c' is computed when the network runs, and programs "
              "have no branches");
  EXPECT_SAYS("operator Magic");
  EXPECT_EQ(import(x + makeIntegers("pair", "1, 0") +
                   makeIf("pair", "y", branch, branch) + makeOutput("y")),
            "");
  EXPECT_SAYS("node 'choose' (If): expected one boolean as condition 'pair'");
  EXPECT_EQ(import(x + yes + makeNode("Loop", {"", "yes", "x"}, "y") +
                   makeOutput("y")),
            "");
  EXPECT_SAYS("programs have no loops over graphs; export the model with a "
              "fixed number of iterations");
}

TEST_F(GraphTest, wrongBranches) {
  std::string ghost = makeNode("Relu", {"ghost"}, "r") + makeOutput("r");
  EXPECT_EQ(import(x + yes + makeIf("yes", "y", ghost, ghost) +
                   makeOutput("y")),
            "");
  EXPECT_SAYS("node 'choose' (If) reads tensor 'ghost', which no node, input "
              "or initialiser defines");
  EXPECT_EQ(import(x + yes + makeIf("yes", "y", "", "") + makeOutput("y")), "");
  EXPECT_SAYS("node 'choose' (If): it has 1 outputs, but what it stands for "
              "has only 0");
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

TEST_F(GraphTest, functionsAreInlined) {
  std::string gate = makeFunction(
      "Gate", {"a"}, "r",
      makeNode("Sigmoid", {"a"}, "s") + makeNode("Mul", {"a", "s"}, "r"));
  std::string text = import(makeCalls(
      x + call("Gate", {"x"}, "h", "name: 'first'") +
          call("Gate", {"h"}, "y", "name: 'second'") + makeOutput("y"),
      gate));
  EXPECT_EQ(StringRef(text).count("nn.sigmoid"), 2u) << text << messages;
  EXPECT_EQ(text, import(x + makeNode("Sigmoid", {"x"}, "s") +
                         makeNode("Mul", {"x", "s"}, "h") +
                         makeNode("Sigmoid", {"h"}, "t") +
                         makeNode("Mul", {"h", "t"}, "y") + makeOutput("y")));
}

TEST_F(GraphTest, nodesOfFunctionsAreNamedAfterTheCall) {
  std::string odd = makeFunction("Odd", {"a"}, "r",
                                 makeNode("Magic", {"a"}, "r", "name: 'core'"));
  std::string outer =
      makeFunction("Outer", {"b"}, "q", call("Odd", {"b"}, "q", "name: 'in'"));
  EXPECT_EQ(import(makeCalls(x + call("Outer", {"x"}, "y", "name: 'block'") +
                                 makeOutput("y"),
                             odd + outer)),
            "");
  EXPECT_SAYS("node 'block/in/core': operator Magic, domain ai.onnx, opset 17");
}

TEST_F(GraphTest, attributesOfFunctions) {
  // Referred to under another name, passed on, left out, and by default.
  ::onnx::ModelProto model = makeCalls(
      x +
          call("Leak", {"x"}, "a",
               "attribute { name: 'slope' type: FLOAT f: 0.25 } ") +
          call("Leak", {"a"}, "b") + call("Outer", {"b"}, "y") +
          makeOutput("y"),
      makeFunction("Leak", {"i"}, "o",
                   "attribute: 'slope' " +
                       makeNode("LeakyRelu", {"i"}, "o",
                                refer("alpha", "FLOAT", "slope"))) +
          makeFunction("Outer", {"i"}, "o",
                       call("Leak", {"i"}, "o",
                            refer("slope", "FLOAT", "steep"))));
  ::onnx::AttributeProto steep;
  steep.set_name("steep");
  steep.set_type(::onnx::AttributeProto::FLOAT);
  steep.set_f(0.5f);
  // Field attribute_proto of newer schemas.
  model.mutable_functions(1)->mutable_unknown_fields()->AddLengthDelimited(
      11, steep.SerializeAsString());
  std::string text = import(model);
  EXPECT_HOLDS(text, "alpha = 2.500000e-01");
  EXPECT_HOLDS(text, "alpha = 0.00999999977");
  EXPECT_HOLDS(text, "alpha = 5.000000e-01");
  EXPECT_EQ(import(makeCalls(x + call("Leak", {"x"}, "y", makeInt("fast", 1)) +
                                 makeOutput("y"),
                             makeFunction("Leak", {"i"}, "o",
                                          makeNode("Relu", {"i"}, "o")))),
            "");
  EXPECT_SAYS("attribute fast=1 is none of the function");
  // Outside of a function nothing stands for the attribute.
  EXPECT_EQ(import(x + makeNode("LeakyRelu", {"x"}, "y",
                                refer("alpha", "FLOAT", "slope")) +
                   makeOutput("y")),
            "");
  EXPECT_SAYS("attribute alpha=(attribute slope of a function) stands outside "
              "of any function");
}

TEST_F(GraphTest, functionsHaveTheirOwnOpset) {
  // Axes are an attribute before opset 13, and Softmax flattens.
  std::string old = makeFunction(
      "Old", {"a"}, "r",
      makeNode("Softmax", {"a"}, "s", makeInt("axis", 1)) +
          makeNode("Squeeze", {"s"}, "r", makeInts("axes", "0")),
      11);
  std::string text =
      import(makeCalls(makeInput("x", {"1", "2", "3"}) +
                           call("Old", {"x"}, "y") + makeOutput("y"),
                       old));
  EXPECT_HOLDS(text, "tensor<1x6xf32>");
  EXPECT_HOLDS(text, "(tensor<2x3xf32> {nn.name = \"y\"})");
  EXPECT_EQ(import(makeCalls(x + call("New", {"x"}, "y") + makeOutput("y"),
                             makeFunction("New", {"a"}, "r",
                                          makeNode("Relu", {"a"}, "r"), 99))),
            "");
  EXPECT_SAYS("expected opset 7 to 24, found 99 in function 'New'");
}

TEST_F(GraphTest, inputsThatCallsLeaveOut) {
  std::string clip = makeFunction("Bound", {"a", "low", "high"}, "r",
                                  makeNode("Clip", {"a", "low", "high"}, "r"));
  std::string text = import(
      makeCalls(x + makeWeights("two", "", "2") +
                    call("Bound", {"x", "", "two"}, "y") + makeOutput("y"),
                clip));
  EXPECT_HOLDS(text, "max = 2.000000e+00");
  EXPECT_EQ(import(makeCalls(x + call("Bound", {"x", "x", "x", "x"}, "y") +
                                 makeOutput("y"),
                             clip)),
            "");
  EXPECT_SAYS("it has 4 inputs, but the function takes only 3");
}

TEST_F(GraphTest, branchesInFunctions) {
  std::string pick = makeFunction(
      "Pick", {"a", "c"}, "r",
      makeIf("c", "r",
             makeNode("LeakyRelu", {"a"}, "q",
                      refer("alpha", "FLOAT", "slope")) +
                 makeOutput("q"),
             makeNode("Neg", {"a"}, "q") + makeOutput("q")) +
          "attribute: 'slope' ");
  std::string graph = x + yes + no +
                      call("Pick", {"x", "yes"}, "h",
                           "attribute { name: 'slope' type: FLOAT f: 0.5 } ") +
                      call("Pick", {"h", "no"}, "y") + makeOutput("y");
  std::string text = import(makeCalls(graph, pick));
  EXPECT_HOLDS(text, "alpha = 5.000000e-01");
  EXPECT_HOLDS(text, "nn.neg");
}

TEST_F(GraphTest, wrongFunctions) {
  std::string loop = makeFunction("Loop", {"a"}, "r", call("Other", {"a"}, "r"));
  std::string other = makeFunction("Other", {"a"}, "r", call("Loop", {"a"}, "r"));
  EXPECT_EQ(import(makeCalls(x + call("Loop", {"x"}, "y") + makeOutput("y"),
                             loop + other)),
            "");
  EXPECT_SAYS("the function 'Loop' of the model calls itself");
  // Nobody calls it.
  EXPECT_NE(import(makeCalls(x + call("Loop", {"x"}, "dead") +
                                 makeNode("Relu", {"x"}, "y") + makeOutput("y"),
                             loop + other)),
            "");
  EXPECT_EQ(import(makeCalls(x + call("F", {"x"}, "y") + makeOutput("y"),
                             makeFunction("F", {"a"}, "r",
                                          makeNode("Relu", {"ghost"}, "r")))),
            "");
  EXPECT_SAYS("it reads tensor 'ghost', which nothing before it defines");
  EXPECT_EQ(import(makeCalls(x + call("F", {"x"}, "y") + makeOutput("y"),
                             makeFunction("F", {"a"}, "r", ""))),
            "");
  EXPECT_SAYS("nothing defines the output 'r' of what it stands for");
  std::string twice = makeFunction("F", {"a"}, "r", "");
  EXPECT_EQ(import(makeCalls(x + makeOutput("x"), twice + twice)), "");
  EXPECT_SAYS("defines the function 'F' of domain 'my' twice");
  // Each calls the one before it twice: 2^40 nodes.
  std::string tower = makeFunction("F0", {"a"}, "r", makeNode("Neg", {"a"}, "r"));
  for (int i = 1; i <= 40; ++i) {
    std::string below = "F" + std::to_string(i - 1);
    tower += makeFunction("F" + std::to_string(i), {"a"}, "r",
                          call(below, {"a"}, "h") + call(below, {"h"}, "r"));
  }
  EXPECT_EQ(import(makeCalls(x + call("F40", {"x"}, "y") + makeOutput("y"),
                             tower)),
            "");
  EXPECT_SAYS("stand for more than 1048576 nodes");
}

TEST_F(GraphTest, functionsInTheDomainOfONNX) {
  ::onnx::ModelProto model =
      makeCalls(x + makeNode("Relu", {"x"}, "y") + makeOutput("y"),
                makeFunction("Relu", {"a"}, "r", makeNode("Neg", {"a"}, "r")));
  model.mutable_functions(0)->set_domain("");
  EXPECT_EQ(import(model), "");
  EXPECT_SAYS("the model defines a function of the same name and domain as the "
              "operator");
}

//===----------------------------------------------------------------------===//
// Outputs
//===----------------------------------------------------------------------===//

TEST_F(GraphTest, outputsThatAreListedTwice) {
  EXPECT_HOLDS(import(x + makeNode("Relu", {"x"}, "y") + makeOutput("y") +
                      makeOutput("y")),
               "-> (tensor<2x3xf32> {nn.batch_axis = 0 : i64, "
               "nn.name = \"y\"})");
  EXPECT_SAYS("output 'y' is listed twice; the program returns it once");
}

TEST_F(GraphTest, outputsThatAreNotComputed) {
  std::string text = import(x + makeWeights("w", "2", "1, 2") + makeOutput("x") +
                            makeOutput("w"));
  EXPECT_HOLDS(text, "nn.name = \"x\"}, tensor<2xf32> {nn.name = \"w\"}");
}

TEST_F(GraphTest, outputsOfOtherTypes) {
  std::string text =
      import(x + makeNode("Shape", {"x"}, "s") + makeOutput("s") +
             makeNode("Dropout", {"x"}, "y", "output: 'kept' ") +
             makeOutput("kept") + makeOutput("y"));
  EXPECT_HOLDS(text, "dense<[2.000000e+00, 3.000000e+00]>");
  EXPECT_HOLDS(text, "dense<1.000000e+00> : tensor<2x3xf32>");
  EXPECT_SAYS("output 's' is the constant INT64 [2] = [2, 3]; programs return "
              "it as tensor of FLOAT");
  // Not exact as binary32.
  EXPECT_EQ(import(x + makeIntegers("big", "16777217") + makeOutput("big")), "");
  EXPECT_SAYS("output 'big' is the constant INT64 [1] = [16777217]; expected "
              "tensors of FLOAT");
}

//===----------------------------------------------------------------------===//
// Sparse tensors
//===----------------------------------------------------------------------===//

std::string makeSparse(const std::string &indices, const std::string &dims) {
  return "values { name: 'w' data_type: 1 dims: 2 float_data: [5, 7] } indices "
         "{ data_type: 7 " +
         dims + " int64_data: [" + indices + "] } dims: 2 dims: 3 ";
}

TEST_F(GraphTest, sparseTensors) {
  auto add = [&](const std::string &sparse) {
    return import(x + "sparse_initializer { " + sparse + "} " +
                  makeNode("Add", {"x", "w"}, "y") + makeOutput("y"));
  };
  for (auto [indices, dims] : {std::pair("1, 5", "dims: 2"),
                               {"0, 1, 1, 2", "dims: 2 dims: 2"}}) {
    // Elements 1 and 5 of 6, as little-endian binary32.
    EXPECT_HOLDS(add(makeSparse(indices, dims)),
                 "0x04000000000000000000A04000000000000000000000000"
                 "00000E040");
    EXPECT_EQ(messages, "");
  }
  EXPECT_EQ(add(makeSparse("1, 6", "dims: 2")), "");
  EXPECT_SAYS("initialiser 'w' is sparse; expected indices inside shape [2, 3] "
              "in ascending order, found value 1 outside");
  EXPECT_EQ(add(makeSparse("5, 1", "dims: 2")), "");
  EXPECT_SAYS("found value 1 at or in front of the one before it");
  EXPECT_EQ(add(makeSparse("0, 1, 2", "dims: 3")), "");
  EXPECT_SAYS("expected indices of INT64 and shape [2] or [2, 2], found INT64 "
              "[3]");
  EXPECT_HOLDS(import(x +
                      makeNode("Constant", {}, "w",
                               "attribute { name: 'sparse_value' type: "
                               "SPARSE_TENSOR sparse_tensor { " +
                                   makeSparse("1, 5", "dims: 2") + "} } ") +
                      makeNode("Add", {"x", "w"}, "y") + makeOutput("y")),
               "5.000000e+00");
}

} // namespace
