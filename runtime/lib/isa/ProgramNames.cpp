//===- ProgramNames.cpp - Names that can be written -----------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ProgramNames.h"

#include "TablePlace.h"

using namespace phx;
using phx::detail::failTable;
using phx::detail::Place;

/// True if `text` is well-formed UTF-8 (shortest forms, no surrogates).
static bool isUtf8(const std::string &text) {
  size_t i = 0;
  while (i < text.size()) {
    uint8_t lead = text[i];
    size_t length = lead < 0x80             ? 1
                    : (lead & 0xe0) == 0xc0 ? 2
                    : (lead & 0xf0) == 0xe0 ? 3
                    : (lead & 0xf8) == 0xf0 ? 4
                                            : 0;
    if (length == 0 || i + length > text.size())
      return false;
    uint32_t point = length == 1 ? lead : lead & (0x7f >> length);
    for (size_t j = 1; j < length; ++j) {
      uint8_t next = text[i + j];
      if ((next & 0xc0) != 0x80)
        return false;
      point = point << 6 | (next & 0x3f);
    }
    static constexpr uint32_t shortest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (point < shortest[length] || point > 0x10ffff ||
        (point >= 0xd800 && point < 0xe000))
      return false;
    i += length;
  }
  return true;
}

/// The bytes of a name, those that no text holds as \xHH.
static std::string escape(const std::string &name) {
  static const char digits[] = "0123456789abcdef";
  std::string text;
  for (char c : name) {
    auto byte = static_cast<uint8_t>(c);
    if (byte >= 0x20 && byte < 0x7f)
      text += c;
    else
      text += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
  }
  return text;
}

static Status checkName(const Place &where, const std::string &name) {
  if (isUtf8(name))
    return Status::success();
  return failTable(where, "text in UTF-8", "'" + escape(name) + "'");
}

/// Names of the program itself.
static Status checkOwnNames(const Program &program) {
  if (Status s = checkName("program name", program.name); !s)
    return s;
  if (Status s = checkName("target name", program.target); !s)
    return s;
  if (Status s = checkName("compiler version", program.compiler); !s)
    return s;
  for (const std::string &field : program.machine)
    if (Status s = checkName("field of the machine", field); !s)
      return s;
  for (const std::string &name : program.ignoredInputs)
    if (Status s = checkName("ignored input", name); !s)
      return s;
  return Status::success();
}

template <typename Entries>
static Status checkNamesOf(const char *kind, const Entries &entries) {
  for (size_t i = 0; i < entries.size(); ++i)
    if (Status s = checkName(Place::at(kind, i) + "name", entries[i].name); !s)
      return s;
  return Status::success();
}

Status phx::checkNames(const Program &program) {
  if (Status s = checkOwnNames(program); !s)
    return s;
  if (Status s = checkNamesOf("group", program.groups); !s)
    return s;
  if (Status s = checkNamesOf("memory", program.memories); !s)
    return s;
  if (Status s = checkNamesOf("register", program.registers); !s)
    return s;
  if (Status s = checkNamesOf("region", program.regions); !s)
    return s;
  if (Status s = checkNamesOf("layer", program.layers); !s)
    return s;
  for (size_t g = 0; g < program.groups.size(); ++g)
    if (Status s = checkName(Place::at("group", g) + "class",
                             program.groups[g].machineClass);
        !s)
      return s;
  for (size_t l = 0; l < program.layers.size(); ++l)
    if (Status s =
            checkName(Place::at("layer", l) + "operator", program.layers[l].op);
        !s)
      return s;
  return Status::success();
}
