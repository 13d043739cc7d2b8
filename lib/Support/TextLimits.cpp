//===- TextLimits.cpp - Text that is safe to parse ------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Support/TextLimits.h"

#include "mlir/Bytecode/BytecodeReader.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;
using namespace photonic;

namespace {

/// Goes through a text once. Knows strings, comments, brackets, aliases and
/// digits, and nothing else of the language; text that is wrong otherwise is
/// left to the parser.
class Scanner {
public:
  explicit Scanner(StringRef text) : text(text) {}

  std::optional<TextProblem> run() {
    while (at < text.size() && !problem)
      step();
    return std::move(problem);
  }

private:
  void step() {
    char c = text[at];
    bool atLineStart = at == 0 || text[at - 1] == '\n';
    if (atLineStart && open.empty() && (llvm::isAlpha(c) || c == '"') &&
        !text.slice(aliasBegin, at).trim().empty())
      endAlias();
    if (c == '"')
      return skipString();
    if (c == '/' && peek(1) == '/')
      return skipComment();
    if (llvm::isDigit(c))
      return skipNumber();
    if (llvm::isAlpha(c) || c == '_')
      return skipWord();
    if (c == '#' || c == '!')
      return visitAlias();
    if (c == '-' && peek(1) == '>') {
      at += 2;
      return;
    }
    visitMark(c);
    ++at;
  }

  char peek(size_t distance) const {
    return at + distance < text.size() ? text[at + distance] : '\0';
  }

  static bool isNamePart(char c) {
    return llvm::isAlnum(c) || c == '_' || c == '$' || c == '.' || c == '-';
  }

  void skipString() {
    for (++at; at < text.size(); ++at) {
      at = std::min(text.find_first_of("\"\\\n", at), text.size());
      if (at < text.size() && text[at] == '\\') {
        ++at;
        continue;
      }
      break; // at the end of the string; a line break is an error anyway
    }
    ++at;
  }

  void skipComment() {
    size_t end = std::min(text.find('\n', at), text.size());
    // What is cut apart there is parsed apart.
    if (text.substr(at, end - at).starts_with("// -----")) {
      open.clear();
      operators.assign(1, 0);
      alias = {};
    }
    at = end;
  }

  void skipNumber() {
    size_t begin = at;
    while (at < text.size() && (llvm::isAlnum(text[at]) || text[at] == '.'))
      ++at;
    if (at - begin > maxTextDigits)
      failLimit(begin, "this number has " + std::to_string(at - begin) +
                           " digits, and at most " +
                           std::to_string(maxTextDigits) + " are read");
  }

  void skipWord() {
    size_t begin = at;
    while (at < text.size() && (llvm::isAlnum(text[at]) || text[at] == '_'))
      ++at;
    StringRef word = text.substr(begin, at - begin);
    if (word == "mod" || word == "floordiv" || word == "ceildiv" ||
        word == "and")
      countOperator(begin);
    if (word == "array")
      checkArray(begin);
  }

  /// Of an array of `index` the parser of MLIR asks for a width that this type
  /// does not have.
  void checkArray(size_t begin) {
    StringRef rest = text.substr(at).ltrim();
    if (!rest.consume_front("<") || !rest.ltrim().consume_front("index"))
      return;
    fail(begin, "an array of 'index' is none that can be read; write i64");
  }

  /// `#name` or `!name`: the definition of an alias or, perhaps, its use.
  void visitAlias() {
    size_t begin = at++;
    while (at < text.size() && isNamePart(text[at]))
      ++at;
    StringRef name = text.substr(begin, at - begin);
    size_t next = std::min(text.find_first_not_of(" \t\r\n", at), text.size());
    bool defines = open.empty() && next < text.size() && text[next] == '=' &&
                   !text.substr(next).starts_with("==");
    if (defines) {
      endAlias();
      alias = name;
      at = aliasBegin = next + 1;
      return;
    }
    auto known = depthOfAlias.find(name);
    size_t inside = known == depthOfAlias.end() ? 0 : known->second;
    note(begin, open.size() + inside);
  }

  void endAlias() {
    if (!alias.empty())
      depthOfAlias[alias] = reach;
    alias = {};
    reach = 0;
  }

  void visitMark(char c) {
    switch (c) {
    case '(':
    case '[':
    case '{':
    case '<':
      // A comparison, not a bracket.
      if (c == '<' && peek(1) == '=')
        return;
      open.push_back(c);
      operators.push_back(0);
      return note(at, open.size());
    case ')':
      return close('(');
    case ']':
      return close('[');
    case '}':
      return close('{');
    case '>':
      if (!open.empty() && open.back() == '<' && peek(1) != '=')
        close('<');
      return;
    case ',':
    case ':':
    case '=':
      operators.back() = 0;
      return;
    case '+':
    case '-':
    case '*':
      return countOperator(at);
    default:
      return;
    }
  }

  /// Closes `bracket` and what was left open inside it.
  void close(char bracket) {
    size_t size = open.size();
    while (size > 0 && open[size - 1] != bracket)
      --size;
    if (size == 0)
      return; // none is open: the parser will say so
    open.resize(size - 1);
    operators.resize(size);
  }

  /// Inside brackets that hold expressions; blocks hold many instructions.
  void countOperator(size_t where) {
    if (open.empty() || open.back() == '{')
      return;
    if (++operators.back() > maxTextNesting)
      failLimit(where, "this expression has more than " +
                           std::to_string(maxTextNesting) +
                           " operators, and more are not read");
  }

  void note(size_t where, size_t depth) {
    reach = std::max(reach, depth);
    if (depth > maxTextNesting)
      failLimit(where,
                "the text nests more than " + std::to_string(maxTextNesting) +
                    " levels deep here (aliases expanded), and more are not "
                    "read");
  }

  void fail(size_t where, const std::string &message) {
    if (problem)
      return;
    StringRef before = text.take_front(where);
    size_t lineStart = before.rfind('\n');
    unsigned column =
        where - (lineStart == StringRef::npos ? 0 : lineStart + 1) + 1;
    problem = TextProblem{unsigned(before.count('\n')) + 1, column, message};
  }

  /// The same about something that is too large.
  void failLimit(size_t where, const std::string &message) {
    fail(where, message + "; IR of the compiler stays far below that, so look "
                          "at what wrote this file");
  }

  StringRef text;
  size_t at = 0;
  SmallVector<char> open;
  /// Operators since the last comma, at each level.
  SmallVector<unsigned> operators{0};
  llvm::StringMap<size_t> depthOfAlias;
  StringRef alias; ///< being defined, until the next one or an operation
  size_t aliasBegin = 0;
  size_t reach = 0; ///< deepest level since its definition began
  std::optional<TextProblem> problem;
};

} // namespace

std::optional<TextProblem> photonic::findTextProblem(StringRef text) {
  return Scanner(text).run();
}

OwningOpRef<ModuleOp> photonic::parseIR(llvm::SourceMgr &sources,
                                        MLIRContext &context) {
  const llvm::MemoryBuffer *buffer =
      sources.getMemoryBuffer(sources.getMainFileID());
  if (!isBytecode(*buffer))
    if (auto problem = findTextProblem(buffer->getBuffer())) {
      emitError(FileLineColLoc::get(&context, buffer->getBufferIdentifier(),
                                    problem->line, problem->column))
          << problem->message;
      return {};
    }
  return parseSourceFile<ModuleOp>(sources, ParserConfig(&context));
}
