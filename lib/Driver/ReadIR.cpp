//===- ReadIR.cpp - IR from a file ----------------------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ReadIR.h"

#include "photonic/Support/TextLimits.h"

#include "phx/support/FileSystem.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;

/// Text holds the bytes of weights twice, as digits.
static constexpr phx::ReadLimit irLimit{uint64_t(8) << 30, "an IR file"};

OwningOpRef<ModuleOp> photonic::readIR(const std::string &path,
                                       MLIRContext &context) {
  phx::Result<phx::MappedFile> file = phx::loadFile(path, irLimit);
  if (!file) {
    emitError(FileLineColLoc::get(&context, path, 0, 0), file.error().message);
    return {};
  }
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(
      llvm::MemoryBuffer::getMemBuffer(file->text(), path), llvm::SMLoc());
  return parseIR(sources, context);
}
