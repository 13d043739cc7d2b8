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
// For training, _runtime.Session has, besides run() and the reports:
//
//   is_training           an execution changes parameters and state
//   inputs                [(name, dtype, shape)]; labels appear as int64
//   labels                {input: (classes, ignore_index or None)}
//   state_regions         [(name, role, dtype, shape)], role "parameter" or
//                         "state", in program order
//   step(inputs, executor, threads, fp32, compare) -> {output: array}
//                         one step on exactly one batch, outputs in the shapes
//                         of the program. A step that raises leaves parameters
//                         and state as they were. The signal handlers of Python
//                         run meanwhile; what they raise stops the step. They
//                         cannot use the session (RunError).
//   cost() -> (latency_ns, energy_pj) of one step; computed once
//   read_state() -> {name: array}, copies
//   write_state({name: array}, partial)
//   save_state(path), load_state(path) -> (program, step_count)
//                         atomic and durable .npz; InputError if the file is
//                         damaged or of another model, and then nothing changes
//   fingerprint           of names, roles, types and shapes of the state
//   step_count            steps since the initial contents; saved and loaded
//   seed, learning_rate   None if the program has none; settable
//   record() -> {"runs", "samples", "dropped", "loss": {"name", "first",
//                "last", "mean"} or None} or None: what run() or, since
//                forget_record(), the calls of step() did
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
// whose paths are bytes.
//
//===----------------------------------------------------------------------===//

#include "Arrays.h"

#include "machines/All.h"
#include "phx/isa/ProgramFile.h"
#include "phx/npy/Npy.h"
#include "phx/report/Glossary.h"
#include "phx/run/Session.h"
#include "phx/support/FileSystem.h"
#include "phx/support/OutputGuard.h"

#include <atomic>
#include <cstdio>
#include <mutex>
#include <thread>

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
  nb::dict step(const std::map<std::string, InputArray> &inputs,
                const std::string &executor, unsigned threads, bool fp32,
                bool compare);
  nb::tuple measureAccuracy(const InputArray &labels);

  nb::dict readState();
  void writeState(const std::map<std::string, InputArray> &values,
                  bool partial);
  void saveState(const std::string &path);
  nb::tuple loadState(const std::string &path);
  std::optional<int64_t> getSeed();
  void setSeed(int64_t seed);
  std::optional<float> getLearningRate();
  void setLearningRate(float rate);
  nb::tuple getCost();
  nb::object getRecord();
  void forgetRecord();
  nb::list getStateRegions();
  nb::dict getLabels();
  nb::list getLosses();
  nb::dict getGradients();
  bool isTraining() const { return session->isTraining(); }
  std::string getFingerprint() const {
    return session->getState().getFingerprint();
  }
  int64_t getStepCount();

  std::string makeJson(bool stepped);
  std::string makeText(unsigned columns, bool color, bool stepped);
  void writeTrace(const std::string &path, bool stepped);
  void save(const std::string &path);
  nb::list getRegions(phx::Role role);
  /// Their batch axes, None for those without.
  nb::list getBatchAxes(phx::Role role);
  const phx::Program &getProgram() const { return session->getProgram(); }
  const phx::Target &getTarget() const { return session->getTarget(); }

private:
  /// Calls `work` without the interpreter's lock and with the session's.
  template <typename Work> auto locked(Work work) {
    // Handlers of signals run in the middle of a step.
    if (owner == std::this_thread::get_id())
      raise("RunError", "the session is at work in this very thread; a signal "
                        "handler has to leave it alone until run or step "
                        "returns");
    nb::gil_scoped_release released;
    std::lock_guard<std::mutex> lock(mutex);
    Ownership ownership(owner);
    return work();
  }

  /// Who holds the mutex.
  using Owner = std::atomic<std::thread::id>;
  struct Ownership {
    explicit Ownership(Owner &owner) : owner(owner) {
      owner = std::this_thread::get_id();
    }
    ~Ownership() { owner = std::thread::id(); }
    Owner &owner;
  };

  std::mutex mutex;
  Owner owner;
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
      .def_prop_ro("batch",
                   [](const PySession &s) { return s.getProgram().batch; })
      .def_prop_ro("hierarchy", [](const PySession &s) {
        return s.getProgram().memoryModel == phx::MemoryModel::Hierarchy;
      });
}
