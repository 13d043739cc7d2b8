//===- Layout.h - Loops, engines and tokens of a program by number --------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_LIB_TIMING_LAYOUT_H
#define PHX_LIB_TIMING_LAYOUT_H

#include "phx/isa/EngineBlocks.h"
#include "phx/isa/Program.h"
#include "phx/support/Result.h"
#include "phx/timing/Timing.h"

#include <vector>

namespace phx::detail {

/// Index into EngineTiming::stalled.
inline unsigned getStallReason(EngineKind signaller) {
  return static_cast<unsigned>(signaller);
}

/// What both simulations look up. Building it rejects programs whose
/// interpretation would leave a table. Engines are blocks (EngineBlocks.h).
struct Layout {
  EngineBlocks blocks;
  unsigned engines = 0;
  size_t halt = 0;                   ///< index of the (implied) end of the code
  std::vector<size_t> matching;      ///< Loop to its End and back, else 0
  std::vector<uint8_t> depth;        ///< number of enclosing loops
  std::vector<EngineKind> signaller; ///< by token
  std::vector<size_t> lastUse;       ///< by engine, 0 if never

  static Result<Layout> build(const Program &program);

  /// Whether an instruction runs on one block, always the same.
  bool isPlaced(size_t index) const {
    return blocks.getReach(index).isSingle() && !blocks.isMoving(index);
  }

private:
  explicit Layout(const Program &program) : blocks(program) {}
};

/// How long each engine executes instructions of each layer.
class LayerEngines {
public:
  LayerEngines(size_t layers, unsigned engines)
      : engines(engines), busy(layers * engines) {}

  void add(uint32_t layer, unsigned engine, Femtoseconds duration) {
    busy[layer * engines + engine] += duration;
  }
  /// Over the engines, of one layer.
  Femtoseconds getLongest(size_t layer) const;

private:
  size_t engines;
  std::vector<Femtoseconds> busy;
};

/// The errors that both simulations may run into.
/// Instructions that a simulation goes through one by one. Those that closed
/// timing jumps over do not count; networks take less than a thousandth.
inline constexpr uint64_t maxClosedSteps = uint64_t(1) << 28;
inline constexpr int64_t maxSteppedSteps = int64_t(1) << 33;
/// Where closed timing has done maxClosedSteps.
Error makeTooManyStepsError(const Program &program, size_t instruction);
Error makeTooLongError();
Error makeEmptyTokenError(size_t instruction, uint32_t token);

/// Every engine of the program with the times of its block.
std::vector<EngineTiming>
listEngines(const Program &program, const EngineBlocks &blocks,
            const std::vector<EngineTiming> &times);

} // namespace phx::detail

#endif // PHX_LIB_TIMING_LAYOUT_H
