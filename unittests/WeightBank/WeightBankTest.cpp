//===- WeightBankTest.cpp - A machine class from ONNX to reports ----------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// LeNet-5 (convolutions, pooling, Gemm) on arrays of a class that no tool
// lists: the compiler's driver, the evaluator of its stages, the executor,
// timing and reports. Beside the arrays stands a group of crossbars, which is
// larger and faster, and which the compiler has no lowering for.
//
//===----------------------------------------------------------------------===//

#include "WeightBank.h"
#include "BankDialect.h"

#include "photonic/Driver/Driver.h"
#include "photonic/InitAllMachines.h"
#include "photonic/Interpreter/Interpreter.h"
#include "photonic/Machines/RNS/RNS.h"
#include "photonic/Pipelines/InsertedPasses.h"
#include "photonic/Target/Machine/Machine.h"

#include "machines/All.h"
#include "phx/isa/ProgramFile.h"
#include "phx/run/Session.h"
#include "phx/support/FileSystem.h"
#include "phx/timing/Timing.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <cstring>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

using namespace mlir;
using namespace photonic;
using llvm::divideCeil;

namespace {

constexpr int64_t batch = 2;
/// Of the arrays, and the group that they are in.
constexpr int64_t rows = 4, columns = 8, numArrays = 3;
constexpr uint16_t bankGroup = 1;

/// A product of the network, weights first.
struct Product {
  int64_t m, n, k;
};
constexpr Product products[] = {{6, batch * 28 * 28, 25},
                                {16, batch * 10 * 10, 150},
                                {120, batch, 400},
                                {84, batch, 120},
                                {10, batch, 84}};

/// Values of the output at a stage, and the text of the IR.
struct StageOutput {
  interp::Tensor values;
  std::string text;
};

class WeightBankTest : public ::testing::Test {
protected:
  WeightBankTest() {
    phx::registerAllMachines();
    phx::weightbank::registerClass();
    bank::registerLowering();
    request.input = PHX_SOURCE_DIR "/examples/lenet5/lenet5.onnx";
    request.batch = batch;
    request.stages.machine.target = WEIGHTBANK_TARGET;
    uint64_t state = 7;
    for (int64_t i = 0; i < batch * 28 * 28; ++i) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      image.push_back(float(state >> 40) / float(1 << 24));
    }
  }
  void SetUp() override {
    ASSERT_FALSE(
        llvm::sys::fs::createUniqueDirectory("weight-bank", directory));
    request.output = getPath("lenet5.phx");
  }
  void TearDown() override { llvm::sys::fs::remove_directories(directory); }

  std::string getPath(llvm::StringRef name) {
    llvm::SmallString<128> path(directory);
    llvm::sys::path::append(path, name);
    return path.str().str();
  }

  /// Compiles, with `change` of the IR behind each stage, and evaluates the
  /// stages that have values; what was said, empty if nothing is wrong.
  std::string compile(std::function<void(Stage, ModuleOp)> change = {});
  /// Runs the program that was compiled, and leaves its report.
  interp::Tensor run();

  llvm::SmallString<128> directory;
  CompileRequest request;
  std::vector<float> image;
  std::map<Stage, StageOutput> outputs;
  nlohmann::json report;
};

/// The first element whose bits differ; -1 if there is none.
int64_t findDifference(const interp::Tensor &a, const interp::Tensor &b) {
  if (a.getNumElements() != b.getNumElements())
    return 0;
  for (int64_t i = 0; i < a.getNumElements(); ++i)
    if (float x = a[i], y = b[i]; std::memcmp(&x, &y, sizeof x))
      return i;
  return -1;
}

} // namespace

std::string
WeightBankTest::compile(std::function<void(Stage, ModuleOp)> change) {
  DialectRegistry registry;
  registerCompilerDialects(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  std::string messages, ir;
  llvm::raw_string_ostream os(messages), irStream(ir);
  DiagnosticPrinter printer(context, "test", os);
  outputs.clear();
  request.afterStage = [&](Stage stage, ModuleOp module) {
    if (change)
      change(stage, module);
    if (stage > Stage::Tile)
      return;
    interp::Value input(interp::Tensor({batch, 1, 28, 28}, image));
    auto results = interp::runMain(module, input);
    if (failed(results))
      return;
    StageOutput &output = outputs[stage];
    output.values = results->front().getTensor();
    llvm::raw_string_ostream(output.text) << module;
  };
  bool failed = mlir::failed(photonic::compile(request, context, irStream));
  EXPECT_EQ(failed, !messages.empty()) << messages;
  return messages;
}

interp::Tensor WeightBankTest::run() {
  phx::SessionOptions options;
  options.target = *request.stages.machine.target;
  options.overrides = request.stages.machine.overrides;
  auto session = phx::Session::open(request.output, options);
  EXPECT_TRUE(session.ok()) << session.error().message;
  if (!session)
    return {};
  phx::HostArray array;
  array.shape = {batch, 1, 28, 28};
  array.bytes.resize(4 * image.size());
  std::memcpy(array.bytes.data(), image.data(), array.bytes.size());
  std::map<std::string, phx::HostArray> inputs{{"image", array}};
  auto results = (*session)->run(phx::ArrayViews(inputs.begin(), inputs.end()));
  EXPECT_TRUE(results.ok()) << results.error().message;
  auto json = (*session)->getReports().makeJson();
  EXPECT_TRUE(json.ok()) << json.error().message;
  if (!results || !json)
    return {};
  report = nlohmann::json::parse(*json);
  const phx::HostArray &scores = results->at("scores");
  return interp::Tensor(
      scores.shape,
      llvm::ArrayRef(reinterpret_cast<const float *>(scores.bytes.data()),
                     scores.getNumElements()));
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

TEST_F(WeightBankTest, StagesAndProgramComputeTheSameBits) {
  for (const char *memory : {"ideal", "hierarchy"})
    for (const char *dataflow : {"df1", "df2", "auto"}) {
      SCOPED_TRACE(std::string(memory) + " " + dataflow);
      request.stages.memory = memory;
      request.stages.dataflow = dataflow;
      ASSERT_EQ(compile(), "");
      const StageOutput &format = outputs.at(Stage::Format);
      for (Stage stage : {Stage::Split, Stage::Tile})
        EXPECT_EQ(findDifference(format.values, outputs.at(stage).values), -1)
            << getStageName(stage).str();
      EXPECT_EQ(findDifference(format.values, run()), -1);
      // From `lower` on, where numbers are binary32, something was lost.
      EXPECT_NE(findDifference(format.values, outputs.at(Stage::Lower).values),
                -1);
    }
}

TEST_F(WeightBankTest, StagesHaveTheOperationsOfTheClass) {
  ASSERT_EQ(compile(), "");
  auto has = [&](Stage stage, const char *text) {
    return outputs.at(stage).text.find(text) != std::string::npos;
  };
  EXPECT_TRUE(has(Stage::Format, "#weightbank.fixed<bits = 6, fraction = 4, "
                                 "group = 8>"));
  EXPECT_TRUE(has(Stage::Format, "photonic.dot"));
  EXPECT_TRUE(has(Stage::Format, "weightbank.adc"));
  EXPECT_FALSE(has(Stage::Split, "photonic.dot"));
  EXPECT_TRUE(has(Stage::Split, "weightbank.dot"));
  EXPECT_TRUE(has(Stage::Tile, "arrays = <\"banks\", over = "));
  EXPECT_FALSE(has(Stage::Tile, "modular_dot"));
}

/// Steps of 4 up to 128, and the same steps up to where no sum gets.
TEST_F(WeightBankTest, ReadoutsSaturate) {
  ASSERT_EQ(compile(), "");
  interp::Tensor saturated = run();
  // A price that is stated for other bits would be warned of.
  request.stages.machine.overrides = {
      "banks.adc_bits=12", "banks.full_scale=8192", "banks.readout_pj=1"};
  ASSERT_EQ(compile(), "");
  interp::Tensor wide = run();
  EXPECT_EQ(findDifference(wide, outputs.at(Stage::Format).values), -1);
  EXPECT_NE(findDifference(saturated, wide), -1);
  // Steps of 1: nothing is lost at all.
  request.stages.machine.overrides[0] = "banks.adc_bits=14";
  ASSERT_EQ(compile(), "");
  EXPECT_NE(findDifference(wide, run()), -1);
}

//===----------------------------------------------------------------------===//
// Programs, time and reports
//===----------------------------------------------------------------------===//

/// Femtoseconds that arrays are busy with the weights in them: 2.5 ns per row,
/// 3 ns until the first readout, 0.5 ns per vector.
static int64_t getBusy() {
  int64_t busy = 0;
  for (const Product &product : products) {
    int64_t terms = divideCeil(product.k, columns);
    int64_t blocks = divideCeil(product.m, rows);
    busy += terms * (product.m * 2'500'000 +
                     blocks * (3'000'000 + product.n * 500'000));
  }
  return busy;
}

TEST_F(WeightBankTest, TimeFollowsTheDurationsOfTheClass) {
  request.stages.dataflow = "df1";
  ASSERT_EQ(compile(), "");
  auto program = phx::readProgram(request.output);
  ASSERT_TRUE(program.ok()) << program.error().message;
  auto target = phx::loadTarget(WEIGHTBANK_TARGET, {});
  ASSERT_TRUE(target.ok()) << target.error().message;
  phx::TimingResult results[2];
  for (phx::TimingMode mode :
       {phx::TimingMode::Stepped, phx::TimingMode::Closed}) {
    phx::TimingOptions options;
    options.mode = mode;
    auto result = phx::simulate(*program, *target, options);
    ASSERT_TRUE(result.ok()) << result.error().message;
    results[mode == phx::TimingMode::Closed] = *result;
  }
  EXPECT_EQ(results[0].latency, results[1].latency);
  EXPECT_EQ(results[0].layers, results[1].layers);
  int64_t busy = 0, used = 0;
  for (const auto &engine : results[0].engines)
    if (engine.engine.kind == phx::EngineKind::Core) {
      EXPECT_EQ(engine.busy == 0, engine.engine.group != bankGroup);
      busy += engine.busy;
      used += engine.busy != 0;
    }
  EXPECT_EQ(busy, getBusy());
  EXPECT_EQ(used, numArrays);
}

/// What the choice of the operand that stays goes by is what tiles take.
TEST_F(WeightBankTest, TileTimeIsThatOfItsInstructions) {
  auto target = phx::loadTarget(WEIGHTBANK_TARGET, {});
  ASSERT_TRUE(target.ok()) << target.error().message;
  Arrays arrays = getArrays(*target);
  ASSERT_EQ(arrays.group, bankGroup);
  TileTime time = arrays.lowering->getTileTime(arrays);
  phx::Program program;
  program.groups = phx::getArrayGroups(*target);
  phx::InstructionDurations durations(program, *target);
  auto getNs = [&](phx::Body body) {
    phx::Instruction instruction;
    instruction.engine = {phx::EngineKind::Core, 0, bankGroup};
    instruction.body = std::move(body);
    return double(durations.get(instruction, {})) * 1e-6;
  };
  phx::BankSet set;
  set.rows.cap = arrays.rows;
  set.cols.cap = 1;
  phx::BankRead read;
  read.rows.cap = read.cols.cap = 1;
  read.length.cap = 10;
  EXPECT_DOUBLE_EQ(getNs(set), time.programNs);
  EXPECT_DOUBLE_EQ(getNs(read), time.fillNs + 10 / time.vectorsPerNs);
}

TEST_F(WeightBankTest, ReportHasWhatTheClassCounts) {
  request.stages.dataflow = "df1";
  ASSERT_EQ(compile(), "");
  run();
  int64_t readouts = 0, rings = 0, macs = 0;
  for (const Product &product : products) {
    readouts += product.m * product.n * int64_t(divideCeil(product.k, columns));
    rings += product.m * product.k;
    macs += product.m * product.n * product.k;
  }
  const auto &counters = report["counters"];
  EXPECT_EQ(counters["weightbank_readouts"], readouts);
  EXPECT_EQ(counters["weightbank_rings_set"], rings);
  EXPECT_EQ(counters["crossbar_readouts"], 0);
  EXPECT_EQ(counters["adc_conversions"], 0);
  EXPECT_EQ(report["macs"], macs);
  const auto &energy = report["energy_pj"]["by_component"];
  EXPECT_EQ(energy["bank_readout"]["dynamic"], 0.125 * double(readouts));
  EXPECT_EQ(energy["rings"]["dynamic"], 0.75 * double(rings));
  EXPECT_GT(energy["rings"]["static"], 0);
  EXPECT_DOUBLE_EQ(
      report["area_mm2"]["by_component"]["weightbank_rings"].get<double>(),
      0.002 * numArrays * rows * columns);
}

/// Every instruction of an array is one of the class, on an array of its group.
TEST_F(WeightBankTest, AnotherGroupStandsIdle) {
  ASSERT_EQ(compile(), "");
  auto program = phx::readProgram(request.output);
  ASSERT_TRUE(program.ok()) << program.error().message;
  ASSERT_EQ(program->groups.size(), 2u);
  EXPECT_EQ(program->groups[0].name, "spare");
  int64_t reads = 0;
  for (const phx::Instruction &instruction : program->code) {
    if (instruction.engine.kind != phx::EngineKind::Core ||
        holds<phx::Signal>(instruction.body) ||
        holds<phx::Wait>(instruction.body) ||
        holds<phx::Loop>(instruction.body) || holds<phx::End>(instruction.body))
      continue;
    EXPECT_EQ(instruction.engine.group, bankGroup);
    EXPECT_LT(instruction.engine.index, numArrays);
    EXPECT_TRUE(getIf<phx::BankSet>(instruction.body) ||
                getIf<phx::BankRead>(instruction.body));
    if (const auto *read = getIf<phx::BankRead>(instruction.body)) {
      ++reads;
      EXPECT_LE(read->rows.cap, rows);
      EXPECT_LE(read->cols.cap, columns);
    }
  }
  EXPECT_GE(reads, int64_t(std::size(products)) * numArrays);
}

//===----------------------------------------------------------------------===//
// Mistakes
//===----------------------------------------------------------------------===//

static void expectSaid(const std::string &said, const std::string &expected) {
  EXPECT_NE(said.find(expected), std::string::npos) << said;
}

TEST_F(WeightBankTest, FormatsAreThoseOfTheClass) {
  request.stages.format = "fixed:9:4:8";
  expectSaid(compile(), "(C1) bits must lie in [2, 8], got 9");
  request.stages.format = "fixed:6:4";
  expectSaid(compile(), "unknown number format 'fixed:6:4', expected "
                        "fixed:BITS:FRACTION:GROUP");
  request.stages.format = "fixed:6:4:16";
  expectSaid(compile(), "node '/conv1/Conv': stage split: 'photonic.product' "
                        "of node '/conv1/Conv' has terms of 16 elements, but "
                        "banks have 8 columns");
  for (const char *format : {"bfp:4:8", "fp32:8"}) {
    request.stages.format = format;
    expectSaid(compile(), "but weight banks multiply fixed point; use "
                          "fixed:BITS:FRACTION:GROUP");
  }
  request.stages.format = "fixed:5:3:4";
  EXPECT_EQ(compile(), "");
  EXPECT_EQ(findDifference(outputs.at(Stage::Format).values, run()), -1);
}

/// Deals all tiles to the arrays called `name`.
static void dealTo(ModuleOp module, const char *name) {
  module.walk([&](phot::ArrayProductOp op) {
    op.setArraysAttr(phot::ArraysAttr::get(module.getContext(), name,
                                           op.getArrays().getOver()));
  });
}

TEST_F(WeightBankTest, TilesOfAnotherGroupAreRefused) {
  auto compileFor = [&](const char *name) {
    return compile([=](Stage stage, ModuleOp module) {
      if (stage == Stage::Tile)
        dealTo(module, name);
    });
  };
  expectSaid(compileFor("spare"),
             "node '/conv1/Conv': expected arrays of a class that the compiler "
             "has a lowering for, found 'spare' of class 'crossbar'; deal it "
             "to 'banks'");
  expectSaid(compileFor("bank"), "expected arrays that target 'banks' has, "
                                 "found 'bank'; it has 'spare', 'banks'");
}

TEST_F(WeightBankTest, ReadoutsOfOtherConvertersAreRefused) {
  std::string said = compile([](Stage stage, ModuleOp module) {
    if (stage == Stage::Tile)
      module.walk([&](bank::AdcOp adc) { adc.setBits(5); });
  });
  expectSaid(said, "node '/conv1/Conv': expected readouts of 6 bits up to 128, "
                   "which the arrays 'banks' have, found 5 bits up to 128");
}

TEST_F(WeightBankTest, PassesOfAnotherClassAreRefused) {
  registerCompilerPasses();
  request.stages.insertedPasses.push_back(
      *parseInsertedPasses("format:func.func(photonic-split-rns)"));
  expectSaid(compile(), "expected a target with arrays of class 'rns', found "
                        "'banks' without; run photonic-split-products");
}

/// Puts residues in place of what rings add up.
static void useResidues(phot::ArrayProductOp op) {
  OpBuilder b(op);
  for (bank::DotOp dot :
       llvm::make_early_inc_range(op.getPass().getOps<bank::DotOp>())) {
    b.setInsertionPoint(dot);
    Value residue = rns::ModularDotOp::create(
        b, dot.getLoc(), b.getI32Type(), dot.getLhs(), dot.getRhs(), 65536);
    Value sum = rns::ReverseConvertOp::create(
        b, dot.getLoc(), dot.getResult().getType(), residue,
        b.getDenseI64ArrayAttr({65536}));
    dot.getResult().replaceAllUsesWith(sum);
    dot.erase();
  }
}

TEST_F(WeightBankTest, OperationsOfAnotherClassAreRefused) {
  std::string said = compile([](Stage stage, ModuleOp module) {
    if (stage == Stage::Tile)
      module.walk(useResidues);
  });
  expectSaid(said, "node '/conv1/Conv': expected what arrays of class "
                   "'weightbank' compute ('banks' of target 'banks'), found "
                   "rns.modular_dot moduli [65536] of class 'rns'");
}

TEST_F(WeightBankTest, ASecondLoweringOfAClassEndsTheProcess) {
  registerAllMachineLowerings(); // whichever tests run before
  EXPECT_DEATH(registerMachineLowering("rns", nullptr),
               "machine class 'rns' has two lowerings");
}

/// A target with arrays of two classes that both have a lowering.
TEST_F(WeightBankTest, TwoGroupsThatCouldComputeAreRefused) {
  std::string mirage =
      *phx::readFile(PHX_SOURCE_DIR "/runtime/targets/mirage.textproto");
  std::string text = *phx::readFile(WEIGHTBANK_TARGET);
  size_t begin = mirage.find("\nformat {"),
         end = mirage.find("\nvector_unit {");
  text += "extensions: \"rns\"\n" + mirage.substr(begin, end - begin);
  std::string path = getPath("two.textproto");
  ASSERT_TRUE(phx::writeFileAtomically(path, text).ok());
  request.stages.machine.target = path;
  expectSaid(compile(),
             "the compiler maps products onto one group of arrays of "
             "class 'rns' or 'weightbank'; target 'banks' has 2 of "
             "them: 'banks', 'core'; leave one of them");
}
