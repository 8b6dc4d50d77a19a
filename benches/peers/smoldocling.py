"""The shape of SmolDocling-256M, and random weights of it.

Speed depends on shapes only, so the weights are noise. Names are those of the
published checkpoint, 256.5 million numbers in all; the output matrix is its own, as there.
"""

import numpy as np

TILE_PX = 512
PATCH_PX = 16
NUM_PATCHES = (TILE_PX // PATCH_PX) ** 2
VISION = 768
VISION_INNER = 3072
VISION_LAYERS = 12
VISION_HEADS = 12
SCALE_FACTOR = 4

TEXT = 576
TEXT_INNER = 1536
TEXT_LAYERS = 30
TEXT_HEADS = 9
KEY_HEADS = 3
HEAD = 64
VOCABULARY = 49280
ROPE_THETA = 100000.0
MAX_POSITIONS = 8192

# A page of A4 is scaled to 2048 x 1448 pixels: 4 x 3 tiles and the page as a whole.
PAGE_TILES = 13
PROMPT_TOKENS = 1000
PAGE_TOKENS = 1000


def shapes():
    """Each tensor's name and shape, in the order of the network."""
    root = "model.vision_model"
    yield f"{root}.embeddings.patch_embedding.weight", (VISION, 3, PATCH_PX, PATCH_PX)
    yield f"{root}.embeddings.patch_embedding.bias", (VISION,)
    yield f"{root}.embeddings.position_embedding.weight", (NUM_PATCHES, VISION)
    for layer in (f"{root}.encoder.layers.{idx}" for idx in range(VISION_LAYERS)):
        for name in ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.out_proj"):
            yield f"{layer}.{name}.weight", (VISION, VISION)
            yield f"{layer}.{name}.bias", (VISION,)
        for name, outputs, inputs in (("mlp.fc1", VISION_INNER, VISION), ("mlp.fc2", VISION, VISION_INNER)):
            yield f"{layer}.{name}.weight", (outputs, inputs)
            yield f"{layer}.{name}.bias", (outputs,)
        for name in ("layer_norm1", "layer_norm2"):
            yield f"{layer}.{name}.weight", (VISION,)
            yield f"{layer}.{name}.bias", (VISION,)
    yield f"{root}.post_layernorm.weight", (VISION,)
    yield f"{root}.post_layernorm.bias", (VISION,)
    yield "model.connector.modality_projection.proj.weight", (TEXT, VISION * SCALE_FACTOR**2)

    root = "model.text_model"
    yield f"{root}.embed_tokens.weight", (VOCABULARY, TEXT)
    for layer in (f"{root}.layers.{idx}" for idx in range(TEXT_LAYERS)):
        for name, outputs, inputs in (
            ("self_attn.q_proj", TEXT, TEXT),
            ("self_attn.k_proj", KEY_HEADS * HEAD, TEXT),
            ("self_attn.v_proj", KEY_HEADS * HEAD, TEXT),
            ("self_attn.o_proj", TEXT, TEXT),
            ("mlp.gate_proj", TEXT_INNER, TEXT),
            ("mlp.up_proj", TEXT_INNER, TEXT),
            ("mlp.down_proj", TEXT, TEXT_INNER),
        ):
            yield f"{layer}.{name}.weight", (outputs, inputs)
        yield f"{layer}.input_layernorm.weight", (TEXT,)
        yield f"{layer}.post_attention_layernorm.weight", (TEXT,)
    yield f"{root}.norm.weight", (TEXT,)
    yield "lm_head.weight", (VOCABULARY, TEXT)


def weights():
    """Each tensor's name and its numbers as f32: norms at one, everything else noise that keeps its size."""
    random = np.random.default_rng(1)
    for name, shape in shapes():
        if "norm" in name and name.endswith("weight"):
            yield name, np.ones(shape, np.float32)
        else:
            yield name, random.standard_normal(shape, np.float32) * np.float32(0.03)


def text_config():
    return {
        "model_type": "llama", "hidden_act": "silu", "hidden_size": TEXT, "intermediate_size": TEXT_INNER,
        "num_hidden_layers": TEXT_LAYERS, "num_attention_heads": TEXT_HEADS, "num_key_value_heads": KEY_HEADS,
        "head_dim": HEAD, "vocab_size": VOCABULARY, "max_position_embeddings": MAX_POSITIONS,
        "rope_theta": ROPE_THETA, "rms_norm_eps": 1e-5, "tie_word_embeddings": False, "pad_token_id": 2,
    }


def vision_config():
    return {
        "model_type": "idefics3_vision", "hidden_act": "gelu_pytorch_tanh", "hidden_size": VISION,
        "intermediate_size": VISION_INNER, "num_hidden_layers": VISION_LAYERS, "num_attention_heads": VISION_HEADS,
        "image_size": TILE_PX, "patch_size": PATCH_PX, "layer_norm_eps": 1e-6,
    }
