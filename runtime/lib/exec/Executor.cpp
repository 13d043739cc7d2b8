//===- Executor.cpp - Functional execution of programs --------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "phx/exec/Executor.h"
#include "Machine.h"
#include "phx/exec/MachineUnit.h"
#include "phx/exec/RandomNumbers.h"
#include "State.h"

#include "phx/support/Exceptions.h"

#include <algorithm>
#include <cstring>

using namespace phx;
using namespace phx::exec;

//===----------------------------------------------------------------------===//
// Messages about arrays
//===----------------------------------------------------------------------===//

static std::string listInputs(const Program &program) {
  std::string text;
  for (const Region &region : program.regions)
    if (region.role == Role::Input)
      text += (text.empty() ? "" : ", ") + ("'" + region.name + "' ") +
              describe(getHostType(region.type), region.shape);
  return text.empty() ? "none" : text;
}

using Arrays = std::map<std::string, HostArray>;

/// Class numbers as the machine stores them, in binary32.
static Result<HostArray> convertLabels(const Region &region,
                                       const HostArray &value) {
  bool isLong = value.type == ElementType::I64;
  if ((!isLong && value.type != ElementType::I32) ||
      value.shape != region.shape ||
      int64_t(value.bytes.size()) !=
          value.getNumElements() * byteWidth(value.type))
    return Error{"input '" + region.name + "': expected " +
                 describe(ElementType::I64, region.shape) + " or " +
                 describe(ElementType::I32, region.shape) + ", found " +
                 describe(value.type, value.shape)};
  const Labels &labels = *region.labels;
  HostArray result{ElementType::F32, region.shape, {}};
  result.bytes.resize(size_t(value.getNumElements()) * 4);
  for (int64_t i = 0; i < value.getNumElements(); ++i) {
    int64_t label = 0;
    int32_t narrow = 0;
    if (isLong)
      std::memcpy(&label, value.bytes.data() + 8 * i, 8);
    else
      std::memcpy(&narrow, value.bytes.data() + 4 * i, 4);
    label = isLong ? label : narrow;
    if ((label < 0 || label >= labels.classes) && label != labels.ignoreIndex)
      return Error{"input '" + region.name + "': expected classes in [0, " +
                   std::to_string(labels.classes) + ")" +
                   (labels.ignoreIndex
                        ? " or " + std::to_string(*labels.ignoreIndex)
                        : "") +
                   ", found " + std::to_string(label) + " in " +
                   describeElement(region, i)};
    float stored = float(label);
    std::memcpy(result.bytes.data() + 4 * i, &stored, 4);
  }
  return result;
}

static Status checkInput(const Region &region, const HostArray &value) {
  ElementType type = getHostType(region.type);
  if (value.type != type || value.shape != region.shape)
    return Error{"input '" + region.name + "': expected " +
                 describe(type, region.shape) + ", found " +
                 describe(value.type, value.shape)};
  if (int64_t needed = value.getNumElements() * byteWidth(type);
      int64_t(value.bytes.size()) != needed)
    return Error{"input '" + region.name +
                 "': " + describe(value.type, value.shape) + " takes " +
                 std::to_string(needed) + " bytes, found " +
                 std::to_string(value.bytes.size())};
  return Status::success();
}

/// Checks `inputs`; `labels` receives what memory holds of class numbers.
static Status checkInputs(const Program &program, const Arrays &inputs,
                          Arrays &labels) {
  for (const auto &[name, value] : inputs) {
    auto known = [&name = name](const Region &region) {
      return region.role == Role::Input && region.name == name;
    };
    if (std::none_of(program.regions.begin(), program.regions.end(), known))
      return Error{"no input is named '" + name +
                   "'; inputs of this program: " + listInputs(program)};
  }
  for (const Region &region : program.regions) {
    if (region.role != Role::Input)
      continue;
    auto found = inputs.find(region.name);
    if (found == inputs.end())
      return Error{
          "input '" + region.name + "' " +
          describe(getHostType(region.type), region.shape) +
          " is missing; inputs of this program: " + listInputs(program)};
    if (region.labels) {
      Result<HostArray> converted = convertLabels(region, found->second);
      if (!converted)
        return converted.error();
      labels[region.name] = std::move(*converted);
    } else if (Status status = checkInput(region, found->second); !status) {
      return status;
    }
  }
  return Status::success();
}

//===----------------------------------------------------------------------===//
// The executor
//===----------------------------------------------------------------------===//

namespace {
/// Both kinds. "reference" computes what passes say; "fast" takes the integer
/// product directly where it provably is the same.
class SerialExecutor : public Executor {
public:
  SerialExecutor(const Program &program, bool plainIntegers)
      : program(program), plainIntegers(plainIntegers),
        bypassable(canBypassFormats(program)), state(program) {}

  /// Finds where each layer ends. Errors: loops that do not match.
  Status prepare();
  Result<Arrays> run(const Arrays &inputs,
                     const ExecutionOptions &options) override;
  std::vector<std::string> getStateNames() const override {
    return state.getNames();
  }
  Result<HostArray> getState(const std::string &name) const override {
    return state.get(name);
  }
  Status setState(const std::string &name, const HostArray &value) override {
    return state.set(name, value);
  }
  Status setStates(const Arrays &values) override {
    return state.setAll(values);
  }
  void resetState() override { state.reset(); }
  const std::vector<LayerStatistics> &getStatistics() const override {
    return statistics;
  }
  std::shared_ptr<const CountTrace> getCounts() const override {
    return counts;
  }

private:
  struct OpenLoop {
    size_t pc;
    int64_t count;
  };
  /// The machine of a run and, for comparison, the one that bypasses formats.
  struct Machines {
    std::unique_ptr<Machine> main, bypass;

    /// As many iterations as one of the two executes: what they find in their
    /// data may differ.
    int64_t enterLoop(size_t depth, const Loop &loop) {
      int64_t trips = main->enterLoop(depth, loop);
      return bypass ? std::max(trips, bypass->enterLoop(depth, loop)) : trips;
    }
    void leaveLoop(size_t depth) {
      main->leaveLoop(depth);
      if (bypass)
        bypass->leaveLoop(depth);
    }
  };

  /// run(), which may throw.
  Result<Arrays> runOnce(const Arrays &inputs, const ExecutionOptions &options);
  Result<Machines> makeMachines(const Arrays &inputs, const Arrays &labels,
                                const ExecutionOptions &options,
                                Poller &poller);
  Status setKey(Machine &machine) const;
  Status makePool(unsigned threads);
  Status interpret(Machines &machines, const ExecutionOptions &options,
                   Poller &poller);
  Status step(Machines &machines, size_t pc, const Counters &counters,
              Poller &poller);
  Status endLayers(Machines &machines, size_t pc,
                   const ExecutionOptions &options);
  void compare(uint32_t layer, const HostArray &value,
               const HostArray &reference);

  const Program &program;
  bool plainIntegers;
  bool bypassable; ///< its products could be computed in binary32
  MutableState state;
  std::vector<std::vector<uint32_t>> layersEndingAt; ///< by instruction
  std::vector<size_t> ends; ///< by instruction: the end of a loop
  std::shared_ptr<const CountTrace> counts;
  std::vector<LayerStatistics> statistics;
  std::unique_ptr<ThreadPool> pool;
  unsigned poolThreads = 0; ///< as asked for
};
} // namespace

Status SerialExecutor::prepare() {
  layersEndingAt.assign(program.code.size(), {});
  ends.assign(program.code.size(), 0);
  std::vector<size_t> open;
  std::vector<size_t> last(program.layers.size(), SIZE_MAX);
  // End of the outermost loop around each instruction; itself outside loops.
  std::vector<size_t> outermostEnd(program.code.size());
  size_t depth = 0, opened = 0;
  for (size_t pc = 0; pc < program.code.size(); ++pc) {
    const Instruction &instruction = program.code[pc];
    outermostEnd[pc] = pc;
    if (instruction.layer < last.size())
      last[instruction.layer] = pc;
    if (holds<Loop>(instruction.body))
      open.push_back(pc);
    if (holds<Loop>(instruction.body) && depth++ == 0)
      opened = pc;
    if (!holds<End>(instruction.body))
      continue;
    if (depth == 0)
      return Error{"instruction " + std::to_string(pc) + " ends no loop"};
    ends[open.back()] = pc;
    open.pop_back();
    if (--depth == 0)
      std::fill(outermostEnd.begin() + opened, outermostEnd.begin() + pc, pc);
  }
  if (depth)
    return Error{"the loop at instruction " + std::to_string(opened) +
                 " has no end"};
  for (uint32_t layer = 0; layer < last.size(); ++layer)
    if (last[layer] != SIZE_MAX && program.layers[layer].output)
      layersEndingAt[outermostEnd[last[layer]]].push_back(layer);
  return Status::success();
}

Result<SerialExecutor::Machines>
SerialExecutor::makeMachines(const Arrays &inputs, const Arrays &labels,
                             const ExecutionOptions &options, Poller &poller) {
  Machines machines;
  for (bool bypass : {false, true}) {
    if (bypass && !(options.compareToFp32 && bypassable))
      continue;
    Result<std::unique_ptr<Memory>> memory =
        Memory::create(program, state.getContents());
    if (!memory)
      return memory.error();
    Result<std::unique_ptr<Machine>> made = Machine::create(
        program, std::move(*memory), *pool, poller,
        {bypass || options.bypassFormats, plainIntegers});
    if (!made)
      return made.error();
    std::unique_ptr<Machine> machine = std::move(*made);
    for (const Region &region : program.regions)
      if (region.role == Role::Input)
        machine->setRegion(region,
                           (region.labels ? labels : inputs).at(region.name));
    if (Status status = setKey(*machine); !status)
      return status.error();
    // Time and charges follow the run itself.
    if (bypass)
      machine->stopRecording();
    (bypass ? machines.bypass : machines.main) = std::move(machine);
  }
  return machines;
}

/// Reads [seed, trial, step] if something depends on them.
Status SerialExecutor::setKey(Machine &machine) const {
  std::string needed = findRandomEntry(program);
  if (needed.empty())
    return Status::success();
  if (!program.rng || *program.rng >= program.regions.size())
    return Error{needed + " draws random numbers, but the program has no rng "
                          "region"};
  const Region &region = program.regions[*program.rng];
  HostArray value = machine.getRegion(region);
  if (value.bytes.size() != 12)
    return Error{"rng region '" + region.name +
                 "': expected 3 elements of type float32, found " +
                 describe(region.type, region.shape)};
  Result<RandomKey> key = readKey(value.bytes.data());
  if (!key)
    return Error{"rng region '" + region.name + "': " + key.error().message};
  machine.setKey(*key);
  return Status::success();
}

Status SerialExecutor::makePool(unsigned threads) {
  if (pool && poolThreads == threads)
    return Status::success();
  if (threads > maxThreads)
    return Error{"threads: expected at most " + std::to_string(maxThreads) +
                 ", found " + std::to_string(threads)};
  pool.reset();
  Result<std::unique_ptr<ThreadPool>> made = ThreadPool::create(threads);
  if (!made)
    return made.error();
  pool = std::move(*made);
  poolThreads = threads;
  return Status::success();
}

Result<Arrays> SerialExecutor::run(const Arrays &inputs,
                                   const ExecutionOptions &options) {
  return catchExceptions([&] { return runOnce(inputs, options); });
}

Result<Arrays> SerialExecutor::runOnce(const Arrays &inputs,
                                       const ExecutionOptions &options) {
  statistics.assign(program.layers.size(), {});
  counts.reset();
  if (Status status = checkFeasible(program, options.compareToFp32); !status)
    return status.error();
  Arrays labels;
  if (Status status = checkInputs(program, inputs, labels); !status)
    return status.error();
  if (Status status = makePool(options.threads); !status)
    return status.error();
  Poller poller(options.interrupted, options.pollInterval);
  Result<Machines> machines = makeMachines(inputs, labels, options, poller);
  if (!machines)
    return machines.error();
  if (Status status = interpret(*machines, options, poller); !status)
    return status.error();
  auto written = std::make_shared<CountTrace>(machines->main->takeCounts());
  Arrays outputs;
  for (const Region &region : program.regions)
    if (region.role == Role::Output)
      outputs[region.name] = machines->main->getRegion(region);
  if (options.accept)
    if (Status status = options.accept(outputs); !status)
      return status.error();
  if (Status status = state.commit(machines->main->getMemory()); !status)
    return status.error();
  counts = std::move(written);
  return outputs;
}

Status SerialExecutor::interpret(Machines &machines,
                                 const ExecutionOptions &options,
                                 Poller &poller) {
  std::vector<OpenLoop> loops;
  Counters counters{};
  for (size_t pc = 0; pc < program.code.size(); ++pc) {
    const Body &body = program.code[pc].body;
    if (poller.poll())
      return Error{"interrupted"};
    if (holds<Halt>(body))
      break;
    if (auto *loop = getIf<Loop>(body)) {
      if (loops.size() == maxLoopDepth)
        return Error{"instruction " + std::to_string(pc) +
                     ": loops are nested deeper than " +
                     std::to_string(maxLoopDepth)};
      int64_t trips = machines.enterLoop(loops.size(), *loop);
      if (trips > 0) {
        counters[loops.size()] = 0;
        loops.push_back({pc, trips});
        continue;
      }
      machines.leaveLoop(loops.size());
      pc = ends[pc];
    } else if (holds<End>(body)) {
      int64_t &counter = counters[loops.size() - 1];
      if (++counter < loops.back().count) {
        pc = loops.back().pc;
        continue;
      }
      counter = 0;
      loops.pop_back();
      machines.leaveLoop(loops.size());
    } else if (Status status = step(machines, pc, counters, poller); !status) {
      return status;
    }
    if (loops.empty() && !layersEndingAt[pc].empty())
      if (Status status = endLayers(machines, pc, options); !status)
        return status;
  }
  return Status::success();
}

Status SerialExecutor::step(Machines &machines, size_t pc,
                            const Counters &counters, Poller &poller) {
  uint32_t layer = program.code[pc].layer;
  LayerStatistics *observed =
      layer < statistics.size() ? &statistics[layer] : nullptr;
  Status status = machines.main->execute(pc, counters, observed);
  if (!status || !machines.bypass)
    return status;
  status = machines.bypass->execute(pc, counters, nullptr);
  if (status || poller.poll())
    return status;
  // The program itself is not at fault: what it computes may differ.
  Error error = status.error();
  error.message = "in the FP32 computation beside the run, which may be left "
                  "out (photonic-run --no-compare, Executable.run without "
                  "compare): " +
                  error.message;
  return error;
}

Status SerialExecutor::endLayers(Machines &machines, size_t pc,
                                 const ExecutionOptions &options) {
  if (!options.onLayer && !machines.bypass)
    return Status::success();
  for (uint32_t layer : layersEndingAt[pc]) {
    const Region &region = program.regions[*program.layers[layer].output];
    HostArray value = machines.main->getRegion(region);
    if (machines.bypass)
      compare(layer, value, machines.bypass->getRegion(region));
    if (!options.onLayer)
      continue;
    if (Status status = options.onLayer(layer, value); !status)
      return status;
  }
  return Status::success();
}

void SerialExecutor::compare(uint32_t layer, const HostArray &value,
                             const HostArray &reference) {
  LayerStatistics &observed = statistics[layer];
  if (value.type != ElementType::F32)
    return;
  observed.compared = true;
  for (size_t i = 0; i + 4 <= value.bytes.size(); i += 4) {
    float got, expected;
    std::memcpy(&got, value.bytes.data() + i, 4);
    std::memcpy(&expected, reference.bytes.data() + i, 4);
    double difference = double(expected) - double(got);
    observed.signal += double(expected) * double(expected);
    observed.noise += difference * difference;
  }
}

Result<std::unique_ptr<Executor>> phx::createExecutor(const std::string &kind,
                                                      const Program &program) {
  if (kind != "reference" && kind != "fast")
    return Error{"no executor is named '" + kind +
                 "'; there are 'reference' and 'fast'"};
  auto executor = std::make_unique<SerialExecutor>(program, kind == "fast");
  if (Status status = executor->prepare(); !status)
    return status.error();
  return std::unique_ptr<Executor>(std::move(executor));
}
