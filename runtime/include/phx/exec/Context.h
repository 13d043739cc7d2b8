//===- Context.h - What the units of the executor share ------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The memories, the threads, and the place in the program that messages name.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_EXEC_CONTEXT_H
#define PHX_EXEC_CONTEXT_H

#include "phx/exec/AccessMaps.h"
#include "phx/exec/Memory.h"

#include "phx/isa/CountTrace.h"
#include "phx/isa/Program.h"
#include "phx/support/Philox.h"
#include "phx/support/Result.h"
#include "phx/support/ThreadPool.h"

#include <atomic>
#include <chrono>
#include <functional>
#include <string>

namespace phx::exec {

/// Asks whether to stop, but not again within `interval`, nor after a yes.
class Poller {
public:
  Poller(std::function<bool()> question, std::chrono::milliseconds interval)
      : question(std::move(question)), interval(interval) {}
  /// True if the run is to stop.
  bool poll();

private:
  using Clock = std::chrono::steady_clock;
  std::function<bool()> question;
  std::chrono::milliseconds interval;
  bool stop = false;
  Clock::time_point last = Clock::now();
};

/// Bytes of one operand; offsets count from the instruction's address.
template <typename Byte> struct OperandView {
  Byte *lowest = nullptr; ///< the byte at offset `low`
  int64_t low = 0;
  Byte *at(int64_t offset) const { return lowest + (offset - low); }
};
using SourceView = OperandView<const uint8_t>;
using TargetView = OperandView<uint8_t>;

class Context {
public:
  Context(const Program &program, Memory &memory, ThreadPool &pool,
          Poller &poller)
      : program(program), memory(memory), pool(pool), poller(poller),
        registers(program.registers.size()), counts(program.registers.size()) {}

  const Program &program;
  Memory &memory;
  ThreadPool &pool;
  Poller &poller;
  /// The instruction at work.
  size_t pc = 0;
  const Instruction *instruction = nullptr;
  /// What executes it: of several arrays the one whose lane `counters` names.
  EngineId engine;
  Counters counters{};
  /// Of stochastic rounding.
  RandomKey key;
  /// What count registers hold, and what was written to them.
  RegisterValues registers;
  CountTrace counts;

  // Instructions that units are given have no registers any more: those that
  // depend on some come with their values put in.
  int64_t value(const Affine &affine) const {
    return evaluate(affine, counters);
  }
  int64_t value(const Count &count) const { return evaluate(count, counters); }

  /// An error that names the instruction and its layer.
  Error fail(const std::string &what) const;
  /// "tensor 'x' element [0, 3, 1]" for the word at `address`. Where regions
  /// share it, an operand is none that the instruction's own layer makes.
  std::string locate(uint32_t bank, int64_t address,
                     bool isOperand = false) const;

  /// Writes a count register. Errors: it cannot hold the value, which comes
  /// from what `describeSource` says, "tensor 'x' element [3]"; nothing is
  /// written.
  Status writeRegister(uint32_t index, int64_t value,
                       const std::function<std::string()> &describeSource);

  /// Bytes from `address` on that hold rows [rowBegin, rowEnd) and columns
  /// [colBegin, colEnd) of `map`, elements of `width` bytes; none if no element
  /// is inside the extents. More than they need, but exactly those where more
  /// would leave the memory: that is what is proved of a program.
  std::optional<ByteRange> getMapBounds(const AccessMap &map,
                                        const Address &address,
                                        int64_t rowBegin, int64_t rowEnd,
                                        int64_t colBegin, int64_t colEnd,
                                        int64_t width = 4) const;

  /// Resolves an operand of which `range` is touched (nothing, if absent).
  /// Errors: the range leaves the memory.
  Result<SourceView> source(const char *name, const Address &address,
                            std::optional<ByteRange> range);
  Result<TargetView> target(const char *name, const Address &address,
                            std::optional<ByteRange> range);

  /// Does tasks [0, count), each of about `cost` elementary steps, on all
  /// threads. Errors: interrupted, or a task threw. A task may be long: then it
  /// asks isStopped() itself.
  Status forEach(int64_t count, int64_t cost, const ThreadPool::Task &task);

  /// Inside a task of forEach() on thread `worker`, every ten thousand
  /// elements or so: true if the run is to stop. The task then returns with its
  /// work undone, and forEach() reports the interruption.
  bool isStopped(unsigned worker) {
    if (worker == 0 && poller.poll())
      stopped = true;
    return stopped.load(std::memory_order_relaxed);
  }

private:
  Status check(const char *name, const Address &address, int64_t base,
               const ByteRange &range) const;
  /// What a run takes, for messages about what there is not enough of.
  std::string describeLoad() const;

  std::atomic<bool> stopped{false};
};

/// Elements between two looks at isStopped() in a long row: some 10 us.
inline constexpr int64_t stopGrain = int64_t(1) << 15;

/// Calls `visit(begin, end)` for pieces of [0, count) in order, until the run
/// is to stop.
template <typename Visitor>
inline void forEachStretch(Context &context, unsigned worker, int64_t count,
                           Visitor visit) {
  for (int64_t begin = 0; begin < count; begin += stopGrain) {
    if (begin != 0 && context.isStopped(worker))
      return;
    visit(begin, std::min(count, begin + stopGrain));
  }
}

/// "layer 'conv1' (Conv)", or "layer 'conv1' (Conv, weight gradient)" in a
/// program with phases; empty if there is no such layer.
std::string describeLayer(const Program &program, uint32_t layer);
/// "tensor 'x' element [0, 3, 1]" for the element of that number.
std::string describeElement(const Region &region, int64_t number);
/// The value as text: at most 9 digits, "inf", "-inf" or "nan".
std::string toText(float value);

} // namespace phx::exec

#endif // PHX_EXEC_CONTEXT_H
