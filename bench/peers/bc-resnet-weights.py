"""Saves a BC-ResNet of PyTorch as `hearken import` takes it, and scores it gave, to check the import with.

Written from the description of the network (Kim et al. 2021, arXiv 2106.04140, table 1 and figure 2); layers are nested as in
Qualcomm-AI-research/bcresnet, so that the names of its state_dict come out. Weights are random, γ and β too; running
statistics are those of random maps. PyTorch's maps are [batch, channels, frequency, time].

  python3 bench/peers/bc-resnet-weights.py --base 8 --labels 12 --frames 24 --weights W.safetensors --scores S.safetensors
"""

import argparse
import json
import struct

import torch
from torch import nn


def stack(*layers):
    return nn.Sequential(*layers)


class Wrapped(nn.Module):
    """Layers one after the other under the name `block`."""

    def __init__(self, *layers):
        super().__init__()
        self.block = stack(*layers)

    def forward(self, x):
        return self.block(x)


class SubSpectralNorm(nn.Module):
    def __init__(self, channels, bands=5):
        super().__init__()
        self.bands = bands
        self.ssnorm = nn.BatchNorm2d(channels * bands)

    def forward(self, x):
        b, c, f, t = x.shape
        return self.ssnorm(x.reshape(b, c * self.bands, f // self.bands, t)).reshape(x.shape)


class Block(nn.Module):
    def __init__(self, inputs, outputs, stage, stride):
        super().__init__()
        self.keeps = inputs == outputs
        dilation = 2**stage
        widen = [] if self.keeps else [Wrapped(nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU())]
        along_frequency = nn.Conv2d(outputs, outputs, (3, 1), (stride, 1), (1, 0), groups=outputs, bias=False)
        self.f2 = stack(*widen, Wrapped(along_frequency, SubSpectralNorm(outputs)))
        along_time = nn.Conv2d(outputs, outputs, (1, 3), 1, (0, dilation), (1, dilation), outputs, bias=False)
        mix = nn.Conv2d(outputs, outputs, 1, bias=False)
        self.f1 = stack(Wrapped(along_time, nn.BatchNorm2d(outputs), nn.SiLU()), mix, nn.Dropout2d(0.1))

    def forward(self, x):
        y = self.f2(x)
        y = y + self.f1(y.mean(2, keepdim=True))
        return torch.relu(y + x if self.keeps else y)


class BcResNet(nn.Module):
    def __init__(self, base, labels):
        super().__init__()
        widths = [2 * base, base, int(1.5 * base), 2 * base, int(2.5 * base), 4 * base]
        self.cnn_head = stack(nn.Conv2d(1, widths[0], 5, (2, 1), 2, bias=False), nn.BatchNorm2d(widths[0]), nn.ReLU())
        self.BCBlocks = nn.ModuleList()
        for stage, count in enumerate([2, 2, 4, 4]):
            inputs = [widths[stage]] + [widths[stage + 1]] * (count - 1)
            strides = [2 if stage in (1, 2) else 1] + [1] * (count - 1)
            blocks = [Block(i, widths[stage + 1], stage, s) for i, s in zip(inputs, strides)]
            self.BCBlocks.append(nn.ModuleList(blocks))
        self.classifier = stack(
            nn.Conv2d(widths[4], widths[4], 5, padding=(0, 2), groups=widths[4], bias=False),
            nn.Conv2d(widths[4], widths[5], 1, bias=False),
            nn.BatchNorm2d(widths[5]),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(widths[5], labels, 1),
        )

    def forward(self, x):
        x = self.cnn_head(x)
        for blocks in self.BCBlocks:
            for block in blocks:
                x = block(x)
        return self.classifier(x).flatten(1)


def save(path, tensors):
    """The safetensors format: length of the header, header, numbers."""
    dtypes = {torch.float32: "F32", torch.int64: "I64"}
    header, parts, end = {}, [], 0
    for name, tensor in tensors.items():
        data = tensor.detach().contiguous().numpy().tobytes()
        header[name] = {"dtype": dtypes[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [end, end + len(data)]}
        parts.append(data)
        end += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(parts))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", type=int, default=8)
    parser.add_argument("--labels", type=int, default=12)
    parser.add_argument("--frames", type=int, default=98)
    parser.add_argument("--weights", required=True)
    parser.add_argument("--scores", required=True)
    options = parser.parse_args()
    torch.manual_seed(1)
    model = BcResNet(options.base, options.labels)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.weight.uniform_(0.5, 1.5)
                module.bias.uniform_(-0.2, 0.8)
                module.momentum = 1.0
        model.train()(torch.randn(16, 1, 40, options.frames))
        model.eval()
        features = torch.randn(3, 1, 40, options.frames)
        logits = model(features)
    save(options.weights, model.state_dict())
    # As hearken's maps lie: [batch, time, frequency, maps].
    save(options.scores, {"features": features.permute(0, 3, 2, 1), "logits": logits})


if __name__ == "__main__":
    main()
