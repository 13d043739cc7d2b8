//===- OriginTest.cpp - Random numbers of products in parts -----*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ProductHelpers.h"

#include "machines/rns/Instructions.h"
#include "phx/isa/Origin.h"
#include "phx/isa/Validator.h"

using namespace phx;
using namespace phx::testing;

namespace {

constexpr int64_t rows = 64, columns = 12, contraction = 40;

ProductCase makeCase() {
  ProductCase c;
  c.spec = linearSpec(rows, contraction, columns);
  c.format = makeFormat(4, 16, {31, 32, 33}, Rounding::Stochastic);
  c.key = {{11, 3, 8}, 5};
  Generator generate(7);
  fill(c, generate, Values::Plain, Values::Plain);
  return c;
}

/// The product of `whole`, a loop over its tiles on one array, as four nests:
/// halves of its rows by halves of its columns. Positions of each are counted
/// from its corner on.
Program cutIntoQuarters(const Program &whole) {
  Program program = whole;
  program.code.clear();
  Product &product = program.products[0];
  product.nests.clear();
  const CoreProgram &load = getAs<CoreProgram>(whole.code[1].body);
  const CoreStream &stream = getAs<CoreStream>(whole.code[2].body);
  for (int64_t r : {int64_t(0), rows / 2})
    for (int64_t c : {int64_t(0), columns / 2}) {
      uint64_t begin = program.code.size();
      for (size_t i : {0, 1, 2, 3}) {
        program.code.push_back(whole.code[i]);
        program.code.back().guard.reset();
      }
      Body *bodies[] = {&program.code[begin].body,
                        &program.code[begin + 1].body,
                        &program.code[begin + 2].body};
      // One block of rows: a tile for each stretch of the contraction.
      getAs<Loop>(*bodies[0]).count = (contraction + 15) / 16;
      CoreProgram &part = getAs<CoreProgram>(*bodies[1]);
      part.rowStart = {};
      part.rows = {rows / 2, std::nullopt};
      part.src.offset.base = load.src.offset.base + 4 * r * contraction;
      CoreStream &vectors = getAs<CoreStream>(*bodies[2]);
      vectors.rowStart = {};
      vectors.rows = part.rows;
      vectors.length = {columns / 2, std::nullopt};
      vectors.in.offset.base = stream.in.offset.base + 4 * c * contraction;
      vectors.out.offset.base = stream.out.offset.base + 4 * (c * rows + r);
      product.nests.push_back({begin,
                               begin + 3,
                               {{}, {1}},
                               {{r, {}}, {rows / 2}},
                               {{c, {}}, {columns / 2}},
                               {{}, {contraction}}});
    }
  program.code.push_back(whole.code.back());
  return program;
}

} // namespace

TEST(Origin, ProductsInPartsRoundAsTheWhole) {
  ProductCase c = makeCase();
  Program whole = buildProduct(c, Stationary::First, {1, 32, 16});
  whole.regions[*whole.rng].isMutable = true;
  Program parts = cutIntoQuarters(whole);
  Status status = validate(parts);
  ASSERT_TRUE(status.ok()) << status.error().message;
  Arrays inputs{{"a", toArray(c.first, getShape(c, 0))},
                {"b", toArray(c.second, getShape(c, 1))}};
  std::vector<float> expected = getExpected(c);
  for (const char *executor : {"reference", "fast"})
    for (const Program *program : {&whole, &parts}) {
      auto result = runProgram(*program, inputs, threads(1), executor);
      ASSERT_TRUE(result.ok()) << result.error().message;
      EXPECT_EQ(firstDifference(toVector(result->at("y")), expected), -1)
          << executor << (program == &whole ? ", whole" : ", in parts");
    }
  // Without nests nothing says where the parts are.
  parts.products[0].nests.clear();
  auto result = runProgram(parts, inputs, threads(1));
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_NE(firstDifference(toVector(result->at("y")), expected), -1);
}

TEST(Origin, CoordinatesAreThoseOfTheOperandsRoles) {
  for (Stationary stationary :
       {Stationary::First, Stationary::Second, Stationary::Result}) {
    bool isFirst = stationary != Stationary::Second;
    Program program = buildProduct(
        makeCase(), isFirst ? Stationary::First : Stationary::Second,
        {1, 32, 16});
    // Where the result stays, rows and vectors are those of the two operands
    // in their order, as where the first one does.
    program.products[0].stationary = stationary;
    program.products[0].nests[0].rows.start.base = 100;
    program.products[0].nests[0].columns.start.base = 1000;
    program.products[0].nests[0].contraction.start.base = 7;
    Origins origins(program);
    // The second tile of the contraction.
    EXPECT_EQ(origins.get(1, {1}), (Origin{0, isFirst ? 100 : 1000, 16 + 7,
                                           isFirst ? 1000 : 100}));
    EXPECT_EQ(origins.get(2, {1}), origins.get(1, {1}));
    // The halt is in no product.
    EXPECT_EQ(origins.get(program.code.size() - 1, {}), Origin());
  }
}
