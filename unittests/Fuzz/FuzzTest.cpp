//===- FuzzTest.cpp - Mutated IR neither crashes nor hangs ----------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// IR of every stage, and its text, is changed at random. Whatever the verifiers
// accept, the rest of the compiler, its single passes, the interpreter and the
// writers of all forms have to treat: by doing it, or by a diagnostic. What
// compiles has to be a valid program, with the outputs of the interpreter.
//
// PHX_RANDOM_PROGRAMS asks for more cases of each test than the suite has time
// for, PHOTONIC_FUZZ_SEED for others, PHOTONIC_FUZZ_FIRST for those behind the
// first so many, PHOTONIC_FUZZ_CASE=SEED:NUMBER for one, whose IR goes to
// standard error.
//
//===----------------------------------------------------------------------===//

#include "FuzzCase.h"

#include "../../runtime/unittests/support/RandomShare.h"

#include "photonic/Support/TemporaryDirectory.h"

#include <cstdio>
#include <cstdlib>
#include <gtest/gtest.h>
#include <iostream>

using namespace photonic;
using namespace photonic::fuzz;

/// A new context after so many cases.
static constexpr uint64_t casesPerContext = 200;

static uint64_t getNumber(const char *variable, uint64_t usual) {
  const char *wanted = std::getenv(variable);
  return wanted ? std::strtoull(wanted, nullptr, 10) : usual;
}

namespace {
class Fuzz : public ::testing::Test {
protected:
  /// Runs `share` cases about `subject`.
  Tally search(Subject subject, uint64_t share);
  /// Runs the one case that is asked for, if it is about `subject`.
  void replay(const std::string &wanted, Subject subject);
};
} // namespace

void Fuzz::replay(const std::string &wanted, Subject subject) {
  unsigned long long seed = 0, number = 0;
  ASSERT_EQ(std::sscanf(wanted.c_str(), "%llu:%llu", &seed, &number), 2)
      << "PHOTONIC_FUZZ_CASE has to be SEED:NUMBER, found " << wanted;
  if (number % numSubjects != unsigned(subject))
    return;
  Corpus corpus;
  Watch watch;
  Tally tally;
  auto directory = TemporaryDirectory::create("photonic-fuzz");
  ASSERT_TRUE(bool(directory));
  FuzzCase one(corpus, watch, tally, (*directory)->getPath().str(), seed,
               number);
  one.showIR();
  EXPECT_EQ(one.run(), "");
}

Tally Fuzz::search(Subject subject, uint64_t share) {
  Tally tally;
  if (const char *wanted = std::getenv("PHOTONIC_FUZZ_CASE")) {
    replay(wanted, subject);
    return tally;
  }
  Corpus corpus;
  Watch watch;
  auto directory = TemporaryDirectory::create("photonic-fuzz");
  EXPECT_TRUE(bool(directory));
  uint64_t seed = getNumber("PHOTONIC_FUZZ_SEED", 1);
  uint64_t first = getNumber("PHOTONIC_FUZZ_FIRST", 0);
  for (uint64_t i = 0; i < share && directory; ++i) {
    if (i % casesPerContext == 0)
      corpus.renewContext();
    uint64_t number = (first + i) * numSubjects + unsigned(subject);
    FuzzCase one(corpus, watch, tally, (*directory)->getPath().str(), seed,
                 number);
    EXPECT_EQ(one.run(), "");
  }
  std::cout << tally.cases << " cases, " << tally.accepted
            << " accepted by the verifiers, " << tally.compiled << " compiled, "
            << tally.compared << " compared, " << tally.passes << " passes\n";
  return tally;
}

/// What has to become of cases, or they would test little. `compares`: their
/// programs are executed and compared.
static void expectUse(const Tally &tally, bool compares) {
  EXPECT_GE(tally.accepted, tally.cases / 4);
  EXPECT_GE(tally.compiled, tally.cases / 20);
  if (compares)
    EXPECT_GE(tally.compared, tally.cases / 50);
}

TEST_F(Fuzz, Networks) {
  expectUse(search(Subject::Network, phx::testing::getRandomShare(2000)), true);
}

TEST_F(Fuzz, Products) {
  expectUse(search(Subject::Product, phx::testing::getRandomShare(2000)), true);
}

TEST_F(Fuzz, Nests) {
  expectUse(search(Subject::Nest, phx::testing::getRandomShare(2000)), true);
}

TEST_F(Fuzz, Programs) {
  expectUse(search(Subject::Program, phx::testing::getRandomShare(2000)),
            false);
}

TEST_F(Fuzz, Text) {
  Tally tally = search(Subject::Text, phx::testing::getRandomShare(2000));
  EXPECT_GE(tally.compiled, tally.cases / 40);
}
