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
  void importRegions(Location loc);
  void importCode(Location loc);
  void importInstruction(const phx::Instruction &instruction);
  Location getLocation(uint32_t layer);
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
  AffineAttr get(const phx::Affine &a) { return AffineAttr::get(context, a); }
  CountAttr get(const phx::Count &c) { return CountAttr::get(context, c); }
  AddressAttr get(const phx::Address &a) {
    return AddressAttr::get(context, a);
  }
  DenseI64ArrayAttr get(const phx::Stride4 &s) {
    return b.getDenseI64ArrayAttr(s);
  }
  ArrayAttr get(const phx::Shape4 &shape) {
    SmallVector<Attribute> counts;
    for (const phx::Count &count : shape)
      counts.push_back(get(count));
    return b.getArrayAttr(counts);
  }
  ArrayAttr getDigits(const std::vector<phx::MapDigit> &digits);

  const phx::Program &program;
  OpBuilder &b;
  MLIRContext *context;
  InitProvider init;
};

} // namespace

Location Importer::getLocation(uint32_t layer) {
  if (layer >= program.layers.size())
    return b.getUnknownLoc();
  return NameLoc::get(b.getStringAttr(program.layers[layer].name));
}

ArrayAttr Importer::getDigits(const std::vector<phx::MapDigit> &digits) {
  SmallVector<Attribute> tuples;
  for (const phx::MapDigit &d : digits)
    tuples.push_back(b.getDenseI64ArrayAttr({d.radix, d.axis, d.step}));
  return b.getArrayAttr(tuples);
}

//===----------------------------------------------------------------------===//
// Tables
//===----------------------------------------------------------------------===//

void Importer::importTables(Location loc) {
  for (auto [index, map] : llvm::enumerate(program.maps)) {
    SmallVector<Attribute> axes;
    for (const phx::MapAxis &a : map.axes)
      axes.push_back(b.getDenseI64ArrayAttr(
          {a.extent, a.stride, a.offset, a.marginLow, a.marginHigh}));
    MapOp::create(b, loc, i64(index), getDigits(map.rows), getDigits(map.cols),
                  b.getArrayAttr(axes));
  }
  for (auto [index, f] : llvm::enumerate(program.formats)) {
    SmallVector<int64_t> moduli(f.moduli.begin(), f.moduli.end());
    FormatOp::create(b, loc, i64(index), static_cast<FormatKind>(f.kind),
                     i64(f.mantissaBits), i64(f.group),
                     static_cast<pisa::Rounding>(f.rounding),
                     b.getDenseI64ArrayAttr(moduli));
  }
  for (auto [index, p] : llvm::enumerate(program.products))
    ProductOp::create(b, getLocation(p.layer), i64(index), i64(p.m), i64(p.n),
                      i64(p.k), i64(p.groups), i64Unless(1, p.positions),
                      static_cast<pisa::Dataflow>(p.dataflow), i64(p.format),
                      b.getDenseI64ArrayAttr({static_cast<int64_t>(p.loopBegin),
                                              static_cast<int64_t>(p.loopEnd)}),
                      unitIf(p.accumulate), i64Unless(0, p.stream),
                      getLayerAttr(p.layer));
}

static Type getType(Builder &b, phx::ElementType type) {
  switch (type) {
  case phx::ElementType::F32:
    return b.getF32Type();
  case phx::ElementType::I32:
    return b.getI32Type();
  case phx::ElementType::I64:
    return b.getI64Type();
  case phx::ElementType::U8:
    return b.getI8Type();
  case phx::ElementType::Bool:
    return b.getI1Type();
  }
  llvm_unreachable("all element types are handled");
}

void Importer::importRegions(Location loc) {
  for (auto [index, r] : llvm::enumerate(program.regions)) {
    auto type = RankedTensorType::get(r.shape, getType(b, r.type));
    phx::Address address{r.space, {r.address, {}}};
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
  for (auto [index, l] : llvm::enumerate(program.layers))
    LayerOp::create(b, loc, i64(index), b.getStringAttr(l.name),
                    b.getStringAttr(l.op), static_cast<pisa::Phase>(l.phase),
                    l.output ? i64(*l.output) : IntegerAttr());
}

//===----------------------------------------------------------------------===//
// Code
//===----------------------------------------------------------------------===//

void Importer::importInstruction(const phx::Instruction &instruction) {
  Location loc = getLocation(instruction.layer);
  IntegerAttr layer = getLayerAttr(instruction.layer);
  GuardAttr guard = instruction.guard
                        ? GuardAttr::get(context, *instruction.guard)
                        : GuardAttr();
  auto kind = static_cast<pisa::EngineKind>(instruction.engine.kind);
  IntegerAttr engine = i64(instruction.engine.index);

  struct Visitor {
    Importer &self;
    Location loc;
    IntegerAttr layer;
    GuardAttr guard;
    pisa::EngineKind kind;
    IntegerAttr engine;

    void operator()(const phx::Halt &) { HaltOp::create(self.b, loc); }
    void operator()(const phx::Loop &loop) {
      auto op = LoopOp::create(self.b, loc, self.i64(loop.count), layer);
      self.b.setInsertionPointToStart(&op.getBody().emplaceBlock());
    }
    void operator()(const phx::End &) {
      self.b.setInsertionPointAfter(self.b.getInsertionBlock()->getParentOp());
    }
    void operator()(const phx::Signal &s) {
      SignalOp::create(self.b, loc, kind, engine, self.i64(s.token), layer,
                       guard);
    }
    void operator()(const phx::Wait &w) {
      WaitOp::create(self.b, loc, kind, engine, self.i64(w.token),
                     w.redundant ? self.b.getUnitAttr() : UnitAttr(), layer,
                     guard);
    }
    void operator()(const phx::DmaCopy &c) {
      DmaCopyOp::create(
          self.b, loc, self.get(c.dst), self.get(c.dstStride), self.get(c.src),
          self.get(c.srcStride), self.get(c.shape),
          c.zeroFill ? ZeroFillAttr::get(self.context, *c.zeroFill)
                     : ZeroFillAttr(),
          layer, guard);
    }
    void operator()(const phx::VecMap &m) {
      bool usesA = phx::getSourceCount(m.fn) > 0;
      bool usesB = phx::getSourceCount(m.fn) > 1;
      auto immediate = [&](float value) {
        return value == 0 && !std::signbit(value)
                   ? FloatAttr()
                   : self.b.getF32FloatAttr(value);
      };
      VecMapOp::create(
          self.b, loc, static_cast<pisa::VecFn>(m.fn), self.get(m.dst),
          self.get(m.dstStride), usesA ? self.get(m.a) : AddressAttr(),
          usesA ? self.get(m.aStride) : DenseI64ArrayAttr(),
          usesB ? self.get(m.b) : AddressAttr(),
          usesB ? self.get(m.bStride) : DenseI64ArrayAttr(), self.get(m.shape),
          immediate(m.s0), immediate(m.s1), layer, guard);
    }
    void operator()(const phx::VecReduce &r) {
      VecReduceOp::create(self.b, loc, static_cast<pisa::ReduceFn>(r.fn),
                          self.get(r.dst), self.get(r.dstStride), self.get(r.a),
                          self.get(r.aStride), self.get(r.shape),
                          self.i64Unless(1, r.dims), layer, guard);
    }
    void operator()(const phx::VecPool &p) {
      VecPoolOp::create(self.b, loc, static_cast<pisa::PoolFn>(p.fn),
                        self.i64(p.outMap), self.get(p.out), self.i64(p.inMap),
                        self.get(p.in), self.get(p.rowStart), self.get(p.rows),
                        self.i64(p.window), layer, guard);
    }
    void operator()(const phx::VecPoolPositions &p) {
      VecPoolPositionsOp::create(self.b, loc, self.i64(p.outMap),
                                 self.get(p.out), self.get(p.positions),
                                 self.i64(p.inMap), self.get(p.in),
                                 self.get(p.rowStart), self.get(p.rows),
                                 self.i64(p.window), layer, guard);
    }
    void operator()(const phx::VecUnpool &p) {
      VecUnpoolOp::create(
          self.b, loc, static_cast<pisa::PoolFn>(p.fn), self.i64(p.inMap),
          self.get(p.in), self.i64(p.outMap), self.get(p.out),
          p.fn == phx::PoolFn::Max ? self.get(p.positions) : AddressAttr(),
          self.get(p.rowStart), self.get(p.rows), self.i64(p.window), layer,
          guard);
    }
    void operator()(const phx::VecPack &p) {
      VecPackOp::create(self.b, loc, self.get(p.dst), self.get(p.a),
                        self.get(p.count), layer, guard);
    }
    void operator()(const phx::VecGateMask &g) {
      VecGateMaskOp::create(self.b, loc, self.get(g.dst), self.get(g.a),
                            self.get(g.mask), self.get(g.count), layer, guard);
    }
    void operator()(const phx::VecRandom &r) {
      VecRandomOp::create(self.b, loc, self.get(r.dst), self.get(r.key),
                          self.get(r.first), self.get(r.count),
                          self.i64(r.stream), layer, guard);
    }
    void operator()(const phx::CoreProgram &p) {
      CoreProgramOp::create(
          self.b, loc, kind, engine, self.i64(p.format), self.i64(p.map),
          self.get(p.src), self.get(p.rowStart), self.get(p.kStart),
          self.get(p.rows), self.get(p.cols), self.i64(p.product),
          p.group == phx::Affine() ? AffineAttr() : self.get(p.group), layer,
          guard);
    }
    void operator()(const phx::CoreStream &s) {
      CoreStreamOp::create(
          self.b, loc, kind, engine, self.i64(s.format), self.i64(s.inMap),
          self.get(s.in), self.i64(s.outMap), self.get(s.out),
          self.get(s.rowStart), self.get(s.kStart), self.get(s.vecStart),
          self.get(s.rows), self.get(s.cols), self.get(s.length),
          self.i64(s.product), layer, guard);
    }
  };
  std::visit(Visitor{*this, loc, layer, guard, kind, engine}, instruction.body);
}

void Importer::importCode(Location loc) {
  auto code = CodeOp::create(b, loc);
  OpBuilder::InsertionGuard restore(b);
  b.setInsertionPointToStart(&code.getBody().emplaceBlock());
  for (const phx::Instruction &instruction : program.code)
    importInstruction(instruction);
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
      i64(program.cores),
      b.getDenseI64ArrayAttr({program.arrayRows, program.arrayCols}),
      i64(program.tokens), b.getDenseI64ArrayAttr(program.spaceBytes),
      program.rng ? i64(*program.rng) : IntegerAttr(),
      program.ignoredInputs.empty()
          ? ArrayAttr()
          : b.getStrArrayAttr(SmallVector<StringRef>(
                program.ignoredInputs.begin(), program.ignoredInputs.end())),
      b.getStringAttr(program.compiler), getMachine());
  OpBuilder::InsertionGuard restore(b);
  b.setInsertionPointToStart(&op.getBody().emplaceBlock());
  importTables(loc);
  importRegions(loc);
  importCode(loc);
  return op;
}

ProgramOp photonic::importProgram(const phx::Program &program,
                                  OpBuilder &builder, InitProvider init) {
  return Importer(program, builder, init).run();
}
