"""Exports the vision part and the decoder with its cache as ONNX graphs: python onnx_graphs.py FOLDER

Plain torch, as a published export has it: f32, keys and values as inputs and outputs, logits of the last token.
"""

import sys
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

import smoldocling as shape


class VisionLayer(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1 = nn.LayerNorm(shape.VISION, 1e-6)
        self.norm2 = nn.LayerNorm(shape.VISION, 1e-6)
        self.q, self.k, self.v, self.out = (nn.Linear(shape.VISION, shape.VISION) for _ in range(4))
        self.fc1 = nn.Linear(shape.VISION, shape.VISION_INNER)
        self.fc2 = nn.Linear(shape.VISION_INNER, shape.VISION)

    def forward(self, x):
        tiles = x.shape[0]
        heads = lambda y: y.view(tiles, shape.NUM_PATCHES, shape.VISION_HEADS, shape.HEAD).transpose(1, 2)
        normal = self.norm1(x)
        q, k, v = heads(self.q(normal)), heads(self.k(normal)), heads(self.v(normal))
        weights = torch.softmax(q @ k.transpose(2, 3) * shape.HEAD**-0.5, -1)
        x = x + self.out((weights @ v).transpose(1, 2).reshape(tiles, shape.NUM_PATCHES, shape.VISION))
        return x + self.fc2(functional.gelu(self.fc1(self.norm2(x)), approximate="tanh"))


class Vision(nn.Module):
    """The encoder and the connector: (tiles, 3, 512, 512) → (tiles, 64, 576)."""

    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(3, shape.VISION, shape.PATCH_PX, shape.PATCH_PX)
        self.positions = nn.Parameter(torch.randn(shape.NUM_PATCHES, shape.VISION) * 0.02)
        self.layers = nn.ModuleList(VisionLayer() for _ in range(shape.VISION_LAYERS))
        self.norm = nn.LayerNorm(shape.VISION, 1e-6)
        self.projection = nn.Linear(shape.VISION * shape.SCALE_FACTOR**2, shape.TEXT, bias=False)

    def forward(self, pixels):
        tiles, factor = pixels.shape[0], shape.SCALE_FACTOR
        x = self.patches(pixels).flatten(2).transpose(1, 2) + self.positions
        for layer in self.layers:
            x = layer(x)
        side = shape.TILE_PX // shape.PATCH_PX // factor
        x = self.norm(x).view(tiles, side, factor, side, factor, shape.VISION).permute(0, 1, 3, 2, 4, 5)
        return self.projection(x.reshape(tiles, side * side, shape.VISION * factor**2))


class RmsNorm(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(shape.TEXT))

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * self.weight


def rotated(x, cos, sin):
    half = shape.HEAD // 2
    return x * cos + torch.cat((-x[..., half:], x[..., :half]), -1) * sin


def repeated(x):
    """Each key head stands for three query heads: (batch, 3, n, 64) → (batch, 9, n, 64)."""
    batch, heads, length, width = x.shape
    times = shape.TEXT_HEADS // shape.KEY_HEADS
    return x[:, :, None].expand(batch, heads, times, length, width).reshape(batch, heads * times, length, width)


class TextLayer(nn.Module):
    def __init__(self):
        super().__init__()
        linear = lambda inputs, outputs: nn.Linear(inputs, outputs, bias=False)
        self.norm1, self.norm2 = RmsNorm(), RmsNorm()
        self.q, self.out = linear(shape.TEXT, shape.TEXT), linear(shape.TEXT, shape.TEXT)
        self.k, self.v = (linear(shape.TEXT, shape.KEY_HEADS * shape.HEAD) for _ in range(2))
        self.gate, self.up = (linear(shape.TEXT, shape.TEXT_INNER) for _ in range(2))
        self.down = linear(shape.TEXT_INNER, shape.TEXT)

    def forward(self, x, cos, sin, mask, past_k, past_v):
        batch, length, _ = x.shape
        heads = lambda y, num: y.view(batch, length, num, shape.HEAD).transpose(1, 2)
        normal = self.norm1(x)
        q = rotated(heads(self.q(normal), shape.TEXT_HEADS), cos, sin)
        k = torch.cat((past_k, rotated(heads(self.k(normal), shape.KEY_HEADS), cos, sin)), 2)
        v = torch.cat((past_v, heads(self.v(normal), shape.KEY_HEADS)), 2)
        weights = torch.softmax(q @ repeated(k).transpose(2, 3) * shape.HEAD**-0.5 + mask, -1)
        x = x + self.out((weights @ repeated(v)).transpose(1, 2).reshape(batch, length, shape.TEXT))
        normal = self.norm2(x)
        return x + self.down(functional.silu(self.gate(normal)) * self.up(normal)), k, v


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(TextLayer() for _ in range(shape.TEXT_LAYERS))
        self.norm = RmsNorm()
        self.head = nn.Linear(shape.TEXT, shape.VOCABULARY, bias=False)

    def forward(self, x, cos, sin, mask, *past):
        present = []
        for idx, layer in enumerate(self.layers):
            x, k, v = layer(x, cos, sin, mask, past[2 * idx], past[2 * idx + 1])
            present += [k, v]
        return (self.head(self.norm(x[:, -1:])), *present)


def cache_names():
    return [f"{kind}{idx}" for idx in range(shape.TEXT_LAYERS) for kind in ("k", "v")]


def main():
    folder = Path(sys.argv[1])
    folder.mkdir()
    options = {"opset_version": 18, "dynamo": False}
    length, past_length, names = 4, 5, cache_names()
    past = [torch.randn(1, shape.KEY_HEADS, past_length, shape.HEAD) for _ in names]
    inputs = (
        torch.randn(1, length, shape.TEXT), torch.randn(length, shape.HEAD), torch.randn(length, shape.HEAD),
        torch.zeros(length, length + past_length), *past,
    )
    axes = {"x": {1: "length"}, "cos": {0: "length"}, "sin": {0: "length"}, "mask": {0: "length", 1: "all"}}
    with torch.no_grad():
        torch.onnx.export(
            Vision().eval(), (torch.randn(1, 3, shape.TILE_PX, shape.TILE_PX),), folder / "vision.onnx",
            input_names=["pixels"], output_names=["features"], **options,
        )
        torch.onnx.export(
            Decoder().eval(), inputs, folder / "decoder.onnx", input_names=[*axes, *names],
            output_names=["logits", *(f"new_{name}" for name in names)],
            dynamic_axes=axes | {name: {2: "past"} for name in names}, **options,
        )


if __name__ == "__main__":
    main()
