//===- TrainingTest.cpp - Models that are trained -------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TrainingTestUtils.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::test;

namespace {

//===----------------------------------------------------------------------===//
// BatchNormalization
//===----------------------------------------------------------------------===//

std::string normParameters() {
  std::string text;
  for (const char *name : {"bn.weight", "bn.bias", "bn.mean", "bn.var"})
    text += makeWeights(name, "2", "0.5, 2");
  return text;
}

std::string norm(const std::string &more, const std::string &outputs = "") {
  return makeInput("x", {"4", "2", "3", "3"}) + normParameters() +
         makeNode("BatchNormalization",
                  {"x", "bn.weight", "bn.bias", "bn.mean", "bn.var"}, "y",
                  "name: 'bn' " + outputs + more) +
         makeOutput("y");
}

TEST_F(TrainingTest, modeDecidesAboutNormalisation) {
  for (const std::string &mode : {makeInt("training_mode", 1),
                                  makeInt("training_mode", 0), std::string()}) {
    train(norm(mode));
    EXPECT_HOLDS("nn.batch_norm_train");
    EXPECT_HOLDS("momentum = 0.899999976");
    evaluate(norm(mode));
    EXPECT_HOLDS("nn.batch_norm ");
  }
  infer(norm(""));
  EXPECT_HOLDS("nn.batch_norm ");
  EXPECT_EQ(infer(norm(makeInt("training_mode", 1))), "");
  EXPECT_SAYS("attribute training_mode=1 is not supported: only inference is; "
              "compile a training step with option 'train'");
}

TEST_F(TrainingTest, momentumComesFromTheNode) {
  train(norm("attribute { name: 'momentum' type: FLOAT f: 0.75 }"));
  EXPECT_HOLDS("momentum = 7.500000e-01");
}

TEST_F(TrainingTest, producerDecidesAboutTheStoredVariance) {
  importAs(ImportMode::Training, norm(""), 17, "", "pytorch");
  EXPECT_HOLDS("unbiased_running");
  importAs(ImportMode::Training, norm(""), 17, "", "keras2onnx");
  EXPECT_HOLDS("nn.batch_norm_train");
  EXPECT_LACKS("unbiased_running");
}

TEST_F(TrainingTest, freezeKeepsStoredStatistics) {
  for (const char *freeze : {"^bn$", "bn", "mean", "^bn\\.var$"}) {
    train(norm(""), 17, freeze);
    EXPECT_HOLDS("nn.batch_norm ");
  }
  for (const char *freeze : {"conv", "weight", "^mean"}) {
    train(norm(""), 17, freeze);
    EXPECT_HOLDS("nn.batch_norm_train");
  }
  EXPECT_EQ(train(norm(""), 17, "bn("), "");
  EXPECT_SAYS("expected a regular expression of what to freeze, found 'bn('");
}

TEST_F(TrainingTest, statisticsAreOutputs) {
  // Until opset 13 there are five outputs, and no attribute.
  std::string old = norm("", "output: 'm' output: 'v' output: 'sm' "
                             "output: 'sv' ") +
                    makeOutput("m") + makeOutput("v") + makeOutput("sm") +
                    makeOutput("sv");
  train(old, 13);
  EXPECT_HOLDS("-> (tensor<4x2x3x3xf32> {nn.batch_axis = 0 : i64, nn.name = "
               "\"y\"}, tensor<2xf32> "
               "{nn.name = \"m\"}, tensor<2xf32> {nn.name = \"v\"}, "
               "tensor<2xf32> {nn.name = \"sm\"}, tensor<2xf32> {nn.name = "
               "\"sv\"})");
  EXPECT_EQ(evaluate(old, 13), "");
  EXPECT_SAYS("output 3 'sm' is a statistic of the batch");
  train(norm("", "output: 'm' output: 'v' ") + makeOutput("v"), 15);
  EXPECT_HOLDS("return %output, %new_var");
}

TEST_F(TrainingTest, oneElementPerChannelHasNoVariance) {
  std::string graph =
      makeInput("x", {"1", "2"}) + normParameters() +
      makeNode("BatchNormalization",
               {"x", "bn.weight", "bn.bias", "bn.mean", "bn.var"}, "y",
               "name: 'bn' ") +
      makeOutput("y");
  EXPECT_EQ(train(graph), "");
  EXPECT_SAYS("node 'bn' (BatchNormalization)");
}

//===----------------------------------------------------------------------===//
// Dropout
//===----------------------------------------------------------------------===//

std::string dropout(const std::string &name, const std::string &ratio,
                    const std::string &input, const std::string &output) {
  return makeWeights(name + ".ratio", "", ratio) + "initializer { name: '" +
         name +
         ".training' data_type: 9 "
         "int32_data: [1] } " +
         makeNode("Dropout", {input, name + ".ratio", name + ".training"},
                  output, "name: '" + name + "' ");
}

TEST_F(TrainingTest, modeDecidesAboutDropout) {
  std::string graph = makeInput("x", {"2", "3"}) +
                      dropout("d", "0.25", "x", "y") + makeOutput("y");
  train(graph);
  EXPECT_HOLDS("nn.dropout %arg0, %arg1 ratio = 2.500000e-01 stream = 0");
  EXPECT_HOLDS("%arg1: tensor<3xf32> {nn.init = dense<0.000000e+00> : "
               "tensor<3xf32>, nn.knob = \"random_key\", nn.name = "
               "\"photonic.rng\", nn.role = "
               "\"state\"}");
  EXPECT_HOLDS("{nn.updates = \"photonic.rng\"}");
  evaluate(graph);
  EXPECT_HOLDS("return %arg0");
  EXPECT_LACKS("photonic.rng");
  EXPECT_EQ(infer(graph), "");
  EXPECT_SAYS("input training_mode=true is not supported with ratio 0.25: only "
              "inference is; compile a training step with option 'train'");
}

TEST_F(TrainingTest, everyDropoutHasAStream) {
  train(makeInput("x", {"2", "3"}) + dropout("a", "0.5", "x", "p") +
        dropout("b", "0", "p", "q") + dropout("c", "0.5", "q", "y") +
        makeOutput("y"));
  EXPECT_HOLDS("stream = 0");
  EXPECT_HOLDS("stream = 1");
  EXPECT_LACKS("stream = 2");
  EXPECT_EQ(StringRef(text).count("photonic.rng\", nn.role"), 1u) << text;
}

TEST_F(TrainingTest, oldDropout) {
  std::string graph =
      makeInput("x", {"2", "3"}) +
      makeNode("Dropout", {"x"}, "y",
               "attribute { name: 'ratio' type: FLOAT f: 0.125 }") +
      makeOutput("y");
  train(graph, 9);
  EXPECT_HOLDS("ratio = 1.250000e-01");
  infer(graph, 9);
  EXPECT_HOLDS("return %arg0");
}

TEST_F(TrainingTest, maskOfDropout) {
  std::string graph = makeInput("x", {"2", "3"}) +
                      makeWeights("r", "", "0.25") +
                      makeNode("Dropout", {"x", "r"}, "y", "output: 'mask' ") +
                      makeNode("Cast", {"mask"}, "m", makeInt("to", 1)) +
                      makeOutput("y") + makeOutput("m");
  train(graph);
  EXPECT_EQ(StringRef(text).count("nn.dropout"), 2u) << text;
  EXPECT_EQ(StringRef(text).count("stream = 0"), 2u) << text;
  EXPECT_HOLDS("nn.gate");
  // Without dropping everything is kept.
  evaluate(graph);
  EXPECT_HOLDS("dense<1.000000e+00> : tensor<2x3xf32>");
}

TEST_F(TrainingTest, badRatios) {
  EXPECT_EQ(train(makeInput("x", {"2"}) + dropout("d", "1", "x", "y") +
                  makeOutput("y")),
            "");
  EXPECT_SAYS("expected a ratio in [0, 1), got 1");
  EXPECT_EQ(train(makeInput("x", {"2"}) + makeInput("r", {"1"}) +
                  makeNode("Dropout", {"x", "r"}, "y") + makeOutput("y")),
            "");
  EXPECT_SAYS("its ratio 'r' is computed when the network runs");
}

//===----------------------------------------------------------------------===//
// Losses
//===----------------------------------------------------------------------===//

std::string loss(const std::string &more = "", int labelType = int64,
                 std::vector<std::string> labelShape = {"4"}) {
  return makeInput("scores", {"4", "3"}) +
         makeInput("labels", std::move(labelShape), labelType) +
         makeNode("SoftmaxCrossEntropyLoss", {"scores", "labels"}, "loss",
                  "name: 'criterion' output: 'logs' " + more) +
         makeOutput("loss") + makeOutput("logs");
}

TEST_F(TrainingTest, lossIsMarked) {
  for (int type : {int64, int32}) {
    train(loss(makeInt("ignore_index", -100), type));
    EXPECT_HOLDS("%arg1: tensor<4xf32> {nn.batch_axis = 0 : i64, "
                 "nn.classes = 3 : i64, nn.ignore_index = -100 : i64, "
                 "nn.name = \"labels\"}");
    EXPECT_HOLDS("tensor<f32> {nn.loss, nn.name = \"loss\"}");
    EXPECT_HOLDS("tensor<4x3xf32> {nn.batch_axis = 0 : i64, "
                 "nn.name = \"logs\"}");
    EXPECT_HOLDS("nn.softmax_cross_entropy %arg0, %arg1 reduction = ");
    EXPECT_HOLDS("mean ignore_index = -100");
  }
  // A value per element is no loss to differentiate.
  train(loss("attribute { name: 'reduction' type: STRING s: 'none' }"));
  EXPECT_HOLDS("tensor<4xf32> {nn.batch_axis = 0 : i64, nn.name = \"loss\"}");
  infer(loss());
  EXPECT_HOLDS("tensor<f32> {nn.loss, nn.name = \"loss\"}");
}

TEST_F(TrainingTest, labelsInAnotherShape) {
  train(makeInput("scores", {"4", "3"}) + makeInput("y", {"4", "1"}, int64) +
        makeIntegers("one", "1") + makeNode("Squeeze", {"y", "one"}, "flat") +
        makeNode("Cast", {"flat"}, "labels", makeInt("to", int32)) +
        makeNode("LogSoftmax", {"scores"}, "logs") +
        makeNode("NegativeLogLikelihoodLoss", {"logs", "labels"}, "loss") +
        makeOutput("loss"));
  EXPECT_HOLDS("%arg1: tensor<4x1xf32> {nn.batch_axis = 0 : i64, "
               "nn.classes = 3 : i64, nn.name = \"y\"}");
  EXPECT_HOLDS("nn.nll_loss");
}

TEST_F(TrainingTest, constantLabelsAreChecked) {
  auto graph = [](const std::string &labels) {
    return makeInput("scores", {"2", "3"}) + makeIntegers("labels", labels) +
           makeNode("SoftmaxCrossEntropyLoss", {"scores", "labels"}, "loss",
                    makeInt("ignore_index", -1)) +
           makeOutput("loss");
  };
  EXPECT_NE(train(graph("2, -1")), "");
  EXPECT_EQ(train(graph("3, 0")), "");
  EXPECT_SAYS("expected labels in [0, 3), got 3 in 'labels'");
}

TEST_F(TrainingTest, labelsOfWrongType) {
  EXPECT_EQ(train(loss("", floating)), "");
  EXPECT_SAYS("node 'criterion' (SoftmaxCrossEntropyLoss): expected class "
              "labels of INT64 or INT32, got the tensor<4xf32> 'labels'");
  EXPECT_EQ(train(loss("", 3)), "");
  EXPECT_SAYS("input 'labels' has elements of type INT8, expected FLOAT, "
              "because node 'criterion' (SoftmaxCrossEntropyLoss) reads it");
}

TEST_F(TrainingTest, labelsUsedAsNumbers) {
  EXPECT_EQ(train(loss() +
                  makeNode("Add", {"labels", "labels"}, "z", "name: 'sum' ") +
                  makeOutput("z")),
            "");
  EXPECT_SAYS("because node 'sum' (Add) reads it");
  EXPECT_EQ(train(loss() + makeOutput("labels")), "");
  EXPECT_SAYS("because the graph returns it");
}

TEST_F(TrainingTest, labelsOfTwoMeanings) {
  EXPECT_EQ(train(loss() + makeInput("others", {"4", "5"}) +
                  makeNode("SoftmaxCrossEntropyLoss", {"others", "labels"},
                           "second", "name: 'second' ") +
                  makeOutput("second")),
            "");
  EXPECT_SAYS("the labels 'labels' are numbers of 5 classes here");
}

TEST_F(TrainingTest, lossDoesNotFit) {
  EXPECT_EQ(train(loss("", int64, {"5"})), "");
  EXPECT_SAYS("node 'criterion' (SoftmaxCrossEntropyLoss)");
  EXPECT_EQ(
      train(loss("attribute { name: 'reduction' type: STRING s: 'max' }")), "");
  EXPECT_SAYS("attribute reduction=max is not supported: expected mean, sum or "
              "none");
}

//===----------------------------------------------------------------------===//
// Graphs with a backward pass
//===----------------------------------------------------------------------===//

std::string microsoft(const std::string &more = "") {
  return "domain: 'com.microsoft' " + more;
}

/// y = relu(w * x) and the gradient of the sum of y.
std::string backward(const std::string &parameter) {
  return makeInput("x", {"2"}) + parameter +
         makeInput("w_grad.accumulation.buffer", {"2"}) +
         makeInput("reset", {"1"}, boolean) + makeWeights("ones", "2", "1, 1") +
         makeNode("Mul", {"x", "w"}, "p", "name: 'scale' ") +
         makeNode("Relu", {"p"}, "y", "name: 'act' ") +
         makeNode("ReluGrad", {"ones", "y"}, "dp",
                  microsoft("name: 'act_Grad/ReluGrad_0' ")) +
         makeNode("Mul", {"dp", "x"}, "w_grad", "name: 'scale_Grad/Mul_0' ") +
         makeNode("InPlaceAccumulatorV2",
                  {"w_grad.accumulation.buffer", "w_grad", "reset"}, "done",
                  microsoft()) +
         makeOutput("y") + makeOutput("done");
}

::onnx::ModelProto withMicrosoft(const std::string &graph) {
  ::onnx::ModelProto model = makeModel(graph, 14);
  auto *import = model.add_opset_import();
  import->set_domain("com.microsoft");
  import->set_version(1);
  return model;
}

TEST_F(TrainingTest, accumulatorsAreState) {
  text = import(withMicrosoft(backward(makeWeights("w", "2", "1, 2"))));
  EXPECT_HOLDS("nn.name = \"w\", nn.role = \"parameter\", nn.trainable");
  EXPECT_HOLDS("{nn.init = dense<0.000000e+00> : tensor<2xf32>, nn.name = "
               "\"w_grad.accumulation.buffer\", nn.role = \"state\"}");
  EXPECT_HOLDS("{nn.updates = \"w_grad.accumulation.buffer\"}");
  EXPECT_HOLDS("tensor<1xf32> {nn.name = \"reset\"}");
  // The flag that says that the update took place is no output.
  EXPECT_LACKS("\"done\"");
  EXPECT_HOLDS("nn.phase = \"input_gradient\"");
  EXPECT_HOLDS("nn.phase = \"update\"");
}

TEST_F(TrainingTest, backwardPassesAreNotDifferentiatedAgain) {
  ::onnx::ModelProto model =
      withMicrosoft(backward(makeWeights("w", "2", "1, 2")));
  ImportOptions options;
  options.mode = ImportMode::Training;
  EXPECT_EQ(import(model, options), "");
  EXPECT_SAYS("the graph holds its own backward pass, such as node "
              "'act_Grad/ReluGrad_0' (ReluGrad); compile it without --train");
  options.mode = ImportMode::Evaluation;
  EXPECT_EQ(import(model, options), "");
  EXPECT_SAYS("for evaluation compile a model with the forward pass alone");
}

TEST_F(TrainingTest, backwardPassesWereMadeForWhatTheNodesSay) {
  std::string frozen =
      makeInput("z", {"4", "2", "3", "3"}) + normParameters() +
      makeNode("BatchNormalization",
               {"z", "bn.weight", "bn.bias", "bn.mean", "bn.var"}, "n",
               "name: 'bn' ") +
      makeOutput("n");
  text =
      import(withMicrosoft(backward(makeWeights("w", "2", "1, 2")) + frozen));
  EXPECT_HOLDS("nn.batch_norm ");
  EXPECT_LACKS("nn.batch_norm_train");
  std::string ratio = makeWeights("d.ratio", "", "0.5");
  for (int training : {0, 1}) {
    std::string flag = "initializer { name: 'd.training' data_type: 9 "
                       "int32_data: [" +
                       std::to_string(training) + "] } ";
    text = import(withMicrosoft(
        backward(makeWeights("w", "2", "1, 2")) + ratio + flag +
        makeNode("Dropout", {"y", "d.ratio", "d.training"}, "d", "name: 'd' ") +
        makeOutput("d")));
    EXPECT_EQ(text.find("nn.dropout") != std::string::npos, training == 1)
        << text << messages;
  }
}

/// A model in a file that lives as long as this.
struct TemporaryFile {
  explicit TemporaryFile(const ::onnx::ModelProto &model) {
    int descriptor = -1;
    EXPECT_FALSE(
        llvm::sys::fs::createTemporaryFile("model", "onnx", descriptor, path));
    llvm::raw_fd_ostream(descriptor, /*shouldClose=*/true)
        << model.SerializeAsString();
  }
  ~TemporaryFile() { llvm::sys::fs::remove(path); }

  llvm::SmallString<64> path;
};

/// A model of ONNX Runtime with one node for all parameters.
std::string optimizerNode(const std::string &attributes) {
  return makeNode("AdamWOptimizer", {"lr", "step", "w", "g", "m", "v"}, "done",
                  microsoft("name: 'adam' " + attributes));
}

TEST_F(TrainingTest, optimizerModelsMeanWhatTheySay) {
  auto number = [](const std::string &name, const std::string &value) {
    return "attribute { name: '" + name + "' type: FLOAT f: " + value + " } ";
  };
  ::onnx::ModelProto graph =
      withMicrosoft(backward(makeWeights("w", "2", "1, 2")));
  auto run = [&](const std::string &attributes) {
    TemporaryFile file(withMicrosoft(optimizerNode(attributes)));
    ImportOptions options;
    options.optimizerModel = file.path.str().str();
    return import(graph, options);
  };
  // ONNX Runtime's default is not 0.
  text = run("");
  EXPECT_HOLDS("dense<0.00999999977>");
  text = run(number("weight_decay", "0"));
  EXPECT_HOLDS("nn.updates = \"w\"");
  EXPECT_LACKS("dense<0.00999999977>");
  EXPECT_EQ(run(number("clip_norm", "1")), "");
  EXPECT_SAYS("AdamWOptimizer 'adam': attribute clip_norm=1 is not supported");
  EXPECT_EQ(run(number("alpha", "1")), "");
  EXPECT_SAYS("expected alpha in [0, 1), found 1");
  EXPECT_EQ(run(makeInt("adam_mode", 2)), "");
  EXPECT_SAYS("expected adam_mode 0 or 1, found 2");
}

TEST_F(TrainingTest, statesOfOptimizersHaveNamesOfTheirOwn) {
  TemporaryFile file(withMicrosoft(optimizerNode("")));
  ImportOptions options;
  options.optimizerModel = file.path.str().str();
  EXPECT_EQ(import(withMicrosoft(backward(makeWeights("w", "2", "1, 2")) +
                                 makeInput("w.exp_avg", {"2"}) +
                                 makeNode("Relu", {"w.exp_avg"}, "r") +
                                 makeOutput("r")),
                   options),
            "");
  EXPECT_SAYS("the model has an input or parameter 'w.exp_avg', which is the "
              "name of a state of the optimizer");
}

TEST_F(TrainingTest, randomKeyIsNoInput) {
  train(makeInput("photonic.rng", {"2", "3"}) +
        dropout("d", "0.25", "photonic.rng", "y") + makeOutput("y"));
  EXPECT_EQ(text, "");
  EXPECT_SAYS("an input is called 'photonic.rng'");
}

TEST_F(TrainingTest, optimizerModelsNeedGradients) {
  ImportOptions options;
  options.optimizerModel = "/nonexistent/optimizer.onnx";
  EXPECT_EQ(import(makeModel(loss()), options), "");
  EXPECT_SAYS("': No such file or directory; expected an ONNX file");
}

TEST_F(TrainingTest, indicesOfPools) {
  std::string pool = makeInput("x", {"1", "1", "4", "4"}) +
                     makeNode("MaxPool", {"x"}, "y",
                              "name: 'pool' output: 'where' " +
                                  makeInts("kernel_shape", "2, 2") +
                                  makeInts("strides", "2, 2"));
  auto grad = [](const std::string &indices, const std::string &kernel) {
    return makeNode("MaxPoolGrad", {"y", indices}, "dx",
                    "name: 'pool_Grad/MaxPoolGrad_0' " +
                        makeInts("kernel_shape", kernel) +
                        makeInts("strides", "2, 2")) +
           makeOutput("dx");
  };
  text = import(withMicrosoft(pool + grad("where", "2, 2")));
  EXPECT_HOLDS("nn.max_pool_positions");
  EXPECT_HOLDS("nn.max_pool_grad");
  EXPECT_EQ(import(withMicrosoft(pool + grad("where", "1, 2"))), "");
  EXPECT_SAYS("its window is not that of the MaxPool");
  EXPECT_EQ(import(withMicrosoft(pool + grad("x", "2, 2"))), "");
  EXPECT_SAYS("its indices 'x' are not the second output of a MaxPool");
  // Nothing else can read them.
  EXPECT_EQ(import(pool + makeNode("Relu", {"where"}, "z") + makeOutput("z")),
            "");
  EXPECT_SAYS("expected a tensor of FLOAT, got the positions in windows");
}

TEST_F(TrainingTest, averagePoolsNeedExtents) {
  std::string graph =
      makeInput("dy", {"1", "1", "2", "2"}) +
      makeNode("AveragePoolGrad", {"dy"}, "dx",
               "name: 'pool_Grad/0' " + makeInts("kernel_shape", "2, 2") +
                   makeInts("strides", "2, 2")) +
      makeOutput("dx");
  EXPECT_EQ(import(withMicrosoft(graph)), "");
  EXPECT_SAYS("the model does not declare the extents of its output 'dx'");
  text = import(withMicrosoft(graph + "value_info { " +
                              makeInfo("dx", {"N", "1", "5", "4"}) + "} "));
  EXPECT_HOLDS("-> tensor<1x1x5x4xf32>");
}

} // namespace
