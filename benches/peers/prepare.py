"""Writes what each engine reads, once, into the folder of the comparison.

    checkpoint/     for Doclens and transformers: safetensors in bf16, as the published one is stored
    gguf/           for llama.cpp: the text model as f16 and q8_0, the vision part as f16, an image of five tiles
    onnx/           for ONNX Runtime: the graphs that a plain export from torch gives
    cpuclock.so     from cpuclock.c
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

import smoldocling as shape

HERE = Path(__file__).resolve().parent
FIXTURE = HERE.parents[1] / "tests/fixtures/tiny-idefics3/checkpoint"
# The prompt of a page of A4 has so many tokens with the fixture's tokenizer and template; the template is filled up
# with a token of its own to the length that is compared.
FIXTURE_PROMPT_TOKENS = 878
FILLER = "<end_of_utterance>"


def once(path, write, what):
    """Has `write` make a file or folder under another name, which it loses when it is whole."""
    if path.exists():
        return
    print(f"writing {what} …", file=sys.stderr, flush=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name("part-" + path.name)
    if part.is_dir():
        shutil.rmtree(part)
    write(part)
    part.rename(path)


def cpu_clock(work):
    path = work / "cpuclock.so"
    command = ["gcc", "-O2", "-shared", "-fPIC", "-o"]
    once(path, lambda part: subprocess.run([*command, part, HERE / "cpuclock.c"], check=True), "the clock")
    return path


# Safetensors


def checkpoint(work):
    folder = work / "checkpoint"
    once(folder, write_checkpoint, "the checkpoint")
    return folder


def write_checkpoint(folder):
    folder.mkdir()
    for name in ("tokenizer.json", "tokenizer_config.json", "generation_config.json"):
        shutil.copy(FIXTURE / name, folder / name)
    template = (FIXTURE / "chat_template.jinja").read_text()
    filling = FILLER * (shape.PROMPT_TOKENS - FIXTURE_PROMPT_TOKENS)
    (folder / "chat_template.jinja").write_text(template + filling)

    config = json.loads((FIXTURE / "config.json").read_text())
    config |= {"scale_factor": shape.SCALE_FACTOR, "tie_word_embeddings": False, "vocab_size": shape.VOCABULARY}
    config["text_config"] |= shape.text_config()
    config["vision_config"] |= shape.vision_config()
    write_json(folder / "config.json", config)
    processing = json.loads((FIXTURE / "preprocessor_config.json").read_text())
    processing["max_image_size"]["longest_edge"] = shape.TILE_PX
    processing["size"]["longest_edge"] = 4 * shape.TILE_PX
    write_json(folder / "preprocessor_config.json", processing)
    processing = json.loads((FIXTURE / "processor_config.json").read_text())
    write_json(folder / "processor_config.json", processing | {"image_seq_len": shape.NUM_PATCHES // shape.SCALE_FACTOR**2})

    header, end = {}, 0
    for name, dims in shape.shapes():
        start, end = end, end + 2 * int(np.prod(dims))
        header[name] = {"dtype": "BF16", "shape": dims, "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    with open(folder / "model.safetensors", "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for _name, numbers in shape.weights():
            file.write((numbers.view(np.uint32) >> 16).astype(np.uint16).tobytes())


def write_json(path, value):
    path.write_text(json.dumps(value, indent=1))


# GGUF


def gguf_files(work):
    """The text model as f16 and as q8_0, the vision part, and an image of 4 x 1 tiles and their overview."""
    folder = work / "gguf"
    once(folder, write_gguf, "GGUF files")
    return {name: folder / file for name, file in (
        ("f16", "text-f16.gguf"), ("q8_0", "text-q8_0.gguf"), ("vision", "vision-f16.gguf"), ("image", "wide.ppm"),
    )}


def write_gguf(folder):
    import gguf

    folder.mkdir()
    kinds = gguf.GGMLQuantizationType
    write_gguf_text(gguf, folder / "text-f16.gguf", kinds.F16, 1)
    write_gguf_text(gguf, folder / "text-q8_0.gguf", kinds.Q8_0, 7)
    write_gguf_vision(gguf, folder / "vision-f16.gguf")
    pixels = np.random.default_rng(2).integers(0, 256, (shape.TILE_PX, 4 * shape.TILE_PX, 3), np.uint8)
    head = f"P6 {4 * shape.TILE_PX} {shape.TILE_PX} 255\n".encode()
    (folder / "wide.ppm").write_bytes(head + pixels.tobytes())


def write_gguf_text(gguf, path, kind, file_type):
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_file_type(file_type)
    writer.add_context_length(shape.MAX_POSITIONS)
    writer.add_embedding_length(shape.TEXT)
    writer.add_block_count(shape.TEXT_LAYERS)
    writer.add_feed_forward_length(shape.TEXT_INNER)
    writer.add_head_count(shape.TEXT_HEADS)
    writer.add_head_count_kv(shape.KEY_HEADS)
    writer.add_rope_dimension_count(shape.HEAD)
    writer.add_rope_freq_base(shape.ROPE_THETA)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(shape.VOCABULARY)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    tokens, types = gguf_vocabulary(gguf.TokenType)
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges(["a b"])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    for name, numbers in shape.weights():
        if (name := gguf_text_name(name)) is None:
            continue
        if numbers.ndim == 1:
            writer.add_tensor(name, numbers)
        else:
            writer.add_tensor(name, gguf.quants.quantize(numbers, kind), raw_dtype=kind)
    finish(writer)


def gguf_vocabulary(types):
    """A token for each byte, what cuts an image into tiles, and words that nobody says."""
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<image>", "<fake_token_around_image>", "<global-img>",
               "<end_of_utterance>"]
    special += [f"<row_{row}_col_{col}>" for row in range(1, 7) for col in range(1, 7)]
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    # GPT-2 writes the other bytes as the characters from 256 on.
    others = 256 - len(printable)
    tokens = special + [chr(byte) for byte in printable] + [chr(256 + idx) for idx in range(others)]
    tokens += [f"zq{idx}" for idx in range(shape.VOCABULARY - len(tokens))]
    return tokens, [types.CONTROL] * len(special) + [types.NORMAL] * (shape.VOCABULARY - len(special))


TEXT_NAMES = {
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down", "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm",
}
VISION_NAMES = {
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.out_proj": "attn_out", "mlp.fc1": "ffn_up", "mlp.fc2": "ffn_down", "layer_norm1": "ln1",
    "layer_norm2": "ln2",
}


def gguf_text_name(name):
    whole = {"model.text_model.embed_tokens.weight": "token_embd.weight", "lm_head.weight": "output.weight",
             "model.text_model.norm.weight": "output_norm.weight"}
    return whole.get(name) or gguf_layer_name(name, "model.text_model.layers.", "blk", TEXT_NAMES)


def gguf_vision_name(name):
    root = "model.vision_model"
    whole = {f"{root}.embeddings.patch_embedding.weight": "v.patch_embd.weight",
             f"{root}.embeddings.patch_embedding.bias": "v.patch_embd.bias",
             f"{root}.embeddings.position_embedding.weight": "v.position_embd.weight",
             f"{root}.post_layernorm.weight": "v.post_ln.weight", f"{root}.post_layernorm.bias": "v.post_ln.bias",
             "model.connector.modality_projection.proj.weight": "mm.model.fc.weight"}
    return whole.get(name) or gguf_layer_name(name, f"{root}.encoder.layers.", "v.blk", VISION_NAMES)


def gguf_layer_name(name, root, block, names):
    if not name.startswith(root):
        return None
    idx, inner = name.removeprefix(root).split(".", 1)
    inner, kind = inner.rsplit(".", 1)
    return f"{block}.{idx}.{names[inner]}.{kind}"


def write_gguf_vision(gguf, path):
    writer = gguf.GGUFWriter(path, "clip")
    writer.add_type("mmproj")
    writer.add_file_type(1)
    writer.add_bool("clip.has_vision_encoder", True)
    writer.add_bool("clip.use_gelu", True)
    writer.add_string("clip.projector_type", "idefics3")
    for key, value in (
        ("projection_dim", shape.TEXT), ("image_size", shape.TILE_PX), ("patch_size", shape.PATCH_PX),
        ("embedding_length", shape.VISION), ("feed_forward_length", shape.VISION_INNER),
        ("block_count", shape.VISION_LAYERS), ("attention.head_count", shape.VISION_HEADS),
        ("projector.scale_factor", shape.SCALE_FACTOR), ("preproc_image_size", 4 * shape.TILE_PX),
    ):
        writer.add_uint32(f"clip.vision.{key}", value)
    writer.add_float32("clip.vision.attention.layer_norm_epsilon", 1e-6)
    writer.add_array("clip.vision.image_mean", [0.5, 0.5, 0.5])
    writer.add_array("clip.vision.image_std", [0.5, 0.5, 0.5])
    for name, numbers in shape.weights():
        if (name := gguf_vision_name(name)) is None:
            continue
        # Its own converter keeps these two in f32 as well.
        is_matrix = numbers.ndim > 1 and not name.startswith(("v.patch_embd", "v.position_embd"))
        writer.add_tensor(name, numbers.astype(np.float16) if is_matrix else numbers)
    finish(writer)


def finish(writer):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def onnx_graphs(work):
    folder = work / "onnx"
    # Torch alone holds as much memory as the rest of the comparison: in a process of its own.
    export = [sys.executable, HERE / "onnx_graphs.py"]
    once(folder, lambda part: subprocess.run([*export, part], check=True, stdout=subprocess.DEVNULL), "ONNX graphs")
    return folder
