//===- TensorTest.cpp - Sharing and copying of tensors --------------------===//
//
// Part of photonic-mlir, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TestUtils.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace photonic;
using interp::Tensor;

TEST(Tensor, StartsFromZero) {
  Tensor tensor = Tensor::zeros({2, 3});
  EXPECT_EQ(tensor.getNumElements(), 6);
  for (float x : tensor.getData())
    EXPECT_EQ(x, 0.0f);
  EXPECT_EQ(Tensor().getNumElements(), 1);
}

TEST(Tensor, StridesAreRowMajor) {
  EXPECT_EQ(interp::getStrides({2, 3, 4}), (SmallVector<int64_t>{12, 4, 1}));
  EXPECT_TRUE(interp::getStrides({}).empty());
}

TEST(Tensor, WritingToASharedTensorCopies) {
  Tensor a({2}, {1, 2});
  Tensor b = a;
  EXPECT_EQ(a.data(), b.data());
  EXPECT_FALSE(a.isUnique());
  b.getMutableData()[0] = 7;
  EXPECT_NE(a.data(), b.data());
  EXPECT_EQ(a[0], 1);
  EXPECT_EQ(b[0], 7);
}

TEST(Tensor, WritingToAnUnsharedTensorDoesNotCopy) {
  Tensor a({2}, {1, 2});
  const float *before = a.data();
  Tensor b = std::move(a);
  EXPECT_TRUE(b.isUnique());
  b.getMutableData()[1] = 5;
  EXPECT_EQ(b.data(), before);
}

TEST(Tensor, ViewsAreNeverWritten) {
  std::vector<float> values = {1, 2};
  Tensor view = Tensor::view({2}, values);
  EXPECT_EQ(view.data(), values.data());
  EXPECT_FALSE(view.isUnique());
  view.getMutableData()[0] = 9;
  EXPECT_EQ(values[0], 1);
  EXPECT_EQ(view[0], 9);
}

TEST(Tensor, ReshapedSharesElements) {
  Tensor a = Tensor::zeros({2, 3});
  Tensor b = a.reshaped({6});
  EXPECT_EQ(a.data(), b.data());
  EXPECT_EQ(b.getRank(), 1);
}

TEST(Tensor, ReadsAttributes) {
  MLIRContext context;
  auto type = RankedTensorType::get({2}, Float32Type::get(&context));
  auto dense = DenseElementsAttr::get(type, ArrayRef<float>{3, 4});
  FailureOr<Tensor> tensor = Tensor::get(dense);
  ASSERT_TRUE(succeeded(tensor));
  EXPECT_EQ((*tensor)[1], 4);

  FailureOr<Tensor> splat = Tensor::get(DenseElementsAttr::get(type, 2.5f));
  ASSERT_TRUE(succeeded(splat));
  EXPECT_EQ((*splat)[0], 2.5f);
  EXPECT_EQ((*splat)[1], 2.5f);

  std::vector<float> values = {5, 6};
  auto resource = DenseResourceElementsAttr::get(
      type, "r",
      UnmanagedAsmResourceBlob::allocateInferAlign(ArrayRef<float>(values)));
  FailureOr<Tensor> view = Tensor::get(resource);
  ASSERT_TRUE(succeeded(view));
  EXPECT_EQ(view->data(), values.data()) << "a resource is not copied";
}

TEST(Tensor, RefusesOtherElementTypes) {
  MLIRContext context;
  auto type = RankedTensorType::get({2}, Float64Type::get(&context));
  EXPECT_TRUE(failed(Tensor::get(DenseElementsAttr::get(type, 1.0))));
}
