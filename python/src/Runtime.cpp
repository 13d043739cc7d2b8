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
// _runtime.Session is in PySession.h.
//
// For files:
//
//   check_outputs([path], [(option, path)])
//                         OutputError if one of the outputs is an input or
//                         another output, whatever its spelling
//   read_file(path, limit, what), read_inside(path, folders, offset, size)
//                         size and place are judged before anything is read
//                         (InputError)
//
// whose paths are bytes. For programs without their machine:
//
//   summarize_program(path) -> JSON
//                         what the program is and consists of, as
//                         phx/report/ProgramSummary.h says (ProgramError)
//
//===----------------------------------------------------------------------===//

#include "PySession.h"

#include "machines/All.h"
#include "phx/isa/ProgramFile.h"
#include "phx/isa/Validator.h"
#include "phx/npy/Npy.h"
#include "phx/report/Glossary.h"
#include "phx/report/ProgramSummary.h"
#include "phx/support/FileSystem.h"
#include "phx/support/Hex.h"
#include "phx/support/OutputGuard.h"

using namespace photonic::python;
using namespace nb::literals;

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

/// Without the proof that it is free of races, which takes longer.
static phx::Result<std::string> makeSummary(const std::string &path) {
  phx::Result<phx::Program> program = phx::readProgram(path);
  if (!program)
    return program.error();
  if (phx::Status valid = phx::validateStructure(*program); !valid)
    return phx::Error{"'" + path +
                      "' is no valid program: " + valid.error().message};
  return phx::makeProgramSummary(*program);
}

static std::string summarizeProgram(const std::string &path) {
  auto summary = [&] {
    nb::gil_scoped_release released;
    return makeSummary(path);
  }();
  if (!summary)
    raise("ProgramError", summary.error().message);
  return *summary;
}

static nb::dict describe(const phx::Target &target) {
  nb::dict result;
  result["name"] = target.spec.name();
  result["description"] = target.spec.description();
  result["path"] = target.path;
  result["structural_hash"] = phx::toHex(target.structuralHash);
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

/// (kind, name, unit, definition, price) of every declared name.
static nb::list listGlossary() {
  nb::list entries;
  for (const phx::GlossaryEntry &entry : phx::listGlossary())
    entries.append(nb::make_tuple(entry.kind, entry.name, entry.unit,
                                  entry.definition, entry.note));
  return entries;
}

static nb::dict describeTarget(const std::string &name,
                               const std::vector<std::string> &overrides) {
  phx::Result<phx::Target> target = phx::loadTarget(name, overrides);
  if (!target)
    raise("TargetError", target.error().message);
  return describe(*target);
}

/// A path as Python's os.fsencode gives it.
static std::string toPath(const nb::bytes &path) {
  return {path.c_str(), path.size()};
}

/// Refuses outputs over inputs, and two outputs in one file. `writes`: what
/// asks for a file, such as its option, and its path.
static void
checkOutputs(const std::vector<nb::bytes> &reads,
             const std::vector<std::pair<std::string, nb::bytes>> &writes) {
  phx::OutputGuard guard;
  for (const nb::bytes &path : reads)
    guard.addRead(toPath(path));
  for (const auto &[option, path] : writes)
    guard.addWrite(option, toPath(path));
  if (phx::Status status = guard.check(); !status)
    raise("OutputError", status.error().message);
}

/// The whole file or pipe, unless it has more than `limit` bytes.
static nb::bytes readFile(const nb::bytes &path, uint64_t limit,
                          const std::string &what) {
  auto text = phx::readFile(toPath(path), {limit, what.c_str()});
  if (!text)
    raise("InputError", text.error().message);
  return nb::bytes(text->data(), text->size());
}

/// `size` bytes at `offset` of a regular file that lies in one of `folders`.
static nb::bytes readInside(const nb::bytes &path,
                            const std::vector<nb::bytes> &folders,
                            uint64_t offset, uint64_t size) {
  std::vector<std::string> places;
  for (const nb::bytes &folder : folders)
    places.push_back(toPath(folder));
  auto file = phx::mapFileInside(toPath(path), places);
  if (!file)
    raise("InputError", file.error().message);
  if (offset > file->size || size > file->size - offset)
    raise("InputError", "'" + toPath(path) + "' has only " +
                            std::to_string(file->size) + " bytes");
  return nb::bytes(file->text().data() + offset, size);
}

NB_MODULE(_runtime, m) {
  phx::registerAllMachines();
  m.doc() = "Program files, execution, timing and reports (internal).";
  m.def("list_targets", &phx::listTargets);
  m.def("list_glossary", &listGlossary);
  m.def("describe_target", &describeTarget, "name"_a, "overrides"_a);
  m.def("check_outputs", &checkOutputs, "reads"_a, "writes"_a);
  m.def("read_file", &readFile, "path"_a, "limit"_a, "what"_a);
  m.def("read_inside", &readInside, "path"_a, "folders"_a, "offset"_a,
        "size"_a);
  m.def("encode_file_name", &phx::encodeFileName, "name"_a);
  m.def("summarize_program", &summarizeProgram, "path"_a);
  m.def("open", &openSession, "path"_a, "target"_a, "overrides"_a);
  nb::class_<PySession>(m, "Session")
      .def("run", &PySession::run, "inputs"_a, "executor"_a, "threads"_a,
           "fp32"_a, "compare"_a)
      .def("step", &PySession::step, "inputs"_a, "executor"_a, "threads"_a,
           "fp32"_a, "compare"_a)
      .def("read_state", &PySession::readState)
      .def("write_state", &PySession::writeState, "values"_a, "partial"_a)
      .def("save_state", &PySession::saveState, "path"_a)
      .def("load_state", &PySession::loadState, "path"_a)
      .def("assume_counts", &PySession::assumeCounts, "values"_a)
      .def("cost", &PySession::getCost)
      .def("record", &PySession::getRecord)
      .def("forget_record", &PySession::forgetRecord)
      .def_prop_ro("is_training", &PySession::isTraining)
      .def_prop_ro("kind",
                   [](const PySession &s) {
                     return phx::getKindName(s.getProgram().kind);
                   })
      .def_prop_ro("losses", &PySession::getLosses)
      .def_prop_ro("gradients", &PySession::getGradients)
      .def_prop_ro("labels", &PySession::getLabels)
      .def_prop_ro("state_regions", &PySession::getStateRegions)
      .def_prop_ro("fingerprint", &PySession::getFingerprint)
      .def_prop_ro("step_count", &PySession::getStepCount)
      .def_prop_rw("seed", &PySession::getSeed, &PySession::setSeed)
      .def_prop_rw("learning_rate", &PySession::getLearningRate,
                   &PySession::setLearningRate)
      .def("measure_accuracy", &PySession::measureAccuracy, "labels"_a)
      .def("json", &PySession::makeJson, "stepped"_a)
      .def("text", &PySession::makeText, "columns"_a, "color"_a, "stepped"_a)
      .def("write_trace", &PySession::writeTrace, "path"_a, "stepped"_a)
      .def("save", &PySession::save, "path"_a)
      .def("describe_target",
           [](const PySession &s) { return describe(s.getTarget()); })
      .def_prop_ro(
          "ignored_inputs",
          [](const PySession &s) { return s.getProgram().ignoredInputs; })
      .def_prop_ro("inputs",
                   [](PySession &s) { return s.getRegions(phx::Role::Input); })
      .def_prop_ro("outputs",
                   [](PySession &s) { return s.getRegions(phx::Role::Output); })
      .def_prop_ro(
          "input_axes",
          [](PySession &s) { return s.getBatchAxes(phx::Role::Input); })
      .def_prop_ro(
          "output_axes",
          [](PySession &s) { return s.getBatchAxes(phx::Role::Output); })
      .def_prop_ro("name",
                   [](const PySession &s) { return s.getProgram().name; })
      .def_prop_ro("counts",
                   [](const PySession &s) {
                     nb::dict counts;
                     for (const auto &each : s.getProgram().registers)
                       counts[nb::cast(each.name)] = each.most;
                     return counts;
                   })
      .def_prop_ro("batch",
                   [](const PySession &s) { return s.getProgram().batch; })
      .def_prop_ro("hierarchy", [](const PySession &s) {
        return s.getProgram().memoryModel == phx::MemoryModel::Hierarchy;
      });
}
