//===- PySession.h - A program being run, for Python ------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
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
//   counts                {count register: largest number that it holds}
//   assume_counts({count register: number})
//                         for time and energy until something is executed,
//                         from then on with what the latest execution counted;
//                         InputError, and then nothing changes
//   cost() -> (latency_ns, energy_pj) of one step; remembered as long as the
//                         counts are the same
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
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_PYTHON_PYSESSION_H
#define PHOTONIC_PYTHON_PYSESSION_H

#include "Arrays.h"

#include "phx/run/Session.h"

#include <atomic>
#include <mutex>
#include <thread>

namespace photonic::python {

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
  /// For time and energy until something is executed: what the latest
  /// execution counted takes precedence.
  void assumeCounts(const std::map<std::string, int64_t> &values);
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

} // namespace photonic::python

#endif // PHOTONIC_PYTHON_PYSESSION_H
