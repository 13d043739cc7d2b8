//===- CheckMemories.cpp - Rules of the memories of a target ----*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Fields.h"

#include "phx/isa/Limits.h"
#include "phx/isa/Program.h"
#include "phx/support/Suggestions.h"
#include "phx/target/ArrayGroups.h"

#include <algorithm>

using namespace phx;
using namespace phx::target;

namespace {
using Report = std::function<void(const std::string &, const std::string &)>;

/// Checks one memory.
struct MemoryRules {
  const Target &target;
  const proto::Memory &memory;
  const Report &report;

  void run() {
    checkWord("kind", memory.kind().value(), listKinds());
    checkWords("types", memory.types(), listTypeNames());
    if (memory.has_roles())
      checkWords("roles", memory.roles(), listRoles());
    if (memory.has_group())
      checkWord("group", memory.group().value(), listGroups());
  }

private:
  static std::vector<std::string> listKinds() {
    std::vector<std::string> names;
    for (unsigned kind = 0; kind < numMemoryKinds; ++kind)
      names.push_back(getKindName(static_cast<MemoryKind>(kind)));
    return names;
  }
  static std::vector<std::string> listTypeNames() {
    std::vector<std::string> names;
    for (unsigned type = 0; type < numElementTypes; ++type)
      names.push_back(getTypeWord(static_cast<ElementType>(type)));
    return names;
  }
  static std::vector<std::string> listRoles() {
    std::vector<std::string> names;
    for (unsigned role = 0; role < numMemoryRoles; ++role)
      names.push_back(getRoleName(static_cast<MemoryRole>(role)));
    return names;
  }
  std::vector<std::string> listGroups() const {
    std::vector<std::string> names;
    for (const proto::Group &group : target.spec.groups())
      names.push_back(group.name());
    return names;
  }

  bool checkWord(const std::string &field, const std::string &word,
                 const std::vector<std::string> &known) {
    if (std::find(known.begin(), known.end(), word) != known.end())
      return true;
    std::string list;
    for (const std::string &name : known)
      list += (list.empty() ? "" : ", ") + name;
    const std::string name = memory.name() + "." + field;
    report(name, name + " is '" + word + "', legal is " +
                     (list.empty() ? "none, since there are no groups" : list) +
                     didYouMean(word, known));
    return false;
  }

  void checkWords(const std::string &field, const proto::Words &words,
                  const std::vector<std::string> &known) {
    const std::string name = memory.name() + "." + field;
    for (int i = 0; i < words.values_size(); ++i) {
      if (!checkWord(field, words.values(i), known))
        return;
      if (std::find(words.values().begin(), words.values().begin() + i,
                    words.values(i)) != words.values().begin() + i)
        return report(name, name + " lists '" + words.values(i) + "' twice");
    }
  }
};
} // namespace

void target::checkMemories(const Target &target, const Report &report) {
  if (target.spec.memories_size() > limits::memories)
    report("memories", "the target has " +
                           std::to_string(target.spec.memories_size()) +
                           " memories, at most " +
                           std::to_string(limits::memories) + " are legal");
  for (const proto::Memory &memory : target.spec.memories())
    MemoryRules{target, memory, report}.run();
}
