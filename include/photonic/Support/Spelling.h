//===- Spelling.h - Options in the words of an interface --------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A message that names an option is the same in all interfaces, but for how the
// option is written there.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_SUPPORT_SPELLING_H
#define PHOTONIC_SUPPORT_SPELLING_H

#include "llvm/ADT/StringRef.h"

#include <string>

namespace photonic {

/// How an interface writes options.
enum class Spelling {
  CommandLine, ///< --loss-output, --loss=mse, --train, --dim h=N
  Python,      ///< loss_output, loss='mse', train=True, dims={'h': N}
  Pipeline,    ///< loss-output, loss=mse, train, dim=h=N
};

/// The option `name`, which is written as on the command line, without dashes.
std::string spell(Spelling spelling, llvm::StringRef name);
/// The option with a value that is text; a flag if `value` is empty.
std::string spell(Spelling spelling, llvm::StringRef name,
                  llvm::StringRef value);
/// The option with a number, or a letter that stands for one.
std::string spellNumber(Spelling spelling, llvm::StringRef name,
                        llvm::StringRef number);
/// One entry of an option that maps names to numbers, or to lists of them:
/// `value` is "N" or "1,3,24,24".
std::string spellEntry(Spelling spelling, llvm::StringRef name,
                       llvm::StringRef key, llvm::StringRef value);

} // namespace photonic

#endif // PHOTONIC_SUPPORT_SPELLING_H
