//===- StageCheckTestUtils.h - Compiling with the check ------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_UNITTESTS_DRIVER_STAGECHECKTESTUTILS_H
#define PHOTONIC_UNITTESTS_DRIVER_STAGECHECKTESTUTILS_H

#include "photonic/Driver/Driver.h"

#include "phx/isa/HostArray.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <cstring>
#include <gtest/gtest.h>

namespace photonic::test {

/// Reproducible values in [-1, 1].
inline float getValue(uint64_t &state) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return static_cast<float>(int64_t(state >> 40) - (1 << 23)) / (1 << 23);
}

/// Replaces `key` in the text by `count` values.
inline void insertValues(std::string &text, llvm::StringRef key, int count,
                         uint64_t &state) {
  std::string values;
  for (int i = 0; i < count; ++i)
    values += (i ? ", " : "") + std::to_string(getValue(state));
  text.replace(text.find(key.str()), key.size(), values);
}

/// An array of FP32 values of the given shape.
inline phx::HostArray makeArray(std::vector<int64_t> shape, uint64_t &state) {
  phx::HostArray array;
  array.shape = std::move(shape);
  array.bytes.resize(4 * array.getNumElements());
  for (size_t i = 0; i < array.bytes.size(); i += 4) {
    float value = getValue(state);
    std::memcpy(&array.bytes[i], &value, 4);
  }
  return array;
}

/// A directory for files, and compilation with the check.
class CheckTest : public ::testing::Test {
protected:
  void SetUp() override {
    ASSERT_FALSE(
        llvm::sys::fs::createUniqueDirectory("stage-check", directory));
    request.runTool = PHOTONIC_RUN;
  }
  void TearDown() override { llvm::sys::fs::remove_directories(directory); }

  std::string path(llvm::StringRef name) {
    llvm::SmallString<128> result(directory);
    llvm::sys::path::append(result, name);
    return result.str().str();
  }
  void write(llvm::StringRef name, llvm::StringRef text) {
    std::error_code error;
    llvm::raw_fd_ostream os(path(name), error);
    ASSERT_FALSE(error);
    os << text;
  }

  /// Compiles with the check and `change` after `stage`; returns what was said,
  /// empty if nothing is wrong.
  std::string check(Stage stage, std::function<void(mlir::ModuleOp)> change) {
    mlir::DialectRegistry registry;
    registerCompilerDialects(registry);
    mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
    std::string messages;
    llvm::raw_string_ostream os(messages);
    DiagnosticPrinter printer(context, "test", os);
    bool changed = false;
    request.afterStage = [&](Stage now, mlir::ModuleOp module) {
      if (now != stage)
        return;
      changed = true;
      change(module);
    };
    std::string tables;
    llvm::raw_string_ostream tableStream(tables);
    bool failed = mlir::failed(compile(request, context, tableStream));
    EXPECT_TRUE(changed);
    EXPECT_EQ(failed, !messages.empty()) << messages;
    return messages;
  }

  static void expectLocated(const std::string &messages, llvm::StringRef node,
                            llvm::StringRef text) {
    EXPECT_NE(messages.find("error: node '" + node.str() + "': "),
              std::string::npos)
        << messages;
    EXPECT_NE(messages.find(text), std::string::npos) << messages;
  }

  llvm::SmallString<128> directory;
  CompileRequest request;
};

/// The only operation of a type with the location `node`.
template <typename OpT> OpT find(mlir::ModuleOp module, llvm::StringRef node) {
  OpT found;
  module.walk([&](OpT op) {
    auto name = llvm::dyn_cast<mlir::NameLoc>(op->getLoc());
    if (name && name.getName() == node)
      found = op;
  });
  EXPECT_TRUE(found) << node.str();
  return found;
}

/// The first instruction of a kind that works for `node`.
template <typename OpT>
OpT findFirst(mlir::ModuleOp module, llvm::StringRef node) {
  OpT found;
  module.walk([&](OpT op) {
    auto name = llvm::dyn_cast<mlir::NameLoc>(op->getLoc());
    if (!found && name && name.getName() == node)
      found = op;
  });
  EXPECT_TRUE(found) << node.str();
  return found;
}

} // namespace photonic::test

#endif // PHOTONIC_UNITTESTS_DRIVER_STAGECHECKTESTUTILS_H
