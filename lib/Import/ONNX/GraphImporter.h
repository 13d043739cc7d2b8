//===- GraphImporter.h - Imports a graph node by node --------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_IMPORT_ONNX_GRAPHIMPORTER_H
#define PHOTONIC_LIB_IMPORT_ONNX_GRAPHIMPORTER_H

#include "Constant.h"
#include "Node.h"
#include "photonic/Import/ONNX/ImportONNX.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

namespace photonic::importer {

/// What a name in the graph stands for: a value computed at run time, or a
/// constant. Poisoned if its definition could not be imported; then nothing
/// more is said about those who read it.
struct Entry {
  mlir::Value value;
  std::shared_ptr<Constant> constant;
  bool poisoned = false;

  Entry() = default;
  Entry(mlir::Value value) : value(value) {}
  Entry(std::shared_ptr<Constant> constant) : constant(std::move(constant)) {}
  explicit operator bool() const { return value || constant; }
  bool isInteger() const { return constant && !constant->isFloat(); }
  /// Extents, whatever it is.
  llvm::ArrayRef<int64_t> getShape() const;
  /// Type or elements, for messages.
  std::string describe() const;
};

/// Names are defined once and before use, and there are no cycles. Emits a
/// diagnostic for each violation.
llvm::LogicalResult checkGraph(Model &model);

/// The inputs that are not initialisers, with their types after symbolic
/// extents were bound. Emits one diagnostic for everything that is wrong.
struct GraphInput {
  llvm::StringRef name;
  mlir::RankedTensorType type;
};
llvm::FailureOr<llvm::SmallVector<GraphInput>>
bindGraphInputs(Model &model, const ImportOptions &options,
                mlir::MLIRContext &context, bool &batchBound);

class GraphImporter {
public:
  GraphImporter(Model &model, const ImportOptions &options,
                mlir::MLIRContext &context);

  /// Null after diagnostics.
  mlir::OwningOpRef<mlir::ModuleOp> run();

  Model &getModel() { return model; }
  mlir::OpBuilder &getBuilder() { return builder; }
  mlir::Location getNameLoc(llvm::StringRef name);

  /// The entry of a name; decodes an initialiser when it is first asked for.
  Entry &lookup(llvm::StringRef name);
  void define(llvm::StringRef name, Entry entry) {
    entries[name] = std::move(entry);
  }
  void poison(const Node &node);

  /// The nn.constant of a float constant, one for all who read it. Null after a
  /// diagnostic if an element is not finite.
  mlir::Value materialize(Constant &constant);

  /// Adds to the list of what cannot be imported.
  void reportUnsupported(const Node &node, std::string reason);
  void setFailed() { anyFailed = true; }

private:
  void checkNodes();
  void importNodes();
  void createFunction(llvm::ArrayRef<GraphInput> inputs, bool batchBound);
  void importOutputs();
  void checkDeclaredOutput(const ::onnx::ValueInfoProto &output,
                           mlir::Value value);
  void emitUnsupported();

  Model &model;
  const ImportOptions &options;
  mlir::OpBuilder builder;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  mlir::func::FuncOp function;
  std::vector<Node> nodes;
  llvm::StringMap<Entry> entries;
  llvm::StringMap<const ::onnx::TensorProto *> initializers;
  struct Unsupported {
    const Node *node;
    std::string reason;
  };
  std::vector<Unsupported> unsupported;
  std::vector<bool> refused;
  bool anyFailed = false;
};

} // namespace photonic::importer

#endif // PHOTONIC_LIB_IMPORT_ONNX_GRAPHIMPORTER_H
