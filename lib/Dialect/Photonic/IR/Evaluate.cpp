//===- Evaluate.cpp - What products compute ------------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The meaning of photonic.product and photonic.array_product to the last bit,
// before and after formats, residues and tiles. Both run the same steps: gather
// and convert the operands, interpret the region once per group and block of
// output elements, and add the sums to the accumulator. Shares no code with the
// runtime.
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/Photonic/IR/ProductInfo.h"
#include "photonic/Interpreter/Tensor.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/TypeSwitch.h"

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

/// Rows of one operand after conversion, groups outermost: element j of group q
/// of row r is elements[(q * rows + r) * length + j], times 2^scale of (q, r).
template <typename Element> struct Converted {
  int64_t rows = 0, length = 0;
  std::vector<Element> elements;
  std::vector<double> factors; ///< 2^scale

  const Element *getElements(int64_t q, int64_t row) const {
    return elements.data() + (q * rows + row) * length;
  }
  double getFactor(int64_t q, int64_t row) const {
    return factors[q * rows + row];
  }
};

//===----------------------------------------------------------------------===//
// The region, over blocks of pairs of groups
//===----------------------------------------------------------------------===//

/// `rows` groups of the left and `columns` groups of the right operand.
template <typename Element> struct Pairs {
  const Element *lhs, *rhs;
  int64_t rows, columns, length;
};

int64_t floorMod(int64_t value, int64_t modulus) {
  int64_t remainder = value % modulus;
  return remainder < 0 ? remainder + modulus : remainder;
}

/// sums[r * columns + c] = sum over j < length of lhs(r, j) * rhs(c, j).
template <typename Element, typename Sum, typename Length>
void multiplyGroups(const Pairs<Element> &p, Length length, Sum *sums) {
  for (int64_t r = 0; r < p.rows; ++r) {
    const Element *a = p.lhs + r * length;
    for (int64_t c = 0; c < p.columns; ++c) {
      const Element *b = p.rhs + c * length;
      Sum sum = 0;
      for (int64_t j = 0; j < length; ++j)
        sum += Sum(a[j]) * Sum(b[j]);
      *sums++ = sum;
    }
  }
}

template <typename Element, typename Sum>
void multiply(const Pairs<Element> &p, Sum *sums) {
  // A length that the host compiler knows is worth a copy of the loops.
  if (p.length == 16)
    multiplyGroups(p, std::integral_constant<int64_t, 16>(), sums);
  else
    multiplyGroups(p, p.length, sums);
}

/// Interprets the region of a product; without one, a dot product.
template <typename Element, typename Sum> class RegionInterpreter {
public:
  explicit RegionInterpreter(Region &body) : body(body) {}

  /// The yielded sum of each pair, valid until the next call.
  ArrayRef<Sum> run(const Pairs<Element> &pairs) {
    if (body.empty()) {
      std::vector<Sum> &sums = getSums(mlir::Value(), pairs);
      multiply(pairs, sums.data());
      return sums;
    }
    for (Operation &op : body.front().without_terminator())
      llvm::TypeSwitch<Operation *>(&op)
          .Case([&](DotOp dot) {
            multiply(pairs, getSums(dot.getResult(), pairs).data());
          })
          .Case([&](ModularDotOp dot) { runModular(dot, pairs); })
          .Case([&](ReverseConvertOp convert) { runReverse(convert, pairs); });
    return values[cast<YieldOp>(body.front().getTerminator()).getSum()];
  }

private:
  std::vector<Sum> &getSums(mlir::Value value, const Pairs<Element> &pairs) {
    std::vector<Sum> &sums = values[value];
    sums.resize(pairs.rows * pairs.columns);
    return sums;
  }

  /// Forward conversion of both operands, then products and sums of residues.
  void runModular(ModularDotOp dot, const Pairs<Element> &pairs) {
    int64_t modulus = dot.getModulus();
    auto convert = [&](const Element *from, int64_t count) {
      std::vector<Element> residues(count);
      for (int64_t i = 0; i < count; ++i)
        residues[i] = Element(floorMod(int64_t(from[i]), modulus));
      return residues;
    };
    std::vector<Element> lhs = convert(pairs.lhs, pairs.rows * pairs.length);
    std::vector<Element> rhs = convert(pairs.rhs, pairs.columns * pairs.length);
    Pairs<Element> residues{lhs.data(), rhs.data(), pairs.rows, pairs.columns,
                            pairs.length};
    std::vector<Sum> &sums = getSums(dot.getResult(), pairs);
    if (pairs.length * (modulus - 1) * (modulus - 1) <= INT32_MAX) {
      multiply(residues, sums.data());
      for (Sum &sum : sums)
        sum = Sum(uint32_t(sum) % uint32_t(modulus));
      return;
    }
    std::vector<int64_t> wide(sums.size());
    multiply(residues, wide.data());
    for (auto [sum, value] : llvm::zip_equal(sums, wide))
      sum = Sum(value % modulus);
  }

  /// x = sum of r_i * (P / m_i) * ((P / m_i)^-1 mod m_i), modulo P, moved into
  /// the signed range. With P <= 2^40 and m_i <= 2^15 no sum leaves 64 bits.
  void runReverse(ReverseConvertOp convert, const Pairs<Element> &pairs) {
    int64_t product = 1;
    for (int64_t modulus : convert.getModuli())
      product *= modulus;
    std::vector<uint64_t> totals(pairs.rows * pairs.columns, 0);
    for (auto [residue, modulus] :
         llvm::zip_equal(convert.getResidues(), convert.getModuli())) {
      int64_t others = product / modulus, inverse = 1;
      while (floorMod(others % modulus * inverse, modulus) != 1 % modulus)
        ++inverse;
      uint64_t weight = uint64_t(others) * uint64_t(inverse) % product;
      for (auto [total, value] : llvm::zip_equal(totals, values[residue]))
        total += weight * uint64_t(value);
    }
    std::vector<Sum> &sums = getSums(convert.getResult(), pairs);
    uint64_t range = (product - 1) / 2;
    for (auto [sum, total] : llvm::zip_equal(sums, totals)) {
      uint64_t x = total % uint64_t(product);
      sum = Sum(x > range ? int64_t(x) - product : int64_t(x));
    }
  }

  Region &body;
  /// Results of the operations of the region, one element per pair; the null
  /// value stands for the product that an empty region means.
  llvm::DenseMap<mlir::Value, std::vector<Sum>> values;
};

//===----------------------------------------------------------------------===//
// Accumulation
//===----------------------------------------------------------------------===//

/// flush(RNE(acc + term)) with one rounding. The sum in binary64 is rounded to
/// odd, so that rounding it again to binary32 is correct.
float accumulate(float acc, double term) {
  double a = acc, sum = a + term;
  double part = sum - a;
  double error = (a - (sum - part)) + (term - part);
  if (error != 0) {
    auto bits = std::bit_cast<uint64_t>(sum);
    if ((bits & 1) == 0)
      sum =
          std::bit_cast<double>((error > 0) == (sum > 0) ? bits + 1 : bits - 1);
  }
  float rounded = float(sum);
  return std::fabs(rounded) < FLT_MIN ? std::copysign(0.0f, rounded) : rounded;
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

/// A product or a part of it. `lhsFormat` and `rhsFormat` are null for products
/// without formats, which are one group of length K.
struct Task {
  Operation *op;
  ProductShape shape;
  NumberFormatAttrInterface lhsFormat, rhsFormat;
  Region &body;
  const interp::Tensor &lhs, &rhs;

  int64_t getLength() const {
    return lhsFormat ? lhsFormat.getGroupLength() : shape.k;
  }
  Span getGroups() const {
    return {0, (shape.k + getLength() - 1) / getLength()};
  }
  bool isInteger() const { return lhsFormat && lhsFormat.isInteger(); }
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
  explicit Evaluator(const Task &task) : task(task), region(task.body) {}

  /// Adds the product of `rows` and `columns` over the groups `groups` of the
  /// contraction to `result`, or starts from +0 when groups.begin is 0.
  LogicalResult run(int64_t group, Span rows, Span columns, Span groups,
                    interp::Tensor &result) {
    Converted<Element> lhs, rhs;
    if (failed(convertLhs(group, rows, groups, lhs)))
      return failure();
    // Blocks of columns bound the memory that converted patches take.
    constexpr int64_t columnBlock = 4096;
    for (int64_t c = columns.begin; c < columns.end; c += columnBlock) {
      Span block{c, std::min(c + columnBlock, columns.end)};
      if (failed(convertRhs(group, block, groups, rhs)) ||
          failed(multiplyBlock(group, rows, block, groups, lhs, rhs, result)))
        return failure();
    }
    return success();
  }

private:
  using GetOffset = llvm::function_ref<int64_t(int64_t row, int64_t position)>;

  /// Converts the groups `groups` of `rows`; the element of a position comes
  /// from `getOffset`, -1 reads as +0, and so does what lies behind K.
  LogicalResult convert(NumberFormatAttrInterface format, StringRef name,
                        const interp::Tensor &tensor, Span rows, Span groups,
                        GetOffset getOffset, Converted<Element> &out) {
    int64_t length = task.getLength();
    out.rows = rows.size();
    out.length = length;
    out.elements.resize(groups.size() * rows.size() * length);
    out.factors.resize(groups.size() * rows.size());
    std::vector<float> values(length), elements(length);
    for (int64_t r = 0; r < rows.size(); ++r) {
      for (int64_t q = 0; q < groups.size(); ++q) {
        for (int64_t j = 0; j < length; ++j) {
          int64_t position = (groups.begin + q) * length + j;
          int64_t offset = position < task.shape.k
                               ? getOffset(rows.begin + r, position)
                               : -1;
          values[j] = offset < 0 ? 0.0f : tensor[offset];
          if (format && !format.acceptsValue(values[j]))
            return reportElement(task.op, name, tensor, offset, values[j],
                                 ", which " + format.getFormatName() +
                                     " cannot represent");
        }
        int32_t scale = 0;
        if (format)
          scale = format.convertGroup(values, elements);
        else
          elements = values;
        int64_t index = q * rows.size() + r;
        out.factors[index] = std::ldexp(1.0, scale);
        std::copy(elements.begin(), elements.end(),
                  out.elements.begin() + index * length);
      }
    }
    return success();
  }

  LogicalResult convertLhs(int64_t group, Span rows, Span groups,
                           Converted<Element> &out) {
    return convert(
        task.lhsFormat, "lhs", task.lhs, rows, groups,
        [&](int64_t row, int64_t position) {
          return task.shape.getLhsOffset(group, row, position);
        },
        out);
  }

  LogicalResult convertRhs(int64_t group, Span columns, Span groups,
                           Converted<Element> &out) {
    return convert(
        task.rhsFormat, "rhs", task.rhs, columns, groups,
        [&](int64_t column, int64_t position) {
          return task.shape.getRhsOffset(group, column, position);
        },
        out);
  }

  LogicalResult multiplyBlock(int64_t group, Span rows, Span columns,
                              Span groups, const Converted<Element> &lhs,
                              const Converted<Element> &rhs,
                              interp::Tensor &result) {
    float *acc = result.getMutableData().data();
    std::vector<int64_t> columnOffsets;
    for (int64_t c = columns.begin; c < columns.end; ++c)
      columnOffsets.push_back(task.shape.getResultOffset(group, 0, c));
    int64_t plane = task.shape.outHeight * task.shape.outWidth;
    if (groups.begin == 0)
      for (int64_t row = rows.begin; row < rows.end; ++row)
        for (int64_t offset : columnOffsets)
          acc[offset + row * plane] = 0.0f;

    constexpr int64_t rowTile = 32, columnTile = 64;
    for (int64_t c = 0; c < columns.size(); c += columnTile)
      for (int64_t r = 0; r < rows.size(); r += rowTile)
        for (int64_t q = 0; q < groups.size(); ++q) {
          Pairs<Element> pairs{lhs.getElements(q, r), rhs.getElements(q, c),
                               std::min(rowTile, rows.size() - r),
                               std::min(columnTile, columns.size() - c),
                               task.getLength()};
          ArrayRef<Sum> sums = region.run(pairs);
          for (int64_t i = 0; i < pairs.rows; ++i)
            for (int64_t j = 0; j < pairs.columns; ++j) {
              int64_t offset =
                  columnOffsets[c + j] + (rows.begin + r + i) * plane;
              acc[offset] =
                  add(acc[offset], sums[i * pairs.columns + j],
                      lhs.getFactor(q, r + i), rhs.getFactor(q, c + j));
              if (task.isInteger() && !std::isfinite(acc[offset]))
                return reportElement(task.op, "accumulator", result, offset,
                                     acc[offset],
                                     ": the sum left the range of binary32");
            }
        }
    return success();
  }

  static float add(float acc, Sum sum, double lhsFactor, double rhsFactor) {
    if constexpr (std::is_same_v<Sum, float>)
      return acc + sum;
    else
      return accumulate(acc, double(sum) * lhsFactor * rhsFactor);
  }

  const Task &task;
  RegionInterpreter<Element, Sum> region;
};

LogicalResult run(const Task &task, int64_t group, Span rows, Span columns,
                  Span groups, interp::Tensor &result) {
  if (task.isInteger())
    return Evaluator<int16_t, int32_t>(task).run(group, rows, columns, groups,
                                                 result);
  return Evaluator<float, float>(task).run(group, rows, columns, groups,
                                           result);
}

} // namespace

LogicalResult ProductOp::evaluate(MutableArrayRef<interp::Value> operands,
                                  SmallVectorImpl<interp::Value> &results) {
  Task task{*this,
            ProductShape::get(*this),
            getLhsFormatAttr(),
            getRhsFormatAttr(),
            getBody(),
            operands[0].getTensor(),
            operands[1].getTensor()};
  const ProductShape &shape = task.shape;
  auto result = interp::Tensor::uninitialized(shape.getResultShape());
  for (int64_t g = 0; g < shape.groups; ++g)
    if (failed(
            run(task, g, {0, shape.m}, {0, shape.n}, task.getGroups(), result)))
      return failure();
  if (getBias()) {
    const interp::Tensor &bias = operands[2].getTensor();
    MutableArrayRef<float> data = result.getMutableData();
    int64_t plane = shape.outHeight * shape.outWidth;
    for (auto [index, element] : llvm::enumerate(data))
      element += bias[index / plane % (shape.groups * shape.m)];
  }
  results.push_back(std::move(result));
  return success();
}

LogicalResult
ArrayProductOp::evaluate(MutableArrayRef<interp::Value> operands,
                         SmallVectorImpl<interp::Value> &results) {
  Task task{*this,
            ProductShape::get(*this),
            getLhsFormat(),
            getRhsFormat(),
            getBody(),
            operands[0].getTensor(),
            operands[1].getTensor()};
  const ProductShape &shape = task.shape;
  interp::Tensor result = std::move(operands[2].getTensor());
  int64_t group = operands[3].getIndex(), row = operands[4].getIndex(),
          position = operands[5].getIndex();
  bool weights = getDataflow() == Dataflow::DF1;
  int64_t extent = weights ? shape.m : shape.n;
  if (group < 0 || group >= shape.groups || row < 0 || row >= extent ||
      position < 0 || position >= shape.k || position % getColumns() != 0)
    return emitOpError("tile [")
           << group << ", " << row << ", " << position << "] is outside of ["
           << shape.groups << ", " << extent << ", " << shape.k
           << "] or not at the start of a group";
  Span stationary{row, std::min(row + getRows(), extent)};
  Span rows = weights ? stationary : Span{0, shape.m};
  Span columns = weights ? Span{0, shape.n} : stationary;
  int64_t q = position / getColumns();
  if (failed(run(task, group, rows, columns, {q, q + 1}, result)))
    return failure();
  results.push_back(std::move(result));
  return success();
}
