"""Times ONNX Runtime, f32, over the exported graphs. The loop hands the cache back in, as a user's would."""

from pathlib import Path

import stages

arguments = stages.arguments(__doc__)

import numpy as np
import onnxruntime

import smoldocling as shape

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = arguments.threads
options.inter_op_num_threads = 1
vision_session, decoder = (
    onnxruntime.InferenceSession(Path(arguments.folder) / name, options, providers=["CPUExecutionProvider"])
    for name in ("vision.onnx", "decoder.onnx")
)
random = np.random.default_rng(0)
cache_names = [f"{kind}{idx}" for idx in range(shape.TEXT_LAYERS) for kind in ("k", "v")]


def inputs(length, cache):
    past = cache[0].shape[2]
    mask = np.triu(np.full((length, length + past), -1e9, np.float32), past + 1)
    positions = {"cos": np.ones((length, shape.HEAD), np.float32), "sin": np.zeros((length, shape.HEAD), np.float32)}
    x = random.standard_normal((1, length, shape.TEXT), np.float32)
    return {"x": x, "mask": mask, **positions, **dict(zip(cache_names, cache))}


pixels = random.standard_normal((1, 3, shape.TILE_PX, shape.TILE_PX), np.float32)
empty = [np.zeros((1, shape.KEY_HEADS, 0, shape.HEAD), np.float32)] * len(cache_names)
prompt = inputs(shape.PROMPT_TOKENS, empty)
prompt_cache = decoder.run(None, prompt)[1:]


def decode():
    cache = prompt_cache
    for _ in range(stages.DECODED_TOKENS):
        cache = decoder.run(None, inputs(1, cache))[1:]


stages.write(
    f"ONNX Runtime {onnxruntime.__version__}",
    vision=stages.timed(lambda: vision_session.run(None, {"pixels": pixels})),
    prefill=stages.timed(lambda: decoder.run(None, prompt)),
    decode=stages.timed(decode, per=stages.DECODED_TOKENS),
)
