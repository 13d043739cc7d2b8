//===- TileNest.cpp - The loops around a tile -----------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Dialect/Photonic/Transforms/TileNest.h"

#include "photonic/Dialect/Photonic/Transforms/Survivor.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "llvm/Support/CheckedArithmetic.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::phot;

StringRef photonic::phot::getName(TileDim dim) {
  static constexpr StringLiteral names[numTileDims] = {"group", "position", "m",
                                                       "n", "k"};
  return names[static_cast<unsigned>(dim)];
}

//===----------------------------------------------------------------------===//
// Linear forms
//===----------------------------------------------------------------------===//

namespace {
/// Writes values as linear forms over the loops of a nest.
class FormBuilder {
public:
  explicit FormBuilder(ArrayRef<scf::ForOp> loops) : loops(loops) {}

  /// Nothing of a value that is no linear form, or leaves int64.
  std::optional<LinearForm> get(Value value) {
    // Sums of sums share their parts: each is looked at once.
    if (auto known = forms.find(value); known != forms.end())
      return known->second;
    std::optional<LinearForm> form = build(value);
    forms[value] = form;
    return form;
  }

private:
  std::optional<LinearForm> build(Value value) {
    if (std::optional<int64_t> constant = getConstantIntValue(value))
      return makeConstant(*constant);
    for (auto [index, loop] : llvm::enumerate(loops))
      if (scf::ForOp here = loop; here.getInductionVar() == value) {
        LinearForm form =
            makeConstant(*getConstantIntValue(here.getLowerBound()));
        form.weights[index] = *getConstantIntValue(here.getStep());
        return form;
      }
    Operation *op = value.getDefiningOp();
    if (isa_and_present<arith::AddIOp>(op))
      return combine(op, 1);
    if (isa_and_present<arith::SubIOp>(op))
      return combine(op, -1);
    if (isa_and_present<arith::MulIOp>(op))
      return multiply(op);
    return std::nullopt;
  }

  LinearForm makeConstant(int64_t value) const {
    return {value, llvm::SmallVector<int64_t, 8>(loops.size(), 0)};
  }

  /// a + factor * b, componentwise; false if that leaves int64.
  static bool add(LinearForm &a, int64_t factor, const LinearForm &b) {
    bool fits = true;
    auto addTo = [&](int64_t &to, int64_t more) {
      std::optional<int64_t> sum = llvm::checkedMulAdd(factor, more, to);
      // The lowest number has no magnitude.
      fits &= sum && *sum != std::numeric_limits<int64_t>::min();
      to = sum.value_or(0);
    };
    addTo(a.base, b.base);
    for (auto [weight, more] : llvm::zip_equal(a.weights, b.weights))
      addTo(weight, more);
    return fits;
  }

  /// first + factor * second
  std::optional<LinearForm> combine(Operation *op, int64_t factor) {
    std::optional<LinearForm> first = get(op->getOperand(0));
    std::optional<LinearForm> second = get(op->getOperand(1));
    if (!first || !second || !add(*first, factor, *second))
      return std::nullopt;
    return first;
  }

  std::optional<LinearForm> multiply(Operation *op) {
    for (unsigned constant : {0, 1}) {
      std::optional<int64_t> factor =
          getConstantIntValue(op->getOperand(constant));
      std::optional<LinearForm> form = get(op->getOperand(1 - constant));
      LinearForm product = makeConstant(0);
      if (factor && form && add(product, *factor, *form))
        return product;
    }
    return std::nullopt;
  }

  ArrayRef<scf::ForOp> loops;
  llvm::DenseMap<Value, std::optional<LinearForm>> forms;
};
} // namespace

//===----------------------------------------------------------------------===//
// Nests
//===----------------------------------------------------------------------===//

/// Iterations of a loop with constant bounds; nothing of another.
static std::optional<int64_t> countTrips(scf::ForOp loop) {
  std::optional<int64_t> lower = getConstantIntValue(loop.getLowerBound());
  std::optional<int64_t> upper = getConstantIntValue(loop.getUpperBound());
  std::optional<int64_t> step = getConstantIntValue(loop.getStep());
  if (!lower || !upper || !step || *step < 1)
    return std::nullopt;
  if (*upper <= *lower)
    return 0;
  std::optional<int64_t> distance = llvm::checkedSub(*upper, *lower);
  if (!distance)
    return std::nullopt;
  return llvm::divideCeilSigned(*distance, *step);
}

/// Whether `loop` computes nothing but indices and `inner`, hands its
/// accumulator to `init` and yields what `inner` makes of it.
static bool carriesOnly(scf::ForOp loop, Operation *inner, Value init) {
  if (loop.getNumRegionIterArgs() != 1 || loop.getRegionIterArg(0) != init ||
      loop.getYieldedValues().front() != inner->getResult(0))
    return false;
  return llvm::all_of(loop.getBody()->without_terminator(), [&](Operation &op) {
    return &op == inner ||
           isa_and_present<arith::ArithDialect>(op.getDialect());
  });
}

static LogicalResult collectLoops(ArrayProductOp tile, TileNest &nest) {
  Operation *inner = tile;
  Value init = tile.getInit();
  while (auto loop = dyn_cast<scf::ForOp>(inner->getParentOp())) {
    std::optional<int64_t> trips = countTrips(loop);
    if (!trips || *trips == 0) {
      InFlightDiagnostic diag = emitSurvivor(tile, "tile")
                                << "needs loops that count from a constant to "
                                   "a larger one in constant steps";
      diag.attachNote(loop.getLoc()) << "this one does not";
      return diag;
    }
    if (!carriesOnly(loop, inner, init)) {
      InFlightDiagnostic diag = emitSurvivor(tile, "tile")
                                << "needs loops that carry its accumulator and "
                                   "compute nothing but indices";
      diag.attachNote(loop.getLoc()) << "this one does not";
      return diag;
    }
    nest.loops.insert(nest.loops.begin(), loop);
    nest.trips.insert(nest.trips.begin(), *trips);
    inner = loop;
    init = loop.getInits().front();
  }
  if (!nest.loops.empty() && isa<func::FuncOp, FusedOp>(inner->getParentOp()))
    return success();
  return emitSurvivor(tile, "tile")
         << "needs a nest of scf.for loops in the body of its function";
}

FailureOr<TileNest> TileNest::get(ArrayProductOp tile) {
  TileNest nest;
  nest.tile = tile;
  if (failed(collectLoops(tile, nest)))
    return failure();
  FormBuilder forms(nest.loops);
  Value values[] = {tile.getGroup(), tile.getPosition(), tile.getM(),
                    tile.getN(), tile.getK()};
  for (unsigned i = 0; i < numTileDims; ++i) {
    std::optional<LinearForm> form = forms.get(values[i]);
    if (!form)
      return emitSurvivor(tile, "tile")
             << "has a coordinate " << getName(TileDim(i))
             << " that is no sum of multiples of the counters of its loops and "
                "constants (arith.addi, subi and muli by a constant)";
    nest.coordinates[i] = std::move(*form);
  }
  if (tile.getStart()) {
    nest.start = forms.get(tile.getStart());
    if (!nest.start)
      return emitSurvivor(tile, "tile")
             << "has a start that is no sum of multiples of the counters of "
                "its loops "
                "and constants (arith.addi, subi and muli by a constant)";
  }
  return nest;
}

int64_t TileNest::getExtent(TileDim dim) const {
  ProductExtents extents = ProductExtents::get(tile);
  switch (dim) {
  case TileDim::Group:
    return extents.groups;
  case TileDim::Position:
    return extents.positions;
  case TileDim::M:
    return extents.m;
  case TileDim::N:
    return extents.n;
  case TileDim::K:
    return extents.k;
  }
  llvm_unreachable("covered switch");
}

int64_t TileNest::getSize(TileDim dim) const {
  ArrayProductOp op = tile;
  switch (dim) {
  case TileDim::Group:
  case TileDim::Position:
    return 1;
  case TileDim::M:
    return op.getSizes()[0];
  case TileDim::N:
    return op.getSizes()[1];
  case TileDim::K:
    return op.getSizes()[2];
  }
  llvm_unreachable("covered switch");
}

SmallVector<unsigned, 2> TileNest::getLoops(TileDim dim) const {
  SmallVector<unsigned, 2> own;
  for (unsigned loop = 0; loop < loops.size(); ++loop)
    if (get(dim).weights[loop] != 0)
      own.push_back(loop);
  return own;
}

Value TileNest::getInit() const {
  scf::ForOp outermost = loops.front();
  return outermost.getInits().front();
}

//===----------------------------------------------------------------------===//
// Verification
//===----------------------------------------------------------------------===//

/// Each loop counts one coordinate, or runs once.
static LogicalResult verifyUses(const TileNest &nest) {
  for (unsigned loop = 0; loop < nest.loops.size(); ++loop) {
    unsigned uses = 0;
    for (const LinearForm &form : nest.coordinates)
      uses += form.weights[loop] != 0;
    if (uses == 1 || (uses == 0 && nest.trips[loop] == 1))
      continue;
    InFlightDiagnostic diag =
        emitSurvivor(nest.tile, "tile")
        << "needs loops that count one coordinate of the tile each";
    diag.attachNote(scf::ForOp(nest.loops[loop]).getLoc())
        << "this one counts " << uses;
    return diag;
  }
  return success();
}

/// The tiles along a coordinate begin at 0, size, 2 * size, ... up to the
/// extent, each once.
static LogicalResult verifyCoverage(const TileNest &nest, TileDim dim) {
  int64_t size = nest.getSize(dim), extent = nest.getExtent(dim);
  const LinearForm &form = nest.get(dim);
  SmallVector<unsigned, 2> loops = nest.getLoops(dim);
  llvm::stable_sort(loops, [&](unsigned a, unsigned b) {
    return std::abs(form.weights[a]) < std::abs(form.weights[b]);
  });
  int64_t next = size, first = form.base;
  bool covers = true;
  for (unsigned loop : loops) {
    if (nest.trips[loop] == 1)
      continue;
    std::optional<int64_t> end = llvm::checkedMul(next, nest.trips[loop]);
    if (std::abs(form.weights[loop]) != next || !end) {
      covers = false;
      break;
    }
    next = *end;
    if (form.weights[loop] < 0)
      first += form.weights[loop] * (nest.trips[loop] - 1);
  }
  covers &= first == 0 && next == llvm::divideCeilSigned(extent, size) * size;
  if (covers)
    return success();
  return emitSurvivor(nest.tile, "tile")
         << "has tiles along " << getName(dim)
         << " that do not cover the product: expected each multiple of " << size
         << " from 0 to " << extent - 1 << " once";
}

bool phot::meetsPositions(ViewAttr result, TileDim dim) {
  ArrayRef<ViewDigit> digits = dim == TileDim::Group ? result.getGroups()
                               : dim == TileDim::M   ? result.getRows()
                               : dim == TileDim::N   ? result.getColumns()
                                                     : ArrayRef<ViewDigit>();
  return shareDimension(result.getPositions(), digits);
}

namespace {
/// What the loops outside of one have counted.
struct Outside {
  bool contraction = false; ///< the contraction
  bool shared = false;      ///< what shares elements among positions
  int64_t position = INT64_MAX, k = INT64_MAX; ///< the latest steps of both
};
} // namespace

/// Whether `loop`, inside of what `outside` says, leaves each element its
/// order.
static bool keepsOrder(const TileNest &nest, unsigned loop, Outside &outside) {
  ViewAttr result = ArrayProductOp(nest.tile).getResultView();
  int64_t position = nest.get(TileDim::Position).weights[loop];
  int64_t k = nest.get(TileDim::K).weights[loop];
  bool ordered = true;
  if (position != 0) {
    ordered = position < 0 && -position < outside.position &&
              !outside.contraction && !outside.shared;
    outside.position = -position;
  } else if (k != 0) {
    ordered = k > 0 && k < outside.k;
    outside.k = k;
    outside.contraction = true;
  } else {
    for (TileDim dim : {TileDim::Group, TileDim::M, TileDim::N})
      outside.shared |=
          nest.get(dim).weights[loop] != 0 && meetsPositions(result, dim);
  }
  return ordered;
}

/// Loops of positions count down and come before those of the contraction,
/// which count up, each with the larger steps outside. What shares elements
/// among positions is inside of them.
static LogicalResult verifyOrder(const TileNest &nest) {
  bool ordered = true;
  Outside outside;
  for (unsigned loop = 0; loop < nest.loops.size(); ++loop)
    if (nest.trips[loop] > 1)
      ordered &= keepsOrder(nest, loop, outside);
  if (ordered)
    return success();
  return emitSurvivor(nest.tile, "tile")
         << "has loops in an order in which elements do not meet their terms "
            "as "
            "the product adds them: positions descending, contraction "
            "positions "
            "ascending within each";
}

/// Where accumulations start, every element begins at +0 or what `init` has.
static LogicalResult verifyStart(const TileNest &nest) {
  Operation *init = nest.getInit().getDefiningOp();
  ArrayProductOp tile = nest.tile;
  if (!isa_and_present<ZerosOp, tensor::EmptyOp>(init))
    return emitSurvivor(tile, "tile")
           << "starts from a value; expected photonic.zeros, or tensor.empty "
              "and a start";
  bool isDefined = isa<ZerosOp>(init);
  if (!nest.start) {
    if (isDefined)
      return success();
    return emitSurvivor(tile, "tile")
           << "adds to a tensor.empty, which holds nothing: start from "
              "photonic.zeros, or give the first term of each element a start";
  }
  bool isFirst = nest.start->base == 0;
  for (unsigned loop = 0; loop < nest.loops.size(); ++loop) {
    int64_t weight = nest.start->weights[loop];
    bool orders = nest.get(TileDim::Position).weights[loop] != 0 ||
                  nest.get(TileDim::K).weights[loop] != 0;
    if (nest.trips[loop] > 1)
      isFirst &= orders ? weight > 0 : weight == 0;
  }
  if (!isFirst)
    return emitSurvivor(tile, "tile")
           << "has a start that is not 0 at the first position and contraction "
              "position, and positive at all others";
  // What starts at the first of several positions leaves the elements of the
  // others alone.
  if (isDefined ||
      (nest.getExtent(TileDim::Position) == 1 &&
       coversOnce(tile.getResultView(), tile.getInit().getType().getShape())))
    return success();
  return emitSurvivor(tile, "tile") << "starts from tensor.empty, but its "
                                       "tiles do not write every element "
                                       "first: expected photonic.zeros";
}

LogicalResult TileNest::verify() const {
  if (failed(verifyUses(*this)))
    return failure();
  for (unsigned dim = 0; dim < numTileDims; ++dim)
    if (failed(verifyCoverage(*this, TileDim(dim))))
      return failure();
  if (failed(verifyOrder(*this)) || failed(verifyStart(*this)))
    return failure();
  ArrayProductOp op = tile;
  if (int64_t last = op.getArrays().getOver().back();
      last >= int64_t(loops.size()))
    return emitSurvivor(op, "tile")
           << "has arrays over loop " << last << " of a nest of "
           << loops.size() << " (0 is the outermost)";
  return success();
}
