//===- Target.h - Target descriptions ---------------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Loads, checks, overrides and lists target descriptions. Compiler and runtime
// share this: a machine is described once.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_TARGET_TARGET_H
#define PHX_TARGET_TARGET_H

#include "phx/support/Result.h"
#include "target.pb.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace phx {

/// A description that passed every check.
struct Target {
  proto::Target spec;
  /// What spec.groups(i).machine() holds, as the message of its class. Change
  /// it with setMachine only, so that the two agree.
  std::vector<std::shared_ptr<const google::protobuf::Message>> machines;
  std::string path; ///< file it came from
  uint64_t structuralHash = 0;
  /// Values in the description of structural fields that an override replaced,
  /// by field name: what the prices of the description were stated for.
  std::map<std::string, std::string> described;

  /// The machine of group `group`; null if it is of another class.
  template <typename Machine> const Machine *findMachine(size_t group) const {
    const google::protobuf::Message *machine =
        group < machines.size() ? machines[group].get() : nullptr;
    return machine && machine->GetDescriptor() == Machine::descriptor()
               ? static_cast<const Machine *>(machine)
               : nullptr;
  }
  /// Sets the machine of group `group` of `spec`.
  void setMachine(size_t group, const google::protobuf::Message &machine);
};

/// Loads `nameOrPath`: a file if it contains '/' or ends in ".textproto",
/// otherwise NAME.textproto from the search path ($PHOTONIC_TARGET_PATH,
/// colon separated; the installed share directory; the source tree). Applies
/// `overrides` ("core.count=16", "dma.bytes_per_ns=100"; numbers of a list with
/// commas), whose source becomes "set on the command line".
/// Errors name file, line and field, the value found and what is legal; an
/// unknown name lists the nearest known ones.
Result<Target> loadTarget(const std::string &nameOrPath,
                          const std::vector<std::string> &overrides = {});

/// Parses a description from text; `path` is used in messages.
Result<Target> parseTarget(const std::string &text, const std::string &path,
                           const std::vector<std::string> &overrides = {});

/// Names of all targets on the search path, sorted.
std::vector<std::string> listTargets();

/// Structural fields as "name=value", "GROUP.class=name", and
/// "extension=name", sorted: what the structural hash is made of.
std::vector<std::string> listStructure(const Target &target);

/// A structural field that has another value than prices were stated for.
struct StalePrices {
  std::string field;               ///< "core.columns"
  std::string statedFor;           ///< "16"
  std::string used;                ///< "32"
  std::vector<std::string> prices; ///< "core.fill_ns", ...
};

/// Prices without a rule that the description states for another structure,
/// that of `target` without its overrides. A price that an override states anew
/// is none of them. In the order of the schema.
std::vector<StalePrices> findStalePrices(const Target &target);
/// "core.columns is 32 instead of 16, for which core.fill_ns was stated".
std::string describe(const StalePrices &stale);
/// A warning that lists all of them and says what to do; empty if there are
/// none.
std::string describe(const std::vector<StalePrices> &stale);

/// The source of a number that an override has set.
inline constexpr const char *overrideSource = "set on the command line";

/// One number of a description, for `photonic targets show`.
struct TargetField {
  std::string name;   ///< "core.clock_ghz"
  std::string value;  ///< as text
  std::string source; ///< where the number comes from
  std::string doc;    ///< what it means
  bool structural = false;
};
std::vector<TargetField> describeTarget(const Target &target);

} // namespace phx

#endif // PHX_TARGET_TARGET_H
