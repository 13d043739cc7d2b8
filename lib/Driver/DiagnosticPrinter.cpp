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

static void tell(Diagnostic &diagnostic,
                 const DiagnosticPrinter::Listener &listener) {
  std::string where = describe(diagnostic.getLocation());
  std::string text = diagnostic.str();
  if (diagnostic.getSeverity() == DiagnosticSeverity::Remark)
    text = getRemark(text);
  listener(getSeverity(diagnostic.getSeverity()),
           where.empty() ? text : where + ": " + text);
  for (Diagnostic &note : diagnostic.getNotes())
    tell(note, listener);
}

DiagnosticPrinter::DiagnosticPrinter(MLIRContext &context, Listener listener)
    : context(context) {
  handler = context.getDiagEngine().registerHandler(
      [listener = std::move(listener)](Diagnostic &diagnostic) {
        tell(diagnostic, listener);
        return success();
      });
  // Operations print themselves in notes; the node's name says enough.
  context.printOpOnDiagnostic(false);
}

DiagnosticPrinter::DiagnosticPrinter(MLIRContext &context, StringRef program,
                                     llvm::raw_ostream &os)
    : DiagnosticPrinter(
          context, [program = program.str(), &os](StringRef severity,
                                                  const std::string &text) {
            os << program << ": " << severity << ": " << text << "\n";
          }) {}

DiagnosticPrinter::~DiagnosticPrinter() {
  context.getDiagEngine().eraseHandler(handler);
}
