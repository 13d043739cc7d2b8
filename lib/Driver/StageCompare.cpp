//===- StageCompare.cpp - Values of two stages -----------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Difference.h"
#include "StageInputs.h"
#include "photonic/Driver/StageCheck.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

#include <cstring>

using namespace mlir;
using namespace photonic;

Difference photonic::compareValues(ArrayRef<float> expected,
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

bool StageCheck::keepsOperations(StringRef stage) const {
  return stage != getStageName(Stage::Import) &&
         stage != getStageName(Stage::Autodiff);
}

std::string StageCheck::describeReference() const {
  return parseStage(referenceStage) ? "stage '" + referenceStage + "'"
                                    : referenceStage;
}

/// " in the weight gradient" for all phases but the first.
static std::string describePhase(unsigned phase) {
  if (phase == unsigned(nn::Phase::Forward))
    return {};
  std::string text = nn::stringifyPhase(nn::Phase(phase)).str();
  std::replace(text.begin(), text.end(), '_', ' ');
  return " in the " + text;
}

//===----------------------------------------------------------------------===//
// Ratios
//===----------------------------------------------------------------------===//

/// True if `a` is further away than `b`.
static bool isWorse(const Difference &a, const Difference &b) {
  return a.differing && (!b.differing || a.getRatio() < b.getRatio());
}

/// The largest magnitude among values.
static double getLargest(ArrayRef<interp::Tensor> values) {
  double largest = 0;
  for (const interp::Tensor &value : values)
    for (float element : value.getData())
      largest = std::max(largest, double(std::fabs(element)));
  return largest;
}

/// Sums that are zero in theory, such as the gradient of a bias in front of
/// BatchNormalization, are nothing but rounding: no ratio, but small beside
/// what they were computed from, which is of the size `scale`.
static bool isRounding(const Difference &d, double scale) {
  return d.largest <= 1e-6 * scale;
}

/// Where operations keep their number position by position, or else the last
/// values. Where operations become others, the last expected value against the
/// most similar actual one.
static std::optional<Difference> compareLists(ArrayRef<interp::Tensor> expected,
                                              ArrayRef<interp::Tensor> actual,
                                              bool byPosition) {
  std::optional<Difference> result;
  if (byPosition && expected.size() != actual.size()) {
    expected = expected.take_back(1);
    actual = actual.take_back(1);
  }
  if (!byPosition) {
    for (const interp::Tensor &value : actual) {
      if (value.getShape() != expected.back().getShape())
        continue;
      Difference d = compareValues(expected.back().getData(), value.getData());
      if (!result || isWorse(*result, d))
        result = d;
    }
    return result;
  }
  double scale = getLargest(expected);
  for (auto [a, b] : llvm::zip_equal(expected, actual)) {
    if (a.getShape() != b.getShape())
      return std::nullopt;
    Difference d = compareValues(a.getData(), b.getData());
    if (!result || (isWorse(d, *result) && !isRounding(d, scale)))
      result = d;
  }
  return result;
}

LogicalResult StageCheck::compareNodeRatio(StringRef stage, ValueKey key,
                                           ArrayRef<interp::Tensor> actual,
                                           llvm::raw_ostream &os) {
  auto [node, phase] = key;
  // An operation that stands for several nodes has the value of one of them.
  SmallVector<StringRef> names{node};
  llvm::append_range(names, mergedNames.lookup(node));
  std::optional<Difference> best;
  bool known = false;
  double scale = 0;
  for (StringRef name : names) {
    auto it = reference.nodes.find({name, phase});
    if (it == reference.nodes.end())
      continue;
    known = true;
    scale = std::max(scale, getLargest(it->second));
    auto d = compareLists(it->second, actual, keepsOperations(stage));
    if (d && (!best || isWorse(*best, *d)))
      best = d;
  }
  if (!known)
    return success();
  if (!best)
    return emitNodeError(context, node)
           << "stage '" << stage << "' computes another shape than "
           << describeReference() << describePhase(phase);
  if (keepsNumbers(stage) && best->differing &&
      !(best->getRatio() >= leastRatio) && !isRounding(*best, scale))
    return emitNodeError(context, node)
           << "stage '" << stage << "' computes something else than "
           << describeReference() << describePhase(phase)
           << ": the signal-to-noise ratio is "
           << llvm::formatv("{0:f1}", best->getRatio()).str()
           << " dB, expected at least " << leastRatio;
  std::string label = node.str() + describePhase(phase);
  if (best->noise > 0)
    os << llvm::formatv("  {0,8:f1} dB  {1}\n", best->getRatio(), label);
  else
    os << llvm::formatv("     exact     {0}\n", label);
  return success();
}

LogicalResult StageCheck::compareUpdateRatios(StringRef stage,
                                              const StageValues &values) {
  if (!keepsNumbers(stage))
    return success();
  double scale = 0;
  for (auto &[key, gradients] : reference.nodes)
    if (key.second == unsigned(nn::Phase::WeightGradient))
      scale = std::max(scale, getLargest(gradients));
  for (auto &[name, expected] : reference.updates) {
    auto it = values.updates.find(name);
    if (it == values.updates.end() ||
        it->second.getShape() != expected.getShape())
      return emitError(UnknownLoc::get(context))
             << "stage '" << stage << "' does not update '" << name << "' as "
             << describeReference() << " does";
    Difference d = compareValues(expected.getData(), it->second.getData());
    if (d.differing && !(d.getRatio() >= leastRatio) && !isRounding(d, scale))
      return emitError(UnknownLoc::get(context))
             << "stage '" << stage << "' computes something else than "
             << describeReference() << " for '" << name
             << "' after the step: the signal-to-noise ratio is "
             << llvm::formatv("{0:f1}", d.getRatio()).str()
             << " dB, expected at least " << leastRatio;
  }
  return success();
}

LogicalResult StageCheck::compareRatios(StringRef stage,
                                        const StageValues &values,
                                        llvm::raw_ostream &os) {
  os << llvm::formatv("{0} against {1}: signal-to-noise ratio per node\n",
                      stage, referenceStage);
  for (auto &[key, actual] : values.nodes)
    if (failed(compareNodeRatio(stage, key, actual, os)))
      return failure();
  return compareUpdateRatios(stage, values);
}

//===----------------------------------------------------------------------===//
// Bits
//===----------------------------------------------------------------------===//

LogicalResult StageCheck::compareTensorBits(StringRef stage, StringRef node,
                                            StringRef what,
                                            const interp::Tensor &expected,
                                            const interp::Tensor &actual) {
  auto error = [&] {
    return node.empty() ? emitError(UnknownLoc::get(context))
                        : emitNodeError(context, node);
  };
  if (actual.getShape() != expected.getShape())
    return error() << "stage '" << stage << "' computes another shape than "
                   << describeReference() << what;
  Difference d = compareValues(expected.getData(), actual.getData());
  if (!d.differing)
    return success();
  return error() << "stage '" << stage << "' disagrees with "
                 << describeReference() << what << " in " << d.differing
                 << " of " << expected.getData().size()
                 << " elements; the first is number " << d.first
                 << ": expected "
                 << llvm::formatv("{0:e8}", expected.getData()[d.first]).str()
                 << ", found "
                 << llvm::formatv("{0:e8}", actual.getData()[d.first]).str()
                 << "; the largest difference is "
                 << llvm::formatv("{0:e2}", d.largest).str();
}

LogicalResult StageCheck::compareBits(StringRef stage,
                                      const StageValues &values,
                                      llvm::raw_ostream &os) {
  size_t compared = 0;
  for (auto &[key, expected] : reference.nodes) {
    auto it = values.nodes.find(key);
    if (it == values.nodes.end())
      continue; // fused with the node behind it
    ++compared;
    // A stage that makes more or fewer operations ends with the same value.
    bool sameCount = it->second.size() == expected.size();
    size_t first = sameCount ? 0 : expected.size() - 1;
    for (size_t i = first; i < expected.size(); ++i)
      if (failed(compareTensorBits(
              stage, key.first, describePhase(key.second), expected[i],
              sameCount ? it->second[i] : it->second.back())))
        return failure();
  }
  for (auto &[name, expected] : reference.updates) {
    auto it = values.updates.find(name);
    if (it == values.updates.end())
      return emitError(UnknownLoc::get(context))
             << "stage '" << stage << "' does not update '" << name << "' as "
             << describeReference() << " does";
    if (failed(compareTensorBits(stage, "",
                                 (" about '" + name + "' after the step").str(),
                                 expected, it->second)))
      return failure();
  }
  os << llvm::formatv("{0} against {1}: {2} nodes", stage, referenceStage,
                      compared);
  if (!reference.updates.empty())
    os << llvm::formatv(" and {0} updates", reference.updates.size());
  os << " equal bit for bit\n";
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
