//===- OperandConversion.cpp - Operands that are converted once -----------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OperandConversion.h"

#include "photonic/Dialect/PISA/IR/PISA.h"
#include "photonic/Dialect/Photonic/IR/StoredOperand.h"
#include "photonic/Interpreter/Tensor.h"
#include "photonic/Target/Machine/Machine.h"

#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace photonic;
using llvm::divideCeil;

void photonic::emitConversion(ProgramEmitter &emitter, phot::ConvertOp op,
                              const ConversionMaps &maps,
                              ConvertedOperand operand,
                              const phx::Address &source,
                              const phx::Address &blocks) {
  // checkArrays has found them.
  Arrays group = *findArrays(emitter.machine, *op.getArrays());
  auto rows = static_cast<int64_t>(*op.getRows());
  auto pieces = static_cast<int64_t>(divideCeil(maps.rows, rows));
  int64_t arrays = std::min(group.count, pieces);
  ArrayConversion conversion;
  conversion.product = operand.product;
  conversion.operand = operand.operand;
  conversion.conversion =
      emitter.getConversion(op.getStored().getFormat().encode());
  conversion.sourceMap = emitter.getMap(maps.source);
  conversion.blockMap = emitter.getMap(maps.blocks);
  conversion.source = source;
  conversion.blocks = blocks;
  conversion.columns = count(maps.columns);
  uint8_t loop =
      emitter.beginLoop(static_cast<int64_t>(divideCeil(pieces, arrays)));
  for (int64_t array = 0; array < arrays; ++array) {
    conversion.row =
        plusTerm(constant(rows * array), {loop, 1, 0, 1, 0, rows * arrays});
    conversion.rows =
        maps.rows % rows == 0
            ? count(rows)
            : phx::Count{rows, addAffine(constant(maps.rows),
                                         scaleAffine(conversion.row, -1))};
    group.lowering->emitConversion(conversion, [&](phx::Body body) {
      emitter.emit(phx::EngineKind::Core, std::move(body),
                   phx::Guard{loop, arrays, array, pieces},
                   static_cast<unsigned>(array),
                   static_cast<uint16_t>(group.group));
    });
  }
  emitter.endLoop();
}

ElementsAttr photonic::packBlocks(phot::ConvertOp op, ElementsAttr values,
                                  uint32_t conversion) {
  RankedTensorType type = op.getResult().getType();
  phot::NumberFormatAttrInterface format = op.getStored().getFormat();
  interp::Tensor tensor = *interp::Tensor::get(values);
  std::vector<char> bytes(phot::getBlockTensorBytes(type));
  MutableArrayRef<char> rest(bytes);
  std::vector<float> elements, converted;
  auto pack = [&](ArrayRef<int64_t> block) -> LogicalResult {
    elements.clear();
    for (int64_t element : block)
      elements.push_back(tensor[element]);
    converted.resize(elements.size());
    int32_t scale = format.convertGroup(elements, {}, converted);
    format.packGroup(converted, scale, rest.take_front(format.getBlockBytes()));
    rest = rest.drop_front(format.getBlockBytes());
    return success();
  };
  (void)phot::forEachBlock(type, pack);
  auto blocks =
      RankedTensorType::get(phot::getBlockShape(type),
                            pisa::BlockType::get(op.getContext(), conversion));
  return DenseResourceElementsAttr::get(
      blocks, "blocks",
      HeapAsmResourceBlob::allocateAndCopyWithAlign(bytes, /*align=*/1,
                                                    /*dataIsMutable=*/false));
}
