//===- EarlyUpdates.cpp - Update parameters as soon as possible -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The update of a parameter consumes its gradient. Done right behind the last
// reader of the old value, it frees the gradient's memory, and the vector unit
// does it while the cores are at the next layer. What an update computes from
// old values alone (a decayed momentum) would live long if it came early: it
// goes right in front of whoever reads it.
//
//===----------------------------------------------------------------------===//

#include "Liveness.h"

#include "photonic/Dialect/NN/IR/Step.h"

#include "llvm/ADT/DenseSet.h"

using namespace mlir;
using namespace photonic;

namespace {
/// Moves operations of a block.
class Mover {
public:
  Mover(func::FuncOp func, llvm::function_ref<Operation *(Operation *)> emitter)
      : block(func.getBody().front()), getEmitter(emitter) {
    liveness.analyse(func, [](Operation *, unsigned step) { return step; });
  }

  void run() {
    hoistConstants();
    SmallVector<Operation *> updates;
    for (Operation &op : block)
      if (isStep(&op) && op.getNumRegions() == 0 &&
          nn::getPhase(&op) == nn::Phase::Update) {
        updates.push_back(&op);
        if (llvm::all_of(op.getOperands(),
                         [&](Value operand) { return isOld(operand); }))
          preparations.insert(&op);
      }
    // In order, so that what an update reads has moved before it.
    for (Operation *op : updates)
      if (!preparations.contains(op))
        move(op);
    for (Operation *op : llvm::reverse(updates))
      if (preparations.contains(op))
        moveToReader(op);
  }

private:
  /// True of arguments, constants and reshapes of them.
  static bool isGiven(Value value) {
    Operation *op = getRoot(value).getDefiningOp();
    return !op || isa<nn::ConstantOp>(op);
  }

  /// Moves what takes no instructions and needs no step out of the way.
  void hoistConstants() {
    auto isFree = [](Operation &op) {
      return isa<nn::ConstantOp>(op) ||
             (isa<nn::ReshapeOp>(op) && isGiven(op.getResult(0)));
    };
    auto anchor = llvm::find_if_not(block, isFree);
    if (anchor == block.end())
      return;
    for (Operation &op :
         llvm::make_early_inc_range(llvm::make_range(anchor, block.end())))
      if (isFree(op))
        op.moveBefore(&*anchor);
  }

  /// True if `value` does not depend on anything that this run computes but
  /// preparations.
  bool isOld(Value value) const {
    return isGiven(value) || preparations.contains(value.getDefiningOp());
  }

  void move(Operation *op) {
    Operation *barrier = nullptr;
    for (Value operand : op->getOperands())
      if (!isOld(operand))
        wait(barrier, operand.getDefiningOp(), op);
    for (Value result : op->getResults())
      if (BlockArgument argument = liveness.getReplacedArgument(result))
        waitForReaders(barrier, argument, op);
    // Down, if an instruction that reads the old value is emitted later than
    // its operation stands.
    if (barrier && (barrier->isBeforeInBlock(op) || isReadAfter(op, barrier)))
      op->moveAfter(barrier);
  }

  bool isReadAfter(Operation *op, Operation *barrier) {
    return llvm::all_of(op->getUsers(), [&](Operation *user) {
      return barrier->isBeforeInBlock(block.findAncestorOpInBlock(*user));
    });
  }

  /// Moves `op` in front of its first reader.
  void moveToReader(Operation *op) {
    Operation *first = nullptr;
    for (Operation *user : op->getUsers()) {
      Operation *reader = block.findAncestorOpInBlock(*user);
      if (!first || reader->isBeforeInBlock(first))
        first = reader;
    }
    if (first)
      op->moveBefore(first);
  }

  /// Lets `barrier` be the later one of itself and where `other` is emitted,
  /// unless that is together with `op`.
  void wait(Operation *&barrier, Operation *other, Operation *op) {
    if (!other)
      return;
    if (Operation *emitter = getEmitter(other); emitter != getEmitter(op))
      other = emitter;
    if (!barrier || barrier->isBeforeInBlock(other))
      barrier = other;
  }

  /// Everything that reads `value` or a reshape of it, but for `op` and for
  /// preparations, which will be in front of `op`.
  void waitForReaders(Operation *&barrier, Value value, Operation *op) {
    for (Operation *user : value.getUsers()) {
      Operation *reader = block.findAncestorOpInBlock(*user);
      if (reader == op || isa<func::ReturnOp>(reader) ||
          preparations.contains(reader))
        continue;
      if (auto reshape = dyn_cast<nn::ReshapeOp>(reader))
        waitForReaders(barrier, reshape.getOutput(), op);
      else
        wait(barrier, reader, op);
    }
  }

  Block &block;
  llvm::function_ref<Operation *(Operation *)> getEmitter;
  Liveness liveness;
  llvm::DenseSet<Operation *> preparations;
};
} // namespace

void photonic::moveUpdatesEarly(
    func::FuncOp func, llvm::function_ref<Operation *(Operation *)> emitter) {
  Mover(func, emitter).run();
}
