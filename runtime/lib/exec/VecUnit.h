//===- VecUnit.h - Digital vector unit and data movement ------ -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// DmaCopy and the instructions of the vector unit: IEEE binary32, element by
// element.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_EXEC_VECUNIT_H
#define PHX_LIB_EXEC_VECUNIT_H

#include "phx/exec/Context.h"

namespace phx::exec {

/// Executes a DmaCopy or an instruction of VecInstructions. Each is specialised
/// in the file of its kind; what is in the list and nowhere else does not link.
template <typename T> Status execute(Context &context, const T &instruction);

/// Sums in 16 lanes: element number i goes to lane i mod 16, ascending from +0;
/// then lane[x] += lane[x + step] for step = 8, 4, 2, 1.
class LaneSum {
public:
  void add(int64_t number, float value) { lanes[number & 15] += value; }
  float get() {
    for (int step = 8; step > 0; step >>= 1)
      for (int x = 0; x < step; ++x)
        lanes[x] += lanes[x + step];
    return lanes[0];
  }

private:
  float lanes[16] = {};
};

} // namespace phx::exec

#endif // PHX_LIB_EXEC_VECUNIT_H
