//===- Translations.cpp - File translations of programs -*- C++ -*-===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "photonic/Target/PHX/PHX.h"

#include "photonic/Dialect/Photonic/IR/Photonic.h"
#include "photonic/Support/TextLimits.h"

#include "phx/isa/ProgramFile.h"
#include "phx/isa/Validator.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/Tools/mlir-translate/Translation.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::pisa;

ProgramOp photonic::getOnlyProgram(ModuleOp module) {
  auto programs = module.getOps<ProgramOp>();
  if (llvm::range_size(programs) != 1) {
    module.emitError("expected exactly one pisa.program, found ")
        << llvm::range_size(programs);
    return {};
  }
  for (Operation &other : *module.getBody())
    if (!isa<ProgramOp>(other)) {
      other.emitOpError("stands beside the pisa.program, and no program file "
                        "has a place for it; delete it");
      return {};
    }
  return *programs.begin();
}

//===----------------------------------------------------------------------===//
// Where an error is
//===----------------------------------------------------------------------===//

/// The operation of an instruction of the encoded stream, in which a loop is
/// its `loop` and its `end`. `number` counts down to it.
static Operation *findInstruction(Block &block, uint64_t &number) {
  for (Operation &op : block) {
    if (number-- == 0)
      return &op;
    auto loop = dyn_cast<LoopOp>(op);
    if (!loop)
      continue;
    if (Operation *found = findInstruction(loop.getBody().front(), number))
      return found;
    if (number-- == 0)
      return loop;
  }
  return nullptr;
}

/// Nests of the plain form are numbered product by product.
static Operation *findNest(ProgramOp program, uint64_t number) {
  SmallVector<NestOp> nests(program.getBody().getOps<NestOp>());
  llvm::stable_sort(nests, [](NestOp a, NestOp b) {
    return a.getProduct() < b.getProduct();
  });
  return number < nests.size() ? nests[number].getOperation() : nullptr;
}

/// The operation of an entry, whose kind is the mnemonic of its table's; null
/// if there is none.
static Operation *findOperation(ProgramOp program,
                                const phx::ProgramEntry &entry) {
  uint64_t number = entry.number;
  if (StringRef(entry.kind) == "instruction")
    return findInstruction(program.getCode().getBody().front(), number);
  if (StringRef(entry.kind) == "nest")
    return findNest(program, number);
  for (Operation &op : program.getBody().front())
    if (op.getName().stripDialect() == entry.kind && number-- == 0)
      return &op;
  return nullptr;
}

InFlightDiagnostic photonic::emitProgramError(ProgramOp program,
                                              const phx::Error &error) {
  Operation *op = error.entry ? findOperation(program, *error.entry) : nullptr;
  return (op ? op : program.getOperation())->emitError(error.message);
}

//===----------------------------------------------------------------------===//
// .phx to pisa
//===----------------------------------------------------------------------===//

OwningOpRef<ModuleOp> photonic::disassemble(StringRef path,
                                            MLIRContext *context) {
  context->loadDialect<PISADialect>();
  Location loc = FileLineColLoc::get(context, path, 0, 0);
  phx::Result<phx::Program> program = phx::readProgram(path.str());
  if (!program) {
    mlir::emitError(loc, program.error().message);
    return {};
  }
  // Operations have no place for what is none: loops without an end, regions
  // of negative extents, data that is not there.
  if (phx::Status valid = phx::validateStructure(*program); !valid) {
    mlir::emitError(loc, valid.error().message);
    return {};
  }
  // Regions that share a section name one resource, by which they share it
  // again.
  llvm::DenseMap<uint32_t, DenseResourceElementsHandle> resources;
  auto init = [&](uint32_t index, RankedTensorType type) -> ElementsAttr {
    if (auto found = resources.find(index); found != resources.end())
      return DenseResourceElementsAttr::get(type, found->second);
    const phx::DataSection &section = program->data[index];
    // The blob keeps the mapping alive.
    AsmResourceBlob blob(
        ArrayRef<char>(reinterpret_cast<const char *>(section.bytes),
                       section.size),
        /*dataAlignment=*/4, [owner = section.owner](void *, size_t, size_t) {},
        /*dataIsMutable=*/false);
    auto contents = DenseResourceElementsAttr::get(
        type, ("data" + Twine(index)).str(), std::move(blob));
    resources.try_emplace(index, contents.getRawHandle());
    return contents;
  };
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  OpBuilder builder(module->getBodyRegion());
  if (!importProgram(*program, builder, init))
    return {};
  return module;
}

//===----------------------------------------------------------------------===//
// pisa to .phx
//===----------------------------------------------------------------------===//

/// What the module around a program says beside it would be lost. Stages leave
/// notes for each other on the module, which the program has taken up.
static LogicalResult verifyBare(ModuleOp module) {
  auto refuse = [&](const Twine &what) {
    return module.emitOpError("has ")
           << what << ", which a program file has no place for; take it off";
  };
  if (std::optional<StringRef> name = module.getSymName())
    return refuse("the name '" + *name + "'");
  for (NamedAttribute attribute : module->getAttrs())
    if (StringRef name = attribute.getName().strref();
        !name.starts_with("nn.") && !name.starts_with("photonic."))
      return refuse("the attribute '" + name + "'");
  return success();
}

/// Encodes the module's program, checks it, and copies the file to `os`.
static LogicalResult emitProgram(ModuleOp module, raw_ostream &os) {
  // The whole program as a note would bury the message.
  module.getContext()->printOpOnDiagnostic(false);
  ProgramOp op = getOnlyProgram(module);
  if (!op || failed(verifyBare(module)) || failed(checkTarget(op)))
    return failure();
  FailureOr<phx::Program> program = exportProgram(op);
  if (failed(program))
    return failure();
  if (phx::Status valid = phx::validate(*program); !valid)
    return emitProgramError(op, valid.error());
  SmallString<128> path;
  if (std::error_code error =
          llvm::sys::fs::createTemporaryFile("program", "phx", path))
    return op.emitError("cannot create a temporary file: ") << error.message();
  llvm::FileRemover remover(path);
  if (phx::Status written = phx::writeProgram(*program, path.str().str());
      !written)
    return op.emitError(written.error().message);
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
  if (!buffer)
    return op.emitError("cannot read back '") << path << "'";
  os << (*buffer)->getBuffer();
  return success();
}

/// Reads IR that may come from anywhere, and encodes it.
static LogicalResult assemble(llvm::SourceMgr &sources, raw_ostream &os,
                              MLIRContext *context) {
  // The module may carry its target.
  context->loadDialect<PISADialect, phot::PhotonicDialect>();
  OwningOpRef<ModuleOp> module = parseIR(sources, *context);
  return module ? emitProgram(*module, os) : failure();
}

void photonic::registerPHXTranslations() {
  auto registerDialect = [](DialectRegistry &registry) {
    registry.insert<PISADialect>();
  };
  auto fromText = [](const std::shared_ptr<llvm::SourceMgr> &sources,
                     raw_ostream &os, MLIRContext *context) {
    return assemble(*sources, os, context);
  };
  static TranslateRegistration assembleText(
      "assemble", "assemble the textual form of pisa into a .phx file",
      fromText);
  static TranslateToMLIRRegistration toText(
      "disassemble", "print a .phx file as pisa",
      [](llvm::SourceMgr &sources, MLIRContext *context) {
        const llvm::MemoryBuffer *buffer =
            sources.getMemoryBuffer(sources.getMainFileID());
        return disassemble(buffer->getBufferIdentifier(), context);
      },
      registerDialect);
}
