//===- CrossbarTextTest.cpp - Crossbars from text to reports -*- C++ -*- -===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A program of a machine class that neither the dialect nor any tool lists, in
// assembly: read, verified, ordered, encoded, executed, reported, and printed
// again. It is the network that the runtime's tests build in C++.
//
//===----------------------------------------------------------------------===//

#include "CrossbarDialect.h"

#include "photonic/Dialect/PISA/Transforms/Passes.h"
#include "photonic/Target/PHX/PHX.h"

#include "machines/All.h"
#include "phx/isa/ProgramFile.h"
#include "phx/run/Session.h"
#include "phx/support/FileSystem.h"
#include "unittests/machine/OuterProduct.h"
#include "unittests/machine/Sparse.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::pisa;
using phx::testing::CrossbarLayer;
using phx::testing::Network;

namespace {

/// Vectors per run.
constexpr int64_t batch = 3;

class CrossbarText : public ::testing::Test {
protected:
  CrossbarText() {
    phx::registerAllMachines();
    DialectRegistry registry;
    registry.insert<PISADialect>();
    registerCrossbarOperations(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
    context.printOpOnDiagnostic(false);
  }
  void SetUp() override {
    ASSERT_FALSE(
        llvm::sys::fs::createUniqueDirectory("crossbar-text", directory));
  }
  void TearDown() override { llvm::sys::fs::remove_directories(directory); }

  std::string getPath(llvm::StringRef name) {
    llvm::SmallString<128> path(directory);
    llvm::sys::path::append(path, name);
    return path.str().str();
  }

  static std::string readText() { return *phx::readFile(CROSSBAR_TEXT); }
  static std::string readProductText() { return *phx::readFile(OUTER_TEXT); }
  void expectProgram(const std::string &text, const char *path,
                     const phx::Program &expected);
  /// The program with tokens; null after a failure.
  std::shared_ptr<const phx::Program> orderTokens(ModuleOp module);
  /// Through a file, to text and through a file again, byte for byte; the text.
  std::string expectRoundTrip(const std::string &text);

  OwningOpRef<ModuleOp> parse(llvm::StringRef text) {
    return parseSourceString<ModuleOp>(text, &context, "crossbar.mlir");
  }

  /// What is said about the text with the first `from` replaced.
  std::string errorAfter(llvm::StringRef from, llvm::StringRef to) {
    std::string text = readText(), said;
    size_t at = text.find(from.str());
    EXPECT_NE(at, std::string::npos) << from.str();
    text.replace(at, from.size(), to.str());
    ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
      llvm::raw_string_ostream(said)
          << diagnostic.getLocation() << ": " << diagnostic;
      return success();
    });
    OwningOpRef<ModuleOp> module = parse(text);
    if (!module)
      return said;
    EXPECT_EQ(orderTokens(*module) != nullptr, said.empty());
    return said;
  }

  MLIRContext context;
  llvm::SmallString<128> directory;
};

/// With the bytes of constants as digits, and without locations.
std::string print(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream os(text);
  module.print(os);
  return text;
}

/// Contents of constants as elements of their type.
ElementsAttr getContents(const phx::Program &program, uint32_t index,
                         RankedTensorType type) {
  const phx::DataSection &section = program.data[index];
  return DenseElementsAttr::getFromRawBuffer(
      type, llvm::ArrayRef<char>(reinterpret_cast<const char *>(section.bytes),
                                 section.size));
}

OwningOpRef<ModuleOp> import(const phx::Program &program,
                             MLIRContext &context) {
  OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(&context));
  OpBuilder builder(module->getBodyRegion());
  EXPECT_TRUE(importProgram(program, builder,
                            [&](uint32_t index, RankedTensorType type) {
                              return getContents(program, index, type);
                            }));
  return module;
}

} // namespace

/// That `text`, in the file `path`, is the program that is built in C++.
void CrossbarText::expectProgram(const std::string &text, const char *path,
                                 const phx::Program &expected) {
  OwningOpRef<ModuleOp> module = parse(text);
  ASSERT_TRUE(module);
  FailureOr<phx::Program> program = exportProgram(getOnlyProgram(*module));
  ASSERT_TRUE(succeeded(program));
  bool isSame = program->code == expected.code &&
                program->groups == expected.groups &&
                program->maps == expected.maps &&
                program->conversions == expected.conversions &&
                program->passes == expected.passes &&
                program->combines == expected.combines &&
                program->products == expected.products &&
                program->registers == expected.registers &&
                program->regions == expected.regions &&
                program->layers == expected.layers &&
                program->memories == expected.memories &&
                program->data.size() == expected.data.size();
  for (size_t d = 0; isSame && d < expected.data.size(); ++d)
    isSame = program->data[d].size == expected.data[d].size &&
             !std::memcmp(program->data[d].bytes, expected.data[d].bytes,
                          expected.data[d].size);
  if (isSame)
    return;
  std::string written = ::testing::TempDir() + expected.name + ".mlir";
  ASSERT_TRUE(
      phx::writeFileAtomically(written, print(*import(expected, context)))
          .ok());
  ADD_FAILURE() << path
                << " and the program in runtime/unittests/machine differ; the "
                   "assembly of the latter is in "
                << written;
}

std::shared_ptr<const phx::Program>
CrossbarText::orderTokens(ModuleOp module) {
  std::shared_ptr<const phx::Program> program;
  PassManager pm(&context);
  pm.addPass(createInsertTokens());
  pm.addPass(createVerifyProgram());
  pm.addPass(createTakeProgram([&](auto taken) { program = taken; }));
  return succeeded(pm.run(module)) ? program : nullptr;
}

std::string CrossbarText::expectRoundTrip(const std::string &text) {
  std::string paths[] = {getPath("first.phx"), getPath("second.phx")};
  std::string printed = text;
  for (const std::string &path : paths) {
    OwningOpRef<ModuleOp> module = parse(printed);
    FailureOr<phx::Program> program = failure();
    if (module)
      program = exportProgram(getOnlyProgram(*module));
    if (failed(program) || !phx::writeProgram(*program, path).ok()) {
      ADD_FAILURE() << printed;
      return "";
    }
    OwningOpRef<ModuleOp> disassembled = disassemble(path, &context);
    EXPECT_TRUE(disassembled);
    printed = disassembled ? print(*disassembled) : "";
  }
  EXPECT_EQ(*phx::readFile(paths[0]), *phx::readFile(paths[1]));
  return printed;
}

TEST_F(CrossbarText, IsTheNetworkBuiltByHand) {
  expectProgram(readText(), CROSSBAR_TEXT, Network(batch).makeProgram());
}

TEST_F(CrossbarText, IsTheProductBuiltByHand) {
  expectProgram(readProductText(), OUTER_TEXT,
                phx::testing::OuterProduct().makeProgram());
}

TEST_F(CrossbarText, ProductsWhoseResultStaysGoThroughTheFileAndBack) {
  std::string text = expectRoundTrip(readProductText());
  EXPECT_NE(text.find("groups 2 stationary result conversions [0, 1]"),
            std::string::npos)
      << text;
}

/// Instructions of the class that write a count register and depend on it.
TEST_F(CrossbarText, CountsWhatIsNotZero) {
  std::string text = *phx::readFile(SPARSE_TEXT);
  phx::testing::SparseNetwork network(batch);
  expectProgram(text, SPARSE_TEXT, network.makeProgram());
  OwningOpRef<ModuleOp> module = parse(text);
  ASSERT_TRUE(module);
  std::shared_ptr<const phx::Program> program = orderTokens(*module);
  ASSERT_TRUE(program);
  std::string path = getPath("sparse.phx");
  ASSERT_TRUE(phx::writeProgram(*program, path).ok());
  auto read = phx::readProgram(path);
  ASSERT_TRUE(read.ok()) << read.error().message;
  auto outputs = phx::testing::runProgram(*read, network.makeInputs(),
                                          phx::testing::threads(1));
  ASSERT_TRUE(outputs.ok()) << outputs.error().message;
  EXPECT_EQ(phx::testing::firstDifference(
                phx::testing::toVector(outputs->at("y")), network.multiply()),
            -1);
}

TEST_F(CrossbarText, GoesThroughTheFileAndBack) {
  std::string text = expectRoundTrip(readText());
  EXPECT_NE(text.find("pisa.crossbar_dot narrow[0 lanes 2] pass 0 combine 0 list "
                      "act[0 + 32 * l0"),
            std::string::npos)
      << text;
}

TEST_F(CrossbarText, RunsAndReports) {
  // The text is for a target, not for this file's hash of it.
  phx::Target target = phx::testing::makeCrossbarTarget();
  OwningOpRef<ModuleOp> module = parse(readText());
  ASSERT_TRUE(module);
  ProgramOp op = getOnlyProgram(*module);
  op.setTarget(target.spec.name());
  op.setHash(target.structuralHash);
  std::shared_ptr<const phx::Program> program = orderTokens(*module);
  ASSERT_TRUE(program);
  std::string path = getPath("a.phx"), machine = getPath("crossbars.textproto");
  ASSERT_TRUE(phx::writeProgram(*program, path).ok());
  ASSERT_TRUE(phx::writeFileAtomically(
                  machine, phx::testing::makeCrossbarTargetText())
                  .ok());

  phx::SessionOptions options;
  options.target = machine;
  auto session = phx::Session::open(path, options);
  ASSERT_TRUE(session.ok()) << session.error().message;
  Network network(batch);
  phx::RunOptions runOptions;
  runOptions.threads = 1;
  phx::testing::Arrays inputs = network.makeInputs();
  phx::ArrayViews views(inputs.begin(), inputs.end());
  auto outputs = (*session)->run(views, runOptions);
  ASSERT_TRUE(outputs.ok()) << outputs.error().message;
  auto expectEqual = [&](const char *name, const std::vector<float> &expected) {
    EXPECT_EQ(phx::testing::firstDifference(
                  phx::testing::toVector(outputs->at(name)), expected),
              -1)
        << name;
  };
  expectEqual("y a", network.multiply(network.first, 8));
  expectEqual("y b", network.multiply(network.second, 16));
  auto json = (*session)->getReports().makeJson();
  ASSERT_TRUE(json.ok()) << json.error().message;
  int64_t readouts = batch * (network.first.m * ((network.first.k + 7) / 8) +
                              network.second.m *
                                  ((network.second.k + 15) / 16));
  EXPECT_NE(json->find("\"crossbar_readouts\": " + std::to_string(readouts)),
            std::string::npos)
      << *json;
}

TEST_F(CrossbarText, MistakesAreNamedWhereTheyAre) {
  // By the operation's verifier, from the parameter's description.
  std::string bits = errorAfter("bits 6", "bits 17");
  EXPECT_NE(bits.find("crossbar.mlir\":"), std::string::npos) << bits;
  EXPECT_NE(bits.find("'pisa.pass' op crossbar.adc bits: expected 1 to 16, "
                      "found 17"),
            std::string::npos)
      << bits;
  // By its parser.
  std::string word = errorAfter("limit 8 saturate", "limit 8 wrap");
  EXPECT_NE(word.find("saturate"), std::string::npos) << word;
  // By the class's rules, on the array that the text names.
  std::string rows =
      errorAfter("pisa.crossbar_load wide[0 + 1 * l0(1, 0, 3, 0)]",
                 "pisa.crossbar_load narrow[0]");
  EXPECT_NE(rows.find("at most 4 (arrays of group 'narrow')"),
            std::string::npos)
      << rows;
  // By the check that a list cannot reach behind its memory.
  std::string extent = errorAfter("extent 120", "extent 1200");
  EXPECT_NE(extent.find("crossbar.dot"), std::string::npos) << extent;
  EXPECT_EQ(errorAfter("bits 6", "bits 7"), "");
}

TEST(CrossbarWithoutOperations, IsRefusedByName) {
  MLIRContext context;
  context.loadDialect<PISADialect>();
  phx::Program program = Network(batch).makeProgram();
  std::string said;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    said += diagnostic.str();
    return success();
  });
  OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(&context));
  OpBuilder builder(module->getBodyRegion());
  EXPECT_FALSE(importProgram(program, builder,
                             [&](uint32_t index, RankedTensorType type) {
                               return getContents(program, index, type);
                             }));
  EXPECT_EQ(said, "instruction crossbar_load has no operation in the pisa "
                  "dialect");
}
