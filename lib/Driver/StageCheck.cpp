//===- StageCheck.cpp - Running the stages against each other -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Driver/StageCheck.h"

#include "photonic/Dialect/NN/IR/NN.h"
#include "photonic/Dialect/Photonic/IR/ProductInfo.h"
#include "photonic/Dialect/Photonic/Transforms/Passes.h"
#include "photonic/Interpreter/Interpreter.h"

#include "phx/npy/Npy.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>
#include <cstring>

using namespace mlir;
using namespace photonic;

//===----------------------------------------------------------------------===//
// Inputs
//===----------------------------------------------------------------------===//

/// `array` as a tensor of `type`, or a diagnostic.
static FailureOr<interp::Tensor> toTensor(func::FuncOp func, StringRef name,
                                          const phx::HostArray &array,
                                          RankedTensorType type) {
  bool sameShape = ArrayRef<int64_t>(array.shape.data(), array.shape.size()) ==
                   type.getShape();
  if (array.type != phx::ElementType::F32 || !sameShape) {
    func.emitError("input '")
        << name << "' has to be "
        << phx::describe(phx::ElementType::F32, type.getShape().vec())
        << ", the check's file holds "
        << phx::describe(array.type, array.shape);
    return failure();
  }
  ArrayRef<float> values(reinterpret_cast<const float *>(array.bytes.data()),
                         array.getNumElements());
  return interp::Tensor(type.getShape(), values);
}

/// The arrays of a .npz file, or of a .npy file for the only input.
static FailureOr<std::map<std::string, phx::HostArray>>
readArrays(func::FuncOp func, StringRef path, ArrayRef<std::string> names) {
  std::map<std::string, phx::HostArray> arrays;
  if (llvm::sys::path::extension(path) == ".npy") {
    phx::Result<phx::HostArray> array = phx::readNpy(path.str());
    if (!array) {
      func.emitError(array.error().message);
      return failure();
    }
    if (names.size() != 1) {
      func.emitError("the network has ")
          << names.size() << " inputs; check it with a .npz archive that holds "
          << "one array per input";
      return failure();
    }
    arrays.emplace(names.front(), std::move(*array));
    return arrays;
  }
  auto archive = phx::readNpz(path.str());
  if (!archive) {
    func.emitError(archive.error().message);
    return failure();
  }
  return std::move(*archive);
}

FailureOr<StageCheck> StageCheck::create(const CompileRequest &request,
                                         const phx::Target &machine,
                                         ModuleOp module) {
  auto func = module.lookupSymbol<func::FuncOp>("main");
  if (!func) {
    module.emitError("expected a function @main to check; a program cannot be "
                     "checked against earlier stages");
    return failure();
  }
  StageCheck check;
  check.context = module.getContext();
  check.runTool = request.runTool;
  check.options = request.stages;
  check.format = getFormatName(request.stages, machine);
  check.referenceStage =
      request.from == Stage::Import
          ? "the model as read"
          : getStageName(static_cast<Stage>(static_cast<int>(request.from) - 1))
                .str();
  check.inputFile = request.checkInput;
  for (unsigned i = 0; i < func.getNumArguments(); ++i) {
    auto name = func.getArgAttrOfType<StringAttr>(i, nn::nameAttrName);
    check.inputNames.push_back(name ? name.str() : "input" + std::to_string(i));
  }
  auto arrays = readArrays(func, request.checkInput, check.inputNames);
  if (failed(arrays))
    return failure();
  for (auto [index, name] : llvm::enumerate(check.inputNames)) {
    auto it = arrays->find(name);
    if (it == arrays->end()) {
      InFlightDiagnostic diagnostic = func.emitError("'");
      diagnostic << request.checkInput << "' holds no array '" << name
                 << "', which the network needs; it holds";
      for (const auto &[other, array] : *arrays)
        diagnostic << " '" << other << "'";
      return failure();
    }
    auto type = cast<RankedTensorType>(func.getArgument(index).getType());
    FailureOr<interp::Tensor> tensor = toTensor(func, name, it->second, type);
    if (failed(tensor))
      return failure();
    check.inputs.push_back(std::move(*tensor));
  }
  return check;
}

//===----------------------------------------------------------------------===//
// Comparison
//===----------------------------------------------------------------------===//

namespace {
/// How far one value is from another.
struct Difference {
  size_t differing = 0; ///< elements that are not bit-equal
  size_t first = 0;     ///< the first of them
  double largest = 0;   ///< largest absolute difference
  double signal = 0, noise = 0;

  /// Signal-to-noise ratio in dB.
  double getRatio() const { return 10 * std::log10(signal / noise); }
};
} // namespace

static Difference compareValues(ArrayRef<float> expected,
                                ArrayRef<float> actual) {
  Difference d;
  for (size_t i = 0; i < expected.size(); ++i) {
    d.signal += double(expected[i]) * expected[i];
    if (std::memcmp(&expected[i], &actual[i], sizeof(float)) == 0)
      continue;
    double error = double(expected[i]) - actual[i];
    d.noise += error * error;
    if (d.differing++ == 0)
      d.first = i;
    d.largest = std::max(d.largest, std::abs(error));
  }
  return d;
}

/// Least signal-to-noise ratio, in dB, where only sums are reordered and batch
/// normalisations folded.
static constexpr double leastRatio = 60;

bool StageCheck::keepsNumbers(StringRef stage) const {
  return stage != getStageName(Stage::Format) ||
         StringRef(format).starts_with("fp32");
}

std::string StageCheck::describeReference() const {
  return parseStage(referenceStage) ? "stage '" + referenceStage + "'"
                                    : referenceStage;
}

/// Begins an error at the ONNX node `node`.
static InFlightDiagnostic emitNodeError(MLIRContext *context, StringRef node) {
  return emitError(NameLoc::get(StringAttr::get(context, node)));
}

LogicalResult StageCheck::compareRatios(StringRef stage,
                                        const StageValues &values,
                                        llvm::raw_ostream &os) {
  os << llvm::formatv("{0} against {1}: signal-to-noise ratio per node\n",
                      stage, referenceStage);
  for (auto &[node, actual] : values) {
    // An operation that stands for several nodes has the value of one of them.
    SmallVector<StringRef> names{node};
    llvm::append_range(names, mergedNames.lookup(node));
    std::optional<Difference> best;
    bool known = false;
    for (StringRef name : names) {
      auto it = reference.find(name);
      if (it == reference.end())
        continue;
      known = true;
      if (it->second.getShape() != actual.getShape())
        continue;
      Difference d = compareValues(it->second.getData(), actual.getData());
      if (!best || !d.differing || d.getRatio() > best->getRatio())
        best = d;
    }
    if (!known)
      continue;
    if (!best)
      return emitNodeError(context, node)
             << "stage '" << stage << "' computes another shape than "
             << describeReference();
    if (keepsNumbers(stage) && best->differing &&
        !(best->getRatio() >= leastRatio))
      return emitNodeError(context, node)
             << "stage '" << stage << "' computes something else than "
             << describeReference() << ": the signal-to-noise ratio is "
             << llvm::formatv("{0:f1}", best->getRatio()).str()
             << " dB, expected at least " << leastRatio;
    if (best->noise > 0)
      os << llvm::formatv("  {0,8:f1} dB  {1}\n", best->getRatio(), node);
    else
      os << llvm::formatv("     exact     {0}\n", node);
  }
  return success();
}

LogicalResult StageCheck::compareBits(StringRef stage,
                                      const StageValues &values,
                                      llvm::raw_ostream &os) {
  size_t compared = 0;
  for (auto &[node, expected] : reference) {
    auto it = values.find(node);
    if (it == values.end())
      continue; // fused with the node behind it
    ++compared;
    if (it->second.getShape() != expected.getShape())
      return emitNodeError(context, node)
             << "stage '" << stage << "' computes another shape than "
             << describeReference();
    Difference d = compareValues(expected.getData(), it->second.getData());
    if (d.differing)
      return emitNodeError(context, node)
             << "stage '" << stage << "' disagrees with " << describeReference()
             << " in " << d.differing << " of " << expected.getData().size()
             << " elements; the first is number " << d.first << ": expected "
             << llvm::formatv("{0:e8}", expected.getData()[d.first]).str()
             << ", found "
             << llvm::formatv("{0:e8}", it->second.getData()[d.first]).str()
             << "; the largest difference is "
             << llvm::formatv("{0:e2}", d.largest).str();
  }
  os << llvm::formatv("{0} against {1}: {2} nodes equal bit for bit\n", stage,
                      referenceStage, compared);
  return success();
}

LogicalResult StageCheck::compare(StringRef stage, StageValues values,
                                  bool exact, llvm::raw_ostream &os) {
  if (exact)
    return compareBits(stage, values, os);
  if (failed(compareRatios(stage, values, os)))
    return failure();
  reference = std::move(values);
  referenceStage = stage.str();
  return success();
}

//===----------------------------------------------------------------------===//
// Execution
//===----------------------------------------------------------------------===//

/// Names in `loc` behind the first.
static SmallVector<StringRef> getMergedNames(Location loc) {
  SmallVector<StringRef> names;
  loc->walk([&](Location nested) {
    if (auto named = dyn_cast<NameLoc>(nested))
      names.push_back(named.getName());
    return WalkResult::advance();
  });
  if (!names.empty())
    names.erase(names.begin());
  return names;
}

LogicalResult StageCheck::execute(ModuleOp module, StageValues &byNode) {
  results.clear();
  auto observer = [&](Operation *op, ArrayRef<interp::Value> values) {
    // Loops stand for the nest inside them.
    bool atTop = isa<func::FuncOp>(op->getParentOp());
    bool computes = !op->hasTrait<OpTrait::ConstantLike>() &&
                    !isa<nn::ReshapeOp>(op) && op->getNumOperands() > 0;
    StringRef node = phot::getNodeName(op->getLoc());
    if (!atTop || values.size() != 1 || !values.front().isTensor())
      return;
    results.push_back(values.front().getTensor());
    if (!computes || node.empty())
      return;
    byNode[node] = results.back();
    mergedNames[node] = getMergedNames(op->getLoc());
  };
  SmallVector<interp::Value> arguments(inputs.begin(), inputs.end());
  return interp::runMain(module, arguments, observer);
}

LogicalResult StageCheck::checkFormats(ModuleOp module) {
  auto wanted = phot::parseNumberFormat(context, format,
                                        [&] { return module.emitError(); });
  if (failed(wanted))
    return failure();
  WalkResult result = module.walk([&](phot::ProductOp op) {
    for (auto found : {op.getLhsFormatAttr(), op.getRhsFormatAttr()})
      if (found != *wanted) {
        emitNodeError(context, phot::getNodeName(op.getLoc()))
            << "stage 'format' gives it the number format " << found
            << ", asked for is " << *wanted;
        return WalkResult::interrupt();
      }
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

LogicalResult StageCheck::checkConversions(ModuleOp module) {
  llvm::DenseMap<Value, interp::Value> values;
  auto func = module.lookupSymbol<func::FuncOp>("main");
  for (auto [argument, input] : llvm::zip(func.getArguments(), inputs))
    values[argument] = input;
  size_t step = 0;
  for (Operation &op : func.getBody().front().without_terminator()) {
    if (op.getNumResults() != 1 || step >= results.size() ||
        ArrayRef<int64_t>(results[step].getShape()) !=
            cast<RankedTensorType>(op.getResult(0).getType()).getShape())
      return op.emitError("stage 'format' changes the operations of ")
             << describeReference();
    const interp::Tensor &expected = results[step++];
    values[op.getResult(0)] = expected;
    auto evaluable = dyn_cast<interp::EvaluableOpInterface>(op);
    if (!evaluable)
      continue;
    SmallVector<interp::Value> operands, actual;
    for (Value operand : op.getOperands())
      operands.push_back(values.lookup(operand));
    if (failed(evaluable.evaluate(operands, actual)))
      return failure();
    // A wrong constant shows at the node that uses it.
    if (op.hasTrait<OpTrait::ConstantLike>()) {
      values[op.getResult(0)] = actual.front();
      continue;
    }
    Difference d =
        compareValues(expected.getData(), actual[0].getTensor().getData());
    if (!d.differing || (isa<phot::ProductOp>(op) && d.getRatio() > 0))
      continue;
    return op.emitError("stage 'format' computes something else than ")
           << describeReference()
           << ": on the same operands the signal-to-noise "
           << "ratio is " << llvm::formatv("{0:f1}", d.getRatio()).str()
           << " dB";
  }
  return success();
}

LogicalResult StageCheck::runInput(ModuleOp module) {
  return execute(module, reference);
}

LogicalResult StageCheck::run(Stage stage, ModuleOp module,
                              llvm::raw_ostream &os) {
  if (stage == Stage::Format &&
      (failed(checkFormats(module)) || failed(checkConversions(module))))
    return failure();
  StageValues values;
  if (failed(execute(module, values)))
    return failure();
  // Behind `format`, where numbers are converted, nothing may change.
  bool exact = stage > Stage::Format;
  return compare(getStageName(stage), std::move(values), exact, os);
}

/// Finds photonic-run: the given path, beside this tool, or on PATH.
static std::string findRunTool(const std::string &given) {
  if (!given.empty())
    return given;
  std::string self = llvm::sys::fs::getMainExecutable(nullptr, nullptr);
  SmallString<128> beside(llvm::sys::path::parent_path(self));
  llvm::sys::path::append(beside, "photonic-run");
  if (llvm::sys::fs::can_execute(beside))
    return beside.str().str();
  auto found = llvm::sys::findProgramByName("photonic-run");
  return found ? *found : std::string();
}

/// Reads the values that photonic-run dumped, one file per node.
static FailureOr<StageValues> readValues(MLIRContext *context,
                                         StringRef directory,
                                         const StageValues &wanted) {
  StageValues values;
  for (auto &[node, ignored] : wanted) {
    SmallString<128> path(directory);
    llvm::sys::path::append(path, phx::encodeFileName(node.str()) + ".npy");
    if (!llvm::sys::fs::exists(path))
      continue;
    phx::Result<phx::HostArray> array = phx::readNpy(path.str().str());
    if (!array) {
      emitError(UnknownLoc::get(context), array.error().message);
      return failure();
    }
    values[node] = interp::Tensor(
        array->shape,
        ArrayRef<float>(reinterpret_cast<const float *>(array->bytes.data()),
                        array->getNumElements()));
  }
  return values;
}

LogicalResult StageCheck::runProgram(StringRef path, llvm::raw_ostream &os) {
  Location loc = UnknownLoc::get(context);
  std::string tool = findRunTool(runTool);
  if (tool.empty())
    return emitError(loc, "photonic-run is needed to check the program; it was "
                          "found neither beside this tool nor on PATH");
  SmallString<128> directory;
  if (std::error_code error =
          llvm::sys::fs::createUniqueDirectory("photonic-check", directory))
    return emitError(loc, "cannot create a temporary directory: ")
           << error.message();
  SmallString<128> log(directory);
  llvm::sys::path::append(log, "log.txt");
  std::vector<std::string> arguments{
      tool,       path.str(),     "--dump-values", directory.str().str(),
      "--target", options.target, "--quiet"};
  bool archive = llvm::sys::path::extension(inputFile) != ".npy";
  arguments.push_back("--input");
  arguments.push_back(archive ? inputFile
                              : inputNames.front() + "=" + inputFile);
  for (const std::string &change : options.overrides) {
    arguments.push_back("--set");
    arguments.push_back(change);
  }
  SmallVector<StringRef> views(arguments.begin(), arguments.end());
  std::optional<StringRef> redirects[] = {std::nullopt, log.str(), log.str()};
  std::string problem;
  int code = llvm::sys::ExecuteAndWait(tool, views, std::nullopt, redirects, 0,
                                       0, &problem);
  LogicalResult result = failure();
  if (code != 0) {
    auto text = llvm::MemoryBuffer::getFile(log);
    emitError(loc, "photonic-run failed on the compiled program: ")
        << problem << (text ? (*text)->getBuffer().trim() : StringRef());
  } else {
    FailureOr<StageValues> values = readValues(context, directory, reference);
    if (succeeded(values))
      result = compare("emit", std::move(*values), /*exact=*/true, os);
  }
  llvm::sys::fs::remove_directories(directory);
  return result;
}
