//===- Chunking.h - Cutting a product into chunks that fit on chip -*- C++
//-*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_LIB_CONVERSION_TOPISA_CHUNKING_H
#define PHOTONIC_LIB_CONVERSION_TOPISA_CHUNKING_H

#include "ProductBlock.h"

#include "phx/target/Target.h"

#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace photonic {

/// Bytes needed and available where something does not fit.
struct ChunkingFailure {
  std::string memory; ///< its name
  int64_t needed = 0, available = 0;
};

/// Why a product is cut as it is.
struct ChunkChoice {
  /// Of the product in one piece; none if that would fit.
  std::optional<ChunkingFailure> overflow;
  double estimate = 0; ///< nanoseconds, of the way that was chosen
};

/// How a forward product or an input gradient is cut: an outer loop over rows
/// (output channels or input channels, or groups), whose weights stay on chip,
/// and an inner loop over columns: images, or rows of images for forward ones.
struct Chunking {
  ProductBlock block;  ///< of one chunk, the last ones may be smaller
  int64_t mChunks = 1; ///< chunks of channels, or of groups
  int64_t imageChunks = 1, rowChunks = 1;
  int64_t weightBytes = 0; ///< one buffer of weights and channel parameters
  int64_t inputBytes = 0, resultBytes = 0, residualBytes = 0; ///< one buffer
  ChunkChoice choice;

  int64_t getNChunks() const { return imageChunks * rowChunks; }
  bool loopsM() const { return mChunks > 1; }
  bool loopsN() const { return getNChunks() > 1; }
  int64_t getWeightBuffers() const { return loopsM() && !loopsN() ? 2 : 1; }
  int64_t getInputBuffers() const { return loopsN() ? 2 : 1; }
  int64_t getResultBuffers() const { return loopsM() || loopsN() ? 2 : 1; }
};

/// What a chunk holds beside weights, activations and results.
struct ChunkExtras {
  int64_t channelParameters = 0; ///< vectors with one value per channel
  int64_t scalars = 0;           ///< single values
  int64_t residuals = 0;         ///< tensors of the result's shape
  /// The product must stay in one piece: random numbers are numbered by row,
  /// column and contraction position of the whole, which instructions for a
  /// piece do not know.
  bool whole = false;
};

/// Bytes on chip by what they are for.
struct RoleBytes {
  int64_t stationary = 0, streamed = 0, result = 0;
};
/// The first memory of `target` that is too small for what it would hold, all
/// roles that it serves together; none if everything fits.
std::optional<ChunkingFailure> findOverflow(const phx::Target &target,
                                            const RoleBytes &bytes);

/// `extent`, then ever smaller pieces of it, down to `unit`; multiples of
/// `unit`. With `divides`, only pieces that leave no remainder.
llvm::SmallVector<int64_t> getPieces(int64_t extent, int64_t unit,
                                     bool divides);

/// The chunking with the least estimated time (transfers overlap with array
/// passes), among those whose buffers fit into the scratchpads of `target`.
/// `term` is the length of a term of the formats.
std::variant<Chunking, ChunkingFailure>
chooseChunking(const phot::ProductShape &shape, phot::Stationary stationary,
               int64_t term, const ChunkExtras &extras,
               const phx::Target &target);

/// The fastest way that fits, or the failure closest to fitting, among pairs of
/// the candidates of `search`, which builds, checks and estimates them. The
/// first pair is the product in one piece.
template <typename Result, typename Search, typename Outer, typename Inner>
std::variant<Result, ChunkingFailure>
searchChunks(Search &search, const Outer &outer, const Inner &inner) {
  std::optional<Result> best;
  double bestTime = std::numeric_limits<double>::infinity();
  ChunkingFailure smallest;
  smallest.needed = std::numeric_limits<int64_t>::max();
  std::optional<ChunkingFailure> overflow;
  bool isWhole = true;
  for (const auto &first : outer)
    for (const auto &second : inner) {
      Result candidate = search.build(first, second);
      std::optional<ChunkingFailure> failure = search.checkFit(candidate);
      if (std::exchange(isWhole, false))
        overflow = failure;
      if (failure) {
        if (failure->needed < smallest.needed)
          smallest = *failure;
        continue;
      }
      if (double time = search.estimate(candidate); time < bestTime) {
        bestTime = time;
        best = candidate;
      }
    }
  if (!best)
    return smallest;
  best->choice = {overflow, bestTime};
  return *best;
}

} // namespace photonic

#endif // PHOTONIC_LIB_CONVERSION_TOPISA_CHUNKING_H
