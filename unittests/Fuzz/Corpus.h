//===- Corpus.h - What is mutated -------------------------------*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_UNITTESTS_FUZZ_CORPUS_H
#define PHOTONIC_UNITTESTS_FUZZ_CORPUS_H

#include "Random.h"

#include "photonic/Pipelines/Pipelines.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"

#include <memory>
#include <string>
#include <vector>

namespace photonic::fuzz {

/// A network as one stage left it.
struct Seed {
  std::string network; ///< its name
  Stage stage;
  /// What the stages ran with; `machine` is empty, because the IR carries it.
  StageOptions options;
  bool isProgram = false; ///< else a function
  std::string bytecode;
};

/// Some small networks after every stage, and fragments that are no network.
/// Modules live in a context that is made anew now and then, because nothing
/// leaves one: attributes of every case would pile up.
class Corpus {
public:
  Corpus();
  ~Corpus();

  mlir::MLIRContext &getContext() { return *context; }
  /// Starts with an empty context.
  void renewContext();

  /// All seeds of stages from `first` to `last` that are, or are not, programs.
  std::vector<const Seed *> select(Stage first, Stage last,
                                   bool areProgramsWanted) const;
  const std::vector<Seed> &getSeeds() const { return seeds; }
  /// The module of a seed: not to be changed.
  mlir::ModuleOp get(const Seed &seed);
  /// Operations that are legal by themselves and that no stage makes.
  mlir::ModuleOp getFragments();
  /// Words of the language and of attributes.
  llvm::ArrayRef<std::string> getWords() const { return words; }

  /// Errors that were reported since the last call, one per line.
  std::string takeErrors();

private:
  void addNetwork(const std::string &name, mlir::ModuleOp module,
                  const StageOptions &options);
  void addFile(const std::string &name, const StageOptions &options);
  void addRandom(uint64_t number, bool learns);
  void addStage(const std::string &name, Stage stage, mlir::ModuleOp module,
                const StageOptions &options);
  /// Runs the passes that `add` appends to what `module` holds.
  void addSeed(const std::string &name, Stage stage, mlir::ModuleOp module,
               const StageOptions &options,
               llvm::function_ref<void(mlir::OpPassManager &)> add);
  void collectWords();

  std::unique_ptr<mlir::MLIRContext> context;
  std::string errors;
  std::vector<Seed> seeds;
  std::vector<std::string> words;
  /// Of seeds by their index; null until somebody asks.
  std::vector<mlir::OwningOpRef<mlir::ModuleOp>> modules;
  mlir::OwningOpRef<mlir::ModuleOp> fragments;
};

} // namespace photonic::fuzz

#endif // PHOTONIC_UNITTESTS_FUZZ_CORPUS_H
