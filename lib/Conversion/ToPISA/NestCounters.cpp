//===- NestCounters.cpp - The loops that a nest becomes -------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "NestCounters.h"

using namespace mlir;
using namespace photonic;
using llvm::divideCeil;
using phot::TileDim;

NestCounters::NestCounters(const NestBlock &block, const NestOptions &options)
    : block(block), o(options),
      first(options.stationary == phot::Stationary::First),
      passes(options.sizes[static_cast<unsigned>(TileDim::K)], options.columns),
      dealtBegin(options.order.dealtBegin), dealtEnd(options.order.dealtEnd) {
  for (const NestLoop &loop : o.order.loops)
    counters.push_back({loop});
  addPasses();
  numberDealt();
}

/// The passes of a term are the innermost loop. Where they are equally long and
/// the contraction is the loop around them, both are one, which ends with the
/// contraction.
void NestCounters::addPasses() {
  if (passes.perTerm == 1)
    return;
  bool isDealt = dealtEnd == counters.size();
  bool isContraction = !counters.empty() && counters.back().dim == TileDim::K;
  int64_t inBlock = static_cast<int64_t>(divideCeil(block.k, passes.columns));
  if (!hasLoop(TileDim::K)) {
    // One term, or a part of one.
    if (inBlock == 1)
      return;
    counters.push_back(
        {{TileDim::K, std::min(inBlock, passes.perTerm), passes.columns},
         /*isPass=*/true});
  } else if (!passes.isUneven() && isContraction) {
    Counter &last = counters.back();
    int64_t begin = last.weight; // of one iteration; 0 is the first
    last.trips = std::min(last.trips * (begin / passes.columns), inBlock);
    last.weight = passes.columns;
  } else {
    counters.push_back({{TileDim::K, passes.perTerm, passes.columns},
                        /*isPass=*/true});
  }
  if (isDealt)
    dealtEnd = counters.size();
}

void NestCounters::numberDealt() {
  for (size_t i = dealtEnd; i-- > dealtBegin;) {
    counters[i].isDealt = true;
    counters[i].isOutermost = i == dealtBegin;
    counters[i].step = tiles;
    tiles *= counters[i].trips;
  }
}

/// Whether elements meet their terms as the loops of the IR have them. Several
/// arrays take turns inside of the loops that are not dealt: where a dealt one
/// orders the terms of an element, none of those may.
bool NestCounters::keepsOrder(const phot::ViewAttr &result) const {
  auto orders = [](const Counter &counter) {
    return counter.dim == TileDim::K || counter.dim == TileDim::Position;
  };
  auto inner = ArrayRef(counters).drop_front(dealtEnd);
  for (size_t i = dealtBegin; i < dealtEnd && o.arrays > 1; ++i)
    if (orders(counters[i]) && llvm::any_of(inner, [&](const Counter &counter) {
          return orders(counter) || (counters[i].dim == TileDim::Position &&
                                     phot::meetsPositions(result, counter.dim));
        }))
      return false;
  return true;
}

std::optional<std::string>
NestCounters::findProblem(const phot::ViewAttr &result, unsigned depth) const {
  if (!keepsOrder(result))
    return "deals loops to arrays that order the terms of an element, as loops "
           "inside of them do; name those in 'arrays' as well";
  // A count is clipped to one extent: that of the product or of the chunk.
  for (auto [dim, extent, remaining] :
       {std::tuple(TileDim::M, block.m, o.rowsRemaining),
        std::tuple(TileDim::N, block.n, o.columnsRemaining)}) {
    int64_t size = o.sizes[static_cast<unsigned>(dim)];
    if (hasLoop(dim) && !remaining.terms.empty() && extent % size != 0)
      return "has tiles along " + phot::getName(dim).str() +
             " that chunks for on-chip memory cut, the last of which is "
             "smaller; expected chunks of a multiple of " +
             std::to_string(size) +
             ", or the product in one piece (chunk = <>)";
  }
  auto isTerms = [](const Counter &counter) {
    return counter.dim == TileDim::K && !counter.isPass;
  };
  if (passes.isUneven() && passes.perTerm > 1 &&
      llvm::count_if(counters, isTerms) > 1)
    return "counts k in several loops, but its terms take passes that are not "
           "equally long; use one loop";
  // Those that are not dealt, and the one that deals.
  size_t needed = counters.size() - (dealtEnd - dealtBegin) + 1 + depth;
  if (needed > phx::maxLoopDepth)
    return "needs " + std::to_string(needed) +
           " nested loops, programs have at most " +
           std::to_string(phx::maxLoopDepth) +
           "; name more loops of its nest in 'arrays', or merge some";
  return std::nullopt;
}
