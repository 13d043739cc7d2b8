//===- StoreOperands.cpp - Convert operands once for their readers --------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/Photonic/Transforms/Passes.h"

#include "photonic/Dialect/NN/IR/Step.h"
#include "photonic/Dialect/Photonic/IR/ProductInfo.h"
#include "photonic/Dialect/Photonic/IR/StoredOperand.h"
#include "photonic/Target/Machine/Machine.h"

#include "mlir/IR/Remarks.h"
#include "llvm/ADT/MapVector.h"

namespace photonic::phot {
#define GEN_PASS_DEF_STOREOPERANDS
#include "photonic/Dialect/Photonic/Transforms/PhotonicPasses.h.inc"
} // namespace photonic::phot

using namespace mlir;
using namespace photonic;
using namespace photonic::phot;

namespace {
/// An operand of a product that reads f32.
struct Reader {
  ProductOp product;
  OpOperand *operand;
  ViewAttr view;
  NumberFormatAttrInterface format;

  StringRef getName() const {
    return operand->getOperandNumber() == 0 ? "lhs" : "rhs";
  }
  Value getValue() const { return operand->get(); }
};

/// Readers that one conversion serves.
using Readers = SmallVector<Reader, 2>;

struct StoreOperands : phot::impl::StoreOperandsBase<StoreOperands> {
  using Base::Base;

  void runOnOperation() override {
    if (minReaders < 1) {
      getOperation().emitError("min-readers has to be at least 1, found ")
          << minReaders.getValue();
      return signalPassFailure();
    }
    FailureOr<const phx::Target *> target = getTarget(getOperation());
    if (failed(target))
      return signalPassFailure();
    areStored = getArrays(**target).lowering->storesOperands();
    llvm::MapVector<std::pair<Value, StoredType>, Readers> groups;
    getOperation().walk([&](ProductOp op) {
      for (const Reader &reader : getReaders(op))
        if (StoredType stored = findStorage(reader))
          groups[{reader.getValue(), stored}].push_back(reader);
    });
    for (auto &[key, readers] : groups)
      if (isWanted(key.first, readers))
        store(key.first, key.second, readers);
  }

private:
  /// Operands that are f32 yet, with the formats that they are converted to.
  static Readers getReaders(ProductOp op) {
    Readers readers;
    if (!op.getLhsFormat())
      return readers;
    if (!getStored(op.getLhs().getType()))
      readers.push_back(
          {op, &op.getLhsMutable(), op.getLhsView(), op.getLhsFormatAttr()});
    if (!getStored(op.getRhs().getType()))
      readers.push_back(
          {op, &op.getRhsMutable(), op.getRhsView(), op.getRhsFormatAttr()});
    return readers;
  }

  remark::RemarkOpts getRemarkOptions() {
    return remark::RemarkOpts::name("Store").category("Storage").function(
        getOperation().getName());
  }

  void reportMissed(Reader reader, StringRef why) {
    remark::missed(reader.product.getLoc(), getRemarkOptions()) << remark::add(
        "{0} of '{1}' is converted whenever arrays read it: {2}",
        reader.getName(), getNodeName(reader.product.getLoc()), why);
  }

  StoredType findStorage(const Reader &reader) {
    auto type = cast<RankedTensorType>(reader.getValue().getType());
    if (!areStored) {
      reportMissed(reader, "the target's arrays do not read converted ones");
      return {};
    }
    StoredType stored = phot::findStorage(reader.view, type, reader.format);
    if (!stored)
      reportMissed(reader,
                   reader.format.getBlockBytes() == 0
                       ? "its format has no blocks that products share"
                       : "groups of its format straddle what is next to each "
                         "other in the tensor");
    return stored;
  }

  /// Whether a conversion pays by the option, and reads nothing that the
  /// products do not: an infinity there would stop the run.
  bool isWanted(Value value, ArrayRef<Reader> readers) {
    auto type = cast<RankedTensorType>(value.getType());
    bool enough = int64_t(readers.size()) >= minReaders;
    bool isRead = llvm::any_of(readers, [&](const Reader &reader) {
      return readsAll(reader.view, type.getShape());
    });
    if (enough && isRead)
      return true;
    for (const Reader &reader : readers)
      reportMissed(reader, enough ? "not all of the tensor is read"
                                  : "too few products read it");
    return false;
  }

  void store(Value value, StoredType stored, ArrayRef<Reader> readers) {
    ProductOp first = readers.front().product;
    OpBuilder b(first);
    auto type = cast<RankedTensorType>(value.getType()).clone(stored);
    auto convert = ConvertOp::create(
        b, first.getLoc(), type, value, /*rows=*/IntegerAttr(),
        /*arrays=*/StringAttr(), first.getOperatorNameAttr());
    convert->setDiscardableAttrs(first->getDiscardableAttrDictionary());
    for (const Reader &reader : readers)
      reader.operand->set(convert.getResult());
    std::string count = std::to_string(readers.size()) +
                        (readers.size() == 1 ? " reader" : " readers");
    remark::passed(first.getLoc(), getRemarkOptions())
        << remark::add("{0} of '{1}' is converted once for {2}, and "
                       "kept in {3} bytes instead of {4}",
                       readers.front().getName(), getNodeName(first.getLoc()),
                       count, getBlockTensorBytes(type),
                       4 * type.getNumElements())
        << remark::metric("readers", readers.size())
        << remark::metric("bytes", getBlockTensorBytes(type));
  }

  bool areStored = false; ///< the target's arrays can
};
} // namespace
