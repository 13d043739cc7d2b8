//===- Labels.cpp - Class numbers as the machine takes them -----*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Labels.h"

#include "NonFinite.h"

#include <cstring>

using namespace phx;

std::string phx::describeInput(const Region &region) {
  return describe(region.labels ? ElementType::I64 : region.type, region.shape);
}

bool phx::isInteger(ElementType type) {
  return type == ElementType::I32 || type == ElementType::I64;
}

int64_t phx::getInteger(const ArrayView &array, int64_t index) {
  if (array.type == ElementType::I32) {
    int32_t value;
    std::memcpy(&value, array.bytes + index * 4, 4);
    return value;
  }
  int64_t value;
  std::memcpy(&value, array.bytes + index * 8, 8);
  return value;
}

static int64_t countElements(const std::vector<int64_t> &shape) {
  int64_t count = 1;
  for (int64_t extent : shape)
    count *= extent;
  return count;
}

static Error makeLabelError(const Region &region, const ArrayView &value,
                            int64_t index, int64_t label) {
  const Labels &labels = *region.labels;
  std::string where = "sample 0";
  if (!value.shape.empty()) {
    std::vector<int64_t> inner(value.shape.begin() + 1, value.shape.end());
    int64_t each = countElements(inner);
    where = "sample " + std::to_string(index / each);
    if (!inner.empty())
      where += " at " + describePlace(inner, index % each);
  }
  std::string expected =
      "a class from 0 to " + std::to_string(labels.classes - 1);
  if (labels.ignoreIndex)
    expected += ", or " + std::to_string(*labels.ignoreIndex) +
                " to leave the sample out";
  return Error{"input '" + region.name + "': " + where + " has label " +
               std::to_string(label) + ", expected " + expected +
               "; correct the label, or use a model with as many classes as "
               "the data"};
}

bool phx::takesLabels(const Program &program) {
  for (const Region &region : program.regions)
    if (region.role == Role::Input && region.labels)
      return true;
  return false;
}

Status phx::checkLabels(const Region &region, const ArrayView &value) {
  const Labels &labels = *region.labels;
  for (int64_t i = 0, count = countElements(value.shape); i < count; ++i) {
    int64_t label = getInteger(value, i);
    bool isClass = label >= 0 && label < labels.classes;
    if (!isClass && label != labels.ignoreIndex)
      return makeLabelError(region, value, i, label);
  }
  return Status::success();
}

void phx::ignoreSamples(const Region &region, int64_t samples,
                        HostArray &labels) {
  if (!region.labels || !region.labels->ignoreIndex)
    return;
  int64_t each = labels.getNumElements() / labels.shape[0];
  for (int64_t i = samples * each; i < labels.getNumElements(); ++i) {
    if (labels.type == ElementType::I32) {
      auto ignored = int32_t(*region.labels->ignoreIndex);
      std::memcpy(labels.bytes.data() + 4 * i, &ignored, 4);
    } else {
      std::memcpy(labels.bytes.data() + 8 * i, &*region.labels->ignoreIndex, 8);
    }
  }
}
