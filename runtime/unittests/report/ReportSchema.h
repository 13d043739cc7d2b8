//===- ReportSchema.h - Whether a report follows its schema ----*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// For the tests of reports on machines of any class.
//
//===----------------------------------------------------------------------===//

#ifndef PHX_UNITTESTS_REPORT_REPORTSCHEMA_H
#define PHX_UNITTESTS_REPORT_REPORTSCHEMA_H

#include "phx/support/FileSystem.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace phx::test {

/// The part of JSON Schema 2020-12 that docs/report.schema.json uses.
class SchemaChecker {
public:
  using Json = nlohmann::json;

  explicit SchemaChecker(const Json &root) : root(root) {}

  std::vector<std::string> check(const Json &value) {
    check(root, value, "$");
    return errors;
  }
  /// Every field says what it means.
  void checkDescriptions(const Json &schema, const std::string &path) {
    if (!schema.contains("description"))
      errors.push_back(path + " has no description");
    const Json properties = schema.value("properties", Json::object());
    for (const auto &[name, inner] : properties.items())
      checkDescriptions(inner, path + "." + name);
    if (schema.contains("items"))
      checkDescriptions(schema["items"], path + "[]");
  }
  std::vector<std::string> errors;

private:
  static bool hasType(const Json &value, const std::string &type) {
    return (type == "object" && value.is_object()) ||
           (type == "array" && value.is_array()) ||
           (type == "string" && value.is_string()) ||
           (type == "boolean" && value.is_boolean()) ||
           (type == "null" && value.is_null()) ||
           (type == "integer" && value.is_number_integer()) ||
           (type == "number" && value.is_number());
  }
  static bool hasAnyType(const Json &value, const Json &types) {
    if (types.is_string())
      return hasType(value, types);
    for (const Json &type : types)
      if (hasType(value, type))
        return true;
    return false;
  }
  void check(const Json &schema, const Json &value, const std::string &path) {
    if (schema.contains("$ref"))
      check(root.at(Json::json_pointer(std::string(schema["$ref"]).substr(1))),
            value, path);
    if (schema.contains("const") && schema["const"] != value)
      errors.push_back(path + " is not " + schema["const"].dump());
    if (schema.contains("type") && !hasAnyType(value, schema["type"]))
      errors.push_back(path + " has the wrong type: " + value.dump());
    if (schema.contains("enum") &&
        std::find(schema["enum"].begin(), schema["enum"].end(), value) ==
            schema["enum"].end())
      errors.push_back(path + " is not in the enumeration: " + value.dump());
    if (value.is_number()) {
      if (schema.contains("minimum") && value < schema["minimum"])
        errors.push_back(path + " is too small: " + value.dump());
      if (schema.contains("maximum") && value > schema["maximum"])
        errors.push_back(path + " is too large: " + value.dump());
    }
    if (value.is_object() && schema.contains("properties"))
      checkObject(schema, value, path);
    if (value.is_array() && schema.contains("items"))
      for (size_t i = 0; i < value.size(); ++i)
        check(schema["items"], value[i], path + "[" + std::to_string(i) + "]");
  }
  void checkObject(const Json &schema, const Json &value,
                   const std::string &path) {
    for (const std::string name : schema["required"])
      if (!value.contains(name))
        errors.push_back(path + "." + name + " is missing");
    for (const auto &[name, inner] : value.items()) {
      if (schema["properties"].contains(name))
        check(schema["properties"][name], inner, path + "." + name);
      else if (const Json others =
                   schema.value("additionalProperties", Json(true));
               others.is_object())
        check(others, inner, path + "." + name);
      else if (others == false)
        errors.push_back(path + "." + name + " is not in the schema");
    }
  }
  const Json &root;
};

/// docs/report.schema.json.
inline nlohmann::json loadSchema() {
  auto text =
      readFile(std::string(PHX_SOURCE_DIR) + "/docs/report.schema.json");
  EXPECT_TRUE(text.ok());
  return nlohmann::json::parse(*text);
}

inline void expectValid(const nlohmann::json &report) {
  nlohmann::json schema = loadSchema();
  for (const std::string &error : SchemaChecker(schema).check(report))
    ADD_FAILURE() << error;
}

} // namespace phx::test

#endif // PHX_UNITTESTS_REPORT_REPORTSCHEMA_H
