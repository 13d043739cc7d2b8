//===- ProgramFileTest.cpp - Tests of reading and writing program files -*- C++
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/isa/ProgramFile.h"
#include "phx/isa/Validator.h"
#include "../../lib/isa/ProgramHeader.h"
#include "../../lib/isa/ProgramNames.h"

#include "../support/RandomProgram.h"
#include "../support/TestMemories.h"
#include "phx/support/Checksum.h"
#include "phx/support/FileSystem.h"

#include <cstring>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace phx;
using phx::testing::RandomProgramOptions;

namespace {

class ProgramFileTest : public ::testing::Test {
protected:
  void SetUp() override {
    char name[] = "/tmp/phx-file-XXXXXX";
    directory = mkdtemp(name);
    path = directory + "/a.phx";
  }
  void TearDown() override { std::system(("rm -rf " + directory).c_str()); }

  std::string bytes() const { return *readFile(path); }
  void overwrite(const std::string &contents) {
    Status status = writeFileAtomically(path, contents);
    ASSERT_TRUE(status.ok()) << status.error().message;
  }
  std::string readError() const {
    Result<Program> program = readProgram(path);
    return program ? "accepted" : program.error().message;
  }

  std::string directory, path;
};

Program makeProgram(uint64_t seed) {
  RandomProgramOptions options;
  options.seed = seed;
  options.withData = true;
  return makeRandomProgram(options);
}

/// A program of a few hundred bytes of tables, one instruction, small data.
Program makeSmallProgram() {
  static const uint8_t constants[] = {1, 2, 3, 4, 5, 6, 7, 8};
  Program program;
  program.name = "small";
  program.memories = makeMemories({0, 0, 128, 0});
  program.regions.push_back(
      {"w", Role::Constant, ElementType::F32, {1}, mem::wgt, 0, 64, 0});
  program.regions.push_back(
      {"v", Role::Constant, ElementType::F32, {2}, mem::wgt, 64, 64, 1});
  program.data.push_back({constants, 4, nullptr});
  program.data.push_back({constants, 8, nullptr});
  program.code.push_back({{}, noLayer, std::nullopt, Halt{}});
  return program;
}

void expectEqual(const Program &a, const Program &b) {
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.kind, b.kind);
  EXPECT_EQ(a.target, b.target);
  EXPECT_EQ(a.targetHash, b.targetHash);
  EXPECT_EQ(a.compiler, b.compiler);
  EXPECT_EQ(a.memoryModel, b.memoryModel);
  EXPECT_EQ(a.batch, b.batch);
  EXPECT_EQ(a.groups, b.groups);
  EXPECT_EQ(a.tokens, b.tokens);
  EXPECT_EQ(a.rng, b.rng);
  EXPECT_EQ(a.maps, b.maps);
  EXPECT_EQ(a.conversions, b.conversions);
  EXPECT_EQ(a.passes, b.passes);
  EXPECT_EQ(a.combines, b.combines);
  EXPECT_EQ(a.products, b.products);
  EXPECT_EQ(a.regions, b.regions);
  EXPECT_EQ(a.layers, b.layers);
  EXPECT_EQ(a.code, b.code);
  EXPECT_EQ(a.memories, b.memories);
  EXPECT_EQ(a.registers, b.registers);
  ASSERT_EQ(a.data.size(), b.data.size());
  for (size_t i = 0; i < a.data.size(); ++i) {
    ASSERT_EQ(a.data[i].size, b.data[i].size);
    if (a.data[i].size) // an empty section may have no address
      EXPECT_EQ(std::memcmp(a.data[i].bytes, b.data[i].bytes, a.data[i].size),
                0);
  }
}

} // namespace

TEST_F(ProgramFileTest, RandomProgramsRoundTripByteForByte) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    Program program = makeProgram(seed);
    Status status = writeProgram(program, path);
    ASSERT_TRUE(status.ok()) << status.error().message;
    std::string first = bytes();
    Result<Program> again = readProgram(path);
    ASSERT_TRUE(again.ok()) << again.error().message;
    expectEqual(program, *again);
    // Written over the file that it is mapped from.
    ASSERT_TRUE(writeProgram(*again, path).ok());
    EXPECT_EQ(bytes(), first);
    expectEqual(program, *again);
  }
}

TEST_F(ProgramFileTest, SectionsAreAligned) {
  ASSERT_TRUE(writeProgram(makeSmallProgram(), path).ok());
  Result<Program> program = readProgram(path);
  ASSERT_TRUE(program.ok());
  EXPECT_EQ(reinterpret_cast<uintptr_t>(program->data[0].bytes) % 4096, 0u);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(program->data[1].bytes) % 64, 0u);
}

TEST_F(ProgramFileTest, DataIsCopiedOnWriteAndOutlivesTheProgram) {
  ASSERT_TRUE(writeProgram(makeSmallProgram(), path).ok());
  std::string before = bytes();
  DataSection kept;
  {
    Result<Program> program = readProgram(path);
    ASSERT_TRUE(program.ok());
    kept = program->data[1];
  }
  const_cast<uint8_t *>(kept.bytes)[0] = 99;
  EXPECT_EQ(kept.bytes[0], 99);
  EXPECT_EQ(kept.bytes[7], 8);
  EXPECT_EQ(bytes(), before);
}

TEST_F(ProgramFileTest, EveryFlippedBitIsFound) {
  ASSERT_TRUE(writeProgram(makeSmallProgram(), path).ok());
  std::string whole = bytes();
  ASSERT_LT(whole.size(), 16384u);
  int file = open(path.c_str(), O_WRONLY);
  ASSERT_GE(file, 0);
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    char flipped = static_cast<char>(whole[bit / 8] ^ (1 << (bit % 8)));
    ASSERT_EQ(pwrite(file, &flipped, 1, off_t(bit / 8)), 1);
    ASSERT_FALSE(readProgram(path).ok()) << "byte " << bit / 8;
    ASSERT_EQ(pwrite(file, &whole[bit / 8], 1, off_t(bit / 8)), 1);
  }
  close(file);
  EXPECT_TRUE(readProgram(path).ok());
}

TEST_F(ProgramFileTest, EveryTruncationIsFound) {
  ASSERT_TRUE(writeProgram(makeSmallProgram(), path).ok());
  std::string whole = bytes();
  for (size_t size = 0; size < whole.size(); size += size < 300 ? 1 : 97) {
    ASSERT_EQ(truncate(path.c_str(), off_t(size)), 0);
    std::string message = readError();
    if (size > 0)
      EXPECT_NE(message.find("truncated: expected "), std::string::npos)
          << message;
    EXPECT_NE(message, "accepted");
    overwrite(whole);
  }
}

TEST_F(ProgramFileTest, TruncationNamesBothSizes) {
  ASSERT_TRUE(writeProgram(makeSmallProgram(), path).ok());
  std::string whole = bytes();
  overwrite(whole.substr(0, whole.size() - 1));
  EXPECT_EQ(readError(), "'" + path + "': truncated: expected " +
                             std::to_string(whole.size()) + " bytes, found " +
                             std::to_string(whole.size() - 1));
  overwrite(whole + "x");
  EXPECT_EQ(readError(), "'" + path + "': bytes follow its end: expected " +
                             std::to_string(whole.size()) + " bytes, found " +
                             std::to_string(whole.size() + 1));
  overwrite(whole.substr(0, 20));
  EXPECT_EQ(readError(),
            "'" + path + "': truncated: expected at least 64 bytes, found 20");
}

TEST_F(ProgramFileTest, OtherFiles) {
  overwrite("module {}\n");
  EXPECT_NE(readError().find("not a .phx program file"), std::string::npos);
  overwrite("");
  EXPECT_NE(readError().find("not a .phx program file"), std::string::npos);
  EXPECT_EQ(readProgram(directory + "/none.phx").error().message,
            "cannot read '" + directory +
                "/none.phx': No such file or directory");
  EXPECT_EQ(readProgram(directory).error().message,
            "cannot read '" + directory + "': Is a directory");
}

TEST_F(ProgramFileTest, OtherVersion) {
  ASSERT_TRUE(writeProgram(makeSmallProgram(), path).ok());
  std::string whole = bytes();
  whole[8] = 7;
  overwrite(whole);
  EXPECT_EQ(readError(), "'" + path +
                             "': written by format version 7, this build reads "
                             "1; recompile the model");
}

TEST_F(ProgramFileTest, FilesThatDoNotSayTheirKindAreOld) {
  Result<proto::Program> header = makeHeader(makeSmallProgram());
  ASSERT_TRUE(header.ok());
  ASSERT_TRUE(parseHeader(*header).ok());
  header->clear_kind();
  EXPECT_EQ(parseHeader(*header).error().message,
            "does not say whether it is a program for inference, training or "
            "evaluation, because an older compiler wrote it; recompile the "
            "model");
  header->set_kind(static_cast<proto::Program::Kind>(3));
  EXPECT_EQ(parseHeader(*header).error().message,
            "program kind: expected 0 to 2, found 3");
}

TEST_F(ProgramFileTest, FieldsThatThisVersionDoesNotKnowAreRefused) {
  ASSERT_TRUE(writeProgram(makeSmallProgram(), path).ok());
  std::string whole = bytes();
  // Field 1023 of the header, the number 1, in what was padding.
  uint64_t size = 0;
  std::memcpy(&size, &whole[24], sizeof size);
  whole.replace(64 + size, 3, "\xf8\x3f\x01");
  size += 3;
  std::memcpy(&whole[24], &size, sizeof size);
  uint32_t crc = crc32(&whole[64], size);
  std::memcpy(&whole[32], &crc, sizeof crc);
  crc = crc32(whole.data(), 60);
  std::memcpy(&whole[60], &crc, sizeof crc);
  overwrite(whole);
  EXPECT_EQ(readError(), "'" + path +
                             "': the header has fields that this version does "
                             "not know, or not in their order; compile the "
                             "model again with this version");
}

TEST_F(ProgramFileTest, NestsNameLoopsThatThereMayBe) {
  Program program = makeSmallProgram();
  ProductNest nest;
  nest.rows.start.terms.push_back({laneLoop, 1, 0, 1, 0, 1});
  program.products.emplace_back().nests.push_back(nest);
  Result<proto::Program> header = makeHeader(program);
  ASSERT_TRUE(header.ok());
  ASSERT_TRUE(parseHeader(*header).ok());
  header->mutable_products(0)
      ->mutable_nests(0)
      ->mutable_rows()
      ->mutable_start()
      ->mutable_terms(0)
      ->set_loop(laneLoop + 1);
  EXPECT_EQ(parseHeader(*header).error().message,
            "nest loop: expected 0 to 8, found 9");
}

TEST_F(ProgramFileTest, ChecksumErrorsNameTheSection) {
  ASSERT_TRUE(writeProgram(makeSmallProgram(), path).ok());
  const std::string whole = bytes();
  auto messageAt = [&](size_t offset) {
    std::string damaged = whole;
    damaged[offset] ^= 1;
    overwrite(damaged);
    return readError();
  };
  auto expect = [&](size_t offset, const std::string &section) {
    EXPECT_NE(messageAt(offset).find("checksum mismatch in " + section),
              std::string::npos)
        << messageAt(offset);
  };
  expect(30, "the preamble");
  expect(70, "the header");
  expect(4000, "the padding before the code section");
  expect(4096, "the code section");
  expect(8000, "the padding before data section 0");
  expect(8192, "data section 0");
  expect(8192 + 64, "data section 1");
}

TEST_F(ProgramFileTest, UnwritableOutputLeavesNothingBehind) {
  std::string missing = directory + "/none/a.phx";
  EXPECT_EQ(writeProgram(makeSmallProgram(), missing).error().message,
            "cannot write '" + missing + "': No such file or directory");
  EXPECT_EQ(writeProgram(makeSmallProgram(), directory).error().message,
            "cannot write '" + directory + "': Is a directory");
  Program bad = makeSmallProgram();
  bad.regions[0].name = "a\xff";
  EXPECT_EQ(writeProgram(bad, path).error().message,
            "cannot write '" + path +
                "': region 0 name: expected text in UTF-8, found 'a\\xff'");
  EXPECT_NE(access(path.c_str(), F_OK), 0);
}

TEST_F(ProgramFileTest, DataBeyondTwoGigabytes) {
  // 2.25 GiB that read as zero without memory behind them, in a sparse file.
  constexpr uint64_t size = (uint64_t(9) << 28) + 4096;
  void *pages = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  ASSERT_NE(pages, MAP_FAILED);
  std::shared_ptr<const void> owner(
      pages, [](const void *p) { munmap(const_cast<void *>(p), size); });
  uint8_t *bytes = static_cast<uint8_t *>(pages);
  bytes[size - 1] = 42;
  Program program = makeSmallProgram();
  program.data[0] = {bytes, size, owner};
  Status status = writeProgram(program, path);
  ASSERT_TRUE(status.ok()) << status.error().message;
  struct stat info;
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_GT(info.st_size, int64_t(1) << 31);
  EXPECT_LT(info.st_blocks * 512, int64_t(64) << 20);

  Result<Program> again = readProgram(path);
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(again->data[0].size, size);
  EXPECT_EQ(again->data[0].bytes[size - 1], 42);
  EXPECT_EQ(again->data[1].bytes[7], 8); // lies beyond 2 GiB
}

// A name that no file holds is an error of the program, wherever it is.
TEST_F(ProgramFileTest, NamesAreText) {
  const auto expectRefused = [&](auto change, const std::string &place) {
    Program bad = makeSmallProgram();
    bad.groups.push_back({"core", "rns", 1, 4, 4});
    bad.layers.push_back({"node", "Op", std::nullopt, Phase::Forward});
    bad.memories.push_back({});
    bad.registers.push_back({});
    ASSERT_TRUE(checkNames(bad).ok()) << checkNames(bad).error().message;
    change(bad);
    ASSERT_FALSE(checkNames(bad).ok()) << place;
    EXPECT_EQ(checkNames(bad).error().message.find(place + ": expected text"),
              0u)
        << checkNames(bad).error().message;
    EXPECT_FALSE(writeProgram(bad, path).ok()) << place;
    EXPECT_FALSE(validateStructure(bad).ok()) << place;
  };
  const std::string wrong = "\xc0\x80";
  expectRefused([&](Program &p) { p.name = wrong; }, "program name");
  expectRefused([&](Program &p) { p.target = wrong; }, "target name");
  expectRefused([&](Program &p) { p.compiler = wrong; }, "compiler version");
  expectRefused([&](Program &p) { p.machine.push_back(wrong); },
                "field of the machine");
  expectRefused([&](Program &p) { p.ignoredInputs.push_back(wrong); },
                "ignored input");
  expectRefused([&](Program &p) { p.groups[0].name = wrong; }, "group 0 name");
  expectRefused([&](Program &p) { p.groups[0].machineClass = wrong; },
                "group 0 class");
  expectRefused([&](Program &p) { p.memories[0].name = wrong; },
                "memory 0 name");
  expectRefused([&](Program &p) { p.registers[0].name = wrong; },
                "register 0 name");
  expectRefused([&](Program &p) { p.layers[0].name = wrong; }, "layer 0 name");
  expectRefused([&](Program &p) { p.layers[0].op = wrong; },
                "layer 0 operator");
}
