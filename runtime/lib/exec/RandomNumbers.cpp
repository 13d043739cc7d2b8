//===- RandomNumbers.cpp - Keys and runs of random words ------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/exec/RandomNumbers.h"
#include "phx/exec/Context.h"
#include "Strided.h"

#include "phx/isa/Limits.h"

using namespace phx;
using namespace phx::exec;

Result<RandomKey> exec::readKey(const uint8_t *from) {
  static const char *const names[] = {"seed", "trial", "step"};
  uint32_t words[3];
  for (int i = 0; i < 3; ++i) {
    float value = loadFloat(from + 4 * i);
    if (!(value >= 0 && value < float(limits::wholeNumber)) ||
        value != float(uint32_t(value)))
      return Error{std::string("the ") + names[i] +
                   " of random numbers is expected to be a whole number in "
                   "[0, " +
                   std::to_string(limits::wholeNumber) + "), found " +
                   toText(value)};
    words[i] = uint32_t(value);
  }
  return RandomKey{words[0], words[1], words[2]};
}
