//===- LayerShapeTest.cpp - Layers, their views, and layers again ---------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RandomProduct.h"

#include "photonic/Dialect/Photonic/IR/LayerShape.h"
#include "photonic/Dialect/Photonic/IR/ProductInfo.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/MLIRContext.h"

#include "gtest/gtest.h"

#include <set>

using namespace mlir;
using namespace photonic;
using namespace photonic::phot;
using oracle::Layer;
using oracle::Random;

namespace {

constexpr ProductKind kinds[] = {ProductKind::Forward,
                                 ProductKind::InputGradient,
                                 ProductKind::WeightGradient};

LayerShape getShape(const Layer &l) {
  LayerShape shape;
  shape.isFlat = l.isLinear;
  shape.groups = l.groups, shape.batch = l.batch;
  shape.channels = l.channels, shape.outChannels = l.outChannels;
  shape.height = l.height, shape.width = l.width;
  shape.kernelHeight = l.kernelHeight, shape.kernelWidth = l.kernelWidth;
  shape.outHeight = l.getOutHeight(), shape.outWidth = l.getOutWidth();
  for (int d : {0, 1}) {
    shape.strides[d] = l.strides[d];
    shape.dilations[d] = l.dilations[d];
    shape.pads[d] = l.pads[d];
  }
  return shape;
}

/// What operands and the result of a product of a layer are.
struct Parts {
  std::vector<int64_t> lhsShape, rhsShape, resultShape;
  ViewAttr lhs, rhs, result;
};

/// The attribute of a view that is not too large.
ViewAttr makeView(const ViewParts &parts, MLIRContext *context) {
  return parts.get(context,
                   [&] { return emitError(UnknownLoc::get(context)); });
}

class LayerShapeTest : public ::testing::Test {
protected:
  LayerShapeTest() {
    context.loadDialect<PhotonicDialect, arith::ArithDialect>();
  }

  Parts getParts(const Layer &l, ProductKind kind) {
    LayerShape s = getShape(l);
    ViewAttr weight = makeView(s.getWeightView(kind), &context);
    ViewAttr image = makeView(s.getImageView(kind), &context);
    ViewAttr output = makeView(s.getOutputView(kind), &context);
    switch (kind) {
    case ProductKind::Forward:
      return {l.getWeightShape(),
              l.getImageShape(),
              l.getOutputShape(),
              weight,
              image,
              output};
    case ProductKind::InputGradient:
      return {l.getWeightShape(),
              l.getOutputShape(),
              l.getImageShape(),
              weight,
              output,
              image};
    case ProductKind::WeightGradient:
      return {l.getOutputShape(),
              l.getImageShape(),
              l.getWeightShape(),
              output,
              image,
              weight};
    }
    llvm_unreachable("covered switch");
  }

  /// The layer that is found in a tile of a product; nobody verifies it.
  std::optional<ProductShape> match(const Parts &parts) {
    OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(&context));
    OpBuilder b = OpBuilder::atBlockEnd(module->getBody());
    Location loc = b.getUnknownLoc();
    auto make = [&](ArrayRef<int64_t> shape) -> Value {
      return ZerosOp::create(b, loc,
                             RankedTensorType::get(shape, b.getF32Type()));
    };
    Value lhs = make(parts.lhsShape), rhs = make(parts.rhsShape);
    Value init = make(parts.resultShape);
    Value zero = arith::ConstantIndexOp::create(b, loc, 0);
    NumberFormatAttrInterface format = Fp32Attr::get(&context, 4);
    auto op = ArrayProductOp::create(
        b, loc, init.getType(), lhs, rhs, init, zero, zero, zero, zero, zero,
        /*start=*/Value(), /*key=*/Value(), parts.lhs, parts.rhs, parts.result,
        b.getDenseI64ArrayAttr({4, 4, 4}), b.getStringAttr("Conv"),
        /*stream=*/IntegerAttr(), format, format,
        StationaryAttr::get(&context, Stationary::First),
        ArraysAttr::get(&context, "core", {0}));
    return ProductShape::match(op);
  }

  MLIRContext context;
};

//===----------------------------------------------------------------------===//
// Views
//===----------------------------------------------------------------------===//

/// A view of a tensor.
class Elements {
public:
  Elements(ViewAttr view, ArrayRef<int64_t> shape) : elements(view, shape) {}

  int64_t get(int64_t group, int64_t position, int64_t row, int64_t column) {
    Coordinates base = add(elements.getOrigin(), elements.getGroup(group));
    return elements.locate(
        add(base, elements.getPosition(position)),
        add(elements.getRow(row), elements.getColumn(column)));
  }

private:
  ViewElements elements;
};

/// Calls `visit` with the coordinates of each multiplication of a layer.
struct Place {
  int64_t g, b, y, x, u, v, c, o;
};
void forEachPlace(const Layer &l, std::function<void(const Place &)> visit) {
  Place p;
  for (p.g = 0; p.g < l.groups; ++p.g)
    for (p.b = 0; p.b < l.batch; ++p.b)
      for (p.y = 0; p.y < l.getOutHeight(); ++p.y)
        for (p.x = 0; p.x < l.getOutWidth(); ++p.x)
          for (p.u = 0; p.u < l.kernelHeight; ++p.u)
            for (p.v = 0; p.v < l.kernelWidth; ++p.v)
              for (p.c = 0; p.c < l.channels; ++p.c)
                for (p.o = 0; p.o < l.outChannels; ++p.o)
                  visit(p);
}

/// Every (group, position, row, column) against nested loops over the tensors,
/// in all products of a layer.
void checkViews(const Layer &l, ArrayRef<Parts> parts) {
  int64_t oh = l.getOutHeight(), ow = l.getOutWidth();
  SmallVector<Elements> lhs, rhs, result;
  for (const Parts &p : parts) {
    lhs.emplace_back(p.lhs, p.lhsShape);
    rhs.emplace_back(p.rhs, p.rhsShape);
    result.emplace_back(p.result, p.resultShape);
  }
  forEachPlace(l, [&](const Place &p) {
    int64_t out = p.g * l.outChannels + p.o, in = p.g * l.channels + p.c;
    int64_t weight =
        ((out * l.channels + p.c) * l.kernelHeight + p.u) * l.kernelWidth + p.v;
    int64_t output =
        ((p.b * l.groups * l.outChannels + out) * oh + p.y) * ow + p.x;
    int64_t row = p.y * l.strides[0] + p.u * l.dilations[0] - l.pads[0];
    int64_t column = p.x * l.strides[1] + p.v * l.dilations[1] - l.pads[1];
    bool inside = row >= 0 && row < l.height && column >= 0 && column < l.width;
    int64_t image =
        inside
            ? ((p.b * l.groups * l.channels + in) * l.height + row) * l.width +
                  column
            : -1;
    int64_t pixel = (p.b * oh + p.y) * ow + p.x;
    int64_t tap = p.u * l.kernelWidth + p.v;
    int64_t patch = tap * l.channels + p.c;
    ASSERT_EQ(lhs[0].get(p.g, 0, p.o, patch), weight);
    ASSERT_EQ(rhs[0].get(p.g, 0, pixel, patch), image);
    ASSERT_EQ(result[0].get(p.g, 0, p.o, pixel), output);
    ASSERT_EQ(lhs[1].get(p.g, tap, p.c, p.o), weight);
    ASSERT_EQ(rhs[1].get(p.g, tap, pixel, p.o), output);
    ASSERT_EQ(result[1].get(p.g, tap, p.c, pixel), image);
    ASSERT_EQ(lhs[2].get(p.g, 0, p.o, pixel), output);
    ASSERT_EQ(rhs[2].get(p.g, 0, patch, pixel), image);
    ASSERT_EQ(result[2].get(p.g, 0, p.o, patch), weight);
  });
}

/// Extents of views are those of the product, and nothing more is in them.
void checkExtents(const ProductShape &shape, const Parts &parts) {
  for (ViewAttr view : {parts.lhs, parts.rhs, parts.result})
    EXPECT_EQ(view.getNumGroups(), shape.groups);
  EXPECT_EQ(parts.lhs.getNumRows(), shape.m);
  EXPECT_EQ(parts.lhs.getNumColumns(), shape.k);
  EXPECT_EQ(parts.rhs.getNumRows(), shape.n);
  EXPECT_EQ(parts.rhs.getNumColumns(), shape.k);
  EXPECT_EQ(parts.result.getNumRows(), shape.m);
  EXPECT_EQ(parts.result.getNumColumns(), shape.n);
  EXPECT_EQ(parts.lhs.getNumPositions(), shape.positions);
  EXPECT_EQ(parts.rhs.getNumPositions(), 1);
  EXPECT_EQ(parts.result.getNumPositions(), shape.positions);
}

TEST_F(LayerShapeTest, ViewsAreThoseOfAConvolution) {
  Layer window; // everything differs from everything else
  window.batch = 3, window.groups = 2;
  window.channels = 3, window.outChannels = 2;
  window.height = 6, window.width = 5;
  window.kernelHeight = 3, window.kernelWidth = 2;
  window.strides[0] = 2, window.dilations[1] = 2;
  const int64_t pads[] = {1, 0, 2, 1};
  llvm::copy(pads, window.pads);
  ASSERT_EQ(window.getOutHeight(), (6 + 3 - 3) / 2 + 1);
  ASSERT_EQ(window.getOutWidth(), (5 + 1 - 3) / 1 + 1);
  Random random(5);
  for (int trial = 0; trial < 80; ++trial) {
    SCOPED_TRACE(trial);
    Layer layer = trial == 0 ? window : random.makeLayer();
    SmallVector<Parts> parts;
    for (ProductKind kind : kinds) {
      parts.push_back(getParts(layer, kind));
      checkExtents(ProductShape(getShape(layer), kind), parts.back());
    }
    checkViews(layer, parts);
    ASSERT_FALSE(HasFailure());
  }
}

/// The views as they are written, for people.
TEST_F(LayerShapeTest, ViewsHaveAText) {
  Layer layer;
  layer.batch = 2, layer.channels = 4, layer.outChannels = 8;
  layer.height = layer.width = 6;
  layer.kernelHeight = layer.kernelWidth = 3;
  for (int64_t &pad : layer.pads)
    pad = 1;
  auto print = [](Attribute view) {
    std::string text;
    llvm::raw_string_ostream(text) << view;
    return text;
  };
  Parts input = getParts(layer, ProductKind::InputGradient);
  EXPECT_EQ(print(input.lhs), "#photonic.view<positions = [3 x d3, 3 x d2], "
                              "rows = [4 x d1], columns = [8 x d0]>");
  EXPECT_EQ(print(input.rhs), "#photonic.view<rows = [6 x d3, 6 x d2, 2 x d0], "
                              "columns = [8 x d1]>");
  EXPECT_EQ(print(input.result),
            "#photonic.view<positions = [3 x d3, 3 x d2], rows = [4 x d1], "
            "columns = [6 x d3, 6 x d2, 2 x d0], offsets = [0, 0, -1, -1]>");
  layer = Layer();
  layer.isLinear = true;
  layer.batch = 8, layer.channels = 84, layer.outChannels = 10;
  Parts linear = getParts(layer, ProductKind::Forward);
  EXPECT_EQ(print(linear.lhs),
            "#photonic.view<rows = [10 x d0], columns = [84 x d1]>");
  EXPECT_EQ(print(linear.rhs),
            "#photonic.view<rows = [8 x d0], columns = [84 x d1]>");
  EXPECT_EQ(print(linear.result),
            "#photonic.view<rows = [10 x d1], columns = [8 x d0]>");
}

/// Three ways to write the same thing down.
TEST_F(LayerShapeTest, ViewsEqualThoseOfTheOracle) {
  Random random(6);
  for (int trial = 0; trial < 300; ++trial) {
    Layer layer = random.makeLayer();
    for (ProductKind kind : kinds) {
      auto expected =
          oracle::ViewProduct::ofLayer(layer, oracle::Kind(unsigned(kind)));
      Parts parts = getParts(layer, kind);
      auto print = [](Attribute view) {
        std::string text;
        llvm::raw_string_ostream(text) << view;
        return text.substr(StringRef("#photonic.view").size());
      };
      EXPECT_EQ(print(parts.lhs), expected.lhs.print());
      EXPECT_EQ(print(parts.rhs), expected.rhs.print());
      EXPECT_EQ(print(parts.result), expected.result.print());
    }
    ASSERT_FALSE(HasFailure());
  }
}

//===----------------------------------------------------------------------===//
// Layers of products
//===----------------------------------------------------------------------===//

/// True if a layer has just the views that `parts` has.
bool hasViews(const ProductShape &s, const Parts &parts) {
  MLIRContext *context = parts.lhs.getContext();
  ViewAttr weight = makeView(s.getWeightView(s.kind), context);
  ViewAttr image = makeView(s.getImageView(s.kind), context);
  ViewAttr output = makeView(s.getOutputView(s.kind), context);
  switch (s.kind) {
  case ProductKind::Forward:
    return weight == parts.lhs && image == parts.rhs && output == parts.result;
  case ProductKind::InputGradient:
    return weight == parts.lhs && output == parts.rhs && image == parts.result;
  case ProductKind::WeightGradient:
    return output == parts.lhs && image == parts.rhs && weight == parts.result;
  }
  llvm_unreachable("covered switch");
}

/// What a layer's views show of it: where there is one output, or one element
/// of the kernel, nobody sees how far the next one would be.
auto getVisible(const LayerShape &s) {
  auto step = [](int64_t extent, int64_t value) {
    return extent == 1 ? 1 : value;
  };
  return std::tuple(s.isFlat, s.groups, s.batch, s.channels, s.outChannels,
                    s.height, s.width, s.kernelHeight, s.kernelWidth,
                    s.outHeight, s.outWidth, s.pads,
                    std::array{step(s.outHeight, s.strides[0]),
                               step(s.outWidth, s.strides[1])},
                    std::array{step(s.kernelHeight, s.dilations[0]),
                               step(s.kernelWidth, s.dilations[1])});
}

TEST_F(LayerShapeTest, LayersAreFoundAgain) {
  Random random(7);
  unsigned others = 0;
  constexpr int trials = 600;
  for (int trial = 0; trial < trials; ++trial) {
    Layer layer = random.makeLayer();
    // Extents of 1, alone and together.
    for (int64_t *extent :
         {&layer.batch, &layer.groups, &layer.channels, &layer.outChannels})
      if (random.chance(25))
        *extent = 1;
    for (ProductKind kind : kinds) {
      SCOPED_TRACE("trial " + std::to_string(trial) + " kind " +
                   std::to_string(unsigned(kind)));
      Parts parts = getParts(layer, kind);
      std::optional<ProductShape> found = match(parts);
      ASSERT_TRUE(found);
      EXPECT_TRUE(hasViews(*found, parts));
      // A product of single channels may be that of several kinds.
      if (found->kind != kind) {
        EXPECT_LT(found->kind, kind);
        ++others;
        continue;
      }
      EXPECT_EQ(getVisible(*found), getVisible(getShape(layer)));
      ProductShape made(getShape(layer), kind);
      EXPECT_EQ(std::tuple(found->positions, found->m, found->n, found->k),
                std::tuple(made.positions, made.m, made.n, made.k));
    }
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_LT(others, unsigned(trials) * 3 / 10);
}

/// Digits of the four indices of a view.
using Lists = std::array<SmallVector<ViewDigit>, 4>;

ViewAttr makeView(MLIRContext *context, const Lists &lists,
                  ArrayRef<int64_t> offsets) {
  return ViewAttr::getChecked(
      [&] { return emitError(UnknownLoc::get(context)); }, context,
      ArrayRef(lists[0]), ArrayRef(lists[1]), ArrayRef(lists[2]),
      ArrayRef(lists[3]), offsets);
}

/// One digit of `view` changed; null if nothing came of it. `isAddress`: only
/// the step of a digit of rows or columns of the tensor, or its offset.
ViewAttr change(Random &random, ViewAttr view, int64_t rank, bool &isAddress) {
  Lists lists;
  auto copy = [](ArrayRef<ViewDigit> digits) {
    return SmallVector<ViewDigit>(digits);
  };
  lists = {copy(view.getGroups()), copy(view.getPositions()),
           copy(view.getRows()), copy(view.getColumns())};
  SmallVector<int64_t> offsets(view.getOffsets());
  auto pickOne = [&](size_t size) {
    return size_t(random.pick(0, int64_t(size) - 1));
  };
  SmallVector<ViewDigit> &list = lists[pickOne(lists.size())];
  isAddress = false;
  if (list.empty())
    return {};
  ViewDigit &digit = list[pickOne(list.size())];
  switch (random.pick(0, 4)) {
  case 0:
    digit.radix += random.chance(50) ? 1 : -1;
    break;
  case 1:
    digit.step += random.chance(50) ? 1 : -1;
    isAddress = digit.dim >= 2;
    break;
  case 2:
    digit.step = -digit.step;
    break;
  case 3:
    digit.dim = random.pick(0, rank - 1);
    break;
  case 4:
    if (random.chance(50)) {
      std::swap(digit, list[pickOne(list.size())]);
      break;
    }
    offsets.resize(size_t(rank), 0);
    size_t dim = pickOne(offsets.size());
    offsets[dim] += random.chance(50) ? 1 : -1;
    isAddress = dim >= 2;
    if (llvm::all_of(offsets, [](int64_t offset) { return offset == 0; }))
      offsets.clear();
    break;
  }
  ScopedDiagnosticHandler handler(view.getContext(),
                                  [](Diagnostic &) { return success(); });
  ViewAttr changed = makeView(view.getContext(), lists, offsets);
  return changed == view ? ViewAttr() : changed;
}

/// One digit changed is no layer, or another one: one of other strides,
/// dilations or pads.
TEST_F(LayerShapeTest, OtherViewsAreNoLayers) {
  Random random(8);
  unsigned none = 0, another = 0;
  for (int trial = 0; trial < 6000; ++trial) {
    Layer layer = random.makeLayer();
    ProductKind kind = kinds[size_t(random.pick(0, 2))];
    Parts parts = getParts(layer, kind);
    int64_t rank = layer.isLinear ? 2 : 4;
    ViewAttr *views[] = {&parts.lhs, &parts.rhs, &parts.result};
    int64_t which = random.pick(0, 2);
    bool isImage = which == (kind == ProductKind::InputGradient ? 2 : 1);
    bool isAddress = false;
    ViewAttr changed = change(random, *views[which], rank, isAddress);
    if (!changed)
      continue;
    *views[which] = changed;
    std::optional<ProductShape> found = match(parts);
    std::string text;
    llvm::raw_string_ostream(text)
        << "trial " << trial << ": " << parts.lhs << parts.rhs << parts.result;
    // Where other extents are 1, what is left may be of another kind.
    EXPECT_TRUE(!found || found->kind != kind || (isImage && isAddress))
        << text;
    (found ? another : none) += 1;
    if (!found)
      continue;
    EXPECT_TRUE(hasViews(*found, parts)) << text;
    for (int d : {0, 1}) {
      EXPECT_GE(found->strides[d], 1) << text;
      EXPECT_GE(found->dilations[d], 1) << text;
    }
  }
  EXPECT_GT(none, 2000u);
  EXPECT_GT(another, 100u);
}

} // namespace
