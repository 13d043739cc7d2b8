//===- Scheduler.h - From tiled tensors to a program -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_CONVERSION_TOPISA_SCHEDULER_H
#define PHOTONIC_LIB_CONVERSION_TOPISA_SCHEDULER_H

#include "DigitalPlan.h"
#include "Liveness.h"
#include "ProductNest.h"
#include "SpaceAllocator.h"

#include "phx/target/Target.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"

namespace photonic {

/// Where a value lies in its home memory.
struct Storage {
  enum class Kind {
    Parameter,  ///< known at compile time
    Persistent, ///< an argument that keeps its value from run to run
    Input,
    Workspace,
  };
  Kind kind = Kind::Workspace;
  uint32_t memory = 0;
  int64_t address = 0;

  phx::Address getAddress() const { return {memory, constant(address)}; }
};

/// What the two memory models share: the walk over the function, homes of
/// values, parameters, inputs, outputs and what persists between runs.
class Scheduler {
public:
  Scheduler(mlir::func::FuncOp func, const phx::Target &target,
            ProgramEmitter &emitter)
      : func(func), target(target), e(emitter) {}
  virtual ~Scheduler() = default;

  /// Emits the whole program, without tokens.
  mlir::LogicalResult run();

  /// Whether the memory of a nest's result is filled before its passes.
  static bool startsFromZeros(const phot::TileNest &nest) {
    return isa<phot::ZerosOp>(nest.getInit().getDefiningOp());
  }

protected:
  /// Emits the instructions of `op`, step number `step` of the function.
  virtual mlir::LogicalResult schedule(mlir::Operation *op, unsigned step) = 0;
  /// Copies `bytes` from one home location to another.
  virtual void emitHomeCopy(const Storage &to, const Storage &from,
                            int64_t bytes) = 0;
  /// The allocator and the memory of values of the given kind.
  virtual SpaceAllocator &getHome(Storage::Kind kind, uint32_t &memory) = 0;

  //===--- Values ---------------------------------------------------------===//

  /// Storage of `value`, creating the region of a parameter at its first use.
  Storage getStorage(mlir::Value value);
  /// Gives `value`, computed at `step`, a storage and a region that the current
  /// layer's value is found in: new memory, or that of the argument it replaces
  /// if nobody reads the old value any more. `inPlace` lists operands whose
  /// memory the result may take over exactly.
  Storage createResult(mlir::Value value, unsigned step,
                       llvm::ArrayRef<mlir::Value> inPlace = {});
  /// `value` takes over the storage of `from`, which dies.
  Storage reuseStorage(mlir::Value value, mlir::Value from);
  /// Releases the storage of operands of `op` that die at `step`, and of
  /// results that nobody reads.
  void releaseDead(mlir::Operation *op, unsigned step);
  /// A constant region in the home of parameters.
  Storage createConstant(const PlanConstant &constant);
  /// Working memory in the home of values; the caller releases it.
  Storage allocateTemporary(int64_t bytes);
  void release(const Storage &storage);

  //===--- Products -------------------------------------------------------===//

  /// Enters the product's metadata and what it computes, once; its nest is set
  /// by the caller.
  mlir::FailureOr<uint32_t> createProduct(phot::ArrayProductOp op,
                                          const NestBlock &whole);

  static int64_t getBytes(mlir::Value value);

  mlir::func::FuncOp func;
  const phx::Target &target;
  ProgramEmitter &e;
  Liveness liveness;

private:
  void createArguments();
  void createPersistent(mlir::BlockArgument argument);
  void createInput(mlir::BlockArgument argument);
  void createOutputs(mlir::func::ReturnOp op);
  /// Copies what replaces arguments into their regions, unless it is there.
  void createUpdates(mlir::func::ReturnOp op);
  phx::ProgramKind getKind(mlir::func::ReturnOp op);
  phx::Region makeRegion(mlir::Value value, llvm::StringRef name,
                         phx::Role role) const;
  uint32_t addValueRegion(mlir::Value value, const Storage &storage,
                          llvm::StringRef name, phx::Role role);
  /// The storage of the argument that `value` replaces, if it may be written at
  /// `step`.
  std::optional<Storage> getReplaced(mlir::Value value, unsigned step,
                                     llvm::ArrayRef<mlir::Value> inPlace);
  std::string makeUnique(std::string name);

  llvm::DenseMap<mlir::Value, Storage> storages; ///< by root
  llvm::DenseMap<mlir::Value, uint32_t> argumentRegions;
  llvm::DenseMap<mlir::Operation *, uint32_t> products;
  bool hasPersistent = false; ///< an argument that is no input
  llvm::StringMap<unsigned> parameterNames;
};

std::unique_ptr<Scheduler> createIdealScheduler(mlir::func::FuncOp func,
                                                const phx::Target &target,
                                                ProgramEmitter &emitter);
std::unique_ptr<Scheduler> createHierarchyScheduler(mlir::func::FuncOp func,
                                                    const phx::Target &target,
                                                    ProgramEmitter &emitter);

} // namespace photonic

#endif // PHOTONIC_LIB_CONVERSION_TOPISA_SCHEDULER_H
