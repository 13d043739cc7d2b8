//===- VerifyTile.cpp - Products are nests of array passes ----------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/Photonic/Transforms/Passes.h"

#include "photonic/Dialect/Photonic/Transforms/Survivor.h"

#include "photonic/Dialect/Photonic/Transforms/TileNest.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/StringMap.h"

namespace photonic::phot {
#define GEN_PASS_DEF_VERIFYTILE
#include "photonic/Dialect/Photonic/Transforms/PhotonicPasses.h.inc"
} // namespace photonic::phot

using namespace mlir;
using namespace photonic;
using namespace photonic::phot;

/// Says what keeps `op` from being scheduled; false if nothing does.
static bool reportSurvivor(Operation *op) {
  auto composite = dyn_cast<nn::CompositeOpInterface>(op);
  if (isa<ProductOp>(op))
    emitSurvivor(op, "tile") << "is not cut into array passes";
  else if (isLayer(op))
    emitSurvivor(op, "tile") << "is not lowered to a photonic.product";
  else if (composite && composite.isComposite())
    emitSurvivor(op, "tile") << "is not decomposed";
  else
    return false;
  return true;
}

/// A tile in a nest that computes its product.
static bool isInNest(ArrayProductOp op) {
  FailureOr<TileNest> nest = TileNest::get(op);
  return succeeded(nest) && succeeded(nest->verify());
}

/// Whether a product adds to `use`.
static bool isInit(OpOperand &use) {
  if (auto product = dyn_cast<ProductOp>(use.getOwner()))
    return &product.getInitMutable() == &use;
  auto tile = dyn_cast<ArrayProductOp>(use.getOwner());
  return tile && &tile.getInitMutable() == &use;
}

/// Whether nests start from `op`, zeros or nothing, and nobody else reads it.
static bool isStart(Operation &op) {
  for (OpOperand &use : op.getUses()) {
    auto loop = dyn_cast<scf::ForOp>(use.getOwner());
    if (loop && llvm::is_contained(loop.getInits(), use.get()))
      continue;
    if (isInit(use)) // of what is no nest, which is reported
      continue;
    emitSurvivor(&op, "tile")
        << (isa<ZerosOp>(op)
                ? "is what nests start from, and is used other than by one; a "
                  "tensor of zeros is an nn.constant"
                : "holds nothing, and is used other than by a nest that writes "
                  "it");
    return false;
  }
  return true;
}

/// The products of a node are one layer of reports, with one operator.
static bool checkOperators(func::FuncOp function) {
  llvm::StringMap<StringRef> first;
  bool agree = true;
  auto check = [&](Operation *op, StringRef name) {
    StringRef node = getNodeName(op->getLoc());
    if (node.empty())
      return;
    StringRef other = first.try_emplace(node, name).first->second;
    if (other == name)
      return;
    emitSurvivor(op, "tile")
        << "has operator '" << name << "', another product of the node has '"
        << other << "'";
    agree = false;
  };
  function.walk([&](Operation *op) {
    if (auto tile = dyn_cast<ArrayProductOp>(op))
      check(op, tile.getOperatorName());
    else if (auto convert = dyn_cast<ConvertOp>(op))
      check(op, convert.getOperatorName());
  });
  return agree;
}

/// Whether a product multiplies `use`.
static bool isOperand(OpOperand &use) {
  return isa<ProductOp, ArrayProductOp>(use.getOwner()) &&
         use.getOperandNumber() < 2;
}

/// A conversion that products read, and somebody computes.
static bool checkConversion(ConvertOp op) {
  for (OpOperand &use : op->getUses())
    if (!isOperand(use)) {
      emitSurvivor(op, "tile") << "is read by '" << use.getOwner()->getName()
                               << "'; nobody but products can";
      return false;
    }
  if (op.isAtCompileTime() && !op.getConstant())
    emitSurvivor(op, "tile")
        << "converts what is no constant, and needs 'rows' "
           "and 'arrays' to do that at run time";
  else if (op->use_empty())
    emitSurvivor(op, "tile") << "is read by nobody; leave it out";
  else
    return true;
  return false;
}

static bool checkStep(Operation &op, bool fused);

/// Whether what is fused are nests and digital operations.
static bool checkFused(FusedOp op, bool fused) {
  if (!fused) {
    emitSurvivor(op, "tile") << "is made by stage 'schedule'";
    return false;
  }
  bool isComputed = true;
  for (Operation &inner : op.getBody().front().without_terminator()) {
    bool isDigital = isa_and_present<nn::NNDialect>(inner.getDialect()) &&
                     !inner.hasTrait<OpTrait::ConstantLike>() &&
                     !isa<nn::ReshapeOp>(inner);
    if (isDigital)
      continue;
    if (isa<scf::ForOp>(inner)) {
      isComputed &= checkStep(inner, /*fused=*/false);
      continue;
    }
    emitSurvivor(&inner, "schedule")
        << "is in a photonic.fused, and is neither a nest nor a digital "
           "operation that computes";
    isComputed = false;
  }
  return isComputed;
}

/// Whether `op`, at the top of the function, can be scheduled.
static bool checkStep(Operation &op, bool fused) {
  if (auto together = dyn_cast<FusedOp>(op))
    return checkFused(together, fused);
  if (auto loop = dyn_cast<scf::ForOp>(op)) {
    SmallVector<ArrayProductOp> tiles;
    loop.walk([&](ArrayProductOp tile) { tiles.push_back(tile); });
    if (tiles.size() == 1)
      return isInNest(tiles.front());
    emitSurvivor(&op, "tile")
        << "is no nest around one photonic.array_product, "
           "but around "
        << tiles.size();
    return false;
  }
  if (auto tile = dyn_cast<ArrayProductOp>(op))
    return isInNest(tile);
  if (auto convert = dyn_cast<ConvertOp>(op))
    return checkConversion(convert);
  if (isa<ZerosOp, tensor::EmptyOp>(op))
    return isStart(op);
  Dialect *dialect = op.getDialect();
  // Numbers of loops, which are no values of the program.
  bool isNumber = isa_and_present<arith::ArithDialect>(dialect) &&
                  llvm::none_of(op.getResultTypes(), llvm::IsaPred<ShapedType>);
  if (isa<func::ReturnOp>(op) || isa_and_present<nn::NNDialect>(dialect) ||
      isNumber)
    return true;
  if (isa<ProductOp>(op)) // reported as what it is
    return true;
  emitSurvivor(&op, "tile") << "is nothing that can be scheduled";
  return false;
}

/// Values of a program are tensors of known extents.
static bool checkTypes(func::FuncOp function) {
  for (auto [index, type] : llvm::enumerate(function.getArgumentTypes())) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (tensor && tensor.hasStaticShape() &&
        !isa<StoredType>(tensor.getElementType()))
      continue;
    function.emitError("argument ")
        << index << " has type " << type
        << ", expected a tensor with static extents that the host can give";
    return false;
  }
  return true;
}

/// More elements than this, of up to 8 bytes, are in no memory; and counts of
/// bytes would leave int64.
static constexpr int64_t mostElements = int64_t(1) << 56;

static bool isTooLarge(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || !tensor.hasStaticShape())
    return false;
  int64_t elements = 1;
  for (int64_t extent : tensor.getShape()) {
    if (extent != 0 && elements > mostElements / extent)
      return true;
    elements *= extent;
  }
  return false;
}

/// Values have as many elements as some memory could hold.
static bool checkSizes(func::FuncOp function) {
  bool fits = true;
  auto check = [&](Operation *op, TypeRange types) {
    for (Type type : types)
      if (isTooLarge(type)) {
        emitSurvivor(op, "tile") << "has a value of type " << type
                                 << ", expected at most 2^56 elements";
        fits = false;
        return;
      }
  };
  check(function, function.getArgumentTypes());
  function.walk([&](Operation *op) { check(op, op->getResultTypes()); });
  return fits;
}

LogicalResult phot::verifyTiled(func::FuncOp function, bool fused) {
  if (function.isExternal() || !function.getBody().hasOneBlock())
    return function.emitError("expected a body of one block");
  bool survivors = !checkTypes(function) || !checkSizes(function) ||
                   !checkOperators(function);
  function.walk([&](Operation *op) { survivors |= reportSurvivor(op); });
  for (Operation &op : function.getBody().front())
    survivors |= !checkStep(op, fused);
  return failure(survivors);
}

namespace {
struct VerifyTile : phot::impl::VerifyTileBase<VerifyTile> {
  using Base::Base;

  void runOnOperation() override {
    if (failed(verifyTiled(getOperation())))
      signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace
