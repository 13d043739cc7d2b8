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

Status execute(Context &context, const DmaCopy &copy);
Status execute(Context &context, const VecMap &map);
Status execute(Context &context, const VecReduce &reduce);
Status execute(Context &context, const VecPool &pool);
Status execute(Context &context, const VecPoolPositions &pool);
Status execute(Context &context, const VecUnpool &unpool);
Status execute(Context &context, const VecPack &pack);
Status execute(Context &context, const VecGateMask &gate);
Status execute(Context &context, const VecRandom &random);

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
