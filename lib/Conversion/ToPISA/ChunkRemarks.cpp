//===- ChunkRemarks.cpp - What is fused, cut and kept, and why ------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ChunkRemarks.h"

#include "photonic/Dialect/NN/IR/Step.h"
#include "photonic/Dialect/Photonic/IR/ProductInfo.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Remarks.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace photonic;

static remark::RemarkOpts getOptions(Operation *op, StringRef name,
                                     StringRef category) {
  auto function = op->getParentOfType<func::FuncOp>();
  return remark::RemarkOpts::name(name).category(category).function(
      function.getName());
}

/// "'conv1' (input gradient)": what tells the operations of a layer apart.
static std::string describe(Operation *op) {
  std::string text = ("'" + phot::getNodeName(op->getLoc()) + "'").str();
  nn::Phase phase = nn::getPhase(op);
  if (phase != nn::Phase::Forward) {
    std::string name = nn::stringifyPhase(phase).str();
    std::replace(name.begin(), name.end(), '_', ' ');
    text += " (" + name + ")";
  }
  return text;
}

/// "images 1, lines 7", of what is cut.
static std::string describe(phot::ChunkAttr chunk) {
  std::string text;
  auto add = [&](StringRef name, std::optional<int64_t> extent) {
    if (extent)
      text += (text.empty() ? "" : ", ") + name.str() + " " +
              std::to_string(*extent);
  };
  add("groups", chunk.getGroups());
  add("rows", chunk.getRows());
  add("images", chunk.getImages());
  add("lines", chunk.getLines());
  add("units", chunk.getUnits());
  return text;
}

void photonic::reportChunks(const FusedProduct &product,
                            const ChunkChoice &choice) {
  phot::ArrayProductOp op = product.getProduct();
  int64_t chunks = choice.chunks.getChunks();
  std::string text = describe(op);
  if (chunks == 1) {
    text += " stays in one piece";
  } else {
    std::string why = "transfers overlap with array passes";
    if (choice.overflow)
      why = "in one piece it needs " + std::to_string(choice.overflow->needed) +
            " bytes in '" + choice.overflow->memory + "', which has " +
            std::to_string(choice.overflow->available);
    text += " is cut into " + std::to_string(chunks) + " chunks (" +
            describe(choice.chunks.getAttr(op->getContext())) + "): " + why;
  }
  remark::passed(op.getLoc(), getOptions(op, "Chunks", "Chunks"))
      << remark::add("{0}", text) << remark::metric("chunks", chunks)
      << remark::metric("estimate_ns", choice.estimate);
}

void photonic::reportChunks(const DigitalChunks &cut) {
  Operation *op = cut.getOperation();
  int64_t chunks = cut.getChunks();
  std::string text = describe(op);
  if (chunks == 1)
    text += " stays in one piece";
  else
    text += " is cut into " + std::to_string(chunks) + " chunks (units " +
            std::to_string(cut.units) + " of " +
            std::to_string(cut.plan.units) +
            "): its operands and results do not fit on chip in one piece";
  remark::passed(op->getLoc(), getOptions(op, "Chunks", "Chunks"))
      << remark::add("{0}", text) << remark::metric("chunks", chunks);
}

/// "2 buffers of its result".
static std::string describe(int64_t number, StringRef what) {
  return std::to_string(number) + (number == 1 ? " buffer" : " buffers") +
         " of its " + what.str();
}

void photonic::reportBuffers(const FusedProduct &product,
                             const ProductChunks &chunks,
                             const ProductBuffers &buffers) {
  phot::ArrayProductOp op = product.getProduct();
  RoleBytes bytes = chunks.countBytes(buffers);
  std::string text = describe(op) + " has " +
                     describe(buffers.first, "first operand") + ", " +
                     describe(buffers.second, "second one") + " and " +
                     describe(buffers.result, "result") + " on chip";
  remark::passed(op.getLoc(), getOptions(op, "Buffers", "Buffers"))
      << remark::add("{0}", text)
      << remark::metric("stationary_bytes", bytes.stationary)
      << remark::metric("streamed_bytes", bytes.streamed)
      << remark::metric("result_bytes", bytes.result);
}

void photonic::reportBuffers(const DigitalChunks &chunks) {
  Operation *op = chunks.getOperation();
  std::string text = describe(op) + " has " +
                     describe(chunks.operands, "operands") + " and " +
                     describe(chunks.result, "result") + " on chip";
  remark::passed(op->getLoc(), getOptions(op, "Buffers", "Buffers"))
      << remark::add("{0}", text);
}

void photonic::reportFusion(phot::FusedOp fused) {
  phot::ArrayProductOp op = getArrayProduct(fused);
  std::string names;
  for (Operation *follower : fused.getFollowers())
    names += (names.empty() ? "'" : ", '") +
             phot::getNodeName(follower->getLoc()).str() + "'";
  Value last = fused->getResult(0);
  llvm::SmallPtrSet<Operation *, 4> readers(last.user_begin(), last.user_end());
  if (!names.empty())
    remark::passed(op.getLoc(), getOptions(op, "Fuse", "Fuse"))
        << remark::add("the chunks of {0} go through {1} before they leave the "
                       "chip",
                       describe(op), names)
        << remark::metric("followers", fused.getFollowers().size());
  if (readers.empty() || isa<func::ReturnOp>(*readers.begin()))
    return;
  std::string why =
      "what they are then has " + std::to_string(readers.size()) + " readers";
  if (readers.size() == 1)
    why = "'" + phot::getNodeName((*readers.begin())->getLoc()).str() + "' (" +
          (*readers.begin())->getName().getStringRef().str() + ") " +
          (last.hasOneUse() ? "does not follow them" : "reads them twice");
  remark::missed(op.getLoc(), getOptions(op, "Fuse", "Fuse")) << remark::add(
      "the chunks of {0} go through nothing else: {1}", describe(op), why);
}
