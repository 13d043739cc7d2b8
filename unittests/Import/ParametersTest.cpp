//===- ParametersTest.cpp - What training may change ----------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TrainingTestUtils.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::test;

namespace {

using ParametersTest = TrainingTest;

/// x + a times the copy of a called `copy`, which may be an output.
std::string makeCopy(const std::string &copy, bool isOutput = false) {
  return makeInput("x", {"2"}) + makeWeights("a", "2", "1, 2") +
         makeNode("Identity", {"a"}, copy) + makeNode("Add", {"x", "a"}, "s") +
         makeNode("Mul", {"s", copy}, "y") + makeOutput("y") +
         (isOutput ? makeOutput(copy) : "");
}

TEST_F(ParametersTest, copiesFromPyTorchAreParameters) {
  // As PyTorch writes two biases that are equal.
  std::string graph = makeCopy("layer.0.bias");
  for (ImportMode mode : {ImportMode::Training, ImportMode::Evaluation}) {
    importAs(mode, graph, 17, "", "pytorch");
    EXPECT_HOLDS("nn.constant \"a\"");
    EXPECT_HOLDS("nn.constant \"layer.0.bias\"");
    EXPECT_EQ(messages.find("each is trained on its own: 'layer.0.bias' (of "
                            "'a'); if the module shares them") !=
                  std::string::npos,
              mode == ImportMode::Training)
        << messages;
  }
  importAs(ImportMode::Inference, graph, 17, "", "pytorch");
  EXPECT_HOLDS("nn.constant \"a\"");
  EXPECT_LACKS("nn.constant \"layer.0.bias\"");
}

TEST_F(ParametersTest, copiesAreOneTensorOtherwise) {
  for (auto [graph, producer] :
       std::vector<std::pair<std::string, std::string>>{
           {makeCopy("b"), "keras2onnx"},
           {makeCopy("b"), ""},
           {makeCopy("/layer/Identity_output_0"), "pytorch"},
           {makeCopy("b", /*isOutput=*/true), "pytorch"}}) {
    importAs(ImportMode::Training, graph, 17, "", producer);
    EXPECT_HOLDS("nn.constant \"a\"");
    EXPECT_EQ(text.find("nn.constant"), text.rfind("nn.constant")) << text;
    EXPECT_EQ(messages, "");
  }
  importAs(ImportMode::Training, makeCopy("onnx::MatMul_7"), 17, "", "pytorch");
  EXPECT_EQ(text.find("nn.constant"), text.rfind("nn.constant")) << text;
  EXPECT_SAYS("each is trained as one parameter with its original: "
              "'onnx::MatMul_7' (of 'a')");
}

/// A model that says which of its tensors are learned.
::onnx::ModelProto makeListed(const std::string &graph,
                              const std::string &names) {
  ::onnx::ModelProto model = makeModel(graph, 17);
  model.set_producer_name("pytorch");
  auto *entry = model.add_metadata_props();
  entry->set_key("photonic.learned");
  entry->set_value(names);
  return model;
}

/// (x + p / 2) * (c / 2) with a parameter p and a literal c.
std::string scaledScalars() {
  std::string half = "attribute { name: 'value_float' type: FLOAT f: 0.5 } ";
  std::string literal = "attribute { name: 'value_float' type: FLOAT f: 3 } ";
  return makeInput("x", {"2"}) + makeWeights("p", "", "7") +
         makeNode("Constant", {}, "half", half) +
         makeNode("Constant", {}, "c", literal) +
         makeNode("Mul", {"p", "half"}, "ph") +
         makeNode("Mul", {"c", "half"}, "ch") +
         makeNode("Add", {"x", "ph"}, "t") + makeNode("Mul", {"t", "ch"}, "y") +
         makeOutput("y");
}

TEST_F(ParametersTest, nothingIsFoldedFromParameters) {
  for (bool training : {true, false}) {
    training ? train(scaledScalars()) : evaluate(scaledScalars());
    EXPECT_HOLDS("nn.constant \"p\" dense_resource<p");
    EXPECT_HOLDS("nn.constant dense<5.000000e-01> : tensor<f32>");
    EXPECT_HOLDS("nn.constant dense<1.500000e+00> : tensor<f32>");
  }
  infer(scaledScalars());
  EXPECT_HOLDS("nn.constant dense<3.500000e+00> : tensor<f32>");
  EXPECT_LACKS("\"p\"");
}

TEST_F(ParametersTest, parametersDoNotSteerTheImport) {
  std::string p = makeInput("x", {"2"}) + makeWeights("p", "", "2");
  std::string reshape = p + makeNode("Cast", {"p"}, "s", makeInt("to", int64)) +
                        makeNode("Reshape", {"x", "s"}, "y") + makeOutput("y");
  EXPECT_EQ(train(reshape), "");
  EXPECT_SAYS("'p' is a parameter that training may change");
}

TEST_F(ParametersTest, settingsAreNotLearned) {
  std::string pad = makeInput("x", {"2"}) + makeWeights("v", "", "3") +
                    makeIntegers("pads", "1, 0") +
                    makeNode("Pad", {"x", "pads", "v"}, "y") + makeOutput("y");
  train(pad);
  EXPECT_HOLDS("3.000000e+00");
  ::onnx::ModelProto model = makeModel(pad);
  auto *entry = model.add_metadata_props();
  entry->set_key("photonic.learned");
  entry->set_value("v");
  ImportOptions options;
  options.mode = ImportMode::Training;
  EXPECT_EQ(import(model, options), "");
  EXPECT_SAYS("its constant_value 'v' is learned");
}

TEST_F(ParametersTest, metadataNameWhatIsLearnedAndHow) {
  ::onnx::ModelProto model = makeListed(
      makeInput("x", {"2"}) + makeWeights("a", "2", "1, 2") +
          makeWeights("b", "2", "1, 2") + makeNode("Add", {"x", "a"}, "s") +
          makeNode("Mul", {"s", "b"}, "y") + makeOutput("y"),
      "c\nb");
  auto *entry = model.add_metadata_props();
  entry->set_key("photonic.format");
  entry->set_value("bfp:4:16:nearest");
  ImportOptions options;
  options.mode = ImportMode::Training;
  text = import(model, options);
  EXPECT_HOLDS("nn.trained_format = \"bfp:4:16:nearest\"");
  EXPECT_HOLDS("nn.mode = \"training\"");
  EXPECT_HOLDS("nn.constant \"a\" dense_resource<a> : tensor<2xf32> "
               "{nn.learned = false}");
  EXPECT_HOLDS("nn.constant \"b\" dense_resource<b> : tensor<2xf32> "
               "{nn.learned = true}");
  options.mode = ImportMode::Inference;
  text = import(model, options);
  EXPECT_LACKS("nn.learned");
}

TEST_F(ParametersTest, metadataDecideAboutCopies) {
  ImportOptions options;
  options.mode = ImportMode::Training;
  text = import(makeListed(makeCopy("b"), "a\nb"), options);
  EXPECT_HOLDS("nn.constant \"b\"");
  text = import(makeListed(makeCopy("b"), "a"), options);
  EXPECT_LACKS("nn.constant \"b\"");
  EXPECT_EQ(messages, "");
}

TEST_F(ParametersTest, notesOfPyTorchSayWhatIsLearned) {
  // As torch.onnx.export(dynamo=True) writes, in a field that older versions of
  // ONNX do not know.
  ::onnx::ModelProto model = makeModel(
      makeInput("x", {"2"}) + makeWeights("p", "2", "1, 2") +
          makeWeights("mask", "2", "1, 2") + makeWeights("val_3", "", "6") +
          makeWeights("add", "", "1") + makeNode("Add", {"x", "p"}, "s") +
          makeNode("Mul", {"s", "mask"}, "t") +
          makeNode("Mul", {"t", "add"}, "u") +
          makeNode("Clip", {"u", "", "val_3"}, "y") + makeOutput("y"),
      17);
  auto note = [&](const char *tensor, const std::string &key,
                  const std::string &value) {
    ::onnx::StringStringEntryProto property;
    property.set_key(key);
    property.set_value(value);
    auto *info = model.mutable_graph()->add_value_info();
    info->set_name(tensor);
    info->mutable_unknown_fields()->AddLengthDelimited(
        4, property.SerializeAsString());
  };
  std::string kind = "pkg.torch.export.graph_signature.InputSpec.kind";
  note("p", kind, "PARAMETER");
  note("mask", kind, "BUFFER");
  note("add", "pkg.onnxscript.optimizer.folded_from",
       "['g', 'scalar_tensor_default', 'val_0']");
  ImportOptions options;
  options.mode = ImportMode::Training;
  text = import(model, options);
  EXPECT_HOLDS("nn.constant \"p\" dense_resource<p> : tensor<2xf32> "
               "{nn.learned = true}");
  EXPECT_HOLDS("nn.constant \"mask\" dense_resource<mask> : tensor<2xf32> "
               "{nn.learned = false}");
  EXPECT_HOLDS("nn.constant \"add\" dense_resource<add> : tensor<f32>\n");
  EXPECT_HOLDS("nn.clip");
}

TEST_F(ParametersTest, parametersAreNoAttributes) {
  std::string base = makeInput("x", {"2"}) + makeWeights("p", "", "2") +
                     makeWeights("half", "", "0.5") + makeOutput("y");
  for (const std::string &node :
       {makeNode("Pow", {"x", "p"}, "y"), makeNode("Clip", {"x", "p"}, "y"),
        makeNode("Clip", {"x", "", "p"}, "y"),
        makeNode("Mul", {"p", "half"}, "q") + makeNode("Mul", {"x", "q"}, "y"),
        makeNode("Sub", {"p", "half"}, "q") + makeNode("Pow", {"x", "q"}, "y")})
    for (ImportMode mode : {ImportMode::Training, ImportMode::Evaluation}) {
      importAs(mode, base + node);
      EXPECT_HOLDS("nn.constant \"p\"");
    }
  infer(base + makeNode("Clip", {"x", "half", "p"}, "y"));
  EXPECT_HOLDS("nn.clip");
  infer(base + makeNode("Pow", {"x", "p"}, "y"));
  EXPECT_LACKS("nn.pow");
  // One bound of two.
  train(base + makeNode("Constant", {}, "low",
                        "attribute { name: 'value_float' type: FLOAT f: 0.5 }") +
        makeNode("Clip", {"x", "low", "p"}, "y"));
  EXPECT_HOLDS("nn.clip %arg0 min = 5.000000e-01 max = 0x7F800000");
  EXPECT_HOLDS("nn.min %");
}

TEST_F(ParametersTest, powersOfAllKinds) {
  std::string base = makeInput("x", {"2", "3"}) + makeOutput("y");
  infer(base + makeWeights("p", "3", "1, 2, 0.5") +
        makeNode("Pow", {"x", "p"}, "y"));
  EXPECT_HOLDS("nn.pow");
  infer(base + makeWeights("b", "", "2") + makeNode("Pow", {"b", "x"}, "y"));
  EXPECT_HOLDS("nn.pow");
  infer(base + makeWeights("p", "", "1.5") + makeNode("Pow", {"x", "p"}, "y"));
  EXPECT_HOLDS("nn.pow");
  infer(base + makeIntegers("p", "1, 2, 3") + makeNode("Pow", {"x", "p"}, "y"));
  EXPECT_HOLDS("nn.constant dense<[1.000000e+00, 2.000000e+00, 3.000000e+00]>");
  EXPECT_HOLDS("nn.pow");
}

TEST_F(ParametersTest, tensorsOfConstantNodesHaveNames) {
  std::string graph =
      makeInput("x", {"1", "2"}) +
      makeNode("Constant", {}, "w",
               "attribute { name: 'value' type: TENSOR t { data_type: 1 "
               "dims: [2, 2] float_data: [1, 2, 3, 4] } }") +
      makeNode("MatMul", {"x", "w"}, "y") + makeOutput("y");
  for (ImportMode mode : {ImportMode::Training, ImportMode::Evaluation}) {
    importAs(mode, graph);
    EXPECT_HOLDS("{nn.literal = \"w\"}");
  }
  infer(graph);
  EXPECT_LACKS("nn.literal");
}

TEST_F(ParametersTest, parametersThatNothingReads) {
  std::string graph = makeInput("x", {"2"}) + makeWeights("dead", "2", "1, 2") +
                      makeWeights("a", "2", "1, 2") +
                      makeNode("Add", {"x", "a"}, "y") + makeOutput("y");
  train(graph);
  EXPECT_SAYS("not trained, because no output depends on them: 'dead'");
  train(graph, 17, "^dead$");
  EXPECT_EQ(messages, "");
  ImportOptions options;
  options.mode = ImportMode::Training;
  import(makeListed(graph, "a"), options);
  EXPECT_EQ(messages, "");
}

} // namespace
