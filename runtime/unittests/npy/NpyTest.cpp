//===- NpyTest.cpp - Tests of NumPy array files -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/npy/Npy.h"

#include "phx/support/FileSystem.h"

#include <cstring>
#include <filesystem>
#include <gtest/gtest.h>
#include <unistd.h>

using namespace phx;

namespace {
/// Tests run in parallel, each in a process of its own.
struct TemporaryDirectory {
  TemporaryDirectory()
      : path(std::filesystem::path(testing::TempDir()) /
             ("phx-npy-" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(path);
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};
} // namespace

static std::string temporary(const std::string &name) {
  static TemporaryDirectory directory;
  return (directory.path / name).string();
}

TEST(Npy, roundTripsEveryTypeAndRank) {
  for (ElementType type :
       {ElementType::F32, ElementType::I8, ElementType::I16, ElementType::I32,
        ElementType::I64, ElementType::U8, ElementType::Bool})
    for (std::vector<int64_t> shape :
         {std::vector<int64_t>{}, {3}, {2, 3}, {0, 4}, {1, 2, 3, 4}}) {
      HostArray array{type, shape, {}};
      array.bytes.resize(array.getNumElements() * byteWidth(type));
      for (size_t i = 0; i < array.bytes.size(); ++i)
        array.bytes[i] = type == ElementType::Bool ? i % 2 : i;
      std::string path = temporary("round.npy");
      ASSERT_TRUE(writeNpy(array, path).ok());
      Result<HostArray> read = readNpy(path);
      ASSERT_TRUE(read.ok()) << read.error().message;
      EXPECT_EQ(read->type, type);
      EXPECT_EQ(read->shape, shape);
      EXPECT_EQ(read->bytes, array.bytes);
    }
}

/// NumPy has no bfloat16: hosts give and get binary32.
TEST(HostArray, BFloat16IsRoundedToNearestEven) {
  auto round = [](uint32_t word) {
    HostArray array{ElementType::F32, {1}, std::vector<uint8_t>(4)};
    std::memcpy(array.bytes.data(), &word, 4);
    std::vector<uint8_t> half = toMemory(ElementType::BF16, array);
    EXPECT_EQ(half.size(), 2u);
    HostArray back = toHost(ElementType::BF16, {1}, half.data());
    EXPECT_EQ(back.type, ElementType::F32);
    uint32_t result;
    std::memcpy(&result, back.bytes.data(), 4);
    return result;
  };
  EXPECT_EQ(round(0x3f800000), 0x3f800000u); // 1
  EXPECT_EQ(round(0x3f807fff), 0x3f800000u); // below the tie
  EXPECT_EQ(round(0x3f808000), 0x3f800000u); // a tie, down to even
  EXPECT_EQ(round(0x3f808001), 0x3f810000u);
  EXPECT_EQ(round(0x3f818000), 0x3f820000u); // a tie, up to even
  EXPECT_EQ(round(0xbf818000), 0xbf820000u);
  EXPECT_EQ(round(0x80000000), 0x80000000u); // -0
  EXPECT_EQ(round(0x00008001), 0x00010000u); // subnormals too
  EXPECT_EQ(round(0x7f7fffff), 0x7f800000u); // the largest number: infinity
  EXPECT_EQ(round(0x7f800000), 0x7f800000u);
  EXPECT_EQ(round(0xff800000), 0xff800000u);
  // A NaN stays one, whatever its payload.
  EXPECT_EQ(round(0x7f800001), 0x7fc00000u);
  EXPECT_EQ(round(0xffffffff), 0xffff0000u);
  // What is a bfloat16 already, is kept.
  for (uint32_t word = 0; word < 0x10000; word += 7) {
    bool isNaN = (word & 0x7fff) > 0x7f80;
    EXPECT_EQ(round(word << 16), (isNaN ? word | 0x40 : word) << 16);
  }
}

TEST(HostArray, OtherTypesAreTheirBytes) {
  for (ElementType type :
       {ElementType::F32, ElementType::I8, ElementType::I16, ElementType::I32,
        ElementType::I64, ElementType::U8, ElementType::Bool}) {
    EXPECT_EQ(getHostType(type), type);
    HostArray array{type, {3}, {}};
    for (int64_t i = 0; i < 3 * byteWidth(type); ++i)
      array.bytes.push_back(uint8_t(200 + i));
    EXPECT_EQ(toMemory(type, array), array.bytes);
    EXPECT_EQ(toHost(type, {3}, array.bytes.data()).bytes, array.bytes);
  }
}

TEST(Npy, everyTruncationIsAnError) {
  HostArray array{ElementType::F32, {2, 2}, std::vector<uint8_t>(16, 1)};
  std::string path = temporary("cut.npy");
  ASSERT_TRUE(writeNpy(array, path).ok());
  std::string whole = *readFile(path);
  for (size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(
        parseNpy(reinterpret_cast<const uint8_t *>(whole.data()), size, "cut")
            .ok())
        << size;
}

TEST(Npy, saysWhatItFound) {
  auto parse = [](std::string dict) {
    std::string file("\x93NUMPY\x01\x00", 8);
    file += {static_cast<char>(dict.size()), '\0'};
    file += dict + "12345678";
    Result<HostArray> array = parseNpy(
        reinterpret_cast<const uint8_t *>(file.data()), file.size(), "x.npy");
    return array ? std::string() : array.error().message;
  };
  EXPECT_NE(parse("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }")
                .find("'<f8'"),
            std::string::npos);
  EXPECT_NE(parse("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 2), }")
                .find("Fortran"),
            std::string::npos);
  EXPECT_NE(parse("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }")
                .find("needs 12"),
            std::string::npos);
  EXPECT_EQ(parse("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }"),
            "");
}

TEST(Npz, refusesWhatIsNoArchive) {
  std::string path = temporary("no.npz");
  ASSERT_TRUE(writeFileAtomically(path, "not a zip").ok());
  EXPECT_FALSE(readNpz(path).ok());
}

static HostArray makeBytes(ElementType type, std::vector<int64_t> shape,
                           uint8_t first) {
  HostArray array{type, std::move(shape), {}};
  array.bytes.resize(array.getNumElements() * byteWidth(type));
  for (size_t i = 0; i < array.bytes.size(); ++i)
    array.bytes[i] = uint8_t(first + i);
  return array;
}

static std::map<std::string, HostArray> makeArrays() {
  return {{"conv1/weight:0", makeBytes(ElementType::F32, {2, 3}, 1)},
          {"scalar", makeBytes(ElementType::I64, {}, 100)},
          {"näme", makeBytes(ElementType::U8, {5}, 7)},
          {"empty", makeBytes(ElementType::F32, {0, 4}, 0)}};
}

static void expectEqual(const std::map<std::string, HostArray> &a,
                        const std::map<std::string, HostArray> &b) {
  ASSERT_EQ(a.size(), b.size());
  for (const auto &[name, array] : a) {
    ASSERT_TRUE(b.count(name)) << name;
    EXPECT_EQ(array.type, b.at(name).type);
    EXPECT_EQ(array.shape, b.at(name).shape);
    EXPECT_EQ(array.bytes, b.at(name).bytes);
  }
}

TEST(Npz, RoundTripsAndIsDeterministic) {
  std::string path = temporary("round.npz"), again = temporary("again.npz");
  ASSERT_TRUE(writeNpz(makeArrays(), path).ok());
  ASSERT_TRUE(writeNpz(makeArrays(), again).ok());
  auto read = readNpz(path);
  ASSERT_TRUE(read.ok()) << read.error().message;
  expectEqual(*read, makeArrays());
  EXPECT_EQ(*readFile(path), *readFile(again));
}

TEST(Npz, EmptyArchivesAreArchives) {
  std::string path = temporary("none.npz");
  ASSERT_TRUE(writeNpz({}, path).ok());
  auto read = readNpz(path);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_TRUE(read->empty());
}

/// As many members as need the 64-bit end record.
TEST(Npz, HoldsAnyNumberOfArrays) {
  std::map<std::string, HostArray> arrays;
  for (int i = 0; i < 66000; ++i)
    arrays[std::to_string(i)] = makeBytes(ElementType::U8, {1}, uint8_t(i));
  std::string path = temporary("many.npz");
  ASSERT_TRUE(writeNpz(arrays, path).ok());
  auto read = readNpz(path);
  ASSERT_TRUE(read.ok()) << read.error().message;
  expectEqual(*read, arrays);
}

TEST(Npz, EveryTruncationIsAnError) {
  std::string path = temporary("whole.npz"), cut = temporary("cut.npz");
  ASSERT_TRUE(writeNpz(makeArrays(), path).ok());
  std::string whole = *readFile(path);
  for (size_t size = 0; size < whole.size(); ++size) {
    ASSERT_TRUE(writeFileAtomically(cut, whole.substr(0, size)).ok());
    auto read = readNpz(cut);
    ASSERT_FALSE(read.ok()) << size;
    EXPECT_NE(read.error().message.find("cut.npz"), std::string::npos);
  }
}

/// A flipped bit is found, unless it is in a field that says nothing (times,
/// attributes, versions, the copy of the directory in front of each member).
TEST(Npz, NoFlippedBitChangesWhatIsRead) {
  std::string path = temporary("whole.npz"), bad = temporary("bad.npz");
  ASSERT_TRUE(writeNpz(makeArrays(), path).ok());
  std::string whole = *readFile(path);
  int found = 0;
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string copy = whole;
    copy[at] = char(copy[at] ^ 0x10);
    ASSERT_TRUE(writeFileAtomically(bad, copy).ok());
    auto read = readNpz(bad);
    found += !read.ok();
    if (!read.ok())
      continue;
    // A name is the one thing without a checksum.
    EXPECT_EQ(read->size(), makeArrays().size()) << at;
    for (const auto &[name, array] : *read)
      if (makeArrays().count(name))
        EXPECT_EQ(array.bytes, makeArrays().at(name).bytes) << at;
  }
  EXPECT_GT(found, int(whole.size()) / 2);
}

TEST(Npz, NamesMayHoldAnyBytes) {
  std::map<std::string, HostArray> arrays{
      {"bad\xff\xfe", makeBytes(ElementType::U8, {1}, 1)}};
  std::string path = temporary("bytes.npz");
  ASSERT_TRUE(writeNpz(arrays, path).ok());
  auto read = readNpz(path);
  ASSERT_TRUE(read.ok()) << read.error().message;
  expectEqual(*read, arrays);
}

TEST(Npz, RefusesNamesThatDoNotFit) {
  Status status =
      writeNpz({{std::string(70000, 'x'), makeBytes(ElementType::U8, {1}, 1)}},
               temporary("long.npz"));
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message.find("70000"), std::string::npos);
}

//===----------------------------------------------------------------------===//
// Arrays that are not wanted
//===----------------------------------------------------------------------===//

/// An archive of two arrays, the data of "big" damaged.
static std::string writeDamaged() {
  std::string path = temporary("damaged.npz");
  EXPECT_TRUE(writeNpz({{"big", makeBytes(ElementType::U8, {64}, 1)},
                        {"small", makeBytes(ElementType::U8, {2}, 200)}},
                       path)
                  .ok());
  std::string file = *readFile(path);
  size_t data = file.find(std::string("\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11"));
  EXPECT_NE(data, std::string::npos);
  file[data] ^= 1;
  EXPECT_TRUE(writeFileAtomically(path, file).ok());
  return path;
}

TEST(Npz, DataThatAreNotWantedAreNotRead) {
  std::string path = writeDamaged();
  EXPECT_FALSE(readNpz(path).ok());
  std::vector<std::string> seen;
  auto read = readNpz(path, [&](const std::string &name, ElementType type,
                                const std::vector<int64_t> &shape) {
    seen.push_back(name + " " + describe(type, shape));
    return Result<bool>(name == "small");
  });
  ASSERT_TRUE(read.ok()) << read.error().message;
  std::vector<std::string> expected{"big uint8[64]", "small uint8[2]"};
  EXPECT_EQ(seen, expected);
  EXPECT_EQ(read->at("small").bytes, (std::vector<uint8_t>{200, 201}));
  EXPECT_EQ(read->at("big").shape, std::vector<int64_t>{64});
  EXPECT_TRUE(read->at("big").bytes.empty());
}

TEST(Npz, ArraysCanBeRefusedByTheirHeaders) {
  auto read =
      readNpz(writeDamaged(), [](const std::string &, ElementType,
                                 const std::vector<int64_t> &) {
        return Result<bool>(Error{"no such array"});
      });
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().message, "no such array");
}

/// A file of holes takes no room on the disk.
TEST(Npy, ArraysLargerThanTheMachineAreRefused) {
  std::string path = temporary("sparse.npy");
  Result<AtomicFile> file = AtomicFile::create(path);
  ASSERT_TRUE(file.ok());
  std::string head("\x93NUMPY\x01\x00", 8);
  std::string dict = "{'descr': '|u1', 'fortran_order': False, 'shape': "
                     "(8796093022208,), }"; // 2^43
  head += {static_cast<char>(dict.size()), '\0'};
  ASSERT_TRUE(file->write(head + dict).ok());
  ASSERT_TRUE(file->skip(uint64_t(1) << 43).ok());
  ASSERT_TRUE(file->commit().ok());
  Result<HostArray> read = readNpy(path);
  ASSERT_FALSE(read.ok());
  EXPECT_NE(read.error().message.find("uint8[8796093022208] takes"),
            std::string::npos)
      << read.error().message;
  EXPECT_NE(read.error().message.find("bytes of memory"), std::string::npos);
}

TEST(FileNames, FitIntoTheFileSystem) {
  std::string longest(251, 'n');
  EXPECT_EQ(encodeFileName(longest), longest);
  std::string a = encodeFileName(longest + "a"),
              b = encodeFileName(longest + "b");
  EXPECT_NE(a, b);
  EXPECT_EQ(a, encodeFileName(longest + "a"));
  EXPECT_EQ(a.substr(0, 231), std::string(230, 'n') + "~");
  EXPECT_EQ(a.size(), 247u);
  // Escapes stay whole.
  for (size_t length : {227, 228, 229, 230}) {
    std::string cut = encodeFileName(std::string(length, 'n') + "//////////");
    EXPECT_LE(cut.size(), 251u);
    size_t last = cut.rfind('%');
    EXPECT_TRUE(last == std::string::npos || cut.substr(last, 3) == "%2F")
        << cut;
  }
}

TEST(FileNames, arePercentEncoded) {
  EXPECT_EQ(encodeFileName("fc/out:0"), "fc%2Fout%3A0");
  EXPECT_EQ(encodeFileName(".."), "%2E.");
  EXPECT_EQ(encodeFileName("logits_1"), "logits_1");
}
