//===- ExpectError.h - Expecting a failure with a message -------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_UNITTESTS_SUPPORT_EXPECTERROR_H
#define PHX_UNITTESTS_SUPPORT_EXPECTERROR_H

#include <gtest/gtest.h>
#include <string>

/// Expects that `result`, a Result or a Status, is an error whose message
/// holds `text`.
#define EXPECT_ERROR(result, text)                                             \
  do {                                                                         \
    auto &&outcome = (result);                                                 \
    ASSERT_FALSE(outcome.ok());                                                \
    EXPECT_NE(outcome.error().message.find(text), std::string::npos)           \
        << outcome.error().message;                                            \
  } while (false)

#endif // PHX_UNITTESTS_SUPPORT_EXPECTERROR_H
