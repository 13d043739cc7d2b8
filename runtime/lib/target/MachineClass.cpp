//===- MachineClass.cpp - Kinds of arrays in a target ----------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/target/MachineClass.h"

#include "Machines.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/message.h>

#include <cstdio>
#include <cstdlib>

using namespace phx;
using google::protobuf::Descriptor;
using google::protobuf::Message;

static std::vector<MachineClass> &getRegistry() {
  static std::vector<MachineClass> registry;
  return registry;
}

[[noreturn]] static void fail(const std::string &message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  std::abort();
}

/// Names are keys: of units and durations, and of fields for overrides.
static void checkNames(const MachineClass &added) {
  for (const MachineClass &known : getRegistry())
    if (known.name == added.name)
      fail("the machine class '" + added.name + "' is registered twice, for " +
           std::string(known.machine->full_name()) + " and " +
           std::string(added.machine->full_name()) +
           "; give each class a name of its own");
  const Descriptor *group = proto::Group::descriptor();
  for (int i = 0; i < group->field_count(); ++i)
    if (added.machine->FindFieldByName(group->field(i)->name()))
      fail("a field of " + std::string(added.machine->full_name()) +
           " is called '" + std::string(group->field(i)->name()) +
           "', as one that every group has; the two could not be told apart "
           "in GROUP." +
           std::string(group->field(i)->name()) + ", rename it");
}

void phx::registerMachineClass(const MachineClass &machineClass) {
  if (findMachineClass(machineClass.machine))
    return;
  checkNames(machineClass);
  getRegistry().push_back(machineClass);
}

const std::vector<MachineClass> &phx::getMachineClasses() {
  return getRegistry();
}

const MachineClass *phx::findMachineClass(const Descriptor *type) {
  for (const MachineClass &known : getRegistry())
    if (known.machine == type)
      return &known;
  return nullptr;
}

std::string target::listMachineClasses() {
  std::string text;
  for (const MachineClass &known : getRegistry())
    text += (text.empty() ? "" : ", ") + known.name + " (" +
            std::string(anyPrefix) + known.machine->full_name() + ")";
  return text.empty() ? "this program knows no machine class"
                      : "this program knows " + text;
}

void Target::setMachine(size_t group, const Message &machine) {
  std::shared_ptr<Message> own(machine.New());
  own->CopyFrom(machine);
  machines.resize(std::max<size_t>(machines.size(), group + 1));
  machines[group] = own;
  spec.mutable_groups(static_cast<int>(group))
      ->mutable_machine()
      ->PackFrom(machine);
}

std::string target::unpackMachine(Target &target, size_t group) {
  const proto::Group &spec = target.spec.groups(static_cast<int>(group));
  target.machines.resize(static_cast<size_t>(target.spec.groups_size()));
  if (!spec.has_machine())
    return "group '" + spec.name() +
           "' has no machine; add: machine { [TYPE] { ... } }; " +
           listMachineClasses();
  std::string name;
  google::protobuf::Any::ParseAnyTypeUrl(spec.machine().type_url(), &name);
  const Descriptor *type =
      google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(
          name);
  if (!type || !findMachineClass(type))
    return "group '" + spec.name() + "' is a machine of type '" + name +
           "', which no machine class is registered for; " +
           listMachineClasses();
  std::shared_ptr<Message> machine(
      google::protobuf::MessageFactory::generated_factory()
          ->GetPrototype(type)
          ->New());
  if (!spec.machine().UnpackTo(machine.get()))
    return "the machine of group '" + spec.name() +
           "' does not hold what its type says";
  target.machines[group] = machine;
  return "";
}
