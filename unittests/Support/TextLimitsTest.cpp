//===- TextLimitsTest.cpp - Text that is safe to parse --------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Support/TextLimits.h"

#include <gtest/gtest.h>

using namespace photonic;

static std::string repeat(const std::string &part, unsigned count) {
  std::string text;
  for (unsigned i = 0; i < count; ++i)
    text += part;
  return text;
}

static bool isSafe(const std::string &text) { return !findTextProblem(text); }

TEST(TextLimits, BracketsOfAllKindsNestUpToTheLimit) {
  for (auto [open, close] :
       {std::pair("(", ")"), {"[", "]"}, {"{", "}"}, {"<", ">"}}) {
    auto nest = [&, open = open, close = close](unsigned depth) {
      return repeat(open, depth) + "x" + repeat(close, depth);
    };
    EXPECT_TRUE(isSafe(nest(maxTextNesting)));
    EXPECT_FALSE(isSafe(nest(maxTextNesting + 1)));
    EXPECT_TRUE(isSafe(repeat(nest(3), 1000)));
  }
}

TEST(TextLimits, LocatesTheProblem) {
  auto problem = findTextProblem("module {}\n  " + repeat("[", 300));
  ASSERT_TRUE(problem);
  EXPECT_EQ(problem->line, 2u);
  EXPECT_EQ(problem->column, 2 + maxTextNesting + 1);
  EXPECT_NE(problem->message.find("256"), std::string::npos);
}

TEST(TextLimits, StringsAndCommentsAreNotText) {
  std::string many = repeat("[", 1000);
  EXPECT_TRUE(isSafe("\"" + many + "\""));
  EXPECT_TRUE(isSafe("\"\\\"" + many + "\""));
  EXPECT_TRUE(isSafe("// " + many + "\n"));
  EXPECT_FALSE(isSafe("\"\\\\\"" + many));
  EXPECT_FALSE(isSafe("// comment\n" + many));
  EXPECT_TRUE(isSafe("\"" + repeat("9", 5000) + "\""));
}

TEST(TextLimits, ArrowsAndComparisonsAreNoBrackets) {
  EXPECT_TRUE(isSafe(repeat("(i32) -> i32 ", 1000)));
  EXPECT_FALSE(isSafe(repeat("tuple<() -> ", 300)));
  EXPECT_TRUE(isSafe("affine_set<(d0) : (" + repeat("d0 <= 4, d0 >= 1, ", 500) +
                     "d0 == 1)>"));
}

TEST(TextLimits, AliasesCountWithWhatTheyStandFor) {
  std::string text = "#a0 = [1]\n";
  for (unsigned i = 1; i <= 1000; ++i)
    text += "#a" + std::to_string(i) + " = [#a" + std::to_string(i - 1) + "]\n";
  auto problem = findTextProblem(text);
  ASSERT_TRUE(problem);
  EXPECT_EQ(problem->line, maxTextNesting + 1);
  std::string types = "!t0 = i32\n";
  for (unsigned i = 1; i <= 1000; ++i)
    types += "!t" + std::to_string(i) + " = tuple<!t" + std::to_string(i - 1) +
             ">\n";
  EXPECT_FALSE(isSafe(types));
  // Line breaks inside a definition change nothing.
  std::string broken = "#a0 = [1]\n";
  for (unsigned i = 1; i <= 1000; ++i)
    broken += "#a" + std::to_string(i) + " =\nloc\n(callsite(#a" +
              std::to_string(i - 1) + " at #a0))\n";
  EXPECT_FALSE(isSafe(broken));
  // Many aliases side by side are as flat as one.
  std::string flat = "#a = [1]\n";
  for (unsigned i = 0; i < 1000; ++i)
    flat += "#b" + std::to_string(i) + " = [#a]\n";
  EXPECT_TRUE(isSafe(flat));
  // An operation ends the alias before it.
  std::string module;
  for (unsigned i = 0; i < 100; ++i)
    module += "#c" + std::to_string(i) + " = [#c" + std::to_string(i - 1) +
              "]\nmodule { x { y { z = #c } } }\n";
  EXPECT_TRUE(isSafe(module));
}

TEST(TextLimits, OperatorsOfOneExpression) {
  EXPECT_FALSE(isSafe("affine_map<(d0) -> (d0" + repeat(" + d0", 300) + ")>"));
  EXPECT_FALSE(isSafe("affine_map<(d0) -> (" + repeat("- ", 300) + "d0)>"));
  EXPECT_FALSE(isSafe("affine_map<(d0) -> (d0" + repeat(" mod 3", 300) + ")>"));
  EXPECT_TRUE(isSafe("affine_map<(d0) -> (" + repeat("d0 + 1, ", 1000) +
                     "d0)>"));
  EXPECT_TRUE(isSafe("[" + repeat("-1, ", 1000) + "1]"));
  // A block is no expression.
  EXPECT_TRUE(isSafe("{" + repeat("pisa.vec_map s0 -1.0 [1, 1]\n", 1000) +
                     "}"));
}

TEST(TextLimits, Digits) {
  EXPECT_TRUE(isSafe("x = " + repeat("9", maxTextDigits)));
  EXPECT_FALSE(isSafe("x = " + repeat("9", maxTextDigits + 1)));
  EXPECT_FALSE(isSafe("x = 0x" + repeat("F", maxTextDigits)));
  EXPECT_FALSE(isSafe("x = 1." + repeat("0", maxTextDigits)));
  EXPECT_TRUE(isSafe(repeat("12345, ", 10000)));
}

TEST(TextLimits, ArraysOfIndex) {
  EXPECT_FALSE(isSafe("x = array<index: 1>"));
  EXPECT_FALSE(isSafe("x = array < index>"));
  EXPECT_TRUE(isSafe("x = array<i64: 1>, y = index"));
  EXPECT_TRUE(isSafe("x = \"array<index: 1>\""));
  auto problem = findTextProblem("\n  y = array<index: 1>");
  ASSERT_TRUE(problem.has_value());
  EXPECT_EQ(problem->line, 2u);
  EXPECT_EQ(problem->column, 7u);
  EXPECT_EQ(problem->message,
            "an array of 'index' is none that can be read; write i64");
}
