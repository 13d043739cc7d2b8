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

InstructionSet::InstructionSet() {
  add(ControlInstructions());
  add(InstructionList<DmaCopy>());
  add(VecInstructions());
}

InstructionSet &InstructionSet::get() {
  static InstructionSet set;
  return set;
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
                 "(%u); give each machine class a block of opcodes of its own\n",
                 other->mnemonic, description.mnemonic,
                 unsigned(description.opcode));
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
