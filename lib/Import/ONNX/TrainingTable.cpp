//===- TrainingTable.cpp - Operators of training graphs -------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What ONNX Runtime 1.19 writes into training graphs of convolutional networks,
// and the operators with which ONNX spells optimizers.
//
//===----------------------------------------------------------------------===//

#include "OperatorTable.h"

using namespace mlir;
using namespace photonic;
using namespace photonic::importer;

static constexpr OperatorForm microsoftForms[] = {
    {"BatchNormInternal", 1, unlimited, 5, 5, 5,
     "epsilon:f momentum:f training_mode:i", importBatchNormInternal},
    {"BatchNormalizationGrad", 1, unlimited, 5, 5, 3, "epsilon:f",
     importBatchNormalizationGrad},
    {"ConcatTraining", 1, unlimited, 1, unlimited, 2, "axis:i!",
     importConcatTraining},
    {"ConvGrad", 1, unlimited, 3, 3, 3,
     "auto_pad:s kernel_shape:I pads:I strides:I dilations:I group:i",
     importConvGrad},
    {"DropoutGrad", 1, unlimited, 2, 4, 1, "seed:i", importDropoutGrad},
    {"FusedMatMul", 1, unlimited, 2, 2, 1,
     "alpha:f transA:i transB:i transBatchA:i transBatchB:i",
     importFusedMatMul},
    {"GatherGrad", 1, unlimited, 3, 3, 1, "axis:i", importGatherGrad},
    {"InPlaceAccumulatorV2", 1, unlimited, 2, 3, 2, "",
     importInPlaceAccumulator},
    {"LeakyReluGrad", 1, unlimited, 2, 2, 1, "alpha:f", importActivationGrad},
    {"LogSoftmaxGrad_13", 1, unlimited, 2, 2, 1, "axis:i", importSoftmaxGrad},
    {"ReluGrad", 1, unlimited, 2, 2, 1, "", importActivationGrad},
    {"Scale", 1, unlimited, 2, 2, 1, "scale_down:i", importScale},
    {"SigmoidGrad", 1, unlimited, 2, 2, 1, "", importActivationGrad},
    {"SliceGrad", 1, unlimited, 4, 6, 1, "", importSliceGrad},
    {"SoftmaxCrossEntropyLossGrad", 1, unlimited, 3, 4, 1,
     "ignore_index:i reduction:s", importSoftmaxCrossEntropyLossGrad},
    {"SoftmaxCrossEntropyLossInternal", 1, unlimited, 2, 4, 2,
     "reduction:s output_type:i", importSoftmaxCrossEntropyLoss},
    {"SoftmaxCrossEntropyLossInternalGrad", 1, unlimited, 3, 6, 1,
     "reduction:s output_type:i", importSoftmaxCrossEntropyLossGrad},
    {"SoftmaxGrad_13", 1, unlimited, 2, 2, 1, "axis:i", importSoftmaxGrad},
    {"SplitTraining", 1, unlimited, 2, 2, -1, "axis:i", importSplit},
    {"TanhGrad", 1, unlimited, 2, 2, 1, "", importActivationGrad},
};

static constexpr OperatorForm trainingForms[] = {
    {"Adagrad", 1, unlimited, 5, unlimited, unlimited,
     "decay_factor:f epsilon:f norm_coefficient:f", importAdagrad},
    {"Adam", 1, unlimited, 6, unlimited, unlimited,
     "alpha:f beta:f epsilon:f norm_coefficient:f norm_coefficient_post:f",
     importAdam},
    {"Momentum", 1, unlimited, 5, unlimited, unlimited,
     "alpha:f! beta:f! mode:s! norm_coefficient:f!", importMomentum},
};

ArrayRef<OperatorForm> importer::getMicrosoftForms() { return microsoftForms; }
ArrayRef<OperatorForm> importer::getTrainingForms() { return trainingForms; }
