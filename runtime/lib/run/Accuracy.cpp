//===- Accuracy.cpp - Scores against labels ---------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/run/RunLog.h"

#include "Labels.h"

#include <algorithm>
#include <cstring>

using namespace phx;

template <typename T> static T load(const ArrayView &array, int64_t index) {
  T value;
  std::memcpy(&value, array.bytes + index * int64_t(sizeof(T)), sizeof(T));
  return value;
}

/// Classes in front of `label`. As everywhere else, NaN is the largest: another
/// score that is NaN is in front of the label's, and a label whose own score is
/// NaN is last, so that no sample with NaN in front counts as right.
static int64_t getRank(const ArrayView &scores, int64_t row, int64_t classes,
                       int64_t label) {
  float own = load<float>(scores, row * classes + label);
  if (own != own)
    return classes;
  int64_t rank = 0;
  for (int64_t other = 0; other < classes; ++other) {
    float score = load<float>(scores, row * classes + other);
    rank += score > own || score != score || (score == own && other < label);
  }
  return rank;
}

static Status checkShapes(const ArrayView &scores, const ArrayView &labels) {
  if (scores.type != ElementType::F32 || scores.shape.size() != 2)
    return Error{"scores have to be float32[samples, classes], found " +
                 describe(scores.type, scores.shape)};
  if (!isInteger(labels.type) || labels.shape.size() != 1)
    return Error{"labels have to be int64[" + std::to_string(scores.shape[0]) +
                 "] or int32, one class number per sample; found " +
                 describe(labels.type, labels.shape)};
  if (labels.shape[0] != scores.shape[0])
    return Error{"there are " + std::to_string(labels.shape[0]) +
                 " labels for " + std::to_string(scores.shape[0]) +
                 " samples; give exactly one label per sample"};
  if (labels.shape[0] == 0)
    return Error{"accuracy needs at least one sample, found none"};
  return Status::success();
}

Result<Accuracy> phx::computeAccuracy(const ArrayView &scores,
                                      const ArrayView &labels,
                                      std::optional<int64_t> ignored) {
  if (Status status = checkShapes(scores, labels); !status)
    return status.error();
  int64_t samples = scores.shape[0], classes = scores.shape[1];
  int64_t first = 0, firstFive = 0, counted = 0;
  for (int64_t i = 0; i < samples; ++i) {
    int64_t label = getInteger(labels, i);
    if (label == ignored)
      continue;
    if (label < 0 || label >= classes)
      return Error{"label " + std::to_string(i) + " is " +
                   std::to_string(label) + "; the network has " +
                   std::to_string(classes) + " classes, numbered from 0 to " +
                   std::to_string(classes - 1)};
    int64_t rank = getRank(scores, i, classes, label);
    first += rank < 1;
    firstFive += rank < 5;
    ++counted;
  }
  if (!counted)
    return Error{"every label says that its sample is to be left out; accuracy "
                 "needs at least one that does not"};
  return Accuracy{double(first) / double(counted),
                  double(firstFive) / double(counted), counted};
}

Result<std::string> phx::getScoresName(const Program &program) {
  std::string name, all;
  int found = 0;
  for (const Region *region : getRegions(program, Role::Output)) {
    all += (all.empty() ? "" : ", ") + ("'" + region->name + "' ") +
           describe(getHostType(region->type), region->shape);
    if (getHostType(region->type) != ElementType::F32 || region->shape.size() != 2 ||
        !region->batchAxis)
      continue;
    name = region->name;
    ++found;
  }
  if (found != 1)
    return Error{
        "accuracy needs exactly one output of type float32 and shape [" +
        std::to_string(program.batch) +
        ", classes] with one row of scores per sample, found " +
        std::to_string(found) +
        "; outputs of this program: " + (all.empty() ? "none" : all)};
  return name;
}

/// Scores [samples, classes] of an output in which samples lie along `axis`.
static HostArray toRows(const HostArray &scores, uint32_t axis) {
  if (axis == 0 || scores.shape.size() != 2)
    return scores;
  int64_t classes = scores.shape[0], samples = scores.shape[1];
  HostArray rows{scores.type, {samples, classes}, {}};
  rows.bytes.resize(scores.bytes.size());
  for (int64_t i = 0; i < samples; ++i)
    for (int64_t c = 0; c < classes; ++c)
      std::memcpy(rows.bytes.data() + 4 * (i * classes + c),
                  scores.bytes.data() + 4 * (c * samples + i), 4);
  return rows;
}

static const Region &getOutput(const Program &program,
                               const std::string &name) {
  std::vector<const Region *> outputs = getRegions(program, Role::Output);
  return **std::find_if(
      outputs.begin(), outputs.end(),
      [&](const Region *region) { return region->name == name; });
}

Result<Accuracy> RunLog::measureAccuracy(const HostArrays &outputs,
                                         const ArrayView &labels) {
  Result<std::string> name = getScoresName(program);
  if (!name)
    return name.error();
  auto scores = outputs.find(*name);
  if (scores == outputs.end())
    return Error{"output '" + *name + "' is missing"};
  Result<Accuracy> result = computeAccuracy(
      toRows(scores->second, *getOutput(program, *name).batchAxis), labels);
  if (result)
    accuracy = *result;
  return result;
}

void RunLog::measureOwnAccuracy(const HostArrays &outputs,
                                const ArrayViews &inputs) {
  const Region *region = nullptr;
  for (const Region *input : getRegions(program, Role::Input)) {
    if (input->labels && region)
      return;
    if (input->labels)
      region = input;
  }
  Result<std::string> name = getScoresName(program);
  if (!region || region->shape.size() != 1 || !name)
    return;
  HostArray scores =
      toRows(outputs.at(*name), *getOutput(program, *name).batchAxis);
  if (scores.shape[1] != region->labels->classes)
    return;
  ArrayView labels = inputs.at(region->name);
  labels.shape[0] = scores.shape[0];
  if (Result<Accuracy> result =
          computeAccuracy(scores, labels, region->labels->ignoreIndex))
    accuracy = *result;
}
