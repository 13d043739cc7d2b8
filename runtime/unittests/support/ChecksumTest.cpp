//===- ChecksumTest.cpp - Tests of CRC-32 -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/support/Checksum.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

using namespace phx;

TEST(Checksum, KnownValues) {
  EXPECT_EQ(crc32(nullptr, 0), 0u);
  EXPECT_EQ(crc32("123456789", 9), 0xcbf43926u);
}

TEST(Checksum, Extends) {
  std::string text = "123456789";
  for (size_t cut = 0; cut <= text.size(); ++cut)
    EXPECT_EQ(extendCrc32(crc32(text.data(), cut), text.data() + cut,
                          text.size() - cut),
              0xcbf43926u);
}

TEST(Checksum, ThreadsDoNotChangeIt) {
  // Above the size that is split over two threads, with an odd half.
  std::vector<uint8_t> bytes((size_t(64) << 20) + 13);
  uint32_t state = 1;
  for (uint8_t &byte : bytes)
    byte = static_cast<uint8_t>((state = state * 1664525 + 1013904223) >> 24);
  uint32_t pieces = 0;
  for (size_t i = 0; i < bytes.size(); i += 1 << 20)
    pieces = extendCrc32(pieces, bytes.data() + i,
                         std::min<size_t>(1 << 20, bytes.size() - i));
  EXPECT_EQ(crc32(bytes.data(), bytes.size()), pieces);
}
