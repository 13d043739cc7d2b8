//===- OptimizerModel.cpp - Optimizer models of ONNX Runtime --------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// ONNX Runtime writes the optimizer into a model of its own, with one node on
// sequences of all parameters, gradients and moments, and runs it behind the
// training model. Here it becomes part of the step: the sequences are the
// parameters with accumulated gradients, moments are
// states.
//
//===----------------------------------------------------------------------===//

#include "OptimizerModel.h"
#include "ImportOptimizer.h"
#include "OperatorTable.h"
#include "photonic/Dialect/NN/IR/Step.h"

#include "llvm/Support/MemoryBuffer.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;

namespace {
/// Emits one update per parameter.
class OptimizerImporter {
public:
  OptimizerImporter(ImportContext &context, const Node &node)
      : function(context.getFunction()), importer(context, node), node(node),
        math(importer) {
    importer.setPhase(nn::Phase::Update);
  }

  /// `gradients` holds parameters, which persist, and their gradients.
  LogicalResult run(ArrayRef<std::pair<BlockArgument, Value>> gradients,
                    float learningRate) {
    if (succeeded(emitUpdates(gradients, learningRate)))
      return success();
    importer.emitFailure();
    return failure();
  }

private:
  LogicalResult emitUpdates(ArrayRef<std::pair<BlockArgument, Value>> gradients,
                            float learningRate);
  /// Null after an error if the name is taken.
  BlockArgument addState(StringRef name, ArrayRef<int64_t> shape, float init,
                         StringRef knob = {});
  LogicalResult update(BlockArgument argument, Value value);
  /// Factors of all parameters.
  LogicalResult prepare(float learningRate);
  /// 1 - keep^t after t steps, from a state.
  Value emitCorrection(StringRef name, float keep);
  Value emitAdamW(BlockArgument parameter, Value gradient);
  Value emitAdamWMoments(BlockArgument parameter, Value gradient,
                         Value &second);

  EntryFunction &function;
  NodeImporter importer;
  const Node &node;
  ScalarMath math;
  Value rate; ///< learning rate, [1]
  /// What moments are divided by because they began with zeros; or null.
  Value correction1, correction2;
};
} // namespace

BlockArgument OptimizerImporter::addState(StringRef name,
                                          ArrayRef<int64_t> shape, float init,
                                          StringRef knob) {
  if (nn::findArgument(function.getOp(), name)) {
    (void)importer.fail("the model has an input or parameter '" + name +
                        "', which is the name of a state of the optimizer");
    return {};
  }
  auto type = RankedTensorType::get(shape, importer.getBuilder().getF32Type());
  return nn::addPersistent(function.getOp(), name, nn::stateRole,
                           DenseElementsAttr::get(type, init),
                           function.getNameLoc(name), knob);
}

LogicalResult OptimizerImporter::update(BlockArgument argument, Value value) {
  if (!value)
    return failure();
  if (succeeded(function.addUpdate(argument, value)))
    return success();
  return importer.fail("a parameter is updated twice");
}

LogicalResult OptimizerImporter::prepare(float learningRate) {
  rate = addState(nn::learningRateName, {1}, learningRate,
                  nn::learningRateKnob);
  if (node.getOpType() != "AdamWOptimizer")
    return success();
  if (node.getInt("correct_bias", 1) == 0)
    return success();
  correction1 =
      emitCorrection(nn::correction1Name, node.getFloat("alpha", 0.9f));
  correction2 =
      emitCorrection(nn::correction2Name, node.getFloat("beta", 0.999f));
  return success(correction1 && correction2);
}

Value OptimizerImporter::emitCorrection(StringRef name, float keep) {
  // c + (1 - keep) * (1 - c) is 1 - keep^t after t steps.
  BlockArgument old = addState(name, {1}, 0);
  Value rest = math.mul(math(1 - keep), math.sub(math(1), old));
  Value next = math.add(old, rest);
  return succeeded(update(old, next)) ? next : Value();
}

Value OptimizerImporter::emitAdamWMoments(BlockArgument parameter,
                                          Value gradient, Value &second) {
  std::string name =
      nn::getArgumentName(function.getOp(), parameter.getArgNumber()).str();
  ArrayRef<int64_t> shape = getShape(parameter);
  BlockArgument oldFirst = addState(name + nn::meanSuffix.str(), shape, 0);
  BlockArgument oldSecond = addState(name + nn::squareSuffix.str(), shape, 0);
  Value first = math.mix(oldFirst, node.getFloat("alpha", 0.9f), gradient);
  second = math.mix(oldSecond, node.getFloat("beta", 0.999f),
                    math.mul(gradient, gradient));
  if (failed(update(oldFirst, first)) || failed(update(oldSecond, second)))
    return {};
  return first;
}

Value OptimizerImporter::emitAdamW(BlockArgument parameter, Value gradient) {
  Value second;
  Value first = emitAdamWMoments(parameter, gradient, second);
  if (!first)
    return {};
  Value epsilon = math(node.getFloat("epsilon", 1e-8f));
  Value root = importer.emit<nn::SqrtOp>(second);
  float decay = node.getFloat("weight_decay", 1e-2f);
  // Mode 0 is that of PyTorch: decay first, and epsilon is added to the
  // corrected root. Mode 1 is that of Hugging Face.
  Value stepSize = rate, start = parameter;
  bool likePyTorch = node.getInt("adam_mode", 0) == 0;
  Value shrink = math.sub(math(1), math.mul(rate, math(decay)));
  if (likePyTorch && decay != 0)
    start = math.mul(start, shrink);
  if (correction1) {
    Value rootCorrection = importer.emit<nn::SqrtOp>(correction2);
    stepSize = math.div(stepSize, correction1);
    if (likePyTorch)
      root = math.div(root, rootCorrection);
    else
      stepSize = math.mul(stepSize, rootCorrection);
  }
  Value change = math.div(first, math.add(root, epsilon));
  Value next = math.sub(start, math.mul(stepSize, change));
  return !likePyTorch && decay != 0 ? math.mul(next, shrink) : next;
}

LogicalResult OptimizerImporter::emitUpdates(
    ArrayRef<std::pair<BlockArgument, Value>> gradients, float learningRate) {
  if (failed(prepare(learningRate)))
    return failure();
  for (auto [parameter, gradient] : gradients) {
    importer.setLoc(gradient.getLoc());
    Value next = node.getOpType() == "AdamWOptimizer"
                     ? emitAdamW(parameter, gradient)
                     : math.sub(parameter, math.mul(rate, gradient));
    if (failed(update(parameter, next)))
      return failure();
  }
  return success();
}

static constexpr OperatorForm optimizerForms[] = {
    {"AdamWOptimizer", 1, unlimited, 6, 6, 4,
     "alpha:f beta:f epsilon:f weight_decay:f adam_mode:i correct_bias:i",
     nullptr},
    {"SGDOptimizerV2", 1, unlimited, 3, 3, 2, "", nullptr},
};

/// Everything about the node means something here.
static LogicalResult checkOptimizerNode(const Node &node, Location loc) {
  LogicalResult result = success();
  auto report = [&](const Twine &what) {
    result = emitError(loc)
             << node.getOpType() << " '" << node.getName() << "': " << what;
  };
  const OperatorForm *form =
      llvm::find_if(optimizerForms, [&](const OperatorForm &known) {
        return known.name == node.getOpType();
      });
  checkForm(node, *form, /*used=*/{}, ImportMode::Training,
            [&](std::string what) { report(what); });
  if (node.getOpType() != "AdamWOptimizer")
    return result;
  for (StringRef attr : {"alpha", "beta"})
    if (float decay = node.getFloat(attr, 0.5f); !(decay >= 0 && decay < 1))
      report("expected " + attr + " in [0, 1), found " + spellNumber(decay));
  if (int64_t mode = node.getInt("adam_mode", 0); mode != 0 && mode != 1)
    report("expected adam_mode 0 or 1, found " + Twine(mode));
  return result;
}

/// The only node of an optimizer model, or null after a diagnostic.
static const ::onnx::NodeProto *getOptimizerNode(Model &model) {
  const ::onnx::GraphProto &graph = model.getGraph();
  if (graph.node_size() == 1) {
    const auto &node = graph.node(0);
    if (node.domain() == std::string(microsoftDomain) &&
        (node.op_type() == "AdamWOptimizer" ||
         node.op_type() == "SGDOptimizerV2"))
      return &node;
  }
  emitError(model.getLoc())
      << "is not an optimizer model of ONNX Runtime: expected one node "
         "AdamWOptimizer or SGDOptimizerV2 of domain com.microsoft, found "
      << graph.node_size() << (graph.node_size() == 1 ? " node" : " nodes")
      << (graph.node_size() ? ", such as " + graph.node(0).op_type() : "")
      << "; pass the file optimizer_model.onnx of the training artifacts";
  return nullptr;
}

/// The parameters that persist, with their gradients.
static FailureOr<SmallVector<std::pair<BlockArgument, Value>>>
getLearned(ImportContext &context) {
  EntryFunction &function = context.getFunction();
  SmallVector<std::pair<BlockArgument, Value>> learned;
  for (const auto &[name, gradient] : function.getGradients()) {
    auto parameter =
        dyn_cast_or_null<BlockArgument>(context.lookup(name).value);
    if (!parameter || !function.isPersistent(parameter))
      return emitError(context.getModel().getLoc())
             << "parameter '" << name
             << "' is an input without a value, which an optimizer cannot "
                "update; expected an initialiser: write the parameters of the "
                "checkpoint into the model";
    learned.emplace_back(parameter, gradient);
  }
  return learned;
}

LogicalResult importer::importOptimizerModel(ImportContext &context) {
  const ImportOptions &options = context.getOptions();
  std::unique_ptr<Model> optimizer =
      Model::read(options.optimizerModel, *context.getBuilder().getContext());
  const ::onnx::NodeProto *proto =
      optimizer ? getOptimizerNode(*optimizer) : nullptr;
  if (!proto)
    return failure();
  if (context.getFunction().getGradients().empty())
    return emitError(context.getModel().getLoc())
           << "an optimizer model needs a graph with accumulated gradients, "
              "and this one has none; for a graph without a backward pass give "
           << spell(options.spelling, "train", "")
           << " and an optimizer by name";
  Node node(*proto, 0);
  auto learned = getLearned(context);
  if (failed(learned) || failed(checkOptimizerNode(node, optimizer->getLoc())))
    return failure();
  return OptimizerImporter(context, node).run(*learned, options.learningRate);
}
