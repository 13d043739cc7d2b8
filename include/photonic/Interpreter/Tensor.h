//===- Tensor.h - Values of the reference interpreter --------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A tensor is a shape and shared float storage that is copied when somebody
// writes to it while others hold it. A value is a tensor or an index.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_INTERPRETER_TENSOR_H
#define PHOTONIC_INTERPRETER_TENSOR_H

#include "mlir/IR/BuiltinAttributeInterfaces.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>

namespace photonic::interp {

/// Number of elements of a shape; 1 for rank 0.
int64_t getNumElements(llvm::ArrayRef<int64_t> shape);

/// Row-major strides of a shape, in elements.
llvm::SmallVector<int64_t> getStrides(llvm::ArrayRef<int64_t> shape);

/// dst[sum of i[d] * dstStrides[d]] = src[sum of i[d] * srcStrides[d]] for all
/// i in shape.
void copyStrided(llvm::ArrayRef<int64_t> shape, float *dst,
                 llvm::ArrayRef<int64_t> dstStrides, const float *src,
                 llvm::ArrayRef<int64_t> srcStrides);

/// Binary32 elements in row-major order. Copies share the elements; the first
/// write to a shared tensor takes a copy of its own.
class Tensor {
public:
  /// The scalar +0.
  Tensor() : Tensor({}, 0.0f) {}
  /// A tensor with the given elements, as many as the shape has.
  Tensor(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<float> values);

  /// A tensor of +0.
  static Tensor zeros(llvm::ArrayRef<int64_t> shape);

  /// A tensor whose elements are not initialised: write all of them.
  static Tensor uninitialized(llvm::ArrayRef<int64_t> shape);

  /// A tensor that reads `values` where they are. They must outlive it and all
  /// its copies, and are never written.
  static Tensor view(llvm::ArrayRef<int64_t> shape,
                     llvm::ArrayRef<float> values);

  /// The elements of a `dense` or `dense_resource` attribute of f32; those that
  /// are stored one by one are not copied and live as long as the context.
  /// Fails, without a diagnostic, on other attributes and on resources that are
  /// absent.
  static llvm::FailureOr<Tensor> get(mlir::ElementsAttr attribute);

  llvm::ArrayRef<int64_t> getShape() const { return shape; }
  int64_t getRank() const { return shape.size(); }
  int64_t getDim(unsigned d) const { return shape[d]; }
  int64_t getNumElements() const { return numElements; }

  llvm::ArrayRef<float> getData() const {
    return {storage.get(), static_cast<size_t>(numElements)};
  }
  const float *data() const { return storage.get(); }
  float operator[](int64_t i) const { return storage.get()[i]; }

  /// The elements for writing, unshared first if necessary.
  llvm::MutableArrayRef<float> getMutableData();

  /// The same elements, not copied, under another shape of equal size.
  Tensor reshaped(llvm::ArrayRef<int64_t> newShape) const;

  /// True if a write would not copy.
  bool isUnique() const { return owned && storage.use_count() == 1; }

  /// `2x3xf32`, for messages.
  std::string getTypeString() const;

private:
  /// No storage yet.
  explicit Tensor(std::nullptr_t) {}

  llvm::SmallVector<int64_t, 4> shape;
  int64_t numElements = 1;
  std::shared_ptr<float> storage;
  /// False for views.
  bool owned = true;
};

/// What an SSA value holds during interpretation: a tensor of f32, or a scalar
/// of type index (or of an integer type, sign extended).
class Value {
public:
  Value() = default;
  Value(Tensor tensor) : contents(std::move(tensor)) {}
  Value(int64_t index) : contents(index) {}

  bool isTensor() const { return std::holds_alternative<Tensor>(contents); }
  bool isIndex() const { return std::holds_alternative<int64_t>(contents); }

  /// The tensor; the value must hold one.
  const Tensor &getTensor() const { return *std::get_if<Tensor>(&contents); }
  Tensor &getTensor() { return *std::get_if<Tensor>(&contents); }
  /// The scalar; the value must hold one.
  int64_t getIndex() const { return *std::get_if<int64_t>(&contents); }

private:
  std::variant<int64_t, Tensor> contents = int64_t{0};
};

} // namespace photonic::interp

#endif // PHOTONIC_INTERPRETER_TENSOR_H
