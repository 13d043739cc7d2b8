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
// output elements, and add the sums of each group to the accumulator. Shares no
// code with the runtime.
//
//===----------------------------------------------------------------------===//

#include "PassInterpreter.h"

#include "photonic/Dialect/Photonic/IR/ProductInfo.h"
#include "photonic/Interpreter/Philox.h"
#include "photonic/Interpreter/Tensor.h"
#include "phx/support/Selection.h"

#include <bit>
#include <cfloat>
#include <cmath>

using namespace mlir;
using namespace photonic;
using namespace photonic::phot;

namespace {

/// Half-open range of rows, columns or groups of the contraction.
struct Span {
  int64_t begin = 0, end = 0;
  int64_t size() const { return end - begin; }
};

/// Rows of one operand after conversion, cut into passes, those outermost:
/// element j of pass p of row r is elements[(p * rows + r) * length + j]; all
/// passes of group q of row r are times 2^scale of (q, r).
template <typename Element> struct Converted {
  int64_t rows = 0, length = 0;
  std::vector<Element> elements;
  std::vector<double> factors; ///< 2^scale

  const Element *getElements(int64_t pass, int64_t row) const {
    return elements.data() + (pass * rows + row) * length;
  }
  double getFactor(int64_t q, int64_t row) const {
    return factors[q * rows + row];
  }
};

//===----------------------------------------------------------------------===//
// Accumulation
//===----------------------------------------------------------------------===//

/// What an accumulator holds of `value`: +0 where the magnitude is below
/// 2^-126.
float flush(float value) { return std::fabs(value) < FLT_MIN ? 0.0f : value; }

/// flush(RNE(flush(acc) + term)) with one rounding. The sum in binary64 is
/// rounded to odd, so that rounding it again to binary32 is correct.
float accumulate(float acc, double term) {
  double a = flush(acc), sum = a + term;
  double part = sum - a;
  double error = (a - (sum - part)) + (term - part);
  if (error != 0) {
    auto bits = std::bit_cast<uint64_t>(sum);
    if ((bits & 1) == 0)
      sum =
          std::bit_cast<double>((error > 0) == (sum > 0) ? bits + 1 : bits - 1);
  }
  return flush(float(sum));
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

/// One operand: its format (null for products without formats), its name, and
/// the number of rows that a group of the convolution has of it.
struct Operand {
  const interp::Tensor &tensor;
  NumberFormatAttrInterface format;
  StringRef name;
  int64_t rows;
};

/// A product or a part of it. One without formats is one group of length K.
struct Task {
  Operation *op;
  ProductShape shape;
  Region &body;
  Operand lhs, rhs;
  interp::RandomKey key = {}; ///< of formats that need it
  int64_t stream = 0;

  int64_t getGroupLength() const {
    return lhs.format ? lhs.format.getGroupLength() : shape.k;
  }
  int64_t getPassLength() const {
    return lhs.format ? phot::getPassLength(body) : shape.k;
  }
  int64_t getPassesPerGroup() const {
    return llvm::divideCeilSigned(getGroupLength(), getPassLength());
  }
  int64_t getNumGroups() const {
    return llvm::divideCeilSigned(shape.k, getGroupLength());
  }
  bool isInteger() const { return lhs.format && lhs.format.isInteger(); }
};

/// What of a task is computed: one group of the convolution, a range of kernel
/// positions, rows, columns, and groups of the contraction.
struct Part {
  int64_t group;
  Span positions, rows, columns, groups;
};

/// ", tensor `operand`[i, j, ..] = value" of an element that cannot be used.
LogicalResult reportElement(Operation *op, StringRef operand,
                            const interp::Tensor &tensor, int64_t offset,
                            float value, const Twine &why) {
  InFlightDiagnostic diag = op->emitOpError();
  if (StringRef node = getNodeName(op->getLoc()); !node.empty())
    diag << "of node '" << node << "': ";
  diag << operand << "[";
  int64_t remaining = tensor.getNumElements();
  llvm::interleaveComma(tensor.getShape(), diag, [&](int64_t extent) {
    remaining /= extent;
    diag << offset / remaining;
    offset %= remaining;
  });
  diag << "] is ";
  if (std::isnan(value))
    diag << "NaN";
  else
    diag << (value < 0 ? "-inf" : "inf");
  return diag << why;
}

template <typename Element, typename Sum> class Evaluator {
public:
  Evaluator(const Task &task, interp::Tensor &result)
      : task(task), region(task.body), result(result) {}

  /// Adds `part` to the result, or starts from +0 where the product does.
  LogicalResult run(const Part &part) {
    data = result.getMutableData().data();
    int64_t m = task.shape.m;
    // Several positions always come with all rows.
    Span lhsRows{part.positions.begin * m + part.rows.begin,
                 (part.positions.end - 1) * m + part.rows.end};
    if (failed(convert(0, task.lhs, part, lhsRows, lhs)))
      return failure();
    // Blocks of columns bound the memory that converted patches take. Where an
    // element meets several columns, they have to come position by position.
    int64_t block = part.positions.size() > 1 ? part.columns.size() : 4096;
    for (int64_t c = part.columns.begin; c < part.columns.end; c += block) {
      Part now = part;
      now.columns = {c, std::min(c + block, part.columns.end)};
      if (failed(convert(1, task.rhs, now, now.columns, rhs)))
        return failure();
      for (int64_t p = part.positions.end; p-- > part.positions.begin;)
        if (failed(multiplyPosition(now, p)))
          return failure();
    }
    return success();
  }

private:
  /// Element number of contraction position `k` of `row`, -1 if it reads as +0.
  int64_t getOffset(int operand, int64_t group, int64_t row, int64_t k) const {
    if (k >= task.shape.k)
      return -1;
    return operand == 0 ? task.shape.getLhsOffset(group, row, k)
                        : task.shape.getRhsOffset(group, row, k);
  }

  /// Reads the elements of group `q` of `row`.
  LogicalResult gather(int number, const Operand &operand, int64_t group,
                       int64_t row, int64_t q, std::vector<float> &values) {
    for (auto [j, value] : llvm::enumerate(values)) {
      int64_t k = q * int64_t(values.size()) + int64_t(j);
      int64_t offset = getOffset(number, group, row, k);
      value = offset < 0 ? 0.0f : operand.tensor[offset];
      if (operand.format && !operand.format.acceptsValue(value))
        return reportElement(
            task.op, operand.name, operand.tensor, offset, value,
            ", which " + operand.format.getFormatName() + " cannot represent");
    }
    return success();
  }

  /// Converts the groups of `part` of operand `number`, rows `rows`.
  LogicalResult convert(int number, const Operand &operand, const Part &part,
                        Span rows, Converted<Element> &out) {
    int64_t group = task.getGroupLength(), length = task.getPassLength();
    int64_t passes = task.getPassesPerGroup();
    out.rows = rows.size();
    out.length = length;
    out.elements.assign(part.groups.size() * passes * out.rows * length,
                        Element(0));
    out.factors.resize(part.groups.size() * out.rows);
    std::vector<float> values(group), elements(group), uniforms;
    auto stream = static_cast<uint32_t>(2 * task.stream + number);
    if (operand.format && operand.format.needsUniforms())
      uniforms.resize(group);
    for (int64_t r = 0; r < out.rows; ++r) {
      int64_t row = rows.begin + r;
      int64_t first = (part.group * operand.rows + row) * task.shape.k;
      for (int64_t q = 0; q < part.groups.size(); ++q) {
        int64_t begin = (part.groups.begin + q) * group;
        if (failed(gather(number, operand, part.group, row,
                          part.groups.begin + q, values)))
          return failure();
        for (auto [j, uniform] : llvm::enumerate(uniforms))
          uniform = interp::getUniform(task.key, stream, first + begin + j);
        int32_t scale = 0;
        if (operand.format)
          scale = operand.format.convertGroup(values, uniforms, elements);
        else
          elements = values;
        out.factors[q * out.rows + r] = std::ldexp(1.0, scale);
        for (int64_t j = 0; j < group; ++j)
          out.elements[((q * passes + j / length) * out.rows + r) * length +
                       j % length] = Element(elements[j]);
      }
    }
    return success();
  }

  /// Adds the products of one kernel position.
  LogicalResult multiplyPosition(const Part &part, int64_t position) {
    constexpr int64_t rowTile = 32, columnTile = 64;
    columnOffsets.clear();
    for (int64_t c = part.columns.begin; c < part.columns.end; ++c)
      columnOffsets.push_back(
          task.shape.getResultOffset(part.group, position, c));
    if (part.groups.begin == 0 && !task.shape.accumulates())
      clear(part);
    int64_t first = (position - part.positions.begin) * part.rows.size();
    for (int64_t c = 0; c < part.columns.size(); c += columnTile)
      for (int64_t r = 0; r < part.rows.size(); r += rowTile) {
        Block block{first + r, part.rows.begin + r, c,
                    std::min(rowTile, part.rows.size() - r),
                    std::min(columnTile, part.columns.size() - c)};
        for (int64_t q = 0; q < part.groups.size(); ++q)
          if (failed(task.lhs.format ? addGroup(block, q) : addAll(block)))
            return failure();
      }
    return success();
  }

  /// Rows and columns that are computed together: where they start among the
  /// converted ones and, for rows, in the product.
  struct Block {
    int64_t lhsRow, row, column, rows, columns;
  };

  float *getElement(int64_t row, int64_t column) {
    int64_t offset = columnOffsets[column];
    if (offset < 0)
      return nullptr;
    return data + offset + row * task.shape.getResultRowStride();
  }

  void clear(const Part &part) {
    for (int64_t row = part.rows.begin; row < part.rows.end; ++row)
      for (int64_t c = 0; c < part.columns.size(); ++c)
        if (float *element = getElement(row, c))
          *element = 0;
  }

  /// The sums of group `q`, over all of its passes.
  ArrayRef<Sum> sumGroup(const Block &block, int64_t q) {
    int64_t passes = task.getPassesPerGroup();
    auto sum = [&](int64_t pass) {
      return region.run({lhs.getElements(q * passes + pass, block.lhsRow),
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

  LogicalResult addGroup(const Block &block, int64_t q) {
    ArrayRef<Sum> sums = sumGroup(block, q);
    for (int64_t i = 0; i < block.rows; ++i)
      for (int64_t j = 0; j < block.columns; ++j) {
        float *acc = getElement(block.row + i, block.column + j);
        if (!acc)
          continue;
        *acc = add(*acc, sums[i * block.columns + j],
                   lhs.getFactor(q, block.lhsRow + i),
                   rhs.getFactor(q, block.column + j));
        if (task.isInteger() && !std::isfinite(*acc))
          return reportElement(task.op, "accumulator", result, acc - data, *acc,
                               ": the sum left the range of binary32");
      }
    return success();
  }

  /// Without formats: each product is rounded and added.
  LogicalResult addAll(const Block &block) {
    for (int64_t i = 0; i < block.rows; ++i)
      for (int64_t j = 0; j < block.columns; ++j) {
        float *acc = getElement(block.row + i, block.column + j);
        const Element *a = lhs.getElements(0, block.lhsRow + i);
        const Element *b = rhs.getElements(0, block.column + j);
        for (int64_t k = 0; acc && k < lhs.length; ++k)
          *acc += float(a[k]) * float(b[k]);
        if (acc)
          *acc = phx::canonicalF32(*acc);
      }
    return success();
  }

  static float add(float acc, Sum sum, double lhsFactor, double rhsFactor) {
    if constexpr (std::is_same_v<Sum, float>)
      return phx::canonicalF32(acc + sum);
    else
      return accumulate(acc, double(sum) * lhsFactor * rhsFactor);
  }

  const Task &task;
  PassInterpreter<Element, Sum> region;
  interp::Tensor &result;
  float *data = nullptr; ///< of the result
  Converted<Element> lhs, rhs;
  std::vector<int64_t> columnOffsets; ///< of the columns of one block
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
  ProductShape shape = ProductShape::get(op);
  return {op,
          shape,
          op.getBody(),
          {operands[0].getTensor(), op.getLhsFormatAttr(), "lhs",
           shape.positions * shape.m},
          {operands[1].getTensor(), op.getRhsFormatAttr(), "rhs", shape.n}};
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
  const ProductShape &shape = task.shape;
  auto result = interp::Tensor::zeros(shape.getResultShape());
  for (int64_t g = 0; g < shape.groups; ++g)
    if (failed(run(task,
                   {g,
                    {0, shape.positions},
                    {0, shape.m},
                    {0, shape.n},
                    {0, task.getNumGroups()}},
                   result)))
      return failure();
  if (getBias()) {
    const interp::Tensor &bias = operands[2].getTensor();
    MutableArrayRef<float> data = result.getMutableData();
    for (auto [index, element] : llvm::enumerate(data))
      element = phx::canonicalF32(element +
                                  bias[index / shape.getOutputPlane() %
                                       (shape.groups * shape.outChannels)]);
  }
  results.push_back(std::move(result));
  return success();
}

LogicalResult ZerosOp::evaluate(MutableArrayRef<interp::Value>,
                                SmallVectorImpl<interp::Value> &results) {
  results.push_back(interp::Tensor::zeros(
      cast<RankedTensorType>(getResult().getType()).getShape()));
  return success();
}

/// The part of the product that a tile covers; fails if it is outside.
static FailureOr<Part> getPart(ArrayProductOp op, const ProductShape &shape,
                               ArrayRef<interp::Value> operands) {
  int64_t group = operands[3].getIndex(), row = operands[4].getIndex();
  int64_t k = operands[5].getIndex(), length = op.getGroupLength();
  int64_t turn = op.getTurn() ? operands[6].getIndex() : 0;
  bool df1 = op.getDataflow() == Dataflow::DF1;
  int64_t extent = df1 ? shape.m : shape.n;
  auto isIn = [](int64_t value, int64_t end) {
    return value >= 0 && value < end;
  };
  if (!isIn(group, shape.groups) || !isIn(row, extent) || !isIn(k, shape.k) ||
      !isIn(turn, shape.positions) || k % length != 0) {
    InFlightDiagnostic diag = op.emitOpError("tile [")
                              << group << ", " << row << ", " << k;
    if (op.getTurn())
      diag << ", " << turn;
    diag << "] is outside of [" << shape.groups << ", " << extent << ", "
         << shape.k;
    if (op.getTurn())
      diag << ", " << shape.positions;
    return diag << "] or not at the start of a group";
  }
  Span stationary{row, std::min(row + op.getRows(), extent)};
  int64_t position = shape.positions - 1 - turn;
  return Part{group,
              {position, position + 1},
              df1 ? stationary : Span{0, shape.m},
              df1 ? Span{0, shape.n} : stationary,
              {k / length, k / length + 1}};
}

LogicalResult
ArrayProductOp::evaluate(MutableArrayRef<interp::Value> operands,
                         SmallVectorImpl<interp::Value> &results) {
  Task task = makeTask(*this, operands);
  FailureOr<Part> part = getPart(*this, task.shape, operands);
  if (failed(part) ||
      (getKey() && failed(setKey(*this, operands.back().getTensor(), task))))
    return failure();
  interp::Tensor result = std::move(operands[2].getTensor());
  if (failed(run(task, *part, result)))
    return failure();
  results.push_back(std::move(result));
  return success();
}
