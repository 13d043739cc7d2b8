//===- Learning.cpp - What a model says is learned ------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Learning.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Regex.h"

using namespace photonic;
using namespace photonic::importer;
using llvm::StringRef;

bool importer::isModuleName(StringRef tensor) {
  static const llvm::Regex name("^[A-Za-z_][A-Za-z0-9_]*(\\.[A-Za-z0-9_]+)*$");
  return name.match(tensor);
}

/// Names that PyTorch's exporter gives to numbers in the text of a module.
static bool isLiteralName(StringRef tensor) {
  static const llvm::Regex name("^(val_[0-9]+|scalar_tensor_default(_[0-9]+)?)$");
  return name.match(tensor);
}

/// The field `metadata_props` of a ValueInfoProto or TensorProto, number
/// `field`, which older versions of ONNX do not know.
template <typename Message>
static llvm::StringMap<std::string> readProperties(const Message &message,
                                                   int field) {
  llvm::StringMap<std::string> properties;
  const auto &unknown = message.unknown_fields();
  for (int i = 0; i < unknown.field_count(); ++i) {
    const auto &entry = unknown.field(i);
    ::onnx::StringStringEntryProto property;
    if (entry.number() == field &&
        entry.type() == google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED &&
        property.ParseFromString(entry.length_delimited()))
      properties[property.key()] = property.value();
  }
  return properties;
}

/// What a tensor with these properties is. A constant that was folded stands
/// for what it was folded from.
static Learning classify(StringRef name,
                         const llvm::StringMap<std::string> &properties) {
  auto kind =
      properties.find("pkg.torch.export.graph_signature.InputSpec.kind");
  if (kind != properties.end())
    return kind->second == "PARAMETER" ? Learning::Learned : Learning::Kept;
  auto folded = properties.find("pkg.onnxscript.optimizer.folded_from");
  if (folded == properties.end())
    return isLiteralName(name) ? Learning::Literal : Learning::Unstated;
  // A list as Python prints it: ['a', 'b'].
  llvm::SmallVector<StringRef> sources;
  StringRef(folded->second).trim("[]").split(sources, ',');
  return llvm::all_of(sources,
                      [](StringRef source) {
                        return isLiteralName(source.trim(" '\""));
                      })
             ? Learning::Literal
             : Learning::Unstated;
}

void LearningList::readNotes(const ::onnx::GraphProto &graph) {
  constexpr int ofValue = 4, ofTensor = 16;
  for (const auto &initializer : graph.initializer())
    notes[initializer.name()] =
        classify(initializer.name(), readProperties(initializer, ofTensor));
  for (const auto &info : graph.value_info()) {
    auto properties = readProperties(info, ofValue);
    auto note = notes.find(info.name());
    if (!properties.empty() && note != notes.end())
      note->second = classify(info.name(), properties);
  }
  hasNotes = llvm::any_of(notes, [](const auto &note) {
    return note.second == Learning::Learned;
  });
}

void LearningList::read(const ::onnx::ModelProto &model) {
  for (const auto &entry : model.metadata_props()) {
    if (entry.key() != "photonic.learned")
      continue;
    isList = true;
    llvm::SmallVector<StringRef> names;
    StringRef(entry.value()).split(names, '\n', -1, /*KeepEmpty=*/false);
    learned.insert_range(names);
  }
  if (!isList)
    readNotes(model.graph());
}

Learning LearningList::get(StringRef tensor) const {
  if (isList)
    return learned.contains(tensor) ? Learning::Learned : Learning::Kept;
  return hasNotes ? notes.lookup(tensor) : Learning::Unstated;
}
