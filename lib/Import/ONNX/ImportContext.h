//===- ImportContext.h - What the nodes of a graph share ------ -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// GraphImporter decides which nodes are imported and when, NodeImporter imports
// one. What they share is here, and it knows neither of them: for what names
// stand, the function being made, and what cannot be imported.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_IMPORT_ONNX_IMPORTCONTEXT_H
#define PHOTONIC_LIB_IMPORT_ONNX_IMPORTCONTEXT_H

#include "EntryFunction.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Regex.h"

namespace photonic::importer {

class ImportContext {
public:
  ImportContext(Model &model, const ImportOptions &options,
                mlir::MLIRContext &context);

  Model &getModel() { return model; }
  const ImportOptions &getOptions() const { return options; }
  FlatGraph &getGraph() { return graph; }
  EntryFunction &getFunction() { return function; }
  mlir::OpBuilder &getBuilder() { return function.getBuilder(); }
  mlir::Location getNameLoc(llvm::StringRef name) {
    return function.getNameLoc(name);
  }

  //===--- Mode -----------------------------------------------------------===//

  /// What the model is imported for; training, whatever was asked for, once the
  /// graph is known to hold its backward pass.
  ImportMode getMode() const {
    return hasBackward ? ImportMode::Training : options.mode;
  }
  /// True if the graph holds its backward pass.
  bool holdsBackward() const { return hasBackward; }
  void setHoldsBackward() { hasBackward = true; }
  /// True if initialisers of floats are parameters that may change after the
  /// import. In a graph with a backward pass those are arguments instead.
  bool hasLearnable() const {
    return getMode() != ImportMode::Inference && !hasBackward;
  }
  /// Fails after a diagnostic if ImportOptions::freeze is no regular
  /// expression.
  llvm::LogicalResult compileFreeze();
  /// True if the expression of ImportOptions::freeze occurs in the name.
  bool isFrozen(llvm::StringRef name) const;

  //===--- Names ----------------------------------------------------------===//

  /// The entry of a name; decodes an initialiser when it is first asked for.
  /// Never empty.
  Entry &lookup(llvm::StringRef name);
  void define(llvm::StringRef name, Entry entry) {
    entries[name] = std::move(entry);
  }
  /// Poisons what a node computes. Unless it was imported, its outputs stand
  /// for values of the types that the model declares or the operator implies.
  /// (AssumedTypes.cpp)
  void poison(const Node &node, bool wasImported = false);
  bool hasNode(llvm::StringRef name) const { return graph.hasNode(name); }
  /// True if a node reads the tensor, or the graph returns it.
  bool isUsed(llvm::StringRef name) const { return graph.isUsed(name); }
  /// Notes the extents of symbolic dimensions of the inputs.
  void noteInputs(llvm::ArrayRef<GraphInput> inputs);
  /// The extents that the model declares for a tensor that is computed, -1
  /// where they are not those of an input; nothing if it declares none.
  std::optional<Shape> findDeclaredShape(llvm::StringRef name) const;

  //===--- Constants ------------------------------------------------------===//

  /// The nn.constant of a float constant, one for all who read it. Null after a
  /// diagnostic if there are no elements or one of them is NaN.
  mlir::Value materialize(Constant &constant);
  /// Emits a diagnostic and fails if an element is infinite; `constant` may be
  /// null.
  llvm::LogicalResult checkFinite(nn::ConstantOp constant);
  /// The elements of a parameter. Null after a diagnostic if there are none or
  /// one is not finite.
  mlir::ElementsAttr makeParameter(const Constant &constant);

  //===--- What is learned (ParameterCheck.cpp) ---------------------------===//

  /// True if a node Identity writes a parameter of its own down as a copy of
  /// `source`, one that is equal at first.
  bool isOwnParameter(const Node &node, const Constant &source);
  /// Emits warnings about parameters that are written as copies of others, and
  /// about those that nothing computes with.
  void warnAboutParameters();

  //===--- What cannot be imported ----------------------------------------===//

  /// Adds to the list of what cannot be imported.
  void reportUnsupported(const Node &node, std::string reason);
  /// Emits the list, if there is one.
  void emitUnsupported();
  void setFailed() { anyFailed = true; }
  bool hasFailed() const { return anyFailed; }

private:
  /// The elements as an attribute, without a copy unless there are few.
  mlir::ElementsAttr makeElements(const Constant &constant,
                                  const OwnedFloats &elements);
  /// Emits a diagnostic and fails if there are no elements or one is NaN.
  llvm::LogicalResult checkElements(const Constant &constant,
                                    llvm::ArrayRef<float> floats);
  /// The constant of an initialiser; null after a diagnostic.
  std::shared_ptr<Constant> decode(llvm::StringRef name,
                                   const Initializer &initializer);
  /// Notes on the operation what the model says about learning it.
  void markLearning(mlir::Operation *op, const Constant &constant);
  void warnAboutCopies();
  void warnAboutUnread();
  /// The type of an output of a node that was not imported; null if it is
  /// unknown.
  mlir::RankedTensorType assumeType(const Node &node, unsigned output);
  mlir::RankedTensorType findDeclaredType(llvm::StringRef name);
  void makeUnknown(Entry &entry, bool atRunTime);
  mlir::Value makeStandIn(mlir::RankedTensorType type);

  Model &model;
  const ImportOptions &options;
  bool hasBackward = false;
  FlatGraph graph;
  EntryFunction function;
  llvm::StringMap<Entry> entries;
  /// Extents of symbolic dimensions of the inputs.
  llvm::StringMap<int64_t> symbols;
  std::optional<llvm::Regex> freeze;
  /// The constants with infinite elements, and what to say about the first.
  llvm::DenseMap<mlir::Operation *, std::string> infinite;
  /// Parameters that are written as copies, and those that are taken as the
  /// same one, where the model does not say which is meant.
  llvm::SmallVector<std::string> separated, united;
  struct Unsupported {
    const Node *node;
    std::string reason;
  };
  std::vector<Unsupported> unsupported;
  bool anyFailed = false;
};

} // namespace photonic::importer

#endif // PHOTONIC_LIB_IMPORT_ONNX_IMPORTCONTEXT_H
