//===- InstructionSet.cpp - Which instructions there are -------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/isa/InstructionSet.h"

#include "phx/isa/Instructions.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

using namespace phx;

const FieldDescription *
InstructionDescription::find(const std::string &attribute) const {
  for (const FieldDescription &field : fields)
    if (field.attribute == attribute)
      return &field;
  return nullptr;
}

std::vector<const FieldDescription *>
InstructionDescription::findConversions(OperandRole role) const {
  std::vector<const FieldDescription *> found;
  for (const FieldDescription &field : fields)
    if (field.table == TableKind::Conversions && field.operand == role)
      found.push_back(&field);
  return found;
}

const FieldDescription *
InstructionDescription::findOrigin(OriginAxis axis) const {
  for (const FieldDescription &field : fields)
    if (axis != OriginAxis::None && field.origin == axis)
      return &field;
  return nullptr;
}

const FieldDescription *InstructionDescription::findProduct() const {
  for (const FieldDescription &field : fields)
    // What only numbers its elements by a product is no part of it.
    if (field.table == TableKind::Products && field.role != FieldRole::Origin)
      return &field;
  return nullptr;
}

const char *phx::getRoleName(OperandRole role) {
  static const char *const names[] = {"", "stationary", "streamed", "result"};
  return names[static_cast<unsigned>(role)];
}

const char *phx::getAxisName(OriginAxis axis) {
  static const char *const names[numOriginAxes] = {
      "", "group", "row", "contraction position", "vector"};
  return names[static_cast<unsigned>(axis)];
}

const char *phx::getAxisUnit(OriginAxis axis) {
  static const char *const units[numOriginAxes] = {"", "groups", "rows",
                                                   "positions", "vectors"};
  return units[static_cast<unsigned>(axis)];
}

InstructionSet::InstructionSet() {
  add(ControlInstructions());
  add(InstructionList<DmaCopy>());
  add(VecInstructions());
}

InstructionSet &InstructionSet::get() {
  static InstructionSet set;
  return set;
}

/// Why an instruction must not have the opcode that it has; empty if it may.
static std::string
explainOpcode(const InstructionDescription &description,
              const std::vector<const InstructionDescription *> &all) {
  auto getBlock = [](const InstructionDescription &d) {
    return static_cast<unsigned>(d.opcode) / 256;
  };
  unsigned block = getBlock(description);
  if (description.machineClass.empty())
    return block == 0 ? ""
                      : "those of the base set are below 256; say ofClass(...) "
                        "of what belongs to a machine class";
  std::string owner = block == 0 ? "the base set" : "";
  for (const InstructionDescription *other : all)
    if (getBlock(*other) == block &&
        other->machineClass != description.machineClass)
      owner = other->machineClass.empty()
                  ? "the base set"
                  : "machine class '" + other->machineClass + "'";
  return owner.empty() ? ""
                       : std::to_string(block * 256) + " to " +
                             std::to_string(block * 256 + 255) +
                             " belong to " + owner +
                             "; take a block of 256 that nobody has";
}

void InstructionSet::add(const InstructionDescription &description) {
  for (const InstructionDescription *other : all) {
    if (other == &description)
      return;
    if (other->opcode != description.opcode &&
        std::string(other->mnemonic) != description.mnemonic)
      continue;
    std::fprintf(stderr,
                 "the instructions %s and %s have the same opcode or mnemonic "
                 "(%u); give each machine class a block of opcodes of its "
                 "own\n",
                 other->mnemonic, description.mnemonic,
                 unsigned(description.opcode));
    std::abort();
  }
  if (std::string fault = explainOpcode(description, all); !fault.empty()) {
    std::fprintf(stderr, "the instruction %s has opcode %u, but %s\n",
                 description.mnemonic,
                 static_cast<unsigned>(description.opcode), fault.c_str());
    std::abort();
  }
  auto place = std::find_if(all.begin(), all.end(), [&](auto *other) {
    return other->opcode > description.opcode;
  });
  all.insert(place, &description);
}

void InstructionSet::addCheck(Check check) {
  if (std::find(checks.begin(), checks.end(), check) == checks.end())
    checks.push_back(check);
}

const InstructionDescription *InstructionSet::find(Opcode opcode) const {
  auto place =
      std::lower_bound(all.begin(), all.end(), opcode,
                       [](auto *d, Opcode value) { return d->opcode < value; });
  return place != all.end() && (*place)->opcode == opcode ? *place : nullptr;
}

const InstructionDescription *
InstructionSet::find(const std::string &mnemonic) const {
  for (const InstructionDescription *description : all)
    if (mnemonic == description->mnemonic)
      return description;
  return nullptr;
}
