//===- Runtime.cpp - The runtime for Python ---------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The module photonic._runtime. The classes for people are in the package's
// Python files; what is here is as thin as it can be.
//
//===----------------------------------------------------------------------===//

#include "Arrays.h"

#include "phx/isa/ProgramFile.h"
#include "phx/npy/Npy.h"
#include "phx/run/Session.h"

#include <cstdio>
#include <mutex>

using namespace photonic::python;
using namespace nb::literals;

namespace {
/// A session that several Python threads may use: one at a time goes in.
class PySession {
public:
  explicit PySession(std::unique_ptr<phx::Session> session)
      : session(std::move(session)) {}

  nb::dict run(const std::map<std::string, InputArray> &inputs,
               const std::string &executor, unsigned threads, bool fp32,
               bool compare);
  nb::tuple measureAccuracy(const InputArray &labels);
  std::string makeJson(bool stepped);
  std::string makeText(unsigned columns, bool color, bool stepped);
  void writeTrace(const std::string &path, bool stepped);
  void save(const std::string &path);
  nb::list getRegions(phx::Role role);
  const phx::Program &getProgram() const { return session->getProgram(); }
  const phx::Target &getTarget() const { return session->getTarget(); }

private:
  /// Calls `work` without the interpreter's lock and with the session's.
  template <typename Work> auto locked(Work work) {
    nb::gil_scoped_release released;
    std::lock_guard<std::mutex> lock(mutex);
    return work();
  }

  std::mutex mutex;
  std::unique_ptr<phx::Session> session;
  phx::HostArrays outputs; ///< scores of the latest run
};
} // namespace

static phx::TimingMode getMode(bool stepped) {
  return stepped ? phx::TimingMode::Stepped : phx::TimingMode::Closed;
}

/// True if Python wants to raise, for instance KeyboardInterrupt.
static bool hasPendingSignal() {
  nb::gil_scoped_acquire acquired;
  return PyErr_CheckSignals() != 0;
}

static std::unique_ptr<PySession>
openSession(const std::string &path, const std::string &target,
            const std::vector<std::string> &overrides) {
  auto opened = [&] {
    nb::gil_scoped_release released;
    return phx::Session::open(path, {target, overrides});
  }();
  if (!opened)
    raise("ProgramError", opened.error().message);
  return std::make_unique<PySession>(std::move(*opened));
}

nb::dict PySession::run(const std::map<std::string, InputArray> &inputs,
                        const std::string &executor, unsigned threads,
                        bool fp32, bool compare) {
  phx::ArrayViews views;
  for (const auto &[name, array] : inputs)
    views.emplace(name, toView(array, name));
  phx::RunOptions options;
  options.executor = executor;
  options.threads = threads;
  options.bypassFormats = fp32;
  options.compareToFp32 = compare;
  options.interrupted = hasPendingSignal;
  if (auto samples = session->countSamples(views); !samples)
    raise("InputError", samples.error().message);
  auto results = locked([&] { return session->run(views, options); });
  if (PyErr_Occurred())
    throw nb::python_error();
  if (!results)
    raise("RunError", results.error().message);
  // Kept for measureAccuracy; the rest is handed over without a copy.
  outputs.clear();
  if (auto scores = session->getScoresName(); scores.ok())
    outputs[*scores] = results->at(*scores);
  nb::dict arrays;
  for (auto &[name, array] : *results)
    arrays[name.c_str()] = toNumpy(std::move(array)).cast();
  return arrays;
}

nb::tuple PySession::measureAccuracy(const InputArray &labels) {
  phx::ArrayView view = toView(labels, "labels");
  auto accuracy = session->measureAccuracy(outputs, view);
  if (!accuracy)
    raise("InputError", accuracy.error().message);
  return nb::make_tuple(accuracy->top1, accuracy->top5, accuracy->samples);
}

std::string PySession::makeJson(bool stepped) {
  auto text = locked([&] { return session->makeJson(getMode(stepped)); });
  if (!text)
    raise("RunError", text.error().message);
  return *text;
}

std::string PySession::makeText(unsigned columns, bool color, bool stepped) {
  auto text = locked(
      [&] { return session->makeText(columns, color, getMode(stepped)); });
  if (!text)
    raise("RunError", text.error().message);
  return *text;
}

void PySession::writeTrace(const std::string &path, bool stepped) {
  auto status =
      locked([&] { return session->writeTrace(path, getMode(stepped)); });
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
  for (const phx::Region *region : session->getRegions(role)) {
    nb::list shape;
    for (int64_t extent : region->shape)
      shape.append(extent);
    list.append(nb::make_tuple(region->name, phx::getTypeName(region->type),
                               nb::tuple(shape)));
  }
  return list;
}

static std::string toHex(uint64_t hash) {
  char text[24];
  std::snprintf(text, sizeof(text), "%016llx",
                static_cast<unsigned long long>(hash));
  return text;
}

static nb::dict describe(const phx::Target &target) {
  nb::dict result;
  result["name"] = target.spec.name();
  result["description"] = target.spec.description();
  result["path"] = target.path;
  result["structural_hash"] = toHex(target.structuralHash);
  nb::list extensions, fields;
  for (const std::string &extension : target.spec.extensions())
    extensions.append(extension);
  for (const phx::TargetField &field : phx::describeTarget(target))
    fields.append(nb::make_tuple(field.name, field.value, field.source,
                                 field.doc, field.structural));
  result["extensions"] = extensions;
  result["fields"] = fields;
  return result;
}

static nb::dict describeTarget(const std::string &name,
                               const std::vector<std::string> &overrides) {
  phx::Result<phx::Target> target = phx::loadTarget(name, overrides);
  if (!target)
    raise("TargetError", target.error().message);
  return describe(*target);
}

NB_MODULE(_runtime, m) {
  m.doc() = "Program files, execution, timing and reports (internal).";
  m.def("list_targets", &phx::listTargets);
  m.def("describe_target", &describeTarget, "name"_a, "overrides"_a);
  m.def("encode_file_name", &phx::encodeFileName, "name"_a);
  m.def("open", &openSession, "path"_a, "target"_a, "overrides"_a);
  nb::class_<PySession>(m, "Session")
      .def("run", &PySession::run, "inputs"_a, "executor"_a, "threads"_a,
           "fp32"_a, "compare"_a)
      .def("measure_accuracy", &PySession::measureAccuracy, "labels"_a)
      .def("json", &PySession::makeJson, "stepped"_a)
      .def("text", &PySession::makeText, "columns"_a, "color"_a, "stepped"_a)
      .def("write_trace", &PySession::writeTrace, "path"_a, "stepped"_a)
      .def("save", &PySession::save, "path"_a)
      .def("describe_target",
           [](const PySession &s) { return describe(s.getTarget()); })
      .def_prop_ro("inputs",
                   [](PySession &s) { return s.getRegions(phx::Role::Input); })
      .def_prop_ro("outputs",
                   [](PySession &s) { return s.getRegions(phx::Role::Output); })
      .def_prop_ro("name",
                   [](const PySession &s) { return s.getProgram().name; })
      .def_prop_ro("batch",
                   [](const PySession &s) { return s.getProgram().batch; })
      .def_prop_ro("hierarchy", [](const PySession &s) {
        return s.getProgram().memoryModel == phx::MemoryModel::Hierarchy;
      });
}
