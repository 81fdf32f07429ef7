"""Runs a hearken graph in PyTorch, so that both sides time the very same network, weights and batch.

Reads one JSON command a line, answers one JSON object a line (as bench/support/serve.mjs does):
  {"do": "load", "slot": "a", "task": "training", "folder": ..., "batch": 64, "threads": 1, "layout": "channels_last"}
    -> {"outputs": [...], "version": "2.x"}
  {"do": "run", "slot": "a", "seconds": 1.0}  -> {"clipsPerSecond": ...}
Training is forward, backward and a plain SGD step; inference runs the graph with BatchNorms folded into convolutions.
The folder is made by bench/support/problem.mjs.
"""

import json
import os
import sys
import time

import torch
import torch.nn.functional as F


def read(folder, name, shape):
    data = torch.frombuffer(bytearray(open(os.path.join(folder, name.replace("/", "__") + ".f32"), "rb").read()), dtype=torch.float32)
    return data.clone() if shape is None else data.reshape(shape).clone()


class Network(torch.nn.Module):
    """Maps are [batch, channels, time, frequency]; weights are turned from hearken's [kt, kf, in, out]."""

    def __init__(self, graph, folder, training):
        super().__init__()
        self.graph = graph
        self.uses_batch_moments = training
        self.tensors = torch.nn.ParameterDict()
        for node in graph["nodes"]:
            for role in ("weight", "bias", "gamma", "beta"):
                name = node.get(role)
                if name is None:
                    continue
                value = read(folder, name, None)
                self.tensors[key(name)] = torch.nn.Parameter(turned(node, role, value))
            if node["op"] == "batchNorm" and not training:
                for role in ("mean", "variance"):
                    value = turned(node, role, read(folder, node[role], None))
                    self.tensors[key(node[role])] = torch.nn.Parameter(value, requires_grad=False)

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
            if node["kind"] == "leakyRelu":
                return F.leaky_relu(x, node["slope"])
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
            return pooled(node, x)
        if op == "resize":
            mode = "nearest" if node["mode"] == "nearest" else "bilinear"
            return F.interpolate(x, size=node["shape"][:2], mode=mode)
        if op == "weightedSum":
            weights = self.parameter(node, "weight") if node.get("weight") else node["weights"]
            return sum(w * m for w, m in zip(weights, xs))
        if op == "maximum":
            return torch.maximum(x, xs[1])
        if op == "slice":
            return box(x, node["start"], node["shape"])
        if op == "padChannels":
            return F.pad(x, (0, 0, 0, 0, node["before"], node["shape"][2] - x.shape[1] - node["before"]))
        if op == "channelShuffle":
            return F.channel_shuffle(x, node["groups"])
        if op == "maxout":
            return x.unflatten(1, (node["pieces"], -1)).amax(1)
        if op == "reshape":
            frames, bands, channels = node["shape"]
            return x.permute(0, 2, 3, 1).reshape(-1, frames, bands, channels).permute(0, 3, 1, 2)
        if op == "softmax":
            return x.softmax({"channels": 1, "time": 2, "frequency": 3}[node["axis"]])
        raise ValueError("no PyTorch counterpart of " + op)

    def normalise(self, node, x):
        gamma, beta, bands = self.parameter(node, "gamma"), self.parameter(node, "beta"), node["bands"]
        by_batch = self.uses_batch_moments
        mean, variance = (None, None) if by_batch else (self.parameter(node, "mean"), self.parameter(node, "variance"))
        if bands == 1:
            return F.batch_norm(x, mean, variance, gamma, beta, by_batch, 0.1, node["epsilon"])
        # Sub-spectral: channels times bands of frequency, as BC-ResNet's authors do it (channels-first memory).
        b, c, t, f = x.shape
        y = x.permute(0, 1, 3, 2).contiguous().view(b, c * bands, f // bands, t)
        y = F.batch_norm(y, mean, variance, gamma, beta, by_batch, 0.1, node["epsilon"])
        return y.view(b, c, f, t).permute(0, 1, 3, 2)


def pooled(node, x):
    (tb, ta), (fb, fa) = node["padding"]
    kernel, stride, padding = node["kernel"], node["stride"], (tb, fb)
    uneven = tb != ta or fb != fa
    sides = (fb, fa, tb, ta)
    if node["op"] == "maxPool":
        if uneven:
            x, padding = F.pad(x, sides, value=-torch.inf), 0
        return F.max_pool2d(x, kernel, stride, padding)
    if not uneven:
        return F.avg_pool2d(x, kernel, stride, padding, count_include_pad=node["countPadding"])
    mean = F.avg_pool2d(F.pad(x, sides), kernel, stride)
    if node["countPadding"]:
        return mean
    return mean / F.avg_pool2d(F.pad(torch.ones_like(x[:1, :1]), sides), kernel, stride)


def box(x, start, size):
    (t, f, c), (frames, bands, channels) = start, size
    return x[:, c : c + channels, t : t + frames, f : f + bands]


def turned(node, role, value):
    """A parameter as PyTorch lays it out; outputs lie innermost in hearken's weights."""
    op, outputs = node["op"], node["shape"][2]
    if role == "weight" and op == "conv2d":
        return value.reshape(*node["kernel"], -1, outputs).permute(3, 2, 0, 1).contiguous()
    if role == "weight" and op == "depthwiseConv2d":
        return value.reshape(*node["kernel"], outputs).permute(2, 0, 1).unsqueeze(1).contiguous()
    if role == "weight" and op == "dense":
        return value.reshape(-1, outputs).t().contiguous()
    if op == "batchNorm" and node["bands"] > 1:
        return value.reshape(node["bands"], -1).t().reshape(-1).contiguous()
    return value


def key(name):
    return name.replace("/", "__").replace(".", "_")


ACTIVATIONS = {
    "relu": F.relu,
    "relu6": F.relu6,
    "elu": F.elu,
    "silu": F.silu,
    "softplus": F.softplus,
    "mish": F.mish,
    "sigmoid": torch.sigmoid,
    "hardSigmoid": F.hardsigmoid,
    "hardSwish": F.hardswish,
}


class Slot:
    def __init__(self, task, folder, batch, threads, layout):
        torch.manual_seed(1)
        torch.set_num_threads(threads)
        self.threads, self.training = threads, task == "training"
        graph = json.load(open(os.path.join(folder, "graph.json" if self.training else "folded.json")))
        time_, frequency, maps = next(n["shape"] for n in graph["nodes"] if n["op"] == "input")
        features = read(folder, "features", None)[: batch * time_ * frequency * maps]
        memory_format = torch.channels_last if layout == "channels_last" else torch.contiguous_format
        features = features.reshape(batch, time_, frequency, maps).permute(0, 3, 1, 2)
        self.features = features.contiguous(memory_format=memory_format)
        self.network = Network(graph, folder, self.training).to(memory_format=memory_format)
        if self.training:
            self.seeds = read(folder, "seeds", None)[: batch * next(
                n["shape"][2] for n in graph["nodes"] if n["name"] == graph["outputs"][0]
            )].reshape(batch, -1)
            self.optimizer = torch.optim.SGD(self.network.parameters(), lr=1e-6)

    def infer(self):
        with torch.inference_mode():
            return self.network(self.features).flatten()

    def step(self):
        self.optimizer.zero_grad()
        self.network(self.features).flatten(1).backward(self.seeds)
        self.optimizer.step()

    def outputs(self):
        with torch.no_grad():
            return self.network(self.features).flatten()[:64].tolist()


class Peer:
    def __init__(self):
        self.slots = {}

    def load(self, slot, task, folder, batch, threads, layout, **_):
        self.slots[slot] = Slot(task, folder, batch, threads, layout)
        return {"outputs": self.slots[slot].outputs(), "version": torch.__version__}

    def run(self, slot, seconds):
        side = self.slots[slot]
        torch.set_num_threads(side.threads)
        work = side.step if side.training else side.infer
        steps, start = 0, time.perf_counter()
        while time.perf_counter() - start < seconds or steps == 0:
            work()
            steps += 1
        return {"clipsPerSecond": steps * len(side.features) / (time.perf_counter() - start)}


def main():
    peer = Peer()
    for line in sys.stdin:
        command = json.loads(line)
        try:
            answer = getattr(peer, command.pop("do"))(**command)
        except Exception as error:
            answer = {"error": str(error)}
        print(json.dumps(answer), flush=True)


main()
