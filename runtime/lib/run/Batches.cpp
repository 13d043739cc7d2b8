//===- Batches.cpp - Any number of samples, one batch each time -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/run/Batches.h"

#include "Labels.h"
#include "StateSchema.h"

#include "phx/support/Suggestions.h"

#include <algorithm>
#include <cstring>

using namespace phx;

namespace {
/// An array as `outer` rows of samples of `bytes` each: the samples lie along
/// dimension `axis`.
struct SampleRows {
  SampleRows(ElementType type, const std::vector<int64_t> &shape, size_t axis)
      : bytes(byteWidth(type)) {
    for (size_t d = 0; d < shape.size(); ++d)
      (d < axis ? outer : d > axis ? bytes : samples) *= shape[d];
  }
  int64_t outer = 1, samples = 1, bytes;
};
} // namespace

/// "the first dimension", "dimension 2".
static std::string nameAxis(uint32_t axis) {
  return axis == 0 ? "the first dimension"
                   : "dimension " + std::to_string(axis);
}

std::string Batches::describeInputs() const {
  std::string text;
  for (const Region *region : getRegions(program, Role::Input))
    text += (text.empty() ? "" : ", ") +
            ("'" + region->name + "' " + describeInput(*region));
  return text.empty() ? "none" : text;
}

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

Error Batches::makeUnknownInput(const std::string &name) const {
  std::vector<std::string> known;
  for (const Region *region : getRegions(program, Role::Input))
    known.push_back(region->name);
  known.insert(known.end(), program.ignoredInputs.begin(),
               program.ignoredInputs.end());
  return Error{"the program has no input '" + name + "'" +
               didYouMean(name, known) +
               "; inputs of this program: " + describeInputs()};
}

static const Region *findRegion(const std::vector<const Region *> &regions,
                                const std::string &name) {
  auto found = std::find_if(regions.begin(), regions.end(),
                            [&](const Region *r) { return r->name == name; });
  return found == regions.end() ? nullptr : *found;
}

static bool isIgnored(const Program &program, const std::string &name) {
  return std::ranges::find(program.ignoredInputs, name) !=
         program.ignoredInputs.end();
}

Status Batches::checkNames(const ArrayViews &inputs) const {
  std::vector<const Region *> regions = getRegions(program, Role::Input);
  for (const auto &[name, value] : inputs)
    if (!findRegion(regions, name) && !isIgnored(program, name))
      return makeUnknownInput(name);
  for (const Region *region : regions)
    if (!inputs.count(region->name))
      return Error{"input '" + region->name + "' " + describeInput(*region) +
                   " is missing; inputs of this program: " + describeInputs()};
  return Status::success();
}

static bool hasType(const Region &region, const ArrayView &value) {
  return region.labels ? isInteger(value.type) : value.type == getHostType(region.type);
}

/// True if only extents differ, of one dimension.
static bool hasOtherExtent(const Region &region, const ArrayView &value) {
  if (value.shape.size() != region.shape.size())
    return false;
  int different = 0;
  for (size_t d = 0; d < value.shape.size(); ++d)
    different += value.shape[d] != region.shape[d];
  return different == 1;
}

/// What to do about an array with another extent than that of an input without
/// a batch.
static std::string explainFixedInput(bool anyBatch) {
  if (anyBatch)
    return "; it is not made of samples: give one array for all of them, or "
           "export the model with the same symbolic dimension for the samples "
           "of every input";
  return "; the program has no batch dimension, because the shapes of the "
         "model's inputs are fixed: run it on one array after the other, or "
         "say which dimension holds the samples: export the model with a "
         "symbolic first dimension, or compile it with --batch and the extent "
         "that the first dimension of its inputs has";
}

/// What is legal for `region`, and what to do about `value`.
static Error makeInputError(const Region &region, const ArrayView &value,
                            bool anyBatch) {
  std::string expected = describeInput(region);
  if (region.labels)
    expected += " or int32, one class number each,";
  if (region.batchAxis)
    expected +=
        " or any other number of samples in " + nameAxis(*region.batchAxis);
  std::string message = "input '" + region.name + "': expected " + expected +
                        ", found " + describe(value.type, value.shape);
  if (region.labels && value.shape.size() == region.shape.size() + 1)
    message += "; turn one-hot rows into class numbers with numpy: "
               "y.argmax(axis=1)";
  else if (region.labels && !hasType(region, value))
    message += "; convert it with numpy: y.astype('int64')";
  else if (!hasType(region, value))
    message += std::string("; convert it with numpy: x.astype('") +
               getTypeName(getHostType(region.type)) + "')";
  else if (!region.batchAxis && hasOtherExtent(region, value))
    message += explainFixedInput(anyBatch);
  else
    message += "; reshape the array, or recompile the model for this shape";
  return Error{message};
}

/// True if `value` holds samples of `region`, however many.
static bool hasSampleShape(const Region &region, const ArrayView &value) {
  if (!region.batchAxis || value.shape.size() != region.shape.size())
    return false;
  std::vector<int64_t> shape = value.shape;
  shape[*region.batchAxis] = region.shape[*region.batchAxis];
  return shape == region.shape;
}

static bool haveBatch(const std::vector<const Region *> &regions) {
  return std::any_of(regions.begin(), regions.end(), [](const Region *region) {
    return region->batchAxis.has_value();
  });
}

Status Batches::checkInput(const std::string &name, ElementType type,
                           const std::vector<int64_t> &shape) const {
  if (isIgnored(program, name))
    return Status::success();
  std::vector<const Region *> regions = getRegions(program, Role::Input);
  const Region *region = findRegion(regions, name);
  if (!region)
    return makeUnknownInput(name);
  ArrayView value(type, shape, nullptr);
  bool fits = shape == region->shape || hasSampleShape(*region, value);
  if (!fits || !hasType(*region, value))
    return makeInputError(*region, value, haveBatch(regions));
  return Status::success();
}

/// Types and shapes, and how many samples there are.
Result<Batching> Batches::planShapes(const ArrayViews &inputs) const {
  std::vector<const Region *> regions = getRegions(program, Role::Input);
  bool anyBatch = haveBatch(regions);
  Batching batching;
  batching.samples = program.batch;
  for (const Region *region : regions) {
    const ArrayView &value = inputs.at(region->name);
    if (!hasType(*region, value))
      return makeInputError(*region, value, anyBatch);
    if (value.shape == region->shape)
      continue;
    if (!hasSampleShape(*region, value))
      return makeInputError(*region, value, anyBatch);
    if (value.shape[*region->batchAxis] < 1)
      return Error{"input '" + region->name + "' holds no sample (" +
                   describe(value.type, value.shape) + "); give at least one"};
    batching.split = true;
    batching.samples = value.shape[*region->batchAxis];
  }
  if (!batching.split)
    return batching;
  for (const Region *region : regions) {
    if (!region->batchAxis)
      continue;
    int64_t samples = inputs.at(region->name).shape[*region->batchAxis];
    if (samples != batching.samples)
      return Error{"input '" + region->name + "' holds " +
                   std::to_string(samples) + " samples, another input " +
                   std::to_string(batching.samples) +
                   "; give the same number in every input"};
  }
  return batching;
}

/// How many executions, and what happens to a last partial batch.
Status Batches::planRuns(Batching &batching) const {
  int64_t batch = program.batch;
  if (!training) {
    batching.runs = (batching.samples + batch - 1) / batch;
    return checkJoin(batching);
  }
  if (batching.samples < batch)
    return Error{"the inputs hold " + std::to_string(batching.samples) +
                 " samples, a training step takes " + std::to_string(batch) +
                 "; give at least one batch, or compile the model for a "
                 "smaller --batch"};
  batching.runs = batching.samples / batch;
  batching.dropped = batching.samples % batch;
  batching.samples -= batching.dropped;
  return Status::success();
}

/// That the outputs of several executions, and of padding, make sense.
Status Batches::checkJoin(const Batching &batching) const {
  if (!batching.split)
    return Status::success();
  bool canIgnore = true;
  for (const Region *region : getRegions(program, Role::Input))
    canIgnore &= !region->labels || region->labels->ignoreIndex;
  for (const Region *region : getRegions(program, Role::Output)) {
    std::string name = "output '" + region->name + "' " +
                       describe(getHostType(region->type), region->shape);
    Join join = getJoin(*region, batching);
    if (join == Join::Samples && !region->batchAxis)
      return Error{name +
                   " has no batch dimension: it depends on all samples of a "
                   "run or on none, or the compiler cannot tell which part of "
                   "it belongs to which; so the results of several runs cannot "
                   "be joined, and padding cannot be taken out; give inputs of "
                   "exactly the program's shapes, " +
                   describeInputs() + ", or compile the model with --batch " +
                   std::to_string(batching.samples)};
    bool padded = batching.samples % program.batch != 0;
    if (join != Join::Samples && padded && !canIgnore)
      return Error{name +
                   " would count the padding of the last batch; give a "
                   "multiple of " +
                   std::to_string(program.batch) +
                   " samples, or use a model whose loss has an ignore_index"};
  }
  return Status::success();
}

Result<Batching> Batches::plan(const ArrayViews &inputs) const {
  if (Status status = checkNames(inputs); !status)
    return status.error();
  Result<Batching> batching = planShapes(inputs);
  if (!batching)
    return batching.error();
  for (const Region *region : getRegions(program, Role::Input)) {
    if (!region->labels)
      continue;
    if (Status status = checkLabels(*region, inputs.at(region->name)); !status)
      return status.error();
  }
  if (Status status = planRuns(*batching); !status)
    return status.error();
  return batching;
}

Result<int64_t> Batches::countSamples(const ArrayViews &inputs) const {
  Result<Batching> batching = plan(inputs);
  if (!batching)
    return batching.error();
  return batching->samples + batching->dropped;
}

//===----------------------------------------------------------------------===//
// Inputs of one execution
//===----------------------------------------------------------------------===//

/// Samples [first, first + batch) of `value` along dimension `axis`; behind the
/// end the last one.
static HostArray takeBatch(const ArrayView &value, uint32_t axis, int64_t first,
                           int64_t batch) {
  SampleRows rows(value.type, value.shape, axis);
  HostArray slice{value.type, value.shape, {}};
  slice.shape[axis] = batch;
  slice.bytes.resize(size_t(rows.outer * batch * rows.bytes));
  if (slice.bytes.empty())
    return slice;
  int64_t whole = std::min(batch, rows.samples - first);
  uint8_t *to = slice.bytes.data();
  for (int64_t row = 0; row < rows.outer; ++row) {
    const uint8_t *from = value.bytes + row * rows.samples * rows.bytes;
    std::memcpy(to, from + first * rows.bytes, size_t(whole * rows.bytes));
    to += whole * rows.bytes;
    const uint8_t *last = from + (rows.samples - 1) * rows.bytes;
    for (int64_t i = whole; i < batch; ++i, to += rows.bytes)
      std::memcpy(to, last, size_t(rows.bytes));
  }
  return slice;
}

HostArrays Batches::takeInputs(const ArrayViews &inputs,
                               const Batching &batching, int64_t index) const {
  HostArrays arrays;
  for (const Region *region : getRegions(program, Role::Input)) {
    const ArrayView &value = inputs.at(region->name);
    HostArray &array = arrays[region->name];
    if (!batching.split || !region->batchAxis) {
      array = copyArray(value);
      continue;
    }
    int64_t first = index * program.batch;
    array = takeBatch(value, *region->batchAxis, first, program.batch);
    if (batching.samples - first < program.batch)
      ignoreSamples(*region, batching.samples - first, array);
  }
  return arrays;
}

//===----------------------------------------------------------------------===//
// Outputs of several executions
//===----------------------------------------------------------------------===//

/// True if the region holds one number [] or [1] for all samples together.
static bool isOneNumber(const Region &region) {
  return !region.batchAxis &&
         (region.shape.empty() || region.shape == std::vector<int64_t>{1});
}

/// How the values of an output in several executions become one array.
Batches::Join Batches::getJoin(const Region &region,
                               const Batching &batching) const {
  if (region.batchAxis)
    return batching.split ? Join::Samples : Join::Whole;
  if (training)
    return isOneNumber(region) || batching.runs > 1 ? Join::Runs : Join::Whole;
  // Losses of several batches; their labels tell padding from samples.
  if (batching.split && !takesLabels(program))
    return Join::Samples;
  return batching.runs > 1 ? Join::Runs : Join::Whole;
}

/// Puts `part` at sample `first` of the `total` along dimension `axis` of
/// `whole`, as far as it fits.
static void putPart(const HostArray &part, uint32_t axis, int64_t first,
                    int64_t total, HostArray &whole) {
  SampleRows rows(part.type, part.shape, axis);
  if (first == 0) {
    whole.type = part.type;
    whole.shape = part.shape;
    whole.shape[axis] = total;
    whole.bytes.resize(size_t(rows.outer * total * rows.bytes));
  }
  auto count = size_t(std::min(rows.samples, total - first) * rows.bytes);
  for (int64_t row = 0; count && row < rows.outer; ++row)
    std::memcpy(whole.bytes.data() + (row * total + first) * rows.bytes,
                part.bytes.data() + row * rows.samples * rows.bytes, count);
}

void Batches::putOutputs(HostArrays results, const Batching &batching,
                         int64_t index, HostArrays &outputs) const {
  for (const Region *region : getRegions(program, Role::Output)) {
    HostArray &part = results.at(region->name);
    HostArray &whole = outputs[region->name];
    switch (getJoin(*region, batching)) {
    case Join::Whole:
      whole = std::move(part);
      break;
    case Join::Samples:
      putPart(part, *region->batchAxis, index * program.batch, batching.samples,
              whole);
      break;
    case Join::Runs:
      if (isOneNumber(*region))
        part.shape.clear();
      part.shape.insert(part.shape.begin(), 1);
      putPart(part, 0, index, batching.runs, whole);
      break;
    }
  }
}
