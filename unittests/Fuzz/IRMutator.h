//===- IRMutator.h - Changes a module in memory -----------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_UNITTESTS_FUZZ_IRMUTATOR_H
#define PHOTONIC_UNITTESTS_FUZZ_IRMUTATOR_H

#include "Random.h"

#include "mlir/IR/BuiltinOps.h"

#include <string>
#include <vector>

namespace photonic::fuzz {

/// An attribute like `attribute` with something inside it changed, by way of
/// its text, so that all kinds are treated alike; null if what came out is no
/// attribute. Says nothing.
mlir::Attribute mutateAttribute(mlir::Attribute attribute,
                                llvm::ArrayRef<std::string> words,
                                Random &random);

/// A type like `type`: other extents, rank, elements, encoding; or any other.
mlir::Type mutateType(mlir::Type type, llvm::ArrayRef<std::string> words,
                      Random &random);

/// Changes a module, knowing nothing of its operations. What comes out need not
/// be valid.
class IRMutator {
public:
  /// Operations of `donors` may be copied into the module.
  IRMutator(mlir::ModuleOp module, llvm::ArrayRef<mlir::ModuleOp> donors,
            llvm::ArrayRef<std::string> words, Random &random)
      : module(module), donors(donors.begin(), donors.end()), words(words),
        random(random) {}

  /// Makes one change. False if it found nothing to change.
  bool mutate();
  /// True if what is there now is no IR, which even verifiers may not see.
  bool isUnusable() const { return isBroken; }

private:
  // Attributes.
  bool changeAttribute();
  bool dropAttribute();
  bool copyAttribute();
  bool changeLocation();
  // Operations.
  bool replaceOperand();
  bool swapOperands();
  bool changeOperandCount();
  bool eraseOperation();
  bool duplicateOperation();
  bool moveOperation();
  bool spliceOperation();
  bool splitBlock();
  // Types.
  bool changeResultType();
  bool changeArgument();
  bool replaceTypeEverywhere();

  mlir::Operation *pickOperation(bool withModule = false);
  /// A value that may be used in front of `before`, of `type` if there is one.
  mlir::Value pickValue(mlir::Operation *before, mlir::Type type);
  void replaceUses(mlir::Operation *op, llvm::ArrayRef<mlir::Value> values);
  void fitFunctionType(mlir::Block *block);

  mlir::ModuleOp module;
  std::vector<mlir::ModuleOp> donors;
  llvm::ArrayRef<std::string> words;
  Random &random;
  bool isBroken = false;
};

} // namespace photonic::fuzz

#endif // PHOTONIC_UNITTESTS_FUZZ_IRMUTATOR_H
