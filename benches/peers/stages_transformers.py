"""Times transformers, f32 with torch's fused attention (sdpa), over the random checkpoint."""

import json
from pathlib import Path

import stages

arguments = stages.arguments(__doc__)

import torch
import transformers
from safetensors.torch import load_file

import smoldocling as shape

torch.set_num_threads(arguments.threads)
folder = Path(arguments.folder)
config = transformers.Idefics3Config(
    vision_config=shape.vision_config(), text_config=shape.text_config(), scale_factor=shape.SCALE_FACTOR,
    image_token_id=json.loads((folder / "config.json").read_text())["image_token_id"],
    tie_word_embeddings=False, pad_token_id=2,
)
config._attn_implementation = "sdpa"
with torch.no_grad():
    model = transformers.Idefics3ForConditionalGeneration(config).float().eval()
    model.load_state_dict(load_file(folder / "model.safetensors"))
    network = model.model

    pixels = torch.randn(1, 3, shape.TILE_PX, shape.TILE_PX)
    side = shape.TILE_PX // shape.PATCH_PX
    mask = torch.ones(1, side, side, dtype=torch.bool)

    def vision():
        network.connector(network.vision_model(pixel_values=pixels, patch_attention_mask=mask).last_hidden_state)

    embeddings = torch.randn(1, shape.PROMPT_TOKENS, shape.TEXT)

    def prefill():
        read = network.text_model(inputs_embeds=embeddings, use_cache=True)
        model.lm_head(read.last_hidden_state[:, -1:])
        return read.past_key_values

    def decode():
        token = torch.full((1, 1), 300)
        for _ in range(stages.DECODED_TOKENS):
            read = network.text_model(input_ids=token, past_key_values=cache, use_cache=True)
            token = model.lm_head(read.last_hidden_state).argmax(-1)
        cache.crop(-stages.DECODED_TOKENS)

    seconds = {"vision": stages.timed(vision), "prefill": stages.timed(prefill)}
    cache = prefill()
    seconds["decode"] = stages.timed(decode, per=stages.DECODED_TOKENS)
version = f"transformers {transformers.__version__}, torch {torch.__version__}"
stages.write(version, **seconds)
