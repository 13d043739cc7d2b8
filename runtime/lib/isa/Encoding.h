//===- Encoding.h - Binary form of instructions -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_ISA_ENCODING_H
#define PHX_LIB_ISA_ENCODING_H

#include "phx/isa/Instruction.h"
#include "phx/support/Result.h"

#include <cstdint>
#include <span>
#include <vector>

namespace phx {

/// Word 0: opcode and flags (16 bits each), word count. Word 1, unless it is
/// Halt, Loop or End: engine kind (16 bits), group (16 bits), number (32 bits).
enum InstructionFlags : uint64_t {
  flagLayer = 1,
  flagGuard = 2,
  flagArrays = 4, ///< more than the array that word 1 names
};

/// The first word of a count.
enum CountFlags : uint64_t {
  countRemaining = 1, ///< an affine stands behind the cap
  countRegister = 2,  ///< the index of a count register stands last
};
/// In the first word of a guard, beside the loop: the index of a count register
/// stands last.
inline constexpr uint64_t guardRegister = 256;

/// Halt, Loop and End belong to no engine.
inline bool hasEngine(const InstructionDescription &description) {
  return description.place != EnginePlace::None;
}

/// Appends the words of `instruction`: its fields in the order of its
/// description, as docs/isa.md lays them out. Equal
/// instructions give equal words.
void encodeInstruction(const Instruction &instruction,
                       std::vector<uint64_t> &words);

/// Decodes the instruction at the front of `words`; the word count in its first
/// word says where it ends. Total: any words give an instruction or an error,
/// and encoding what was decoded gives the same words back.
Result<Instruction> decodeInstruction(std::span<const uint64_t> words);

/// Words of one instruction according to its first word; 0 if it claims none.
uint32_t getWordCount(uint64_t firstWord);

/// The code section of a program file.
std::vector<uint64_t> encodeCode(const std::vector<Instruction> &code);
Result<std::vector<Instruction>> decodeCode(std::span<const uint64_t> words);

} // namespace phx

#endif // PHX_LIB_ISA_ENCODING_H
