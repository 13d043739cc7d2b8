//===- HierarchyScheduler.h - Scratchpads in front of DRAM ------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every region lives off chip. Each operation works on chunks: while one is
// computed, later ones are loaded into as many further buffers as the IR says.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_CONVERSION_TOPISA_HIERARCHYSCHEDULER_H
#define PHOTONIC_LIB_CONVERSION_TOPISA_HIERARCHYSCHEDULER_H

#include "ChunkIndex.h"
#include "DigitalChunks.h"
#include "ProductChunks.h"
#include "Scheduler.h"

#include <array>

namespace photonic {

/// Hands out scratchpad bytes within one operation; operations do not share.
class ScratchpadFrame {
public:
  explicit ScratchpadFrame(ProgramEmitter &emitter) : e(emitter) {}
  ChunkBuffer allocate(phx::MemoryRole role, int64_t bytes, int64_t buffers);

private:
  ProgramEmitter &e;
  std::array<int64_t, phx::limits::memories> used{}; ///< by memory
};

/// A product, how it is cut, and what is on chip at once.
struct ProductPlan {
  FusedProduct product;
  ProductChunks chunks;
  ProductBuffers buffers;
  NestOptions tiles; ///< but for what differs from chunk to chunk

  /// As the attributes of `op` say, in the memories of `target`. Fails, after a
  /// diagnostic, where that cannot be.
  static mlir::FailureOr<ProductPlan> get(phot::FusedOp op,
                                          const phx::Target &target);
};

class HierarchyScheduler final : public Scheduler {
public:
  using Scheduler::Scheduler;

protected:
  mlir::LogicalResult schedule(mlir::Operation *op, unsigned step) override;
  void emitHomeCopy(const Storage &to, const Storage &from,
                    int64_t bytes) override;
  SpaceAllocator &getHome(Storage::Kind kind, uint32_t &memory) override;

private:
  friend class ProductEmitter;
  friend class WeightGradientEmitter;

  mlir::LogicalResult scheduleProduct(phot::FusedOp op, unsigned step);
  void emitWeightGradient(const ProductPlan &plan, unsigned step);
  void scheduleCopies(mlir::Operation *op, const CopyPlan &plan, unsigned step);
  void emitFill(const Storage &result, int64_t elements, float value);
  mlir::LogicalResult scheduleCompute(phot::FusedOp op, unsigned step);
  /// Gives the results of `op` a storage each; the layer's value is the first.
  llvm::SmallVector<phx::Address>
  createResults(phot::FusedOp op, unsigned step,
                llvm::ArrayRef<mlir::Value> inPlace);

  SpaceAllocator offchip;
};

/// Loads of a loop of `chunks` chunks that run in front of what reads them:
/// into `buffers` buffers, one less than there are of them.
class Prefetch {
public:
  using Load =
      llvm::function_ref<void(const ChunkIndex &, std::optional<phx::Guard>)>;

  Prefetch(int64_t buffers, int64_t chunks)
      : ahead(buffers - 1), chunks(chunks) {}

  /// In front of the loop.
  void begin(Load load) const {
    for (int64_t chunk = 0; chunk < ahead; ++chunk)
      load(ChunkIndex::get(chunk), std::nullopt);
  }
  /// In the loop, in front of what reads its chunk.
  void next(uint8_t loop, Load load) const {
    load(ChunkIndex::counter(loop, ahead),
         ahead ? std::optional(phx::Guard{loop, 1, ahead, chunks})
               : std::nullopt);
  }

private:
  int64_t ahead, chunks;
};

/// A copy of `elements` consecutive elements.
phx::DmaCopy makeLinearCopy(const phx::Address &dst, const phx::Address &src,
                            const phx::Count &elements);

} // namespace photonic

#endif // PHOTONIC_LIB_CONVERSION_TOPISA_HIERARCHYSCHEDULER_H
