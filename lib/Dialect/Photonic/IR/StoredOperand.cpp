//===- StoredOperand.cpp - Operands that are kept converted ---------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/Photonic/IR/StoredOperand.h"

#include "OperandConverter.h"

#include "photonic/Dialect/Photonic/IR/ProductInfo.h"

#include "llvm/Support/MathExtras.h"

#include <cmath>

using namespace mlir;
using namespace photonic;
using namespace photonic::phot;

//===----------------------------------------------------------------------===//
// Type
//===----------------------------------------------------------------------===//

LogicalResult StoredType::verify(function_ref<InFlightDiagnostic()> emitError,
                                 NumberFormatAttrInterface format,
                                 ArrayRef<int64_t> along) {
  if (!format || format.getBlockBytes() == 0)
    return emitError() << "expected a format whose groups can be stored, bfp "
                          "with rounding trunc or nearest, found "
                       << (format ? format.getFormatName() : "none");
  if (along.empty())
    return emitError() << "'along' needs at least one dimension";
  llvm::SmallBitVector seen(8);
  for (int64_t dim : along) {
    if (dim < 0 || dim >= 8 || seen[dim])
      return emitError() << "'along' has to name dimensions in [0, 8), each "
                            "once, found ["
                         << along << "]";
    seen.set(dim);
  }
  return success();
}

StoredType photonic::phot::getStored(Type type) {
  return dyn_cast<StoredType>(cast<RankedTensorType>(type).getElementType());
}

//===----------------------------------------------------------------------===//
// Blocks
//===----------------------------------------------------------------------===//

namespace {
/// The dimensions of a stored tensor, apart.
struct Layout {
  StoredType stored;
  ArrayRef<int64_t> shape;
  SmallVector<unsigned> others; ///< that groups do not run through
  int64_t rows = 1, columns = 1, group;

  explicit Layout(RankedTensorType type)
      : stored(getStored(type)), shape(type.getShape()),
        group(stored.getFormat().getGroupLength()) {
    for (unsigned dim = 0; dim < shape.size(); ++dim) {
      bool isAlong = llvm::is_contained(stored.getAlong(), dim);
      (isAlong ? columns : rows) *= shape[dim];
      if (!isAlong)
        others.push_back(dim);
    }
  }

  int64_t countBlocks() const { return llvm::divideCeil(columns, group); }

  /// Digits of all indices of the others, the last one the fastest; in the
  /// tensor, or in its blocks.
  SmallVector<ViewDigit> getRowDigits(bool inBlocks) const {
    SmallVector<ViewDigit> digits;
    for (size_t i = others.size(); i-- > 0;)
      if (int64_t extent = shape[others[i]]; extent > 1)
        digits.push_back({extent, inBlocks ? int64_t(i) : others[i], 1});
    return digits;
  }
  SmallVector<ViewDigit> getColumnDigits() const {
    SmallVector<ViewDigit> digits;
    for (int64_t dim : stored.getAlong())
      if (shape[dim] > 1)
        digits.push_back({shape[dim], dim, 1});
    return digits;
  }
};
} // namespace

SmallVector<int64_t> photonic::phot::getBlockShape(RankedTensorType type) {
  Layout layout(type);
  SmallVector<int64_t> shape;
  for (unsigned dim : layout.others)
    shape.push_back(layout.shape[dim]);
  shape.push_back(layout.countBlocks());
  return shape;
}

int64_t photonic::phot::getBlockTensorBytes(RankedTensorType type) {
  Layout layout(type);
  return layout.rows * layout.countBlocks() *
         layout.stored.getFormat().getBlockBytes();
}

ConversionViews photonic::phot::getConversionViews(RankedTensorType type) {
  Layout layout(type);
  MLIRContext *context = type.getContext();
  SmallVector<ViewDigit> blocks;
  if (int64_t count = layout.countBlocks(); count > 1)
    blocks.push_back({count, int64_t(layout.others.size()), 1});
  return {ViewAttr::get(context, {}, {}, layout.getRowDigits(false),
                        layout.getColumnDigits(), {}),
          ViewAttr::get(context, {}, {}, layout.getRowDigits(true), blocks, {}),
          layout.rows, layout.columns};
}

LogicalResult photonic::phot::forEachBlock(
    RankedTensorType type,
    function_ref<LogicalResult(ArrayRef<int64_t> elements)> visit) {
  ConversionViews views = getConversionViews(type);
  ViewElements elements(views.elements, type.getShape());
  int64_t group = getStored(type).getFormat().getGroupLength();
  SmallVector<int64_t> block;
  for (int64_t row = 0; row < views.rows; ++row) {
    Coordinates place = elements.getRow(row);
    for (int64_t first = 0; first < views.columns; first += group) {
      block.clear();
      for (int64_t k = first; k < std::min(first + group, views.columns); ++k)
        block.push_back(elements.locate(place, elements.getColumn(k)));
      if (failed(visit(block)))
        return failure();
    }
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Views
//===----------------------------------------------------------------------===//

namespace {
/// Translates one view from elements to blocks.
class BlockMapper {
public:
  BlockMapper(ViewAttr view, RankedTensorType type)
      : view(view), layout(type), shape(getBlockShape(type)) {}

  /// The view; a message where there is none.
  std::variant<BlockView, std::string> run();

private:
  /// Column digits that run through all dimensions of a block's elements.
  /// Empty, or what is wrong.
  std::string takeRun();
  std::string checkOthers() const;
  bool isAlong(int64_t dim) const {
    return llvm::is_contained(layout.stored.getAlong(), dim);
  }
  SmallVector<ViewDigit> convert(ArrayRef<ViewDigit> digits) const;
  ViewAttr build() const;

  ViewAttr view;
  Layout layout;
  SmallVector<int64_t> shape;
  size_t lead = 0;    ///< digits of columns that run along the blocks
  int64_t length = 1; ///< values that these have
};
} // namespace

std::string BlockMapper::takeRun() {
  ArrayRef<ViewDigit> columns = view.getColumns();
  ArrayRef<int64_t> along = layout.stored.getAlong();
  if (along.size() == 1) {
    if (columns.empty() || columns[0].dim != along[0] || columns[0].step != 1)
      return "the fastest digit of columns does not run along d" +
             std::to_string(along[0]) + " by 1";
    lead = 1;
    length = columns[0].radix;
    return {};
  }
  for (const ViewDigit &digit : layout.getColumnDigits()) {
    if (lead == columns.size() || columns[lead] != digit)
      return "digit " + std::to_string(lead) + " of columns is not " +
             std::to_string(digit.radix) + " x d" + std::to_string(digit.dim);
    ++lead;
    length *= digit.radix;
  }
  return {};
}

/// Digits and offsets besides the run have to move by whole blocks.
std::string BlockMapper::checkOthers() const {
  bool isSingle = layout.stored.getAlong().size() == 1;
  bool isAlone = true;
  for (ArrayRef<ViewDigit> list :
       {view.getGroups(), view.getPositions(), view.getRows(),
        view.getColumns().drop_front(lead)})
    for (const ViewDigit &digit : list) {
      if (!isAlong(digit.dim))
        continue;
      isAlone = false;
      if (!isSingle || digit.step % layout.group != 0)
        return "a digit moves by " + std::to_string(digit.step) + " along d" +
               std::to_string(digit.dim) + ", which is no number of blocks";
    }
  for (int64_t dim : layout.stored.getAlong())
    if (int64_t offset = view.getOffset(dim); offset != 0) {
      isAlone = false;
      if (!isSingle || offset % layout.group != 0)
        return "offset " + std::to_string(offset) + " of d" +
               std::to_string(dim) + " is no number of blocks";
    }
  // A last group that is shorter ends with the contraction and with the tensor.
  bool isWhole =
      isAlone && lead == view.getColumns().size() && length == layout.columns;
  if (isWhole ||
      (length % layout.group == 0 && layout.columns % layout.group == 0))
    return {};
  return "runs of " + std::to_string(length) +
         " contraction positions, in rows of " +
         std::to_string(layout.columns) + " elements, are no whole groups of " +
         std::to_string(layout.group) + ", nor all there is";
}

SmallVector<ViewDigit> BlockMapper::convert(ArrayRef<ViewDigit> digits) const {
  SmallVector<ViewDigit> list;
  for (const ViewDigit &digit : digits) {
    auto *other = llvm::find(layout.others, unsigned(digit.dim));
    int64_t dim = other - layout.others.begin(); // one more than others: blocks
    list.push_back(
        {digit.radix, dim,
         isAlong(digit.dim) ? digit.step / layout.group : digit.step});
  }
  return list;
}

ViewAttr BlockMapper::build() const {
  SmallVector<ViewDigit> columns;
  if (int64_t blocks = llvm::divideCeil(length, layout.group); blocks > 1)
    columns.push_back({blocks, int64_t(layout.others.size()), 1});
  llvm::append_range(columns, convert(view.getColumns().drop_front(lead)));
  SmallVector<int64_t> offsets;
  for (unsigned dim : layout.others)
    offsets.push_back(view.getOffset(dim));
  offsets.push_back(view.getOffset(layout.stored.getAlong().front()) /
                    layout.group);
  if (llvm::all_of(offsets, [](int64_t offset) { return offset == 0; }))
    offsets.clear();
  return ViewAttr::get(view.getContext(), convert(view.getGroups()),
                       convert(view.getPositions()), convert(view.getRows()),
                       columns, offsets);
}

std::variant<BlockView, std::string> BlockMapper::run() {
  for (int64_t dim : layout.stored.getAlong())
    if (dim >= int64_t(layout.shape.size()))
      return "the tensor has no d" + std::to_string(dim);
  if (std::string wrong = takeRun(); !wrong.empty())
    return wrong;
  if (std::string wrong = checkOthers(); !wrong.empty())
    return wrong;
  return BlockView{build(), shape};
}

std::variant<BlockView, std::string>
photonic::phot::getBlockView(ViewAttr view, RankedTensorType type) {
  return BlockMapper(view, type).run();
}

StoredType photonic::phot::findStorage(ViewAttr view, RankedTensorType type,
                                       NumberFormatAttrInterface format) {
  // A contraction of one position runs along nothing.
  if (format.getBlockBytes() == 0 || view.getColumns().empty())
    return {};
  SmallVector<int64_t> all;
  for (const ViewDigit &digit : view.getColumns())
    if (!llvm::is_contained(all, digit.dim))
      all.push_back(digit.dim);
  // One dimension, along which images and weights alike are converted; or all
  // that the contraction runs through.
  for (size_t count : {size_t(1), all.size()}) {
    auto stored = StoredType::get(type.getContext(), format,
                                  ArrayRef(all).take_front(count));
    auto blocks = getBlockView(view, type.clone(stored));
    if (std::holds_alternative<BlockView>(blocks))
      return stored;
  }
  return {};
}

//===----------------------------------------------------------------------===//
// ConvertOp
//===----------------------------------------------------------------------===//

nn::ConstantOp ConvertOp::getConstant() {
  Value value = getInput();
  while (auto reshape = value.getDefiningOp<nn::ReshapeOp>())
    value = reshape.getInput();
  return value.getDefiningOp<nn::ConstantOp>();
}

LogicalResult ConvertOp::verify() {
  RankedTensorType input = getInput().getType();
  RankedTensorType result = getResult().getType();
  if (input.getShape() != result.getShape()) // C1
    return emitOpError("(C1) converts ")
           << input << " to " << result << "; expected the same shape";
  for (int64_t dim : getStored().getAlong())
    if (dim >= result.getRank())
      return emitOpError("(C2) groups run along d") // C2
             << dim << ", but the tensor has rank " << result.getRank();
  if (bool(getRows()) == bool(getArrays())) // C3
    return success();
  return emitOpError("(C3) needs 'rows' and 'arrays', or neither of them");
}

LogicalResult ConvertOp::evaluate(MutableArrayRef<interp::Value> operands,
                                  SmallVectorImpl<interp::Value> &results) {
  RankedTensorType type = getResult().getType();
  NumberFormatAttrInterface format = getStored().getFormat();
  const interp::Tensor &input = operands[0].getTensor();
  interp::Tensor result = interp::Tensor::uninitialized(type.getShape());
  float *data = result.getMutableData().data();
  std::vector<float> values, converted;
  LogicalResult done = forEachBlock(type, [&](ArrayRef<int64_t> elements) {
    values.clear();
    for (int64_t element : elements) {
      float value = input[element];
      if (!format.acceptsValue(value))
        return reportElement(*this, "input", input, element, value,
                             ", which " + format.getFormatName() +
                                 " cannot represent");
      values.push_back(value);
    }
    converted.resize(values.size());
    int32_t scale = format.convertGroup(values, {}, converted);
    for (auto [element, value] : llvm::zip_equal(elements, converted))
      data[element] = float(std::ldexp(double(value), scale));
    return success();
  });
  if (failed(done))
    return failure();
  results.push_back(std::move(result));
  return success();
}
