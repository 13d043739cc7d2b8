//===- OperatorTable.cpp - What the importer understands ------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "OperatorTable.h"

#include "llvm/ADT/StringSwitch.h"
#include <array>

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;
using ::onnx::AttributeProto;

#define WINDOW "auto_pad:s kernel_shape:I pads:I strides:I "

static constexpr OperatorForm forms[] = {
    {"Abs", 6, unlimited, 1, 1, 1, "", importUnary},
    {"Add", 7, unlimited, 2, 2, 1, "", importArithmetic},
    {"And", 7, unlimited, 2, 2, 1, "", importLogic},
    {"AveragePool", 7, 9, 1, 1, 1, WINDOW "count_include_pad:i",
     importAveragePool},
    {"AveragePool", 10, 18, 1, 1, 1, WINDOW "count_include_pad:i ceil_mode:i",
     importAveragePool},
    {"AveragePool", 19, unlimited, 1, 1, 1,
     WINDOW "count_include_pad:i ceil_mode:i dilations:I", importAveragePool},
    {"AveragePoolGrad", 9, unlimited, 1, 1, 1,
     WINDOW "count_include_pad:i ceil_mode:i dilations:I",
     importAveragePoolGrad},
    {"BatchNormalization", 7, 8, 5, 5, 5, "epsilon:f momentum:f spatial:i",
     importBatchNormalization},
    {"BatchNormalization", 9, 13, 5, 5, 5, "epsilon:f momentum:f",
     importBatchNormalization},
    {"BatchNormalization", 14, unlimited, 5, 5, 3,
     "epsilon:f momentum:f training_mode:i", importBatchNormalization},
    {"Cast", 6, 18, 1, 1, 1, "to:i!", importCast},
    {"Cast", 19, 23, 1, 1, 1, "to:i! saturate:i", importCast},
    {"Cast", 24, unlimited, 1, 1, 1, "to:i! saturate:i round_mode:s",
     importCast},
    {"Clip", 6, 10, 1, 1, 1, "min:f max:f", importClip},
    {"Clip", 11, unlimited, 1, 3, 1, "", importClip},
    {"Concat", 4, unlimited, 1, unlimited, 1, "axis:i!", importConcat},
    {"Constant", 1, 10, 0, 0, 1, "value:t", importConstant},
    {"Constant", 11, 11, 0, 0, 1, "value:t sparse_value:z", importConstant},
    {"Constant", 12, unlimited, 0, 0, 1,
     "value:t sparse_value:z value_float:f value_floats:F value_int:i "
     "value_ints:I",
     importConstant},
    {"ConstantOfShape", 9, unlimited, 1, 1, 1, "value:t",
     importConstantOfShape},
    {"Conv", 1, unlimited, 2, 3, 1, WINDOW "dilations:I group:i", importConv},
    {"Div", 7, unlimited, 2, 2, 1, "", importArithmetic},
    {"Dropout", 7, 11, 1, 1, 2, "ratio:f", importDropout},
    {"Dropout", 12, unlimited, 1, 3, 2, "seed:i", importDropout},
    {"Equal", 7, unlimited, 2, 2, 1, "", importComparison},
    {"Exp", 6, unlimited, 1, 1, 1, "", importUnary},
    {"Expand", 8, unlimited, 2, 2, 1, "", importExpand},
    {"Flatten", 1, unlimited, 1, 1, 1, "axis:i", importFlatten},
    {"Gather", 1, unlimited, 2, 2, 1, "axis:i", importGather},
    {"Gemm", 7, 10, 3, 3, 1, "alpha:f beta:f transA:i transB:i", importGemm},
    {"Gemm", 11, unlimited, 2, 3, 1, "alpha:f beta:f transA:i transB:i",
     importGemm},
    {"GlobalAveragePool", 1, unlimited, 1, 1, 1, "", importGlobalPool},
    {"GlobalMaxPool", 1, unlimited, 1, 1, 1, "", importGlobalPool},
    {"Greater", 7, unlimited, 2, 2, 1, "", importComparison},
    {"GreaterOrEqual", 12, unlimited, 2, 2, 1, "", importComparison},
    {"HardSigmoid", 6, unlimited, 1, 1, 1, "alpha:f beta:f", importHardSigmoid},
    {"HardSwish", 14, unlimited, 1, 1, 1, "", importHardSwish},
    {"Identity", 1, unlimited, 1, 1, 1, "", importIdentity},
    {"If", 1, unlimited, 1, 1, -1, "then_branch:g! else_branch:g!", importIf},
    {"LeakyRelu", 6, unlimited, 1, 1, 1, "alpha:f", importLeakyRelu},
    {"Less", 7, unlimited, 2, 2, 1, "", importComparison},
    {"LessOrEqual", 12, unlimited, 2, 2, 1, "", importComparison},
    {"Log", 6, unlimited, 1, 1, 1, "", importUnary},
    {"LogSoftmax", 1, unlimited, 1, 1, 1, "axis:i", importSoftmax},
    {"MatMul", 1, unlimited, 2, 2, 1, "", importMatMul},
    {"Max", 6, unlimited, 1, unlimited, 1, "", importArithmetic},
    {"MaxPool", 1, 7, 1, 1, 1, WINDOW, importMaxPool},
    {"MaxPool", 8, 9, 1, 1, 2, WINDOW "storage_order:i", importMaxPool},
    {"MaxPool", 10, unlimited, 1, 1, 2,
     WINDOW "storage_order:i ceil_mode:i dilations:I", importMaxPool},
    {"MaxPoolGrad", 9, unlimited, 2, 2, 1,
     WINDOW "storage_order:i ceil_mode:i dilations:I", importMaxPoolGrad},
    {"Mean", 6, unlimited, 1, unlimited, 1, "", importArithmetic},
    {"Min", 6, unlimited, 1, unlimited, 1, "", importArithmetic},
    {"Mul", 7, unlimited, 2, 2, 1, "", importArithmetic},
    {"Neg", 6, unlimited, 1, 1, 1, "", importUnary},
    {"NegativeLogLikelihoodLoss", 12, unlimited, 2, 3, 1,
     "ignore_index:i reduction:s", importNegativeLogLikelihoodLoss},
    {"Not", 1, unlimited, 1, 1, 1, "", importLogic},
    {"Or", 7, unlimited, 2, 2, 1, "", importLogic},
    {"Pad", 2, 10, 1, 1, 1, "mode:s pads:I! value:f", importPad},
    {"Pad", 11, 17, 2, 3, 1, "mode:s", importPad},
    {"Pad", 18, unlimited, 2, 4, 1, "mode:s", importPad},
    {"Pow", 7, unlimited, 2, 2, 1, "", importPow},
    {"Range", 11, unlimited, 3, 3, 1, "", importRange},
    {"Reciprocal", 6, unlimited, 1, 1, 1, "", importUnary},
    {"ReduceMax", 1, 17, 1, 1, 1, "axes:I keepdims:i", importReduce},
    {"ReduceMax", 18, unlimited, 1, 2, 1, "keepdims:i noop_with_empty_axes:i",
     importReduce},
    {"ReduceMean", 1, 17, 1, 1, 1, "axes:I keepdims:i", importReduce},
    {"ReduceMean", 18, unlimited, 1, 2, 1, "keepdims:i noop_with_empty_axes:i",
     importReduce},
    {"ReduceSum", 1, 12, 1, 1, 1, "axes:I keepdims:i", importReduce},
    {"ReduceSum", 13, unlimited, 1, 2, 1, "keepdims:i noop_with_empty_axes:i",
     importReduce},
    {"Relu", 6, unlimited, 1, 1, 1, "", importUnary},
    {"Reshape", 5, 13, 2, 2, 1, "", importReshape},
    {"Reshape", 14, unlimited, 2, 2, 1, "allowzero:i", importReshape},
    {"Shape", 1, 14, 1, 1, 1, "", importShape},
    {"Shape", 15, unlimited, 1, 1, 1, "start:i end:i", importShape},
    {"Sigmoid", 6, unlimited, 1, 1, 1, "", importUnary},
    {"Size", 1, unlimited, 1, 1, 1, "", importSize},
    {"Slice", 1, 9, 1, 1, 1, "starts:I! ends:I! axes:I", importSlice},
    {"Slice", 10, unlimited, 3, 5, 1, "", importSlice},
    {"Softmax", 1, unlimited, 1, 1, 1, "axis:i", importSoftmax},
    {"SoftmaxCrossEntropyLoss", 12, unlimited, 2, 3, 2,
     "ignore_index:i reduction:s", importSoftmaxCrossEntropyLoss},
    {"Split", 2, 12, 1, 1, -1, "axis:i split:I", importSplit},
    {"Split", 13, 17, 1, 2, -1, "axis:i", importSplit},
    {"Split", 18, unlimited, 1, 2, -1, "axis:i num_outputs:i", importSplit},
    {"Sqrt", 6, unlimited, 1, 1, 1, "", importUnary},
    {"Squeeze", 1, 12, 1, 1, 1, "axes:I", importSqueeze},
    {"Squeeze", 13, unlimited, 1, 2, 1, "", importSqueeze},
    {"Sub", 7, unlimited, 2, 2, 1, "", importArithmetic},
    {"Sum", 6, unlimited, 1, unlimited, 1, "", importArithmetic},
    {"Tanh", 6, unlimited, 1, 1, 1, "", importUnary},
    {"Transpose", 1, unlimited, 1, 1, 1, "perm:I", importTranspose},
    {"Unsqueeze", 1, 12, 1, 1, 1, "axes:I!", importUnsqueeze},
    {"Unsqueeze", 13, unlimited, 2, 2, 1, "", importUnsqueeze},
    {"Where", 9, unlimited, 3, 3, 1, "", importWhere},
};

#undef WINDOW

ArrayRef<OperatorForm> importer::getForms(StringRef domain) {
  if (domain == microsoftDomain)
    return getMicrosoftForms();
  if (domain == trainingDomain)
    return getTrainingForms();
  return isDefaultDomain(domain) ? ArrayRef<OperatorForm>(forms)
                                 : ArrayRef<OperatorForm>();
}

/// All forms of the operator.
static SmallVector<const OperatorForm *> findForms(StringRef domain,
                                                   StringRef name) {
  ArrayRef<OperatorForm> onConstants =
      isDefaultDomain(domain) ? getConstantForms() : ArrayRef<OperatorForm>();
  SmallVector<const OperatorForm *> found;
  for (ArrayRef<OperatorForm> table : {getForms(domain), onConstants})
    for (const OperatorForm &form : table)
      if (form.name == name)
        found.push_back(&form);
  return found;
}

const OperatorForm *importer::findOperator(StringRef domain, StringRef name,
                                           int64_t opset) {
  for (const OperatorForm *form : findForms(domain, name))
    if (opset >= form->since && opset <= form->until)
      return form;
  return nullptr;
}

std::pair<int, int> importer::getKnownOpsets(StringRef domain, StringRef name) {
  std::pair<int, int> range = {0, 0};
  for (const OperatorForm *form : findForms(domain, name)) {
    range.first =
        range.first ? std::min(range.first, form->since) : form->since;
    range.second = std::max(range.second, form->until);
  }
  return range;
}

//===----------------------------------------------------------------------===//
// Form of a node
//===----------------------------------------------------------------------===//

namespace {
struct AttrSpec {
  StringRef name;
  int type;
  bool required;
};
} // namespace

static SmallVector<AttrSpec> parseSpecs(StringRef text) {
  SmallVector<AttrSpec> specs;
  SmallVector<StringRef> words;
  text.split(words, ' ', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
  for (StringRef word : words) {
    auto [name, type] = word.split(':');
    int attrType = llvm::StringSwitch<int>(type.take_front())
                       .Case("i", AttributeProto::INT)
                       .Case("f", AttributeProto::FLOAT)
                       .Case("s", AttributeProto::STRING)
                       .Case("t", AttributeProto::TENSOR)
                       .Case("z", AttributeProto::SPARSE_TENSOR)
                       .Case("g", AttributeProto::GRAPH)
                       .Case("I", AttributeProto::INTS)
                       .Default(AttributeProto::FLOATS);
    specs.push_back({name, attrType, type.ends_with("!")});
  }
  return specs;
}

static std::string spellType(int type) {
  return AttributeProto::AttributeType_Name(
      AttributeProto::AttributeType(type));
}

/// Attributes: all known, all of the right type, none missing.
static void checkAttrs(const Node &node, const OperatorForm &form,
                       function_ref<void(std::string)> report) {
  SmallVector<AttrSpec> specs = parseSpecs(form.attrs);
  llvm::StringSet<> seen;
  for (const NodeAttr &attr : node.getAttrs()) {
    const AttrSpec *spec = llvm::find_if(
        specs, [&](const AttrSpec &s) { return s.name == attr.name; });
    if (spec == specs.end()) {
      report("attribute " + spellAttr(attr) + " is not supported");
      continue;
    }
    if (!seen.insert(attr.name).second)
      report("attribute " + spellAttr(attr) + " appears twice");
    if (!attr.value->ref_attr_name().empty()) {
      report("attribute " + spellAttr(attr) +
             " stands outside of any function; expected a value");
      continue;
    }
    int type = getAttrType(*attr.value);
    // An empty list of a file without types looks like nothing at all.
    if (type != spec->type && type != AttributeProto::UNDEFINED)
      report("attribute " + spellAttr(attr) + " has type " + spellType(type) +
             ", expected " + spellType(spec->type));
  }
  for (const AttrSpec &spec : specs)
    if (spec.required && !seen.contains(spec.name))
      report("attribute " + spec.name.str() + " is missing");
}

static void checkCounts(const Node &node, const OperatorForm &form,
                        function_ref<bool(StringRef)> isUsed,
                        function_ref<void(std::string)> report) {
  int inputs = node.getNumInputs();
  if (inputs < form.minInputs || inputs > form.maxInputs)
    report("expected " + std::to_string(form.minInputs) +
           (form.maxInputs == form.minInputs ? ""
            : form.maxInputs == unlimited
                ? " or more"
                : " to " + std::to_string(form.maxInputs)) +
           " inputs, found " + std::to_string(inputs));
  for (int i = 0; i < std::min(inputs, form.minInputs); ++i)
    if (!node.hasInput(i))
      report("input " + std::to_string(i) + " is left out");
  for (int i = form.maxOutputs; i >= 0 && i < int(node.getNumOutputs()); ++i)
    if (isUsed(node.getOutput(i)))
      report("output " + std::to_string(i) + " '" + node.getOutput(i).str() +
             "' is used, but only " +
             (form.maxOutputs == 1 ? std::string("output 0 is")
                                   : "the first outputs are") +
             " supported");
  if (node.getNumOutputs() == 0 ||
      (form.maxOutputs == 1 && node.getOutput(0).empty()))
    report("it has no output");
}

/// Values of attributes that are refused whatever the inputs are.
static void checkValues(const Node &node, ImportMode mode,
                        function_ref<void(std::string)> report) {
  auto refuse = [&](StringRef attr, StringRef why) {
    report("attribute " + spellAttr(attr, *node.findAttr(attr)) +
           " is not supported: " + why.str());
  };
  StringRef op = node.getOpType();
  if (op == "BatchNormalization" && mode == ImportMode::Inference &&
      node.getInt("training_mode", 0) != 0)
    refuse("training_mode", trainingRemedy);
  if (node.getInt("spatial", 1) != 1)
    refuse("spatial", "expected 1, statistics per channel");
  if (op.contains("Loss")) {
    StringRef reduction = node.getString("reduction", "mean");
    if (reduction != "mean" && reduction != "sum" && reduction != "none")
      refuse("reduction", "expected mean, sum or none");
  }
  if (op.starts_with("Conv") || op.starts_with("MaxPool") ||
      op.starts_with("AveragePool")) {
    static constexpr std::array<StringLiteral, 4> modes = {
        "NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"};
    if (!llvm::is_contained(modes, node.getString("auto_pad", "NOTSET")))
      refuse("auto_pad", "expected NOTSET, VALID, SAME_UPPER or SAME_LOWER");
    std::optional<Shape> kernel = node.getInts("kernel_shape");
    if (kernel && kernel->size() != 1 && kernel->size() != 2)
      refuse("kernel_shape", "expected 1 or 2 spatial dimensions");
    if (!kernel && !op.starts_with("Conv"))
      report("attribute kernel_shape is missing");
  }
}

void importer::checkForm(const Node &node, const OperatorForm &form,
                         function_ref<bool(StringRef)> isUsed, ImportMode mode,
                         function_ref<void(std::string)> report) {
  checkAttrs(node, form, report);
  checkCounts(node, form, isUsed, report);
  checkValues(node, mode, report);
}
