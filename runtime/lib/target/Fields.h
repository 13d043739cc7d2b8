//===- Fields.h - Fields of a target description ---------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_TARGET_FIELDS_H
#define PHX_LIB_TARGET_FIELDS_H

#include "phx/target/Target.h"

#include <google/protobuf/text_format.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace phx::target {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::TextFormat;

/// Where a field is: of the target itself, of a group of arrays, of the machine
/// of a group, or of a memory.
enum class Place { Target, Group, Machine, Memory };

/// One sourced field of a description, found by reflection.
struct Field {
  std::string name; ///< "core.link_budget.coupler_db"
  Place place = Place::Target;
  /// Index in Target.groups, or Target.memories; none for Place::Target.
  size_t index = 0;
  /// From the message of `place` to the field: {link_budget, coupler_db}.
  std::vector<const FieldDescriptor *> path;

  const FieldDescriptor *getLeaf() const { return path.back(); }
  bool isStructural() const;
  std::string getDoc() const;
  /// True if the field is a message with a source, as all should be.
  bool isSourced() const;
  /// Full names of the structural fields that a price was stated for.
  std::vector<std::string> getStatedFor(const Target &target) const;
  /// Null if the description does not have it.
  const Message *find(const Target &target) const;
  /// True if memories of such a kind do not have the field.
  bool isForeign(const Target &target) const;
  /// True if the part of the target that the field belongs to is absent, and
  /// may be, or its kind of memory does not have the field.
  bool isOptional(const Target &target) const;
  /// Calls `change` on the field's message, created if it is missing.
  void edit(Target &target, const std::function<void(Message &)> &change) const;
};

/// All fields that a description with these groups and machines can have, in
/// the order of the schema.
std::vector<Field> collectFields(const Target &target);
/// Their names, and "extensions".
std::vector<std::string> getSettableNames(const std::vector<Field> &fields);

/// Shortest decimal text that reads back as `value`.
std::string formatReal(double value);
/// The value of a Real, Int, Ints, Text or Words message.
std::string formatValue(const Message &value);
std::string getSource(const Message &value);

/// Where each field was given, for messages.
struct Locations {
  std::string path;
  std::vector<Field> fields; ///< of the description, see collectFields
  const TextFormat::ParseInfoTree *tree = nullptr;
  std::map<std::string, std::string> flags; ///< field name to its override
  /// Values that overrides replaced, of structural fields by name.
  std::map<std::string, std::string> replaced;
  /// True if the description was made from values and has no text: a field that
  /// is there was given.
  bool isMadeFromValues = false;

  /// "path:line:column", or the flag that set the field; the enclosing group
  /// or the file if the field is absent.
  std::string of(const Field &field) const;
  /// Of a field, a part ("format"), or "extensions".
  std::string of(const std::string &name) const;
  /// Of a group of arrays, and of its machine if there is one.
  std::string ofGroup(size_t group) const;
  std::string ofMachine(size_t group) const;
  std::string ofMemory(size_t memory) const;
  /// True if the machine was given as a name and bytes.
  bool isMachinePacked(size_t group) const;
  /// True if the text or a flag gave the number itself.
  bool hasValue(const Field &field) const;
};

/// "; did you mean 'core.rows'?": the fields that have the name in some group,
/// else those whose full name, or name in a group, is near.
std::string suggestField(const std::string &name,
                         const std::vector<Field> &fields);

/// Applies "field=value" texts to `target` and notes them in `locations`.
Status applyOverrides(Target &target, Locations &locations,
                      const std::vector<std::string> &overrides);

/// What is wrong with the names of groups and memories and with the machines of
/// groups, on which the names of all their fields depend; fills target.machines.
/// Empty if nothing is.
std::string checkParts(Target &target, const Locations &locations);
/// Every violated rule of the memories, each given to `report` with the name of
/// the field.
void checkMemories(
    const Target &target,
    const std::function<void(const std::string &field,
                             const std::string &message)> &report);
/// Every violated rule, one line each; empty if the description is sound.
std::string checkTarget(const Target &target, const Locations &locations);

/// Sorted lines "name=value\n" of what is structural, and their hash.
std::vector<std::string> getStructure(const Target &target);
uint64_t hashStructure(const Target &target);

} // namespace phx::target

#endif // PHX_LIB_TARGET_FIELDS_H
