//===- ProductChunks.cpp - A product in pieces that fit on chip -----------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ProductChunks.h"
#include "NestCounters.h"
#include "SpaceAllocator.h"

#include "photonic/Target/Machine/Machine.h"

#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <array>
#include <numeric>

using namespace mlir;
using namespace photonic;
using llvm::divideCeil;

//===----------------------------------------------------------------------===//
// Extents
//===----------------------------------------------------------------------===//

ChunkCut ProductChunks::getWhole(const phot::ProductShape &shape) {
  return {shape.groups, shape.m, shape.batch, shape.outHeight};
}

ChunkCut ProductChunks::getCut() const {
  return {block.groups, block.getRows(), block.images, block.outRows};
}

phot::ChunkAttr ProductChunks::getAttr(MLIRContext *context) const {
  ChunkCut cut = getCut(), whole = getWhole(block.shape);
  auto unlessWhole = [](int64_t extent, int64_t all) {
    return extent == all ? std::optional<int64_t>() : extent;
  };
  return phot::ChunkAttr::get(
      context, unlessWhole(cut.groups, whole.groups),
      unlessWhole(cut.rows, whole.rows), unlessWhole(cut.images, whole.images),
      unlessWhole(cut.lines, whole.lines), std::nullopt);
}

/// The part of the operands and the result that a chunk is.
static ProductBlock makeBlock(const phot::ProductShape &shape,
                              const ChunkCut &cut) {
  ProductBlock block = ProductBlock::whole(shape);
  block.groups = cut.groups;
  (shape.kind == phot::ProductKind::InputGradient ? block.channels
                                                  : block.outChannels) =
      cut.rows;
  block.images = cut.images;
  block.outRows = cut.lines;
  if (cut.lines < shape.outHeight) {
    block.inRows = (cut.lines - 1) * shape.strides[0] +
                   (shape.kernelHeight - 1) * shape.dilations[0] + 1;
    block.rowOffset = 0;
  }
  return block;
}

ProductChunks ProductChunks::make(const phot::ProductShape &shape,
                                  const FollowerCounts &followers,
                                  const ChunkCut &cut) {
  ProductChunks chunks;
  chunks.block = makeBlock(shape, cut);
  chunks.followers = followers;
  const ProductBlock &block = chunks.block;
  chunks.rowChunks = shape.groups > 1 ? shape.groups / block.groups
                                      : divideCeil(shape.m, block.getRows());
  chunks.imageChunks = divideCeil(shape.batch, block.images);
  chunks.lineChunks = divideCeil(shape.outHeight, block.outRows);
  int64_t channelBytes =
      SpaceAllocator::align(4 * block.groups * block.getRows());
  chunks.firstBytes = SpaceAllocator::align(block.getLhsBytes());
  if (!chunks.isWeightGradient())
    chunks.firstBytes += followers.channelParameters * channelBytes +
                         followers.scalars * SpaceAllocator::alignment;
  chunks.secondBytes = SpaceAllocator::align(block.getRhsBytes());
  chunks.resultBytes = SpaceAllocator::align(block.getResultBytes());
  chunks.residualBytes = chunks.resultBytes * followers.residuals;
  return chunks;
}

phx::Affine ProductChunks::getRowsLeft(const ChunkIndex &m) const {
  int64_t all = block.shape.m, rows = block.getRows();
  bool isUneven = block.shape.groups == 1 && all % rows != 0;
  return isUneven ? m.addTo(constant(all), -rows) : constant(rows);
}

phx::Affine ProductChunks::getColumnsLeft(const ChunkIndex &n) const {
  const phot::ProductShape &shape = block.shape;
  if (isWeightGradient()) // columns are not cut
    return constant(block.getColumns());
  // In front of the end of the image, or of the batch.
  int64_t plane = shape.outHeight * shape.outWidth;
  if (lineChunks > 1 && shape.outHeight % block.outRows != 0)
    return n.addTo(constant(plane), -block.getPixels(), 1, lineChunks);
  if (lineChunks == 1 && shape.batch % block.images != 0)
    return n.addTo(constant(shape.batch * plane), -block.images * plane);
  return constant(block.getOutputs());
}

std::optional<std::string>
ProductChunks::findProblem(const phot::TileNest &nest,
                           const phx::Target &target) const {
  phot::ArrayProductOp op = nest.tile;
  auto findIn = [&](const ProductBlock &part) -> std::optional<std::string> {
    NestBlock nestBlock = part.getNestBlock();
    if (auto problem = NestOrder::findProblem(nest, nestBlock))
      return problem;
    NestOptions options = NestOptions::get(nest, nestBlock, target);
    options.rowsRemaining = getRowsLeft(ChunkIndex::counter(0));
    options.columnsRemaining = getColumnsLeft(ChunkIndex::counter(0));
    return NestCounters(nestBlock, options)
        .findProblem(op.getResultView(), loopsRows() + loopsColumns());
  };
  std::optional<std::string> problem = findIn(block);
  // The last chunk of images may have fewer loops of its own.
  ProductBlock tail = block;
  tail.images = getTailImages();
  if (!problem && isWeightGradient() && tail.images > 0)
    problem = findIn(tail);
  return problem;
}

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

ProductBuffers ProductChunks::getUsualBuffers() const {
  auto twoIf = [](bool loops) { return loops ? 2 : 1; };
  if (isWeightGradient())
    return {twoIf(loopsColumns()), twoIf(loopsColumns()), twoIf(loopsRows())};
  return {twoIf(loopsRows() && !loopsColumns()), twoIf(loopsColumns()),
          twoIf(loopsRows() || loopsColumns())};
}

ProductBuffers ProductChunks::getMostBuffers() const {
  int64_t columns = getColumnChunks();
  if (isWeightGradient())
    return {columns, columns, rowChunks};
  int64_t inner = loopsColumns() ? columns : rowChunks;
  return {rowChunks, loopsColumns() || cutsGroups() ? inner : 1, inner};
}

RoleBytes ProductChunks::countBytes(const ProductBuffers &buffers) const {
  RoleBytes bytes;
  bytes.stationary = firstBytes * buffers.first;
  bytes.streamed = secondBytes * buffers.second;
  bytes.result = resultBytes * buffers.result;
  // What is fused with a weight gradient comes once per chunk of rows.
  if (isWeightGradient())
    bytes.stationary += followers.scalars * SpaceAllocator::alignment;
  bytes.streamed += residualBytes * (isWeightGradient() ? 1 : buffers.result);
  return bytes;
}

std::optional<ChunkingFailure> photonic::findOverflow(const phx::Target &target,
                                                      const RoleBytes &bytes) {
  const std::pair<phx::MemoryRole, int64_t> needs[] = {
      {phx::MemoryRole::Stationary, bytes.stationary},
      {phx::MemoryRole::Streamed, bytes.streamed},
      {phx::MemoryRole::Result, bytes.result}};
  std::array<int64_t, phx::limits::memories> needed{};
  for (auto [role, amount] : needs) {
    uint32_t index = getMemory(target, role);
    needed[index] += amount;
    const phx::proto::Memory &memory =
        target.spec.memories(static_cast<int>(index));
    if (needed[index] > memory.capacity_bytes().value())
      return ChunkingFailure{memory.name(), needed[index],
                             memory.capacity_bytes().value()};
  }
  return std::nullopt;
}

FailureOr<ProductBuffers> ProductChunks::getBuffers(phot::FusedOp op) const {
  phot::BuffersAttr given = op.getBuffersAttr();
  if (!given || !given.getFirst())
    return op.emitError(
        "has no 'buffers' of a product (<first = 1, second = 1, "
        "result = 1>); photonic-place-buffers writes them");
  ProductBuffers buffers{*given.getFirst(), *given.getSecond(),
                         given.getResult()};
  ProductBuffers most = getMostBuffers();
  auto check = [&](StringRef name, int64_t number,
                   int64_t chunks) -> LogicalResult {
    if (number <= chunks)
      return success();
    return op.emitError("has ")
           << number << " buffers for '" << name << "', of which only "
           << chunks << (chunks == 1 ? " chunk passes" : " chunks pass")
           << " by; expected at most that many";
  };
  if (failed(check("first", buffers.first, most.first)) ||
      failed(check("second", buffers.second, most.second)) ||
      failed(check("result", buffers.result, most.result)))
    return failure();
  return buffers;
}

//===----------------------------------------------------------------------===//
// From the attribute
//===----------------------------------------------------------------------===//

int64_t photonic::getImageUnit(phot::ArrayProductOp op,
                               const phot::ProductShape &shape) {
  // The longer one is a multiple of the other.
  int64_t group = std::max(op.getLhsFormat().getGroupLength(),
                           op.getRhsFormat().getGroupLength());
  return group / std::gcd(group, shape.getOutputPlane());
}

std::optional<StringRef> photonic::getWholeReason(phot::ArrayProductOp op) {
  if (op.getKey())
    return "random rounding keeps it in one piece";
  return std::nullopt;
}

namespace {
/// Reads the chunk of a product, and says why it cannot be one.
class ChunkReader {
public:
  explicit ChunkReader(const FusedProduct &product)
      : product(product), shape(product.shape), op(product.op),
        tile(product.getProduct()), cut(ProductChunks::getWhole(shape)) {}

  FailureOr<ChunkCut> read() {
    phot::ChunkAttr chunk = op.getChunkAttr();
    if (!chunk || chunk.getUnits())
      return op.emitError("has no 'chunk' of a product (<> is one in one "
                          "piece); photonic-choose-chunks writes it");
    if (std::optional<StringRef> reason = getWholeReason(tile);
        reason && !chunk.isWhole())
      return op.emitError("has a chunk ")
             << chunk << ", but " << *reason << "; expected <>";
    if (failed(take("groups", chunk.getGroups(), cut.groups)) ||
        failed(take("rows", chunk.getRows(), cut.rows)) ||
        failed(take("images", chunk.getImages(), cut.images)) ||
        failed(take("lines", chunk.getLines(), cut.lines)) ||
        failed(checkRows(chunk)) || failed(checkLines(chunk)) ||
        failed(checkRemainders(chunk)))
      return failure();
    return cut;
  }

private:
  /// A number that cuts, into `extent`.
  LogicalResult take(StringRef name, std::optional<int64_t> number,
                     int64_t &extent) {
    if (!number)
      return success();
    if (*number >= extent)
      return op.emitError("has chunks of ")
             << *number << " " << name << ", and all are " << extent
             << "; expected fewer, or '" << name << "' left out";
    extent = *number;
    return success();
  }

  LogicalResult checkRows(phot::ChunkAttr chunk) {
    if (chunk.getRows() && shape.groups > 1)
      return op.emitError("cuts the rows of a product with ")
             << shape.groups << " groups; cut 'groups' instead";
    return success();
  }

  LogicalResult checkLines(phot::ChunkAttr chunk) {
    if (!chunk.getLines())
      return success();
    if (shape.kind != phot::ProductKind::Forward)
      return op.emitError("cuts the lines of a gradient, whose windows meet in "
                          "other lines; leave 'lines' out");
    if (cut.images != 1)
      return op.emitError("cuts the lines of ")
             << cut.images << " images together; expected 'images = 1' too";
    return success();
  }

  /// Chunks that must not leave a smaller last one.
  LogicalResult checkRemainders(phot::ChunkAttr chunk) {
    if (shape.groups % cut.groups != 0)
      return op.emitError("has chunks of ")
             << cut.groups << " groups, and all are " << shape.groups
             << "; expected a number that divides them";
    if (shape.kind == phot::ProductKind::WeightGradient) {
      int64_t unit = getImageUnit(tile, shape);
      if (chunk.getImages() && cut.images % unit != 0)
        return op.emitError("has chunks of ")
               << cut.images << " images, which end inside of a group of the "
               << "number format; expected a multiple of " << unit;
      return success();
    }
    // Array rows of a stationary activation tile are clipped by what is left of
    // one extent only.
    bool divides =
        shape.batch % cut.images == 0 && shape.outHeight % cut.lines == 0;
    if (tile.getStationary() == phot::Stationary::Second && !divides)
      return op.emitError("has chunks of ")
             << cut.images << " images and " << cut.lines
             << " lines, and all are " << shape.batch << " and "
             << shape.outHeight
             << "; with the second operand stationary expected numbers that "
                "divide them";
    return success();
  }

  const FusedProduct &product;
  const phot::ProductShape &shape;
  phot::FusedOp op;
  phot::ArrayProductOp tile;
  ChunkCut cut;
};
} // namespace

FailureOr<ProductChunks> ProductChunks::get(const FusedProduct &product) {
  FailureOr<ChunkCut> cut = ChunkReader(product).read();
  if (failed(cut))
    return failure();
  return make(product.shape, product.countFollowers(), *cut);
}

LogicalResult photonic::reportWorkingSet(phot::ArrayProductOp op,
                                         const ChunkingFailure &failure,
                                         const phx::Target &target,
                                         StringRef what) {
  std::string phase = nn::stringifyPhase(nn::getPhase(op)).str();
  std::replace(phase.begin(), phase.end(), '_', ' ');
  std::optional<StringRef> reason = getWholeReason(op);
  InFlightDiagnostic diag = op.emitError("its ")
                            << phase << " product needs a working set of "
                            << failure.needed << " bytes in scratchpad '"
                            << failure.memory << "' ";
  diag << (reason ? ("because " + *reason).str() : ("for " + what).str())
       << ", target '" << target.spec.name() << "' has " << failure.available
       << " (" << failure.memory
       << ".capacity_bytes); use a smaller batch, a larger scratchpad or "
          "--memory=ideal";
  if (op.getKey())
    diag << ", or a format that rounds by trunc or nearest";
  return diag;
}
