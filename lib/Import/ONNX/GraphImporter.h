//===- GraphImporter.h - Imports a graph node by node --------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_IMPORT_ONNX_GRAPHIMPORTER_H
#define PHOTONIC_LIB_IMPORT_ONNX_GRAPHIMPORTER_H

#include "ImportContext.h"

namespace photonic::importer {

struct OperatorForm;

/// Decides which nodes are imported and in which order, and makes inputs and
/// outputs of the graph arguments and results. Each node is imported by a
/// NodeImporter, which does not know this class.
class GraphImporter {
public:
  GraphImporter(Model &model, const ImportOptions &options,
                mlir::MLIRContext &context);

  /// Null after diagnostics.
  mlir::OwningOpRef<mlir::ModuleOp> run();

private:
  //===--- Inputs ---------------------------------------------------------===//

  llvm::FailureOr<GraphInputs> bindInputs();
  /// The inputs that no output needs.
  llvm::SmallVector<llvm::StringRef> findIgnoredInputs() const;
  void warnAboutInputs();
  void createFunction(const GraphInputs &inputs);
  void markModule();
  /// Imports everything between inputs and outputs; fails if outputs make no
  /// sense then.
  llvm::LogicalResult importBody();

  //===--- Backward passes (GraphTraining.cpp) ----------------------------===//

  /// Finds out whether the graph holds a backward pass; fails if that does not
  /// go with the mode.
  llvm::LogicalResult checkBackward();
  /// The parameters that a backward pass learns become arguments.
  void createParameters();
  void createParameter(llvm::StringRef name, bool trainable);

  //===--- Nodes (GraphNodes.cpp) -----------------------------------------===//

  const OperatorForm *findForm(const Node &node) const;
  /// Replaces calls of functions, and reports what is wrong with the form of
  /// nodes that are live and new.
  void checkNodes();
  void checkNode(const Node &node, const llvm::StringSet<> &computed);
  void importNode(const Node &node);
  /// Names of tensors that depend on what the network is given when it runs.
  llvm::StringSet<> findComputed() const;
  void importNodes();
  /// Decides on an If whose condition has been imported.
  void decideIf(Node &node);
  /// What replaces a call or an operator that is not known.
  std::string explainUnknown(const Node &node) const;
  bool canExpand(const Node &node) const;

  //===--- Outputs (GraphOutputs.cpp) -------------------------------------===//

  void importOutputs();
  /// What the graph returns; null after a diagnostic.
  mlir::Value getOutput(const ::onnx::ValueInfoProto &output);
  void addOutput(unsigned index, const ::onnx::ValueInfoProto &output,
                 mlir::Value value);
  /// The dimension of an output that the model declares to be the batch.
  std::optional<int64_t>
  findDeclaredBatchAxis(const ::onnx::ValueInfoProto &output,
                        mlir::Value value) const;
  void checkDeclaredOutput(const ::onnx::ValueInfoProto &output,
                           mlir::Value value);

  ImportContext context;
  Model &model;
  const ImportOptions &options;
  FlatGraph &graph;
  EntryFunction &function;
  llvm::DenseSet<const Node *> checked, refused, imported;
  int64_t batch = 0;
  llvm::StringSet<> batchSymbols;
};

} // namespace photonic::importer

#endif // PHOTONIC_LIB_IMPORT_ONNX_GRAPHIMPORTER_H
