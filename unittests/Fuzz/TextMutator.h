//===- TextMutator.h - Changes text token by token --------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_UNITTESTS_FUZZ_TEXTMUTATOR_H
#define PHOTONIC_UNITTESTS_FUZZ_TEXTMUTATOR_H

#include "Random.h"

#include "llvm/ADT/StringRef.h"

#include <string>
#include <vector>

namespace photonic::fuzz {

/// What a token of MLIR's text is, as far as mutations tell them apart.
enum class TokenKind { Integer, Real, Word, String, Mark };

/// A piece of a text.
struct Token {
  TokenKind kind;
  size_t begin, end;

  llvm::StringRef in(llvm::StringRef text) const {
    return text.slice(begin, end);
  }
};

/// The tokens of `text`, without the spaces between them. Extents of a shape
/// are integers: 2x3xf32 is 2, 3 and f32, with marks between.
std::vector<Token> tokenize(llvm::StringRef text);

/// Changes one token that means something by itself: a number, a word, a
/// string; sometimes drops, repeats or swaps elements between commas.
/// `words` may take the place of words.
std::string mutateToken(llvm::StringRef text, llvm::ArrayRef<std::string> words,
                        Random &random);

/// Changes a whole module's text: tokens, all occurrences of an extent, lines,
/// lines of `other`, single bytes.
std::string mutateText(llvm::StringRef text, llvm::StringRef other,
                       llvm::ArrayRef<std::string> words, Random &random);

} // namespace photonic::fuzz

#endif // PHOTONIC_UNITTESTS_FUZZ_TEXTMUTATOR_H
