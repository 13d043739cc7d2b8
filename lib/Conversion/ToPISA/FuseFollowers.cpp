//===- FuseFollowers.cpp - What is computed on chip together --------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ChunkRemarks.h"
#include "DigitalPlan.h"
#include "FusedProduct.h"
#include "Liveness.h"
#include "ScheduledFunction.h"

#include "photonic/Dialect/PISA/Transforms/Passes.h"

#include "llvm/ADT/DenseSet.h"

using namespace mlir;
using namespace photonic;

namespace photonic::pisa {
#define GEN_PASS_DEF_FUSEFOLLOWERS
#include "photonic/Dialect/PISA/Transforms/PISAPasses.h.inc"
} // namespace photonic::pisa

namespace {
/// Operations that are to be computed together, in order.
using Group = SmallVector<Operation *, 4>;

struct FuseFollowers final : pisa::impl::FuseFollowersBase<FuseFollowers> {
  using Base::Base;
  void runOnOperation() override;

private:
  /// What follows `nest` as long as nobody else reads the values in between.
  Group collect(Operation *nest, llvm::DenseSet<Operation *> &taken) const;
  /// Groups of operations that are computed in chunks, each alone or with what
  /// follows it.
  FailureOr<SmallVector<Group>> findGroups();
};
} // namespace

Group FuseFollowers::collect(Operation *nest,
                             llvm::DenseSet<Operation *> &taken) const {
  Group group{nest};
  bool channels = hasChannels(phot::ProductShape::match(getArrayProduct(nest)));
  Value chunk = nest->getResult(0);
  while (chunk.hasOneUse() && group.size() <= maxFollowers) {
    Operation *user = *chunk.getUsers().begin();
    if (user->getBlock() != nest->getBlock() ||
        !Follower::match(user, chunk, channels) || !taken.insert(user).second)
      break;
    group.push_back(user);
    chunk = user->getResult(0);
  }
  return group;
}

FailureOr<SmallVector<Group>> FuseFollowers::findGroups() {
  SmallVector<Group> groups;
  llvm::DenseSet<Operation *> taken;
  Block &block = getOperation().getBody().front();
  for (Operation &op : block)
    if (isStep(&op) && !isa<phot::FusedOp>(op) && getArrayProduct(&op))
      groups.push_back(collect(&op, taken));
  for (Operation &op : block) {
    if (!isStep(&op) || taken.contains(&op) || op.getNumRegions() != 0 ||
        isa<phot::ConvertOp>(op))
      continue;
    FailureOr<DigitalPlan> plan = planDigital(&op);
    if (failed(plan))
      return failure();
    if (std::holds_alternative<ComputePlan>(*plan))
      groups.push_back({&op});
  }
  return groups;
}

/// Moves `group` into an operation where the last one stands.
static phot::FusedOp fuse(const Group &group) {
  Operation *last = group.back();
  OpBuilder builder(last);
  auto fused = phot::FusedOp::create(builder, group.front()->getLoc(),
                                     last->getResultTypes(), nullptr, nullptr);
  Block &body = fused.getBody().emplaceBlock();
  for (Operation *op : group)
    op->moveBefore(&body, body.end());
  last->replaceAllUsesWith(fused->getResults());
  builder.setInsertionPointToEnd(&body);
  phot::YieldOp::create(builder, last->getLoc(), last->getResults());
  return fused;
}

void FuseFollowers::runOnOperation() {
  func::FuncOp func = getOperation();
  if (failed(checkHierarchy(func, getArgument())) ||
      failed(phot::verifyTiled(func, /*fused=*/true)))
    return signalPassFailure();
  FailureOr<SmallVector<Group>> groups = findGroups();
  if (failed(groups))
    return signalPassFailure();
  for (const Group &group : *groups) {
    phot::FusedOp fused = fuse(group);
    if (getArrayProduct(fused))
      reportFusion(fused);
  }
}
