//===- Model.h - An ONNX file in memory ----------------------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_IMPORT_ONNX_MODEL_H
#define PHOTONIC_LIB_IMPORT_ONNX_MODEL_H

#include "Learning.h"
#include "phx/support/FileSystem.h"

#include "mlir/IR/Location.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/MemoryBuffer.h"
#include <deque>
#include <memory>
#include <onnx/onnx_pb.h>
#include <string>

namespace photonic::importer {

/// Bytes somewhere, and what keeps them there.
struct OwnedBytes {
  llvm::ArrayRef<char> bytes;
  std::shared_ptr<const void> owner;
};

/// A parsed model with the files of its external data.
class Model {
public:
  /// Reads a file or a pipe and parses it. The parser copies what it needs: the
  /// file is not held beside the model.
  static std::unique_ptr<Model> read(llvm::StringRef path,
                                     mlir::MLIRContext &context);
  /// Parses the buffer and checks that it is a model of a known opset. Emits a
  /// diagnostic and returns null otherwise.
  static std::unique_ptr<Model> parse(llvm::MemoryBufferRef buffer,
                                      mlir::MLIRContext &context);

  const ::onnx::GraphProto &getGraph() const { return proto->graph(); }
  /// Shared with the constants that read elements where the parser put them.
  std::shared_ptr<const ::onnx::ModelProto> getProto() const { return proto; }
  /// Version of the default operator set.
  int64_t getOpset() const { return opset; }
  /// Version of the operator set of a domain; 0 if the model does not import
  /// it.
  int64_t getOpset(llvm::StringRef domain) const;
  llvm::StringRef getPath() const { return path; }
  /// True if PyTorch exported the model, whose operators then mean what
  /// PyTorch's do where ONNX leaves no choice to express the difference.
  bool isFromPyTorch() const { return proto->producer_name() == "pytorch"; }
  /// Fails with a diagnostic if `version` of the default operator set, which
  /// `owner` imports, is not known.
  llvm::LogicalResult checkOpset(int64_t version, llvm::StringRef owner) const;
  /// The number format of products in which `Trainer` of the Python package
  /// trained it, its metadata `photonic.format`; empty if it did not.
  llvm::StringRef getTrainedFormat() const { return trainedFormat; }
  /// What the model says about the tensor.
  Learning getLearning(llvm::StringRef tensor) const {
    return learning.get(tensor);
  }
  bool isLearned(llvm::StringRef tensor) const {
    return getLearning(tensor) == Learning::Learned;
  }
  mlir::Location getLoc() const { return loc; }

  /// A function of the model; null if it defines none of this name.
  const ::onnx::FunctionProto *findFunction(llvm::StringRef domain,
                                            llvm::StringRef name,
                                            llvm::StringRef overload) const;
  /// The attributes of a function that a call may leave out, with the values
  /// that they have then.
  llvm::ArrayRef<const ::onnx::AttributeProto *>
  getDefaults(const ::onnx::FunctionProto &function) const;

  /// The `size` bytes of a tensor whose elements lie in another file. Emits a
  /// diagnostic at `where`, starting with `what`, and fails if they do not.
  llvm::FailureOr<OwnedBytes>
  getExternalBytes(const ::onnx::TensorProto &tensor, uint64_t size,
                   mlir::Location where, llvm::StringRef what);

private:
  explicit Model(mlir::Location loc) : loc(loc) {}
  llvm::LogicalResult checkOpset();
  llvm::LogicalResult readFunctions();
  /// Maps a regular file in the folder of the model, or in the folder that a
  /// link to the model leads to: download caches keep models and data so.
  llvm::FailureOr<phx::MappedFile>
  openExternalFile(llvm::StringRef location, mlir::Location where,
                   llvm::StringRef what);

  mlir::Location loc;
  std::string path;
  /// What constants point into lives as long as any of them.
  struct Storage {
    ::onnx::ModelProto proto;
    std::deque<::onnx::AttributeProto> defaults;
  };
  std::shared_ptr<Storage> storage;
  std::shared_ptr<::onnx::ModelProto> proto;
  llvm::StringMap<const ::onnx::FunctionProto *> functions;
  llvm::DenseMap<const ::onnx::FunctionProto *,
                 std::vector<const ::onnx::AttributeProto *>>
      defaults;
  int64_t opset = 0;
  LearningList learning;
  std::string trainedFormat;
  llvm::StringMap<phx::MappedFile> externalFiles;
};

/// A field of type string that the installed schema of ONNX may not know yet, by
/// its number; empty if there is none.
std::string getNewerString(const ::google::protobuf::Message &message,
                           int number);

/// FLOAT, INT64, …, or the number if it has no name here.
std::string getElementTypeName(int32_t type);

/// The default domain is spelled ai.onnx or not at all.
inline bool isDefaultDomain(llvm::StringRef domain) {
  return domain.empty() || domain == "ai.onnx";
}
/// The domains of ONNX Runtime and of ONNX's operators for training.
inline constexpr llvm::StringLiteral microsoftDomain = "com.microsoft";
inline constexpr llvm::StringLiteral trainingDomain =
    "ai.onnx.preview.training";
inline bool isKnownDomain(llvm::StringRef domain) {
  return isDefaultDomain(domain) || domain == microsoftDomain ||
         domain == trainingDomain;
}
inline llvm::StringRef spellDomain(llvm::StringRef domain) {
  return domain.empty() ? llvm::StringRef("ai.onnx") : domain;
}

/// Protocol Buffers strings as LLVM's.
inline llvm::StringRef ref(const std::string &text) { return text; }

} // namespace photonic::importer

#endif // PHOTONIC_LIB_IMPORT_ONNX_MODEL_H
