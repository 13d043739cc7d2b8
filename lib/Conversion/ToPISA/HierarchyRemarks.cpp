//===- HierarchyRemarks.cpp - What is cut and fused, and why --------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "HierarchyRemarks.h"

#include "photonic/Dialect/NN/IR/Step.h"
#include "photonic/Dialect/Photonic/IR/ProductInfo.h"

#include "mlir/IR/Remarks.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace photonic;

static remark::RemarkOpts getOptions(Operation *op, StringRef name,
                                     StringRef category) {
  auto function = op->getParentOfType<func::FuncOp>();
  return remark::RemarkOpts::name(name).category(category).function(
      function.getName());
}

/// "'conv1' (input gradient)": what tells the products of a layer apart.
static std::string describe(phot::ArrayProductOp op) {
  std::string text = ("'" + phot::getNodeName(op.getLoc()) + "'").str();
  nn::Phase phase = nn::getPhase(op);
  if (phase != nn::Phase::Forward) {
    std::string name = nn::stringifyPhase(phase).str();
    std::replace(name.begin(), name.end(), '_', ' ');
    text += " (" + name + ")";
  }
  return text;
}

void photonic::reportChunks(phot::ArrayProductOp op, const ChunkChoice &choice,
                            ArrayRef<ChunkedDim> dims) {
  int64_t chunks = 1;
  std::string along;
  for (const ChunkedDim &dim : dims) {
    if (dim.chunks == 1)
      continue;
    chunks *= dim.chunks;
    along += (along.empty() ? "" : ", ") + dim.name.str() + " " +
             std::to_string(dim.extent);
  }
  std::string why = "transfers overlap with array passes";
  if (choice.overflow)
    why = "in one piece it needs " + std::to_string(choice.overflow->needed) +
          " bytes in '" + choice.overflow->memory + "', which has " +
          std::to_string(choice.overflow->available);
  std::string text = describe(op);
  if (chunks == 1)
    text += " stays in one piece";
  else
    text += " is cut into " + std::to_string(chunks) + " chunks (" + along +
            "): " + why;
  remark::passed(op.getLoc(), getOptions(op, "Chunks", "Chunks"))
      << remark::add("{0}", text) << remark::metric("chunks", chunks)
      << remark::metric("estimate_ns", choice.estimate);
}

void photonic::reportFusion(const FusedProduct &group) {
  phot::ArrayProductOp op = Scheduler::getArrayProduct(group.nest);
  std::string names;
  for (const Follower &follower : group.followers)
    names += (names.empty() ? "'" : ", '") +
             phot::getNodeName(follower.op->getLoc()).str() + "'";
  Value last = group.getLast()->getResult(0);
  auto readers =
      static_cast<int64_t>(std::distance(last.use_begin(), last.use_end()));
  if (!names.empty())
    remark::passed(op.getLoc(), getOptions(op, "Fuse", "Fuse"))
        << remark::add("the chunks of {0} go through {1} before they leave the "
                       "chip",
                       describe(op), names)
        << remark::metric("followers", group.followers.size());
  if (readers > 1)
    remark::missed(op.getLoc(), getOptions(op, "Fuse", "Fuse"))
        << remark::add("the chunks of {0} go through nothing else: what they "
                       "are then has {1} readers",
                       describe(op), readers);
}
