//===- RandomNumbers.h - Keys and runs of random words -------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_EXEC_RANDOMNUMBERS_H
#define PHX_EXEC_RANDOMNUMBERS_H

#include "phx/support/Philox.h"
#include "phx/support/Result.h"

#include <cstdint>

namespace phx::exec {

/// [seed, trial, step], three binary32 numbers at `from`. Errors: not whole
/// numbers in [0, 2^24).
Result<RandomKey> readKey(const uint8_t *from);

/// Which random number belongs to which element of an operand of a product.
struct RoundingNumbers {
  RandomSequence sequence{};
  uint64_t first = 0;    ///< number of element (0, 0)
  int64_t rowLength = 0; ///< from (row, k) to (row + 1, k)

  uint64_t at(int64_t row, int64_t k) const {
    return first + uint64_t(row) * uint64_t(rowLength) + uint64_t(k);
  }
};

/// The words of consecutive elements of one stream.
class UniformStream {
public:
  UniformStream(const RandomKey &key, const RandomUse &use, uint64_t element)
      : sequence(getSequence(key, use)), element(element),
        words(getRandomBlock(sequence, element / 4)) {}
  /// The word of the next element.
  uint32_t next() {
    uint32_t word = words[element % 4];
    if (++element % 4 == 0)
      words = getRandomBlock(sequence, element / 4);
    return word;
  }

private:
  RandomSequence sequence;
  uint64_t element;
  philox::Block words;
};

} // namespace phx::exec

#endif // PHX_EXEC_RANDOMNUMBERS_H
