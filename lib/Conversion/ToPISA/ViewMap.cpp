//===- ViewMap.cpp - Access maps of views ---------------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A view says by digits which element of a tensor is where; an access map of a
// program says by digits at which byte it is. Groups are apart: they move the
// address of an instruction.
//
//===----------------------------------------------------------------------===//

#include "OperandConversion.h"
#include "ProductNest.h"

#include "photonic/Dialect/Photonic/IR/StoredOperand.h"

#include "phx/isa/Limits.h"

using namespace mlir;
using namespace photonic;
using phot::ViewAttr;
using phot::ViewDigit;

namespace {
/// Builds the map of one view.
class MapBuilder {
public:
  MapBuilder(ViewAttr view, ArrayRef<int64_t> shape, int64_t positions,
             int64_t elementBytes = 4)
      : view(view), shape(shape), strides(getByteStrides(shape, elementBytes)),
        positions(positions) {
    rows.assign(view.getRows().begin(), view.getRows().end());
    // Rows of all positions have one index.
    llvm::append_range(rows, view.getPositions());
    columns.assign(view.getColumns().begin(), view.getColumns().end());
    extents.assign(shape.begin(), shape.end());
    for (unsigned dim = 0; dim < shape.size(); ++dim)
      offsets.push_back(view.getOffset(dim));
  }

  /// The map; a message where there is none.
  std::variant<OperandMap, std::string> build();

private:
  std::string takeGroups(OperandMap &out);
  void merge(SmallVectorImpl<ViewDigit> &digits);
  bool isAlone(const ViewDigit &digit) const;
  int64_t getReach(unsigned dim) const;
  bool runsBack(unsigned dim) const;

  ViewAttr view;
  ArrayRef<int64_t> shape;
  SmallVector<int64_t> strides;
  int64_t positions;
  SmallVector<ViewDigit> rows, columns;
  SmallVector<int64_t> extents, offsets;                  ///< by dimension
  llvm::SmallBitVector grouped = llvm::SmallBitVector(8); ///< has groups
};
} // namespace

/// The largest coordinate along `dim` that rows and columns reach, where steps
/// are positive.
int64_t MapBuilder::getReach(unsigned dim) const {
  int64_t reach = 0;
  for (ArrayRef<ViewDigit> list : {ArrayRef(rows), ArrayRef(columns)})
    for (const ViewDigit &digit : list)
      if (digit.dim == dim)
        reach += (digit.radix - 1) * std::abs(digit.step);
  return reach;
}

/// Whether a row or column moves down along `dim`.
bool MapBuilder::runsBack(unsigned dim) const {
  for (ArrayRef<ViewDigit> list : {ArrayRef(rows), ArrayRef(columns)})
    for (const ViewDigit &digit : list)
      if (digit.dim == dim && digit.step < 0)
        return true;
  return false;
}

/// Groups are pieces of one dimension that do not overlap.
std::string MapBuilder::takeGroups(OperandMap &out) {
  ArrayRef<ViewDigit> groups = view.getGroups();
  if (groups.empty())
    return {};
  const ViewDigit &digit = groups.front();
  auto dim = static_cast<unsigned>(digit.dim);
  // Only then nothing of one group is clipped at the end of another.
  if (groups.size() > 1 || digit.step < 1 || offsets[dim] != 0 ||
      getReach(dim) >= digit.step || digit.step * digit.radix != shape[dim] ||
      runsBack(dim))
    return "groups that are other than equal pieces of one dimension";
  out.groupBytes = digit.step * strides[dim];
  extents[dim] = digit.step;
  grouped.set(dim);
  return {};
}

/// Whether no other digit is on its dimension.
bool MapBuilder::isAlone(const ViewDigit &digit) const {
  unsigned count = 0;
  for (ArrayRef<ViewDigit> list : {ArrayRef(rows), ArrayRef(columns)})
    for (const ViewDigit &other : list)
      count += other.dim == digit.dim;
  return count == 1 && !grouped[digit.dim] && offsets[digit.dim] == 0;
}

/// Makes one digit of two that run through neighbouring dimensions without a
/// gap: instructions then meet longer runs of elements.
void MapBuilder::merge(SmallVectorImpl<ViewDigit> &digits) {
  for (size_t i = 0; i + 1 < digits.size();) {
    ViewDigit &inner = digits[i], &outer = digits[i + 1];
    bool fits = isAlone(inner) && isAlone(outer) && inner.step == 1 &&
                outer.step == 1 && inner.radix == extents[inner.dim] &&
                strides[outer.dim] == strides[inner.dim] * extents[inner.dim];
    if (!fits) {
      ++i;
      continue;
    }
    extents[inner.dim] *= extents[outer.dim];
    inner.radix *= outer.radix;
    digits.erase(digits.begin() + i + 1);
  }
}

std::variant<OperandMap, std::string> MapBuilder::build() {
  OperandMap out;
  if (std::string wrong = takeGroups(out); !wrong.empty())
    return wrong;
  merge(rows);
  merge(columns);
  std::map<int64_t, uint8_t> axes; // by dimension
  auto convert = [&](ArrayRef<ViewDigit> digits,
                     std::vector<phx::MapDigit> &list) {
    for (const ViewDigit &digit : digits) {
      auto [it, isNew] = axes.try_emplace(
          digit.dim, static_cast<uint8_t>(out.map.axes.size()));
      if (isNew)
        out.map.axes.push_back(
            {extents[digit.dim], strides[digit.dim], offsets[digit.dim]});
      list.push_back({digit.radix, it->second, digit.step});
    }
  };
  convert(rows, out.map.rows);
  convert(columns, out.map.cols);
  // What has an offset but no digit is somewhere else, or in the padding.
  for (unsigned dim = 0; dim < shape.size(); ++dim)
    if (offsets[dim] != 0 && !axes.count(dim))
      out.map.axes.push_back({extents[dim], strides[dim], offsets[dim]});
  if (out.map.axes.empty())
    out.map.axes.push_back({});
  // A map without positions has the same rows at each.
  if (view.getPositions().empty() && positions > 1)
    return std::string("no positions where others of its product have some");
  if (out.map.axes.size() > phx::limits::mapAxes)
    return "digits or offsets on " + std::to_string(out.map.axes.size()) +
           " dimensions, of which instructions take " +
           std::to_string(phx::limits::mapAxes);
  return out;
}

int64_t NestBlock::getExtent(phot::TileDim dim) const {
  const int64_t extents[] = {groups, positions, m, n, k};
  return extents[static_cast<unsigned>(dim)];
}

/// Elements of a tensor, or the blocks that they are stored in.
static std::variant<OperandMap, std::string>
buildMap(ViewAttr view, RankedTensorType type, int64_t positions) {
  phot::StoredType stored = phot::getStored(type);
  if (!stored)
    return MapBuilder(view, type.getShape(), positions).build();
  auto blocks = std::get<phot::BlockView>(phot::getBlockView(view, type));
  auto built = MapBuilder(blocks.view, blocks.shape, positions,
                          stored.getFormat().getBlockBytes())
                   .build();
  if (auto *map = std::get_if<OperandMap>(&built))
    map->isStored = true;
  return built;
}

FailureOr<ConversionMaps> ConversionMaps::get(phot::ConvertOp op) {
  RankedTensorType type = op.getResult().getType();
  phot::ConversionViews views = phot::getConversionViews(type);
  SmallVector<int64_t> blockShape = phot::getBlockShape(type);
  auto source = MapBuilder(views.elements, type.getShape(), 1).build();
  auto blocks = MapBuilder(views.blocks, blockShape, 1,
                           op.getStored().getFormat().getBlockBytes())
                    .build();
  for (const auto *built : {&source, &blocks})
    if (const auto *wrong = std::get_if<std::string>(built))
      return op.emitError("its tensor has ")
             << *wrong << "; an access map of a program cannot say that";
  return ConversionMaps{std::get<OperandMap>(source).map,
                        std::get<OperandMap>(blocks).map, views.rows,
                        views.columns};
}

FailureOr<NestBlock> NestBlock::getWhole(phot::ArrayProductOp op) {
  phot::ProductExtents extents = phot::ProductExtents::get(op);
  NestBlock block;
  block.groups = extents.groups, block.positions = extents.positions;
  block.m = extents.m, block.n = extents.n, block.k = extents.k;
  block.rowsPerPosition = extents.m;
  auto set = [&](OperandMap &to, ViewAttr view, Value tensor, int64_t positions,
                 StringRef name) -> LogicalResult {
    auto built =
        buildMap(view, cast<RankedTensorType>(tensor.getType()), positions);
    if (auto *wrong = std::get_if<std::string>(&built))
      return op.emitError("its view of ")
             << name << " has " << *wrong
             << "; an access map of a program cannot say that";
    to = std::get<OperandMap>(std::move(built));
    return success();
  };
  if (op.getRhsView().getNumPositions() > 1)
    return op.emitError("its view of rhs has positions; instructions number "
                        "those of the first operand and the result only");
  if (failed(set(block.lhs, op.getLhsView(), op.getLhs(), extents.positions,
                 "lhs")) ||
      failed(set(block.rhs, op.getRhsView(), op.getRhs(), 1, "rhs")) ||
      failed(set(block.result, op.getResultView(), op.getInit(),
                 extents.positions, "the result")))
    return failure();
  return block;
}
