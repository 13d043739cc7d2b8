//===- StateFile.cpp - Parameters and state in files ------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An archive of arrays by name, for NumPy and everybody, and one array more
// whose bytes are JSON:
//
//   {"format": "photonic state", "version": 1, "program": "lenet5",
//    "step": 120, "fingerprint": "0123456789abcdef",
//    "random_key": "photonic.rng" (null if the program has none),
//    "arrays": {"conv1.weight": {"role": "parameter", "type": "float32",
//                                "shape": [6, 1, 5, 5]}, ...}}
//
//===----------------------------------------------------------------------===//

#include "StateSchema.h"

#include "phx/npy/Npy.h"
#include "phx/run/StateAccess.h"

#include <algorithm>
#include <nlohmann/json.hpp>

using namespace phx;
using Json = nlohmann::ordered_json;

static constexpr const char *infoName = "photonic.state";
static constexpr const char *formatName = "photonic state";
static constexpr int formatNumber = 1;

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

static HostArray makeInfo(const Program &program, int64_t step) {
  StateSchema schema = makeSchema(program);
  Json arrays = Json::object();
  for (const auto &[name, entry] : schema)
    arrays[name] = {{"role", getRoleName(entry.role)},
                    {"type", getTypeName(entry.type)},
                    {"shape", entry.shape}};
  Json info = {{"format", formatName},
               {"version", formatNumber},
               {"program", program.name},
               {"step", step},
               {"fingerprint", makeFingerprint(schema)},
               {"random_key", nullptr},
               {"arrays", arrays}};
  if (program.rng)
    info["random_key"] = program.regions[*program.rng].name;
  // ONNX names may hold any bytes; JSON holds UTF-8.
  std::string text = info.dump(-1, ' ', false, Json::error_handler_t::replace);
  return {ElementType::U8,
          {int64_t(text.size())},
          std::vector<uint8_t>(text.begin(), text.end())};
}

Status StateAccess::save(const std::string &path) {
  Result<HostArrays> arrays = read();
  if (!arrays)
    return arrays.error();
  if (arrays->empty())
    return Error{"cannot write '" + path + "': " + noStateMessage};
  if (arrays->count(infoName))
    return Error{"cannot write '" + path + "': the program has a region '" +
                 infoName + "', a name that state files need themselves"};
  (*arrays)[infoName] = makeInfo(program, stepCount);
  return writeNpz(*arrays, path);
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

namespace {
/// The contents of a file.
struct StateFile {
  StateInfo info;
  StateSchema schema;
  HostArrays arrays;
  std::string key; ///< name of the random key; empty if there is none
};
} // namespace

/// Reads the JSON; absent if it is not what makeInfo writes.
static std::optional<StateInfo> parseInfo(const HostArray &array,
                                          std::map<std::string, Role> &roles,
                                          std::string &key) {
  Json info = Json::parse(array.bytes.begin(), array.bytes.end(), nullptr,
                          /*allow_exceptions=*/false);
  if (!info.is_object() || info.value("format", Json()) != formatName ||
      info.value("version", Json()) != formatNumber)
    return std::nullopt;
  Json program = info.value("program", Json()),
       step = info.value("step", Json()), arrays = info.value("arrays", Json());
  if (!program.is_string() || !step.is_number_integer() || !arrays.is_object())
    return std::nullopt;
  if (Json name = info.value("random_key", Json()); name.is_string())
    key = name.get<std::string>();
  for (const auto &[name, entry] : arrays.items())
    if (entry.is_object())
      roles[name] = entry.value("role", Json()) == getRoleName(Role::State)
                        ? Role::State
                        : Role::Parameter;
  return StateInfo{program.get<std::string>(), step.get<int64_t>()};
}

/// Reads the arrays of a file, and of those only the data that are in `own`.
static Result<HostArrays> readArrays(const std::string &path,
                                     const StateSchema &own) {
  constexpr int64_t longestInfo = int64_t(64) << 20;
  return readNpz(path,
                 [&](const std::string &name, ElementType type,
                     const std::vector<int64_t> &shape) -> Result<bool> {
                   if (name == infoName)
                     return type == ElementType::U8 && shape.size() == 1 &&
                            shape[0] <= longestInfo;
                   auto entry = own.find(name);
                   return entry != own.end() && entry->second.type == type &&
                          entry->second.shape == shape;
                 });
}

static Result<StateFile> readStateFile(const std::string &path,
                                       const StateSchema &own) {
  Result<HostArrays> arrays = readArrays(path, own);
  if (!arrays)
    return arrays.error();
  StateFile file;
  std::map<std::string, Role> roles;
  if (auto found = arrays->find(infoName); found != arrays->end()) {
    std::optional<StateInfo> info = parseInfo(found->second, roles, file.key);
    if (!info)
      return Error{"'" + path + "': the array '" + infoName +
                   "' is not of this version of the tools (format '" +
                   formatName + "', version " + std::to_string(formatNumber) +
                   "); save the state again with these"};
    file.info = *info;
    arrays->erase(found);
  }
  for (const auto &[name, array] : *arrays)
    file.schema[name] = {roles.count(name) ? roles[name] : Role::Parameter,
                         array.type, array.shape};
  file.arrays = std::move(*arrays);
  return file;
}

/// The state of an evaluation program: that of an optimiser begins anew.
static bool holdsParametersOnly(const StateFile &file) {
  return std::none_of(
      file.schema.begin(), file.schema.end(), [&](const auto &entry) {
        return entry.second.role == Role::State && entry.first != file.key;
      });
}

static Error makeForeign(const std::string &path, const StateInfo &info,
                         const Program &program,
                         const SchemaDifference &difference) {
  std::string what = difference.parametersDiffer
                         ? "the state of another model"
                         : "the state of this model with another optimizer";
  if (!info.program.empty() && info.program != program.name)
    what +=
        " ('" + info.program + "', the program is of '" + program.name + "')";
  return Error{"'" + path + "' is " + what + ": " + difference.text +
               "; use a state that this program wrote, or compile the model "
               "and optimizer that the state belongs to"};
}

Result<StateInfo> StateAccess::load(const std::string &path) {
  StateSchema schema = makeSchema(program);
  if (schema.empty())
    return Error{"cannot use '" + path + "': " + noStateMessage};
  Result<StateFile> file = readStateFile(path, schema);
  if (!file)
    return file.error();
  bool training = program.kind == ProgramKind::Training;
  bool startsTraining = training && holdsParametersOnly(*file);
  if (startsTraining)
    for (const auto &[name, entry] : schema)
      if (entry.role == Role::State)
        file->schema.emplace(name, entry);
  SchemaDifference difference =
      compareSchemas(schema, file->schema, !training || startsTraining);
  if (!difference.text.empty())
    return makeForeign(path, file->info, program, difference);
  ArrayViews values;
  for (const auto &[name, entry] : schema)
    if (auto array = file->arrays.find(name); array != file->arrays.end())
      values[name] = array->second;
  if (Status status = write(values, /*partial=*/startsTraining); !status)
    return Error{"'" + path + "': " + status.error().message};
  stepCount = file->info.step;
  return file->info;
}
