//===- Print.cpp - Target descriptions as text -----------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The printer of Protocol Buffers leaves out numbers that are 0, which a
// description has to state.
//
//===----------------------------------------------------------------------===//

#include "Fields.h"

#include "phx/target/Values.h"

#include <google/protobuf/any.pb.h>

using namespace phx;
using namespace phx::target;

namespace {
class Printer {
public:
  std::string text;

  void print(const Target &target) {
    const Message &spec = target.spec;
    for (int i = 0; i < spec.GetDescriptor()->field_count(); ++i) {
      const FieldDescriptor *field = spec.GetDescriptor()->field(i);
      bool isGroups = field->message_type() == proto::Group::descriptor();
      for (int entry = 0; entry < countEntries(spec, field); ++entry) {
        machine = isGroups ? target.machines[static_cast<size_t>(entry)].get()
                           : nullptr;
        printEntry(spec, field, entry);
      }
    }
  }

private:
  /// Of a field that is not repeated, 0 or 1; numbers and words are there.
  static int countEntries(const Message &message,
                          const FieldDescriptor *field) {
    if (field->is_repeated())
      return message.GetReflection()->FieldSize(message, field);
    return !field->message_type() ||
           message.GetReflection()->HasField(message, field);
  }

  static const Message &getMessage(const Message &message,
                                   const FieldDescriptor *field, int entry) {
    const auto *reflection = message.GetReflection();
    return field->is_repeated()
               ? reflection->GetRepeatedMessage(message, field, entry)
               : reflection->GetMessage(message, field);
  }

  void printLine(const std::string &line) {
    text += std::string(2 * depth, ' ') + line + "\n";
  }

  /// `open`, what is in `message`, and the end.
  void printBlock(const std::string &open, const Message &message) {
    printLine(open + " {");
    ++depth;
    for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
      const FieldDescriptor *field = message.GetDescriptor()->field(i);
      for (int entry = 0; entry < countEntries(message, field); ++entry)
        printEntry(message, field, entry);
    }
    --depth;
    printLine("}");
  }

  void printEntry(const Message &message, const FieldDescriptor *field,
                  int entry) {
    if (!field->message_type()) {
      std::string value;
      TextFormat::PrintFieldValueToString(
          message, field, field->is_repeated() ? entry : -1, &value);
      return printLine(field->name() + ": " + value);
    }
    const Message &nested = getMessage(message, field, entry);
    const auto *any = dynamic_cast<const google::protobuf::Any *>(&nested);
    if (!any)
      return printBlock(field->name(), nested);
    printLine(field->name() + " {");
    ++depth;
    printBlock("[" + any->type_url() + "]", *machine);
    --depth;
    printLine("}");
  }

  unsigned depth = 0;
  const Message *machine = nullptr; ///< of the group that is printed
};
} // namespace

std::string phx::printTarget(const Target &target) {
  Printer printer;
  printer.print(target);
  return printer.text;
}
