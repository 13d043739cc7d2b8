//===- PySession.cpp - A program being run, for Python ----------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PySession.h"

#include "phx/isa/ProgramFile.h"

using namespace photonic::python;

static phx::TimingMode getMode(bool stepped) {
  return stepped ? phx::TimingMode::Stepped : phx::TimingMode::Closed;
}

/// True if Python wants to raise, for instance KeyboardInterrupt.
static bool hasPendingSignal() {
  nb::gil_scoped_acquire acquired;
  return PyErr_CheckSignals() != 0;
}

static phx::ArrayViews
toViews(const std::map<std::string, InputArray> &arrays) {
  phx::ArrayViews views;
  for (const auto &[name, array] : arrays)
    views.emplace(name, toView(array, name));
  return views;
}

static nb::dict toDict(phx::HostArrays arrays) {
  nb::dict dict;
  for (auto &[name, array] : arrays)
    dict[nb::cast(name)] = toNumpy(std::move(array)).cast();
  return dict;
}

static phx::RunOptions makeOptions(const std::string &executor,
                                   unsigned threads, bool fp32, bool compare) {
  phx::RunOptions options;
  options.executor = executor;
  options.threads = threads;
  options.bypassFormats = fp32;
  options.compareToFp32 = compare;
  options.interrupted = hasPendingSignal;
  return options;
}

nb::dict PySession::run(const std::map<std::string, InputArray> &inputs,
                        const std::string &executor, unsigned threads,
                        bool fp32, bool compare) {
  phx::ArrayViews views = toViews(inputs);
  phx::RunOptions options = makeOptions(executor, threads, fp32, compare);
  if (auto samples = session->getBatches().countSamples(views); !samples)
    raise("InputError", samples.error().message);
  auto results = locked([&] { return session->run(views, options); });
  if (PyErr_Occurred())
    throw nb::python_error();
  if (!results)
    raise("RunError", results.error().message);
  // Kept for measureAccuracy; the rest is handed over without a copy.
  outputs.clear();
  if (auto scores = getScoresName(session->getProgram()); scores.ok())
    outputs[*scores] = results->at(*scores);
  return toDict(std::move(*results));
}

nb::dict PySession::step(const std::map<std::string, InputArray> &inputs,
                         const std::string &executor, unsigned threads,
                         bool fp32, bool compare) {
  phx::ArrayViews views = toViews(inputs);
  phx::RunOptions options = makeOptions(executor, threads, fp32, compare);
  auto results = locked([&] { return session->step(views, options); });
  if (PyErr_Occurred())
    throw nb::python_error();
  if (results)
    return toDict(std::move(*results));
  // Whose fault it was is worth finding out only now.
  auto samples = session->getBatches().countSamples(views);
  bool fits = samples.ok() && *samples == getProgram().batch;
  raise(fits ? "RunError" : "InputError", results.error().message);
}

nb::tuple PySession::measureAccuracy(const InputArray &labels) {
  phx::ArrayView view = toView(labels, "labels");
  auto accuracy = session->getLog().measureAccuracy(outputs, view);
  if (!accuracy)
    raise("InputError", accuracy.error().message);
  return nb::make_tuple(accuracy->top1, accuracy->top5, accuracy->samples);
}

//===----------------------------------------------------------------------===//
// Parameters and state
//===----------------------------------------------------------------------===//

nb::dict PySession::readState() {
  auto state = locked([&] { return session->getState().read(); });
  if (!state)
    raise("RunError", state.error().message);
  return toDict(std::move(*state));
}

void PySession::writeState(const std::map<std::string, InputArray> &values,
                           bool partial) {
  phx::ArrayViews views = toViews(values);
  auto status =
      locked([&] { return session->getState().write(views, partial); });
  if (!status)
    raise("InputError", status.error().message);
}

void PySession::saveState(const std::string &path) {
  auto status = locked([&] { return session->getState().save(path); });
  if (!status)
    raise("OutputError", status.error().message);
}

nb::tuple PySession::loadState(const std::string &path) {
  auto info = locked([&] { return session->getState().load(path); });
  if (!info)
    raise("InputError", info.error().message);
  return nb::make_tuple(info->program, info->step);
}

int64_t PySession::getStepCount() {
  return locked([&] { return session->getState().getStepCount(); });
}

std::optional<int64_t> PySession::getSeed() {
  auto seed = locked([&] { return session->getState().getSeed(); });
  return seed ? std::optional(*seed) : std::nullopt;
}

void PySession::setSeed(int64_t seed) {
  auto status = locked([&] { return session->getState().setSeed(seed); });
  if (!status)
    raise("InputError", status.error().message);
}

std::optional<float> PySession::getLearningRate() {
  auto rate = locked([&] { return session->getState().getLearningRate(); });
  return rate ? std::optional(*rate) : std::nullopt;
}

void PySession::setLearningRate(float rate) {
  auto status =
      locked([&] { return session->getState().setLearningRate(rate); });
  if (!status)
    raise("InputError", status.error().message);
}

static nb::tuple toTuple(const std::vector<int64_t> &shape) {
  nb::list list;
  for (int64_t extent : shape)
    list.append(extent);
  return nb::tuple(list);
}

nb::list PySession::getStateRegions() {
  nb::list list;
  for (const phx::Region *region : session->getState().getRegions())
    list.append(nb::make_tuple(
        region->name,
        region->role == phx::Role::Parameter ? "parameter" : "state",
        phx::getTypeName(phx::getHostType(region->type)),
        toTuple(region->shape)));
  return list;
}

nb::list PySession::getLosses() {
  nb::list names;
  for (const std::string &name : phx::getLosses(session->getProgram()))
    names.append(name);
  return names;
}

nb::dict PySession::getGradients() {
  nb::dict gradients;
  const phx::Program &program = session->getProgram();
  for (const phx::Region &region : program.regions)
    if (region.gradientOf)
      gradients[nb::cast(region.name)] =
          program.regions[*region.gradientOf].name;
  return gradients;
}

nb::dict PySession::getLabels() {
  nb::dict labels;
  for (const phx::Region *region :
       phx::getRegions(session->getProgram(), phx::Role::Input))
    if (region->labels)
      labels[nb::cast(region->name)] =
          nb::make_tuple(region->labels->classes, region->labels->ignoreIndex);
  return labels;
}

//===----------------------------------------------------------------------===//
// Reports
//===----------------------------------------------------------------------===//

void PySession::assumeCounts(const std::map<std::string, int64_t> &values) {
  auto status =
      locked([&] { return session->getReports().assumeCounts(values); });
  if (!status)
    raise("InputError", status.error().message);
}

nb::tuple PySession::getCost() {
  auto cost = locked([&] { return session->getReports().getCost(); });
  if (!cost)
    raise("RunError", cost.error().message);
  return nb::make_tuple(cost->latencyNs, cost->energyPj);
}

nb::object PySession::getRecord() {
  auto record = locked([&] { return session->getLog().getRecord(); });
  if (!record)
    return nb::none();
  nb::dict dict;
  dict["runs"] = record->runs;
  dict["samples"] = record->samples;
  dict["dropped"] = record->dropped;
  dict["loss"] = nb::none();
  if (const auto &seen = record->loss) {
    nb::dict loss;
    loss["name"] = seen->name;
    loss["first"] = seen->first;
    loss["last"] = seen->last;
    loss["mean"] = seen->sum / double(record->runs);
    dict["loss"] = loss;
  }
  return dict;
}

void PySession::forgetRecord() {
  locked([&] { session->getLog().forget(); });
}

std::string PySession::makeJson(bool stepped) {
  auto text =
      locked([&] { return session->getReports().makeJson(getMode(stepped)); });
  if (!text)
    raise("RunError", text.error().message);
  return *text;
}

std::string PySession::makeText(unsigned columns, bool color, bool stepped) {
  auto text = locked([&] {
    return session->getReports().makeText(columns, color, getMode(stepped));
  });
  if (!text)
    raise("RunError", text.error().message);
  return *text;
}

void PySession::writeTrace(const std::string &path, bool stepped) {
  auto status = locked(
      [&] { return session->getReports().writeTrace(path, getMode(stepped)); });
  if (!status)
    raise("OutputError", status.error().message);
}

void PySession::save(const std::string &path) {
  auto status =
      locked([&] { return phx::writeProgram(session->getProgram(), path); });
  if (!status)
    raise("OutputError", status.error().message);
}

nb::list PySession::getRegions(phx::Role role) {
  nb::list list;
  for (const phx::Region *region :
       phx::getRegions(session->getProgram(), role)) {
    auto type = region->labels ? phx::ElementType::I64
                                : phx::getHostType(region->type);
    list.append(nb::make_tuple(region->name, phx::getTypeName(type),
                               toTuple(region->shape)));
  }
  return list;
}

nb::list PySession::getBatchAxes(phx::Role role) {
  nb::list list;
  for (const phx::Region *region : phx::getRegions(session->getProgram(), role))
    list.append(region->batchAxis);
  return list;
}
