//===- FuzzCase.h - One case ------------------------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_UNITTESTS_FUZZ_FUZZCASE_H
#define PHOTONIC_UNITTESTS_FUZZ_FUZZCASE_H

#include "Corpus.h"
#include "Watch.h"

#include "photonic/Driver/Driver.h"

namespace photonic::fuzz {

/// What is mutated.
enum class Subject {
  Network, ///< IR after `import` and `autodiff`
  Product, ///< after `lower`, `format` and `split`
  Nest,    ///< after `tile` and `schedule`
  Program, ///< after `emit`, with tokens and without
  Text,    ///< the text of any
};
inline constexpr unsigned numSubjects = 5;

/// What became of cases, so that the test knows that it tests something.
struct Tally {
  unsigned cases = 0;
  unsigned accepted = 0; ///< by the verifiers
  unsigned compiled = 0; ///< to the end
  unsigned compared = 0; ///< outputs with the interpreter's
  unsigned passes = 0;   ///< single passes that ran to their end
};

/// One case: a mutated module, and what is done with it. Two numbers say which:
/// what it does depends on nothing else.
class FuzzCase {
public:
  /// Files are made in `directory`.
  FuzzCase(Corpus &corpus, Watch &watch, Tally &tally,
           const std::string &directory, uint64_t seed, uint64_t number);

  /// Writes the IR to standard error before something is done with it.
  void showIR() { isShown = true; }
  /// What the compiler did wrong; empty if nothing.
  std::string run();

private:
  // FuzzCase.cpp
  void runModule();
  void runText();
  bool mutate(mlir::ModuleOp module);
  void note(llvm::StringRef doing);
  /// Failures have to say why, and successes nothing of the kind.
  void judge(llvm::StringRef doing, bool succeeded);
  void report(const llvm::Twine &text);

  // Actions.cpp: what is done with a module that the verifiers accept.
  void use(mlir::ModuleOp module);
  void compileModule(mlir::ModuleOp module);
  void checkStages(mlir::ModuleOp module);
  void runPasses(mlir::ModuleOp module);
  void roundTrip(mlir::ModuleOp module);
  void assemble(mlir::ModuleOp module);
  void expectSameText(mlir::ModuleOp module, llvm::StringRef form,
                      llvm::StringRef written);
  CompileRequest makeRequest(const std::string &input);
  std::string writeModule(mlir::ModuleOp module);
  /// Compiles a file; true if that worked.
  bool compileFile(CompileRequest &request, llvm::StringRef doing);
  /// Executes the program that was written against `module`, after `tile`.
  void compareProgram(mlir::ModuleOp module);
  std::string getFile(llvm::StringRef name) const;

  Corpus &corpus;
  Watch &watch;
  Tally &tally;
  std::string directory;
  Random random;
  uint64_t seedNumber, number;
  Subject subject;
  const Seed *seed = nullptr;
  bool isShown = false;
  std::string text; ///< of the module, for whoever looks at a crash
  std::string finding;
};

/// The text of a module as the compiler prints it, with locations.
std::string print(mlir::ModuleOp module);

/// Elements that the interpreter computes for @main, about; infinite if that
/// cannot be said.
double estimateWork(mlir::ModuleOp module);

} // namespace photonic::fuzz

#endif // PHOTONIC_UNITTESTS_FUZZ_FUZZCASE_H
