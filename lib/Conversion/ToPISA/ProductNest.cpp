//===- ProductNest.cpp - The loop nest of an analog product -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ProductNest.h"

#include "machines/rns/Instructions.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace photonic;
using llvm::divideCeil;
using phot::ProductKind;
using phot::TileDim;

//===----------------------------------------------------------------------===//
// Extents
//===----------------------------------------------------------------------===//

ProductBlock ProductBlock::whole(const phot::ProductShape &shape) {
  ProductBlock block;
  block.shape = shape;
  block.groups = shape.groups;
  block.outChannels = shape.outChannels;
  block.channels = shape.channels;
  block.images = shape.batch;
  block.outRows = shape.outHeight;
  block.inRows = shape.height;
  block.rowOffset = -shape.pads[0];
  return block;
}

int64_t ProductBlock::getRows() const {
  return shape.kind == ProductKind::InputGradient ? channels : outChannels;
}

int64_t ProductBlock::getColumns() const {
  return shape.kind == ProductKind::WeightGradient ? getPatch() : getOutputs();
}

int64_t ProductBlock::getContraction() const {
  return shape.kind == ProductKind::Forward         ? getPatch()
         : shape.kind == ProductKind::InputGradient ? outChannels
                                                    : getOutputs();
}

int64_t ProductBlock::getLhsBytes() const {
  return shape.kind == ProductKind::WeightGradient ? getOutputBytes()
                                                   : getWeightBytes();
}

int64_t ProductBlock::getRhsBytes() const {
  return shape.kind == ProductKind::InputGradient ? getOutputBytes()
                                                  : getImageBytes();
}

int64_t ProductBlock::getResultBytes() const {
  return shape.kind == ProductKind::Forward         ? getOutputBytes()
         : shape.kind == ProductKind::InputGradient ? getImageBytes()
                                                    : getWeightBytes();
}

//===----------------------------------------------------------------------===//
// Addressing
//===----------------------------------------------------------------------===//

/// Digits of a patch element are (input channel, kw, kh). The rows of an input
/// gradient are numbered position * m + row whatever part of them the block
/// has.
static int64_t getChannelRadix(const ProductBlock &b) {
  return b.shape.kind == ProductKind::InputGradient ? b.shape.m : b.channels;
}

/// Weights: rows are output channels, columns patch elements.
static phx::AccessMap getWeightMap(const ProductBlock &b) {
  const phot::ProductShape &s = b.shape;
  int64_t area = s.getKernelArea();
  phx::AccessMap map;
  map.rows = {{b.outChannels, 0, 1}};
  map.cols = {{getChannelRadix(b), 1, 1},
              {s.kernelWidth, 2, 1},
              {s.kernelHeight, 3, 1}};
  map.axes = {{b.outChannels, 4 * b.getPatch()},
              {b.channels, 4 * area},
              {s.kernelWidth, 4},
              {s.kernelHeight, 4 * s.kernelWidth}};
  return map;
}

/// Images: rows are output elements, columns patch elements.
static phx::AccessMap getImageMap(const ProductBlock &b) {
  const phot::ProductShape &s = b.shape;
  int64_t plane = 4 * b.inRows * s.width;
  phx::AccessMap map;
  map.rows = {{s.outWidth, 0, s.strides[1]},
              {b.outRows, 1, s.strides[0]},
              {b.images, 2, 1}};
  map.cols = {{getChannelRadix(b), 3, 1},
              {s.kernelWidth, 0, s.dilations[1]},
              {s.kernelHeight, 1, s.dilations[0]}};
  map.axes = {{s.width, 4, -s.pads[1]},
              {b.inRows, 4 * s.width, b.rowOffset},
              {b.images, b.groups * b.channels * plane},
              {b.channels, plane}};
  return map;
}

/// Outputs: rows are output channels, columns output elements.
static phx::AccessMap getOutputMap(const ProductBlock &b) {
  int64_t pixels = b.getPixels();
  phx::AccessMap map;
  map.rows = {{b.outChannels, 2, 1}};
  map.cols = {{pixels, 0, 1}, {b.images, 1, 1}};
  map.axes = {{pixels, 4},
              {b.images, 4 * b.groups * b.outChannels * pixels},
              {b.outChannels, 4 * pixels}};
  return map;
}

static phx::AccessMap swapped(phx::AccessMap map) {
  std::swap(map.rows, map.cols);
  return map;
}

phx::AccessMap ProductBlock::getLhsMap() const {
  switch (shape.kind) {
  case ProductKind::Forward:
    return getWeightMap(*this);
  case ProductKind::InputGradient:
    return swapped(getWeightMap(*this));
  case ProductKind::WeightGradient:
    return getOutputMap(*this);
  }
  llvm_unreachable("covered switch");
}

phx::AccessMap ProductBlock::getRhsMap() const {
  switch (shape.kind) {
  case ProductKind::Forward:
    return getImageMap(*this);
  case ProductKind::InputGradient:
    return swapped(getOutputMap(*this));
  case ProductKind::WeightGradient:
    return swapped(getImageMap(*this));
  }
  llvm_unreachable("covered switch");
}

phx::AccessMap ProductBlock::getResultMap(bool columnsFirst) const {
  phx::AccessMap map = shape.kind == ProductKind::Forward ? getOutputMap(*this)
                       : shape.kind == ProductKind::InputGradient
                           ? swapped(getImageMap(*this))
                           : getWeightMap(*this);
  return columnsFirst ? swapped(std::move(map)) : map;
}

namespace {
/// Bytes from one group to the next in each tensor of a layer.
struct GroupBytes {
  int64_t weights, images, outputs;

  explicit GroupBytes(const ProductBlock &b)
      : weights(4 * b.outChannels * b.getPatch()),
        images(4 * b.channels * b.inRows * b.shape.width),
        outputs(4 * b.outChannels * b.getPixels()) {}
};
} // namespace

int64_t ProductBlock::getLhsGroupBytes() const {
  GroupBytes bytes(*this);
  return shape.kind == ProductKind::WeightGradient ? bytes.outputs
                                                   : bytes.weights;
}

int64_t ProductBlock::getRhsGroupBytes() const {
  GroupBytes bytes(*this);
  return shape.kind == ProductKind::InputGradient ? bytes.outputs
                                                  : bytes.images;
}

int64_t ProductBlock::getResultGroupBytes() const {
  GroupBytes bytes(*this);
  return shape.kind == ProductKind::Forward         ? bytes.outputs
         : shape.kind == ProductKind::InputGradient ? bytes.images
                                                    : bytes.weights;
}

//===----------------------------------------------------------------------===//
// The nest
//===----------------------------------------------------------------------===//

namespace {
/// How the contraction is cut into passes.
struct Passes {
  int64_t k, group, cols;
  int64_t perGroup; ///< passes of one group
  int64_t count;    ///< numbers of passes; some may be empty

  Passes(int64_t k, int64_t group, int64_t cols)
      : k(k), group(group), cols(std::min(cols, group)),
        perGroup(divideCeil(group, this->cols)),
        count(isUneven() ? divideCeil(k, group) * perGroup
                         : divideCeil(k, this->cols)) {}

  /// Passes of a group that are not equally long: the last one of each is
  /// shorter, and the last group may have fewer, so that some stay empty.
  bool isUneven() const { return group % cols != 0 && k > cols; }
};

/// Emits the instructions of all cores for one round.
class NestEmitter {
public:
  NestEmitter(ProgramEmitter &e, const ProductBlock &block,
              const NestOptions &options);
  void run();

private:
  void record(size_t begin, size_t end);
  void emitTile(int64_t core);
  /// weight * the number that a tile on `core` has along `dim`.
  phx::Affine getDigit(int64_t core, TileDim dim, int64_t weight) const;
  /// weight * ((tile / divisor) mod modulus).
  phx::DigitTerm digit(int64_t core, int64_t divisor, int64_t modulus,
                       int64_t weight) const;
  phx::Address perGroup(phx::Address address, int64_t core,
                        int64_t bytes) const;
  phx::Affine getContractionStart(int64_t core) const;
  phx::Count getColumns(int64_t core, const phx::Affine &start) const;

  ProgramEmitter &e;
  const ProductBlock &block;
  const NestOptions &o;
  bool df1;
  Passes passes;
  int64_t tiles = 1;
  /// By TileDim: extent in tiles, and tiles from one to the next.
  std::array<int64_t, 4> extents{1, 1, 1, 1}, steps{1, 1, 1, 1};
  uint32_t stationaryMap, streamedMap, resultMap;
  uint8_t loop = 0;
};
} // namespace

// The dataflows of the Mirage paper are told apart by the operand that stays: a
// dataflow that is added there has no counterpart here yet.
static_assert(phot::getMaxEnumValForDataflow() == 2 &&
                  static_cast<uint32_t>(phot::Dataflow::DF1) ==
                      static_cast<uint32_t>(phx::Stationary::First) + 1 &&
                  static_cast<uint32_t>(phot::Dataflow::DF2) ==
                      static_cast<uint32_t>(phx::Stationary::Second) + 1,
              "df1 keeps the first operand, df2 the second");

phx::Stationary photonic::getStationary(phot::Dataflow dataflow) {
  return static_cast<phx::Stationary>(static_cast<uint32_t>(dataflow) - 1);
}

/// Rows of the stationary operand.
static int64_t getStationaryRows(const ProductBlock &block, bool df1) {
  return df1 ? block.getRows() : block.getColumns();
}

int64_t photonic::countBlockPasses(const ProductBlock &block,
                                   phot::Dataflow dataflow, int64_t rows,
                                   int64_t cols, int64_t group) {
  int64_t stationary =
      getStationaryRows(block, dataflow == phot::Dataflow::DF1);
  return block.groups * block.shape.positions * divideCeil(stationary, rows) *
         phot::countPasses(block.getContraction(), group, cols);
}

NestEmitter::NestEmitter(ProgramEmitter &e, const ProductBlock &block,
                         const NestOptions &options)
    : e(e), block(block), o(options),
      df1(options.dataflow == phot::Dataflow::DF1),
      passes(block.getContraction(), options.group, options.cols) {
  extents[unsigned(TileDim::Group)] = block.groups;
  extents[unsigned(TileDim::Block)] =
      divideCeil(getStationaryRows(block, df1), o.rows);
  extents[unsigned(TileDim::Contraction)] = passes.count;
  extents[unsigned(TileDim::Turn)] = block.shape.positions;
  for (TileDim dim :
       llvm::reverse(phot::getTileDims(block.shape.kind, o.dataflow))) {
    steps[unsigned(dim)] = tiles;
    tiles *= extents[unsigned(dim)];
  }
  uint32_t lhs = e.getMap(block.getLhsMap());
  uint32_t rhs = e.getMap(block.getRhsMap());
  stationaryMap = df1 ? lhs : rhs;
  streamedMap = df1 ? rhs : lhs;
  resultMap = e.getMap(block.getResultMap(!df1));
}

phx::DigitTerm NestEmitter::digit(int64_t core, int64_t divisor,
                                  int64_t modulus, int64_t weight) const {
  return {loop, o.cores, core, divisor, modulus, weight};
}

phx::Affine NestEmitter::getDigit(int64_t core, TileDim dim,
                                  int64_t weight) const {
  int64_t extent = extents[unsigned(dim)];
  if (extent == 1)
    return constant(0);
  // The outermost number does not wrap.
  int64_t modulus = dim == TileDim::Group ? 0 : extent;
  return plusTerm(constant(0),
                  digit(core, steps[unsigned(dim)], modulus, weight));
}

phx::Address NestEmitter::perGroup(phx::Address address, int64_t core,
                                   int64_t bytes) const {
  address.offset = addAffine(std::move(address.offset),
                             getDigit(core, TileDim::Group, bytes));
  return address;
}

/// `cap` per step of `start`, clipped to `remaining` unless it always fits.
static phx::Count clip(int64_t cap, const phx::Affine &remaining,
                       const phx::Affine &start) {
  if (remaining.terms.empty() && remaining.base % cap == 0)
    return count(cap);
  return {cap, addAffine(remaining, scaleAffine(start, -1))};
}

phx::Affine NestEmitter::getContractionStart(int64_t core) const {
  if (!passes.isUneven())
    return getDigit(core, TileDim::Contraction, passes.cols);
  // Number of the group times its length, plus number of the pass in it.
  int64_t groups = passes.count / passes.perGroup;
  phx::Affine start = constant(0);
  if (groups > 1)
    start = plusTerm(start, digit(core, passes.perGroup, groups, passes.group));
  return plusTerm(start, digit(core, 1, passes.perGroup, passes.cols));
}

phx::Count NestEmitter::getColumns(int64_t core,
                                   const phx::Affine &start) const {
  if (!passes.isUneven())
    return clip(passes.cols, constant(passes.k), start);
  // What is left of the group; of the last one, what is left of K. The last
  // group is where (tile + perGroup) / count is one ahead of tile / count.
  int64_t groups = passes.count / passes.perGroup;
  int64_t missing = groups * passes.group - passes.k;
  phx::Affine left = plusTerm(constant(passes.group),
                              digit(core, 1, passes.perGroup, -passes.cols));
  phx::DigitTerm ahead = digit(core, passes.count, 0, -missing);
  ahead.offset += passes.perGroup;
  left = plusTerm(std::move(left), ahead);
  left = plusTerm(std::move(left), digit(core, passes.count, 0, missing));
  return {passes.cols, left};
}

void NestEmitter::emitTile(int64_t core) {
  int64_t m = block.shape.m, last = block.shape.positions - 1;
  // Rows of the left operand that lie in front of the tile's kernel position.
  phx::Affine position =
      addAffine(constant(last * m), getDigit(core, TileDim::Turn, -m));
  phx::Affine row = getDigit(core, TileDim::Block, o.rows);
  phx::Count rows =
      clip(o.rows, df1 ? o.rowsRemaining : o.columnsRemaining, row);
  if (df1)
    row = addAffine(std::move(row), position);
  phx::Affine k = getContractionStart(core);
  phx::Count cols = getColumns(core, k);
  phx::Guard guard{loop, o.cores, core, tiles};
  phx::Address lhs = perGroup(o.lhs, core, block.getLhsGroupBytes());
  phx::Address rhs = perGroup(o.rhs, core, block.getRhsGroupBytes());

  const phx::Product &product = e.program.products[o.product];
  phx::CoreProgram program;
  program.conversion = product.conversions[df1 ? 0 : 1];
  program.pass = product.pass;
  program.map = stationaryMap;
  program.src = df1 ? lhs : rhs;
  program.rowStart = row;
  program.kStart = k;
  program.rows = rows;
  program.cols = cols;
  program.product = o.product;
  program.group = addAffine(o.groupStart, getDigit(core, TileDim::Group, 1));
  e.emit(phx::EngineKind::Core, program, guard, core);

  const phx::Affine &streamed = df1 ? o.columnsRemaining : o.rowsRemaining;
  int64_t length = df1 ? block.getColumns() : block.getRows();
  phx::CoreStream stream;
  stream.conversion = product.conversions[df1 ? 1 : 0];
  stream.pass = product.pass;
  stream.combine = product.combine;
  stream.inMap = streamedMap;
  stream.outMap = resultMap;
  stream.in = df1 ? rhs : lhs;
  stream.out = perGroup(o.result, core, block.getResultGroupBytes());
  stream.rowStart = row;
  stream.kStart = k;
  stream.vecStart = df1 ? constant(0) : position;
  stream.rows = rows;
  stream.cols = cols;
  stream.length =
      streamed.terms.empty() ? count(length) : phx::Count{length, streamed};
  stream.product = o.product;
  stream.start = o.continues ? constant(1) : k;
  stream.group = program.group;
  e.emit(phx::EngineKind::Core, stream, guard, core);
}

/// What the nest computes of its product.
void NestEmitter::record(size_t begin, size_t end) {
  auto left = [](int64_t extent, const phx::Affine &remaining) {
    return remaining.terms.empty() ? count(std::min(extent, remaining.base))
                                   : phx::Count{extent, remaining};
  };
  phx::ProductNest nest;
  nest.loopBegin = begin;
  nest.loopEnd = end;
  nest.groups = {o.groupStart, count(block.groups)};
  nest.rows = {o.rowStart, left(block.getRows(), o.rowsRemaining)};
  nest.columns = {o.columnStart, left(block.getColumns(), o.columnsRemaining)};
  nest.contraction = {o.contractionStart, count(block.getContraction())};
  e.program.products[o.product].nests.push_back(std::move(nest));
}

void NestEmitter::run() {
  size_t begin = e.getPosition();
  loop = e.beginLoop(divideCeil(tiles, o.cores));
  for (int64_t core = 0; core < std::min(o.cores, tiles); ++core)
    emitTile(core);
  size_t end = e.getPosition();
  e.endLoop();
  record(begin, end);
}

void photonic::emitNest(ProgramEmitter &emitter, const ProductBlock &block,
                        const NestOptions &options) {
  NestEmitter(emitter, block, options).run();
}
