//===- MachineLowering.h - What a machine class tells the compiler -*- C++ -*-//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Everything that the compiler asks a class of arrays: which formats operands
// have, how a product is split into what one pass computes, what fits into an
// array and how long it takes, and which instructions a tile is. Passes ask
// through this interface and know no class. Classes are registered by name, as
// those of the runtime are.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_TARGET_MACHINE_MACHINELOWERING_H
#define PHOTONIC_TARGET_MACHINE_MACHINELOWERING_H

#include "photonic/Dialect/Photonic/IR/Photonic.h"

#include "phx/isa/Program.h"
#include "phx/target/Target.h"

#include "mlir/IR/DialectRegistry.h"
#include "mlir/Pass/PassManager.h"

#include <memory>
#include <string>
#include <vector>

namespace photonic {

/// A group of arrays of a target, which must outlive it.
struct ArrayGroupRef {
  const phx::Target &target;
  size_t group = 0; ///< index in target.spec.groups()

  const phx::proto::Group &getSpec() const {
    return target.spec.groups(static_cast<int>(group));
  }
};

/// What a group of arrays offers to tiles.
struct ArrayGeometry {
  int64_t count = 1;   ///< arrays
  int64_t rows = 1;    ///< of the stationary operand that one holds
  int64_t columns = 1; ///< contraction positions of one pass
};

/// Time of a tile: program + fill + vectors / rate.
struct TileTime {
  double programNs = 0;    ///< until the stationary operand is in the array
  double fillNs = 0;       ///< from the first vector to its result
  double vectorsPerNs = 1; ///< that stream past it
};

/// One pass of one tile, in fields of instructions: they follow the loops
/// around it, and are those of the array that computes the tile.
struct ArrayTile {
  uint32_t product = 0;                  ///< entry of the program
  unsigned stationary = 0, streamed = 1; ///< operands of the product
  /// Rows and contraction positions of both operands, entries of the program.
  uint32_t stationaryMap = 0, streamedMap = 0;
  uint32_t resultMap = 0; ///< stationary rows and vectors
  phx::Address stationarySource, streamedSource, result;
  phx::Affine row;    ///< first of the stationary operand
  phx::Affine k;      ///< first contraction position
  phx::Affine vector; ///< first row of the streamed operand
  phx::Affine group;  ///< of the product's groups
  phx::Affine start;  ///< 0 where accumulators start from +0
  phx::Count rows, columns, vectors;
  /// The operand is blocks (`!photonic.stored`): its map has a column for each.
  bool stationaryStored = false, streamedStored = false;
};

/// Rows of an operand that one array converts into blocks.
struct ArrayConversion {
  uint32_t product = 0;                 ///< that reads it, entry of the program
  int64_t operand = 0;                  ///< 0 the first, 1 the second
  uint32_t conversion = 0;              ///< entry of the program
  uint32_t sourceMap = 0, blockMap = 0; ///< columns: elements, blocks
  phx::Address source, blocks;
  phx::Affine row; ///< first
  phx::Count rows, columns;
};

/// Appends an instruction of the array that computes a tile.
using EmitInstruction = llvm::function_ref<void(phx::Body)>;

/// What the compiler knows of one class of arrays.
class MachineLowering {
public:
  virtual ~MachineLowering();

  /// Dialects and extensions of dialects with the class's attributes and
  /// operations. None by default.
  virtual void registerDialects(mlir::DialectRegistry &registry) const;

  /// Name of the number format of products where none is chosen. By default
  /// block floating point, as the target's format says.
  virtual std::string getDefaultFormat(const ArrayGroupRef &arrays) const;
  /// The format of the class's own that `name` names; null if it names none,
  /// and failure after an error through `emitError` if it makes no sense. By
  /// default a class has none.
  virtual mlir::FailureOr<phot::NumberFormatAttrInterface>
  parseFormat(mlir::MLIRContext *context, llvm::StringRef name,
              llvm::function_ref<mlir::InFlightDiagnostic()> emitError) const;
  /// Builds what arrays make of a term, two vectors of converted elements, in
  /// the region `pass` of stage `format`; returns the sum, of type `sum`. What
  /// is lost in an array is said here, because behind `format` no value
  /// changes. By default nothing is: a `photonic.dot`.
  virtual mlir::Value buildPass(mlir::OpBuilder &builder, mlir::Location loc,
                                mlir::Value lhs, mlir::Value rhs,
                                mlir::Type sum,
                                const ArrayGroupRef &arrays) const;

  /// Appends the passes on functions of stage `split`: they turn every
  /// `photonic.dot` of integers into what one pass of an array computes, and
  /// cut the region to what it has columns for.
  virtual void addSplitPasses(mlir::OpPassManager &pm) const = 0;

  /// By default what the fields of the group say.
  virtual ArrayGeometry getGeometry(const ArrayGroupRef &arrays) const;
  /// Of a tile that fills an array.
  virtual TileTime getTileTime(const ArrayGroupRef &arrays) const = 0;

  /// Fails after an error at `tile`, which fits the geometry and whose region
  /// `pass` has no operation of another class, if `arrays` do not compute it.
  virtual mlir::LogicalResult checkTile(phot::ArrayProductOp tile,
                                        const ArrayGroupRef &arrays) const = 0;
  /// Emits the instructions that compute `tile` in `program`.
  virtual void emitTile(const ArrayTile &tile, const phx::Program &program,
                        EmitInstruction emit) const = 0;

  /// Whether arrays convert operands into blocks of a memory, and read them
  /// there. By default they do not, and no operand of a tile is stored.
  virtual bool storesOperands() const { return false; }
  /// Emits the instructions that convert; of a class that stores operands.
  virtual void emitConversion(const ArrayConversion &conversion,
                              EmitInstruction emit) const;
};

/// Makes the compiler know how to use arrays of the class `name`, which has to
/// be known to the runtime's part (phx::registerMachineClass) as well. Not
/// while something is compiled; a second one of a name ends the process.
void registerMachineLowering(const std::string &name,
                             std::unique_ptr<const MachineLowering> lowering);

/// The lowering of a class; null if none is registered.
const MachineLowering *findMachineLowering(llvm::StringRef name);
/// That of a group of arrays of a target.
const MachineLowering *findMachineLowering(const ArrayGroupRef &arrays);

/// The classes that have one, in alphabetical order.
std::vector<std::string> listMachineLowerings();

/// Dialects and extensions of all classes that are registered.
void registerMachineDialects(mlir::DialectRegistry &registry);

} // namespace photonic

#endif // PHOTONIC_TARGET_MACHINE_MACHINELOWERING_H
