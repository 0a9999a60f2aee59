"""Trains a classifier of digits, with 48 units between pixels and digits, and writes model.onnx and weights.json.

The weights are whole numbers, so that whoever runs the model gets the same scores, in whatever order they are added.
"""

import json
import random
from pathlib import Path

import numpy as np
import onnx
from digits import SIZE, picture
from onnx import TensorProto, helper, numpy_helper

HIDDEN, EXAMPLES, EPOCHS, SCALE = 48, 20_000, 20, 32
luck, chance = random.Random("training"), np.random.default_rng(1)
labels = np.array([number % 10 for number in range(EXAMPLES)])
pixels = np.array([[*picture(int(digit), luck)] for digit in labels], np.float32) / 255

first = chance.normal(0, 0.1, (SIZE * SIZE, HIDDEN)).astype(np.float32)
second = chance.normal(0, 0.1, (HIDDEN, 10)).astype(np.float32)
for _ in range(EPOCHS):
    for batch in np.split(chance.permutation(EXAMPLES), EXAMPLES // 50):
        hidden = np.maximum(pixels[batch] @ first, 0)
        scores = np.exp(hidden @ second)
        wrong = scores / scores.sum(axis=1, keepdims=True) - np.eye(10, dtype=np.float32)[labels[batch]]
        back = (wrong @ second.T) * (hidden > 0)
        second -= 0.2 * hidden.T @ wrong / len(batch)
        first -= 0.2 * pixels[batch].T @ back / len(batch)

layers = [np.rint(layer * SCALE).astype(np.float32) for layer in (first, second)]
nodes = [
    helper.make_node("MatMul", ["pixels", "first"], ["sums"]),
    helper.make_node("Relu", ["sums"], ["hidden"]),
    helper.make_node("MatMul", ["hidden", "second"], ["scores"]),
]
graph = helper.make_graph(
    nodes,
    "digits",
    [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["count", SIZE * SIZE])],
    [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["count", 10])],
    [numpy_helper.from_array(layer, name) for layer, name in zip(layers, ("first", "second"), strict=True)],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
onnx.checker.check_model(model)
onnx.save(model, "model.onnx")
Path("weights.json").write_text(json.dumps([layer.astype(int).tolist() for layer in layers]))
