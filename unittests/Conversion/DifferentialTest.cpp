//===- DifferentialTest.cpp - Programs against the stage before -----------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Random networks are compiled for random small machines under both memory
// models and every dataflow; the reference executor has to produce, bit for
// bit, what the evaluator computes after stage `tile`. Scratchpads are drawn so
// small that products and digital operations are cut into chunks with smaller
// last ones.
//
//===----------------------------------------------------------------------===//

#include "RandomNetwork.h"

#include "photonic/Driver/Driver.h"
#include "photonic/Interpreter/Interpreter.h"
#include "photonic/Pipelines/Pipelines.h"
#include "photonic/Target/PHX/PHX.h"

#include "phx/exec/Executor.h"
#include "phx/isa/Validator.h"

#include "llvm/ADT/StringExtras.h"

#include <array>
#include <cstdlib>
#include <cstring>
#include <gtest/gtest.h>

using namespace mlir;
using namespace photonic;

namespace {

/// A machine and options, drawn at random.
class RandomMachine {
public:
  explicit RandomMachine(uint64_t seed) : random(seed) {
    options.target = PHOTONIC_TARGETS "/mirage.textproto";
    int64_t columns = pick(2, 16);
    set("core.count", pick(1, 5));
    set("core.rows", pick(1, 9));
    set("core.columns", columns);
    int64_t group = pick(1, columns);
    set("format.group", group);
    static const char *const roundings[] = {"", ":trunc", ":nearest"};
    if (pick(0, 3) == 0)
      options.format = "fp32";
    else
      options.format = "bfp:" + std::to_string(pick(1, 4)) + ":" +
                       std::to_string(group) + roundings[pick(0, 2)];
    static const char *const dataflows[] = {"auto", "df1", "df2"};
    options.dataflow = dataflows[pick(0, 2)];
  }

  int64_t pick(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(random() % uint64_t(high - low + 1));
  }
  void set(const std::string &field, int64_t value) {
    options.overrides.push_back(field + "=" + std::to_string(value));
  }
  std::string describe() const {
    std::string text = "format " + options.format + ", dataflow " +
                       options.dataflow + ", memory " + options.memory;
    for (const std::string &change : options.overrides)
      text += ", " + change;
    return text + "\n";
  }

  StageOptions options;

private:
  std::mt19937_64 random;
};

/// What the programs contained, so that the test knows that it tests something.
struct Coverage {
  unsigned compared = 0, refused = 0;
  /// Nests of array passes in 0, 1, 2 loops over chunks.
  std::array<unsigned, 3> chunkLoops{};
  /// Nests whose chunks have a smaller last one in vectors.
  unsigned streamTails = 0;
  unsigned zeroFills = 0;

  void add(const phx::Program &program);
};

/// Compiles and executes one module.
class Session {
public:
  Session() {
    DialectRegistry registry;
    registerCompilerDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
    context.disableMultithreading();
    context.getDiagEngine().registerHandler([this](Diagnostic &diagnostic) {
      messages += diagnostic.str() + "\n";
      return success();
    });
  }

  /// Runs the stages from `from` to `to` on `module`.
  bool runStages(ModuleOp module, const StageOptions &options, Stage from,
                 Stage to) {
    auto machine = phx::loadTarget(options.target, options.overrides);
    if (!machine) {
      messages += machine.error().message + "\n";
      return false;
    }
    PassManager pm(&context);
    for (Stage stage : allStages)
      if (stage >= from && stage <= to)
        addStage(pm, stage, options, *machine);
    return succeeded(pm.run(module));
  }

  /// Outputs of @main after stage `tile`; empty if a conversion meets an
  /// infinity.
  std::vector<interp::Tensor> evaluate(ModuleOp module,
                                       ArrayRef<interp::Tensor> inputs) {
    SmallVector<interp::Value> arguments(inputs.begin(), inputs.end());
    auto results = interp::runMain(module, arguments);
    std::vector<interp::Tensor> tensors;
    if (failed(results))
      return tensors;
    for (const interp::Value &value : *results)
      tensors.push_back(value.getTensor());
    return tensors;
  }

  /// Outputs of the scheduled and emitted program.
  std::vector<interp::Tensor> execute(ModuleOp module,
                                      ArrayRef<interp::Tensor> inputs);

  MLIRContext context;
  std::string messages;
  Coverage *coverage = nullptr;
};

} // namespace

void Coverage::add(const phx::Program &program) {
  ++compared;
  unsigned depth = 0;
  for (const phx::Instruction &instruction : program.code) {
    depth += std::holds_alternative<phx::Loop>(instruction.body);
    depth -= std::holds_alternative<phx::End>(instruction.body);
    if (auto *copy = std::get_if<phx::DmaCopy>(&instruction.body))
      zeroFills += copy->zeroFill.has_value();
    auto *stream = std::get_if<phx::CoreStream>(&instruction.body);
    if (!stream || instruction.engine.index != 0)
      continue;
    ++chunkLoops[depth - 1];
    streamTails += stream->length.remaining.has_value();
  }
}

std::vector<interp::Tensor> Session::execute(ModuleOp module,
                                             ArrayRef<interp::Tensor> inputs) {
  std::vector<interp::Tensor> tensors;
  FailureOr<phx::Program> program = exportProgram(getOnlyProgram(module));
  if (failed(program))
    return tensors;
  if (phx::Status valid = phx::validate(*program); !valid) {
    ADD_FAILURE() << valid.error().message;
    return tensors;
  }
  if (coverage)
    coverage->add(*program);
  auto executor = phx::createExecutor("reference", *program);
  if (!executor) {
    ADD_FAILURE() << executor.error().message;
    return tensors;
  }
  std::map<std::string, phx::HostArray> arrays;
  for (auto [index, input] : llvm::enumerate(inputs)) {
    phx::HostArray array;
    array.shape.assign(input.getShape().begin(), input.getShape().end());
    auto *bytes = reinterpret_cast<const uint8_t *>(input.data());
    array.bytes.assign(bytes, bytes + 4 * input.getNumElements());
    arrays.emplace("input" + std::to_string(index), std::move(array));
  }
  phx::ExecutionOptions options;
  options.threads = 1;
  auto results = (*executor)->run(arrays, options);
  if (!results) {
    ADD_FAILURE() << results.error().message;
    return tensors;
  }
  for (size_t i = 0; i < results->size(); ++i) {
    const phx::HostArray &array = results->at("output" + std::to_string(i));
    tensors.emplace_back(
        array.shape,
        ArrayRef<float>(reinterpret_cast<const float *>(array.bytes.data()),
                        array.getNumElements()));
  }
  return tensors;
}

static void expectEqualBits(ArrayRef<interp::Tensor> expected,
                            ArrayRef<interp::Tensor> actual) {
  ASSERT_EQ(expected.size(), actual.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    ASSERT_EQ(expected[i].getShape(), actual[i].getShape());
    for (int64_t j = 0; j < expected[i].getNumElements(); ++j) {
      float e = expected[i][j], a = actual[i][j];
      ASSERT_EQ(std::memcmp(&e, &a, sizeof(float)), 0)
          << "output " << i << " element " << j << ": expected " << e
          << ", found " << a;
    }
  }
}

/// One network on one machine, under `ideal` and under `hierarchy` with ever
/// smaller scratchpads, until they are too small.
static void compareOne(uint64_t seed, Coverage &coverage) {
  Session session;
  session.coverage = &coverage;
  RandomMachine machine(seed);
  RandomNetwork network(session.context, seed);
  OwningOpRef<ModuleOp> module = network.build();
  SmallVector<interp::Tensor> inputs = network.makeInputs(*module);
  std::string text;
  llvm::raw_string_ostream stream(text);
  module->print(stream);
  ASSERT_TRUE(
      session.runStages(*module, machine.options, Stage::Import, Stage::Tile))
      << machine.describe() << session.messages << text;
  std::vector<interp::Tensor> expected = session.evaluate(*module, inputs);
  ASSERT_FALSE(expected.empty()) << session.messages << text;

  size_t fixed = machine.options.overrides.size();
  int64_t bytes = 1 << 16;
  for (int run = 0; run < 7; ++run) {
    machine.options.overrides.resize(fixed);
    machine.options.memory = run == 0 ? "ideal" : "hierarchy";
    if (run > 1) {
      // A target has to have room for one tile.
      for (const char *pad : {"activation", "weight", "gradient"})
        machine.set("scratchpads." + std::string(pad) + "_bytes",
                    std::max<int64_t>(640, bytes / machine.pick(1, 4)));
      bytes = bytes * machine.pick(20, 60) / 100;
    }
    OwningOpRef<ModuleOp> copy = module->clone();
    session.messages.clear();
    if (!session.runStages(*copy, machine.options, Stage::Schedule,
                           Stage::Emit)) {
      // Refusing is right only where the smallest piece does not fit.
      ++coverage.refused;
      ASSERT_TRUE(run > 1 && session.messages.find("needs a working set") !=
                                 std::string::npos)
          << machine.describe() << session.messages << text;
      continue;
    }
    expectEqualBits(expected, session.execute(*copy, inputs));
    ASSERT_FALSE(::testing::Test::HasFailure()) << machine.describe() << text;
  }
}

/// PHOTONIC_RANDOM_NETWORKS asks for more networks than the suite has time for.
TEST(Differential, ProgramsEqualTheTileStage) {
  uint64_t networks = 200, first = 1;
  if (const char *wanted = std::getenv("PHOTONIC_RANDOM_NETWORKS"))
    networks = std::strtoull(wanted, nullptr, 10);
  Coverage coverage;
  for (uint64_t seed = first; seed < first + networks; ++seed) {
    SCOPED_TRACE("network " + std::to_string(seed));
    compareOne(seed, coverage);
    if (HasFatalFailure())
      return;
  }
  // The networks have to reach the difficult cases.
  EXPECT_GE(coverage.compared, 5 * networks);
  EXPECT_GT(coverage.refused, 0u);
  for (unsigned loops : coverage.chunkLoops)
    EXPECT_GE(loops, networks / 20);
  EXPECT_GE(coverage.streamTails, networks / 20);
  EXPECT_GE(coverage.zeroFills, networks / 20);
  RecordProperty("compared", static_cast<int>(coverage.compared));
  std::cout << coverage.compared << " programs, " << coverage.refused
            << " refused; products in 0, 1, 2 chunk loops: "
            << coverage.chunkLoops[0] << ", " << coverage.chunkLoops[1] << ", "
            << coverage.chunkLoops[2] << "; clipped streams "
            << coverage.streamTails << "; padded transfers "
            << coverage.zeroFills << "\n";
}
