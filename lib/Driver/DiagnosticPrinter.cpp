//===- DiagnosticPrinter.cpp - Diagnostics for people -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Driver/Driver.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Location.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace photonic;

/// "node 'conv1'", "model.onnx", "net.mlir:3:7"; empty if unknown.
static std::string describe(Location loc) {
  if (auto name = dyn_cast<NameLoc>(loc))
    return "node '" + name.getName().str() + "'";
  if (auto file = dyn_cast<FileLineColLoc>(loc)) {
    std::string text = file.getFilename().str();
    if (file.getLine())
      text += ":" + std::to_string(file.getLine()) + ":" +
              std::to_string(file.getColumn());
    return text;
  }
  if (auto fused = dyn_cast<FusedLoc>(loc))
    for (Location part : fused.getLocations())
      if (std::string text = describe(part); !text.empty())
        return text;
  return {};
}

static const char *getSeverity(DiagnosticSeverity severity) {
  switch (severity) {
  case DiagnosticSeverity::Error:
    return "error";
  case DiagnosticSeverity::Warning:
    return "warning";
  case DiagnosticSeverity::Remark:
    return "remark";
  case DiagnosticSeverity::Note:
    return "note";
  }
  return "";
}

/// The sentence of a remark of MLIR's remark engine, which prints
/// `[Passed] Name | Category:C | Function=main | Remark="sentence", metric=1`.
static std::string getRemark(StringRef text) {
  StringRef sentence = text.split("Remark=\"").second.split('"').first;
  return sentence.empty() ? text.str() : sentence.str();
}

static void print(Diagnostic &diagnostic, StringRef program,
                  llvm::raw_ostream &os) {
  os << program << ": " << getSeverity(diagnostic.getSeverity()) << ": ";
  if (std::string where = describe(diagnostic.getLocation()); !where.empty())
    os << where << ": ";
  std::string text = diagnostic.str();
  bool isRemark = diagnostic.getSeverity() == DiagnosticSeverity::Remark;
  os << (isRemark ? getRemark(text) : text) << "\n";
  for (Diagnostic &note : diagnostic.getNotes())
    print(note, program, os);
}

DiagnosticPrinter::DiagnosticPrinter(MLIRContext &context, StringRef program,
                                     llvm::raw_ostream &os)
    : context(context) {
  handler = context.getDiagEngine().registerHandler(
      [program = program.str(), &os](Diagnostic &diagnostic) {
        // Operations print themselves in notes; the node's name says enough.
        print(diagnostic, program, os);
        return success();
      });
  context.printOpOnDiagnostic(false);
}

DiagnosticPrinter::~DiagnosticPrinter() {
  context.getDiagEngine().eraseHandler(handler);
}
