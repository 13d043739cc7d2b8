//===- ImportProgram.cpp - The plain form to pisa operations -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Target/PHX/PHX.h"

#include "mlir/IR/Builders.h"

#include <cmath>

using namespace mlir;
using namespace photonic;
using namespace photonic::pisa;

/// The ONNX node that a layer stands for.
static Location getLayerLocation(const phx::Program &program, uint32_t layer,
                                 OpBuilder &b) {
  if (layer >= program.layers.size())
    return b.getUnknownLoc();
  return NameLoc::get(b.getStringAttr(program.layers[layer].name));
}

namespace {

/// Creates the operations of a phx::Program.
class Importer {
public:
  Importer(const phx::Program &program, OpBuilder &builder, InitProvider init)
      : program(program), b(builder), context(builder.getContext()),
        init(init) {}
  ProgramOp run();

private:
  void importTables(Location loc);
  void importNests();
  void importOperations(Location loc);
  LogicalResult importRegions(Location loc);
  void importLayers(Location loc);
  LogicalResult importCode(Location loc);
  LogicalResult importStep(const phx::Instruction &instruction);
  Location getLocation(uint32_t layer) {
    return getLayerLocation(program, layer, b);
  }
  ArrayAttr getMachine();

  IntegerAttr i64(int64_t value) { return b.getI64IntegerAttr(value); }
  /// Absent if the number is what absence means.
  IntegerAttr i64Unless(int64_t usual, int64_t value) {
    return value == usual ? IntegerAttr() : i64(value);
  }
  UnitAttr unitIf(bool set) { return set ? b.getUnitAttr() : UnitAttr(); }
  IntegerAttr getLayerAttr(uint32_t layer) {
    return layer == phx::noLayer ? IntegerAttr() : i64(layer);
  }
  AddressAttr get(const phx::Address &a) {
    return getAddress(context, program, a);
  }
  ArrayAttr getDigits(const std::vector<phx::MapDigit> &digits);

  const phx::Program &program;
  OpBuilder &b;
  MLIRContext *context;
  InitProvider init;
};

} // namespace

ArrayAttr Importer::getDigits(const std::vector<phx::MapDigit> &digits) {
  SmallVector<Attribute> tuples;
  for (const phx::MapDigit &d : digits)
    tuples.push_back(b.getDenseI64ArrayAttr({d.radix, d.axis, d.step}));
  return b.getArrayAttr(tuples);
}

//===----------------------------------------------------------------------===//
// Tables
//===----------------------------------------------------------------------===//

void Importer::importOperations(Location loc) {
  auto getList = [&](const phx::OperationList &list) {
    SmallVector<Attribute> operations;
    for (const phx::TableOperation &operation : list)
      operations.push_back(OperationAttr::get(context, operation));
    return b.getArrayAttr(operations);
  };
  for (auto [index, conversion] : llvm::enumerate(program.conversions))
    ConversionOp::create(b, loc, i64(index),
                         OperationAttr::get(context, conversion));
  for (auto [index, pass] : llvm::enumerate(program.passes))
    PassOp::create(b, loc, i64(index), getList(pass));
  for (auto [index, combine] : llvm::enumerate(program.combines))
    CombineOp::create(b, loc, i64(index), getList(combine));
}

void Importer::importTables(Location loc) {
  for (auto [index, g] : llvm::enumerate(program.groups))
    GroupOp::create(b, loc, i64(index), b.getStringAttr(g.name),
                    b.getStringAttr(g.machineClass), i64(g.count),
                    b.getDenseI64ArrayAttr({g.rows, g.columns}));
  for (auto [index, m] : llvm::enumerate(program.memories)) {
    SmallVector<StringRef> types;
    for (phx::ElementType type : m.types)
      types.push_back(phx::getTypeWord(type));
    MemoryOp::create(b, loc, i64(index), b.getStringAttr(m.name),
                     static_cast<pisa::MemoryKind>(m.kind),
                     m.group ? i64(*m.group) : IntegerAttr(), i64(m.capacity),
                     i64(m.bytes), b.getStrArrayAttr(types));
  }
  for (auto [index, each] : llvm::enumerate(program.registers))
    RegisterOp::create(b, loc, i64(index), b.getStringAttr(each.name),
                       i64(each.most));
  for (auto [index, map] : llvm::enumerate(program.maps)) {
    SmallVector<Attribute> axes;
    for (const phx::MapAxis &a : map.axes)
      axes.push_back(b.getDenseI64ArrayAttr(
          {a.extent, a.stride, a.offset, a.marginLow, a.marginHigh}));
    MapOp::create(b, loc, i64(index), getDigits(map.rows), getDigits(map.cols),
                  b.getArrayAttr(axes));
  }
  importOperations(loc);
  for (auto [index, p] : llvm::enumerate(program.products))
    ProductOp::create(b, getLocation(p.layer), i64(index), i64(p.m), i64(p.n),
                      i64(p.k), i64(p.groups), i64Unless(1, p.positions),
                      static_cast<pisa::Stationary>(p.stationary),
                      b.getDenseI64ArrayAttr(
                          {p.conversions[0], p.conversions[1]}),
                      i64(p.pass), i64(p.combine),
                      i64Unless(0, p.stream),
                      getLayerAttr(p.layer));
  importNests();
}

void Importer::importNests() {
  auto affine = [&](const phx::NestRange &range) {
    return AffineAttr::get(context, range.start);
  };
  auto size = [&](const phx::NestRange &range) {
    return CountAttr::get(context, range.size);
  };
  int64_t index = 0;
  for (auto [number, p] : llvm::enumerate(program.products))
    for (const phx::ProductNest &n : p.nests)
      NestOp::create(
          b, getLocation(p.layer), i64(index++), i64(number),
          b.getDenseI64ArrayAttr({static_cast<int64_t>(n.loopBegin),
                                  static_cast<int64_t>(n.loopEnd)}),
          affine(n.groups), size(n.groups), affine(n.rows), size(n.rows),
          affine(n.columns), size(n.columns), affine(n.contraction),
          size(n.contraction));
}

static Type getType(Builder &b, const phx::Region &region) {
  switch (region.type) {
  case phx::ElementType::F32:
    return b.getF32Type();
  case phx::ElementType::I32:
    return b.getI32Type();
  case phx::ElementType::I64:
    return b.getI64Type();
  case phx::ElementType::U8:
    return b.getIntegerType(8, /*isSigned=*/false);
  case phx::ElementType::BF16:
    return b.getBF16Type();
  case phx::ElementType::I8:
    return b.getI8Type();
  case phx::ElementType::I16:
    return b.getI16Type();
  case phx::ElementType::Bool:
    return b.getI1Type();
  case phx::ElementType::Block:
    return BlockType::get(b.getContext(), region.conversion.value_or(0));
  }
  llvm_unreachable("all element types are handled");
}

/// Regions of blocks, and no others, say which conversion made them; the type
/// of the region is all that the assembly has of it.
static LogicalResult verifyConversion(const phx::Region &region, Location loc,
                                      size_t index) {
  bool isBlock = region.type == phx::ElementType::Block;
  if (region.conversion.has_value() == isBlock &&
      region.conversion.value_or(0) < phx::noLayer)
    return success();
  InFlightDiagnostic error = emitError(loc)
                             << "region " << index << " '" << region.name
                             << "' conversion: expected ";
  if (isBlock)
    error << "0 to " << phx::noLayer - 1;
  else
    error << "none (its elements are " << phx::getTypeWord(region.type) << ")";
  error << ", found ";
  if (region.conversion)
    return error << *region.conversion;
  return error << "none";
}

LogicalResult Importer::importRegions(Location loc) {
  for (auto [index, r] : llvm::enumerate(program.regions)) {
    if (failed(verifyConversion(r, loc, index)))
      return failure();
    auto type = RankedTensorType::get(r.shape, getType(b, r));
    phx::Address address{r.memory, {r.address, {}}};
    bool ignores = r.labels && r.labels->ignoreIndex;
    RegionOp::create(b, loc, i64(index), b.getStringAttr(r.name),
                     static_cast<pisa::Role>(r.role), unitIf(r.isMutable),
                     unitIf(r.isLoss),
                     r.gradientOf ? i64(*r.gradientOf) : IntegerAttr(),
                     static_cast<pisa::Knob>(r.knob),
                     get(address), i64(r.bytes), TypeAttr::get(type),
                     r.batchAxis ? i64(*r.batchAxis) : IntegerAttr(),
                     r.labels ? i64(r.labels->classes) : IntegerAttr(),
                     ignores ? i64(*r.labels->ignoreIndex) : IntegerAttr(),
                     r.data ? init(*r.data, type) : ElementsAttr());
  }
  return success();
}

void Importer::importLayers(Location loc) {
  for (auto [index, l] : llvm::enumerate(program.layers))
    LayerOp::create(b, loc, i64(index), b.getStringAttr(l.name),
                    b.getStringAttr(l.op), static_cast<pisa::Phase>(l.phase),
                    l.output ? i64(*l.output) : IntegerAttr());
}

//===----------------------------------------------------------------------===//
// Code
//===----------------------------------------------------------------------===//

LogicalResult photonic::importInstruction(const phx::Program &program,
                                          const phx::Instruction &instruction,
                                          OpBuilder &builder) {
  return createInstruction(
      builder, getLayerLocation(program, instruction.layer, builder), program,
      instruction);
}

LogicalResult Importer::importStep(const phx::Instruction &instruction) {
  Location loc = getLocation(instruction.layer);
  if (phx::holds<phx::Halt>(instruction.body)) {
    HaltOp::create(b, loc);
  } else if (auto *loop = phx::getIf<phx::Loop>(instruction.body)) {
    auto op = LoopOp::create(b, loc, i64(loop->count),
                             loop->below ? i64(*loop->below) : IntegerAttr(),
                             getLayerAttr(instruction.layer));
    b.setInsertionPointToStart(&op.getBody().emplaceBlock());
  } else if (phx::holds<phx::End>(instruction.body)) {
    b.setInsertionPointAfter(b.getInsertionBlock()->getParentOp());
  } else {
    return importInstruction(program, instruction, b);
  }
  return success();
}

LogicalResult Importer::importCode(Location loc) {
  auto code = CodeOp::create(b, loc);
  OpBuilder::InsertionGuard restore(b);
  b.setInsertionPointToStart(&code.getBody().emplaceBlock());
  for (const phx::Instruction &instruction : program.code)
    if (failed(importStep(instruction)))
      return failure();
  return success();
}

ArrayAttr Importer::getMachine() {
  if (program.machine.empty())
    return {};
  return b.getStrArrayAttr(
      SmallVector<StringRef>(program.machine.begin(), program.machine.end()));
}

ProgramOp Importer::run() {
  Location loc = b.getUnknownLoc();
  auto op = ProgramOp::create(
      b, loc, b.getStringAttr(program.name),
      static_cast<pisa::ProgramKind>(program.kind),
      b.getStringAttr(program.target),
      i64(static_cast<int64_t>(program.targetHash)),
      static_cast<pisa::MemoryModel>(program.memoryModel), i64(program.batch),
      i64(program.tokens),
      program.rng ? i64(*program.rng) : IntegerAttr(),
      program.ignoredInputs.empty()
          ? ArrayAttr()
          : b.getStrArrayAttr(SmallVector<StringRef>(
                program.ignoredInputs.begin(), program.ignoredInputs.end())),
      b.getStringAttr(program.compiler), getMachine());
  OpBuilder::InsertionGuard restore(b);
  b.setInsertionPointToStart(&op.getBody().emplaceBlock());
  importTables(loc);
  if (succeeded(importRegions(loc))) {
    importLayers(loc);
    if (succeeded(importCode(loc)))
      return op;
  }
  op.erase();
  return {};
}

ProgramOp photonic::importProgram(const phx::Program &program,
                                  OpBuilder &builder, InitProvider init) {
  return Importer(program, builder, init).run();
}
