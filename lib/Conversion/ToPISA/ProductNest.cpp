//===- ProductNest.cpp - The loop nest of an analog product -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ProductNest.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace photonic;

//===----------------------------------------------------------------------===//
// Addressing
//===----------------------------------------------------------------------===//

ProductBlock ProductBlock::whole(const phot::ProductShape &shape) {
  ProductBlock block;
  block.shape = shape;
  block.groups = shape.groups;
  block.m = shape.m;
  block.images = shape.batch;
  block.outRows = shape.outHeight;
  block.inRows = shape.height;
  block.rowOffset = -shape.pads[0];
  return block;
}

phx::AccessMap ProductBlock::getWeightMap() const {
  int64_t kernel = shape.kernelHeight * shape.kernelWidth;
  phx::AccessMap map;
  map.rows = {{m, 0, 1}};
  map.cols = {{shape.channels, 1, 1},
              {shape.kernelWidth, 2, 1},
              {shape.kernelHeight, 3, 1}};
  map.axes = {{m, 4 * shape.k},
              {shape.channels, 4 * kernel},
              {shape.kernelWidth, 4},
              {shape.kernelHeight, 4 * shape.kernelWidth}};
  return map;
}

phx::AccessMap ProductBlock::getInputMap() const {
  int64_t plane = 4 * inRows * shape.width;
  phx::AccessMap map;
  map.rows = {{shape.outWidth, 0, shape.strides[1]},
              {outRows, 1, shape.strides[0]},
              {images, 2, 1}};
  map.cols = {{shape.channels, 3, 1},
              {shape.kernelWidth, 0, shape.dilations[1]},
              {shape.kernelHeight, 1, shape.dilations[0]}};
  map.axes = {{shape.width, 4, -shape.pads[1]},
              {inRows, 4 * shape.width, rowOffset},
              {images, groups * shape.channels * plane},
              {shape.channels, plane}};
  return map;
}

phx::AccessMap ProductBlock::getResultMap(bool channelsAreRows) const {
  int64_t pixels = getPixels();
  phx::AccessMap map;
  map.rows = {{m, 2, 1}};
  map.cols = {{pixels, 0, 1}, {images, 1, 1}};
  map.axes = {{pixels, 4}, {images, 4 * groups * m * pixels}, {m, 4 * pixels}};
  if (!channelsAreRows)
    std::swap(map.rows, map.cols);
  return map;
}

//===----------------------------------------------------------------------===//
// The nest
//===----------------------------------------------------------------------===//

namespace {
/// Emits the instructions of all cores for one round.
class NestEmitter {
public:
  NestEmitter(ProgramEmitter &e, const ProductBlock &block,
              const NestOptions &options);
  std::pair<size_t, size_t> run();

private:
  void emitTile(int64_t core);
  /// One digit of the tile number on `core`.
  phx::DigitTerm digit(int64_t core, int64_t divisor, int64_t modulus,
                       int64_t weight) const;
  phx::Address perGroup(phx::Address address, int64_t core,
                        int64_t bytes) const;

  ProgramEmitter &e;
  const ProductBlock &block;
  const NestOptions &o;
  bool df1;
  int64_t outputBlocks, contractionBlocks, tiles;
  uint32_t stationaryMap, streamedMap, resultMap;
  uint8_t loop = 0;
};
} // namespace

/// Rows of the stationary operand.
static int64_t getStationaryRows(const ProductBlock &block, bool df1) {
  return df1 ? block.m : block.getVectors();
}

int64_t photonic::countPasses(const ProductBlock &block,
                              phot::Dataflow dataflow, int64_t rows,
                              int64_t cols) {
  int64_t stationary =
      getStationaryRows(block, dataflow == phot::Dataflow::DF1);
  return block.groups * llvm::divideCeil(stationary, rows) *
         llvm::divideCeil(block.shape.k, cols);
}

NestEmitter::NestEmitter(ProgramEmitter &e, const ProductBlock &block,
                         const NestOptions &options)
    : e(e), block(block), o(options),
      df1(options.dataflow == phot::Dataflow::DF1) {
  outputBlocks = llvm::divideCeil(getStationaryRows(block, df1), o.rows);
  contractionBlocks = llvm::divideCeil(block.shape.k, o.cols);
  tiles = countPasses(block, o.dataflow, o.rows, o.cols);
  uint32_t weights = e.getMap(block.getWeightMap());
  uint32_t input = e.getMap(block.getInputMap());
  stationaryMap = df1 ? weights : input;
  streamedMap = df1 ? input : weights;
  resultMap = e.getMap(block.getResultMap(df1));
}

phx::DigitTerm NestEmitter::digit(int64_t core, int64_t divisor,
                                  int64_t modulus, int64_t weight) const {
  return {loop, o.cores, core, divisor, modulus, weight};
}

phx::Address NestEmitter::perGroup(phx::Address address, int64_t core,
                                   int64_t bytes) const {
  if (block.groups > 1)
    address.offset =
        plusTerm(std::move(address.offset),
                 digit(core, outputBlocks * contractionBlocks, 0, bytes));
  return address;
}

/// `cap` per step of `start`, clipped to `remaining` unless it always fits.
static phx::Count clip(int64_t cap, const phx::Affine &remaining,
                       const phx::Affine &start) {
  phx::Affine left = remaining;
  left.base -= start.base;
  for (phx::DigitTerm term : start.terms) {
    term.weight = -term.weight;
    left.terms.push_back(term);
  }
  if (remaining.terms.empty() && remaining.base % cap == 0)
    return count(cap);
  return {cap, left};
}

void NestEmitter::emitTile(int64_t core) {
  const phot::ProductShape &s = block.shape;
  phx::Affine row = constant(0), k = constant(0);
  if (outputBlocks > 1)
    row = plusTerm(row, digit(core, contractionBlocks, outputBlocks, o.rows));
  if (contractionBlocks > 1)
    k = plusTerm(k, digit(core, 1, contractionBlocks, o.cols));
  phx::Count rows = clip(o.rows, df1 ? o.mRemaining : o.nRemaining, row);
  phx::Count cols = clip(o.cols, constant(s.k), k);
  phx::Guard guard{loop, o.cores, core, tiles};

  phx::Address weights = perGroup(o.weights, core, 4 * block.m * s.k);
  phx::Address input =
      perGroup(o.input, core, 4 * s.channels * block.inRows * s.width);
  phx::Address result =
      perGroup(o.result, core, 4 * block.m * block.getPixels());

  phx::CoreProgram program{
      o.format, stationaryMap, df1 ? weights : input, row, k, rows,
      cols,     o.product};
  e.emit(phx::EngineKind::Core, program, guard, core);

  const phx::Affine &streamed = df1 ? o.nRemaining : o.mRemaining;
  int64_t length = df1 ? block.getVectors() : block.m;
  phx::CoreStream stream;
  stream.format = o.format;
  stream.inMap = streamedMap;
  stream.outMap = resultMap;
  stream.in = df1 ? input : weights;
  stream.out = result;
  stream.rowStart = row;
  stream.kStart = k;
  stream.rows = rows;
  stream.cols = cols;
  stream.length =
      streamed.terms.empty() ? count(length) : phx::Count{length, streamed};
  stream.product = o.product;
  e.emit(phx::EngineKind::Core, stream, guard, core);
}

std::pair<size_t, size_t> NestEmitter::run() {
  size_t begin = e.getPosition();
  loop = e.beginLoop(llvm::divideCeil(tiles, o.cores));
  for (int64_t core = 0; core < std::min(o.cores, tiles); ++core)
    emitTile(core);
  size_t end = e.getPosition();
  e.endLoop();
  return {begin, end};
}

std::pair<size_t, size_t> photonic::emitNest(ProgramEmitter &emitter,
                                             const ProductBlock &block,
                                             const NestOptions &options) {
  return NestEmitter(emitter, block, options).run();
}
