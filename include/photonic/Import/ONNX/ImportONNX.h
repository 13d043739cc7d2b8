//===- ImportONNX.h - Reads ONNX models into nn --------------- -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// From an ONNX file to a module with one function `main` in the nn dialect.
// What the importer does not understand it refuses, all at once and by name; it
// never drops an attribute or guesses an extent.
//
//===----------------------------------------------------------------------===//

#ifndef PHOTONIC_IMPORT_ONNX_IMPORTONNX_H
#define PHOTONIC_IMPORT_ONNX_IMPORTONNX_H

#include "photonic/Support/Spelling.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/MemoryBufferRef.h"
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace llvm {
class raw_ostream;
} // namespace llvm

namespace photonic {

/// The oldest and the newest version of the default operator set that the
/// importer knows.
inline constexpr int64_t oldestOpset = 7;
inline constexpr int64_t newestOpset = 24;

/// What the function is for.
enum class ImportMode {
  /// One forward pass. Operators that ask for training are refused.
  Inference,
  /// The forward pass of a training step: BatchNormalization normalises by the
  /// statistics of the batch and updates the stored ones, Dropout is random,
  /// whatever the file says about training.
  Training,
  /// The forward pass of a network that is trained elsewhere:
  /// BatchNormalization uses the stored statistics and Dropout does nothing,
  /// whatever the file says about training.
  Evaluation,
};

/// "inference", "training", "evaluation"; nothing if the name is none of them.
std::optional<ImportMode> parseImportMode(llvm::StringRef name);
llvm::StringRef getImportModeName(ImportMode mode);

struct ImportOptions {
  /// How many samples one run takes: the extent of open first dimensions of
  /// inputs and of all dimensions of their names; of inputs with fixed shapes,
  /// those whose first dimension has this extent hold samples. 0: not given.
  int64_t batch = 0;
  /// Extents of other open dimensions, by their name in the model, or by input
  /// and number, `INPUT:AXIS`, which goes before a name.
  std::vector<std::pair<std::string, int64_t>> dims = {};
  /// Extents of all dimensions of inputs, by name. For inputs without a shape.
  std::vector<std::pair<std::string, std::vector<int64_t>>> shapes = {};
  ImportMode mode = ImportMode::Inference;
  /// Regular expression, found anywhere in a name. In mode Training a
  /// BatchNormalization keeps its stored statistics if its node or one of its
  /// two statistics has such a name. Empty: none.
  std::string freeze = {};
  /// File with an optimizer model of ONNX Runtime, for a graph that holds its
  /// backward pass: how its parameters change at the end of a step. Empty: they
  /// do not.
  std::string optimizerModel = {};
  /// Initial learning rate of that optimizer.
  float learningRate = 1e-3f;
  /// How messages write options.
  Spelling spelling = Spelling::CommandLine;
};

/// Reads `INPUT=N,N,...`, an entry of ImportOptions::shapes; nothing if it is
/// something else or an extent is below 1.
std::optional<std::pair<std::string, std::vector<int64_t>>>
parseInputShape(llvm::StringRef text);

/// Imports the model at `path`; files with external data are looked up beside
/// it. Weights are not copied: they stay in the memory into which the file was
/// read, or in the mapping of the external file, until the context is
/// destroyed. Emits diagnostics and returns null if the model is damaged,
/// inconsistent, or holds something that nn cannot express.
mlir::OwningOpRef<mlir::ModuleOp> importONNXFile(llvm::StringRef path,
                                                 const ImportOptions &options,
                                                 mlir::MLIRContext &context);

/// The same for a model in memory. The identifier of the buffer names it in
/// messages and says beside which file external data lie.
mlir::OwningOpRef<mlir::ModuleOp> importONNXBuffer(llvm::MemoryBufferRef buffer,
                                                   const ImportOptions &options,
                                                   mlir::MLIRContext &context);

/// Prints the operators that can be imported, one form per line: domain,
/// operator, versions of the domain's operator set, numbers of inputs and of
/// outputs, attributes. Versions end with those that the importer knows.
void printOperators(llvm::raw_ostream &os);

/// Registers `--import-onnx` with its options `--batch`, `--dim`, `--shape`,
/// `--mode` and `--freeze` for photonic-translate.
void registerImportONNXTranslation();

} // namespace photonic

#endif // PHOTONIC_IMPORT_ONNX_IMPORTONNX_H
