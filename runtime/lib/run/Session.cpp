//===- Session.cpp - Loading a program for a machine ------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/run/Session.h"

#include "phx/isa/ProgramFile.h"
#include "phx/isa/Validator.h"
#include "phx/run/MachineCheck.h"
#include "phx/support/Exceptions.h"
#include "phx/support/Hex.h"

#include <algorithm>
#include <map>

using namespace phx;

/// Structural fields of `target` that differ from `base`.
static std::string listStructuralChanges(const Target &base,
                                         const Target &target) {
  std::string text;
  std::vector<TargetField> before = describeTarget(base);
  for (const TargetField &field : describeTarget(target)) {
    if (!field.structural)
      continue;
    for (const TargetField &other : before)
      if (other.name == field.name && other.value != field.value)
        text += (text.empty() ? "" : ", ") + field.name + " (" + other.value +
                " -> " + field.value + ")";
  }
  return text;
}

/// Lines "name=value" by name; values of one name are joined.
static std::map<std::string, std::string>
toFields(const std::vector<std::string> &lines) {
  std::map<std::string, std::string> fields;
  for (const std::string &line : lines) {
    size_t equals = std::min(line.find('='), line.size());
    std::string &value = fields[line.substr(0, equals)];
    value += (value.empty() ? "" : ",") +
             line.substr(std::min(equals + 1, line.size()));
  }
  return fields;
}

/// "core.rows (expected 32, found 64)": structural fields in which `target`
/// differs from the machine that the program names; empty if it names none.
static std::string listDifferences(const Program &program,
                                   const Target &target) {
  if (program.machine.empty())
    return "";
  auto expected = toFields(program.machine);
  auto found = toFields(listStructure(target));
  // Names of both, each once.
  std::map<std::string, std::string> names = expected;
  names.insert(found.begin(), found.end());
  std::string text;
  for (const auto &entry : names) {
    auto get = [&](const std::map<std::string, std::string> &fields) {
      auto at = fields.find(entry.first);
      return at == fields.end() ? std::string("none") : at->second;
    };
    if (get(expected) != get(found))
      text += (text.empty() ? "" : ", ") + entry.first + " (expected " +
              get(expected) + ", found " + get(found) + ")";
  }
  return text;
}

static Error makeMismatch(const Program &program, const Target &target,
                          const std::string &name,
                          const SessionOptions &options) {
  std::string message =
      "the program was compiled for another machine: it expects target '" +
      program.target + "' with structural hash " + toHex(program.targetHash) +
      ", found '" + target.spec.name() + "' (" + target.path +
      ") with structural hash " + toHex(target.structuralHash);
  if (!options.overrides.empty())
    if (Result<Target> base = loadTarget(name);
        base && base->structuralHash == program.targetHash)
      return Error{message +
                   "; these changes alter the structure of the "
                   "machine, not only its prices: " +
                   listStructuralChanges(*base, target) +
                   "; recompile the model with the same --set"};
  std::string differences = listDifferences(program, target);
  if (!differences.empty())
    message += "; they differ in " + differences;
  return Error{message + "; recompile the model for this target, or give the "
                         "one it was compiled for, with the same --set"};
}

Session::Session(Program ownProgram, Target ownTarget)
    : program(std::move(ownProgram)), target(std::move(ownTarget)),
      batches(program), execution(program), state(program, execution),
      log(program), reports(program, target, log) {}

Result<std::unique_ptr<Session>>
Session::create(Program program, const SessionOptions &options) {
  if (Status status = validate(program); !status)
    return Error{"the program is not valid: " + status.error().message};
  std::string name = options.target.empty() ? program.target : options.target;
  Result<Target> target = loadTarget(name, options.overrides);
  if (!target && options.target.empty())
    return Error{"the program was compiled for target '" + name +
                 "', which cannot be loaded: " + target.error().message};
  if (!target)
    return target.error();
  if (target->structuralHash != program.targetHash)
    return makeMismatch(program, *target, name, options);
  if (Status status = checkMachine(program, *target); !status)
    return status.error();
  return std::unique_ptr<Session>(
      new Session(std::move(program), std::move(*target)));
}

Result<std::unique_ptr<Session>> Session::open(const std::string &path,
                                               const SessionOptions &options) {
  Result<Program> program = readProgram(path);
  if (!program)
    return program.error();
  Result<std::unique_ptr<Session>> session =
      create(std::move(*program), options);
  if (!session)
    return Error{"'" + path + "': " + session.error().message};
  return session;
}

//===----------------------------------------------------------------------===//
// Executing
//===----------------------------------------------------------------------===//

Result<HostArrays> Session::execute(const HostArrays &inputs,
                                    const RunOptions &options) {
  // Behind a step that counts nothing may fail any more.
  log.prepare(options);
  Result<HostArrays> results = execution.run(inputs, options);
  if (!results)
    return results.error();
  if (isTraining())
    state.countStep();
  log.addStatistics(execution.getStatistics());
  log.setCounts(execution.getCounts());
  return results;
}

/// "step 3 of 10 (step 103 of the training)".
static std::string nameStep(int64_t index, int64_t steps, int64_t done) {
  std::string text = "step ";
  if (steps > 0)
    text += std::to_string(index + 1) + " of " + std::to_string(steps);
  else
    return text + std::to_string(done + 1);
  if (done > index)
    text += " (step " + std::to_string(done + 1) + " of the training)";
  return text;
}

Error Session::explain(const Error &error, int64_t index, int64_t steps) const {
  if (!isTraining())
    return error;
  return Error{nameStep(index, steps, state.getStepCount()) + ": " +
               error.message +
               "; parameters and state are those before this step"};
}

Result<HostArrays> Session::run(const ArrayViews &inputs,
                                const RunOptions &options) {
  log.forget();
  Result<HostArrays> outputs =
      catchExceptions([&] { return runBatches(inputs, options); });
  // A training keeps the steps that it has completed.
  if (!outputs && !isTraining())
    log.forget();
  return outputs;
}

Result<HostArrays> Session::runBatches(const ArrayViews &inputs,
                                       const RunOptions &options) {
  Result<Batching> batching = batches.plan(inputs);
  if (!batching)
    return batching.error();
  HostArrays outputs;
  for (int64_t i = 0; i < batching->runs; ++i) {
    Result<HostArrays> results = catchExceptions([&] {
      return execute(batches.takeInputs(inputs, *batching, i), options);
    });
    if (!results)
      return explain(results.error(), i, batching->runs);
    int64_t left = batching->samples - i * program.batch;
    log.add(*results, std::min(left, program.batch));
    batches.putOutputs(std::move(*results), *batching, i, outputs);
  }
  log.setDropped(batching->dropped);
  log.measureOwnAccuracy(outputs, inputs);
  return outputs;
}

Result<HostArrays> Session::step(const ArrayViews &inputs,
                                 const RunOptions &options) {
  Result<Batching> batching = batches.plan(inputs);
  if (!batching)
    return batching.error();
  if (batching->split)
    return Error{"a step takes exactly one batch, " + batches.describeInputs() +
                 "; the inputs hold " +
                 std::to_string(batching->samples + batching->dropped) +
                 " samples"};
  Result<HostArrays> results = catchExceptions([&] {
    return execute(batches.takeInputs(inputs, *batching, 0), options);
  });
  if (!results)
    return explain(results.error(), 0, 0);
  log.add(*results, program.batch);
  return results;
}
