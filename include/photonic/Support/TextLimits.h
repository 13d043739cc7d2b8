//===- TextLimits.h - Text that is safe to parse -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// MLIR's parser, printer and verifier call themselves once per nesting level,
// the time for a literal grows with the square of its digits, and an array of
// `index` is nothing that its parser has thought of. A short file could exhaust
// the stack, run for ever or crash; a scan finds out before.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_SUPPORT_TEXTLIMITS_H
#define PHOTONIC_SUPPORT_TEXTLIMITS_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/StringRef.h"

#include <optional>
#include <string>

namespace llvm {
class SourceMgr;
} // namespace llvm

namespace photonic {

/// Brackets of all kinds inside each other, aliases expanded, and operators of
/// one expression without a bracket or comma between them. The compiler's own
/// IR nests less than 30 deep.
inline constexpr unsigned maxTextNesting = 256;
/// Digits of one number.
inline constexpr unsigned maxTextDigits = 1024;

/// Where and why a text is not parsed.
struct TextProblem {
  unsigned line = 0, column = 0; ///< from 1
  std::string message;
};

/// The first place of `text`, the textual form of MLIR, that goes beyond the
/// limits, or that the parser cannot bear; nothing if there is none. Takes time linear in the text. Bytecode
/// has none.
std::optional<TextProblem> findTextProblem(llvm::StringRef text);

/// Parses the main buffer of `sources`, text or bytecode, unless it goes beyond
/// the limits. Null after a diagnostic.
mlir::OwningOpRef<mlir::ModuleOp> parseIR(llvm::SourceMgr &sources,
                                          mlir::MLIRContext &context);

} // namespace photonic

#endif // PHOTONIC_SUPPORT_TEXTLIMITS_H
