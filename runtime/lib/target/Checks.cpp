//===- Checks.cpp - Rules that a target description obeys ------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Fields.h"
#include "Machines.h"

#include "phx/support/Suggestions.h"
#include "phx/target/MachineClass.h"

#include <algorithm>
#include <set>

using namespace phx;
using namespace phx::target;

static const char *const roundings[] = {"trunc", "nearest", "stochastic"};

namespace {
/// Collects every violated rule.
class Checker {
public:
  Checker(const Target &target, const Locations &locations)
      : target(target), spec(target.spec), locations(locations) {}

  std::string run() {
    checkNames();
    checkEngines();
    for (const Field &field : locations.fields)
      checkField(field);
    // The rules between fields read fields; they need all of them.
    if (errors.empty())
      checkRounding();
    if (errors.empty())
      checkMemories(target, [&](const std::string &field,
                                const std::string &message) {
        reportAt(field, message);
      });
    if (errors.empty())
      checkMachines();
    return errors;
  }

  void report(const std::string &location, const std::string &message) {
    errors += (errors.empty() ? "" : "\n") + location + ": " + message;
  }
  void reportAt(const std::string &name, const std::string &message) {
    report(locations.of(name), message);
  }

private:
  void checkNames();
  void checkExtensions();
  void checkEngines();
  void checkField(const Field &field);
  void checkLimits(const Field &field, double value, const std::string &text);
  void checkRounding();
  void checkMachines();

  const Target &target;
  const proto::Target &spec;
  const Locations &locations;
  std::string errors;
};

/// Lets the rules of a class report where the others do.
class LocatedChecker : public GroupChecker {
public:
  LocatedChecker(Checker &checker, const Target &target, size_t group,
                 const Locations &locations)
      : GroupChecker(target, group), checker(checker), locations(locations) {}

  void report(const std::string &field, const std::string &message) override {
    checker.report(field.empty() ? locations.ofGroup(group)
                                 : locations.of(field),
                   message);
  }
  bool isOverridden(const std::string &field) const override {
    return locations.flags.count(field);
  }

private:
  Checker &checker;
  const Locations &locations;
};
} // namespace

void Checker::checkNames() {
  if (spec.name().empty())
    report(locations.path, "the target has no name; add: name: \"...\"");
  checkExtensions();
}

void Checker::checkExtensions() {
  std::vector<std::string> known;
  std::string list;
  for (const MachineClass &machineClass : getMachineClasses()) {
    known.push_back(machineClass.name);
    list += (list.empty() ? "'" : ", '") + machineClass.name + "'";
  }
  std::set<std::string> used, listed;
  for (size_t group = 0; group < target.machines.size(); ++group)
    used.insert(
        findMachineClass(target.machines[group]->GetDescriptor())->name);
  for (const std::string &extension : spec.extensions()) {
    if (std::find(known.begin(), known.end(), extension) == known.end())
      reportAt("extensions", "extension '" + extension +
                                 "' is unknown; this version has " +
                                 (list.empty() ? "none" : list) +
                                 didYouMean(extension, known));
    else if (!used.count(extension))
      reportAt("extensions", "extension '" + extension +
                                 "' has no group of arrays of that class");
    listed.insert(extension);
  }
  for (const std::string &missing : used) {
    if (listed.count(missing))
      continue;
    reportAt("extensions",
             "the target does not have the extension '" + missing +
                 "', without which its arrays of that class have no "
                 "instructions; add: extensions: \"" +
                 missing + "\"");
  }
}

void Checker::checkEngines() {
  if (spec.groups().empty() && !spec.has_vector_unit())
    report(locations.path,
           "the target has nothing that computes; add groups { ... } or "
           "vector_unit { ... }");
}

void Checker::checkField(const Field &field) {
  if (field.isOptional(target))
    return;
  if (!field.isSourced())
    return report(locations.of(field),
                  field.name + " is declared as something else than Real, Int, "
                               "Ints, Text or Words, so that it cannot have a source");
  const Message *value = field.find(target);
  if (field.isForeign(target))
    return report(locations.of(field),
                  "a memory of this kind has no field " + field.name + " (" +
                      field.getDoc() + "); remove it");
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
  const auto &options = field.getLeaf()->options();
  double low = options.GetExtension(proto::min);
  double high = options.GetExtension(proto::max);
  // Written so that NaN fails.
  if (value >= low && value <= high)
    return;
  report(locations.of(field), field.name + " (" + field.getDoc() + ") is " +
                                  text + ", legal is " + formatReal(low) +
                                  " to " + formatReal(high));
}

void Checker::checkRounding() {
  if (!spec.has_format())
    return;
  const std::string &rounding = spec.format().rounding().value();
  std::vector<std::string> known(std::begin(roundings), std::end(roundings));
  if (std::find(known.begin(), known.end(), rounding) == known.end())
    reportAt("format.rounding", "format.rounding is '" + rounding +
                                    "', legal is trunc, nearest or stochastic" +
                                    didYouMean(rounding, known));
}

void Checker::checkMachines() {
  for (size_t group = 0; group < target.machines.size(); ++group) {
    const MachineClass &machineClass =
        *findMachineClass(target.machines[group]->GetDescriptor());
    LocatedChecker checker(*this, target, group, locations);
    if (machineClass.check)
      machineClass.check(checker);
  }
}

std::string target::checkTarget(const Target &target,
                                const Locations &locations) {
  return Checker(target, locations).run();
}

/// What is wrong with the name of a group or memory, `what`; empty if nothing
/// is.
static std::string checkPartName(const std::string &what,
                                 const std::string &example,
                                 const std::string &name,
                                 const std::set<std::string> &others) {
  if (name.empty())
    return "a " + what + " has no name; add: name: \"" + example + "\"";
  bool isWord = name[0] >= 'a' && name[0] <= 'z';
  for (char c : name)
    isWord &= (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  if (!isWord)
    return "the name of a " + what + ", '" + name +
           "', is no word; it starts the names of fields: use small letters, "
           "digits and '_', a letter first";
  if (proto::Target::descriptor()->FindFieldByName(name))
    return "a " + what + " cannot be named '" + name +
           "', as another part of the target is";
  if (others.count(name))
    return "two groups or memories are named '" + name +
           "'; their fields need two names";
  return "";
}

std::string target::checkParts(Target &target, const Locations &locations) {
  std::string errors;
  auto report = [&](const std::string &location, const std::string &message) {
    if (!message.empty())
      errors += (errors.empty() ? "" : "\n") + location + ": " + message;
  };
  std::set<std::string> names;
  for (size_t i = 0; i < static_cast<size_t>(target.spec.groups_size()); ++i) {
    const std::string &name = target.spec.groups(static_cast<int>(i)).name();
    report(locations.ofGroup(i), checkPartName("group of arrays", "core", name, names));
    names.insert(name);
    if (locations.isMachinePacked(i))
      report(locations.ofMachine(i),
             "the machine of group '" + name +
                 "' is given as a type and bytes, in which fields have no "
                 "place; write machine { [TYPE] { ... } }");
    else
      report(locations.ofMachine(i), unpackMachine(target, i));
  }
  for (size_t i = 0; i < static_cast<size_t>(target.spec.memories_size());
       ++i) {
    const std::string &name = target.spec.memories(static_cast<int>(i)).name();
    report(locations.ofMemory(i), checkPartName("memory", "act", name, names));
    names.insert(name);
  }
  return errors;
}
