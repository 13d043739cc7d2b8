//===- NodeImporter.h - What handlers of operators use -------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_IMPORT_ONNX_NODEIMPORTER_H
#define PHOTONIC_LIB_IMPORT_ONNX_NODEIMPORTER_H

#include "ImportContext.h"
#include "OperatorTable.h"
#include "photonic/Dialect/NN/IR/NN.h"

namespace photonic::importer {

struct Folder;

/// One node being imported: its inputs, ways to create operations at its
/// location, and its outputs. Functions that create operations return null
/// after an error, and pass on null operands, so that a handler needs to look
/// only at the end.
class NodeImporter {
public:
  NodeImporter(ImportContext &context, const Node &node);

  /// Imports the node, or says why not. If that or an input is poisoned, its
  /// outputs are; once the handler has asked for an input of which nothing is
  /// known, nothing more is said.
  void run(const OperatorForm &form);

  const Node &getNode() const { return node; }
  /// Version of the default operator set, where the node stands.
  int64_t getOpset() const { return node.getOpset(context.getModel(), ""); }
  mlir::OpBuilder &getBuilder() { return context.getBuilder(); }
  Model &getModel() { return context.getModel(); }
  ImportContext &getContext() { return context; }
  EntryFunction &getFunction() { return context.getFunction(); }
  mlir::Location getLoc() const { return loc; }
  void setLoc(mlir::Location newLoc) { loc = newLoc; }
  nn::Phase getPhase() const { return phase; }
  /// The part of a training step to which the operations belong that are
  /// created from now on.
  void setPhase(nn::Phase newPhase) { phase = newPhase; }

  //===--- Inputs (NodeInputs.cpp) ----------------------------------------===//

  bool hasInput(unsigned i) const { return node.hasInput(i); }
  Entry &getEntry(unsigned i) {
    Entry &entry = context.lookup(node.getInput(i));
    readUnknown |= entry.unknown;
    return entry;
  }
  /// True for constants of integers, which exist only while importing.
  bool isInteger(unsigned i) { return hasInput(i) && getEntry(i).isInteger(); }
  /// True for constants that training does not change: a handler may compute
  /// with their elements.
  bool isFoldable(unsigned i) {
    return hasInput(i) && getEntry(i).isFoldable();
  }
  /// The constant that an input is, which must be one.
  const std::shared_ptr<Constant> &getConstant(unsigned i) {
    return getEntry(i).constant;
  }
  llvm::ArrayRef<int64_t> getShape(unsigned i) {
    return getEntry(i).getShape();
  }
  /// The input as a tensor of floats; null after an error.
  mlir::Value getTensor(unsigned i);
  mlir::Value getTensor(const Entry &entry);
  /// The same for an operand of a layer, which has no infinite elements if it
  /// is a constant, whatever its layout is.
  mlir::Value getFiniteTensor(unsigned i);
  /// The input as booleans 0 and 1; null after an error.
  mlir::Value getBooleans(unsigned i);
  /// The input as class labels of a loss over `classes` classes, of which
  /// `ignoreIndex` may be left out; null after an error.
  mlir::Value getLabels(unsigned i, int64_t classes,
                        std::optional<int64_t> ignoreIndex);
  /// The elements of an input that must be a constant of integers with at most
  /// one dimension. `role` is what the operator calls it.
  llvm::FailureOr<Shape> getIntegers(unsigned i, llvm::StringRef role);
  /// The same with exactly one element.
  llvm::FailureOr<int64_t> getInteger(unsigned i, llvm::StringRef role);
  /// The single element of a foldable constant of floats, or nothing.
  std::optional<float> getConstantFloat(unsigned i);
  /// The single element of a constant of floats that the operator defines as a
  /// setting, with respect to which it has no derivative. `role` is what the
  /// operator calls it. An initialiser is accepted in every mode unless the
  /// model lists it among those that are learned.
  llvm::FailureOr<float> getSetting(unsigned i, llvm::StringRef role);
  /// The same of any element type.
  llvm::FailureOr<std::shared_ptr<Constant>>
  getSettingConstant(unsigned i, llvm::StringRef role);
  /// `axis` counted from the front, for a tensor of the given rank; an error
  /// otherwise. With `allowEnd`, the rank itself is valid.
  llvm::FailureOr<int64_t> normalizeAxis(int64_t axis, int64_t rank,
                                         bool allowEnd = false);
  /// Distinct, ascending axes from the attribute or input i `axes`; nothing if
  /// there are none.
  llvm::FailureOr<std::optional<Shape>> getAxes(unsigned i, int64_t rank);

  //===--- Errors ---------------------------------------------------------===//

  /// The model is wrong: remembers the message and fails.
  llvm::LogicalResult fail(const llvm::Twine &message);
  /// The model may be right, but nn cannot express it.
  llvm::LogicalResult unsupported(const llvm::Twine &reason);
  /// Emits what was remembered, as one diagnostic.
  void emitFailure();

  //===--- Operations -----------------------------------------------------===//

  /// The operation, or null after an error.
  template <typename OpT>
  mlir::Operation *emitOp(mlir::ValueRange operands,
                          typename OpT::Properties properties = {}) {
    if (llvm::is_contained(operands, mlir::Value()))
      return nullptr;
    mlir::OperationState state = makeState<OpT>(operands, properties);
    return create(state, [&](llvm::SmallVectorImpl<mlir::Type> &types) {
      return OpT::inferReturnTypes(
          getBuilder().getContext(), loc, operands, mlir::DictionaryAttr(),
          mlir::OpaqueProperties(&properties), mlir::RegionRange(), types);
    });
  }
  /// Its only result.
  template <typename OpT>
  mlir::Value emit(mlir::ValueRange operands,
                   typename OpT::Properties properties = {}) {
    mlir::Operation *op = emitOp<OpT>(operands, properties);
    return op ? op->getResult(0) : mlir::Value();
  }
  /// The result of an operation whose shape the operands do not determine.
  template <typename OpT>
  mlir::Value emitAs(llvm::ArrayRef<int64_t> shape, mlir::ValueRange operands,
                     typename OpT::Properties properties = {}) {
    if (llvm::is_contained(operands, mlir::Value()))
      return {};
    mlir::OperationState state = makeState<OpT>(operands, properties);
    mlir::Operation *op =
        create(state, [&](llvm::SmallVectorImpl<mlir::Type> &types) {
          types.push_back(
              mlir::RankedTensorType::get(shape, getBuilder().getF32Type()));
          return mlir::success();
        });
    return op ? op->getResult(0) : mlir::Value();
  }

  mlir::Value emitReshape(mlir::Value value, llvm::ArrayRef<int64_t> shape);
  mlir::Value emitTranspose(mlir::Value value, llvm::ArrayRef<int64_t> perm);
  mlir::Value emitBroadcast(mlir::Value value, llvm::ArrayRef<int64_t> shape);
  mlir::Value emitScalar(float value);
  mlir::Value emitConstant(llvm::ArrayRef<int64_t> shape,
                           std::vector<float> values);
  mlir::Value emitClip(mlir::Value value, float min, float max);
  /// What random numbers of the node are made from; null after an error.
  mlir::Value getRandomKey();

  //===--- Layout (NodeLayout.cpp) ----------------------------------------===//

  // Of constants that are computed here, and of what is computed when the
  // network runs. An empty entry after an error.
  Entry reshape(const Entry &entry, llvm::ArrayRef<int64_t> shape);
  Entry slice(const Entry &entry, llvm::ArrayRef<int64_t> offsets,
              llvm::ArrayRef<int64_t> sizes, llvm::ArrayRef<int64_t> strides);
  Entry transpose(const Entry &entry, llvm::ArrayRef<int64_t> perm);
  Entry concat(llvm::ArrayRef<Entry> parts, int64_t axis);

  //===--- Outputs --------------------------------------------------------===//

  /// True if a node or the graph reads the output.
  bool isUsed(unsigned i) const { return context.isUsed(node.getOutput(i)); }
  /// Defines an output; fails if the entry is empty.
  llvm::LogicalResult setResult(unsigned i, Entry entry);
  llvm::LogicalResult setResult(Entry entry) {
    return setResult(0, std::move(entry));
  }

private:
  void remember(std::string message) {
    if (!readUnknown)
      messages.push_back(std::move(message));
  }
  mlir::Value failNull(const llvm::Twine &message) {
    remember(message.str());
    return {};
  }
  /// Fills in defaults of attributes that `properties` leaves open.
  template <typename OpT>
  mlir::OperationState makeState(mlir::ValueRange operands,
                                 typename OpT::Properties &properties) {
    mlir::OperationState state(loc, OpT::getOperationName());
    state.addOperands(operands);
    if constexpr (!std::is_same_v<typename OpT::Properties,
                                  mlir::EmptyProperties>) {
      OpT::populateDefaultProperties(state.name, properties);
      state.getOrAddProperties<typename OpT::Properties>() = properties;
    }
    return state;
  }
  using InferTypes = llvm::function_ref<llvm::LogicalResult(
      llvm::SmallVectorImpl<mlir::Type> &)>;
  mlir::Operation *create(mlir::OperationState &state, InferTypes infer);
  llvm::LogicalResult import(const OperatorForm &form);
  /// The way to compute the node here, or null: all inputs are foldable
  /// constants, and nn has no better form.
  const Folder *chooseFolder(const OperatorForm &form);
  /// Adds up the parts of a concatenation, and drops those without elements.
  llvm::FailureOr<llvm::SmallVector<Entry>>
  checkParts(llvm::ArrayRef<Entry> all, int64_t axis, Shape &shape);
  llvm::LogicalResult refuseValues();

  ImportContext &context;
  const Node &node;
  mlir::Location loc;
  nn::Phase phase = nn::Phase::Forward;
  std::vector<std::string> messages;
  /// An input was asked for of which nothing is known.
  bool readUnknown = false;
};

inline llvm::ArrayRef<int64_t> getShape(mlir::Value value) {
  return llvm::cast<mlir::RankedTensorType>(value.getType()).getShape();
}

/// The axes over which a Reduce operator goes, for an input of the given rank;
/// none if it reduces nothing. (ImportReduction.cpp)
llvm::FailureOr<Shape> getReducedAxes(NodeImporter &node, int64_t rank);

} // namespace photonic::importer

#endif // PHOTONIC_LIB_IMPORT_ONNX_NODEIMPORTER_H
