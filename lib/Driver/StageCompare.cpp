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

#include <cmath>
#include <cstring>
#include <limits>

using namespace mlir;
using namespace photonic;

Difference photonic::compareValues(ArrayRef<float> expected,
                                   ArrayRef<float> actual) {
  Difference d;
  for (size_t i = 0; i < expected.size(); ++i) {
    bool finite = std::isfinite(expected[i]) && std::isfinite(actual[i]);
    if (finite)
      d.signal += double(expected[i]) * expected[i];
    if (std::memcmp(&expected[i], &actual[i], sizeof(float)) == 0 ||
        (std::isnan(expected[i]) && std::isnan(actual[i])))
      continue;
    double error = finite ? double(expected[i]) - actual[i]
                          : std::numeric_limits<double>::infinity();
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

static std::string describeOutput(StringRef name) {
  return ("output '" + name + "'").str();
}

static std::string describeUpdate(StringRef name) {
  return ("'" + name + "' after the step").str();
}

/// "1 node", "2 nodes".
static std::string spellCount(size_t count, StringRef noun) {
  return (Twine(count) + " " + noun + (count == 1 ? "" : "s")).str();
}

static bool haveSameShape(const interp::Tensor &a, const interp::Tensor &b) {
  return a.getShape() == b.getShape();
}

std::string StageCheck::describeMissingOutput(StringRef stage,
                                              StringRef name) const {
  return ("stage '" + stage + "' computes no output '" + name + "', which " +
          describeReference() + " does")
      .str();
}

std::string StageCheck::describeMissingUpdate(StringRef stage,
                                              StringRef name) const {
  return ("stage '" + stage + "' does not update '" + name + "' as " +
          describeReference() + " does")
      .str();
}

std::string StageCheck::describeShape(StringRef stage,
                                      const std::string &what) const {
  return ("stage '" + stage + "' computes another shape than " +
          describeReference() + what)
      .str();
}

//===----------------------------------------------------------------------===//
// Ratios
//===----------------------------------------------------------------------===//

/// True if `a` is further away than `b`.
static bool isWorse(const Difference &a, const Difference &b) {
  return a.differing && (!b.differing || a.getRatio() < b.getRatio());
}

/// The largest magnitude among values that are finite.
static double getLargest(ArrayRef<interp::Tensor> values) {
  double largest = 0;
  for (const interp::Tensor &value : values)
    for (float element : value.getData())
      if (std::isfinite(element))
        largest = std::max(largest, double(std::fabs(element)));
  return largest;
}

/// Sums that are zero in theory, such as the gradient of a bias in front of
/// BatchNormalization, are nothing but rounding: no ratio, but small beside
/// what they were computed from, which is of the size `scale`.
static bool isRounding(const Difference &d, double scale) {
  return d.largest <= 1e-6 * scale;
}

/// Too far away for a stage that only reorders sums.
static bool isWrong(const Difference &d, double scale) {
  return d.differing && !(d.getRatio() >= leastRatio) && !isRounding(d, scale);
}

static void printRatio(const std::string &label, const Difference &d,
                       llvm::raw_ostream &os) {
  if (d.noise > 0)
    os << llvm::formatv("  {0,8:f1} dB  {1}\n", d.getRatio(), label);
  else
    os << llvm::formatv("     exact     {0}\n", label);
}

std::string StageCheck::describeRatio(StringRef stage, const std::string &what,
                                      const Difference &d) const {
  return llvm::formatv("stage '{0}' computes something else than {1}{2}: the "
                       "signal-to-noise ratio is {3:f1} dB, expected at least "
                       "{4:f0}",
                       stage, describeReference(), what, d.getRatio(),
                       leastRatio)
      .str();
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

std::optional<std::string>
StageCheck::describeNodeRatio(StringRef stage, ValueKey key,
                              ArrayRef<interp::Tensor> actual,
                              llvm::raw_ostream &os) const {
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
    return std::nullopt;
  if (!best)
    return describeShape(stage, describePhase(phase));
  if (keepsNumbers(stage) && isWrong(*best, scale))
    return describeRatio(stage, describePhase(phase), *best);
  printRatio(node.str() + describePhase(phase), *best, os);
  return std::nullopt;
}

std::vector<StageCheck::Finding>
StageCheck::findWrongRatios(StringRef stage, const StageValues &values,
                            llvm::raw_ostream &os) const {
  std::vector<Finding> findings;
  for (auto &[name, expected] : reference.outputs) {
    std::string what = describeOutput(name);
    auto it = values.outputs.find(name);
    if (it == values.outputs.end() || !haveSameShape(expected, it->second)) {
      findings.push_back({"", it == values.outputs.end()
                                  ? describeMissingOutput(stage, name)
                                  : describeShape(stage, " for " + what)});
      continue;
    }
    Difference d = compareValues(expected.getData(), it->second.getData());
    if (keepsNumbers(stage) && isWrong(d, getLargest(expected)))
      findings.push_back({"", describeRatio(stage, " for " + what, d)});
    else
      printRatio(what, d, os);
  }
  if (!keepsNumbers(stage))
    return findings;
  double scale = 0;
  for (auto &[key, gradients] : reference.nodes)
    if (key.second == unsigned(nn::Phase::WeightGradient))
      scale = std::max(scale, getLargest(gradients));
  for (auto &[name, expected] : reference.updates) {
    std::string what = describeUpdate(name);
    auto it = values.updates.find(name);
    if (it == values.updates.end() || !haveSameShape(expected, it->second)) {
      findings.push_back({"", describeMissingUpdate(stage, name)});
      continue;
    }
    Difference d = compareValues(expected.getData(), it->second.getData());
    if (isWrong(d, scale))
      findings.push_back({"", describeRatio(stage, " for " + what, d)});
  }
  return findings;
}

LogicalResult StageCheck::compareRatios(StringRef stage,
                                        const StageValues &values,
                                        llvm::raw_ostream &os) {
  os << llvm::formatv("{0} against {1}: signal-to-noise ratio per node\n",
                      stage, referenceStage);
  std::vector<Finding> nodes;
  for (auto &[key, actual] : values.nodes)
    if (auto text = describeNodeRatio(stage, key, actual, os))
      nodes.push_back({key.first, *text});
  std::vector<Finding> results = findWrongRatios(stage, values, os);
  return judge(stage, nodes, results, os);
}

//===----------------------------------------------------------------------===//
// Bits
//===----------------------------------------------------------------------===//

std::optional<std::string>
StageCheck::describeBits(StringRef stage, const std::string &what,
                         const interp::Tensor &expected,
                         const interp::Tensor &actual) const {
  if (!haveSameShape(expected, actual))
    return describeShape(stage, what);
  Difference d = compareValues(expected.getData(), actual.getData());
  if (!d.differing)
    return std::nullopt;
  return llvm::formatv(
             "stage '{0}' disagrees with {1}{2} in {3} of {4} elements; the "
             "first is number {5}: expected {6:e8}, found {7:e8}; the largest "
             "difference is {8:e2}",
             stage, describeReference(), what, d.differing,
             expected.getData().size(), d.first, expected.getData()[d.first],
             actual.getData()[d.first], d.largest)
      .str();
}

std::vector<StageCheck::Finding>
StageCheck::findWrongNodeBits(StringRef stage, const StageValues &values,
                              size_t &equal) const {
  std::vector<Finding> findings;
  for (auto &[key, expected] : reference.nodes) {
    auto it = values.nodes.find(key);
    if (it == values.nodes.end())
      continue; // fused with the node behind it
    // A stage that makes more or fewer operations ends with the same value.
    bool sameCount = it->second.size() == expected.size();
    std::optional<std::string> text;
    for (size_t i = sameCount ? 0 : expected.size() - 1;
         i < expected.size() && !text; ++i)
      text = describeBits(stage, describePhase(key.second), expected[i],
                          sameCount ? it->second[i] : it->second.back());
    if (text)
      findings.push_back({key.first, *text});
    else
      ++equal;
  }
  return findings;
}

std::vector<StageCheck::Finding>
StageCheck::findWrongBits(StringRef stage, const StageValues &values) const {
  std::vector<Finding> findings;
  auto compareAll = [&](const auto &expected, const auto &found, auto describe,
                        auto describeMissing) {
    for (auto &[name, value] : expected) {
      auto it = found.find(name);
      std::optional<std::string> text =
          it == found.end() ? describeMissing(name)
                            : describeBits(stage, " about " + describe(name),
                                           value, it->second);
      if (text)
        findings.push_back({"", *text});
    }
  };
  compareAll(
      reference.outputs, values.outputs, describeOutput,
      [&](StringRef name) { return describeMissingOutput(stage, name); });
  compareAll(
      reference.updates, values.updates, describeUpdate,
      [&](StringRef name) { return describeMissingUpdate(stage, name); });
  return findings;
}

LogicalResult StageCheck::compareBits(StringRef stage,
                                      const StageValues &values,
                                      llvm::raw_ostream &os) {
  size_t equal = 0;
  std::vector<Finding> nodes = findWrongNodeBits(stage, values, equal);
  std::vector<Finding> results = findWrongBits(stage, values);
  if (results.empty())
    os << llvm::formatv(
        "{0} against {1}: {2}, {3} and {4} equal bit for bit\n", stage,
        referenceStage, spellCount(equal, "node"),
        spellCount(reference.outputs.size(), "output"),
        spellCount(reference.updates.size(), "update"));
  return judge(stage, nodes, results, os);
}

//===----------------------------------------------------------------------===//
// Judgement
//===----------------------------------------------------------------------===//

LogicalResult StageCheck::judge(StringRef stage, ArrayRef<Finding> nodes,
                                ArrayRef<Finding> results,
                                llvm::raw_ostream &os) {
  // A pass may move an operation to where it computes something else of the
  // same effect, ReLU in front of a pool. What leaves the network decides.
  if (results.empty()) {
    for (const Finding &node : nodes)
      os << "  another value, no effect on any result: node '" << node.node
         << "'\n";
    return success();
  }
  const Finding &first = nodes.empty() ? results.front() : nodes.front();
  InFlightDiagnostic diagnostic =
      first.node.empty() ? emitError(UnknownLoc::get(context))
                         : emitNodeError(context, first.node);
  diagnostic << first.text;
  for (const Finding &result : results)
    if (&result != &first)
      diagnostic.attachNote(UnknownLoc::get(context)) << result.text;
  return failure();
}

LogicalResult StageCheck::compare(StringRef stage, StageValues values,
                                  bool exact, llvm::raw_ostream &os) {
  if (reference.outputs.empty() && reference.updates.empty())
    return emitError(UnknownLoc::get(context))
           << "nothing can be compared: @main of " << describeReference()
           << " returns nothing; expected an output or a parameter that is "
              "updated";
  ++numComparisons;
  if (exact)
    return compareBits(stage, values, os);
  if (failed(compareRatios(stage, values, os)))
    return failure();
  reference = std::move(values);
  referenceStage = stage.str();
  return success();
}
