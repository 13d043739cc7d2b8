//===- TextMutator.cpp - Changes text token by token ----------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TextMutator.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"

#include <limits>

using namespace photonic::fuzz;
using llvm::ArrayRef;
using llvm::SmallVector;
using llvm::StringRef;

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

int64_t photonic::fuzz::pickInteger(Random &random, int64_t old) {
  static const int64_t special[] = {0,
                                    1,
                                    -1,
                                    2,
                                    3,
                                    7,
                                    8,
                                    16,
                                    64,
                                    255,
                                    4096,
                                    65535,
                                    1 << 20,
                                    1LL << 31,
                                    (1LL << 31) - 1,
                                    1LL << 32,
                                    1LL << 40,
                                    1LL << 62,
                                    (1LL << 62) + 1,
                                    std::numeric_limits<int64_t>::min(),
                                    std::numeric_limits<int64_t>::max(),
                                    std::numeric_limits<int64_t>::min() + 1};
  // In two's complement whatever `old` is.
  auto add = [&](uint64_t more) { return int64_t(uint64_t(old) + more); };
  switch (random.pick(0, 9)) {
  case 0:
  case 1:
    return add(1);
  case 2:
  case 3:
    return add(-1);
  case 4:
    return int64_t(uint64_t(old) * 2);
  case 5:
    return random.pick(-20, 100);
  case 6:
    return int64_t(random.bits());
  default:
    return special[random.index(std::size(special))];
  }
}

/// Text in the place of a number, mostly another number.
static std::string pickNumber(Random &random, StringRef old) {
  static const char *const reals[] = {
      "0.0",        "-0.0",    "1.0",        "-1.0",       "1.0e-40",
      "3.4e38",     "0.5",     "1.0e300",    "0x7FC00000", "0x7F800000",
      "0xFF800000", "1.0e-05", "0x7F800001", "1.0e-400"};
  int64_t value = 0;
  bool isInteger = !old.getAsInteger(0, value);
  if (random.chance(isInteger ? 4 : 90))
    return reals[random.index(std::size(reals))];
  return std::to_string(pickInteger(random, value));
}

static std::string pickString(Random &random, StringRef old) {
  switch (random.pick(0, 7)) {
  case 0:
    return "\"\"";
  case 1:
    return "\"main\"";
  case 2:
    return "\"a/../b \\22c\\22\"";
  case 3:
    return "\"\\00\\FF\\0A\"";
  case 4:
    return "\"" + std::string(5000, 'n') + "\"";
  case 5:
    return old.str().insert(1, "x");
  case 6:
    return "42";
  default:
    return "\"bfp:4:16\"";
  }
}

//===----------------------------------------------------------------------===//
// Tokens
//===----------------------------------------------------------------------===//

static bool isWord(char c) { return llvm::isAlnum(c) || c == '_' || c == '.'; }

/// The end of a number that begins at `at`, and whether it is an integer.
static std::pair<size_t, bool> scanNumber(StringRef text, size_t at) {
  auto digits = [&] {
    while (at < text.size() && llvm::isDigit(text[at]))
      ++at;
  };
  if (text[at] == '-')
    ++at;
  digits();
  if (at >= text.size() || text[at] != '.')
    return {at, true};
  ++at;
  digits();
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '-' || text[at] == '+'))
      ++at;
    digits();
  }
  return {at, false};
}

std::vector<Token> photonic::fuzz::tokenize(StringRef text) {
  std::vector<Token> tokens;
  bool behindExtent = false;
  for (size_t at = 0; at < text.size();) {
    size_t begin = at;
    char c = text[at];
    bool isExtentMark = behindExtent && c == 'x';
    behindExtent = false;
    TokenKind kind = TokenKind::Mark;
    if (llvm::isSpace(c)) {
      ++at;
      continue;
    }
    if (c == '"') {
      for (++at; at < text.size() && text[at] != '"'; ++at)
        at += text[at] == '\\';
      at = std::min(at + 1, text.size());
      kind = TokenKind::String;
    } else if (llvm::isDigit(c) || (c == '-' && at + 1 < text.size() &&
                                    llvm::isDigit(text[at + 1]))) {
      bool isInteger = false;
      std::tie(at, isInteger) = scanNumber(text, at);
      kind = isInteger ? TokenKind::Integer : TokenKind::Real;
      behindExtent = isInteger;
    } else if (isWord(c) && !isExtentMark) {
      while (at < text.size() && isWord(text[at]))
        ++at;
      kind = TokenKind::Word;
    } else {
      ++at;
    }
    tokens.push_back({kind, begin, at});
  }
  return tokens;
}

static std::string replace(StringRef text, const Token &token,
                           const llvm::Twine &with) {
  return (text.take_front(token.begin) + with + text.drop_front(token.end))
      .str();
}

static std::string pickText(StringRef old, TokenKind kind,
                            ArrayRef<std::string> words, Random &random) {
  switch (kind) {
  case TokenKind::Integer:
  case TokenKind::Real:
    return pickNumber(random, old);
  case TokenKind::String:
    return pickString(random, old);
  case TokenKind::Word:
    return random.choose(words);
  case TokenKind::Mark:
    break;
  }
  static const char marks[] = "()[]{}<>,:=#!@%*-+?";
  return std::string(1, marks[random.index(sizeof(marks) - 1)]);
}

/// Elements between commas, inside of the innermost brackets around a token.
static SmallVector<std::pair<size_t, size_t>>
findElements(StringRef text, ArrayRef<Token> tokens, size_t inside) {
  auto opens = [](StringRef t) { return t == "[" || t == "{" || t == "<"; };
  auto closes = [](StringRef t) { return t == "]" || t == "}" || t == ">"; };
  size_t first = inside;
  int depth = 0;
  for (; first > 0; --first) {
    StringRef token = tokens[first - 1].in(text);
    depth += closes(token);
    if (opens(token) && depth-- == 0)
      break;
  }
  SmallVector<std::pair<size_t, size_t>> elements;
  if (first == 0)
    return elements;
  size_t begin = tokens[first - 1].end;
  depth = 0;
  for (size_t i = first; i < tokens.size(); ++i) {
    StringRef token = tokens[i].in(text);
    depth += opens(token);
    bool ends = closes(token) && depth-- == 0;
    if (!ends && (token != "," || depth > 0))
      continue;
    elements.push_back({begin, tokens[i].begin});
    begin = tokens[i].end;
    if (ends)
      break;
  }
  return elements;
}

/// Drops, repeats or swaps an element of a list.
static std::string mutateList(StringRef text, ArrayRef<Token> tokens,
                              Random &random) {
  auto elements = findElements(text, tokens, random.index(tokens.size()));
  if (elements.empty())
    return text.str();
  size_t which = random.index(elements.size());
  auto [begin, end] = elements[which];
  std::string element = text.slice(begin, end).str();
  if (random.chance(40)) // repeat
    return (text.take_front(end) + "," + element + text.drop_front(end)).str();
  if (which + 1 < elements.size()) {
    auto [nextBegin, nextEnd] = elements[which + 1];
    if (random.chance(50)) // drop, with its comma
      return (text.take_front(begin) + text.drop_front(nextBegin)).str();
    return (text.take_front(begin) + text.slice(nextBegin, nextEnd) + "," +
            element + text.drop_front(nextEnd))
        .str();
  }
  size_t from = which == 0 ? begin : elements[which - 1].second;
  return (text.take_front(from) + text.drop_front(end)).str();
}

std::string photonic::fuzz::mutateToken(StringRef text,
                                        ArrayRef<std::string> words,
                                        Random &random) {
  std::vector<Token> tokens = tokenize(text);
  if (tokens.empty())
    return random.choose(words);
  if (random.chance(25))
    return mutateList(text, tokens, random);
  // Marks mean nothing by themselves.
  Token token = random.choose(tokens);
  for (int attempt = 0; attempt < 8 && token.kind == TokenKind::Mark; ++attempt)
    token = random.choose(tokens);
  return replace(text, token,
                 pickText(token.in(text), token.kind, words, random));
}

//===----------------------------------------------------------------------===//
// Modules
//===----------------------------------------------------------------------===//

/// Gives an extent that occurs in types another value everywhere.
static std::string replaceExtent(StringRef text, Random &random) {
  std::vector<Token> tokens = tokenize(text);
  auto isExtent = [&](const Token &token) {
    return token.kind == TokenKind::Integer && token.end < text.size() &&
           text[token.end] == 'x';
  };
  SmallVector<Token> extents;
  llvm::copy_if(tokens, std::back_inserter(extents), isExtent);
  if (extents.empty())
    return text.str();
  std::string old = random.choose(extents).in(text).str();
  std::string with = random.chance(25)
                         ? "?"
                         : std::to_string(pickInteger(
                               random, std::strtoll(old.c_str(), nullptr, 10)));
  std::string result;
  size_t at = 0;
  for (const Token &token : extents) {
    if (token.in(text) != old)
      continue;
    result += text.slice(at, token.begin);
    result += with;
    at = token.end;
  }
  return result + text.drop_front(at).str();
}

static std::string mutateLines(StringRef text, StringRef other,
                               Random &random) {
  SmallVector<StringRef> lines, others;
  text.split(lines, '\n');
  other.split(others, '\n');
  size_t at = random.index(lines.size()), to = random.index(lines.size());
  switch (random.pick(0, 4)) {
  case 0:
    lines.erase(lines.begin() + at);
    break;
  case 1:
    lines.insert(lines.begin() + to, lines[at]);
    break;
  case 2:
    std::swap(lines[at], lines[to]);
    break;
  case 3:
    lines.insert(lines.begin() + at, random.choose(others));
    break;
  default:
    lines.resize(at);
  }
  return llvm::join(lines, "\n");
}

/// Drops, repeats or replaces any token, or a byte.
static std::string mutateAnything(StringRef text, ArrayRef<std::string> words,
                                  Random &random) {
  std::vector<Token> tokens = tokenize(text);
  if (tokens.empty())
    return "}";
  const Token &token = random.choose(tokens), &more = random.choose(tokens);
  switch (random.pick(0, 3)) {
  case 0:
    return replace(text, token, "");
  case 1:
    return replace(text, token, token.in(text) + " " + more.in(text));
  case 2:
    return replace(text, token, more.in(text));
  default: {
    std::string changed = text.str();
    changed[random.index(changed.size())] = char(random.pick(0, 255));
    return changed;
  }
  }
}

std::string photonic::fuzz::mutateText(StringRef text, StringRef other,
                                       ArrayRef<std::string> words,
                                       Random &random) {
  int choice = random.pick(0, 99);
  if (choice < 40)
    return mutateToken(text, words, random);
  if (choice < 65)
    return replaceExtent(text, random);
  if (choice < 80)
    return mutateLines(text, other, random);
  return mutateAnything(text, words, random);
}
