//===- Checks.cpp - Rules of residue arrays --------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "machines/rns/Checks.h"

#include "machines/rns/Operations.h"
#include "machines/rns/Target.h"
#include "phx/isa/Limits.h"
#include "phx/target/ArrayGroups.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

using namespace phx;

namespace {
/// Checks one group.
class Rules {
public:
  explicit Rules(GroupChecker &checker)
      : checker(checker), spec(checker.target.spec),
        arrays(rns::getArrays(checker.target, checker.group)) {}

  void run() {
    checkModuli();
    checkFormatIsThere();
    // The rest computes with both.
    if (failed)
      return;
    checkRange();
    checkConverters();
    checkReference();
    checkGroup();
    checkMemories();
  }

private:
  std::string name(const char *field) const { return checker.getName(field); }
  void report(const std::string &at, const std::string &message) {
    failed = true;
    checker.report(at, message);
  }

  void checkModuli();
  /// That no two moduli have a common divisor.
  void checkCoprime(const std::string &field,
                    const google::protobuf::RepeatedField<int64_t> &moduli);
  void checkFormatIsThere();
  void checkRange();
  void checkConverters();
  void checkReference();
  /// That converters of `bits` can hold the residues.
  void checkBits(const std::string &field, int64_t bits,
                 const google::protobuf::RepeatedField<int64_t> &moduli);
  void checkCurve(const char *field, const proto::rns::Curve &curve);
  void checkGroup();
  void checkMemories();

  GroupChecker &checker;
  const proto::Target &spec;
  rns::Arrays arrays;
  bool failed = false;
};
} // namespace

void Rules::checkModuli() {
  const auto &moduli = arrays.getModuli();
  const std::string field = name("moduli");
  if (!rns::moduliCount.contains(moduli.size()))
    return report(field, field + " has " + std::to_string(moduli.size()) +
                             " entries, legal is " +
                             rns::moduliCount.toText());
  __int128 product = 1;
  for (int i = 0; i < moduli.size(); ++i) {
    product *= moduli[i];
    if (product > rns::maxModuliProduct)
      return report(field, "the product of " + field + " exceeds 2^62");
  }
  checkCoprime(field, moduli);
}

void Rules::checkCoprime(
    const std::string &field,
    const google::protobuf::RepeatedField<int64_t> &moduli) {
  for (int i = 0; i < moduli.size(); ++i)
    for (int j = 0; j < i; ++j)
      if (int64_t divisor = std::gcd(moduli[i], moduli[j]); divisor != 1)
        return report(field, field + " " + std::to_string(moduli[j]) + " and " +
                                 std::to_string(moduli[i]) +
                                 " share the divisor " +
                                 std::to_string(divisor) +
                                 "; residues need pairwise coprime moduli "
                                 "(even ones are legal)");
}

void Rules::checkFormatIsThere() {
  if (!spec.has_format())
    report("", "group '" + checker.getGroup().name() +
                   "' multiplies block floating point numbers, but the target "
                   "does not say which; add: format { mantissa_bits { ... } "
                   "group { ... } rounding { ... } }");
}

/// Text of log2 with four digits.
static std::string formatLog(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof(buffer), "%.4f", value);
  return buffer;
}

void Rules::checkRange() {
  int64_t bits = spec.format().mantissa_bits().value();
  int64_t group = spec.format().group().value();
  int64_t pass = std::min(group, arrays.columns);
  int64_t largest = limits::getMaxMantissa(bits);
  int64_t bound = pass * largest * largest;
  int64_t product = arrays.getModuliProduct(), range = arrays.getSignedRange();
  if (bound <= range)
    return;
  double rule = 2.0 * static_cast<double>(bits + 1) +
                std::log2(static_cast<double>(group)) - 1;
  // The line that was set last is the one to blame.
  std::string at = name("moduli");
  for (const std::string &field :
       {name("columns"), std::string("format.mantissa_bits"),
        std::string("format.group")})
    if (checker.isOverridden(field))
      at = field;
  report(at, "one pass can reach " + std::to_string(pass) + " * " +
                 std::to_string(largest) + "^2 = " + std::to_string(bound) +
                 " (smaller of format.group " + std::to_string(group) +
                 " and " + name("columns") + " " +
                 std::to_string(arrays.columns) + "; format.mantissa_bits " +
                 std::to_string(bits) + "), but " + name("moduli") +
                 " with product " + std::to_string(product) +
                 " represent at most " + std::to_string(range) +
                 "; use larger or more moduli, or fewer bits. (The rule of "
                 "the Mirage paper, Eq 13, asks for log2 of the product >= " +
                 formatLog(rule) + ", here it is " +
                 formatLog(std::log2(static_cast<double>(product))) + ".)");
}

void Rules::checkBits(const std::string &field, int64_t bits,
                      const google::protobuf::RepeatedField<int64_t> &moduli) {
  int64_t largest = *std::max_element(moduli.begin(), moduli.end());
  // Residues are 0 to m - 1.
  int64_t needed = std::bit_width(static_cast<uint64_t>(largest - 1));
  if (bits < needed)
    report(field, field + " is " + std::to_string(bits) +
                      ", but the largest modulus " + std::to_string(largest) +
                      " needs " + std::to_string(needed) + " bits");
}

void Rules::checkConverters() {
  const rns::Machine &machine = *arrays.machine;
  checkBits(name("dac_bits"), machine.dac_bits().value(), arrays.getModuli());
  checkBits(name("adc_bits"), machine.adc_bits().value(), arrays.getModuli());
  checkCurve("dac_curve", machine.dac_curve());
  checkCurve("adc_curve", machine.adc_curve());
}

void Rules::checkCurve(const char *field, const proto::rns::Curve &curve) {
  if (curve.linear_pj().value() + curve.quadratic_pj().value() +
          curve.exponential_pj().value() <=
      0)
    report(name(field) + ".linear_pj",
           name(field) + " has no term, so that no price can follow it; give "
                         "linear_pj, quadratic_pj or exponential_pj a value "
                         "above 0");
}

void Rules::checkReference() {
  const proto::rns::Reference &reference = arrays.machine->reference();
  const auto &moduli = reference.moduli().values();
  const std::string field = name("reference.moduli");
  __int128 product = 1;
  for (int64_t modulus : moduli)
    product = std::min<__int128>(product * modulus, __int128(1) << 63);
  if (!rns::moduliCount.contains(moduli.size()) ||
      product > rns::maxModuliProduct)
    return report(field, field + " has " + std::to_string(moduli.size()) +
                             " entries; legal are " +
                             rns::moduliCount.toText() +
                             ", with a product of at most 2^62");
  checkCoprime(field, moduli);
  checkBits(name("reference.dac_bits"), reference.dac_bits().value(), moduli);
  checkBits(name("reference.adc_bits"), reference.adc_bits().value(), moduli);
}

void Rules::checkGroup() {
  int64_t group = spec.format().group().value();
  // A shorter group takes a pass of its own and leaves columns idle. A longer
  // one is summed over several passes, and only whole arrays keep passes and
  // groups aligned.
  if (group > arrays.columns && group % arrays.columns != 0)
    report("format.group",
           "format.group " + std::to_string(group) +
               " is longer than the array and no multiple of " +
               name("columns") + " " + std::to_string(arrays.columns) +
               "; use at most one array width, or whole multiples of it");
}

void Rules::checkMemories() {
  struct Need {
    MemoryRole role;
    int64_t bytes;
    const char *what;
  };
  const Need needs[] = {
      {MemoryRole::Streamed, 4 * arrays.columns, "one streamed vector"},
      {MemoryRole::Stationary, 4 * arrays.rows * arrays.columns,
       "the stationary operand"},
      {MemoryRole::Result, 4 * arrays.rows, "one result vector"}};
  std::vector<ProgramMemory> memories = getMemories(checker.target);
  for (const Need &need : needs) {
    std::optional<uint32_t> memory = findMemory(checker.target, need.role);
    if (!memory || memories[*memory].capacity >= need.bytes)
      continue;
    std::string field = memories[*memory].name + ".capacity_bytes";
    report(field, field + " is " + std::to_string(memories[*memory].capacity) +
                      ", but " + need.what + " of one " +
                      std::to_string(arrays.rows) + " x " +
                      std::to_string(arrays.columns) + " tile takes " +
                      std::to_string(need.bytes) + " bytes");
  }
}

void rns::checkMachine(GroupChecker &checker) { Rules(checker).run(); }
