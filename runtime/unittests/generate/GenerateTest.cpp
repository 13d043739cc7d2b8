//===- GenerateTest.cpp - What phx-generate-isa refuses --------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "../../tools/phx-generate-isa/Generate.h"
#include "../support/ExpectError.h"
#include "phx/isa/DescribeInstruction.h"

#include "gtest/gtest.h"

#include <sstream>

using namespace phx;

namespace {
/// Its words are others than those of vec_map, under the same name.
enum class VecFn : uint8_t { Twist = 0 };

struct Braid {
  static constexpr Opcode opcode{768};
  VecFn fn = VecFn::Twist;
  friend bool operator==(const Braid &, const Braid &) = default;
};
} // namespace

template <> const EnumDescription &phx::describeEnum<::VecFn>() {
  static const EnumDescription words{"VecFn", "how", {{"twist", "once"}}};
  return words;
}

template <> const InstructionDescription &phx::describeInstruction<Braid>() {
  static const InstructionDescription description =
      DescribeInstruction<Braid>("braid", EnginePlace::Array)
          .ofClass("loom")
          .field(&Braid::fn, "fn", "how")
          .build();
  return description;
}

TEST(Generate, EnumerationsOfOneNameAreRefused) {
  auto before = generate::listEnums();
  ASSERT_TRUE(before.ok()) << before.error().message;
  EXPECT_EQ(before->count("VecFn"), 1u);
  InstructionSet::get().add(describeInstruction<Braid>());
  const char *said = "the instructions 'vec_map' and 'braid' have different "
                     "enumerations that are both called 'VecFn'; give one of "
                     "them another name";
  EXPECT_ERROR(generate::listEnums(), said);
  EXPECT_ERROR(generate::updateSpecification("isa.md", ""), said);
  // Of one class, too, whose own words would be written without a fault.
  std::string arguments[] = {"phx-generate-isa", "--enums", "loom"};
  char *argv[] = {arguments[0].data(), arguments[1].data(),
                  arguments[2].data()};
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(generate::run(3, argv), 1);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), std::string(said) + "\n");
}
