//===- OrderUpdates.cpp - Update parameters as soon as possible -----------===//
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
#include "photonic/Dialect/PISA/Transforms/Passes.h"
#include "photonic/Dialect/Photonic/Transforms/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/DenseSet.h"

using namespace mlir;
using namespace photonic;

namespace photonic::pisa {
#define GEN_PASS_DEF_ORDERUPDATES
#include "photonic/Dialect/PISA/Transforms/PISAPasses.h.inc"
} // namespace photonic::pisa

/// Whether `op`, or an operation that is fused with others in it, belongs to
/// the update of parameters.
static bool updates(Operation *op) {
  if (auto fused = dyn_cast<phot::FusedOp>(op))
    return llvm::any_of(fused.getBody().front(),
                        [](Operation &inner) { return updates(&inner); });
  return op->getNumRegions() == 0 && nn::getPhase(op) == nn::Phase::Update;
}

namespace {
/// Moves operations of a block.
class Mover {
public:
  explicit Mover(func::FuncOp func) : block(func.getBody().front()) {
    liveness.analyse(func);
  }

  void run() {
    hoistConstants();
    SmallVector<Operation *> moved;
    for (Operation &op : block)
      if (isStep(&op) && updates(&op)) {
        moved.push_back(&op);
        if (llvm::all_of(getReadTensors(&op),
                         [&](Value operand) { return isOld(operand); }))
          preparations.insert(&op);
      }
    // In order, so that what an update reads has moved before it.
    for (Operation *op : moved)
      if (!preparations.contains(op))
        move(op);
    for (Operation *op : llvm::reverse(moved))
      if (preparations.contains(op))
        moveToReader(op);
  }

private:
  /// True of arguments, constants and reshapes of them.
  static bool isGiven(Value value) {
    Operation *op = getRoot(value).getDefiningOp();
    return !op || isa<nn::ConstantOp>(op);
  }

  /// Moves what takes no instructions and needs no step out of the way:
  /// constants and numbers of loops. What nests start from stays: it tells
  /// where they stood before they were fused.
  void hoistConstants() {
    llvm::DenseSet<Operation *> free;
    auto isFree = [&](Operation &op) {
      bool known = isa<nn::ConstantOp, nn::ReshapeOp>(op) ||
                   isa<arith::ArithDialect>(op.getDialect());
      return known && llvm::all_of(op.getOperands(), [&](Value operand) {
               Operation *source = operand.getDefiningOp();
               return !source || free.contains(source);
             });
    };
    Operation *anchor = nullptr;
    for (Operation &op : llvm::make_early_inc_range(block)) {
      if (isFree(op)) {
        free.insert(&op);
        if (anchor)
          op.moveBefore(anchor);
      } else if (!anchor) {
        anchor = &op;
      }
    }
  }

  /// True if `value` does not depend on anything that this run computes but
  /// preparations.
  bool isOld(Value value) const {
    return isGiven(value) || preparations.contains(value.getDefiningOp());
  }

  void move(Operation *op) {
    Operation *barrier = nullptr;
    for (Value operand : getReadTensors(op))
      if (!isOld(operand))
        wait(barrier, operand.getDefiningOp());
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

  /// Moves `op` in front of its first reader; in front of several operations
  /// that are fused, in the order in which they read.
  void moveToReader(Operation *op) {
    Operation *first = nullptr, *user = nullptr;
    for (Operation *other : op->getUsers()) {
      Operation *reader = block.findAncestorOpInBlock(*other);
      bool isEarlier =
          !first || (reader == first ? other->isBeforeInBlock(user)
                                     : reader->isBeforeInBlock(first));
      if (isEarlier)
        first = reader, user = other;
    }
    if (!first)
      return;
    auto &placed = prepared[first];
    auto behind = llvm::find_if(placed, [&](const Prepared &other) {
      return user->getBlock() == other.user->getBlock() &&
             user->isBeforeInBlock(other.user);
    });
    op->moveBefore(behind == placed.end() ? first : behind->op);
    placed.insert(behind, {op, user});
  }

  /// Lets `barrier` be the later one of itself and `other`.
  static void wait(Operation *&barrier, Operation *other) {
    if (other && (!barrier || barrier->isBeforeInBlock(other)))
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
        wait(barrier, reader);
    }
  }

  /// What was moved in front of a reader, and which operation in it reads that.
  struct Prepared {
    Operation *op, *user;
  };

  Block &block;
  Liveness liveness;
  llvm::DenseSet<Operation *> preparations;
  llvm::DenseMap<Operation *, SmallVector<Prepared>> prepared; ///< by reader
};

struct OrderUpdates final : pisa::impl::OrderUpdatesBase<OrderUpdates> {
  using Base::Base;

  void runOnOperation() override {
    if (failed(phot::verifyTiled(getOperation(), /*fused=*/true)))
      return signalPassFailure();
    Mover(getOperation()).run();
  }
};
} // namespace
