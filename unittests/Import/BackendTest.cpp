//===- BackendTest.cpp - The backend tests of ONNX ------------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Imports every model of the conformance suite whose operators the importer
// knows, executes it, and compares with the outputs that come with it. Each is
// run with its inputs as they are and with all inputs as constants. The suite
// is looked up in PHOTONIC_ONNX_TEST_DATA, by default where Debian's package
// libonnx-testdata puts it.
//
//===----------------------------------------------------------------------===//

#include "GraphImporter.h"
#include "OperatorTable.h"
#include "photonic/Import/ONNX/ImportONNX.h"
#include "photonic/Interpreter/Interpreter.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;
using ::onnx::TensorProto;

namespace {

struct Case {
  std::string folder;
  ::onnx::ModelProto model;
  std::vector<TensorProto> inputs, outputs;
};

template <typename Proto>
bool readProto(const std::string &path, Proto &proto) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
  return buffer && proto.ParseFromArray((*buffer)->getBufferStart(),
                                        (*buffer)->getBufferSize());
}

void readTensors(const std::string &prefix, std::vector<TensorProto> &tensors) {
  TensorProto tensor;
  while (readProto(prefix + std::to_string(tensors.size()) + ".pb", tensor))
    tensors.push_back(tensor);
}

/// False if the folder holds no test that can be read.
bool readCase(const std::string &folder, Case &test) {
  test.folder = folder;
  if (!readProto(folder + "/model.onnx", test.model))
    return false;
  auto isTensor = [](const ::onnx::ValueInfoProto &info) {
    return info.type().has_tensor_type();
  };
  if (!llvm::all_of(test.model.graph().input(), isTensor) ||
      !llvm::all_of(test.model.graph().output(), isTensor))
    return false;
  readTensors(folder + "/test_data_set_0/input_", test.inputs);
  readTensors(folder + "/test_data_set_0/output_", test.outputs);
  return int(test.inputs.size()) == test.model.graph().input_size() &&
         int(test.outputs.size()) == test.model.graph().output_size();
}

std::string getSuite() {
  const char *path = std::getenv("PHOTONIC_ONNX_TEST_DATA");
  return path ? path : "/usr/share/libonnx-testdata/data";
}

/// Version of a domain that the model imports; 0 if it does not.
int64_t getOpset(const ::onnx::ModelProto &model, StringRef domain) {
  for (const auto &import : model.opset_import())
    if (ref(import.domain()) == domain ||
        (isDefaultDomain(domain) && isDefaultDomain(import.domain())))
      return import.version();
  return 0;
}

/// True if the importer knows every operator of the model.
bool isKnown(const ::onnx::ModelProto &model) {
  int64_t opset = getOpset(model, "");
  if (opset != 0 && (opset < oldestOpset || opset > newestOpset))
    return false;
  return llvm::all_of(model.graph().node(), [&](const auto &node) {
    return findOperator(node.domain(), node.op_type(),
                        getOpset(model, node.domain()));
  });
}

/// Tests of one part of the suite whose operators are all known.
std::vector<Case> getCases(const std::string &part) {
  std::vector<Case> cases;
  std::error_code error;
  std::vector<std::string> folders;
  for (llvm::sys::fs::directory_iterator it(getSuite() + "/" + part, error),
       end;
       it != end && !error; it.increment(error))
    folders.push_back(it->path());
  llvm::sort(folders);
  for (const std::string &folder : folders) {
    Case test;
    if (!readCase(folder, test))
      continue;
    if (isKnown(test.model))
      cases.push_back(std::move(test));
  }
  return cases;
}

/// Makes an input an initialiser. Some of the suite's tensors have another type
/// of the same width than the model declares.
void bindInput(::onnx::ModelProto &model, int i, const TensorProto &value) {
  TensorProto *initializer = model.mutable_graph()->add_initializer();
  *initializer = value;
  const auto &input = model.graph().input(i);
  initializer->set_name(input.name());
  initializer->set_data_type(input.type().tensor_type().elem_type());
}

/// True if the graph uses an input of integers or booleans as one that a
/// program can serve.
bool isServed(const ::onnx::ModelProto &model,
              const ::onnx::ValueInfoProto &input) {
  MLIRContext context;
  ScopedDiagnosticHandler handler(&context,
                                  [](Diagnostic &) { return success(); });
  std::string bytes = model.SerializeAsString();
  std::unique_ptr<Model> parsed = Model::parse({bytes, "model.onnx"}, context);
  if (!parsed)
    return false;
  FlatGraph graph(*parsed);
  graph.updateLive();
  return findIntegerUse(*parsed, graph, input).kind != ValueKind::Float;
}

/// True if the tensor can be passed for the input: some have another shape than
/// the model declares.
bool fitsInput(const ::onnx::ModelProto &model, int i,
               const TensorProto &value) {
  const auto &input = model.graph().input(i);
  const auto &shape = input.type().tensor_type().shape();
  // Labels, counters and flags are passed as floats.
  bool passes =
      value.data_type() == TensorProto::FLOAT || isServed(model, input);
  if (!passes || shape.dim_size() != value.dims_size())
    return false;
  for (int d = 0; d < shape.dim_size(); ++d)
    if (shape.dim(d).dim_value() != value.dims(d))
      return false;
  return true;
}

/// Makes every output that is not FLOAT one, so that it can be compared.
void castOutputs(::onnx::ModelProto &model) {
  for (auto &output : *model.mutable_graph()->mutable_output()) {
    auto *type = output.mutable_type()->mutable_tensor_type();
    if (type->elem_type() == TensorProto::FLOAT)
      continue;
    type->set_elem_type(TensorProto::FLOAT);
    auto *cast = model.mutable_graph()->add_node();
    cast->set_op_type("Cast");
    cast->add_input(output.name());
    cast->add_output(output.name() + "_float");
    auto *to = cast->add_attribute();
    to->set_name("to");
    to->set_type(::onnx::AttributeProto::INT);
    to->set_i(TensorProto::FLOAT);
    output.set_name(output.name() + "_float");
  }
}

/// Any tensor of the suite as floats.
std::vector<float> getElements(const TensorProto &tensor) {
  MLIRContext context;
  ::onnx::ModelProto holder;
  holder.set_ir_version(8);
  auto *import = holder.add_opset_import();
  import->set_version(13);
  holder.mutable_graph()->set_name("holder");
  std::string bytes = holder.SerializeAsString();
  auto model = Model::parse(llvm::MemoryBufferRef(bytes, "holder"), context);
  auto constant =
      decodeTensor(*model, tensor, UnknownLoc::get(&context), "tensor");
  if (!constant)
    return {};
  return constant->getFloats().floats.vec();
}

bool isClose(float got, float want, float tolerance) {
  if (std::isnan(want) || std::isinf(want))
    return std::isnan(want) ? std::isnan(got) : got == want;
  return std::fabs(got - want) <= 1e-6f + tolerance * std::fabs(want);
}

void compare(const Case &test, ArrayRef<interp::Value> results) {
  ASSERT_EQ(results.size(), test.outputs.size());
  // The data of window functions were computed with another number pi than
  // their models hold.
  bool isWindow = StringRef(test.folder).contains("window_");
  float tolerance = isWindow ? 1e-3f : 1e-5f;
  for (auto [value, expected] : llvm::zip_equal(results, test.outputs)) {
    std::vector<float> want = getElements(expected);
    ArrayRef<float> got = value.getTensor().getData();
    EXPECT_EQ(value.getTensor().getShape(),
              ArrayRef<int64_t>(
                  Shape(expected.dims().begin(), expected.dims().end())));
    ASSERT_EQ(got.size(), want.size());
    for (size_t i = 0; i < want.size(); ++i)
      ASSERT_PRED3(isClose, got[i], want[i], tolerance) << "element " << i;
  }
}

/// Tests of training operators whose results are not random.
const StringRef trainingTests[] = {"test_batchnorm_epsilon_training",
                                   "test_batchnorm_example_training",
                                   "test_training_dropout_zero_ratio"};

ImportOptions getOptions(StringRef name) {
  ImportOptions options;
  for (StringRef test : trainingTests)
    if (name.starts_with(test))
      options.mode = ImportMode::Training;
  return options;
}

/// The data of one test were computed with an attribute that its model does
/// not have.
void repairModel(StringRef name, ::onnx::ModelProto &model) {
  if (name != "test_adam_multiple")
    return;
  auto *attribute = model.mutable_graph()->mutable_node(0)->add_attribute();
  attribute->set_name("epsilon");
  attribute->set_type(::onnx::AttributeProto::FLOAT);
  attribute->set_f(0.01f);
}

/// What became of one test.
struct Outcome {
  bool imported = false;
  std::string messages;
};

Outcome runCase(const Case &test, bool allConstant) {
  ::onnx::ModelProto model = test.model;
  std::vector<interp::Value> inputs;
  for (auto [i, tensor] : llvm::enumerate(test.inputs)) {
    if (allConstant || !fitsInput(model, i, tensor)) {
      bindInput(model, i, tensor);
      continue;
    }
    std::vector<float> values = getElements(tensor);
    inputs.push_back(interp::Tensor(
        Shape(tensor.dims().begin(), tensor.dims().end()), values));
  }
  castOutputs(model);
  StringRef name = llvm::sys::path::filename(test.folder);
  repairModel(name, model);
  std::string bytes = model.SerializeAsString();
  MLIRContext context;
  Outcome outcome;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    outcome.messages += diagnostic.str() + "\n";
    for (Diagnostic &note : diagnostic.getNotes())
      outcome.messages += note.str() + "\n";
    return success();
  });
  OwningOpRef<ModuleOp> module = importONNXBuffer(
      llvm::MemoryBufferRef(bytes, test.folder + "/model.onnx"),
      getOptions(name), context);
  if (!module)
    return outcome;
  outcome.imported = true;
  // What no output needs is no argument.
  if ((*module)->hasAttr(nn::ignoredInputsAttrName))
    inputs.resize(module->lookupSymbol<func::FuncOp>("main").getNumArguments());
  auto results = interp::runMain(*module, inputs);
  EXPECT_TRUE(succeeded(results)) << outcome.messages;
  if (succeeded(results))
    compare(test, *results);
  return outcome;
}

/// Part of a message for each test that the importer refuses, by a prefix of
/// its name and, after a blank, the only mode in which it does.
struct Refusal {
  StringRef test, message;
};

/// The message with which a test is refused, or nothing if it is not.
StringRef findRefusal(ArrayRef<Refusal> refusals, StringRef name,
                      bool allConstant) {
  for (const Refusal &refusal : refusals) {
    auto [prefix, mode] = refusal.test.split(' ');
    if (name.starts_with(prefix) &&
        (mode.empty() || mode == (allConstant ? "constant" : "inputs")))
      return refusal.message;
  }
  return "";
}

const Refusal nodeRefusals[] = {
    // What nn does not have.
    {"test_averagepool_3d", "attribute kernel_shape=[2, 2, 2]"},
    {"test_maxpool_3d", "attribute kernel_shape=[2, 2, 2]"},
    {"test_maxpool_with_argmax", "attribute to=1 (FLOAT) is not supported"},
    {"test_matmul_3d", "a right factor of shape [2, 4, 3]"},
    {"test_matmul_4d", "a right factor of shape [2, 4, 3]"},
    {"test_edge_pad", "attribute mode=edge"},
    {"test_reflect_pad", "attribute mode=reflect"},
    {"test_constant_pad inputs", "its constant_value 'value' is computed"},
    {"test_range_float inputs", "its start 'start' is computed"},
    // Random, except for one.
    {"test_training_dropout_zero_ratio inputs", "its ratio 'r' is computed"},
    {"test_pow_types_float32", ""},
    // A base of integers, and an exponent that is computed.
    {"test_pow_types_float inputs", "got the constant INT64"},
    {"test_pow_types_int32_float32 inputs", "got the constant INT32"},
    {"test_pow_types_int64_float32 inputs", "got the constant INT64"},
    {"test_training_dropout_zero_ratio", ""},
    {"test_training_dropout inputs", "its ratio 'r' is computed"},
    {"test_training_dropout", "input training_mode=true is not supported"},
    // Elements that are NaN or text.
    {"test_cast_BFLOAT16_to_FLOAT", "'input' holds NaN at index [2, 0]"},
    {"test_castlike_BFLOAT16_to_FLOAT", "'input' holds NaN at index [2, 0]"},
    {"test_cast_STRING_to_FLOAT", "has elements of type STRING"},
    {"test_castlike_STRING_to_FLOAT", "has elements of type STRING"},
    {"test_cast_FLOAT_to_ inputs", "is not supported: tensors are FLOAT"},
    {"test_castlike_FLOAT_to_ inputs", "is not supported: tensors are FLOAT"},
    {"test_cast_FLOAT_to_STRING", "attribute to=8 (STRING)"},
    {"test_castlike_FLOAT_to_STRING", "attribute to=8 (STRING)"},
    {"test_cast_FLOAT_to_BFLOAT16", "holds NaN at index [2, 0]"},
    {"test_castlike_FLOAT_to_BFLOAT16", "holds NaN at index [2, 0]"},
    {"test_clip_default_int8", "expected a tensor of FLOAT"},
    {"test_maxpool_2d_uint8", "expected a tensor of FLOAT"},
    // Tensors without elements.
    {"test_constantofshape_int_shape_zero", "of shape [0] has no elements"},
    {"test_reshape_allowzero inputs", "expected inputs of static shape"},
    {"test_reshape_allowzero constant", "has no elements"},
    {"test_slice_start_out_of_bounds", "has no elements"},
    {"test_split_zero_size inputs", "expected inputs of static shape"},
    {"test_split_zero_size constant", "has no elements"},
    {"test_tril_zero", "has no elements"},
    {"test_triu_zero", "has no elements"},
};

/// True if an operator that exists on constants alone reads what is not
/// constant; no test has one that reads constants only beside such inputs.
bool needsConstants(const Case &test) {
  bool hasValues = false;
  for (auto [i, tensor] : llvm::enumerate(test.inputs))
    hasValues |= fitsInput(test.model, i, tensor);
  return hasValues && llvm::any_of(test.model.graph().node(), [&](auto &node) {
           return !findOperator(node.domain(), node.op_type(),
                                getOpset(test.model, node.domain()))
                       ->handler;
         });
}

void runPart(const std::string &part, ArrayRef<Refusal> refusals, int atLeast) {
  if (!llvm::sys::fs::is_directory(getSuite() + "/" + part))
    GTEST_SKIP() << "no conformance suite at " << getSuite();
  int executed = 0, refused = 0;
  for (const Case &test : getCases(part)) {
    std::string name = llvm::sys::path::filename(test.folder).str();
    SCOPED_TRACE(name);
    for (bool allConstant : {false, true}) {
      SCOPED_TRACE(allConstant ? "constant inputs" : "inputs");
      Outcome outcome = runCase(test, allConstant);
      executed += outcome.imported;
      refused += !outcome.imported;
      StringRef expected = findRefusal(refusals, name, allConstant);
      if (!allConstant && needsConstants(test))
        expected = onlyOnConstants;
      EXPECT_EQ(outcome.imported, expected.empty()) << outcome.messages;
      EXPECT_NE(outcome.messages.find(expected.str()), std::string::npos)
          << outcome.messages;
    }
  }
  std::printf("%s: %d executed and equal, %d refused as expected\n",
              part.c_str(), executed, refused);
  EXPECT_GE(executed, atLeast);
}

TEST(BackendTest, nodes) { runPart("node", nodeRefusals, 750); }

// Most models of these parts are older than the oldest opset.
TEST(BackendTest, convertedFromPyTorch) { runPart("pytorch-converted", {}, 4); }

TEST(BackendTest, simple) { runPart("simple", {}, 10); }

} // namespace
