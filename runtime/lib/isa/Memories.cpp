//===- Memories.cpp - Memories of a program ---------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/isa/Program.h"

using namespace phx;

const char *phx::getKindName(MemoryKind kind) {
  static const char *const names[numMemoryKinds] = {"off_chip", "on_chip",
                                                    "resident"};
  auto number = static_cast<unsigned>(kind);
  return number < numMemoryKinds ? names[number] : "?";
}

const char *phx::getTypeWord(ElementType type) {
  static const char *const names[numElementTypes] = {
      "f32", "i32", "i64", "u8", "bool", "bf16", "i8", "i16", "block"};
  auto number = static_cast<unsigned>(type);
  return number < numElementTypes ? names[number] : "?";
}

std::optional<ElementType> phx::findType(const std::string &name) {
  for (unsigned number = 0; number < numElementTypes; ++number)
    if (name == getTypeWord(static_cast<ElementType>(number)))
      return static_cast<ElementType>(number);
  return std::nullopt;
}

std::string phx::listTypes() {
  std::string text;
  for (unsigned number = 0; number < numElementTypes; ++number)
    text += (number ? ", " : "") +
            std::string(getTypeWord(static_cast<ElementType>(number)));
  return text;
}

std::string phx::getMemoryName(const Program &program, uint32_t memory) {
  return memory < program.memories.size()
             ? program.memories[memory].name
             : "memory " + std::to_string(memory);
}

bool phx::isOffChip(const Program &program, uint32_t memory) {
  return memory < program.memories.size() &&
         program.memories[memory].kind == MemoryKind::OffChip;
}
