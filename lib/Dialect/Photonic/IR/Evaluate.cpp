//===- Evaluate.cpp - What products compute ------------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The meaning of photonic.product and photonic.array_product to the last bit,
// before and after formats, residues and tiles. Both run the same steps: gather
// and convert the operands, interpret the region once per pass and block of
// output elements, and add the sums of each term to the accumulator. Shares no
// code with the runtime.
//
//===----------------------------------------------------------------------===//

#include "OperandConverter.h"
#include "PassInterpreter.h"

#include "photonic/Dialect/Photonic/IR/StoredOperand.h"

#include "phx/support/Selection.h"

#include <cmath>

using namespace mlir;
using namespace photonic;
using namespace photonic::phot;

namespace {

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

/// What of a task is computed: one group, a range of positions, rows, columns,
/// and terms.
struct Part {
  int64_t group;
  Span positions, rows, columns, terms;
  bool starts = false; ///< accumulators start from +0
};

template <typename Element, typename Sum> class Evaluator {
public:
  Evaluator(const Task &task, interp::Tensor &result)
      : task(task), region(task.pass), result(result),
        view(task.resultView, result.getShape()), toLhs(task, task.lhs),
        toRhs(task, task.rhs) {}

  /// Adds `part` to the result.
  LogicalResult run(const Part &part) {
    data = result.getMutableData().data();
    // Blocks of columns bound the memory that converted patches take. Where an
    // element meets several columns, they have to come position by position.
    int64_t block = part.positions.size() > 1 ? part.columns.size() : 4096;
    for (int64_t c = part.columns.begin; c < part.columns.end; c += block) {
      Part now = part;
      now.columns = {c, std::min(c + block, part.columns.end)};
      for (int64_t p = part.positions.end; p-- > part.positions.begin;) {
        bool isFirst = p == part.positions.end - 1;
        if ((isFirst || task.rhs.view.getNumPositions() > 1) &&
            failed(toRhs.run(part.group, p, now.columns, part.terms, rhs)))
          return failure();
        if ((c == part.columns.begin || part.positions.size() > 1) &&
            failed(toLhs.run(part.group, p, part.rows, part.terms, lhs)))
          return failure();
        if (failed(multiply(now, p)))
          return failure();
      }
    }
    return success();
  }

private:
  /// Rows and columns that are computed together: where they start among the
  /// converted ones, and the numbers of their elements.
  struct Block {
    int64_t row, column, rows, columns;
    std::vector<int64_t> elements; ///< [row][column], -1 outside
  };

  /// Adds the products of one position.
  LogicalResult multiply(const Part &part, int64_t position) {
    constexpr int64_t rowTile = 32, columnTile = 64;
    Coordinates base = add(add(view.getOrigin(), view.getGroup(part.group)),
                           view.getPosition(position));
    rowPlaces.clear();
    for (int64_t r = part.rows.begin; r < part.rows.end; ++r)
      rowPlaces.push_back(add(base, view.getRow(r)));
    columnPlaces.clear();
    for (int64_t c = part.columns.begin; c < part.columns.end; ++c)
      columnPlaces.push_back(view.getColumn(c));
    for (int64_t c = 0; c < part.columns.size(); c += columnTile)
      for (int64_t r = 0; r < part.rows.size(); r += rowTile) {
        Block block{r,
                    c,
                    std::min(rowTile, part.rows.size() - r),
                    std::min(columnTile, part.columns.size() - c),
                    {}};
        locate(block);
        if (part.starts)
          clear(block);
        for (int64_t q = 0; q < part.terms.size(); ++q)
          if (failed(task.lhs.format ? addTerm(block, q) : addAll(block)))
            return failure();
      }
    return success();
  }

  void locate(Block &block) {
    for (int64_t i = 0; i < block.rows; ++i)
      for (int64_t j = 0; j < block.columns; ++j)
        block.elements.push_back(view.locate(rowPlaces[block.row + i],
                                             columnPlaces[block.column + j]));
  }

  void clear(const Block &block) {
    for (int64_t element : block.elements)
      if (element >= 0)
        data[element] = 0;
  }

  /// The sums of term `q`, over all of its passes.
  ArrayRef<Sum> sumTerm(const Block &block, int64_t q) {
    int64_t passes = task.getPassesPerTerm();
    auto sum = [&](int64_t pass) {
      return region.run({lhs.getElements(q * passes + pass, block.row),
                         rhs.getElements(q * passes + pass, block.column),
                         block.rows, block.columns, lhs.length});
    };
    if (passes == 1)
      return sum(0);
    totals.assign(block.rows * block.columns, Sum(0));
    for (int64_t pass = 0; pass < passes; ++pass)
      for (auto [total, value] : llvm::zip_equal(totals, sum(pass)))
        total += value;
    return totals;
  }

  /// The sums of term `q` meet the accumulators of a block.
  LogicalResult addTerm(const Block &block, int64_t q) {
    ArrayRef<Sum> sums = sumTerm(block, q);
    terms.clear();
    for (int64_t i = 0; i < block.rows; ++i)
      for (int64_t j = 0; j < block.columns; ++j) {
        int64_t element = block.elements[i * block.columns + j];
        if (element < 0)
          continue;
        terms.elements.push_back(element);
        terms.accumulators.push_back(data[element]);
        terms.sums.push_back(sums[i * block.columns + j]);
        terms.scales.push_back(lhs.getFactor(q, block.row + i) *
                               rhs.getFactor(q, block.column + j));
      }
    Additions<Sum> additions{terms.accumulators, terms.sums, terms.scales};
    bool refusesInfinity = false;
    for (Operation &op : task.combine.front().without_terminator()) {
      auto addition = cast<CombineOpInterface>(op);
      addition.combine(&additions);
      refusesInfinity |= addition.refusesInfinity();
    }
    for (auto [element, value] :
         llvm::zip_equal(terms.elements, terms.accumulators)) {
      data[element] = value;
      if (refusesInfinity && !std::isfinite(value))
        return reportElement(task.op, "accumulator", result, element, value,
                             ": the sum left the range of binary32");
    }
    return success();
  }

  /// Without formats: each product is rounded and added.
  LogicalResult addAll(const Block &block) {
    for (int64_t i = 0; i < block.rows; ++i)
      for (int64_t j = 0; j < block.columns; ++j) {
        int64_t element = block.elements[i * block.columns + j];
        if (element < 0)
          continue;
        const Element *a = lhs.getElements(0, block.row + i);
        const Element *b = rhs.getElements(0, block.column + j);
        float acc = data[element];
        for (int64_t k = 0; k < lhs.length; ++k)
          acc += float(a[k]) * float(b[k]);
        data[element] = phx::canonicalF32(acc);
      }
    return success();
  }

  static Coordinates add(const Coordinates &a, const Coordinates &b) {
    return phot::add(a, b);
  }

  const Task &task;
  PassInterpreter<Element, Sum> region;
  interp::Tensor &result;
  ViewElements view; ///< of the result
  Converter<Element> toLhs, toRhs;
  float *data = nullptr; ///< of the result
  Converted<Element> lhs, rhs;
  /// Elements of the result that a term meets, and with what.
  struct Terms {
    std::vector<int64_t> elements;
    std::vector<float> accumulators;
    std::vector<Sum> sums;
    std::vector<double> scales;

    void clear() {
      elements.clear(), accumulators.clear(), sums.clear(), scales.clear();
    }
  } terms;
  std::vector<Coordinates> rowPlaces, columnPlaces;
  std::vector<Sum> totals;
};

LogicalResult run(const Task &task, const Part &part, interp::Tensor &result) {
  if (task.isInteger())
    return getSumType(task.lhs.format, task.rhs.format).isInteger(32)
               ? Evaluator<int16_t, int32_t>(task, result).run(part)
               : Evaluator<int16_t, int64_t>(task, result).run(part);
  return Evaluator<float, float>(task, result).run(part);
}

/// A task without random numbers.
template <typename OpTy>
Task makeTask(OpTy op, MutableArrayRef<interp::Value> operands) {
  return {op,
          ProductExtents::get(op),
          op.getPass(),
          op.getCombine(),
          {operands[0].getTensor(), op.getLhsView(), op.getLhsFormatAttr(),
           "lhs", 0, bool(getStored(op.getLhs().getType()))},
          {operands[1].getTensor(), op.getRhsView(), op.getRhsFormatAttr(),
           "rhs", 1, bool(getStored(op.getRhs().getType()))},
          op.getResultView()};
}

/// Takes the random key of `op` from its operand.
template <typename OpTy>
LogicalResult setKey(OpTy op, const interp::Tensor &tensor, Task &task) {
  uint32_t *words[] = {&task.key.seed, &task.key.trial, &task.key.step};
  for (auto [index, word] : llvm::enumerate(words)) {
    float value = tensor[index];
    if (!(value >= 0 && value < 0x1p24f) || value != std::trunc(value))
      return op.emitOpError("key[") << index << "] is " << value
                                    << ", expected a whole number below 2^24";
    *word = static_cast<uint32_t>(value);
  }
  task.stream = *op.getStream();
  return success();
}

} // namespace

LogicalResult ProductOp::evaluate(MutableArrayRef<interp::Value> operands,
                                  SmallVectorImpl<interp::Value> &results) {
  Task task = makeTask(*this, operands);
  if (getKey() && failed(setKey(*this, operands.back().getTensor(), task)))
    return failure();
  const ProductExtents &extents = task.extents;
  interp::Tensor result = std::move(operands[2].getTensor());
  // Position by position also where several groups meet an element.
  ViewAttr view = getResultView();
  int64_t step = shareDimension(view.getPositions(), view.getGroups())
                     ? 1
                     : extents.positions;
  for (int64_t p = extents.positions; p > 0; p -= step)
    for (int64_t g = 0; g < extents.groups; ++g)
      if (failed(run(task,
                     {g,
                      {p - step, p},
                      {0, extents.m},
                      {0, extents.n},
                      {0, task.getNumTerms()}},
                     result)))
        return failure();
  results.push_back(std::move(result));
  return success();
}

LogicalResult ZerosOp::evaluate(MutableArrayRef<interp::Value>,
                                SmallVectorImpl<interp::Value> &results) {
  results.push_back(interp::Tensor::zeros(
      cast<RankedTensorType>(getResult().getType()).getShape()));
  return success();
}

/// The part of the product that a tile covers; fails if it begins outside.
static FailureOr<Part> getPart(ArrayProductOp op, const ProductExtents &extents,
                               ArrayRef<interp::Value> operands) {
  int64_t tile[5];
  for (unsigned i = 0; i < 5; ++i)
    tile[i] = operands[3 + i].getIndex();
  auto [group, position, m, n, k] = tile;
  const int64_t ends[] = {extents.groups, extents.positions, extents.m,
                          extents.n, extents.k};
  ArrayRef<int64_t> sizes = op.getSizes();
  bool isInside = k % sizes[2] == 0;
  for (unsigned i = 0; i < 5; ++i)
    isInside &= tile[i] >= 0 && tile[i] < ends[i];
  if (!isInside)
    return op.emitOpError("tile [")
           << ArrayRef(tile) << "] is outside of [" << ArrayRef(ends)
           << "] or not at the start of a term";
  int64_t term = k / sizes[2];
  return Part{group,
              {position, position + 1},
              {m, std::min(m + sizes[0], extents.m)},
              {n, std::min(n + sizes[1], extents.n)},
              {term, term + 1},
              op.getStart() && operands[8].getIndex() == 0};
}

LogicalResult
ArrayProductOp::evaluate(MutableArrayRef<interp::Value> operands,
                         SmallVectorImpl<interp::Value> &results) {
  Task task = makeTask(*this, operands);
  FailureOr<Part> part = getPart(*this, task.extents, operands);
  if (failed(part) ||
      (getKey() && failed(setKey(*this, operands.back().getTensor(), task))))
    return failure();
  interp::Tensor result = std::move(operands[2].getTensor());
  if (failed(run(task, *part, result)))
    return failure();
  results.push_back(std::move(result));
  return success();
}
