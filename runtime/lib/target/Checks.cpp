//===- Checks.cpp - Rules that a target description obeys ------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Fields.h"

#include "phx/support/Suggestions.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

using namespace phx;
using namespace phx::target;

static const char *const roundings[] = {"trunc", "nearest", "stochastic"};
/// Extensions that this version of the instruction set knows.
static const char *const extensions[] = {"rns"};

namespace {
/// Collects every violated rule.
class Checker {
public:
  Checker(const proto::Target &spec, const Locations &locations)
      : spec(spec), locations(locations) {}

  std::string run() {
    checkNames();
    for (const Field &field : getFields())
      checkField(field);
    // The rules between fields read fields; they need all of them.
    if (errors.empty()) {
      checkModuli();
      checkRounding();
    }
    if (errors.empty()) {
      checkRange();
      checkConverters();
      checkGroup();
      checkScratchpads();
    }
    return errors;
  }

private:
  void report(const std::string &location, const std::string &message) {
    errors += (errors.empty() ? "" : "\n") + location + ": " + message;
  }
  void reportAt(const std::string &name, const std::string &message) {
    report(locations.of(name), message);
  }

  void checkNames();
  void checkField(const Field &field);
  void checkLimits(const Field &field, double value, const std::string &text);
  void checkModuli();
  void checkRounding();
  void checkRange();
  void checkConverters();
  void checkGroup();
  void checkScratchpads();

  const proto::Target &spec;
  const Locations &locations;
  std::string errors;
};
} // namespace

void Checker::checkNames() {
  if (spec.name().empty())
    report(locations.path, "the target has no name; add: name: \"...\"");
  std::vector<std::string> known(std::begin(extensions), std::end(extensions));
  bool hasRns = false;
  for (const std::string &extension : spec.extensions()) {
    hasRns |= extension == "rns";
    if (std::find(known.begin(), known.end(), extension) == known.end())
      reportAt("extensions", "extension '" + extension +
                                 "' is unknown; this version has 'rns'" +
                                 didYouMean(extension, known));
  }
  if (!hasRns)
    reportAt("extensions", "the target does not have the extension 'rns', "
                           "without which it has no core instructions; add: "
                           "extensions: \"rns\"");
}

void Checker::checkField(const Field &field) {
  const Message *value = field.find(spec);
  if (!value)
    return report(locations.of(field),
                  "field " + field.name + " (" + field.getDoc() +
                      ") is missing; add it with its value and source");
  if (!locations.hasValue(field))
    return report(locations.of(field),
                  field.name + " (" + field.getDoc() + ") has no value");
  if (getSource(*value).find_first_not_of(" \t\n") == std::string::npos)
    report(locations.of(field),
           field.name + " has no source; name the paper's section or table, "
                        "or write \"assumption: ...\" with the reason");
  if (const auto *real = dynamic_cast<const proto::Real *>(value)) {
    checkLimits(field, real->value(), formatReal(real->value()));
  } else if (const auto *integer = dynamic_cast<const proto::Int *>(value)) {
    checkLimits(field, static_cast<double>(integer->value()),
                std::to_string(integer->value()));
  } else if (const auto *list = dynamic_cast<const proto::Ints *>(value)) {
    for (int64_t entry : list->values())
      checkLimits(field, static_cast<double>(entry), std::to_string(entry));
  }
}

void Checker::checkLimits(const Field &field, double value,
                          const std::string &text) {
  const auto &options = field.field->options();
  double low = options.GetExtension(proto::min);
  double high = options.GetExtension(proto::max);
  // Written so that NaN fails.
  if (value >= low && value <= high)
    return;
  report(locations.of(field), field.name + " (" + field.getDoc() + ") is " +
                                  text + ", legal is " + formatReal(low) +
                                  " to " + formatReal(high));
}

void Checker::checkModuli() {
  const auto &moduli = spec.core().moduli().values();
  if (moduli.size() > 16)
    return reportAt("core.moduli", "core.moduli has " +
                                       std::to_string(moduli.size()) +
                                       " entries, legal is 1 to 16");
  __int128 product = 1;
  for (int i = 0; i < moduli.size(); ++i) {
    product *= moduli[i];
    if (product > (__int128(1) << 62))
      return reportAt("core.moduli", "the product of core.moduli exceeds 2^62");
    for (int j = 0; j < i; ++j)
      if (int64_t divisor = std::gcd(moduli[i], moduli[j]); divisor != 1)
        return reportAt("core.moduli",
                        "core.moduli " + std::to_string(moduli[j]) + " and " +
                            std::to_string(moduli[i]) + " share the divisor " +
                            std::to_string(divisor) +
                            "; residues need pairwise coprime moduli (even "
                            "ones are legal)");
  }
}

void Checker::checkRounding() {
  const std::string &rounding = spec.format().rounding().value();
  std::vector<std::string> known(std::begin(roundings), std::end(roundings));
  if (std::find(known.begin(), known.end(), rounding) == known.end())
    reportAt("format.rounding", "format.rounding is '" + rounding +
                                    "', legal is trunc, nearest or stochastic" +
                                    didYouMean(rounding, known));
}

/// Text of log2 with four digits.
static std::string formatLog(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof(buffer), "%.4f", value);
  return buffer;
}

void Checker::checkRange() {
  int64_t bits = spec.format().mantissa_bits().value();
  int64_t group = spec.format().group().value();
  int64_t columns = spec.core().columns().value();
  int64_t pass = std::min(group, columns);
  int64_t largest = (int64_t(1) << bits) - 1;
  int64_t bound = pass * largest * largest;
  int64_t product = 1;
  for (int64_t modulus : spec.core().moduli().values())
    product *= modulus;
  int64_t range = (product - 1) / 2;
  if (bound <= range)
    return;
  double rule = 2.0 * static_cast<double>(bits + 1) +
                std::log2(static_cast<double>(group)) - 1;
  // The line that was set last is the one to blame.
  std::string at = "core.moduli";
  for (const char *name :
       {"core.columns", "format.mantissa_bits", "format.group"})
    if (locations.flags.count(name))
      at = name;
  reportAt(at, "one pass can reach " + std::to_string(pass) + " * " +
                   std::to_string(largest) + "^2 = " + std::to_string(bound) +
                   " (smaller of format.group " + std::to_string(group) +
                   " and core.columns " + std::to_string(columns) +
                   "; format.mantissa_bits " + std::to_string(bits) +
                   "), but core.moduli with product " +
                   std::to_string(product) + " represent at most " +
                   std::to_string(range) +
                   "; use larger or more moduli, or fewer bits. (The rule of "
                   "the Mirage paper, Eq 13, asks for log2 of the product >= " +
                   formatLog(rule) + ", here it is " +
                   formatLog(std::log2(static_cast<double>(product))) + ".)");
}

void Checker::checkConverters() {
  int64_t largest = 0;
  for (int64_t modulus : spec.core().moduli().values())
    largest = std::max(largest, modulus);
  // Residues are 0 to m - 1.
  int64_t needed = std::bit_width(static_cast<uint64_t>(largest - 1));
  auto check = [&](const char *name, int64_t bits) {
    if (bits < needed)
      reportAt(name, std::string(name) + " is " + std::to_string(bits) +
                         ", but the largest modulus " +
                         std::to_string(largest) + " needs " +
                         std::to_string(needed) + " bits");
  };
  check("core.dac_bits", spec.core().dac_bits().value());
  check("core.adc_bits", spec.core().adc_bits().value());
}

void Checker::checkGroup() {
  int64_t group = spec.format().group().value();
  int64_t columns = spec.core().columns().value();
  // A shorter group takes a pass of its own and leaves columns idle. A longer
  // one is summed over several passes, and only whole arrays keep passes and
  // groups aligned.
  if (group > columns && group % columns != 0)
    reportAt("format.group",
             "format.group " + std::to_string(group) +
                 " is longer than the array and no multiple of core.columns " +
                 std::to_string(columns) +
                 "; use at most one array width, or whole multiples of it");
}

void Checker::checkScratchpads() {
  int64_t rows = spec.core().rows().value();
  int64_t columns = spec.core().columns().value();
  auto check = [&](const char *name, int64_t capacity, int64_t needed,
                   const char *what) {
    if (capacity < needed)
      reportAt(name, std::string(name) + " is " + std::to_string(capacity) +
                         ", but " + what + " of one " + std::to_string(rows) +
                         " x " + std::to_string(columns) + " tile takes " +
                         std::to_string(needed) + " bytes");
  };
  const proto::Scratchpads &pads = spec.scratchpads();
  check("scratchpads.activation_bytes", pads.activation_bytes().value(),
        4 * columns, "one streamed vector");
  check("scratchpads.weight_bytes", pads.weight_bytes().value(),
        4 * rows * columns, "the stationary operand");
  check("scratchpads.gradient_bytes", pads.gradient_bytes().value(), 4 * rows,
        "one result vector");
}

std::string target::checkTarget(const proto::Target &spec,
                                const Locations &locations) {
  return Checker(spec, locations).run();
}
