//===- RandomNest.cpp - Nests of tiles drawn at random --------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RandomNest.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <map>
#include <tuple>

using namespace photonic;
using namespace photonic::oracle;

static int64_t divideUp(int64_t a, int64_t b) { return (a + b - 1) / b; }

//===----------------------------------------------------------------------===//
// Going through a nest
//===----------------------------------------------------------------------===//

void Nest::visit(std::function<void(const Tile &, int64_t)> callback) const {
  std::vector<int64_t> counters(loops.size(), 0);
  for (;;) {
    Tile tile = bases;
    int64_t value = start.value_or(0);
    for (size_t i = 0; i < loops.size(); ++i) {
      tile[loops[i].dim] += counters[i] * loops[i].weight;
      value += counters[i] * loops[i].startWeight;
    }
    callback(tile, start ? value : 1);
    size_t i = loops.size();
    while (i > 0 && ++counters[i - 1] == loops[i - 1].trips)
      counters[--i] = 0;
    if (i == 0)
      return;
  }
}

namespace {
/// Goes through the tiles of a nest.
class Examiner {
public:
  Examiner(const ViewProduct &product, const Nest &nest)
      : product(product), nest(nest), extents(product.getExtents()),
        elements(countElements(), Element{!nest.isEmpty, std::nullopt}) {
    auto [m, n, k] = nest.sizes;
    sizes = {1, 1, m, n, k};
  }

  NestFacts run() {
    nest.visit([&](const Nest::Tile &tile, int64_t start) {
      if (checkTile(tile))
        addTile(tile, start == 0);
    });
    int64_t tiles = 1;
    for (unsigned dim = 0; dim < numDims; ++dim)
      tiles *= divideUp(extents[dim], sizes[dim]);
    facts.covers &= int64_t(seen.size()) == tiles;
    for (const Element &element : elements)
      facts.starts &= element.isDefined;
    return facts;
  }

private:
  /// What an element, or an accumulator of the product, met last.
  using Term = std::pair<int64_t, int64_t>; ///< minus position, contraction
  struct Element {
    bool isDefined = true;
    std::optional<Term> last;
  };

  size_t countElements() const {
    int64_t count = 1;
    for (int64_t extent : product.resultShape)
      count *= extent;
    return size_t(count);
  }

  /// Notes whether a tile is one of the product, for the first time.
  bool checkTile(const Nest::Tile &tile) {
    bool isTile = true;
    for (unsigned dim = 0; dim < numDims; ++dim)
      isTile &= tile[dim] >= 0 && tile[dim] < extents[dim] &&
                tile[dim] % sizes[dim] == 0;
    facts.covers &= isTile && seen.insert({tile, true}).second;
    return isTile;
  }

  void addTile(const Nest::Tile &tile, bool starts) {
    Term term{-tile[Position], tile[K]};
    for (int64_t i = tile[M]; i < std::min(tile[M] + sizes[M], extents[M]); ++i)
      for (int64_t j = tile[N]; j < std::min(tile[N] + sizes[N], extents[N]);
           ++j) {
        std::optional<Term> &last = accumulators[{tile[Group], i, j}];
        facts.isOrdered &= !last || *last < term;
        last = term;
        int64_t number =
            product.locateResult(tile[Group], tile[Position], i, j);
        if (number < 0)
          continue;
        Element &element = elements[size_t(number)];
        facts.meetsInOrder &= !element.last || *element.last < term;
        // What starts anew loses what was there.
        facts.starts &= starts ? !element.last : element.isDefined;
        element = {true, term};
      }
  }

  const ViewProduct &product;
  const Nest &nest;
  std::array<int64_t, numDims> extents, sizes;
  std::map<Nest::Tile, bool> seen;
  std::vector<Element> elements;
  std::map<std::array<int64_t, 3>, std::optional<Term>> accumulators;
  NestFacts facts;
};
} // namespace

NestFacts oracle::examine(const ViewProduct &product, const Nest &nest) {
  return Examiner(product, nest).run();
}

//===----------------------------------------------------------------------===//
// Drawing
//===----------------------------------------------------------------------===//

NestGenerator::NestGenerator(Random &random, const ViewProduct &product,
                             int64_t rows, bool isFull)
    : random(random), product(product), rows(rows), isFull(isFull) {}

/// Counts a coordinate in no, one or two loops.
void NestGenerator::addLoops(Nest &nest, unsigned dim, int64_t size) {
  int64_t trips = divideUp(product.getExtents()[dim], size);
  if (trips == 1) {
    if (random.chance(30))
      nest.loops.push_back({dim, 1, size});
    return;
  }
  std::vector<int64_t> inner;
  for (int64_t divisor = 2; divisor < trips; ++divisor)
    if (trips % divisor == 0)
      inner.push_back(divisor);
  int64_t first = trips;
  if (!inner.empty() && random.chance(50))
    first = inner[size_t(random.pick(0, int64_t(inner.size()) - 1))];
  if (first != trips)
    nest.loops.push_back({dim, trips / first, first * size});
  nest.loops.push_back({dim, first, size});
}

/// Loops in any order, but positions and contraction as their order asks for.
void NestGenerator::drawOrder(Nest &nest) {
  random.shuffle(nest.loops);
  std::vector<size_t> slots;
  std::vector<NestLoop> ordered;
  for (size_t i = 0; i < nest.loops.size(); ++i)
    if (nest.loops[i].dim == Position || nest.loops[i].dim == K) {
      slots.push_back(i);
      ordered.push_back(nest.loops[i]);
    }
  std::sort(
      ordered.begin(), ordered.end(), [](const NestLoop &a, const NestLoop &b) {
        return std::tuple(a.dim, -a.weight) < std::tuple(b.dim, -b.weight);
      });
  for (auto [slot, loop] : llvm::zip_equal(slots, ordered))
    nest.loops[slot] = loop;
  // Positions count down; whatever has no order may do so.
  for (NestLoop &loop : nest.loops)
    if (loop.dim == Position || (loop.dim != K && random.chance(25))) {
      nest.bases[loop.dim] += (loop.trips - 1) * loop.weight;
      loop.weight = -loop.weight;
    }
}

void NestGenerator::drawStart(Nest &nest) {
  if (random.chance(30))
    return;
  nest.start = 0;
  // Where positions do not meet, each may start its elements.
  bool startsEach = random.chance(25);
  for (NestLoop &loop : nest.loops)
    if (loop.dim == K || (loop.dim == Position && !startsEach))
      loop.startWeight =
          random.chance(60) ? std::abs(loop.weight) : random.pick(1, 3);
  // Where it suffices to start, nothing has to be there before.
  nest.isEmpty = true;
  nest.isEmpty = examine(product, nest).starts && random.chance(70);
}

void NestGenerator::drawSpelling(Nest &nest) {
  for (NestLoop &loop : nest.loops) {
    loop.lower = random.chance(60) ? 0 : random.pick(-3, 5);
    int64_t weight = std::abs(loop.weight);
    if (weight != 0 && loop.startWeight % weight == 0 && random.chance(60))
      loop.step = weight;
    loop.slack = random.pick(1, loop.step);
  }
  nest.hoists = random.chance(50);
  int64_t loops = int64_t(nest.loops.size());
  nest.overBegin = random.chance(60) ? 0 : random.pick(0, loops - 1);
  nest.overEnd =
      random.chance(60) ? loops : random.pick(nest.overBegin + 1, loops);
}

Nest NestGenerator::tryNest() {
  Nest nest;
  auto extents = product.getExtents();
  nest.secondStays = random.chance(50);
  unsigned stays = nest.secondStays ? N : M, streams = nest.secondStays ? M : N;
  nest.sizes[stays - M] = isFull ? rows : random.pick(1, rows);
  nest.sizes[streams - M] = random.chance(60)
                                ? extents[streams]
                                : random.pick(1, extents[streams] + 2);
  nest.sizes[K - M] = product.getTerm();
  addLoops(nest, Group, 1);
  addLoops(nest, Position, 1);
  for (unsigned dim : {M, N, K})
    addLoops(nest, dim, nest.sizes[dim - M]);
  if (nest.loops.empty())
    nest.loops.push_back({Group, 1, 1});
  drawOrder(nest);
  drawStart(nest);
  drawSpelling(nest);
  return nest;
}

Nest NestGenerator::makeRight() {
  for (;;) {
    Nest nest = tryNest();
    if (examine(product, nest).isRight())
      return nest;
  }
}

Nest NestGenerator::makeAny() {
  Nest nest = tryNest();
  while (random.chance(40))
    spoil(nest);
  return nest;
}

/// Changes something that decides what the nest computes.
void NestGenerator::spoil(Nest &nest) {
  int64_t last = int64_t(nest.loops.size()) - 1;
  NestLoop &loop = nest.loops[size_t(random.pick(0, last))];
  switch (random.pick(0, 8)) {
  case 0:
    random.shuffle(nest.loops);
    break;
  case 1:
    std::swap(loop, nest.loops[size_t(random.pick(0, last))]);
    break;
  case 2: // the other way round
    nest.bases[loop.dim] += (loop.trips - 1) * loop.weight;
    loop.weight = -loop.weight;
    break;
  case 3:
    loop.weight += random.chance(50) ? 1 : -1;
    break;
  case 4:
    loop.trips = std::max<int64_t>(1, loop.trips + random.pick(-1, 1));
    break;
  case 5:
    nest.bases[size_t(random.pick(0, numDims - 1))] += random.pick(-1, 1);
    break;
  case 6:
    loop.startWeight += random.pick(-1, 2);
    break;
  case 7:
    if (nest.start)
      *nest.start += random.pick(-1, 1);
    break;
  case 8:
    nest.isEmpty = !nest.isEmpty;
    break;
  }
}
