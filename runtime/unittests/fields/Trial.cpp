//===- Trial.cpp - Changes of all parts of an instruction -------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Trial.h"

#include "../../lib/isa/Encoding.h"
#include "Changes.h"
#include "phx/isa/Validator.h"

#include <gtest/gtest.h>

using namespace phx;
using namespace phx::test;

void Trial::run() {
  const Program &program = subject.program;
  const Instruction &original = program.code[subject.index];
  ASSERT_EQ(original.getDescription().mnemonic, mnemonic);
  Status status = validate(program);
  ASSERT_TRUE(status.ok()) << mnemonic << ": " << status.error().message;
  for (const std::string &part : listMissingParts(original))
    ADD_FAILURE() << mnemonic << ": the program around it has to have " << part;
  expected = observe(program, target);
  ASSERT_EQ(expected.failure, "") << mnemonic;
  for (const Change &change : listChanges(program, subject.index))
    tryChange(change.part, change.instruction);
}

void Trial::tryChange(const std::string &part, const Instruction &changed) {
  SCOPED_TRACE(mnemonic + ": " + part);
  std::vector<uint64_t> words, originalWords;
  encodeInstruction(changed, words);
  encodeInstruction(subject.program.code[subject.index], originalWords);
  EXPECT_NE(words, originalWords) << "the change is not encoded";
  Program program = subject.program;
  program.code[subject.index] = changed;
  if (!validate(program)) {
    ++refused;
    return;
  }
  auto decoded = decodeInstruction(words);
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  EXPECT_EQ(*decoded, changed);
  if (observe(program, target) == expected)
    same.insert({mnemonic, part});
  else
    ++different;
}
