//===- Values.cpp - Targets as lists of values -----------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/target/Values.h"

#include "Fields.h"
#include "Machines.h"

#include "phx/support/Suggestions.h"
#include "phx/target/MachineClass.h"

#include <google/protobuf/message.h>

#include <algorithm>

using namespace phx;
using namespace phx::target;

/// What is in the place of a source: who made the values knew it.
static constexpr const char *valueSource = "given as a value";

//===----------------------------------------------------------------------===//
// From a target
//===----------------------------------------------------------------------===//

template <typename List> static auto toVector(const List &list) {
  return std::vector<typename List::value_type>(list.begin(), list.end());
}

/// The value of a Real, Int, Text, Ints or Words.
static FieldValue getValue(const Message &message) {
  if (const auto *real = dynamic_cast<const proto::Real *>(&message))
    return real->value();
  if (const auto *integer = dynamic_cast<const proto::Int *>(&message))
    return static_cast<int64_t>(integer->value());
  if (const auto *text = dynamic_cast<const proto::Text *>(&message))
    return text->value();
  if (const auto *words = dynamic_cast<const proto::Words *>(&message))
    return toVector(words->values());
  const auto &numbers = static_cast<const proto::Ints &>(message).values();
  return std::vector<int64_t>(numbers.begin(), numbers.end());
}

TargetValues phx::getValues(const Target &target) {
  TargetValues values;
  values.name = target.spec.name();
  values.extensions = toVector(target.spec.extensions());
  for (size_t group = 0; group < target.machines.size(); ++group)
    values.groups.push_back(
        {target.spec.groups(static_cast<int>(group)).name(),
         findMachineClass(target.machines[group]->GetDescriptor())->name});
  for (const proto::Memory &memory : target.spec.memories())
    values.memories.push_back(memory.name());
  for (const Field &field : collectFields(target))
    if (const Message *value = field.find(target))
      values.fields.push_back(
          {field.name, getValue(*value), field.isStructural()});
  return values;
}

//===----------------------------------------------------------------------===//
// To a target
//===----------------------------------------------------------------------===//

/// What a field takes, in the words of describeType(FieldValue).
static const char *describeType(const Message &message) {
  const auto *type = message.GetDescriptor();
  if (type == proto::Real::descriptor())
    return "a real number";
  if (type == proto::Int::descriptor())
    return "an integer";
  if (type == proto::Text::descriptor())
    return "a word";
  return type == proto::Words::descriptor() ? "a list of words"
                                            : "a list of integers";
}

static const char *describeType(const FieldValue &value) {
  static constexpr const char *kinds[] = {"the real number", "the integer",
                                          "the word", "the list of integers",
                                          "the list of words"};
  return kinds[value.index()];
}

/// False if `message` takes another type.
static bool setValue(Message &message, const FieldValue &value) {
  auto *real = dynamic_cast<proto::Real *>(&message);
  auto *integer = dynamic_cast<proto::Int *>(&message);
  auto *text = dynamic_cast<proto::Text *>(&message);
  auto *numbers = dynamic_cast<proto::Ints *>(&message);
  auto *words = dynamic_cast<proto::Words *>(&message);
  if (const auto *given = std::get_if<double>(&value); given && real)
    real->set_value(*given);
  else if (const auto *given = std::get_if<int64_t>(&value); given && integer)
    integer->set_value(*given);
  else if (const auto *given = std::get_if<std::string>(&value); given && text)
    text->set_value(*given);
  else if (const auto *given = std::get_if<std::vector<int64_t>>(&value);
           given && numbers)
    numbers->mutable_values()->Assign(given->begin(), given->end());
  else if (const auto *given = std::get_if<std::vector<std::string>>(&value);
           given && words)
    words->mutable_values()->Assign(given->begin(), given->end());
  else
    return false;
  const auto *source = message.GetDescriptor()->FindFieldByName("source");
  message.GetReflection()->SetString(&message, source, valueSource);
  return true;
}

/// Packs an empty machine of class `header.machineClass`; what is wrong with
/// the class, or nothing.
static std::string addGroup(Target &target, const GroupHeader &header) {
  proto::Group &group = *target.spec.add_groups();
  group.set_name(header.name);
  std::vector<std::string> known;
  for (const MachineClass &machineClass : getMachineClasses()) {
    known.push_back(machineClass.name);
    if (machineClass.name != header.machineClass)
      continue;
    const Message *empty =
        google::protobuf::MessageFactory::generated_factory()->GetPrototype(
            machineClass.machine);
    group.mutable_machine()->PackFrom(*empty);
    return "";
  }
  if (header.machineClass.empty())
    return "group '" + header.name + "' does not say its machine; " +
           listMachineClasses();
  return "group '" + header.name + "' has the machine '" + header.machineClass +
         "', which is no machine class" +
         didYouMean(header.machineClass, known) + "; " + listMachineClasses();
}

/// Sets one field; what is wrong with it, or nothing.
static std::string addValue(Target &target, const std::vector<Field> &fields,
                            const TargetValue &given) {
  auto field =
      std::find_if(fields.begin(), fields.end(),
                   [&](const Field &one) { return one.name == given.name; });
  if (field == fields.end() || !field->isSourced())
    return "a target has no field '" + given.name + "'" +
           suggestField(given.name, fields);
  if (field->isStructural() != given.structural)
    return given.name + " (" + field->getDoc() + ") is part of the " +
           (given.structural ? "costs, found in the structure"
                             : "structure, found in the costs") +
           "; move it";
  std::string problem;
  field->edit(target, [&](Message &message) {
    if (!setValue(message, given.value))
      problem = given.name + " (" + field->getDoc() + ") takes " +
                describeType(message) + ", found " + describeType(given.value) +
                " " + formatValue(given.value);
  });
  return problem;
}

Result<Target> phx::makeTarget(const TargetValues &values,
                               const std::string &path) {
  Target target;
  target.path = path;
  target.spec.set_name(values.name);
  target.spec.mutable_extensions()->Assign(values.extensions.begin(),
                                           values.extensions.end());
  std::string errors;
  auto report = [&](const std::string &problem) {
    if (!problem.empty())
      errors += (errors.empty() ? "" : "\n") + path + ": " + problem;
  };
  for (const GroupHeader &group : values.groups)
    report(addGroup(target, group));
  for (const std::string &memory : values.memories)
    target.spec.add_memories()->set_name(memory);
  Locations locations;
  locations.path = path;
  locations.isMadeFromValues = true;
  if (errors.empty())
    errors = checkParts(target, locations);
  if (!errors.empty())
    return Error{errors};
  locations.fields = collectFields(target);
  for (const TargetValue &value : values.fields)
    report(addValue(target, locations.fields, value));
  if (errors.empty())
    errors = checkTarget(target, locations);
  if (!errors.empty())
    return Error{errors};
  target.structuralHash = hashStructure(target);
  return target;
}

//===----------------------------------------------------------------------===//
// Differences
//===----------------------------------------------------------------------===//

std::string phx::formatValue(const FieldValue &value) {
  if (const auto *real = std::get_if<double>(&value))
    return formatReal(*real);
  if (const auto *integer = std::get_if<int64_t>(&value))
    return std::to_string(*integer);
  if (const auto *text = std::get_if<std::string>(&value))
    return *text;
  std::string list;
  auto append = [&](const std::string &entry) {
    list += (list.empty() ? "" : ",") + entry;
  };
  if (const auto *words = std::get_if<std::vector<std::string>>(&value))
    std::for_each(words->begin(), words->end(), append);
  else
    for (int64_t entry : std::get<std::vector<int64_t>>(value))
      append(std::to_string(entry));
  return list;
}

std::string target::formatValue(const Message &value) {
  return phx::formatValue(getValue(value));
}

/// All of `target` as fields: `name`, `extensions`, the lists of parts and the
/// classes of machines in front of what the parts hold.
static std::vector<TargetValue> flatten(const Target &target) {
  TargetValues values = getValues(target);
  std::vector<TargetValue> list = {{"name", values.name, true},
                                   {"extensions", values.extensions, true}};
  std::vector<std::string> groups;
  for (const GroupHeader &group : values.groups) {
    groups.push_back(group.name);
    list.push_back({group.name + ".machine", group.machineClass, true});
  }
  list.push_back({"groups", groups, true});
  list.push_back({"memories", values.memories, true});
  for (TargetValue &field : values.fields)
    list.push_back(std::move(field));
  return list;
}

static const TargetValue *find(const std::vector<TargetValue> &values,
                               const std::string &name) {
  for (const TargetValue &value : values)
    if (value.name == name)
      return &value;
  return nullptr;
}

std::vector<TargetDifference> phx::findDifferences(const Target &first,
                                                   const Target &second) {
  std::vector<TargetValue> a = flatten(first), b = flatten(second);
  std::vector<TargetDifference> structure, costs;
  auto add = [&](const TargetValue &value, std::string one, std::string other) {
    auto &list = value.structural ? structure : costs;
    list.push_back(
        {value.name, std::move(one), std::move(other), value.structural});
  };
  for (const TargetValue &value : a) {
    const TargetValue *other = find(b, value.name);
    if (!other || other->value != value.value)
      add(value, formatValue(value.value),
          other ? formatValue(other->value) : "nothing");
  }
  for (const TargetValue &value : b)
    if (!find(a, value.name))
      add(value, "nothing", formatValue(value.value));
  structure.insert(structure.end(), costs.begin(), costs.end());
  return structure;
}
