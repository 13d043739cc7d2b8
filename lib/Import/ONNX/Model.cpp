//===- Model.cpp - An ONNX file in memory ---------------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Model.h"
#include "photonic/Import/ONNX/ImportONNX.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Path.h"
#include <google/protobuf/stubs/logging.h>
#include <limits>

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;

std::string importer::getElementTypeName(int32_t type) {
  // The installed schema may be older than the model.
  static constexpr llvm::StringLiteral newer[] = {
      "FLOAT8E4M3FN", "FLOAT8E4M3FNUZ", "FLOAT8E5M2", "FLOAT8E5M2FNUZ",
      "UINT4",        "INT4",           "FLOAT4E2M1", "FLOAT8E8M0"};
  if (::onnx::TensorProto_DataType_IsValid(type))
    return ::onnx::TensorProto_DataType_Name(
        static_cast<::onnx::TensorProto_DataType>(type));
  if (type >= 17 && type < 17 + int32_t(std::size(newer)))
    return newer[type - 17].str();
  return "number " + std::to_string(type);
}

//===----------------------------------------------------------------------===//
// Parsing
//===----------------------------------------------------------------------===//

/// What Protocol Buffers can parse.
static constexpr phx::ReadLimit modelLimit{std::numeric_limits<int>::max(),
                                           "an ONNX model"};

std::unique_ptr<Model> Model::read(StringRef path, MLIRContext &context) {
  phx::Result<phx::MappedFile> file = phx::loadFile(path.str(), modelLimit);
  if (!file) {
    emitError(FileLineColLoc::get(&context, path, 0, 0))
        << file.error().message
        << "; expected an ONNX file of at most 2 GiB, and larger models with "
           "external data: check the path and its permissions";
    return nullptr;
  }
  return parse({file->text(), path}, context);
}

std::unique_ptr<Model> Model::parse(llvm::MemoryBufferRef buffer,
                                    MLIRContext &context) {
  StringRef path = buffer.getBufferIdentifier();
  std::unique_ptr<Model> model(
      new Model(FileLineColLoc::get(&context, path, 0, 0)));
  model->path = path.str();
  auto error = [&]() -> InFlightDiagnostic {
    return emitError(model->loc) << "'" << path << "' ";
  };
  if (buffer.getBufferSize() == 0) {
    error() << "is empty: expected an ONNX model; export it again";
    return nullptr;
  }
  if (buffer.getBufferSize() > size_t(std::numeric_limits<int>::max())) {
    error() << "has " << buffer.getBufferSize()
            << " bytes: a Protocol Buffers file cannot exceed 2 GiB; save the "
               "model with external data";
    return nullptr;
  }
  // The parser's own messages would go to standard error.
  ::google::protobuf::LogSilencer silencer;
  model->storage = std::make_shared<Storage>();
  model->proto = {model->storage, &model->storage->proto};
  bool parsed = model->proto->ParseFromArray(buffer.getBufferStart(),
                                             int(buffer.getBufferSize()));
  bool looksLikeModel = model->proto->ir_version() > 0;
  if (!parsed && looksLikeModel) {
    error() << "is truncated or damaged: it begins like an ONNX model, but its "
            << buffer.getBufferSize()
            << " bytes do not parse; copy or export it again";
    return nullptr;
  }
  if (!parsed || !looksLikeModel || !model->proto->has_graph()) {
    error() << "is not an ONNX model: expected a serialised ModelProto with a "
               "version and a graph, found "
            << (!parsed          ? "something else"
                : looksLikeModel ? "no graph"
                                 : "no version")
            << "; pass a file written by an ONNX exporter";
    return nullptr;
  }
  if (failed(model->checkOpset()) || failed(model->readFunctions()))
    return nullptr;
  for (const auto &entry : model->proto->metadata_props()) {
    if (entry.key() == "photonic.format")
      model->trainedFormat = entry.value();
  }
  model->learning.read(*model->proto);
  return model;
}

LogicalResult Model::checkOpset() {
  for (const auto &import : proto->opset_import()) {
    if (!isDefaultDomain(import.domain()))
      continue;
    if (opset != 0 && opset != import.version())
      return emitError(loc)
             << "the model imports the operators of ai.onnx "
                "twice, in versions "
             << opset << " and " << import.version() << "; export it again";
    opset = import.version();
  }
  // A model of optimizers or calls alone uses none of the default operators.
  bool usesDefault = llvm::any_of(getGraph().node(), [](const auto &node) {
    return isDefaultDomain(node.domain());
  });
  if (opset == 0 && !usesDefault &&
      (getOpset(trainingDomain) != 0 || proto->functions_size() > 0))
    opset = newestOpset;
  return checkOpset(opset, "the model");
}

LogicalResult Model::checkOpset(int64_t version, StringRef owner) const {
  if (version >= oldestOpset && version <= newestOpset)
    return success();
  InFlightDiagnostic diagnostic = emitError(loc)
                                  << "expected opset " << oldestOpset << " to "
                                  << newestOpset << ", found ";
  if (version == 0)
    return diagnostic << "no version of the operators of ai.onnx; export the "
                         "model again";
  diagnostic << version;
  if (owner != "the model")
    diagnostic << " in " << owner;
  return diagnostic << "; export the model with opset_version="
                    << (version < oldestOpset ? 17 : newestOpset)
                    << " or convert it with onnx.version_converter";
}

int64_t Model::getOpset(StringRef domain) const {
  if (isDefaultDomain(domain))
    return opset;
  for (const auto &import : proto->opset_import())
    if (import.domain() == domain)
      return import.version();
  return 0;
}

//===----------------------------------------------------------------------===//
// External data
//===----------------------------------------------------------------------===//

/// The model may not name files elsewhere on the machine that opens it.
static bool escapesDirectory(StringRef location) {
  namespace path = llvm::sys::path;
  if (path::is_absolute(location))
    return true;
  for (auto it = path::begin(location), end = path::end(location); it != end;
       ++it)
    if (*it == "..")
      return true;
  return false;
}

FailureOr<phx::MappedFile>
Model::openExternalFile(StringRef location, Location where, StringRef what) {
  if (auto known = externalFiles.find(location); known != externalFiles.end())
    return known->second;
  if (location.empty())
    return emitError(where)
           << what << " has its data in another file, but the model does not "
           << "say which (no 'location'); save the model again";
  if (escapesDirectory(location))
    return emitError(where)
           << what << " has its data in '" << location
           << "', which leaves the directory of the model; expected a relative "
              "path without '..': save the model again with the data beside it";
  llvm::SmallString<256> full(llvm::sys::path::parent_path(path));
  std::string real = phx::resolveLinks(path);
  std::vector<std::string> folders{
      full.str().str(), llvm::sys::path::parent_path(real).str()};
  llvm::sys::path::append(full, location);
  phx::Result<phx::MappedFile> file =
      phx::mapFileInside(full.str().str(), folders);
  if (!file)
    return emitError(where)
           << what << " has its data in '" << location
           << "': " << file.error().message
           << "; expected a regular file in the folder of the model, or in the "
              "one that a link to the model leads to: put the file beside the "
              "model, or save the model with its weights inside";
  externalFiles[location] = *file;
  return *file;
}

FailureOr<OwnedBytes> Model::getExternalBytes(const ::onnx::TensorProto &tensor,
                                              uint64_t size, Location where,
                                              StringRef what) {
  StringRef location;
  uint64_t offset = 0, length = size;
  for (const auto &entry : tensor.external_data()) {
    StringRef key = entry.key(), value = entry.value();
    bool bad = false;
    if (key == "location")
      location = value;
    else if (key == "offset")
      bad = value.getAsInteger(10, offset);
    else if (key == "length")
      bad = value.getAsInteger(10, length);
    // "checksum" is SHA-1 of the whole file, which nobody writes.
    if (bad)
      return emitError(where) << what << ": expected a number of bytes as "
                              << key << " of its external data, found '"
                              << value << "'; save the model again";
  }
  auto file = openExternalFile(location, where, what);
  if (failed(file))
    return failure();
  if (length != size)
    return emitError(where) << what << " needs " << size
                            << " bytes of external data, but the model says "
                            << length << "; save the model again";
  uint64_t available = file->size;
  if (offset > available || size > available - offset)
    return emitError(where)
           << what << " lies at bytes " << offset << " to " << offset + size
           << " of '" << location << "', which has only " << available
           << " bytes; the file is truncated or belongs to another model";
  return OwnedBytes{{file->text().data() + offset, size}, file->owner};
}
