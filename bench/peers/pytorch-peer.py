"""Runs a hearken graph in PyTorch, so that both sides time the very same network, weights and batch.

Reads one JSON command a line, answers one JSON object a line:
  {"do": "load", "folder": ..., "batch": 64, "threads": 1, "channelsLast": true}  -> {"outputs": [...], "torch": "2.x"}
  {"do": "train", "seconds": 1.0}  -> {"samplesPerSecond": ...}   (forward, backward and a plain SGD step)
The folder holds graph.json and one little-endian float32 file per parameter and input (made by bench/training.mjs).
"""

import json
import os
import sys
import time

import torch
import torch.nn.functional as F


def read(folder, name, shape):
    data = torch.frombuffer(bytearray(open(os.path.join(folder, name.replace("/", "__") + ".f32"), "rb").read()), dtype=torch.float32)
    return data.reshape(shape).clone()


class Network(torch.nn.Module):
    """Maps are [batch, channels, time, frequency]; weights are turned from hearken's [kt, kf, in, out]."""

    def __init__(self, graph, folder):
        super().__init__()
        self.graph = graph
        self.tensors = torch.nn.ParameterDict()
        for node in graph["nodes"]:
            for role in ("weight", "bias", "gamma", "beta"):
                name = node.get(role)
                if name is None:
                    continue
                value = read(folder, name, graph["parameters"][name]["shape"])
                if node["op"] == "conv2d" and role == "weight":
                    value = value.permute(3, 2, 0, 1).contiguous()
                elif node["op"] == "depthwiseConv2d" and role == "weight":
                    kt, kf, c, m = value.shape
                    value = value.permute(2, 3, 0, 1).reshape(c * m, 1, kt, kf).contiguous()
                elif node["op"] == "dense" and role == "weight":
                    value = value.t().contiguous()
                elif node["op"] == "batchNorm" and node["bands"] > 1:
                    value = value.t().reshape(-1).contiguous()
                self.tensors[key(name)] = torch.nn.Parameter(value)

    def forward(self, x):
        maps = {self.graph["inputs"][0]: x}
        for node in self.graph["nodes"]:
            if node["op"] != "input":
                maps[node["name"]] = self.run(node, [maps[name] for name in node["inputs"]])
        return maps[self.graph["outputs"][0]]

    def parameter(self, node, role):
        return self.tensors[key(node[role])] if node.get(role) else None

    def run(self, node, xs):
        op, x = node["op"], xs[0]
        if op in ("conv2d", "depthwiseConv2d"):
            (tb, ta), (fb, fa) = node["padding"]
            padding = (tb, fb)
            if tb != ta or fb != fa:
                x, padding = F.pad(x, (fb, fa, tb, ta)), 0
            groups = node["groups"] if op == "conv2d" else x.shape[1]
            weight, bias = self.parameter(node, "weight"), self.parameter(node, "bias")
            return F.conv2d(x, weight, bias, node["stride"], padding, node["dilation"], groups)
        if op == "dense":
            weight, bias = self.parameter(node, "weight"), self.parameter(node, "bias")
            return F.conv2d(x, weight[:, :, None, None], bias)
        if op == "batchNorm":
            return self.normalise(node, x)
        if op == "activation":
            return ACTIVATIONS[node["kind"]](x)
        if op == "add":
            return x + xs[1]
        if op == "multiply":
            return x * xs[1]
        if op == "concat":
            return torch.cat(xs, 1)
        if op == "mean":
            return x.mean([{"time": 2, "frequency": 3}[axis] for axis in node["axes"]], keepdim=True)
        if op == "dropout":
            return F.dropout2d(x, node["rate"]) if node["unit"] == "channel" else F.dropout(x, node["rate"])
        if op in ("avgPool", "maxPool"):
            (tb, _), (fb, _) = node["padding"]
            if op == "maxPool":
                return F.max_pool2d(x, node["kernel"], node["stride"], (tb, fb))
            return F.avg_pool2d(x, node["kernel"], node["stride"], (tb, fb), count_include_pad=node["countPadding"])
        if op == "resize":
            mode = "nearest" if node["mode"] == "nearest" else "bilinear"
            return F.interpolate(x, size=node["shape"][:2], mode=mode)
        if op == "weightedSum":
            weights = self.parameter(node, "weight") if node.get("weight") else node["weights"]
            return sum(w * m for w, m in zip(weights, xs))
        raise ValueError("no PyTorch counterpart of " + op)

    def normalise(self, node, x):
        gamma, beta, bands = self.parameter(node, "gamma"), self.parameter(node, "beta"), node["bands"]
        if bands == 1:
            return F.batch_norm(x, None, None, gamma, beta, True, 0.1, node["epsilon"])
        # Sub-spectral: channels times bands of frequency, as BC-ResNet's authors do it (channels-first memory).
        b, c, t, f = x.shape
        y = x.permute(0, 1, 3, 2).contiguous().view(b, c * bands, f // bands, t)
        y = F.batch_norm(y, None, None, gamma, beta, True, 0.1, node["epsilon"])
        return y.view(b, c, f, t).permute(0, 1, 3, 2)


def key(name):
    return name.replace("/", "__").replace(".", "_")


ACTIVATIONS = {"relu": F.relu, "relu6": F.relu6, "silu": F.silu, "sigmoid": torch.sigmoid, "hardSigmoid": F.hardsigmoid, "hardSwish": F.hardswish}


class Peer:
    def load(self, folder, batch, threads, channelsLast):
        torch.manual_seed(1)
        torch.set_num_threads(threads)
        graph = json.load(open(os.path.join(folder, "graph.json")))
        time_, frequency, maps = next(n["shape"] for n in graph["nodes"] if n["op"] == "input")
        features = read(folder, "features", (batch, time_, frequency, maps)).permute(0, 3, 1, 2)
        layout = torch.channels_last if channelsLast else torch.contiguous_format
        self.features = features.contiguous(memory_format=layout)
        self.network = Network(graph, folder).to(memory_format=layout)
        self.seeds = read(folder, "seeds", (batch, -1))
        self.optimizer = torch.optim.SGD(self.network.parameters(), lr=1e-6)
        with torch.no_grad():
            outputs = self.network(self.features).flatten()
        return {"outputs": outputs[:64].tolist(), "torch": torch.__version__}

    def train(self, seconds):
        steps, start = 0, time.perf_counter()
        while time.perf_counter() - start < seconds or steps == 0:
            self.optimizer.zero_grad()
            self.network(self.features).flatten(1).backward(self.seeds)
            self.optimizer.step()
            steps += 1
        return {"samplesPerSecond": steps * len(self.features) / (time.perf_counter() - start)}


def main():
    peer = Peer()
    for line in sys.stdin:
        command = json.loads(line)
        answer = getattr(peer, command.pop("do"))(**command)
        print(json.dumps(answer), flush=True)


main()
