//===- Batches.cpp - Any number of samples, one batch each time -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Batching.h"
#include "Labels.h"

#include "phx/support/Suggestions.h"

#include <algorithm>
#include <cstring>

using namespace phx;

static bool isBatched(const Region &region, int64_t batch) {
  return !region.shape.empty() && region.shape[0] == batch;
}

/// Bytes of one sample of `value`.
static int64_t getSampleBytes(const ArrayView &value) {
  int64_t bytes = byteWidth(value.type);
  for (size_t i = 1; i < value.shape.size(); ++i)
    bytes *= value.shape[i];
  return bytes;
}

static bool isScalar(const Region &region) {
  return region.shape.empty() ||
         (region.shape.size() == 1 && region.shape[0] == 1);
}

std::string Session::describeInputs() const {
  std::string text;
  for (const Region *region : getRegions(Role::Input))
    text += (text.empty() ? "" : ", ") +
            ("'" + region->name + "' " + describeInput(*region));
  return text.empty() ? "none" : text;
}

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

Error Session::makeUnknownInput(const std::string &name) const {
  std::vector<std::string> known;
  for (const Region *region : getRegions(Role::Input))
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

Status Session::checkNames(const ArrayViews &inputs) const {
  std::vector<const Region *> regions = getRegions(Role::Input);
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
  return region.labels ? isInteger(value.type) : value.type == region.type;
}

/// What is legal for `region`, and what to do about `value`.
static Error makeInputError(const Region &region, const ArrayView &value,
                            int64_t batch) {
  std::string expected = describeInput(region);
  if (region.labels)
    expected += " or int32, one class number each,";
  if (isBatched(region, batch))
    expected += " or any other number of samples in the first dimension";
  std::string message = "input '" + region.name + "': expected " + expected +
                        ", found " + describe(value.type, value.shape);
  if (region.labels && value.shape.size() == region.shape.size() + 1)
    message += "; turn one-hot rows into class numbers with numpy: "
               "y.argmax(axis=1)";
  else if (region.labels && !hasType(region, value))
    message += "; convert it with numpy: y.astype('int64')";
  else if (!hasType(region, value))
    message += std::string("; convert it with numpy: x.astype('") +
               getTypeName(region.type) + "')";
  else
    message += "; reshape the array, or recompile the model for this shape";
  return Error{message};
}

static bool hasSampleShape(const Region &region, const ArrayView &value) {
  return value.shape.size() == region.shape.size() &&
         std::equal(region.shape.begin() + 1, region.shape.end(),
                    value.shape.begin() + 1);
}

Status Session::checkInput(const std::string &name, ElementType type,
                           const std::vector<int64_t> &shape) const {
  if (isIgnored(program, name))
    return Status::success();
  const Region *region = findRegion(getRegions(Role::Input), name);
  if (!region)
    return makeUnknownInput(name);
  ArrayView value(type, shape, nullptr);
  bool fits = shape == region->shape || (isBatched(*region, program.batch) &&
                                         hasSampleShape(*region, value));
  if (!fits || !hasType(*region, value))
    return makeInputError(*region, value, program.batch);
  return Status::success();
}

/// Types and shapes, and how many samples there are.
Result<Session::Batching> Session::planShapes(const ArrayViews &inputs) const {
  std::vector<const Region *> regions = getRegions(Role::Input);
  Batching batching;
  batching.samples = program.batch;
  for (const Region *region : regions) {
    const ArrayView &value = inputs.at(region->name);
    if (!hasType(*region, value))
      return makeInputError(*region, value, program.batch);
    if (value.shape == region->shape)
      continue;
    if (!isBatched(*region, program.batch) || !hasSampleShape(*region, value))
      return makeInputError(*region, value, program.batch);
    if (value.shape[0] < 1)
      return Error{"input '" + region->name + "' holds no sample (" +
                   describe(value.type, value.shape) + "); give at least one"};
    batching.split = true;
    batching.samples = value.shape[0];
  }
  if (!batching.split)
    return batching;
  for (const Region *region : regions)
    if (isBatched(*region, program.batch) &&
        inputs.at(region->name).shape[0] != batching.samples)
      return Error{"input '" + region->name + "' holds " +
                   std::to_string(inputs.at(region->name).shape[0]) +
                   " samples, another input " +
                   std::to_string(batching.samples) +
                   "; give the same number in every input"};
  return batching;
}

/// How many executions, and what happens to a last partial batch.
Status Session::planRuns(Batching &batching) const {
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
Status Session::checkJoin(const Batching &batching) const {
  if (!batching.split)
    return Status::success();
  bool canIgnore = true;
  for (const Region *region : getRegions(Role::Input))
    canIgnore &= !region->labels || region->labels->ignoreIndex;
  for (const Region *region : getRegions(Role::Output)) {
    std::string name = "output '" + region->name + "' " +
                       describe(region->type, region->shape);
    Join join = getJoin(*region, batching);
    if (join == Join::Samples && !isBatched(*region, program.batch))
      return Error{name +
                   " has no batch dimension, so the results of several "
                   "runs cannot be joined; give inputs of exactly the "
                   "program's shapes: " +
                   describeInputs()};
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

Result<Session::Batching> Session::planBatches(const ArrayViews &inputs) const {
  if (Status status = checkNames(inputs); !status)
    return status.error();
  Result<Batching> batching = planShapes(inputs);
  if (!batching)
    return batching.error();
  for (const Region *region : getRegions(Role::Input)) {
    if (!region->labels)
      continue;
    if (Status status = checkLabels(*region, inputs.at(region->name)); !status)
      return status.error();
  }
  if (Status status = planRuns(*batching); !status)
    return status.error();
  return batching;
}

Result<int64_t> Session::countSamples(const ArrayViews &inputs) const {
  Result<Batching> batching = planBatches(inputs);
  if (!batching)
    return batching.error();
  return batching->samples + batching->dropped;
}

//===----------------------------------------------------------------------===//
// Inputs of one execution
//===----------------------------------------------------------------------===//

/// Samples [first, first + batch) of `value`; behind the end the last one.
static HostArray takeBatch(const ArrayView &value, int64_t first,
                           int64_t batch) {
  HostArray slice{value.type, value.shape, {}};
  slice.shape[0] = batch;
  int64_t bytes = getSampleBytes(value);
  slice.bytes.resize(size_t(batch * bytes));
  if (slice.bytes.empty())
    return slice;
  int64_t whole = std::min(batch, value.shape[0] - first);
  std::memcpy(slice.bytes.data(), value.bytes + first * bytes,
              size_t(whole * bytes));
  const uint8_t *last = value.bytes + (value.shape[0] - 1) * bytes;
  for (int64_t i = whole; i < batch; ++i)
    std::memcpy(slice.bytes.data() + i * bytes, last, size_t(bytes));
  return slice;
}

HostArray phx::copyArray(const ArrayView &value) {
  HostArray copy{value.type, value.shape, {}};
  size_t bytes = size_t(copy.getNumElements() * byteWidth(value.type));
  if (bytes)
    copy.bytes.assign(value.bytes, value.bytes + bytes);
  return copy;
}

HostArrays Session::takeInputs(const ArrayViews &inputs,
                               const Batching &batching, int64_t index) const {
  HostArrays arrays;
  for (const Region *region : getRegions(Role::Input)) {
    const ArrayView &value = inputs.at(region->name);
    HostArray &array = arrays[region->name];
    if (!batching.split || !isBatched(*region, program.batch)) {
      array = copyArray(value);
      continue;
    }
    int64_t first = index * program.batch;
    array = takeBatch(value, first, program.batch);
    if (batching.samples - first < program.batch)
      ignoreSamples(*region, batching.samples - first, array);
  }
  return arrays;
}

//===----------------------------------------------------------------------===//
// Outputs of several executions
//===----------------------------------------------------------------------===//

bool Session::isGradient(const Region &region) const {
  static constexpr std::string_view suffix = ".grad";
  if (!region.name.ends_with(suffix))
    return false;
  std::string_view name(region.name);
  name.remove_suffix(suffix.size());
  for (const Region &parameter : program.regions)
    if (parameter.isMutable && parameter.name == name)
      return parameter.shape == region.shape;
  return false;
}

/// How the values of an output in several executions become one array.
Session::Join Session::getJoin(const Region &region,
                               const Batching &batching) const {
  if (!training && !takesLabels(program))
    return batching.split ? Join::Samples : Join::Whole;
  if (isScalar(region))
    return Join::Runs;
  if (isGradient(region) || !isBatched(region, program.batch))
    return batching.runs > 1 ? Join::Runs : Join::Whole;
  return batching.split ? Join::Samples : Join::Whole;
}

/// Puts `part` at element `first` of the `total` along the first dimension of
/// `whole`, as far as it fits.
static void putPart(const HostArray &part, int64_t first, int64_t total,
                    HostArray &whole) {
  size_t bytes =
      part.bytes.size() / size_t(std::max<int64_t>(part.shape[0], 1));
  if (first == 0) {
    whole.type = part.type;
    whole.shape = part.shape;
    whole.shape[0] = total;
    whole.bytes.resize(bytes * size_t(total));
  }
  size_t count = size_t(std::min(part.shape[0], total - first)) * bytes;
  if (count)
    std::memcpy(whole.bytes.data() + size_t(first) * bytes, part.bytes.data(),
                count);
}

void Session::putOutputs(HostArrays results, const Batching &batching,
                         int64_t index, HostArrays &outputs) const {
  for (const Region *region : getRegions(Role::Output)) {
    HostArray &part = results.at(region->name);
    HostArray &whole = outputs[region->name];
    switch (getJoin(*region, batching)) {
    case Join::Whole:
      whole = std::move(part);
      break;
    case Join::Samples:
      putPart(part, index * program.batch, batching.samples, whole);
      break;
    case Join::Runs:
      if (isScalar(*region))
        part.shape.clear();
      part.shape.insert(part.shape.begin(), 1);
      putPart(part, index, batching.runs, whole);
      break;
    }
  }
}
