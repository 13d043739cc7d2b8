//===- MachineUnit.cpp - What executes a class's instructions -------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/exec/MachineUnit.h"

#include "phx/isa/Blocks.h"

#include <cstdio>
#include <cstdlib>
#include <map>

using namespace phx;
using namespace phx::exec;

namespace {
struct UnitClass {
  MachineUnitFactory make;
  bool bypassesFormats;
};
} // namespace

static std::map<std::string, UnitClass> &getClasses() {
  static std::map<std::string, UnitClass> classes;
  return classes;
}

void exec::registerMachineUnit(const std::string &machineClass,
                               MachineUnitFactory factory,
                               bool bypassesFormats) {
  auto [known, added] =
      getClasses().insert({machineClass, {factory, bypassesFormats}});
  if (added || known->second.make == factory)
    return;
  // Programs of one class would be executed as those of the other.
  std::fprintf(stderr,
               "the machine class '%s' has two units; give each class a name "
               "of its own\n",
               machineClass.c_str());
  std::abort();
}

bool exec::canBypassFormats(const Program &program) {
  for (const Instruction &instruction : program.code) {
    const std::string &name = instruction.getDescription().machineClass;
    auto found = name.empty() ? getClasses().end() : getClasses().find(name);
    if (found != getClasses().end() && !found->second.bypassesFormats)
      return false;
    // What is converted in memory has no other value than the format's.
    if (touchesBlocks(instruction.body))
      return false;
  }
  return true;
}

Result<std::unique_ptr<MachineUnit>>
exec::makeMachineUnit(const std::string &machineClass, Context &context,
                      const UnitOptions &options) {
  auto found = getClasses().find(machineClass);
  if (found != getClasses().end()) {
    if (options.bypassFormats && !found->second.bypassesFormats)
      return Error{"arrays of class '" + machineClass +
                   "' have no number formats that could be bypassed; run the "
                   "program without --fp32"};
    return found->second.make(context, options);
  }
  std::string known;
  for (const auto &[name, unit] : getClasses())
    known += (known.empty() ? "" : ", ") + name;
  return Error{"the program has instructions of machine class '" +
               machineClass + "', which this simulator does not execute; it "
               "has " + (known.empty() ? "none" : known)};
}
