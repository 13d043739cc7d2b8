//===- StageProgram.cpp - Running the program against the stages ----------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "StageInputs.h"
#include "photonic/Driver/StageCheck.h"
#include "photonic/Support/TemporaryDirectory.h"

#include "phx/npy/Npy.h"
#include "phx/support/FileSystem.h"
#include "phx/target/Values.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"

using namespace mlir;
using namespace photonic;

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

// Names that no dumped value has.
static constexpr StringLiteral inputFile = "inputs.npz";
static constexpr StringLiteral stateFile = "state.npz";
static constexpr StringLiteral targetFile = "target.textproto";
static constexpr StringLiteral outputFolder = "outputs";

static std::string joinPath(StringRef directory, StringRef name) {
  SmallString<128> path(directory);
  llvm::sys::path::append(path, name);
  return path.str().str();
}

std::vector<std::string> StageCheck::makeCommand(StringRef tool,
                                                 StringRef directory) const {
  std::vector<std::string> command{
      tool.str(),      joinPath(directory, programFile),
      "--input",       joinPath(directory, inputFile),
      "--dump-values", directory.str(),
      "--target",      joinPath(directory, targetFile),
      "--output-dir",  joinPath(directory, outputFolder),
      "--quiet"};
  if (!reference.updates.empty()) {
    command.push_back("--save-state");
    command.push_back(joinPath(directory, stateFile));
  }
  return command;
}

/// An array as a tensor of numbers; nothing for element types that hold
/// something else, such as packed masks.
static std::optional<interp::Tensor> toNumbers(const phx::HostArray &array) {
  ArrayRef<int64_t> shape(array.shape);
  if (array.type == phx::ElementType::F32)
    return interp::Tensor(
        shape,
        ArrayRef<float>(reinterpret_cast<const float *>(array.bytes.data()),
                        array.getNumElements()));
  if (array.type != phx::ElementType::U8)
    return std::nullopt;
  std::vector<float> values(array.bytes.begin(), array.bytes.end());
  return interp::Tensor(shape, values);
}

/// The file that photonic-run dumps a value to.
static std::string getDumpName(ValueKey key) {
  std::string name = key.first.str();
  if (key.second != unsigned(nn::Phase::Forward))
    name += "." + nn::stringifyPhase(nn::Phase(key.second)).str();
  return phx::encodeFileName(name) + ".npy";
}

/// The array in a file, if it holds numbers; nothing if there is no such file,
/// which is for the comparison to judge.
FailureOr<std::optional<interp::Tensor>>
StageCheck::readValue(const std::string &path) const {
  if (!llvm::sys::fs::exists(path))
    return std::optional<interp::Tensor>();
  phx::Result<phx::HostArray> array = phx::readNpy(path);
  if (!array) {
    emitError(UnknownLoc::get(context), array.error().message);
    return failure();
  }
  return toNumbers(*array);
}

LogicalResult StageCheck::readProgramNodes(StringRef directory,
                                           StageValues &values) const {
  for (auto &[key, ignored] : reference.nodes) {
    // Updates are compared where they end: in parameters and state. A node may
    // update several of them, in an order that the schedule chooses.
    if (key.second == unsigned(nn::Phase::Update))
      continue;
    auto value = readValue(joinPath(directory, getDumpName(key)));
    if (failed(value))
      return failure();
    if (*value)
      values.nodes[key].push_back(std::move(**value));
  }
  return success();
}

FailureOr<StageValues>
StageCheck::readProgramValues(StringRef directory) const {
  StageValues values;
  if (failed(readProgramNodes(directory, values)))
    return failure();
  std::string outputs = joinPath(directory, outputFolder);
  for (auto &[name, expected] : reference.outputs) {
    auto value =
        readValue(joinPath(outputs, phx::encodeFileName(name.str()) + ".npy"));
    if (failed(value))
      return failure();
    if (!*value)
      continue;
    // The losses of a run's steps form a vector, and there is one step.
    bool isLoss = expected.getShape().empty() &&
                  (*value)->getShape() == ArrayRef<int64_t>{1};
    values.outputs[name] =
        isLoss ? interp::Tensor(ArrayRef<int64_t>(), (*value)->getData())
               : std::move(**value);
  }
  std::string path = joinPath(directory, stateFile);
  if (reference.updates.empty() || !llvm::sys::fs::exists(path))
    return values;
  auto state = phx::readNpz(path);
  if (!state) {
    emitError(UnknownLoc::get(context), state.error().message);
    return failure();
  }
  for (auto &[name, ignored] : reference.updates)
    if (auto it = state->find(name.str()); it != state->end())
      if (auto tensor = toNumbers(it->second))
        values.updates[name] = std::move(*tensor);
  return values;
}

LogicalResult StageCheck::runProgram(const TemporaryDirectory &files,
                                     llvm::raw_ostream &os) {
  Location loc = UnknownLoc::get(context);
  std::string tool = findRunTool(runTool);
  if (tool.empty())
    return emitError(loc, "photonic-run is needed to check the program; it was "
                          "found neither beside this tool nor on PATH");
  if (phx::Status saved = inputs->save(files.getFile(inputFile)); !saved)
    return emitError(loc, saved.error().message);
  if (phx::Status saved = phx::writeFileAtomically(
          files.getFile(targetFile), phx::printTarget(*machine));
      !saved)
    return emitError(loc, saved.error().message);
  std::string log = files.getFile("log.txt");
  std::vector<std::string> command = makeCommand(tool, files.getPath());
  SmallVector<StringRef> views(command.begin(), command.end());
  std::string problem;
  int code = runChild(tool, views, log, problem);
  if (code != 0) {
    auto text = llvm::MemoryBuffer::getFile(log);
    emitError(loc, "photonic-run failed on the compiled program: ")
        << problem << (text ? (*text)->getBuffer().trim() : StringRef());
  } else {
    FailureOr<StageValues> values = readProgramValues(files.getPath());
    if (succeeded(values))
      return compare("emit", std::move(*values), /*exact=*/true, os);
  }
  return failure();
}
