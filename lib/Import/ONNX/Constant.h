//===- Constant.h - Tensors known while importing ------------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An initialiser, the value of a Constant node, or what the importer computed
// from them. Elements are held in their type of ONNX; where a constant meets a
// value that is computed at run time, it becomes an nn.constant of binary32.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_IMPORT_ONNX_CONSTANT_H
#define PHOTONIC_LIB_IMPORT_ONNX_CONSTANT_H

#include "ElementTypes.h"
#include "Model.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/SmallVector.h"
#include <cassert>
#include <vector>

namespace photonic::importer {

using Shape = llvm::SmallVector<int64_t, 4>;

/// Elements as binary32, and what keeps them there.
struct OwnedFloats {
  llvm::ArrayRef<float> floats;
  std::shared_ptr<const void> owner;
};

class Constant {
public:
  int32_t elementType = ::onnx::TensorProto::FLOAT;
  Shape shape;
  /// The elements in row-major order, aligned as their type wants it. They may
  /// lie in the model or in an external file.
  OwnedBytes storage;
  /// Name of the tensor in the model.
  std::string name;
  /// True for initialisers, which state files address by name.
  bool isParameter = false;
  /// True for parameters that training may change, or the files with which a
  /// trained network is evaluated. Nothing that the importer computes may
  /// depend on the elements of these.
  bool isLearnable = false;
  /// True for the tensor of a Constant node, which is learned only if it is the
  /// weight of a layer.
  bool isLiteral = false;
  /// The nn.constant, once somebody needed one.
  mlir::Value value;

  /// A constant whose elements are yet to be written with getMutable.
  static std::shared_ptr<Constant> allocate(int32_t type,
                                            llvm::ArrayRef<int64_t> shape);
  /// A constant with the given elements; their number fits the shape.
  template <typename T>
  static std::shared_ptr<Constant> get(llvm::ArrayRef<int64_t> shape,
                                       llvm::ArrayRef<T> elements) {
    std::shared_ptr<Constant> constant = allocate(getElementType<T>(), shape);
    llvm::copy(elements, constant->getMutable<T>().begin());
    return constant;
  }
  /// A list of INT64.
  static std::shared_ptr<Constant> getList(llvm::ArrayRef<int64_t> elements) {
    return get<int64_t>({int64_t(elements.size())}, elements);
  }
  /// A constant of one repeated element.
  template <typename T>
  static std::shared_ptr<Constant> getSplat(llvm::ArrayRef<int64_t> shape,
                                            T element) {
    std::shared_ptr<Constant> constant = allocate(getElementType<T>(), shape);
    llvm::fill(constant->getMutable<T>(), element);
    return constant;
  }
  /// The same elements in another shape, without a copy.
  std::shared_ptr<Constant> reshape(llvm::ArrayRef<int64_t> newShape) const;

  bool isFloat() const { return isFloatType(elementType); }
  /// True for a parameter of many FLOAT elements. Operators that nn has are
  /// left to nn then: it keeps the name, and nothing is copied.
  bool isWeights() const {
    return isParameter && elementType == ::onnx::TensorProto::FLOAT &&
           getNumElements() > 64;
  }
  int64_t getNumElements() const {
    return storage.bytes.size() / getElementWidth(elementType);
  }
  /// The elements, of which T must be the type.
  template <typename T> llvm::ArrayRef<T> getElements() const {
    assert(getElementType<T>() == elementType && "wrong element type");
    return llvm::ArrayRef<T>(reinterpret_cast<const T *>(storage.bytes.data()),
                             size_t(getNumElements()));
  }
  /// Only for constants that `allocate` made.
  template <typename T> llvm::MutableArrayRef<T> getMutable() {
    assert(getElementType<T>() == elementType && "wrong element type");
    assert(written && "elements of the model are not changed");
    return llvm::MutableArrayRef<T>(reinterpret_cast<T *>(written),
                                    size_t(getNumElements()));
  }

  /// The elements rounded to binary32, without a copy if they are FLOAT.
  OwnedFloats getFloats() const;
  /// The only element, rounded once to binary32.
  float getFloat() const;
  /// The elements of a constant of integers or booleans; those of UINT64 wrap.
  std::vector<int64_t> getIntegers() const;
  /// True if an element is not zero.
  bool hasNonZero() const;

  /// `constant INT64 [2] = [1, -1]`, for messages; long ones are cut.
  std::string describe() const;

private:
  char *written = nullptr;
};

/// Number of elements of a shape, or nothing if an extent is negative or the
/// product of all that are not zero exceeds 2^40. Every shape in the graph has
/// passed this test, so that parts of it need no other.
std::optional<int64_t> countElements(llvm::ArrayRef<int64_t> shape);

/// Most elements of a constant that the importer makes itself.
inline constexpr int64_t maxMadeElements = int64_t(1) << 28;

/// `[1, 3, 224, 224]`
std::string spellShape(llvm::ArrayRef<int64_t> shape);

/// A float as `%g` prints it.
std::string spellNumber(double value);

/// Reads a tensor of the model; elements stay where they are unless they lie
/// badly aligned or in a field of a wider type. `what` names the tensor in
/// messages.
std::shared_ptr<Constant> decodeTensor(Model &model,
                                       const ::onnx::TensorProto &tensor,
                                       mlir::Location where,
                                       llvm::StringRef what);

/// Reads a sparse tensor of the model and makes it dense.
std::shared_ptr<Constant>
decodeSparseTensor(Model &model, const ::onnx::SparseTensorProto &tensor,
                   mlir::Location where, llvm::StringRef what);

/// Row-major index of the first element that is NaN or infinite, or -1.
int64_t findNonFinite(llvm::ArrayRef<float> values);

//===----------------------------------------------------------------------===//
// Views (ConstantView.cpp)
//===----------------------------------------------------------------------===//

/// Row-major strides in elements.
Shape getRowMajorStrides(llvm::ArrayRef<int64_t> shape);
/// Elements of `constant` at offset + sum(index[d] * strides[d]), for all
/// indices below `sizes` in row-major order.
std::shared_ptr<Constant> readView(const Constant &constant, int64_t offset,
                                   llvm::ArrayRef<int64_t> sizes,
                                   llvm::ArrayRef<int64_t> strides);
/// The common shape after NumPy broadcasting, or nothing.
std::optional<Shape> broadcastShapes(llvm::ArrayRef<int64_t> a,
                                     llvm::ArrayRef<int64_t> b);
/// The elements repeated to a shape to which the own one broadcasts.
std::shared_ptr<Constant> broadcastTo(std::shared_ptr<Constant> constant,
                                      llvm::ArrayRef<int64_t> shape);
/// Constants of one element type and of shapes that differ in `axis` alone,
/// one behind the other.
std::shared_ptr<Constant>
concatenate(llvm::ArrayRef<std::shared_ptr<Constant>> parts, int64_t axis);

/// Calls fn(index, position) for all elements of a shape in row-major order.
template <typename Fn>
void forEachIndex(llvm::ArrayRef<int64_t> shape, Fn fn) {
  int64_t count = countElements(shape).value_or(0);
  Shape index(shape.size());
  for (int64_t position = 0; position < count; ++position) {
    fn(llvm::ArrayRef<int64_t>(index), position);
    for (size_t d = index.size(); d-- > 0;) {
      if (++index[d] < shape[d])
        break;
      index[d] = 0;
    }
  }
}

} // namespace photonic::importer

#endif // PHOTONIC_LIB_IMPORT_ONNX_CONSTANT_H
