//===- StageInputs.cpp - What stages are executed on ----------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "StageInputs.h"

#include "photonic/Dialect/NN/IR/NN.h"
#include "photonic/Dialect/NN/IR/Step.h"

#include "phx/npy/Npy.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Path.h"

#include <cstring>

using namespace mlir;
using namespace photonic;

/// Class numbers as the machine holds them, or a diagnostic.
static FailureOr<interp::Tensor> toLabels(func::FuncOp function, StringRef name,
                                          const phx::HostArray &array,
                                          int64_t classes,
                                          std::optional<int64_t> ignored) {
  std::vector<float> values;
  for (int64_t i = 0; i < array.getNumElements(); ++i) {
    int64_t label = 0;
    if (array.type == phx::ElementType::I64) {
      std::memcpy(&label, &array.bytes[8 * i], 8);
    } else {
      int32_t narrow = 0;
      std::memcpy(&narrow, &array.bytes[4 * i], 4);
      label = narrow;
    }
    if ((label < 0 || label >= classes) && label != ignored) {
      function.emitError("labels '")
          << name << "' have to be class numbers in [0, " << classes
          << "), element " << i << " is " << label;
      return failure();
    }
    values.push_back(float(label));
  }
  return interp::Tensor(ArrayRef<int64_t>(array.shape), values);
}

/// `array` as the value of an argument, or a diagnostic.
static FailureOr<interp::Tensor> toTensor(func::FuncOp function,
                                          unsigned argument, StringRef name,
                                          const phx::HostArray &array) {
  auto type = cast<RankedTensorType>(function.getArgument(argument).getType());
  auto classes =
      function.getArgAttrOfType<IntegerAttr>(argument, nn::classesAttrName);
  bool isInteger = array.type == phx::ElementType::I64 ||
                   array.type == phx::ElementType::I32;
  bool rightType = classes ? isInteger : array.type == phx::ElementType::F32;
  if (!rightType || ArrayRef<int64_t>(array.shape) != type.getShape()) {
    phx::ElementType wanted =
        classes ? phx::ElementType::I64 : phx::ElementType::F32;
    function.emitError("input '")
        << name << "' has to be "
        << phx::describe(wanted, type.getShape().vec())
        << ", the check's file holds "
        << phx::describe(array.type, array.shape);
    return failure();
  }
  if (classes) {
    auto ignored = function.getArgAttrOfType<IntegerAttr>(
        argument, nn::ignoreIndexAttrName);
    return toLabels(function, name, array, classes.getInt(),
                    ignored ? std::optional(ignored.getInt()) : std::nullopt);
  }
  ArrayRef<float> values(reinterpret_cast<const float *>(array.bytes.data()),
                         array.getNumElements());
  return interp::Tensor(type.getShape(), values);
}

LogicalResult StageInputs::read(func::FuncOp function) {
  llvm::StringMap<std::vector<int64_t>> shapes;
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    if (!nn::hasRole(function, i))
      shapes[nn::getInputName(function, i)] =
          cast<RankedTensorType>(function.getArgument(i).getType())
              .getShape()
              .vec();
  // Stages may add inputs, such as labels.
  if (llvm::all_of(shapes.keys(), [&](StringRef name) {
        return known.contains(name);
      }))
    return success();
  known.insert_range(shapes.keys());
  bool isArchive = llvm::sys::path::extension(path) != ".npy";
  // What does not fit is reported without its data.
  auto isWanted = [&](const std::string &found, phx::ElementType,
                      const std::vector<int64_t> &shape) -> phx::Result<bool> {
    auto expected = isArchive ? shapes.find(found) : shapes.begin();
    return expected != shapes.end() && expected->second == shape;
  };
  if (isArchive) {
    auto archive = phx::readNpz(path, isWanted);
    if (!archive)
      return function.emitError(archive.error().message);
    arrays = std::move(*archive);
    return success();
  }
  phx::Result<phx::HostArray> array = phx::readNpy(path, isWanted);
  if (!array)
    return function.emitError(array.error().message);
  if (shapes.size() != 1)
    return function.emitError("the network has ")
           << shapes.size()
           << " inputs; check it with a .npz archive that holds "
           << "one array per input";
  arrays[shapes.begin()->first().str()] = std::move(*array);
  return success();
}

FailureOr<interp::Tensor> StageInputs::find(func::FuncOp function,
                                            unsigned argument) {
  std::string name = nn::getInputName(function, argument);
  auto it = arrays.find(name);
  if (it != arrays.end())
    return toTensor(function, argument, name, it->second);
  InFlightDiagnostic diagnostic = function.emitError("'");
  diagnostic << path << "' holds no array '" << name
             << "', which the network needs; it holds";
  for (const auto &[other, array] : arrays)
    diagnostic << " '" << other << "'";
  return failure();
}

FailureOr<SmallVector<interp::Value>> StageInputs::bind(func::FuncOp function) {
  if (failed(read(function)))
    return failure();
  SmallVector<interp::Value> values;
  bound.clear();
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    FailureOr<interp::Tensor> tensor = failure();
    if (nn::hasRole(function, i)) {
      auto init = function.getArgAttrOfType<ElementsAttr>(i, nn::initAttrName);
      if (init)
        tensor = interp::Tensor::get(init);
      if (failed(tensor)) {
        function.emitError("'")
            << nn::getInputName(function, i)
            << "' has no initial value to begin with; expected nn.init";
        return failure();
      }
    } else {
      tensor = find(function, i);
      if (failed(tensor))
        return failure();
      bound.push_back(nn::getInputName(function, i));
    }
    values.push_back(std::move(*tensor));
  }
  return values;
}

phx::Status StageInputs::save(const std::string &archive) const {
  std::map<std::string, phx::HostArray> used;
  for (const std::string &name : bound)
    used.emplace(name, arrays.at(name));
  return phx::writeNpz(used, archive);
}
