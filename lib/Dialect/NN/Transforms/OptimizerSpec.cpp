//===- OptimizerSpec.cpp - Optimisers as text ----------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OptimizerSpec.h"

#include "photonic/Dialect/NN/IR/Step.h"

#include "llvm/ADT/StringSet.h"
#include <cmath>

using namespace mlir;
using namespace photonic::nn;

namespace {
/// One key of an optimiser: where its value goes and what it may be.
struct Key {
  StringRef name;
  double *value;
  double most;       ///< largest legal value
  bool mostIncluded; ///< false: less than `most`
};
} // namespace

static SmallVector<Key> getKeys(OptimizerSpec &spec) {
  constexpr double any = HUGE_VAL;
  if (spec.kind == OptimizerSpec::Kind::SGD)
    return {{"lr", &spec.learningRate, any, false},
            {"momentum", &spec.momentum, 1, false},
            {"dampening", &spec.dampening, 1, true},
            {"weight_decay", &spec.weightDecay, any, false}};
  return {{"lr", &spec.learningRate, any, false},
          {"beta1", &spec.beta1, 1, false},
          {"beta2", &spec.beta2, 1, false},
          {"eps", &spec.epsilon, any, false},
          {"weight_decay", &spec.weightDecay, any, false}};
}

/// Programs hold binary32: neither infinity nor a zero that was none.
static bool isFiniteInBinary32(double value) {
  float narrow = static_cast<float>(value);
  return std::isfinite(narrow) && (value == 0) == (narrow == 0);
}

static LogicalResult parseValue(const Key &key, StringRef text,
                                function_ref<InFlightDiagnostic()> emitError) {
  double value = 0;
  bool ok = !text.getAsDouble(value) && isFiniteInBinary32(value) &&
            value >= 0 &&
            (value < key.most || (key.mostIncluded && value == key.most));
  if (!ok) {
    InFlightDiagnostic diag = emitError()
                              << "optimizer: expected " << key.name
                              << " to be a binary32 number of at least 0";
    if (std::isfinite(key.most))
      diag << (key.mostIncluded ? " and at most " : " and less than ")
           << int64_t(key.most);
    return diag << ", found '" << text << "'";
  }
  *key.value = value;
  return success();
}

static LogicalResult parseEntry(OptimizerSpec &spec, StringRef entry,
                                StringRef optimizer,
                                function_ref<InFlightDiagnostic()> emitError) {
  auto [name, value] = entry.split('=');
  if (spec.kind == OptimizerSpec::Kind::SGD && name == "nesterov") {
    if (value != "true" && value != "false")
      return emitError() << "optimizer: expected nesterov to be true or false, "
                            "found '"
                         << value << "'";
    spec.nesterov = value == "true";
    return success();
  }
  SmallVector<Key> keys = getKeys(spec);
  for (const Key &key : keys)
    if (key.name == name)
      return parseValue(key, value, emitError);
  InFlightDiagnostic diag = emitError()
                            << "optimizer: '" << optimizer << "' has no key '"
                            << name << "', expected ";
  llvm::interleaveComma(keys, diag, [&](const Key &key) { diag << key.name; });
  if (spec.kind == OptimizerSpec::Kind::SGD)
    diag << ", nesterov";
  return diag;
}

SmallVector<StringRef> OptimizerSpec::getSharedStates() const {
  SmallVector<StringRef> states{learningRateName};
  if (kind != Kind::SGD)
    states.append({correction1Name, correction2Name});
  else if (momentum != 0 && dampening != 0)
    states.push_back(gradientFactorName);
  return states;
}

SmallVector<StringRef> OptimizerSpec::getStateSuffixes() const {
  if (kind != Kind::SGD)
    return {meanSuffix, squareSuffix};
  if (momentum != 0)
    return {momentumSuffix};
  return {};
}

FailureOr<OptimizerSpec>
OptimizerSpec::parse(StringRef text,
                     function_ref<InFlightDiagnostic()> emitError) {
  auto [name, entries] = text.split(':');
  OptimizerSpec spec;
  if (name == "adam") {
    spec.kind = Kind::Adam;
  } else if (name == "adamw") {
    spec.kind = Kind::AdamW;
    spec.weightDecay = 0.01;
  } else if (name != "sgd") {
    return emitError() << "optimizer: expected sgd, adam or adamw, with "
                          "KEY=VALUE separated by commas behind a colon, "
                          "found '"
                       << text << "'";
  }
  SmallVector<StringRef> parts;
  entries.split(parts, ',', /*MaxSplit=*/-1, /*KeepEmpty=*/!entries.empty());
  llvm::StringSet<> given;
  for (StringRef part : parts) {
    StringRef key = part.split('=').first;
    if (!given.insert(key).second)
      return emitError() << "optimizer: '" << key << "' is given twice";
    if (failed(parseEntry(spec, part, name, emitError)))
      return failure();
  }
  if (spec.nesterov && (spec.momentum == 0 || spec.dampening != 0))
    return emitError() << "optimizer: nesterov needs a momentum and no "
                          "dampening, found momentum="
                       << spec.momentum << ", dampening=" << spec.dampening;
  return spec;
}
