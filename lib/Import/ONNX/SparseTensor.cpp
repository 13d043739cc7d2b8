//===- SparseTensor.cpp - Sparse tensors, made dense ----------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Constant.h"

#include "mlir/IR/Diagnostics.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;
using ::onnx::SparseTensorProto;

namespace {
/// Reads one SparseTensorProto.
class SparseDecoder {
public:
  SparseDecoder(Model &model, const SparseTensorProto &tensor, Location where,
                StringRef what)
      : model(model), tensor(tensor), where(where), what(what),
        shape(tensor.dims().begin(), tensor.dims().end()) {}

  std::shared_ptr<Constant> decode();

private:
  InFlightDiagnostic error() { return emitError(where) << what; }
  LogicalResult checkShapes(const Constant &values, const Constant &indices);
  /// The row-major position of value `i`; fails if it lies outside, or not
  /// behind `last`.
  FailureOr<int64_t> getPosition(const Constant &indices, int64_t i,
                                 int64_t last);

  Model &model;
  const SparseTensorProto &tensor;
  Location where;
  StringRef what;
  Shape shape;
  int64_t count = 0;
};
} // namespace

LogicalResult SparseDecoder::checkShapes(const Constant &values,
                                         const Constant &indices) {
  if (values.shape.size() != 1)
    return error() << " is sparse; expected a list of values, found shape "
                   << spellShape(values.shape) << ": the file is damaged";
  Shape linear = {values.shape[0]};
  Shape tuples = {values.shape[0], int64_t(shape.size())};
  if (indices.elementType != ::onnx::TensorProto::INT64 ||
      (indices.shape != linear && indices.shape != tuples))
    return error() << " is sparse, with " << values.shape[0]
                   << " values; expected indices of INT64 and shape "
                   << spellShape(linear) << " or " << spellShape(tuples)
                   << ", found " << getElementTypeName(indices.elementType)
                   << " " << spellShape(indices.shape)
                   << ": the file is damaged";
  return success();
}

FailureOr<int64_t> SparseDecoder::getPosition(const Constant &indices,
                                              int64_t i, int64_t last) {
  ArrayRef<int64_t> numbers = indices.getElements<int64_t>();
  int64_t position = 0;
  bool inside = true;
  if (indices.shape.size() == 1) {
    position = numbers[i];
    inside = position >= 0 && position < count;
  } else {
    for (size_t d = 0; d < shape.size() && inside; ++d) {
      int64_t index = numbers[i * shape.size() + d];
      inside = index >= 0 && index < shape[d];
      position = position * shape[d] + index;
    }
  }
  if (inside && position > last)
    return position;
  return error() << " is sparse; expected indices inside shape "
                 << spellShape(shape) << " in ascending order, found value "
                 << i << (inside ? " at or in front of the one before it"
                                 : " outside")
                 << ": the file is damaged";
}

std::shared_ptr<Constant> SparseDecoder::decode() {
  std::shared_ptr<Constant> values =
      decodeTensor(model, tensor.values(), where, what);
  std::shared_ptr<Constant> indices = decodeTensor(
      model, tensor.indices(), where, ("the indices of " + what).str());
  if (!values || !indices || failed(checkShapes(*values, *indices)))
    return nullptr;
  std::optional<int64_t> elements = countElements(shape);
  if (!elements || *elements > maxMadeElements) {
    error() << " is sparse and has the shape " << spellShape(shape)
            << "; expected at most " << maxMadeElements << " elements";
    return nullptr;
  }
  count = *elements;
  SmallVector<int64_t> positions;
  for (int64_t i = 0; i < values->shape[0]; ++i) {
    FailureOr<int64_t> position =
        getPosition(*indices, i, positions.empty() ? -1 : positions.back());
    if (failed(position))
      return nullptr;
    positions.push_back(*position);
  }
  return visitElementType(values->elementType, [&](auto zero) {
    using T = decltype(zero);
    std::shared_ptr<Constant> result = Constant::getSplat<T>(shape, T());
    for (auto [position, element] :
         llvm::zip_equal(positions, values->getElements<T>()))
      result->getMutable<T>()[position] = element;
    result->name = tensor.values().name();
    return result;
  });
}

std::shared_ptr<Constant>
importer::decodeSparseTensor(Model &model, const SparseTensorProto &tensor,
                             Location where, StringRef what) {
  return SparseDecoder(model, tensor, where, what).decode();
}
