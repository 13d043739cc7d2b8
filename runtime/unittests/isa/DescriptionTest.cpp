//===- DescriptionTest.cpp - Faults of descriptions -------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Who describes an instruction or an operation wrongly is told so when the
// program starts.
//
//===----------------------------------------------------------------------===//

#include "machines/rns/Instructions.h"
#include "phx/isa/DescribeInstruction.h"
#include "phx/isa/DescribeOperation.h"
#include "phx/isa/InstructionSet.h"

#include <gtest/gtest.h>

using namespace phx;

namespace {

/// One member of each type that a field can have.
struct Everything {
  int64_t number = 0;
  uint32_t index = 0;
  AccessMode word = AccessMode::Read;
  bool flag = false;
  float real = 0;
  Affine affine;
  Count count;
  Address address;
  Stride4 strides{};
  Shape4 shape;
  std::optional<ZeroFill> fill;
};

struct Nothing {};

struct Move {
  static constexpr Opcode opcode{40960};
  uint32_t map = 0;
  uint32_t product = 0; ///< where the alignment of the next one hides it
  Address to;
  Count count;
  friend bool operator==(const Move &, const Move &) = default;
};

struct Scaled {
  static constexpr const char *operationName = "other.scaled";
  int64_t bits = 8;
  std::vector<int64_t> list;
  double scale = 1;
  friend bool operator==(const Scaled &, const Scaled &) = default;
};

} // namespace

static_assert(detail::countMembers<Everything>() == 11);
static_assert(detail::countMembers<Nothing>() == 0);
static_assert(detail::countMembers<Scaled>() == 3);

TEST(Descriptions, EachMemberIsDescribed) {
  auto describe = [](bool all) {
    DescribeInstruction<Move> move("move", EnginePlace::Array);
    move.ofClass("other")
        .field(&Move::map, "map", "of the source")
        .field(&Move::to, "to", "destination")
        .field(&Move::count, "count", "how many")
        .unit("elements");
    if (all)
      move.field(&Move::product, "product", "whose operand it is");
    return move.build();
  };
  EXPECT_EQ(describe(true).fields.size(), 4u);
  EXPECT_DEATH(describe(false), "the description of move has 3 parts, its "
                                "struct 4 members; describe the others");
  EXPECT_DEATH(DescribeOperation<Scaled>(OperationTable::Conversion)
                   .parameter(&Scaled::bits, "bits", "bit", "resolution")
                   .parameter(&Scaled::scale, "scale", "", "of a step")
                   .build(),
               "the description of other.scaled has 2 parts, its struct 3 "
               "members");
}

TEST(Descriptions, NoMemberIsDescribedTwice) {
  EXPECT_DEATH(DescribeInstruction<Move>("move", EnginePlace::Array)
                   .field(&Move::map, "map", "of the source")
                   .field(&Move::map, "product", "whose operand it is")
                   .field(&Move::to, "to", "destination")
                   .field(&Move::count, "count", "how many")
                   .unit("elements")
                   .build(),
               "has 4 parts, its struct 4 members; describe each once");
}

TEST(Descriptions, CountsHaveAUnit) {
  auto describe = [] {
    DescribeInstruction<Move>("move", EnginePlace::Array)
        .field(&Move::map, "map", "of the source")
        .field(&Move::product, "product", "whose operand it is")
        .field(&Move::to, "to", "destination")
        .field(&Move::count, "count", "how many")
        .build();
  };
  EXPECT_DEATH(describe(), "the field 'count' of move has no unit");
}

TEST(Descriptions, ATypeThatCannotBeCountedIsNamed) {
  struct Odd {
    int64_t bits = 8;
    int16_t rest = 0;
  };
  std::vector<ParameterDescription> parts(2);
  parts[1].offset = sizeof(int64_t);
  EXPECT_DEATH(detail::requireEachMember<Odd>("other.odd", parts),
               "has 2 parts, its struct 1 members; DescribedMember in "
               "DescribeStruct.h lacks the type");
}

TEST(Descriptions, OpcodesAreThoseOfTheClass) {
  auto add = [](const char *machineClass, unsigned opcode) {
    InstructionDescription description;
    description.mnemonic = "other_move";
    description.machineClass = machineClass;
    description.opcode = Opcode(opcode);
    InstructionSet::get().add(description);
  };
  EXPECT_DEATH(add("other", 200),
               "the instruction other_move has opcode 200, but 0 to 255 belong "
               "to the base set; take a block of 256 that nobody has");
  EXPECT_DEATH(add("other", 300), "256 to 511 belong to machine class 'rns'");
  EXPECT_DEATH(add("", 40960), "those of the base set are below 256");
  EXPECT_DEATH(add("rns", 256), "have the same opcode or mnemonic");
}
