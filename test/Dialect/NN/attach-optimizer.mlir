// RUN: photonic-opt %s --nn-attach-optimizer='optimizer=sgd:lr=0.5' | FileCheck %s --check-prefixes=CHECK,SGD
// RUN: photonic-opt %s --nn-attach-optimizer='optimizer=sgd:lr=0.5,momentum=0.75,dampening=0.5,weight_decay=0.25' | FileCheck %s --check-prefixes=CHECK,MOMENTUM
// RUN: photonic-opt %s --nn-attach-optimizer='optimizer=adam:lr=0.5,beta1=0.75' | FileCheck %s --check-prefixes=CHECK,ADAM

// The update stands between the last use of the old value and whatever follows;
// a gradient with a name stays a result, one without goes.

// CHECK-LABEL: func.func @main
// CHECK-SAME: %[[W:[^:]*]]: tensor<2xf32>
// CHECK-SAME: %[[LR:[^:]*]]: tensor<1xf32> {nn.init = dense<5.000000e-01> : tensor<1xf32>, nn.knob = "learning_rate", nn.name = "optimizer.lr", nn.role = "state"}
// MOMENTUM-SAME: %[[F:[^:]*]]: tensor<1xf32> {nn.init = dense<1.000000e+00> : tensor<1xf32>, nn.name = "optimizer.gradient_factor", nn.role = "state"}
// MOMENTUM-SAME: %[[BUF:[^:]*]]: tensor<2xf32> {nn.init = dense<0.000000e+00> : tensor<2xf32>, nn.name = "w.momentum", nn.role = "state"}
// ADAM-SAME: nn.name = "optimizer.correction1", nn.role = "state"}
// ADAM-SAME: nn.name = "optimizer.correction2", nn.role = "state"}
// ADAM-SAME: nn.name = "w.exp_avg", nn.role = "state"}
// ADAM-SAME: nn.name = "w.exp_avg_sq", nn.role = "state"}
// SGD-SAME: -> (tensor<1xf32> {nn.loss}, tensor<2xf32> {nn.gradient_of = "v", nn.name = "v.grad"}, tensor<2xf32> {nn.updates = "w"}, tensor<2xf32> {nn.updates = "v"})
// MOMENTUM-SAME: tensor<1xf32> {nn.updates = "optimizer.gradient_factor"}, tensor<2xf32> {nn.updates = "w.momentum"}, tensor<2xf32> {nn.updates = "w"}
// ADAM-SAME: tensor<1xf32> {nn.updates = "optimizer.correction1"}, tensor<1xf32> {nn.updates = "optimizer.correction2"}, tensor<2xf32> {nn.updates = "w.exp_avg"}, tensor<2xf32> {nn.updates = "w.exp_avg_sq"}, tensor<2xf32> {nn.updates = "w"}
func.func @main(
    %w: tensor<2xf32> {nn.name = "w", nn.role = "parameter", nn.trainable,
                       nn.init = dense<1.0> : tensor<2xf32>},
    %v: tensor<2xf32> {nn.name = "v", nn.role = "parameter", nn.trainable,
                       nn.init = dense<1.0> : tensor<2xf32>},
    %l: tensor<1xf32>)
    -> (tensor<1xf32> {nn.loss}, tensor<2xf32> {nn.gradient_of = "w"},
        tensor<2xf32> {nn.gradient_of = "v", nn.name = "v.grad"}) {
  // MOMENTUM: nn.constant dense<5.000000e-01>
  // CHECK: %[[G:.*]] = nn.exp
  %g = nn.exp %v : tensor<2xf32>
  // CHECK: nn.tanh %[[W]]
  %last = nn.tanh %w : tensor<2xf32>
  // SGD: %[[S:.*]] = nn.mul %[[G]], %[[LR]] {nn.phase = "update"}
  // SGD: nn.sub %[[W]], %[[S]] {nn.phase = "update"}
  // MOMENTUM: %[[D:.*]] = nn.mul %[[W]], %{{.*}} {nn.phase = "update"}
  // MOMENTUM: %[[E:.*]] = nn.add %[[G]], %[[D]] {nn.phase = "update"}
  // MOMENTUM: nn.mul %[[E]], %[[F]] {nn.phase = "update"}
  // CHECK: nn.sigmoid
  %after = nn.sigmoid %v : tensor<2xf32>
  return %l, %g, %last : tensor<1xf32>, tensor<2xf32>, tensor<2xf32>
}
