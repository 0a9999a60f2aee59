"""Runs the model over the pictures of a list: `infer.py ITEMS` writes predictions.jsonl, a line for each."""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime

names = [json.loads(line)["item"] for line in Path(sys.argv[1]).read_text().splitlines()]
pixels = [np.frombuffer(Path(name).read_bytes().split(b"\n", 1)[1], np.uint8) for name in names]

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1  # the other cores have tasks of their own
model = onnxruntime.InferenceSession("model.onnx", options, providers=["CPUExecutionProvider"])
(scores,) = model.run(["scores"], {"pixels": np.array(pixels, np.float32)})
with Path("predictions.jsonl").open("w") as file:
    for name, line in zip(names, scores, strict=True):
        file.write(json.dumps({"item": name, "digit": int(line.argmax()), "score": float(line.max())}) + "\n")
