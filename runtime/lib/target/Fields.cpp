//===- Fields.cpp - Fields of a target description -------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Fields.h"

#include "phx/isa/Program.h"
#include "phx/target/MachineClass.h"

#include <algorithm>
#include <charconv>

using namespace phx;
using namespace phx::target;
using google::protobuf::Descriptor;

//===----------------------------------------------------------------------===//
// Reflection
//===----------------------------------------------------------------------===//

bool Field::isStructural() const {
  return getLeaf()->options().GetExtension(proto::field_class) ==
         proto::STRUCTURAL;
}

std::string Field::getDoc() const {
  return getLeaf()->options().GetExtension(proto::doc);
}

static bool isSourcedType(const Descriptor *type) {
  return type == proto::Real::descriptor() ||
         type == proto::Int::descriptor() ||
         type == proto::Ints::descriptor() ||
         type == proto::Text::descriptor() ||
         type == proto::Words::descriptor();
}

bool Field::isSourced() const {
  return !getLeaf()->is_repeated() && getLeaf()->message_type() &&
         isSourcedType(getLeaf()->message_type());
}

/// The name that starts those of the fields of a group or memory.
static std::string getPartName(const Field &field, const Target &target) {
  auto index = static_cast<int>(field.index);
  return field.place == Place::Memory ? target.spec.memories(index).name()
                                      : target.spec.groups(index).name();
}

/// True if `name` starts with a part of the target or a memory.
static bool isAbsolute(const std::string &name, const Target &target) {
  std::string part = name.substr(0, name.find('.'));
  if (proto::Target::descriptor()->FindFieldByName(part))
    return true;
  for (const proto::Memory &memory : target.spec.memories())
    if (memory.name() == part)
      return true;
  return false;
}

std::vector<std::string> Field::getStatedFor(const Target &target) const {
  std::vector<std::string> names;
  const auto &options = getLeaf()->options();
  for (int i = 0; i < options.ExtensionSize(proto::stated_for); ++i)
    names.push_back(options.GetExtension(proto::stated_for, i));
  if (place == Place::Memory &&
      target.spec.memories(static_cast<int>(index)).kind().value() !=
          getKindName(MemoryKind::OffChip))
    for (int i = 0; i < options.ExtensionSize(proto::on_chip_stated_for); ++i)
      names.push_back(options.GetExtension(proto::on_chip_stated_for, i));
  if (place != Place::Target)
    for (std::string &name : names)
      if (!isAbsolute(name, target))
        name = getPartName(*this, target) + "." + name;
  return names;
}

/// Whether the kind of memory of `field` has it; nothing if the kind is
/// unknown, and of fields that every kind has.
static std::optional<bool> hasField(const Field &field, const Target &target) {
  const auto &options = field.getLeaf()->options();
  int kinds = options.ExtensionSize(proto::only_of);
  if (field.place != Place::Memory || kinds == 0)
    return std::nullopt;
  const std::string &kind =
      target.spec.memories(static_cast<int>(field.index)).kind().value();
  for (int i = 0; i < kinds; ++i)
    if (options.GetExtension(proto::only_of, i) == kind)
      return true;
  for (unsigned k = 0; k < numMemoryKinds; ++k)
    if (kind == getKindName(static_cast<MemoryKind>(k)))
      return false;
  return std::nullopt;
}

bool Field::isForeign(const Target &target) const {
  return !hasField(*this, target).value_or(true);
}

/// The message that the path of `field` starts from.
static const Message &getRoot(const Field &field, const Target &target) {
  switch (field.place) {
  case Place::Target:
    return target.spec;
  case Place::Group:
    return target.spec.groups(static_cast<int>(field.index));
  case Place::Memory:
    return target.spec.memories(static_cast<int>(field.index));
  case Place::Machine:
    break;
  }
  return *target.machines[field.index];
}

const Message *Field::find(const Target &target) const {
  const Message *message = &getRoot(*this, target);
  for (const FieldDescriptor *step : path) {
    if (!message->GetReflection()->HasField(*message, step))
      return nullptr;
    message = &message->GetReflection()->GetMessage(*message, step);
  }
  return message;
}

bool Field::isOptional(const Target &target) const {
  if (place == Place::Memory &&
      getLeaf()->options().ExtensionSize(proto::only_of) != 0 &&
      !hasField(*this, target).value_or(false))
    return !find(target);
  return place == Place::Target &&
         !target.spec.GetReflection()->HasField(target.spec, path.front());
}

void Field::edit(Target &target,
                 const std::function<void(Message &)> &change) const {
  auto walk = [&](Message *message) {
    for (const FieldDescriptor *step : path)
      message = message->GetReflection()->MutableMessage(message, step);
    change(*message);
  };
  if (place == Place::Target)
    return walk(&target.spec);
  if (place == Place::Group)
    return walk(target.spec.mutable_groups(static_cast<int>(index)));
  if (place == Place::Memory)
    return walk(target.spec.mutable_memories(static_cast<int>(index)));
  std::unique_ptr<Message> machine(target.machines[index]->New());
  machine->CopyFrom(*target.machines[index]);
  walk(machine.get());
  target.setMachine(index, *machine);
}

/// Appends the fields below `type`; `field` leads there.
static void addFields(const Descriptor *type, Field field,
                      std::vector<Field> &fields) {
  std::string prefix = field.name.empty() ? "" : field.name + ".";
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor *step = type->field(i);
    Field next = field;
    next.name = prefix + step->name();
    next.path.push_back(step);
    if (!step->is_repeated() && step->message_type() &&
        !isSourcedType(step->message_type()))
      addFields(step->message_type(), std::move(next), fields);
    else
      fields.push_back(std::move(next));
  }
}

static void addGroup(const Target &target, size_t group,
                     std::vector<Field> &fields) {
  const std::string &name = target.spec.groups(static_cast<int>(group)).name();
  const Descriptor *type = proto::Group::descriptor();
  for (int i = 0; i < type->field_count(); ++i)
    if (const FieldDescriptor *field = type->field(i);
        field->message_type() && isSourcedType(field->message_type()))
      fields.push_back(
          {name + "." + field->name(), Place::Group, group, {field}});
  if (const auto &machine = target.machines[group])
    addFields(machine->GetDescriptor(), {name, Place::Machine, group, {}},
              fields);
}

static void addMemory(const Target &target, size_t memory,
                      std::vector<Field> &fields) {
  const std::string &name =
      target.spec.memories(static_cast<int>(memory)).name();
  const Descriptor *type = proto::Memory::descriptor();
  for (int i = 0; i < type->field_count(); ++i)
    if (const FieldDescriptor *field = type->field(i); field->message_type())
      fields.push_back(
          {name + "." + field->name(), Place::Memory, memory, {field}});
}

std::vector<Field> target::collectFields(const Target &target) {
  std::vector<Field> fields;
  const Descriptor *root = proto::Target::descriptor();
  for (int i = 0; i < root->field_count(); ++i) {
    const FieldDescriptor *part = root->field(i);
    if (part->message_type() == proto::Group::descriptor())
      for (size_t group = 0; group < target.machines.size(); ++group)
        addGroup(target, group, fields);
    else if (part->message_type() == proto::Memory::descriptor())
      for (int memory = 0; memory < target.spec.memories_size(); ++memory)
        addMemory(target, static_cast<size_t>(memory), fields);
    else if (part->message_type())
      addFields(part->message_type(), {part->name(), Place::Target, 0, {part}},
                fields);
  }
  return fields;
}

std::vector<std::string>
target::getSettableNames(const std::vector<Field> &fields) {
  std::vector<std::string> names = {"extensions"};
  for (const Field &field : fields)
    names.push_back(field.name);
  return names;
}

//===----------------------------------------------------------------------===//
// Values as text
//===----------------------------------------------------------------------===//

std::string target::formatReal(double value) {
  char buffer[32];
  auto [end, error] = std::to_chars(buffer, buffer + sizeof(buffer), value);
  return error == std::errc() ? std::string(buffer, end) : "?";
}

std::string target::getSource(const Message &value) {
  const auto *field = value.GetDescriptor()->FindFieldByName("source");
  return value.GetReflection()->GetString(value, field);
}

//===----------------------------------------------------------------------===//
// Locations
//===----------------------------------------------------------------------===//

static std::string format(const std::string &path,
                          TextFormat::ParseLocation location) {
  if (location.line < 0)
    return path;
  return path + ":" + std::to_string(location.line + 1) + ":" +
         std::to_string(location.column + 1);
}

static const FieldDescriptor *getGroupsField() {
  return proto::Target::descriptor()->FindFieldByName("groups");
}
static const FieldDescriptor *getMachineField() {
  return proto::Group::descriptor()->FindFieldByName("machine");
}

namespace {
/// A walk down the text of a description as far as it goes.
struct Walk {
  const TextFormat::ParseInfoTree *tree; ///< null once something is absent
  TextFormat::ParseLocation location{-1, -1};

  void step(const FieldDescriptor *field, int index = -1) {
    if (!tree)
      return;
    auto next = tree->GetLocation(field, index);
    tree = next.line >= 0 ? tree->GetTreeForNested(field, index) : nullptr;
    if (next.line >= 0)
      location = next;
  }
};
} // namespace

static Walk walkToGroup(const Locations &locations, size_t group) {
  Walk walk{locations.tree};
  walk.step(getGroupsField(), static_cast<int>(group));
  return walk;
}

static Walk walkToMemory(const Locations &locations, size_t memory) {
  Walk walk{locations.tree};
  walk.step(proto::Target::descriptor()->FindFieldByName("memories"),
            static_cast<int>(memory));
  return walk;
}

static Walk walkTo(const Locations &locations, const Field &field) {
  Walk walk{locations.tree};
  if (field.place == Place::Memory)
    walk = walkToMemory(locations, field.index);
  else if (field.place != Place::Target)
    walk = walkToGroup(locations, field.index);
  if (field.place == Place::Machine)
    walk.step(getMachineField());
  for (const FieldDescriptor *step : field.path)
    walk.step(step);
  return walk;
}

std::string Locations::of(const Field &field) const {
  if (auto flag = flags.find(field.name); flag != flags.end())
    return "--set " + flag->second;
  return format(path, walkTo(*this, field).location);
}

std::string Locations::of(const std::string &name) const {
  for (const Field &field : fields)
    if (field.name == name)
      return of(field);
  if (auto flag = flags.find(name); flag != flags.end())
    return "--set " + flag->second;
  const auto *field = proto::Target::descriptor()->FindFieldByName(name);
  return tree && field
             ? format(path,
                      tree->GetLocation(field, field->is_repeated() ? 0 : -1))
             : path;
}

std::string Locations::ofGroup(size_t group) const {
  return format(path, walkToGroup(*this, group).location);
}

std::string Locations::ofMachine(size_t group) const {
  Walk walk = walkToGroup(*this, group);
  walk.step(getMachineField());
  return format(path, walk.location);
}

std::string Locations::ofMemory(size_t memory) const {
  return format(path, walkToMemory(*this, memory).location);
}

bool Locations::isMachinePacked(size_t group) const {
  Walk walk = walkToGroup(*this, group);
  walk.step(getMachineField());
  const Descriptor *any = getMachineField()->message_type();
  return walk.tree &&
         walk.tree->GetLocation(any->FindFieldByName("type_url"), -1).line >= 0;
}

bool Locations::hasValue(const Field &field) const {
  if (isMadeFromValues || flags.count(field.name))
    return true;
  const TextFormat::ParseInfoTree *leaf = walkTo(*this, field).tree;
  if (!leaf)
    return false;
  const auto *type = field.getLeaf()->message_type();
  const auto *value = type->FindFieldByName("value");
  if (!value)
    value = type->FindFieldByName("values");
  return leaf->GetLocation(value, value->is_repeated() ? 0 : -1).line >= 0;
}

//===----------------------------------------------------------------------===//
// Public queries
//===----------------------------------------------------------------------===//

std::vector<std::string> target::getStructure(const Target &target) {
  std::vector<std::string> lines;
  for (const std::string &extension : target.spec.extensions())
    lines.push_back("extension=" + extension + "\n");
  for (size_t group = 0; group < target.machines.size(); ++group)
    if (const MachineClass *machineClass =
            findMachineClass(target.machines[group]->GetDescriptor()))
      lines.push_back(target.spec.groups(static_cast<int>(group)).name() +
                      ".class=" + machineClass->name + "\n");
  for (const Field &field : collectFields(target))
    if (const Message *value =
            field.isStructural() ? field.find(target) : nullptr)
      lines.push_back(field.name + "=" + formatValue(*value) + "\n");
  // By name, so that the order of the schema does not matter.
  std::sort(lines.begin(), lines.end());
  return lines;
}

uint64_t target::hashStructure(const Target &target) {
  uint64_t hash = 0xcbf29ce484222325u; // FNV-1a
  for (const std::string &line : getStructure(target))
    for (unsigned char byte : line)
      hash = (hash ^ byte) * 0x100000001b3u;
  return hash;
}

std::vector<std::string> phx::listStructure(const Target &target) {
  std::vector<std::string> lines = getStructure(target);
  for (std::string &line : lines)
    line.pop_back();
  return lines;
}

std::vector<TargetField> phx::describeTarget(const Target &target) {
  std::vector<TargetField> list;
  for (const Field &field : collectFields(target))
    if (const Message *value = field.find(target))
      list.push_back({field.name, formatValue(*value), getSource(*value),
                      field.getDoc(), field.isStructural()});
  return list;
}
