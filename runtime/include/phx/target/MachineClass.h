//===- MachineClass.h - Kinds of arrays in a target -------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A target lists groups of equal arrays; each group is a machine of some class.
// A class adds its part of the schema, a message in google.protobuf.Any, and
// the rules which that message obeys. Nothing here knows any class.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_TARGET_MACHINECLASS_H
#define PHX_TARGET_MACHINECLASS_H

#include "phx/target/Target.h"

#include <string>
#include <vector>

namespace phx {

/// What the rules of a class see of a description, and where they report.
class GroupChecker {
public:
  GroupChecker(const Target &target, size_t group)
      : target(target), group(group) {}
  virtual ~GroupChecker() = default;

  const proto::Group &getGroup() const {
    return target.spec.groups(static_cast<int>(group));
  }
  template <typename Machine> const Machine &getMachine() const {
    return *target.findMachine<Machine>(group);
  }
  /// "core.clock_ghz" of "clock_ghz".
  std::string getName(const std::string &field) const {
    return getGroup().name() + "." + field;
  }
  /// Reports a violated rule at the field of this full name, or at the group if
  /// it is empty.
  virtual void report(const std::string &field, const std::string &message) = 0;
  /// True if the field of this full name was set by an override.
  virtual bool isOverridden(const std::string &field) const = 0;

  const Target &target;
  const size_t group; ///< index in target.spec.groups()
};

/// One kind of arrays.
struct MachineClass {
  /// "rns": also the extension that a target with such a group lists.
  std::string name;
  /// The message in Group.machine. Its fields are Real, Int, Ints or Text, or
  /// messages of such fields; none is called like a field of Group.
  const google::protobuf::Descriptor *machine = nullptr;
  /// Reports every violated rule between fields. Called when each field of the
  /// description is present and within its own limits.
  void (*check)(GroupChecker &checker) = nullptr;
};

/// Makes a class known to loadTarget and parseTarget; once more does nothing.
/// The process ends if another class has its name, or its message a field of
/// Group. To be called before targets are loaded (see machines/All.h).
void registerMachineClass(const MachineClass &machineClass);
/// In the order of registration.
const std::vector<MachineClass> &getMachineClasses();
/// The class whose machines are such messages; null if none is registered.
const MachineClass *findMachineClass(const google::protobuf::Descriptor *type);

} // namespace phx

#endif // PHX_TARGET_MACHINECLASS_H
