//===- ProgramEmitter.h - Appending instructions to a program -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_CONVERSION_TOPISA_PROGRAMEMITTER_H
#define PHOTONIC_LIB_CONVERSION_TOPISA_PROGRAMEMITTER_H

#include "photonic/Target/Machine/Machine.h"

#include "phx/isa/Program.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Location.h"
#include "mlir/IR/Operation.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/DenseMap.h"

#include <map>

namespace photonic {

/// Builds the instruction stream and the tables of one program. Keeps track of
/// the loop nesting and of the ONNX node that instructions belong to.
class ProgramEmitter {
public:
  /// `program` lists groups of arrays and memories of `machine`.
  ProgramEmitter(phx::Program &program, const phx::Target &machine)
      : program(program), machine(machine) {}

  //===--- Tables ---------------------------------------------------------===//

  /// Index of `map`, added if it is new.
  uint32_t getMap(const phx::AccessMap &map);
  uint32_t getConversion(const phx::TableOperation &conversion);
  uint32_t getPass(const phx::OperationList &pass);
  uint32_t getCombine(const phx::OperationList &combine);
  uint32_t addRegion(phx::Region region);
  /// A region with initial contents.
  uint32_t addDataRegion(phx::Region region, mlir::ElementsAttr init);

  /// Initial contents by data index, for the conversion to operations.
  llvm::ArrayRef<mlir::ElementsAttr> getInits() const { return inits; }

  //===--- Layers ---------------------------------------------------------===//

  /// Instructions emitted from now on work for the ONNX node `name`, an
  /// operator `op`, in `phase` of a training step.
  void setLayer(llvm::StringRef name, llvm::StringRef op,
                phx::Phase phase = phx::Phase::Forward);
  /// The same with the name in the location of `operation`, or a number where
  /// it has none, and the phase that `operation` is marked with.
  void setLayer(mlir::Operation *operation, llvm::StringRef op);
  uint32_t getLayer() const { return layer; }
  /// The region holds the current layer's value when it is complete.
  void setLayerOutput(uint32_t region);

  //===--- Instructions ---------------------------------------------------===//

  /// Opens a loop and returns its number for digit terms.
  uint8_t beginLoop(int64_t count);
  void endLoop();
  /// `index` and `group` are those of an array.
  void emit(phx::EngineKind kind, phx::Body body,
            std::optional<phx::Guard> guard = std::nullopt, unsigned index = 0,
            uint16_t group = 0);
  /// Loops that are open.
  unsigned getDepth() const { return depth; }
  size_t getPosition() const { return program.code.size(); }

  phx::Program &program;
  const phx::Target &machine;

private:
  uint32_t layer = phx::noLayer;
  uint8_t depth = 0;
  std::map<std::pair<std::string, phx::Phase>, uint32_t> layers;
  llvm::DenseMap<mlir::Operation *, std::string> madeUpNames;
  std::vector<mlir::ElementsAttr> inits;
};

/// value with no terms.
inline phx::Affine constant(int64_t value) { return {value, {}}; }
inline phx::Count count(int64_t cap) { return {cap, std::nullopt}; }
/// base + weight * digit of the counter of `loop`.
phx::Affine plusTerm(phx::Affine affine, const phx::DigitTerm &term);
/// factor * affine
phx::Affine scaleAffine(phx::Affine affine, int64_t factor);
/// a + b
phx::Affine addAffine(phx::Affine a, const phx::Affine &b);

/// Row-major byte strides of `shape` with elements of so many bytes.
llvm::SmallVector<int64_t> getByteStrides(llvm::ArrayRef<int64_t> shape,
                                          int64_t elementBytes = 4);

int64_t getNumElements(llvm::ArrayRef<int64_t> shape);

} // namespace photonic

#endif // PHOTONIC_LIB_CONVERSION_TOPISA_PROGRAMEMITTER_H
