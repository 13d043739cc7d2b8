//===- GraphImporter.h - Imports a graph node by node --------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_IMPORT_ONNX_GRAPHIMPORTER_H
#define PHOTONIC_LIB_IMPORT_ONNX_GRAPHIMPORTER_H

#include "Constant.h"
#include "FlatGraph.h"
#include "photonic/Dialect/NN/IR/NN.h"
#include "photonic/Import/ONNX/ImportONNX.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Regex.h"

namespace photonic::importer {

struct OperatorForm;

/// What the elements of a value that is computed at run time stand for. They
/// are binary32 whatever ONNX calls them, but for `Positions`.
enum class ValueKind {
  Float,
  Boolean,   ///< 0 or 1
  Labels,    ///< numbers of classes
  Counter,   ///< a whole number below 2^24, given as a float
  Positions, ///< second output of MaxPool: positions in windows, ui8
};

/// What a name in the graph stands for: a value computed at run time, or a
/// constant. Poisoned if what it needs could not be imported; it is then there
/// to judge those who read it, and stands for a value of the type that it would
/// have. If that is unknown too, it has any value, and nothing is said about
/// those who read it.
struct Entry {
  mlir::Value value;
  ValueKind kind = ValueKind::Float;
  std::shared_ptr<Constant> constant;
  bool poisoned = false;
  bool unknown = false;
  /// Of what is unknown: it is computed when the network runs.
  bool atRunTime = false;

  Entry() = default;
  Entry(mlir::Value value, ValueKind kind = ValueKind::Float)
      : value(value), kind(kind) {}
  Entry(std::shared_ptr<Constant> constant) : constant(std::move(constant)) {}
  explicit operator bool() const { return value || constant; }
  bool isInteger() const { return constant && !constant->isFloat(); }
  /// True if the importer may compute with the elements: a constant that
  /// training does not change.
  bool isFoldable() const { return constant && !constant->isLearnable; }
  bool isValueOf(ValueKind wanted) const { return value && kind == wanted; }
  /// Extents, whatever it is.
  llvm::ArrayRef<int64_t> getShape() const;
  /// Type or elements, for messages.
  std::string describe() const;
};

/// Names are defined once and before use, and there are no cycles. Emits a
/// diagnostic for each violation.
llvm::LogicalResult checkGraph(Model &model);

/// How the graph uses an input whose elements are integers or booleans.
struct IntegerUse {
  /// Float if the use is not one of those that a program can serve.
  ValueKind kind = ValueKind::Float;
  /// In that case, who uses it and how; empty if nobody does.
  std::string culprit;
};
IntegerUse findIntegerUse(Model &model, const FlatGraph &graph,
                          const ::onnx::ValueInfoProto &input);

/// The inputs that are used and no initialisers, with their types after
/// symbolic extents were bound. Emits one diagnostic for everything that is
/// wrong.
struct GraphInput {
  llvm::StringRef name;
  mlir::RankedTensorType type;
  ValueKind kind = ValueKind::Float;
  /// The dimension along which the samples of a batch lie.
  std::optional<int64_t> batchAxis = std::nullopt;
};
struct GraphInputs {
  llvm::SmallVector<GraphInput> list;
  int64_t batch = 0; ///< samples in one run; 0: no input holds samples
  /// The symbolic dimensions of the model that stand for that number.
  llvm::StringSet<> batchSymbols;
};
llvm::FailureOr<GraphInputs> bindGraphInputs(Model &model, const FlatGraph &graph,
                                             const ImportOptions &options,
                                             mlir::MLIRContext &context);

class GraphImporter {
public:
  GraphImporter(Model &model, const ImportOptions &options,
                mlir::MLIRContext &context);

  /// Null after diagnostics.
  mlir::OwningOpRef<mlir::ModuleOp> run();

  Model &getModel() { return model; }
  ImportMode getMode() const { return mode; }
  /// True if the graph holds its backward pass.
  bool holdsBackward() const { return hasBackward; }
  /// True if initialisers of floats are parameters that may change after the
  /// import. In a graph with a backward pass those are arguments instead.
  bool hasLearnable() const {
    return mode != ImportMode::Inference && !hasBackward;
  }
  /// True if the expression of ImportOptions::freeze occurs in the name.
  bool isFrozen(llvm::StringRef name) const;
  mlir::OpBuilder &getBuilder() { return builder; }
  mlir::Location getNameLoc(llvm::StringRef name);

  /// The entry of a name; decodes an initialiser when it is first asked for.
  /// Never empty.
  Entry &lookup(llvm::StringRef name);
  void define(llvm::StringRef name, Entry entry) {
    entries[name] = std::move(entry);
  }
  /// Poisons what a node computes. Unless it was imported, its outputs stand
  /// for values of the types that the model declares or the operator implies.
  void poison(const Node &node, bool imported = false);
  bool hasNode(llvm::StringRef name) const { return graph.hasNode(name); }
  /// True if a node reads the tensor, or the graph returns it.
  bool isUsed(llvm::StringRef name) const { return graph.isUsed(name); }

  /// The nn.constant of a float constant, one for all who read it. Null after a
  /// diagnostic if there are no elements or one of them is NaN.
  mlir::Value materialize(Constant &constant);
  /// Emits a diagnostic and fails if an element is infinite; `constant` may be
  /// null.
  llvm::LogicalResult checkFinite(nn::ConstantOp constant);

  /// The argument `photonic.rng` of the function: seed, trial and step from
  /// which random numbers are made.
  mlir::Value getRandomKey();
  /// The next stream of random numbers, in the order of nodes.
  int64_t getRandomStream() { return nextRandomStream++; }
  /// Makes `value` replace an argument at the end of each run. An input becomes
  /// a state that begins with zeros. Fails if the argument is replaced already.
  llvm::LogicalResult addUpdate(mlir::BlockArgument argument,
                                mlir::Value value);
  mlir::func::FuncOp getFunction() { return function; }
  /// Notes the gradient of a parameter, accumulated over steps.
  void addGradient(llvm::StringRef parameter, mlir::Value gradient) {
    gradients.emplace_back(parameter.str(), gradient);
  }
  /// True if the argument persists from run to run.
  bool isPersistent(mlir::BlockArgument argument);
  /// The parameter whose gradient a buffer of ONNX Runtime collects; empty if
  /// its name does not say so.
  static llvm::StringRef getAccumulated(llvm::StringRef buffer);
  /// The output of the graph, if it is one, says nothing and is left out.
  void leaveOut(llvm::StringRef name) { leftOut.insert(name); }
  /// The extents that the model declares for a tensor that is computed, -1
  /// where they are not those of an input; nothing if it declares none.
  std::optional<Shape> findDeclaredShape(llvm::StringRef name) const;

  /// Notes that an argument holds numbers of `classes` classes, of which
  /// `ignoreIndex` may be left out; fails if it was said to hold others.
  llvm::LogicalResult markLabels(mlir::BlockArgument argument, int64_t classes,
                                 std::optional<int64_t> ignoreIndex);
  /// True if a node Identity writes a parameter of its own down as a copy of
  /// `source`, one that is equal at first.
  bool isOwnParameter(const Node &node, const Constant &source);
  /// Notes that a value is what an operator for losses computes.
  void markLoss(mlir::Value value) { losses.insert(value); }

  /// Adds to the list of what cannot be imported.
  void reportUnsupported(const Node &node, std::string reason);
  void setFailed() { anyFailed = true; }

private:
  /// The elements as an attribute, without a copy unless there are few.
  mlir::ElementsAttr makeElements(const Constant &constant,
                                  const OwnedFloats &elements);
  /// Emits a diagnostic and fails if there are no elements or one is NaN.
  llvm::LogicalResult checkElements(const Constant &constant,
                                    llvm::ArrayRef<float> floats);
  /// The same also for infinite elements.
  llvm::LogicalResult checkParameter(const Constant &constant,
                                     llvm::ArrayRef<float> floats);
  /// Notes on the operation what the model says about learning it.
  void markLearning(mlir::Operation *op, const Constant &constant);
  /// Emits a warning about parameters that are written as copies of others.
  void warnAboutCopies();
  /// Emits a warning about parameters that nothing computes with.
  void warnAboutUnread();
  /// Finds out whether the graph holds a backward pass; fails if that does not
  /// go with the mode.
  llvm::LogicalResult checkBackward();
  /// The parameters that a backward pass learns become arguments.
  void createParameters();
  void createParameter(llvm::StringRef name, bool trainable);
  /// The parameters that persist, with their gradients.
  llvm::FailureOr<
      llvm::SmallVector<std::pair<mlir::BlockArgument, mlir::Value>>>
  getLearned();
  llvm::LogicalResult importOptimizer();
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
  /// The type of an output of a node that was not imported; null if it is
  /// unknown.
  mlir::RankedTensorType assumeType(const Node &node, unsigned output);
  mlir::RankedTensorType findDeclaredType(llvm::StringRef name);
  void makeUnknown(Entry &entry, bool atRunTime);
  mlir::Value makeStandIn(mlir::RankedTensorType type);
  void noteInputs(llvm::ArrayRef<GraphInput> inputs);
  /// The inputs that no output needs.
  llvm::SmallVector<llvm::StringRef> findIgnoredInputs() const;
  void warnAboutInputs();
  void createFunction(const GraphInputs &inputs);
  llvm::LogicalResult compileFreeze();
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
  void emitUnsupported();

  Model &model;
  const ImportOptions &options;
  ImportMode mode;
  bool hasBackward = false;
  mlir::OpBuilder builder;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  mlir::func::FuncOp function;
  FlatGraph graph;
  llvm::StringMap<Entry> entries;
  /// Extents of symbolic dimensions of the inputs.
  llvm::StringMap<int64_t> symbols;
  struct Unsupported {
    const Node *node;
    std::string reason;
  };
  std::vector<Unsupported> unsupported;
  llvm::DenseSet<const Node *> checked, refused, imported;
  std::optional<llvm::Regex> freeze;
  int64_t nextRandomStream = 0;
  int64_t batch = 0;
  llvm::StringSet<> batchSymbols;
  llvm::DenseSet<mlir::Value> losses;
  /// The constants with infinite elements, and what to say about the first.
  llvm::DenseMap<mlir::Operation *, std::string> infinite;
  llvm::StringSet<> leftOut;
  /// Parameters that are written as copies, and those that are taken as the
  /// same one, where the model does not say which is meant.
  llvm::SmallVector<std::string> separated, united;
  llvm::SmallVector<std::pair<std::string, mlir::Value>> gradients;
  bool anyFailed = false;
};

} // namespace photonic::importer

#endif // PHOTONIC_LIB_IMPORT_ONNX_GRAPHIMPORTER_H
