//===- Recompute.cpp - Computing layers twice instead of keeping ----------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Recompute.h"

#include "Recorder.h"
#include "Stash.h"

#include "mlir/IR/Remarks.h"
#include "photonic/Dialect/NN/IR/Primitives.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::nn;

namespace {
/// What repeating costs.
struct Work {
  int64_t elements = 0, macs = 0;

  void add(Operation *op) {
    for (Value result : op->getResults())
      elements += cast<RankedTensorType>(result.getType()).getNumElements();
    int64_t outputs =
        cast<RankedTensorType>(op->getResult(0).getType()).getNumElements();
    if (isa<Conv2dOp, LinearOp>(op)) {
      auto weight = cast<RankedTensorType>(op->getOperand(1).getType());
      macs += outputs * (weight.getNumElements() / weight.getDimSize(0));
    }
  }
};

class Recomputation {
public:
  explicit Recomputation(func::FuncOp function) : function(function) {}

  LogicalResult select(ArrayRef<std::string> layers);
  void run();

private:
  InFlightDiagnostic emitUnknown(StringRef layer);
  void repeat(Operation *op);
  SmallVector<Value> repeatBefore(Operation *op, Operation *user);
  void report(const StashBytes &before, const StashBytes &after);

  func::FuncOp function;
  /// In the order of the program.
  llvm::SetVector<Operation *> selected;
  SmallVector<StringAttr> names;
  llvm::MapVector<StringAttr, Work> work;
};
} // namespace

InFlightDiagnostic Recomputation::emitUnknown(StringRef layer) {
  std::string closest;
  for (Operation &op : function.getBody().front()) {
    std::string name = getLayerName(&op);
    if (isBackward(&op) || name == op.getName().getStringRef())
      continue;
    if (closest.empty() ||
        layer.edit_distance(name) < layer.edit_distance(closest))
      closest = name;
  }
  InFlightDiagnostic diag = function.emitError("recompute: expected the name "
                                               "of a layer, found '")
                            << layer << "'";
  if (!closest.empty())
    diag << "; the closest is '" << closest << "'";
  return diag;
}

LogicalResult Recomputation::select(ArrayRef<std::string> layers) {
  llvm::StringSet<> wanted, found;
  wanted.insert_range(layers);
  for (Operation &op : function.getBody().front().without_terminator()) {
    if (isBackward(&op) || isa<ConstantOp>(op))
      continue;
    std::string name = getLayerName(&op);
    bool isWanted = wanted.contains(name);
    // A view keeps what it shows alive, so it is repeated as well.
    bool isView = isa<ReshapeOp>(op) &&
                  selected.contains(op.getOperand(0).getDefiningOp());
    if (isWanted)
      found.insert(name);
    if (isWanted || isView)
      selected.insert(&op);
  }
  for (const std::string &layer : layers) {
    if (!found.contains(layer))
      return emitUnknown(layer);
    names.push_back(StringAttr::get(function.getContext(), layer));
  }
  return success();
}

/// The output of a normalisation from the statistics that are kept anyway, two
/// numbers per channel: the same operations as in `decompose`.
static Value normaliseAgain(BatchNormTrainOp op, OpBuilder &builder) {
  Primitives p(builder, op.getLoc());
  int64_t rank = op.getInput().getType().getRank();
  Value centred =
      p.sub(op.getInput(), p.alongChannels(op.getBatchMean(), rank));
  Value factor = p.alongChannels(p.mul(op.getScale(), op.getInvStd()), rank);
  return p.add(p.mul(centred, factor), p.alongChannels(op.getBias(), rank));
}

/// Repeats `op` in front of `user`; one value per result, null for those that
/// stay what they are.
SmallVector<Value> Recomputation::repeatBefore(Operation *op, Operation *user) {
  Recorder recorder;
  OpBuilder builder(user, &recorder);
  SmallVector<Value> results(op->getNumResults());
  if (auto norm = dyn_cast<BatchNormTrainOp>(op))
    results[0] = normaliseAgain(norm, builder);
  else
    llvm::copy(builder.clone(*op)->getResults(), results.begin());
  for (Operation *built : recorder.built)
    if (!isa<ConstantOp>(built))
      setPhase(built, Phase::InputGradient);
  return results;
}

/// Lets uses in the backward pass see a repetition of `op`.
void Recomputation::repeat(Operation *op) {
  SmallVector<OpOperand *> uses;
  Operation *first = nullptr;
  // The statistics of a normalisation are small and stay.
  unsigned repeated = isa<BatchNormTrainOp>(op) ? 1 : op->getNumResults();
  for (OpResult result : op->getResults().take_front(repeated))
    for (OpOperand &use : result.getUses()) {
      Operation *user = use.getOwner();
      if (!isBackward(user))
        continue;
      uses.push_back(&use);
      if (!first || user->isBeforeInBlock(first))
        first = user;
    }
  if (uses.empty())
    return;
  SmallVector<Value> again = repeatBefore(op, first);
  for (OpOperand *use : uses)
    use->set(again[cast<OpResult>(use->get()).getResultNumber()]);
  work[StringAttr::get(function.getContext(), getLayerName(op))].add(op);
}

void Recomputation::run() {
  StashBytes before = measureStash(function);
  // Backwards, so that what a repetition needs is repeated in front of it.
  for (Operation *op : llvm::reverse(selected.getArrayRef()))
    repeat(op);
  report(before, measureStash(function));
}

void Recomputation::report(const StashBytes &before, const StashBytes &after) {
  auto emit = [&](StringRef kind, Location loc, const std::string &what,
                  int64_t from, int64_t to, const Work &cost) {
    remark::passed(loc, remark::RemarkOpts::name(kind)
                            .category("Recompute")
                            .function(function.getName()))
        << remark::add("{0} {1} bytes for the backward pass, {2} without "
                       "recomputation; it computes {3} elements and {4} "
                       "multiply-accumulates again",
                       what, to, from, cost.elements, cost.macs)
        << remark::metric("bytes", to) << remark::metric("bytes_before", from)
        << remark::metric("elements", cost.elements)
        << remark::metric("macs", cost.macs);
  };
  Work total;
  for (auto [layer, cost] : work) {
    total.elements += cost.elements;
    total.macs += cost.macs;
  }
  for (StringAttr layer : names)
    emit("Recompute", NameLoc::get(layer), "'" + layer.str() + "' keeps",
         before.lookup(layer), after.lookup(layer), work.lookup(layer));
  // A repetition needs what the layer in front of it would not have kept.
  for (auto [layer, bytes] : after)
    if (bytes > before.lookup(layer) && !llvm::is_contained(names, layer))
      emit("RecomputeNeeds", NameLoc::get(layer),
           "'" + layer.str() + "' for that keeps", before.lookup(layer), bytes,
           Work());
  emit("RecomputeTotal", function.getLoc(), "the network keeps",
       getTotal(before), getTotal(after), total);
}

LogicalResult nn::recomputeLayers(func::FuncOp function,
                                  ArrayRef<std::string> layers) {
  Recomputation recomputation(function);
  if (failed(recomputation.select(layers)))
    return failure();
  recomputation.run();
  return success();
}
