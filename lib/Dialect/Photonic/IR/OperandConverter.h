//===- OperandConverter.h - Operands of products, converted -----*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The first half of what a product means: rows of an operand are read through
// its view and converted by its format, term by term.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_DIALECT_PHOTONIC_IR_OPERANDCONVERTER_H
#define PHOTONIC_LIB_DIALECT_PHOTONIC_IR_OPERANDCONVERTER_H

#include "photonic/Dialect/Photonic/IR/ProductInfo.h"
#include "photonic/Interpreter/Philox.h"
#include "photonic/Interpreter/Tensor.h"

#include "llvm/Support/MathExtras.h"

#include <cmath>
#include <vector>

namespace photonic::phot {

/// Half-open range of rows, columns, positions or terms.
struct Span {
  int64_t begin = 0, end = 0;
  int64_t size() const { return end - begin; }
};

/// Rows of one operand after conversion, cut into passes, those outermost:
/// element j of pass p of row r is elements[(p * rows + r) * length + j]; all
/// passes of term q of row r are times 2^scale of (q, r).
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

/// One operand: its format (null for products without formats) and its name.
struct Operand {
  const interp::Tensor &tensor;
  ViewAttr view;
  NumberFormatAttrInterface format;
  llvm::StringRef name;
  int64_t number;        ///< 0 or 1
  bool isStored = false; ///< converted already

  ViewElements getElements() const { return {view, tensor.getShape()}; }
};

/// A product or a part of it. One without formats is one term of length K.
struct Task {
  mlir::Operation *op;
  ProductExtents extents;
  mlir::Region &pass, &combine;
  Operand lhs, rhs;
  ViewAttr resultView;
  interp::RandomKey key = {}; ///< of formats that need it
  int64_t stream = 0;

  int64_t getTermLength() const {
    return lhs.format ? phot::getTermLength(lhs.format, rhs.format) : extents.k;
  }
  int64_t getPassLength() const {
    return lhs.format ? phot::getPassLength(pass) : extents.k;
  }
  int64_t getPassesPerTerm() const {
    return llvm::divideCeilSigned(getTermLength(), getPassLength());
  }
  int64_t getNumTerms() const {
    return llvm::divideCeilSigned(extents.k, getTermLength());
  }
  bool isInteger() const { return lhs.format && lhs.format.isInteger(); }
};

/// ", tensor `operand`[i, j, ..] = value" of an element that cannot be used.
inline mlir::LogicalResult reportElement(mlir::Operation *op,
                                         llvm::StringRef operand,
                                         const interp::Tensor &tensor,
                                         int64_t offset, float value,
                                         const llvm::Twine &why) {
  mlir::InFlightDiagnostic diag = op->emitOpError();
  if (llvm::StringRef node = getNodeName(op->getLoc()); !node.empty())
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

/// Reads and converts rows of one operand.
template <typename Element> class Converter {
public:
  Converter(const Task &task, const Operand &operand)
      : task(task), operand(operand), view(operand.getElements()),
        group(operand.format ? operand.format.getGroupLength()
                             : task.extents.k),
        values(group), converted(group) {
    if (operand.format && operand.format.needsUniforms())
      uniforms.resize(group);
  }

  /// Converts `terms` of `rows` of one (group, position). Elements of a term
  /// that share an exponent with others are converted with those.
  mlir::LogicalResult run(int64_t groupNumber, int64_t position, Span rows,
                          Span terms, Converted<Element> &out) {
    int64_t term = task.getTermLength(), passes = task.getPassesPerTerm();
    out.rows = rows.size();
    out.length = task.getPassLength();
    out.elements.assign(terms.size() * passes * out.rows * out.length,
                        Element(0));
    out.factors.resize(terms.size() * out.rows);
    placeColumns({terms.begin * term / group * group,
                  std::min(int64_t(llvm::alignTo(terms.end * term, group)),
                           task.extents.k)});
    Coordinates base = add(add(view.getOrigin(), view.getGroup(groupNumber)),
                           view.getPosition(position));
    // The view numbers its own positions, if it has any.
    int64_t own = operand.view.getNumPositions();
    int64_t matrix = groupNumber * own + (own == 1 ? 0 : position);
    for (int64_t r = 0; r < rows.size(); ++r) {
      int64_t row = rows.begin + r;
      int64_t number = (matrix * operand.view.getNumRows() + row) *
                       task.extents.k; // of the row's first element
      Coordinates place = add(base, view.getRow(row));
      for (int64_t q = terms.begin * term / group; q * group < terms.end * term;
           ++q) {
        mlir::FailureOr<int32_t> scale = convert(place, number, q * group);
        if (mlir::failed(scale))
          return mlir::failure();
        store(q * group, std::ldexp(1.0, *scale), terms, r, out);
      }
    }
    return mlir::success();
  }

private:
  /// Where contraction positions are; most runs ask for the same ones.
  void placeColumns(Span wanted) {
    if (wanted.begin == placed.begin && wanted.end == placed.end)
      return;
    placed = wanted;
    columns.clear();
    for (int64_t k = wanted.begin; k < wanted.end; ++k)
      columns.push_back(view.getColumn(k));
  }

  /// Converts the elements that share an exponent with contraction position
  /// `first`, the first of them. Returns the scale.
  mlir::FailureOr<int32_t> convert(const Coordinates &row, int64_t number,
                                   int64_t first) {
    for (auto [j, value] : llvm::enumerate(values)) {
      int64_t k = first + int64_t(j);
      int64_t offset =
          k < placed.end ? view.locate(row, columns[k - placed.begin]) : -1;
      value = offset < 0 ? 0.0f : operand.tensor[offset];
      if (operand.format && !operand.format.acceptsValue(value))
        return reportElement(
            task.op, operand.name, operand.tensor, offset, value,
            ", which " + operand.format.getFormatName() + " cannot represent");
    }
    if (operand.isStored)
      return operand.format.restoreGroup(values, converted);
    auto stream = static_cast<uint32_t>(2 * task.stream + operand.number);
    for (auto [j, uniform] : llvm::enumerate(uniforms))
      uniform = interp::getUniform(task.key, stream, number + first + j);
    if (operand.format)
      return operand.format.convertGroup(values, uniforms, converted);
    converted = values;
    return 0;
  }

  /// Puts what was converted into the passes of the terms that it is part of.
  void store(int64_t first, double factor, Span terms, int64_t row,
             Converted<Element> &out) {
    int64_t term = task.getTermLength(), passes = task.getPassesPerTerm();
    for (int64_t j = 0; j < group; ++j) {
      int64_t q = (first + j) / term - terms.begin, inTerm = (first + j) % term;
      if (q < 0 || q >= terms.size())
        continue;
      out.factors[q * out.rows + row] = factor;
      out.elements[((q * passes + inTerm / out.length) * out.rows + row) *
                       out.length +
                   inTerm % out.length] = Element(converted[j]);
    }
  }

  const Task &task;
  const Operand &operand;
  ViewElements view;
  int64_t group; ///< elements that share an exponent
  std::vector<float> values, converted, uniforms;
  Span placed; ///< contraction positions of `columns`
  std::vector<Coordinates> columns;
};

} // namespace photonic::phot

#endif // PHOTONIC_LIB_DIALECT_PHOTONIC_IR_OPERANDCONVERTER_H
