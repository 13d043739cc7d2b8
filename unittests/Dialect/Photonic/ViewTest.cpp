//===- ViewTest.cpp - Which element is where ------------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RandomProduct.h"
#include "ViewUtils.h"

#include "photonic/Dialect/Photonic/IR/ProductInfo.h"

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"

#include "gtest/gtest.h"

#include <limits>
#include <numeric>
#include <set>

using namespace mlir;
using namespace photonic;
using namespace photonic::phot;
using oracle::Digit;
using oracle::Digits;
using oracle::Place;
using oracle::Random;
using oracle::View;

namespace {

class ViewTest : public ::testing::Test {
protected:
  ViewTest() { context.loadDialect<PhotonicDialect>(); }

  /// The view that `text`, `<...>`, says; null if it says none.
  ViewAttr parse(const std::string &text) {
    message.clear();
    ScopedDiagnosticHandler handler(
        &context, [&](Diagnostic &diag) { message += diag.str(); });
    return dyn_cast_or_null<ViewAttr>(
        parseAttribute("#photonic.view" + text, &context));
  }

  void expectRefused(const std::string &text, const std::string &why) {
    EXPECT_FALSE(parse(text)) << text;
    EXPECT_NE(message.find(why), std::string::npos) << text << ": " << message;
  }

  static std::string print(ViewAttr view) {
    std::string text;
    llvm::raw_string_ostream(text) << Attribute(view);
    return text;
  }

  MLIRContext context;
  std::string message;
};

//===----------------------------------------------------------------------===//
// Syntax
//===----------------------------------------------------------------------===//

TEST_F(ViewTest, PrintsWhatItReads) {
  for (const char *text :
       {"<>", "<groups = [2 x d0 by 8]>", "<positions = [3 x d3, 3 x d2]>",
        "<rows = [8 x d0], columns = [4 x d1, 3 x d3, 3 x d2]>",
        "<rows = [6 x d3 by 2, 6 x d2 by -2], offsets = [0, 0, -1, 4]>",
        "<groups = [2 x d7], positions = [2 x d7 by 2], rows = [2 x d7 by 4], "
        "columns = [2 x d7 by -8]>",
        "<offsets = [3]>"}) {
    ViewAttr view = parse(text);
    ASSERT_TRUE(view) << text << ": " << message;
    EXPECT_EQ(print(view), std::string("#photonic.view") + text);
  }
  Random random(1);
  for (int trial = 0; trial < 500; ++trial) {
    int64_t rank = random.pick(1, 8);
    View view = random.makeView(rank, 200, 9);
    random.makeShape(view, rank); // for offsets
    ViewAttr attr = getView(&context, view);
    EXPECT_EQ(print(attr), "#photonic.view" + view.print());
    EXPECT_EQ(parse(view.print()), attr) << view.print() << message;
  }
}

/// Parts may come in any order, and empty lists are not there.
TEST_F(ViewTest, ReadsPartsInAnyOrder) {
  ViewAttr view = parse("<offsets = [1, 0], columns = [2 x d1], groups = [], "
                        "rows = [3 x d0]>");
  ASSERT_TRUE(view) << message;
  EXPECT_EQ(view,
            parse("<rows = [3 x d0], columns = [2 x d1], offsets = [1, 0]>"));
}

TEST_F(ViewTest, RefusesOtherText) {
  expectRefused("<lines = [2 x d0]>", "expected groups, positions, rows, "
                                      "columns or offsets, each at most once, "
                                      "found 'lines'");
  expectRefused("<rows = [2 x d0], rows = [2 x d1]>", "each at most once");
  expectRefused("<offsets = [1], offsets = [1]>", "each at most once");
  expectRefused("<rows = [2 x d0 by 1]>", "expected another step than 1");
  expectRefused("<rows = [2 x e0]>", "expected a dimension d0 to d7");
  expectRefused("<rows = [2 x d]>", "expected a dimension d0 to d7");
  expectRefused("<rows = [2 x dx]>", "expected a dimension d0 to d7");
  expectRefused("<rows = [2 d0]>", "expected 'x'");
  expectRefused("<rows = 2 x d0>", "expected '['");
  expectRefused("<rows [2 x d0]>", "expected '='");
}

//===----------------------------------------------------------------------===//
// Constraints
//===----------------------------------------------------------------------===//

/// Rule 1: radices, steps, dimensions.
TEST_F(ViewTest, ChecksDigits) {
  for (const char *name : {"groups", "positions", "rows", "columns"}) {
    auto list = [&](const std::string &digits) {
      return "<" + std::string(name) + " = [" + digits + "]>";
    };
    std::string second = "digit 1 of " + std::string(name) + " ";
    EXPECT_TRUE(parse(list("2 x d0, 2 x d7 by -1"))) << message;
    for (const char *radix : {"1", "0", "-3"})
      expectRefused(list("2 x d0, " + std::string(radix) + " x d1"),
                    second + "has radix " + radix + ", expected at least 2");
    expectRefused(list("2 x d0, 2 x d1 by 0"), second + "has step 0");
    expectRefused(list("2 x d0, 2 x d8"),
                  second + "is on dimension 8, expected 0 to 7");
  }
}

/// Rule 2: no two digits that are one.
TEST_F(ViewTest, ChecksThatDigitsAreApart) {
  expectRefused("<rows = [2 x d0, 3 x d0 by 2]>",
                "digit 1 of rows goes on where the one before it ends; write "
                "them as one digit of radix 6");
  expectRefused("<columns = [5 x d1, 2 x d0 by -3, 4 x d0 by -6]>",
                "digit 2 of columns goes on");
  // On another dimension, with another step, in another order or list.
  for (const char *text :
       {"<rows = [2 x d0, 3 x d1 by 2]>", "<rows = [2 x d0, 3 x d0 by 3]>",
        "<rows = [2 x d0, 3 x d0 by -2]>", "<rows = [3 x d0 by 2, 2 x d0]>",
        "<rows = [2 x d0, 2 x d1, 3 x d0 by 2]>",
        "<rows = [2 x d0], columns = [3 x d0 by 2]>"})
    EXPECT_TRUE(parse(text)) << text << ": " << message;
}

/// Rule 3: offsets.
TEST_F(ViewTest, ChecksOffsets) {
  expectRefused("<rows = [2 x d0], offsets = [0]>",
                "offsets are all 0; leave them out");
  expectRefused("<offsets = [0, 0, 0]>", "offsets are all 0");
  EXPECT_TRUE(parse("<offsets = [0, 0, -7]>"));
  ViewAttr view = parse("<rows = [2 x d0], offsets = [0, 0, 5]>");
  EXPECT_EQ(view.getOffset(0), 0);
  EXPECT_EQ(view.getOffset(2), 5);
  EXPECT_EQ(parse("<rows = [2 x d0]>").getOffset(6), 0);
}

/// Nothing that is computed from a view leaves 64 bits.
TEST_F(ViewTest, ChecksMagnitudes) {
  const char *high = "reaches beyond 2^40";
  EXPECT_TRUE(parse("<rows = [1099511627776 x d0]>")) << message;
  EXPECT_TRUE(parse("<rows = [2 x d0 by -549755813888]>")) << message;
  expectRefused("<rows = [1099511627777 x d0]>", high);
  expectRefused("<rows = [2 x d0 by 549755813889]>", high);
  expectRefused("<rows = [1048576 x d0, 2097152 x d1]>", high);
  expectRefused("<rows = [4294967296 x d0, 4294967296 x d1, 2 x d2]>", high);
  EXPECT_TRUE(parse("<offsets = [1099511627776]>")) << message;
  expectRefused("<offsets = [1099511627777]>", "is beyond 2^40");
  expectRefused("<offsets = [-1099511627777]>", "is beyond 2^40");
}

/// The magnitude of the lowest number of 64 bits is none.
TEST_F(ViewTest, ChecksTheLowestNumber) {
  expectRefused("<rows = [2 x d0 by -4611686018427387904]>",
                "reaches beyond 2^40");
  auto emit = [&] { return emitError(UnknownLoc::get(&context)); };
  ScopedDiagnosticHandler handler(&context,
                                  [](Diagnostic &) { return success(); });
  int64_t lowest = std::numeric_limits<int64_t>::min();
  EXPECT_FALSE(ViewAttr::getChecked(
      emit, &context, ArrayRef<ViewDigit>(), ArrayRef<ViewDigit>(),
      ArrayRef<ViewDigit>(), ArrayRef<ViewDigit>(), ArrayRef(lowest)));
}

/// (C1) of products.
TEST_F(ViewTest, HasTheDimensionsOfItsTensor) {
  auto check = [&](const char *text, int64_t rank) {
    ViewAttr view = parse(text);
    message.clear();
    ScopedDiagnosticHandler handler(
        &context, [&](Diagnostic &diag) { message = diag.str(); });
    return succeeded(view.checkRank(
        rank, "lhs", [&] { return emitError(UnknownLoc::get(&context)); }));
  };
  EXPECT_TRUE(check("<>", 0));
  EXPECT_TRUE(check("<>", 4));
  EXPECT_TRUE(check("<rows = [2 x d1]>", 2));
  EXPECT_FALSE(check("<rows = [2 x d1]>", 1));
  EXPECT_EQ(message, "view of lhs has dimension d1, but the tensor has rank 1");
  EXPECT_TRUE(check("<rows = [2 x d1], offsets = [0, 0, 1]>", 3));
  EXPECT_FALSE(check("<rows = [2 x d1], offsets = [0, 0, 1]>", 2));
  EXPECT_FALSE(check("<rows = [2 x d1], offsets = [0, 0, 1]>", 4));
  EXPECT_EQ(message, "view of lhs has 3 offsets, expected one for each of 4 "
                     "dimensions");
  // Coordinates have room for 8.
  EXPECT_TRUE(check("<rows = [2 x d1]>", 8));
  EXPECT_FALSE(check("<rows = [2 x d1]>", 9));
}

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

TEST_F(ViewTest, CountsTheValuesOfItsIndices) {
  ViewAttr view = parse("<groups = [2 x d0 by 8], rows = [6 x d3, 5 x d2], "
                        "columns = [4 x d1, 3 x d3, 3 x d2]>");
  EXPECT_EQ(view.getNumGroups(), 2);
  EXPECT_EQ(view.getNumPositions(), 1);
  EXPECT_EQ(view.getNumRows(), 30);
  EXPECT_EQ(view.getNumColumns(), 36);
  EXPECT_EQ(view.getNumDims(), 4u);
  EXPECT_EQ(parse("<offsets = [0, 1]>").getNumDims(), 2u);
  EXPECT_EQ(parse("<>").getNumDims(), 0u);
}

/// The example in the description of `#photonic.view`, in numbers.
TEST_F(ViewTest, SeesAConvolution) {
  ViewElements elements(
      parse("<rows = [6 x d3, 6 x d2], columns = [4 x d1, 3 x d3, 3 x d2], "
            "offsets = [0, 0, -1, -1]>"),
      {1, 4, 6, 6});
  auto locate = [&](int64_t row, int64_t column) {
    return elements.locate(add(elements.getOrigin(), elements.getRow(row)),
                           elements.getColumn(column));
  };
  // (kh, kw, ci) = (0, 0, 0) of the first window is padding, (1, 1, 2) is not.
  EXPECT_EQ(locate(0, 0), -1);
  EXPECT_EQ(locate(0, (1 * 3 + 1) * 4 + 2), 2 * 36);
  // Output (2, 5), kernel (2, 1): image (3, 5), and (2, 2): beyond the right.
  EXPECT_EQ(locate(2 * 6 + 5, (2 * 3 + 1) * 4 + 3), 3 * 36 + 3 * 6 + 5);
  EXPECT_EQ(locate(2 * 6 + 5, (2 * 3 + 2) * 4 + 3), -1);
}

TEST_F(ViewTest, LocatesEveryElement) {
  Random random(2);
  unsigned inside = 0, outside = 0;
  for (int trial = 0; trial < 400; ++trial) {
    int64_t rank = random.pick(1, 8);
    View view = random.makeView(rank, 150, 4);
    std::vector<int64_t> shape = random.makeShape(view, rank);
    SCOPED_TRACE(view.print());
    ViewElements elements(getView(&context, view), shape);
    forEachPlace(view, [&](const Place &p) {
      Coordinates base = add(add(elements.getOrigin(), elements.getGroup(p[0])),
                             elements.getPosition(p[1]));
      int64_t expected = view.locate(p, shape);
      ASSERT_EQ(elements.locate(add(base, elements.getRow(p[2])),
                                elements.getColumn(p[3])),
                expected);
      // Indices are added in any order.
      ASSERT_EQ(elements.locate(elements.getRow(p[2]),
                                add(elements.getColumn(p[3]), base)),
                expected);
      (expected < 0 ? outside : inside) += 1;
    });
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_GT(inside, 5000u);
  EXPECT_GT(outside, 1000u);
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

/// A view whose elements are all of a tensor of `shape`, each once: the extents
/// are cut into digits, which go to any indices.
View makeCover(Random &random, const std::vector<int64_t> &shape) {
  View view;
  view.offsets.assign(shape.size(), 0);
  std::vector<Digit> digits;
  for (size_t dim = 0; dim < shape.size(); ++dim) {
    int64_t step = 1;
    while (step < shape[dim]) {
      int64_t rest = shape[dim] / step, radix = rest;
      if (random.chance(60))
        do
          radix = random.pick(2, rest);
        while (rest % radix != 0);
      digits.push_back({radix, int64_t(dim), step});
      step *= radix;
      if (random.chance(30)) {
        Digit &digit = digits.back();
        view.offsets[dim] += (digit.radix - 1) * digit.step;
        digit.step = -digit.step;
      }
    }
  }
  random.shuffle(digits);
  for (const Digit &digit : digits)
    view.digits[size_t(random.pick(0, 3))].push_back(digit);
  return view;
}

/// Changes one number of a view.
void change(Random &random, View &view) {
  Digits &digits = view.digits[size_t(random.pick(0, 3))];
  if (digits.empty() || random.chance(25)) {
    view.offsets[size_t(random.pick(0, int64_t(view.offsets.size()) - 1))] +=
        random.chance(50) ? 1 : -1;
    return;
  }
  Digit &digit = digits[size_t(random.pick(0, int64_t(digits.size()) - 1))];
  switch (random.pick(0, 3)) {
  case 0:
    digit.radix = std::max<int64_t>(2, digit.radix + random.pick(-1, 1));
    break;
  case 1:
    digit.step += random.chance(50) ? 1 : -1;
    digit.step += digit.step == 0;
    break;
  case 2:
    digit.step = -digit.step;
    break;
  case 3:
    digit.dim = random.pick(0, int64_t(view.offsets.size()) - 1);
    break;
  }
}

/// An attribute where the rules allow one; `offsets` of zeros are left out.
ViewAttr getValid(MLIRContext *context, View view) {
  if (llvm::all_of(view.offsets, [](int64_t offset) { return offset == 0; }))
    view.offsets.clear();
  ScopedDiagnosticHandler handler(context,
                                  [](Diagnostic &) { return success(); });
  return ViewAttr::getChecked(
      [&] { return emitError(UnknownLoc::get(context)); }, context,
      ArrayRef(getDigits(view.digits[0])), ArrayRef(getDigits(view.digits[1])),
      ArrayRef(getDigits(view.digits[2])), ArrayRef(getDigits(view.digits[3])),
      ArrayRef(view.offsets));
}

TEST_F(ViewTest, CoversOnceIsExact) {
  Random random(3);
  unsigned yes = 0, no = 0;
  for (int trial = 0; trial < 4000; ++trial) {
    std::vector<int64_t> shape;
    for (int64_t rank = random.pick(1, 3); rank-- > 0;)
      shape.push_back(random.pick(1, 12));
    View view = makeCover(random, shape);
    while (random.chance(40))
      change(random, view);
    ViewAttr attr = getValid(&context, view);
    if (!attr)
      continue;
    int64_t elements = 1;
    for (int64_t extent : shape)
      elements *= extent;
    std::vector<unsigned> counts(size_t(elements), 0);
    bool expected = true;
    forEachPlace(view, [&](const Place &place) {
      int64_t element = view.locate(place, shape);
      expected &= element >= 0 && counts[size_t(element)]++ == 0;
    });
    expected &= llvm::all_of(counts, [](unsigned count) { return count == 1; });
    EXPECT_EQ(coversOnce(attr, shape), expected) << view.print();
    (expected ? yes : no) += 1;
  }
  EXPECT_GT(yes, 500u);
  EXPECT_GT(no, 500u);
}

/// Along each dimension, whether steps divide the larger ones.
bool isChain(const View &view, int64_t rank) {
  for (int64_t dim = 0; dim < rank; ++dim) {
    std::vector<int64_t> steps;
    for (unsigned i : {0u, 2u, 3u})
      for (const Digit &digit : view.digits[i])
        if (digit.dim == dim)
          steps.push_back(std::abs(digit.step));
    llvm::sort(steps);
    for (size_t i = 1; i < steps.size(); ++i)
      if (steps[i] % steps[i - 1] != 0)
        return false;
  }
  return true;
}

/// What is refused may be right where steps do not divide each other; what is
/// accepted is right.
TEST_F(ViewTest, IsInjectiveIsSafe) {
  Random random(4);
  unsigned yes = 0, no = 0, unknown = 0;
  for (int trial = 0; trial < 4000; ++trial) {
    int64_t rank = random.pick(1, 3);
    View view = random.makeView(rank, 60, 12);
    std::set<std::vector<int64_t>> seen;
    bool expected = true;
    forEachPlace(view, [&](const Place &place) {
      if (place[1] == 0) // positions may meet
        expected &=
            seen.insert(view.getCoordinates(place, size_t(rank))).second;
    });
    bool answer = isInjective(getView(&context, view));
    if (isChain(view, rank))
      EXPECT_EQ(answer, expected) << view.print();
    else
      EXPECT_TRUE(expected || !answer) << view.print();
    (answer ? yes : expected ? unknown : no) += 1;
  }
  EXPECT_GT(yes, 500u);
  EXPECT_GT(no, 500u);
  EXPECT_LT(unknown, yes / 2);
}

} // namespace
