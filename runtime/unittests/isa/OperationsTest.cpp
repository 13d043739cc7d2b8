//===- OperationsTest.cpp - Conversions, passes and combines ----*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../../lib/isa/ProgramHeader.h"
#include "StructureTestUtils.h"

#include "phx/isa/DescribeOperation.h"

#include <cmath>
#include <functional>
#include <gtest/gtest.h>

using namespace phx;
using namespace phx::testing;

namespace {

/// A format that only this test knows: every kind of parameter.
enum class Sign : uint8_t { Both = 0, None = 1 };
struct Fixed {
  static constexpr const char *operationName = "lattice.fixed";
  double scale = 0.5;
  int64_t zero = 0;
  std::vector<int64_t> levels = {1};
  Sign sign = Sign::Both;
  friend bool operator==(const Fixed &, const Fixed &) = default;
};

} // namespace

template <> const EnumDescription &phx::describeEnum<Sign>() {
  static const EnumDescription description{
      "Sign", "which signs there are", {{"both", ""}, {"none", ""}}};
  return description;
}

template <> const OperationDescription &phx::describeOperation<Fixed>() {
  static const OperationDescription description =
      DescribeOperation<Fixed>(OperationTable::Conversion)
          .ofClass("lattice")
          .summary("scale * (m - zero)")
          .parameter(&Fixed::scale, "scale", "", "weight of one")
          .withinReals(1e-9, 1e9)
          .parameter(&Fixed::zero, "zero", "", "of the value 0")
          .within(-128, 127)
          .parameter(&Fixed::levels, "levels", "", "that are used")
          .within(0, 9)
          .counted(1, 3)
          .parameter(&Fixed::sign, "sign", "", "of values")
          .build();
  return description;
}

template <typename Change> static std::string tableError(Change change) {
  Program program = withCode({});
  change(program);
  return structureError(program);
}

TEST(Operations, ParametersHaveRanges) {
  auto moduli = [](std::vector<int64_t> list) {
    return tableError([&](Program &p) { p.passes[0] = rns::makePass(list); });
  };
  EXPECT_EQ(moduli({31, 33, 27}),
            "pass 0 rns.modular_dot moduli: expected pairwise coprime, found "
            "33 and 27 with the common divisor 3");
  EXPECT_EQ(moduli({31, 1}),
            "pass 0 rns.modular_dot moduli: expected 2 to 65536, found 1");
  EXPECT_EQ(moduli({}), "pass 0 rns.modular_dot moduli: expected 1 to 15 "
                        "numbers, found none");
  EXPECT_EQ(moduli({65537}),
            "pass 0 rns.modular_dot moduli: expected 2 to 65536, found 65537");
  EXPECT_EQ(moduli({65536, 65535, 65533, 65531}),
            "pass 0 rns.modular_dot moduli: expected a product of at most "
            "2^62, found more with 65531");
  auto format = [](Bfp bfp) {
    return tableError([&](Program &p) { p.conversions[0] = bfp; });
  };
  EXPECT_EQ(format({4, 0}), "conversion 0 group: expected 1 to 4096, found 0");
  EXPECT_EQ(format({4, 4097}),
            "conversion 0 group: expected 1 to 4096, found 4097");
  EXPECT_EQ(format({0, 16}), "conversion 0 mantissa: expected 1 to 15, found 0");
  EXPECT_EQ(format({16, 16}),
            "conversion 0 mantissa: expected 1 to 15, found 16");
  EXPECT_EQ(format({4, 16, Rounding(3)}),
            "conversion 0 rounding: expected trunc, nearest or stochastic, "
            "found word 3");
}

TEST(Operations, EveryKindOfParameter) {
  OperationSet::get().add<Fixed>();
  OperationSet::get().add<Fixed>(); // once more does nothing
  Fixed fixed{0.25, -3, {7, 8}, Sign::None};
  EXPECT_EQ(toAssembly(TableOperation(fixed)),
            "lattice.fixed scale 0.25 zero -3 levels [7, 8] sign none");
  EXPECT_EQ(toRealText(1e30), "1.0e+30");
  EXPECT_EQ(toRealText(3), "3.0");
  auto error = [](auto change) {
    Fixed changed;
    change(changed);
    Status status = checkOperation(TableOperation(changed),
                                   OperationTable::Conversion, "it");
    return status ? "accepted" : status.error().message;
  };
  EXPECT_EQ(error([](Fixed &) {}), "accepted");
  EXPECT_EQ(error([](Fixed &f) { f.scale = 0; }),
            "it scale: expected 1.0e-09 to 1.0e+09, found 0.0");
  EXPECT_EQ(error([](Fixed &f) { f.scale = NAN; }),
            "it scale: expected 1.0e-09 to 1.0e+09, found nan");
  EXPECT_EQ(error([](Fixed &f) { f.zero = 128; }),
            "it zero: expected -128 to 127, found 128");
  EXPECT_EQ(error([](Fixed &f) { f.levels = {1, 2, 3, 4}; }),
            "it levels: expected 1 to 3 numbers, found 4");
  EXPECT_EQ(error([](Fixed &f) { f.levels = {1, 10}; }),
            "it levels: expected 0 to 9, found 10");
  // Through the header of a file and back.
  Program program = withCode({});
  program.conversions.push_back(fixed);
  Result<Program> read = parseHeader(*makeHeader(program));
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->conversions, program.conversions);
  EXPECT_EQ(read->passes, program.passes);
  EXPECT_EQ(read->combines, program.combines);
}

TEST(Operations, AFileThatNamesOthersIsRefused) {
  const proto::Program legal = *makeHeader(withCode({}));
  auto error = [&](auto change) {
    proto::Program changed = legal;
    change(changed);
    Result<Program> program = parseHeader(changed);
    return program ? "accepted" : program.error().message;
  };
  auto expectStart = [&](const std::string &text, const std::string &start) {
    EXPECT_EQ(text.substr(0, start.size()), start);
  };
  EXPECT_EQ(error([](proto::Program &) {}), "accepted");
  expectStart(error([](proto::Program &p) {
                p.mutable_passes(0)->mutable_operations(0)->set_name(
                    "optical.dot");
              }),
              "pass 0: 'optical.dot' is of machine class 'optical', which this "
              "program has not registered. It knows: ");
  expectStart(error([](proto::Program &p) {
                p.mutable_combines(0)->mutable_operations(0)->set_name("bfp");
              }),
              "combine 0: 'bfp' is an operation of conversions, not of "
              "combines");
  auto argument = [](proto::Program &p, int index) {
    return p.mutable_conversions(0)->mutable_arguments(index);
  };
  EXPECT_EQ(error([&](proto::Program &p) { argument(p, 1)->set_name("grup"); }),
            "conversion 0 bfp: expected mantissa, group, rounding in this "
            "order, found 'grup' at place 1");
  EXPECT_EQ(error([&](proto::Program &p) { argument(p, 1)->set_real(16); }),
            "conversion 0 bfp group: expected integer, 1 to 4096, found "
            "another kind of value");
  EXPECT_EQ(error([&](proto::Program &p) { argument(p, 2)->set_word("up"); }),
            "conversion 0 bfp rounding: expected trunc, nearest or stochastic, "
            "found 'up'");
  EXPECT_EQ(error([](proto::Program &p) {
              p.mutable_conversions(0)->mutable_arguments()->RemoveLast();
            }),
            "conversion 0 bfp: expected mantissa, group, rounding, found only "
            "2 of them");
  // Integers beyond what a field holds are judged by its range.
  EXPECT_EQ(error([&](proto::Program &p) {
              argument(p, 0)->set_number(int64_t(1) << 40);
            }),
            "accepted");
}

TEST(Operations, BelongInTheirTable) {
  EXPECT_EQ(tableError([](Program &p) { p.passes[0] = {ScaledAdd{}}; }),
            "pass 0 scaled_add: 'scaled_add' is an operation of combines, not "
            "of passes");
  EXPECT_EQ(tableError([](Program &p) { p.conversions[0] = {}; }),
            "conversion 0: expected an operation, found none");
  EXPECT_EQ(tableError([](Program &p) { p.combines[0] = {}; }),
            "combine 0: expected 1 to 16 operations, found 0");
  const OperationSet &set = OperationSet::get();
  EXPECT_EQ(set.explainUnknown("optical.dot", OperationTable::Pass)
                .find("'optical.dot' is of machine class 'optical', which this "
                      "program has not registered. It knows: "),
            0u);
  std::string slip =
      set.explainUnknown("rns.modular_dto", OperationTable::Pass);
  EXPECT_NE(slip.find("did you mean 'rns.modular_dot'?"), std::string::npos)
      << slip;
}

TEST(Operations, ANameBelongsToItsClass) {
  OperationDescription other = describeOperation<ScaledAdd>();
  EXPECT_DEATH(OperationSet::get().add(other), "scaled_add is there already");
  other.name = "add";
  other.machineClass = "rns";
  EXPECT_DEATH(OperationSet::get().add(other), "has a name of another class");
}

//===----------------------------------------------------------------------===//
// What residue arrays compute
//===----------------------------------------------------------------------===//

static std::string loadError(std::function<void(Program &)> change) {
  Program program = withCode({make(core0, makeLoad())});
  change(program);
  return structureError(program);
}

TEST(Operations, OverflowIsThatOfTheArraysThatCompute) {
  // Passes of 16 on arrays of the first group, of 32 on those of the second.
  auto on = [](uint16_t group, int64_t modulus) {
    return loadError([=](Program &p) {
      p.groups.push_back({"wide", "rns", 1, 32, 32});
      getIf<Bfp>(p.conversions[0])->group = 32;
      p.passes[0] = rns::makePass({modulus});
      p.code[0].engine.group = group;
    });
  };
  EXPECT_EQ(on(0, 7201), "accepted");
  EXPECT_EQ(on(1, 14401), "accepted");
  EXPECT_EQ(on(1, 14399),
            "instruction 0 (core.program): pass: expected moduli with a "
            "signed range of at least 7200 (32 products of mantissas up to "
            "15), found 7199 (product 14399)");
  // A group is no longer than it is.
  EXPECT_EQ(loadError([](Program &p) {
              p.groups[0].columns = 32;
              p.passes[0] = rns::makePass({7201});
            }),
            "accepted");
}

TEST(Operations, EachElementDrawsARandomNumberOfItsOwn) {
  auto error = [](int64_t m, int64_t positions) {
    return loadError([=](Program &p) {
      getIf<Bfp>(p.conversions[0])->rounding = Rounding::Stochastic;
      Region key;
      key.name = "key";
      key.shape = {3};
      key.memory = mem::grad;
      key.bytes = 12;
      p.rng = uint32_t(p.regions.size());
      p.regions.push_back(key);
      Product &product = p.products[0];
      product.m = m;
      product.positions = positions;
      product.k = int64_t(1) << 20;
      product.groups = int64_t(1) << 10;
    });
  };
  constexpr int64_t most = int64_t(1) << 20;
  EXPECT_EQ(error(most, 1), "accepted");
  EXPECT_EQ(error(most / 2, 2), "accepted");
  const std::string expected =
      "instruction 0 (core.program): product: expected an operand of at most "
      "2^50 elements (each draws a random number), found ";
  EXPECT_EQ(error(most + 1, 1), expected + "1125900980584448");
  EXPECT_EQ(error(most, 2), expected + "2251799813685248");
}

TEST(Operations, OverflowBoundIsExact) {
  // A range depends on the array that runs the product: an instruction of it
  // has to be there. 16 products of 15 * 15: 3600 = (7201 - 1) / 2.
  auto with = [](int64_t modulus, Bfp first, Bfp second) {
    return loadError([&](Program &p) {
      p.passes[0] = rns::makePass({modulus});
      p.conversions = {first, second};
      p.products[0].conversions = {0, 1};
    });
  };
  EXPECT_EQ(with(7201, {}, {}), "accepted");
  EXPECT_EQ(with(7200, {}, {}),
            "instruction 0 (core.program): pass: expected moduli with a "
            "signed range of at least 3600 (16 products of mantissas up to "
            "15), found 3599 (product 7200)");
  // 16 products of 7 * 63.
  EXPECT_EQ(with(2 * 7056 + 1, {3}, {6}), "accepted");
  EXPECT_EQ(with(2 * 7056, {6}, {3}),
            "instruction 0 (core.program): pass: expected moduli with a "
            "signed range of at least 7056 (16 products of mantissas up to 63 "
            "and 7), found 7055 (product 14112)");
  // A group longer than the array is summed in passes of the array's width,
  // a shorter one, of either operand, bounds the sum.
  EXPECT_EQ(with(7201, {4, 64}, {4, 64}), "accepted");
  EXPECT_NE(with(3601, {4, 64}, {4, 16}), "accepted");
  EXPECT_EQ(loadError([](Program &p) {
              p.passes[0] = rns::makePass({3601});
              p.conversions = {Bfp{4, 8}, Bfp{4, 64}};
              p.products[0].conversions = {0, 1};
              getAs<CoreProgram>(p.code[0].body).cols = fixed(8);
            }),
            "accepted");
}

TEST(Operations, SmallArraysNeedSmallRanges) {
  Program program = withCode({make(core0, makeLoad())});
  program.groups.push_back({"small", "rns", 1, 32, 8});
  program.passes[0] = rns::makePass({3601});
  auto &load = getAs<CoreProgram>(program.code[0].body);
  load.cols = fixed(8);
  EXPECT_NE(structureError(program), "accepted");
  program.code[0].engine = {EngineKind::Core, 0, 1};
  EXPECT_EQ(structureError(program), "accepted");
}

TEST(Operations, EntriesBelongTogether) {
  auto expectContains = [](const std::string &text, const std::string &part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  };
  expectContains(loadError([](Program &p) {
                   p.conversions.push_back(Fp32{});
                   p.products[0].conversions = {0, 1};
                 }),
                 "conversion: expected bfp of both operands or fp32 of both, "
                 "found bfp:4:16 and fp32");
  expectContains(loadError([](Program &p) {
                   p.conversions.push_back(Bfp{4, 24});
                   p.products[0].conversions = {0, 1};
                 }),
                 "conversion: expected groups of which the longer is a "
                 "multiple of the shorter, found 16 and 24");
  expectContains(loadError([](Program &p) { p.passes[0] = {FloatDot{}}; }),
                 "pass: expected [rns.modular_dot moduli [...], "
                 "rns.reverse_convert] (its operands are bfp), found "
                 "[float_dot]");
  expectContains(loadError([](Program &p) { p.passes[0].pop_back(); }),
                 "found [rns.modular_dot moduli [31, 32, 33]]");
  expectContains(loadError([](Program &p) { p.combines[0] = {FloatAdd{}}; }),
                 "combine: expected [scaled_add] (its operands are bfp)");
  expectContains(loadError([](Program &p) { p.conversions[0] = Fp32{}; }),
                 "pass: expected [float_dot] (its operands are fp32)");
  EXPECT_EQ(loadError([](Program &p) {
              p.conversions[0] = Fp32{};
              p.passes[0] = {FloatDot{}};
              p.combines[0] = {FloatAdd{}};
            }),
            "accepted");
}

TEST(Operations, InstructionsNameThoseOfTheirProduct) {
  Program program = withCode({make(core0, makeLoad()), make(core0, makeStream())});
  program.conversions.push_back(Bfp{4, 16, Rounding::Nearest});
  program.products[0].conversions = {0, 1};
  getAs<CoreStream>(program.code[1].body).conversion = 1;
  EXPECT_EQ(structureError(program), "accepted");
  program.passes.push_back(program.passes[0]);
  program.combines.push_back(program.combines[0]);
  auto error = [&](auto change) {
    Program changed = program;
    change(getAs<CoreProgram>(changed.code[0].body),
           getAs<CoreStream>(changed.code[1].body));
    return structureError(changed);
  };
  EXPECT_EQ(error([](CoreProgram &p, CoreStream &) { p.conversion = 1; }),
            "instruction 0 (core.program): conversion: expected 0 (that of its "
            "product's first operand), found 1");
  EXPECT_EQ(error([](CoreProgram &, CoreStream &s) { s.conversion = 0; }),
            "instruction 1 (core.stream): conversion: expected 1 (that of its "
            "product's second operand), found 0");
  EXPECT_EQ(error([](CoreProgram &p, CoreStream &) { p.pass = 1; }),
            "instruction 0 (core.program): pass: expected 0 (that of its "
            "product), found 1");
  EXPECT_EQ(error([](CoreProgram &, CoreStream &s) { s.combine = 1; }),
            "instruction 1 (core.stream): combine: expected 0 (that of its "
            "product), found 1");
  // The other operand stays, and is programmed.
  program.products[0].stationary = Stationary::Second;
  EXPECT_EQ(error([](CoreProgram &p, CoreStream &s) {
              p.conversion = 1;
              s.conversion = 0;
            }),
            "accepted");
  // Residue arrays keep an operand.
  program.products[0].stationary = Stationary::Result;
  EXPECT_EQ(error([](CoreProgram &, CoreStream &) {}),
            "instruction 0 (core.program): product: expected a product with "
            "'stationary first' or 'stationary second' (the instruction has 1 "
            "operand that is stationary), found 'stationary result'");
}
