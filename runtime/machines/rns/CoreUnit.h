//===- CoreUnit.h - Photonic tensor cores --------------------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// CoreProgram and CoreStream, one instruction at a time: conversion, one
// modular product per modulus, reconstruction, one addition in binary32 per
// group. A stream is cut into blocks of 64 vectors, which threads share; a
// result depends on its own vector alone, so the cut moves no bit.
//
// CoreConvert, and operands that it stored: StoredOperands.cpp.
//
// A group that is longer than the array takes several instructions. The sums of
// its passes are kept as 64-bit integers (binary32 under the bypass) beside the
// output elements, by output address, until the group is complete; only then
// the accumulator changes.
//
//===----------------------------------------------------------------------===//

#ifndef MACHINES_RNS_COREUNIT_H
#define MACHINES_RNS_COREUNIT_H

#include "machines/rns/Conversion.h"
#include "machines/rns/ProductPlan.h"
#include "machines/rns/OutputLanes.h"

#include "machines/rns/Instructions.h"
#include "phx/exec/MachineUnit.h"
#include "phx/isa/Origin.h"

#include <atomic>
#include <map>
#include <mutex>
#include <vector>

namespace phx::rns {

/// What a CoreProgram left in an array.
struct LoadedTile {
  bool loaded = false;
  const ProductPlan *plan = nullptr;
  int64_t rowStart = 0, rows = 0;
  int64_t total = 0; ///< contraction length
  TileColumns columns;
  std::vector<OperandBlock> blocks; ///< 64 rows each
};

class CoreUnit final : public exec::MachineUnit {
public:
  /// Errors: a product that is not one of residue arrays.
  static Result<std::unique_ptr<exec::MachineUnit>>
  create(exec::Context &context, const exec::UnitOptions &options);

  Status execute(const Instruction &instruction,
                 LayerStatistics *statistics) override;

private:
  CoreUnit(exec::Context &context, const exec::UnitOptions &options);
  /// Makes the plans of all products that instructions compute.
  Status makePlans(const exec::UnitOptions &options);
  const ProductPlan &getPlan(uint32_t product) const {
    return plans[planOf[product]];
  }
  Status execute(const CoreProgram &load, LoadedTile &tile,
                 LayerStatistics *statistics);
  Status execute(const CoreStream &stream, LoadedTile &tile,
                 LayerStatistics *statistics);
  /// The tile stays.
  Status execute(const CoreConvert &instruction, LoadedTile &tile,
                 LayerStatistics *statistics);

  /// The first failure in block order, whichever thread meets it first.
  struct Failure {
    int64_t block = INT64_MAX;
    bool overflow = false;
    int64_t row = 0, column = 0; ///< of the streamed operand, or of the output
    float value = 0;
    std::optional<BrokenRule> fault = {}; ///< of a stored operand's block
  };
  /// What all blocks of one stream instruction share.
  struct Job {
    const ProductPlan *plan = nullptr;
    const LoadedTile *tile = nullptr;
    unsigned operand = 1; ///< of the product, the streamed one
    OperandSource in;
    const TileColumns *columns = nullptr; ///< as the streamed operand sees them
    const AccessMap *outMap = nullptr;
    exec::TargetView out;
    exec::UnrolledDigits outRows;
    /// Partial sum of the element at offset 0, one word per element; null if
    /// every group is whole.
    int64_t *partial = nullptr;
    int64_t vecStart = 0, length = 0;
    bool continues = false; ///< false: accumulators start from +0
    std::mutex mutex;
    Failure failure;
    std::atomic<uint64_t> inside{0}, zeroMantissas{0};
  };
  struct Scratch {
    OperandBlock block;
    ConversionScratch conversion;
    OutputLanes out;
    std::vector<int32_t> sums32; ///< [plane][row of step][lane]
    std::vector<int64_t> sums64; ///< [plane][lane]
    float acc[rowStep][laneCount];
  };

  Result<OperandSource> prepare(const char *name, const AccessMap &map,
                                const Address &address,
                                const TileColumns &columns, int64_t rowBegin,
                                int64_t rows);
  /// The same of an operand in blocks.
  Result<OperandSource> prepareStored(const char *name, const AccessMap &map,
                                      const Address &address,
                                      const TileColumns &columns,
                                      int64_t rowBegin, int64_t rows,
                                      uint32_t conversion);
  /// Whether an operand is rounded at random.
  bool isRandom(const Product &product, unsigned operand) const;
  /// Random numbers of the stationary or the streamed operand, of which the
  /// instruction reads rows from `row` and contraction positions from `k` on.
  exec::RoundingNumbers getNumbers(uint32_t product, OperandRole role,
                                   int64_t row, int64_t k) const;
  /// Those of the first (0) or second (1) operand, of which element (0, 0) of
  /// `group` has number 0 of that group.
  exec::RoundingNumbers getNumbers(uint32_t product, unsigned operand,
                                   int64_t group) const;
  /// All rows of the tile, the stationary `operand` of its product.
  Status convertTile(const CoreProgram &load, const OperandSource &source,
                     unsigned operand, LoadedTile &tile,
                     LayerStatistics *statistics);
  /// Whether the tile is the one that `stream` names.
  bool isExpected(const LoadedTile &tile, const CoreStream &stream) const;
  Status prepareJob(const CoreStream &stream, const LoadedTile &tile, Job &job);
  Error describeFailure(const CoreStream &stream, const Job &job);
  Status prepareOutput(Job &job, const CoreStream &stream);
  Error describeOperand(const AccessMap &map, const Address &address,
                        int64_t row, int64_t column, float value) const;
  struct Conversion;
  /// Errors: blocks outside of their memory.
  Status prepareConversion(const CoreConvert &instruction, Conversion &job);
  Status convertRows(Conversion &job);
  void convertRows(Conversion &job, int64_t index, unsigned worker);
  static void writeBlocks(const Conversion &job, int64_t row,
                          const OperandBlock &block);
  Error describeBlock(const AccessMap &map, const Address &address,
                      int64_t row, int64_t block, uint32_t conversion,
                      const BrokenRule &fault) const;
  void processBlock(Job &job, int64_t index, unsigned worker);
  void addGroup(Job &job, size_t group, int64_t row, int rows,
                Scratch &scratch);
  void addBypass(Job &job, const TileGroup &part, int64_t row, int rows,
                 Scratch &scratch);
  void addTerms(Job &job, size_t group, int64_t row, const int32_t *narrow,
                const int64_t *wide, float *acc, Scratch &scratch);
  int64_t *partialOf(const Job &job, int64_t row, int lane,
                     const Scratch &scratch) const;
  void loadRow(const Job &job, int64_t row, Scratch &scratch, float *acc);
  void storeRow(Job &job, int64_t block, int64_t row, Scratch &scratch,
                float *acc);

  exec::Context &context;
  const bool bypassed; ///< binary32 products, no conversion
  const Origins origins;
  std::vector<ProductPlan> plans; ///< each once
  /// Index into `plans`, by product; of those that are computed.
  std::vector<uint32_t> planOf;
  TileColumns streamed;           ///< of the current stream
  std::map<std::pair<uint16_t, uint32_t>, LoadedTile> tiles; ///< by array
  std::vector<Scratch> scratches; ///< by thread
};

} // namespace phx::rns

#endif // MACHINES_RNS_COREUNIT_H
