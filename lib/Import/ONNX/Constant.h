//===- Constant.h - Tensors known while importing ------------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An initialiser, the value of a Constant node, or what shape arithmetic made
// of them. Floats are parameters of the network and become nn.constant;
// integers only ever steer the importer.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_IMPORT_ONNX_CONSTANT_H
#define PHOTONIC_LIB_IMPORT_ONNX_CONSTANT_H

#include "Model.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/SmallVector.h"
#include <vector>

namespace photonic::importer {

using Shape = llvm::SmallVector<int64_t, 4>;

struct Constant {
  /// Element type in the model. Elements are held as binary32 if it is a float,
  /// as 64-bit integers otherwise.
  int32_t elementType = ::onnx::TensorProto::FLOAT;
  Shape shape;
  std::vector<int64_t> ints;
  llvm::ArrayRef<float> floats;
  /// Keeps `floats` where they are.
  std::shared_ptr<const void> owner;
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

  bool isFloat() const { return isFloatType(elementType); }
  static bool isFloatType(int32_t type) {
    using T = ::onnx::TensorProto;
    return type == T::FLOAT || type == T::FLOAT16 || type == T::BFLOAT16 ||
           type == T::DOUBLE;
  }
  int64_t getNumElements() const {
    return isFloat() ? floats.size() : ints.size();
  }

  static std::shared_ptr<Constant> getInts(llvm::ArrayRef<int64_t> shape,
                                           std::vector<int64_t> values,
                                           int32_t type);
  static std::shared_ptr<Constant> getFloats(llvm::ArrayRef<int64_t> shape,
                                             std::vector<float> values);
  /// `constant INT64 [2] = [1, -1]`, for messages; long ones are cut.
  std::string describe() const;
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

/// Reads a tensor of the model; float elements stay where they are unless they
/// have to be converted. `what` names the tensor in messages.
std::shared_ptr<Constant> decodeTensor(Model &model,
                                       const ::onnx::TensorProto &tensor,
                                       mlir::Location where,
                                       llvm::StringRef what);

/// Row-major index of the first element that is NaN or infinite, or -1.
int64_t findNonFinite(llvm::ArrayRef<float> values);

} // namespace photonic::importer

#endif // PHOTONIC_LIB_IMPORT_ONNX_CONSTANT_H
