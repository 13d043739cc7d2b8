//===- TextChanges.cpp - Each word of an instruction, changed --*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TextChanges.h"

#include <algorithm>
#include <cctype>
#include <regex>

using namespace photonic::pisa;

namespace {

/// A number or a word.
struct Token {
  size_t begin = 0, end = 0;
};

std::vector<Token> tokenize(const std::string &line) {
  std::vector<Token> tokens;
  // Words (also of operations: "pisa.loop"), whole and real numbers.
  static const std::regex word(
      R"([A-Za-z_][A-Za-z0-9_.]*|-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?)");
  for (auto it = std::sregex_iterator(line.begin(), line.end(), word);
       it != std::sregex_iterator(); ++it)
    tokens.push_back(
        {size_t(it->position()), size_t(it->position() + it->length())});
  return tokens;
}

bool isDigit(char c) { return std::isdigit(static_cast<unsigned char>(c)); }
/// Not a word that ends in a digit.
bool isNumber(const std::string &text) {
  return text[0] == '-' || isDigit(text[0]);
}

/// What a line may say instead of one of its tokens.
class Lister {
public:
  Lister(const std::string &line, const phx::Program &program,
         const phx::InstructionDescription &description)
      : line(line), program(program), description(description) {}

  std::vector<TextChange> run() {
    std::string before;
    bool isFirst = true; // the operation
    for (const Token &token : tokenize(line)) {
      std::string text = line.substr(token.begin, token.end - token.begin);
      if (!isFirst)
        for (const std::string &other : listOthers(text))
          changes.push_back({token.begin, before + " " + text,
                             line.substr(0, token.begin) + other +
                                 line.substr(token.end),
                             findEnumField(text)});
      isFirst = false;
      before = text;
    }
    leaveOut();
    addMissing();
    return std::move(changes);
  }

private:
  std::vector<std::string> listOthers(const std::string &text) const {
    bool isLoop = text == "lane" ||
                  (text.size() == 2 && text[0] == 'l' && isDigit(text[1]));
    if (isLoop)
      return without(text, {"l0", "l1", "l2", "lane"});
    if (text.size() == 2 && text[0] == 'r' && isDigit(text[1]))
      return without(text, {"r0", "r1", "r2"});
    if (isNumber(text) && text.find_first_of(".e") != std::string::npos)
      return {"3.0", "-0.0", "1.25e-01"};
    if (isNumber(text)) {
      int64_t value = std::stoll(text);
      // Bytes of an element are 4, mostly.
      return {std::to_string(value + 1), std::to_string(value - 1),
              std::to_string(value + 4)};
    }
    if (std::string name = findEnumField(text); !name.empty())
      return without(text, listWords(*description.find(name)->words));
    std::vector<std::string> memories, engines(phx::engineWords.begin(),
                                               phx::engineWords.end());
    for (const phx::ProgramMemory &memory : program.memories)
      memories.push_back(memory.name);
    for (const phx::ArrayGroup &group : program.groups)
      engines.push_back(group.name);
    for (const auto &names : {memories, engines})
      if (contains(names, text))
        return without(text, names);
    return {}; // grammar
  }

  /// The field that has a word of an enumeration; empty if it is another word.
  std::string findEnumField(const std::string &text) const {
    for (const phx::FieldDescription &field : description.fields)
      if (field.words && contains(listWords(*field.words), text))
        return field.attribute;
    return "";
  }

  /// Optional operands, and what stands behind all of them.
  void leaveOut() {
    for (const phx::FieldDescription &field : description.fields)
      if (field.optional)
        leaveOut(" " + field.attribute +
                 (field.kind == phx::FieldKind::ZeroFill
                      ? R"( dim .* extent [0-9]+)"
                      : field.kind == phx::FieldKind::Flag
                            ? ""
                            : R"( (\[[^\]]*\]|[^ \[]+(\[[^\]]*\])?))"));
    leaveOut(R"( of \[[^\]]*\]( \+ r[0-9]+)?)");
    leaveOut(R"( of r[0-9]+)");
    leaveOut(R"( \+ r[0-9]+)");
    leaveOut(R"( below r[0-9]+)");
    leaveOut(R"( lanes [0-9]+)");
    leaveOut(R"( layer [0-9]+)");
    leaveOut(R"( when .*$)");
  }
  void leaveOut(const std::string &pattern) {
    const std::regex part(pattern);
    for (auto it = std::sregex_iterator(line.begin(), line.end(), part);
         it != std::sregex_iterator(); ++it)
      changes.push_back(
          {size_t(it->position()), "without" + it->str(),
           line.substr(0, size_t(it->position())) +
               line.substr(size_t(it->position() + it->length())),
           ""});
  }

  /// What could be there and is not: flags and numbers among the operands, and
  /// the layer.
  void addMissing() {
    for (const phx::FieldDescription &field : description.fields) {
      bool isFlag = field.kind == phx::FieldKind::Flag;
      if (isFlag || (field.optional && field.kind == phx::FieldKind::Number))
        addMissing(field.attribute, isFlag ? "" : " 2");
    }
    addMissing("layer", " 1");
  }
  void addMissing(const std::string &word, const std::string &value) {
    if (line.find(" " + word) != std::string::npos)
      return;
    size_t end = line.size();
    for (const char *behind : {" layer", " when", " {"})
      end = std::min(end, line.find(behind));
    std::string added = " " + word + value;
    changes.push_back({end, "with" + added,
                       line.substr(0, end) + added + line.substr(end), ""});
  }

  static std::vector<std::string> listWords(const phx::EnumDescription &words) {
    std::vector<std::string> names;
    for (const phx::EnumEntry &entry : words.entries)
      names.push_back(entry.name);
    return names;
  }
  static bool contains(const std::vector<std::string> &list,
                       const std::string &text) {
    return std::find(list.begin(), list.end(), text) != list.end();
  }
  static std::vector<std::string> without(const std::string &text,
                                          std::vector<std::string> list) {
    std::erase(list, text);
    return list;
  }

  const std::string &line;
  const phx::Program &program;
  const phx::InstructionDescription &description;
  std::vector<TextChange> changes;
};

} // namespace

std::vector<TextChange> photonic::pisa::listTextChanges(
    const std::string &line, const phx::Program &program,
    const phx::InstructionDescription &description) {
  return Lister(line, program, description).run();
}
