//===- Spelling.cpp - Options in the words of an interface ----------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Support/Spelling.h"

#include "llvm/ADT/StringExtras.h"

#include <algorithm>

using namespace photonic;
using llvm::StringRef;

std::string photonic::spell(Spelling spelling, StringRef name) {
  if (spelling == Spelling::CommandLine)
    return "--" + name.str();
  if (spelling == Spelling::Pipeline)
    return name.str();
  std::string text = name.str();
  std::replace(text.begin(), text.end(), '-', '_');
  // What may be given several times there is a mapping here.
  return name == "dim" || name == "shape" ? text + "s" : text;
}

std::string photonic::spell(Spelling spelling, StringRef name,
                            StringRef value) {
  std::string text = spell(spelling, name);
  if (spelling != Spelling::Python)
    return value.empty() ? text : text + "=" + value.str();
  return text + (value.empty() ? "=True" : "='" + value.str() + "'");
}

std::string photonic::spellNumber(Spelling spelling, StringRef name,
                                  StringRef number) {
  return spell(spelling, name) +
         (spelling == Spelling::CommandLine ? " " : "=") + number.str();
}

std::string photonic::spellEntry(Spelling spelling, StringRef name,
                                 StringRef key, StringRef value) {
  if (spelling != Spelling::Python)
    return spellNumber(spelling, name, (key + "=" + value).str());
  std::string items = value.str();
  if (value.contains(',')) {
    llvm::SmallVector<StringRef> numbers;
    value.split(numbers, ',');
    items = "(" + llvm::join(numbers, ", ") + ")";
  }
  return spell(spelling, name) + "={'" + key.str() + "': " + items + "}";
}
