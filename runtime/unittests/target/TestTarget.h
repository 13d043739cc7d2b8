//===- TestTarget.h - Shipped descriptions, edited -------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHX_UNITTESTS_TARGET_TESTTARGET_H
#define PHX_UNITTESTS_TARGET_TESTTARGET_H

#include "phx/support/FileSystem.h"
#include "phx/target/Target.h"

#include <gtest/gtest.h>

namespace phx::test {

/// Text of runtime/targets/NAME.textproto.
inline std::string readShipped(const std::string &name = "mirage") {
  auto text = readFile(std::string(PHX_SOURCE_DIR) + "/runtime/targets/" +
                       name + ".textproto");
  EXPECT_TRUE(text.ok());
  return text.ok() ? *text : "";
}

/// `text` with the first `from` replaced, which must be there.
inline std::string edit(std::string text, const std::string &from,
                        const std::string &to) {
  size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

/// The message that parsing `text` ends with; empty if it is accepted.
inline std::string parseError(const std::string &text,
                              const std::vector<std::string> &overrides = {}) {
  auto target = parseTarget(text, "t.textproto", overrides);
  return target.ok() ? "" : target.error().message;
}

/// "line:column" of the first `word` in `text`.
inline std::string locate(const std::string &text, const std::string &word) {
  size_t at = text.find(word), line = 1, column = 1;
  for (size_t i = 0; i < at; ++i) {
    column = text[i] == '\n' ? 1 : column + 1;
    line += text[i] == '\n';
  }
  return std::to_string(line) + ":" + std::to_string(column);
}

} // namespace phx::test

#define EXPECT_CONTAINS(text, part)                                            \
  EXPECT_NE(std::string(text).find(part), std::string::npos)                   \
      << "in: " << (text) << "\nexpected: " << (part)

#endif // PHX_UNITTESTS_TARGET_TESTTARGET_H
