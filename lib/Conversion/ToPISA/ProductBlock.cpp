//===- ProductBlock.cpp - Parts of the products of a layer ----------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ProductBlock.h"

using namespace mlir;
using namespace photonic;
using phot::ProductKind;

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

phx::AccessMap ProductBlock::getResultMap() const {
  return shape.kind == ProductKind::Forward ? getOutputMap(*this)
         : shape.kind == ProductKind::InputGradient
             ? swapped(getImageMap(*this))
             : getWeightMap(*this);
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
// As a nest sees it
//===----------------------------------------------------------------------===//

NestBlock ProductBlock::getNestBlock() const {
  NestBlock block;
  block.groups = groups;
  block.positions = shape.positions;
  block.m = getRows();
  block.n = getColumns();
  block.k = getContraction();
  block.rowsPerPosition = shape.m;
  block.lhs = {getLhsMap(), getLhsGroupBytes()};
  block.rhs = {getRhsMap(), getRhsGroupBytes()};
  block.result = {getResultMap(), getResultGroupBytes()};
  return block;
}

int64_t photonic::countBlockPasses(const ProductBlock &block,
                                   phot::Stationary stationary, int64_t rows,
                                   int64_t cols, int64_t term) {
  phot::ProductExtents extents;
  extents.groups = block.groups, extents.positions = block.shape.positions;
  extents.m = block.getRows(), extents.n = block.getColumns();
  extents.k = block.getContraction();
  return phot::countTiles(extents, stationary, rows, cols, term).tiles;
}
