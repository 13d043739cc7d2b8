//===- Values.h - Targets as lists of values --------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A target without its text: what a notation beside the files holds of it (the
// attribute of the compiler's IR). Fields are found by reflection, so that a
// further machine class changes nothing here.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_TARGET_VALUES_H
#define PHX_TARGET_VALUES_H

#include "phx/target/Target.h"

#include <variant>

namespace phx {

/// What a Real, Int, Text, Ints or Words holds.
using FieldValue = std::variant<double, int64_t, std::string,
                                std::vector<int64_t>, std::vector<std::string>>;

/// One field of a target and its value.
struct TargetValue {
  std::string name; ///< "core.link_budget.coupler_db"
  FieldValue value;
  bool structural = false;
};

/// A group of arrays, without its fields.
struct GroupHeader {
  std::string name;         ///< "core"
  std::string machineClass; ///< "rns"
};

/// All of a target that decides about programs and costs: not its description,
/// and not where values come from.
struct TargetValues {
  std::string name;
  std::vector<std::string> extensions; ///< in the target's order, as the others
  std::vector<GroupHeader> groups;
  std::vector<std::string> memories;
  std::vector<TargetValue> fields;
};

/// The values of `target`; fields in the order of the schema.
TargetValues getValues(const Target &target);

/// The target that has these values. Checked as descriptions are; messages, one
/// per line, start with `path`.
Result<Target> makeTarget(const TargetValues &values, const std::string &path);

/// A field in which two targets differ; `name` for that of the target.
struct TargetDifference {
  std::string field;
  std::string first, second; ///< values, or "nothing"
  bool structural = false;
};

/// Where `first` and `second` differ: structure in front of prices.
std::vector<TargetDifference> findDifferences(const Target &first,
                                              const Target &second);

/// The value as overrides take it: "31,32,33".
std::string formatValue(const FieldValue &value);

/// A description file of `target`.
std::string printTarget(const Target &target);

} // namespace phx

#endif // PHX_TARGET_VALUES_H
