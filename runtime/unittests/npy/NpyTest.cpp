//===- NpyTest.cpp - Tests of NumPy array files -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/npy/Npy.h"

#include "phx/support/FileSystem.h"

#include <gtest/gtest.h>

using namespace phx;

static std::string temporary(const std::string &name) {
  return testing::TempDir() + "/" + name;
}

TEST(Npy, roundTripsEveryTypeAndRank) {
  for (ElementType type : {ElementType::F32, ElementType::I32, ElementType::I64,
                           ElementType::U8, ElementType::Bool})
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

TEST(FileNames, arePercentEncoded) {
  EXPECT_EQ(encodeFileName("fc/out:0"), "fc%2Fout%3A0");
  EXPECT_EQ(encodeFileName(".."), "%2E.");
  EXPECT_EQ(encodeFileName("logits_1"), "logits_1");
}
