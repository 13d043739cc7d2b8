//===- Network.h - A program for crossbars ----------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Two products of one input, each on its own group of arrays, and an update of
// the first one's weights by an array that takes no part in it. Row blocks of
// the first product are the lanes of a range; those of the second take one
// array after the other, by an index that depends on the tile.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_UNITTESTS_MACHINE_NETWORK_H
#define PHX_UNITTESTS_MACHINE_NETWORK_H

#include "../exec/ExecHelpers.h"
#include "../support/ProgramBuilder.h"
#include "Crossbar.h"

namespace phx::testing {

/// narrow[0] and narrow[1] multiply together, narrow[2] updates; wide[0] and
/// wide[1] multiply.
inline constexpr EngineId narrow0{EngineKind::Core, 0, 0};
inline constexpr EngineId narrow1{EngineKind::Core, 1, 0};
inline constexpr EngineId narrow2{EngineKind::Core, 2, 0};
inline constexpr EngineId wide0{EngineKind::Core, 0, 1};

/// Behind the memories of the reference machine, the cells of the narrow arrays.
inline constexpr uint32_t cellsMemory = mem::count;
std::vector<ProgramMemory> makeCrossbarMemories();

/// Three arrays of 4 x 8 and two of 16 x 16; digital units of the reference
/// machine. `sets`: overrides.
std::string makeCrossbarTargetText();
Target makeCrossbarTarget(const std::vector<std::string> &sets = {});

/// One product: y[v, i] = scale[i] * Σ over passes of adc(Σ_j w[i, j] *
/// x[v, list[j]]).
struct CrossbarLayer {
  int64_t m = 0, k = 0, bits = 0, fullScale = 0;
  std::vector<int32_t> list, weights;
  std::vector<float> scale;

  CrossbarLayer(int64_t m, int64_t k, int64_t features, int64_t bits,
                int64_t fullScale, uint64_t seed);
};

class Network {
public:
  static constexpr int64_t features = 30, shift = 1, limit = 8;

  explicit Network(int64_t vectors);

  /// Without tokens; see insertTokens.
  Program makeProgram() const;
  Arrays makeInputs() const;

  /// What a product gives, by other means than the machine; `saturated`
  /// counts readouts that do.
  std::vector<float> multiply(const CrossbarLayer &layer, int64_t columns,
                              int64_t *saturated = nullptr) const;
  /// Weights of the first product after an update of `weights`.
  std::vector<int32_t> update(std::vector<int32_t> weights) const;

  int64_t vectors;
  CrossbarLayer first, second;
  std::vector<int32_t> x, delta;
};

/// makeProgram() with tokens; fails the test if there is no way to place them.
Program makeOrderedProgram(const Network &network);

HostArray toArray(const std::vector<int32_t> &values,
                  std::vector<int64_t> shape);

} // namespace phx::testing

#endif // PHX_UNITTESTS_MACHINE_NETWORK_H
