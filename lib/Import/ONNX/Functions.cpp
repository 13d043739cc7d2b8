//===- Functions.cpp - Functions that a model defines ---------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The installed schema of ONNX may be older than the model: fields that it does
// not know are found by their numbers in onnx.proto.
//
//===----------------------------------------------------------------------===//

#include "Model.h"

#include "mlir/IR/Diagnostics.h"
#include <google/protobuf/unknown_field_set.h>

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::onnx::FunctionProto;

/// Numbers of fields of FunctionProto.
static constexpr int attributeProtoField = 11, overloadField = 13;

/// Calls `visit` with the bytes of every value of a field of type string, bytes
/// or message.
static void visitField(const Message &message, int number,
                       function_ref<void(const std::string &)> visit) {
  const ::google::protobuf::Reflection *reflection = message.GetReflection();
  if (const FieldDescriptor *field =
          message.GetDescriptor()->FindFieldByNumber(number)) {
    bool isMessage = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    if (!field->is_repeated())
      return visit(reflection->GetString(message, field));
    for (int i = 0; i < reflection->FieldSize(message, field); ++i)
      visit(isMessage ? reflection->GetRepeatedMessage(message, field, i)
                            .SerializeAsString()
                      : reflection->GetRepeatedString(message, field, i));
    return;
  }
  const auto &unknown = reflection->GetUnknownFields(message);
  for (int i = 0; i < unknown.field_count(); ++i)
    if (unknown.field(i).number() == number &&
        unknown.field(i).type() ==
            ::google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED)
      visit(unknown.field(i).length_delimited());
}

std::string importer::getNewerString(const Message &message, int number) {
  std::string text;
  visitField(message, number, [&](const std::string &value) { text = value; });
  return text;
}

/// Names hold no control characters that are this one.
static std::string makeKey(StringRef domain, StringRef name,
                           StringRef overload) {
  StringRef spelled = isDefaultDomain(domain) ? "" : domain;
  return (spelled + "\x1f" + name + "\x1f" + overload).str();
}

LogicalResult Model::readFunctions() {
  for (const FunctionProto &function : proto->functions()) {
    std::string overload = getNewerString(function, overloadField);
    auto [it, isNew] = functions.try_emplace(
        makeKey(function.domain(), function.name(), overload), &function);
    if (!isNew)
      return emitError(loc)
             << "the model defines the function '" << function.name()
             << "' of domain '" << function.domain()
             << "' twice; expected one definition: export the model again";
    bool ok = true;
    visitField(function, attributeProtoField, [&](const std::string &bytes) {
      ::onnx::AttributeProto &attr = storage->defaults.emplace_back();
      ok &= attr.ParseFromString(bytes);
      defaults[&function].push_back(&attr);
    });
    if (!ok)
      return emitError(loc) << "the defaults of attributes of function '"
                            << function.name()
                            << "' do not parse; export the model again";
  }
  return success();
}

const FunctionProto *Model::findFunction(StringRef domain, StringRef name,
                                         StringRef overload) const {
  if (functions.empty())
    return nullptr;
  return functions.lookup(makeKey(domain, name, overload));
}

ArrayRef<const ::onnx::AttributeProto *>
Model::getDefaults(const FunctionProto &function) const {
  auto it = defaults.find(&function);
  if (it == defaults.end())
    return {};
  return it->second;
}
