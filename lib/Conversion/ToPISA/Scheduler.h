//===- Scheduler.h - From tiled tensors to a program -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_CONVERSION_TOPISA_SCHEDULER_H
#define PHOTONIC_LIB_CONVERSION_TOPISA_SCHEDULER_H

#include "DigitalPlan.h"
#include "ProductNest.h"
#include "SpaceAllocator.h"

#include "phx/target/Target.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"

namespace photonic {

/// Where a value lies in its home memory.
struct Storage {
  enum class Kind { Parameter, Input, Workspace };
  Kind kind = Kind::Workspace;
  phx::Space space = phx::Space::Dram;
  int64_t address = 0;

  phx::Address getAddress() const { return {space, constant(address)}; }
};

/// What the two memory models share: the walk over the function, homes of
/// values, liveness, parameters, inputs and outputs. Values that are reshapes
/// of each other share their storage; the operand all others come from is
/// their root.
class Scheduler {
public:
  Scheduler(mlir::func::FuncOp func, const phx::Target &target,
            ProgramEmitter &emitter)
      : func(func), target(target), e(emitter) {}
  virtual ~Scheduler() = default;

  /// Emits the whole program, without tokens.
  mlir::LogicalResult run();

protected:
  /// Called once before anything is emitted.
  virtual void prepare() {}
  /// The step at which `op`, step number `step`, is emitted: its own, or that
  /// of a later operation that it is fused with.
  virtual unsigned getEmissionStep(mlir::Operation *op, unsigned step) const {
    return step;
  }
  /// Emits the instructions of `op`, a digital operation or the outermost loop
  /// of a product, as step number `step`.
  virtual mlir::LogicalResult schedule(mlir::Operation *op, unsigned step) = 0;
  /// Copies `bytes` from one home location to another.
  virtual void emitHomeCopy(const Storage &to, const Storage &from,
                            int64_t bytes) = 0;
  /// The allocator and the space of values of the given kind.
  virtual SpaceAllocator &getHome(Storage::Kind kind, phx::Space &space) = 0;

  //===--- Values ---------------------------------------------------------===//

  static mlir::Value getRoot(mlir::Value value);
  /// Storage of `value`, creating the region of a parameter at its first use.
  Storage getStorage(mlir::Value value);
  /// Gives `value` a new storage and a region that the current layer's value
  /// is found in.
  Storage createResult(mlir::Value value);
  /// `value` takes over the storage of `from`, which dies.
  Storage reuseStorage(mlir::Value value, mlir::Value from);
  bool diesAt(mlir::Value value, unsigned step) const;
  /// Releases the storage of operands of `op` that die at `step`.
  void releaseOperands(mlir::Operation *op, unsigned step);
  /// A constant region in the home of parameters.
  Storage createConstant(const PlanConstant &constant);
  /// Working memory in the home of values; the caller releases it.
  Storage allocateTemporary(int64_t bytes);
  void release(const Storage &storage);

  //===--- Products -------------------------------------------------------===//

  static phot::ArrayProductOp getArrayProduct(mlir::Operation *nest);
  phx::NumberFormat getNumberFormat(phot::ArrayProductOp op) const;
  /// Enters the product's metadata; its nest is set by the caller.
  uint32_t createProduct(phot::ArrayProductOp op,
                         const phot::ProductShape &shape, uint32_t format);

  static int64_t getBytes(mlir::Value value);

  mlir::func::FuncOp func;
  const phx::Target &target;
  ProgramEmitter &e;

private:
  void analyse();
  void createInputs();
  mlir::LogicalResult createOutputs(mlir::func::ReturnOp op);
  uint32_t addValueRegion(mlir::Value value, const Storage &storage,
                          llvm::StringRef name, phx::Role role);

  llvm::DenseMap<mlir::Value, Storage> storages; ///< by root
  llvm::DenseMap<mlir::Value, unsigned> lastUse; ///< by root, step number
  llvm::StringMap<unsigned> parameterNames;
};

/// Steps of `func`: everything that needs instructions, in order.
bool isStep(mlir::Operation *op);

std::unique_ptr<Scheduler> createIdealScheduler(mlir::func::FuncOp func,
                                                const phx::Target &target,
                                                ProgramEmitter &emitter);
std::unique_ptr<Scheduler> createHierarchyScheduler(mlir::func::FuncOp func,
                                                    const phx::Target &target,
                                                    ProgramEmitter &emitter);

} // namespace photonic

#endif // PHOTONIC_LIB_CONVERSION_TOPISA_SCHEDULER_H
