//===- AllocationTest.cpp - Memory and threads that are not there ---------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A program of its own, because it replaces the allocator (by that of
// FailingAllocations.cpp) and the creation of threads: any one allocation of a
// run may fail, on any thread, and the run ends with an error, leaves what it
// found, and can be repeated.
//
//===----------------------------------------------------------------------===//

#include "../support/FailingAllocations.h"
#include "../support/ProgramBuilder.h"
#include "../support/TestMemories.h"
#include "ExecHelpers.h"

#include "phx/support/Checksum.h"

#include <atomic>
#include <cerrno>
#include <dlfcn.h>
#include <new>
#include <pthread.h>

using namespace phx;
using namespace phx::testing;

namespace {
std::atomic<bool> refusesThreads{false};
} // namespace

extern "C" int pthread_create(pthread_t *thread, const pthread_attr_t *attr,
                              void *(*start)(void *), void *arg) noexcept {
  using Function =
      int (*)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
  static auto next =
      reinterpret_cast<Function>(dlsym(RTLD_NEXT, "pthread_create"));
  return refusesThreads ? EAGAIN : next(thread, attr, start, arg);
}

namespace {

/// y = x * w on eight cores, groups of two passes; "kept" = y and count += 1,
/// which persist.
Program makeProgram() {
  ProgramBuilder b(8);
  ConvSpec spec = linearSpec(32, 64, 512);
  ProductFormat format = mirageFormat();
  format.setGroup(32);
  auto product =
      b.addConvWithRegions(spec, Stationary::First, b.addFormat(format));
  uint32_t kept =
      b.addRegion("kept", Role::State, spec.outShape(), mem::wgt);
  uint32_t count = b.addRegion("count", Role::State, {1}, mem::wgt);
  b.program.regions[kept].isMutable = b.program.regions[count].isMutable = true;
  VecMap map;
  map.fn = VecFn::Copy;
  map.dst = b.at(kept);
  map.a = b.at(product.out);
  map.dstStride = map.aStride = {0, 0, 0, 4};
  map.shape = {Count{1, {}}, Count{1, {}}, Count{1, {}}, Count{32 * 512, {}}};
  b.add({EngineKind::Vec, 0}, map);
  map.fn = VecFn::Offset;
  map.dst = map.a = b.at(count);
  map.shape[3] = {1, {}};
  map.s0 = 1;
  b.add({EngineKind::Vec, 0}, map);
  return b.finish();
}

class Allocation : public ::testing::Test {
protected:
  void SetUp() override { isHelper = false; }
  void TearDown() override {
    countdown = 0;
    countsHelpersOnly = refusesThreads = false;
  }

  /// Runs with allocation `number` failing. True if it was reached.
  bool fail(int64_t number, unsigned threadCount, const std::string &kind) {
    auto executor = createExecutor(kind, program);
    EXPECT_TRUE(executor.ok());
    countdown = number;
    auto result = (*executor)->run(inputs, threads(threadCount));
    bool reached = countdown.exchange(0) <= 0;
    EXPECT_EQ(result.ok(), !reached) << number;
    if (result.ok())
      return reached;
    EXPECT_NE(result.error().message.find("there is not enough memory; use "
                                          "fewer threads"),
              std::string::npos)
        << result.error().message;
    check(**executor, 0);
    // It may be asked again, and does what it always did.
    auto again = (*executor)->run(inputs, threads(threadCount));
    EXPECT_TRUE(again.ok());
    if (again)
      EXPECT_EQ(firstDifference(toVector(again->at("y")), expected), -1);
    check(**executor, 1);
    return reached;
  }

  /// Lets each allocation of a run fail in turn. Returns how many have.
  int64_t failEach(unsigned threadCount, const std::string &kind) {
    int64_t failures = 0, quiet = 0;
    // Which thread does what changes, so that one run without a failure does
    // not say that later allocations were reached.
    for (int64_t number = 1; quiet < 5 && !HasFailure(); ++number) {
      bool failed = fail(number, threadCount, kind);
      failures += failed;
      quiet = failed ? 0 : quiet + 1;
    }
    return failures;
  }

  void check(const Executor &executor, float count) {
    EXPECT_EQ(toVector(*executor.getState("count")), std::vector{count});
    std::vector<float> kept = toVector(*executor.getState("kept"));
    EXPECT_EQ(kept, count > 0 ? expected : std::vector<float>(kept.size()));
  }

  Program program = makeProgram();
  Arrays inputs{{"x", toArray(std::vector<float>(64 * 512, 1.5f),
                              linearSpec(32, 64, 512).inShape())},
                {"w", toArray(std::vector<float>(32 * 64, -0.75f),
                              linearSpec(32, 64, 512).weightShape())}};
  std::vector<float> expected = std::vector<float>(32 * 512, -72.0f);
};

TEST_F(Allocation, EachMayFailOnOneThread) {
  EXPECT_GT(failEach(1, "fast"), 50);
}

TEST_F(Allocation, EachMayFailOnAnyThread) {
  EXPECT_GT(failEach(4, "reference"), 50);
}

TEST_F(Allocation, MayFailOnHelpingThreads) {
  // They do not always come to do anything before the others are done.
  countsHelpersOnly = true;
  int failures = 0;
  for (int attempt = 0; attempt < 500 && failures < 3 && !HasFailure();
       ++attempt)
    failures += fail(1 + attempt % 3, 4, "reference");
  EXPECT_GT(failures, 0);
}

TEST_F(Allocation, OfValuesThatPersist) {
  auto executor = createExecutor("fast", program);
  HostArray value{ElementType::F32, {1}, std::vector<uint8_t>(4, 0x40)};
  bool failed = true;
  for (int64_t number = 1; failed; ++number) {
    countdown = number;
    try {
      Status status = (*executor)->setState("count", value);
      failed = false;
      EXPECT_TRUE(status.ok());
    } catch (const std::bad_alloc &) {
    }
    countdown = 0;
    if (failed)
      check(**executor, 0);
  }
  EXPECT_EQ((*executor)->getState("count")->bytes, value.bytes);
}

TEST_F(Allocation, ThreadsMayBeMissing) {
  auto executor = createExecutor("fast", program);
  refusesThreads = true;
  EXPECT_ERROR((*executor)->run(inputs, threads(3)), "cannot start 3 threads");
  EXPECT_ERROR((*executor)->run(inputs, threads(3)), "use fewer");
  EXPECT_TRUE((*executor)->run(inputs, threads(1)).ok());
  refusesThreads = false;
  EXPECT_TRUE((*executor)->run(inputs, threads(3)).ok());
}

TEST_F(Allocation, ChecksumsNeedNoSecondThread) {
  std::vector<uint8_t> bytes((size_t(64) << 20) + 5, 7);
  uint32_t expected = crc32(bytes.data(), bytes.size());
  refusesThreads = true;
  EXPECT_EQ(crc32(bytes.data(), bytes.size()), expected);
}

} // namespace
