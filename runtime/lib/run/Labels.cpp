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
  return describe(region.labels ? ElementType::I64 : getHostType(region.type),
                  region.shape);
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

/// Labels of one sample that lie side by side: the dimensions behind the one
/// along which samples lie.
static int64_t countInner(const std::vector<int64_t> &shape, uint32_t axis) {
  return countElements({shape.begin() + axis + 1, shape.end()});
}

/// "sample 3", "sample 3 at [0, 2]".
static std::string nameLabel(const Region &region, const ArrayView &value,
                             int64_t index) {
  if (value.shape.empty() || !region.batchAxis)
    return "element " + describePlace(value.shape, index);
  uint32_t axis = *region.batchAxis;
  int64_t inner = countInner(value.shape, axis), samples = value.shape[axis];
  std::string name = "sample " + std::to_string(index / inner % samples);
  std::vector<int64_t> others = value.shape;
  others.erase(others.begin() + axis);
  if (others.empty())
    return name;
  int64_t place = index / (inner * samples) * inner + index % inner;
  return name + " at " + describePlace(others, place);
}

static Error makeLabelError(const Region &region, const ArrayView &value,
                            int64_t index, int64_t label) {
  const Labels &labels = *region.labels;
  std::string where = nameLabel(region, value, index);
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
  int64_t inner = countInner(labels.shape, *region.batchAxis);
  int64_t extent = labels.shape[*region.batchAxis];
  for (int64_t i = 0; i < labels.getNumElements(); ++i) {
    if (i / inner % extent < samples)
      continue;
    if (labels.type == ElementType::I32) {
      auto ignored = int32_t(*region.labels->ignoreIndex);
      std::memcpy(labels.bytes.data() + 4 * i, &ignored, 4);
    } else {
      std::memcpy(labels.bytes.data() + 8 * i, &*region.labels->ignoreIndex, 8);
    }
  }
}
