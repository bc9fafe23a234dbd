"""What a diffusion engine costs per frame, against a naive port of the published procedure in the same process.

    python benchmarks/diffusion.py --engine pix2video --size 512 --frames 16 --steps 50 [--schedule …] [--dtype …] [--tiny] [--json]
    python benchmarks/diffusion.py --memory [--tiny] [--steps …]
    python benchmarks/diffusion.py --engine vid2vid_zero --size 512 --frames 8 --steps 50 [--dtype …] [--tiny] [--json]
    python benchmarks/diffusion.py --engine i2vedit …                    see benchmarks/i2vedit.py, which this calls

The network is the real architecture with random weights, built from its configuration: nothing is downloaded, and what it draws is
noise. Measured are inversion and edit pass, without autoencoder and text. The naive port does what the published code does: one frame
after the other, float32, one row a call, both halves also where one would do, features of all layers and steps kept. vid2vid-zero's:
float32, attention maps written out, keys and values copied for every frame, the conditional half of null-text computed again.
`--memory` asks one thing: whether the step schedule's peak grows with the clip.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import psutil
import torch
from keyfollow_daemon.engines.diffusion import ddim, loading
from keyfollow_daemon.engines.diffusion.backbone import Backbone, TextState
from keyfollow_daemon.engines.pix2video.denoise import Denoiser
from keyfollow_daemon.engines.pix2video.graph import prompt_driven
from keyfollow_daemon.engines.pix2video.options import Options
from keyfollow_daemon.engines.pix2video.order import order
from keyfollow_daemon.engines.vid2vid_zero import attention as video_attention
from keyfollow_daemon.engines.vid2vid_zero import denoise as joint
from keyfollow_daemon.engines.vid2vid_zero.call import Pair
from keyfollow_daemon.engines.vid2vid_zero.injection import Injection
from keyfollow_daemon.engines.vid2vid_zero.inversion import inverted
from keyfollow_daemon.engines.vid2vid_zero.network import VideoNetwork
from keyfollow_daemon.engines.vid2vid_zero.null_text import NullText, null_text, used_from
from keyfollow_daemon.engines.vid2vid_zero.token_maps import TokenMap
from torch import Tensor

SCHEDULE = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "num_train_timesteps": 1000}
FULL: dict[str, Any] = {
    "in_channels": 5,
    "out_channels": 4,
    "block_out_channels": (320, 640, 1280, 1280),
    "attention_head_dim": (5, 10, 20, 20),
    "cross_attention_dim": 1024,
    "use_linear_projection": True,
}
TINY: dict[str, Any] = {
    **FULL,
    "block_out_channels": (32, 64, 96, 96),
    "attention_head_dim": (2, 4, 6, 6),
    "cross_attention_dim": 64,
    "norm_num_groups": 16,
}
VIDEO: dict[str, Any] = {"in_channels": 4, "out_channels": 4, "block_out_channels": (320, 640, 1280, 1280), "attention_head_dim": 8, "cross_attention_dim": 768}  # fmt: skip
VIDEO_TINY: dict[str, Any] = {**VIDEO, "block_out_channels": (32, 64, 96, 96), "attention_head_dim": 4, "cross_attention_dim": 64, "norm_num_groups": 16}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds (on a CPU those that it worked) and rows of both passes; peak bytes on the device, or added to the process on a CPU."""

    name: str
    inversion_s: float
    edit_s: float
    calls: int
    samples: int
    peak_bytes: int


class Footage:
    """`Supply` of random frames: latents and depth."""

    def __init__(self, frames: int, side: int, device: torch.device) -> None:
        dice = torch.Generator().manual_seed(1)
        self.latents = torch.randn(frames, 4, side, side, generator=dice).to(device)
        self.depths = (torch.rand(frames, 1, side, side, generator=dice) * 2 - 1).to(device)

    def depth(self, frame: int) -> Tensor:
        return self.depths[frame]

    def level(self, frame: int, step: int) -> Tensor:
        return self.latents[frame]

    given = level

    def mask(self, frame: int) -> None:
        return None


def network(config: dict[str, Any], side: int, dtype: torch.dtype, device: torch.device) -> Any:
    from diffusers import UNet2DConditionModel

    torch.manual_seed(0)
    made = UNet2DConditionModel(sample_size=side, **config).to(device, dtype).eval().requires_grad_(False)
    return made.to(memory_format=torch.channels_last)


def ours(backbone: Backbone, footage: Footage, options: Options, schedule: str, width: int) -> Cost:
    levels = ddim.schedule(SCHEDULE, options.steps)
    text = prompts(backbone.unet, backbone.device)

    def invert() -> None:
        backbone.tap.references = None
        for at in range(0, len(footage.latents), width):
            depths = footage.depths[at : at + width]
            predict = partial(predicted, backbone, text[1], depths)
            list(ddim.invert(predict, footage.latents[at : at + width], levels))

    def edit() -> None:
        graph = prompt_driven(range(len(footage.latents)), options)
        run = Denoiser(backbone, levels, graph, options, footage, text[1], text[0])
        for batch in order(schedule, graph, options.steps, width, options.lag):
            run.evaluate(batch.pairs)

    backbone.calls = backbone.samples = 0
    return measured(f"keyfollow, {schedule}", invert, edit, backbone.device, lambda: (backbone.calls, backbone.samples))


def predicted(backbone: Backbone, text: TextState, depths: Tensor, x: Tensor, t: Tensor) -> Tensor:
    return backbone(x, t, text, depths)


class KeepEverything:
    """The published code's attention hook: the input of every self-attention layer is kept, for every step and half."""

    def __init__(self, store: Naive, layer: int, decoder: bool) -> None:
        self._store, self._layer, self._decoder = store, layer, decoder

    def __call__(self, attn: Any, hidden_states: Tensor, *_: Any, **__: Any) -> Tensor:
        store = self._store
        store.current[store.at, self._layer] = hidden_states
        context = hidden_states
        if self._decoder and store.previous:
            context = torch.cat([store.anchor[store.at, self._layer], store.previous[store.at, self._layer]], dim=1)
        query, key, value = (attn.head_to_batch_dim(f(x)) for f, x in
                             ((attn.to_q, hidden_states), (attn.to_k, context), (attn.to_v, context)))  # fmt: skip
        out: Tensor = attn.to_out[0](attn.batch_to_head_dim(attn.get_attention_scores(query, key) @ value))
        return out


class Naive:
    """The published procedure; `inverted` and `finals` are what its passes made, by frame."""

    def __init__(self, unet: Any) -> None:
        self.unet = unet
        self.at: tuple[int, int] = (0, 0)
        self.anchor: dict[tuple[tuple[int, int], int], Tensor] = {}
        self.previous: dict[tuple[tuple[int, int], int], Tensor] = {}
        self.current: dict[tuple[tuple[int, int], int], Tensor] = {}
        self.inverted: list[Tensor] = []
        self.finals: list[Tensor] = []
        self.calls = 0
        layers = [(n, m) for n, m in unet.named_modules() if n.endswith(".attn1")]
        for number, (name, layer) in enumerate(layers):
            layer.set_processor(KeepEverything(self, number, name.startswith("up_blocks.")))

    def predict(self, x: Tensor, t: int, depth: Tensor, text: tuple[TextState, TextState], scale: float, step: int) -> Tensor:
        halves = []
        for half, state in enumerate(text):
            self.at = (step, half)
            self.calls += 1
            halves.append(self.unet(torch.cat([x, depth], dim=1), t, state.tokens, return_dict=False)[0])
        return ddim.guided(halves[0], halves[1], scale)

    @torch.inference_mode()
    def invert(self, footage: Footage, options: Options, text: tuple[TextState, TextState]) -> None:
        levels = ddim.schedule(SCHEDULE, options.steps)
        for x, depth in zip(torch.split(footage.latents, 1), torch.split(footage.depths, 1), strict=True):
            for step in reversed(range(options.steps)):
                below, level = levels.alphas_before[step], levels.alphas[step]
                eps = self.predict(x, levels.timesteps[step], depth, text, 1.0, step)
                x = ddim.noised(ddim.predicted_clean(x, eps, below), eps, level)
            self.current.clear()
            self.inverted.append(x)

    @torch.inference_mode()
    def edit(self, footage: Footage, options: Options, text: tuple[TextState, TextState]) -> None:
        levels = ddim.schedule(SCHEDULE, options.steps)
        targets: list[Tensor] = []
        for frame, (x, depth) in enumerate(zip(torch.split(footage.latents, 1), torch.split(footage.depths, 1), strict=True)):
            cleans = []
            for step in range(options.steps):
                eps = self.predict(x, levels.timesteps[step], depth, text, options.guidance, step)
                clean = ddim.predicted_clean(x, eps, levels.alphas[step])
                x = ddim.noised(clean, eps, levels.alphas_before[step])
                if frame and step < options.guided_steps:
                    x = x - options.factor(x.numel()) * (clean - targets[step])
                cleans.append(clean)
            self.finals.append(x)
            targets, self.previous, self.current = cleans, self.current, {}
            self.anchor = self.anchor or self.previous


def naive(unet: Any, footage: Footage, options: Options, device: torch.device) -> Cost:
    port, text = Naive(unet), prompts(unet, device)
    return measured(
        "naive port",
        lambda: port.invert(footage, options, text),
        lambda: port.edit(footage, options, text),
        device,
        lambda: (port.calls, port.calls),
    )


def spelled_out(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Attention with its map in memory."""
    found = torch.einsum("bnhd,bmhd->bhnm", query, key).div(query.shape[-1] ** 0.5).softmax(dim=-1)
    return torch.einsum("bhnm,bmhd->bnhd", found, value)


def copied_dense(query: Tensor, key: Tensor, value: Tensor, videos: int, slots: int) -> Tensor:
    """Every frame with its own copy of all frames' keys and values."""
    frames = len(query) // videos

    def copies(t: Tensor) -> Tensor:
        out: Tensor = t.unflatten(0, (videos, -1)).flatten(1, 2).repeat_interleave(frames, dim=0)
        return out

    return spelled_out(query, copies(key), copies(value))


def edited_maps(query: Tensor, key: Tensor, value: Tensor, pairs: tuple[Pair, ...]) -> Tensor:
    """Cross-attention with both videos' maps in memory, the target's changed in place."""
    maps = torch.einsum("bnhd,bmhd->bhnm", query, key).div(query.shape[-1] ** 0.5).softmax(dim=-1)
    for p in pairs:
        if p.across is not None and p.own is not None:
            maps[p.target] = maps[p.source] @ p.across + maps[p.target] * p.own
    return torch.einsum("bhnm,bmhd->bnhd", maps, value)


@contextmanager
def published_attention() -> Iterator[None]:
    right = {name: getattr(video_attention, name) for name in ("attend", "dense", "following")}
    for name, wrong in (("attend", spelled_out), ("dense", copied_dense), ("following", edited_maps)):
        setattr(video_attention, name, wrong)
    try:
        yield
    finally:
        for name, function in right.items():
            setattr(video_attention, name, function)


def video(network: VideoNetwork, footage: Footage, steps: int, method: str, name: str, naive: bool = False) -> Cost:
    """One window of all frames, one target; `method` is null_text or direct."""
    levels, device = ddim.schedule(SCHEDULE, steps, 1), network.device
    empty, source, target = (t.float() for t in (*(p.tokens for p in prompts(network.unet, device)), prompts(network.unet, device)[0].tokens * 0.5))  # fmt: skip
    prepared: list[Tensor] = []

    def invert() -> None:
        prepared.append(inverted(network, levels, footage.latents, empty if method == "null_text" else source))
        if method == "null_text":
            again = partial(torch.no_grad()(network), prepared[0][-1][None], levels.timesteps[0], source)
            check: Callable[[], object] = again if naive else lambda: None
            prepared.append(
                null_text(network, levels, prepared[0], source, empty, NullText(), lambda: void(check())).embeddings
            )

    def edit() -> None:
        found = [empty] * steps if method == "direct" else [used_from(prepared[1], empty, i, -0.5) for i in range(steps)]
        guided = method == "null_text"
        about = joint.Source(prepared[0], source, found, guided, reset=not guided)
        follows = Injection(TokenMap(torch.eye(77, device=device), torch.ones(77, device=device)), steps)
        how = joint.Sampling(keep_source=naive)
        run = joint.Denoiser(network, levels, about, [joint.Target(target, follows)], how)
        for _ in range(steps):
            run.advance()

    network.calls = network.samples = 0
    return measured(name, invert, edit, device, lambda: (network.calls, network.samples))


def void(_: object) -> None:
    return None


def video_costs(
    side: int, frames: int, steps: int, tiny: bool, precision: str, device: torch.device, naive: bool
) -> list[Cost]:
    config, footage, costs = VIDEO_TINY if tiny else VIDEO, Footage(frames, side, device), []
    if naive:
        with published_attention():
            plain = VideoNetwork(Backbone(network(config, side, torch.float32, device)))
            costs.append(video(plain, footage, steps, "null_text", "naive port", naive=True))
            del plain
    ours = VideoNetwork(Backbone(network(config, side, loading.PRECISIONS[precision], device)))
    video(ours, Footage(2, side, device), 2, "null_text", "warm")
    costs.append(video(ours, footage, steps, "null_text", "keyfollow, null_text"))
    costs.append(video(ours, footage, steps, "direct", "keyfollow, direct"))
    costs.append(video(ours, footage, max(1, steps // 2), "direct", "keyfollow, direct, half the steps"))
    return costs


def prompts(unet: Any, device: torch.device) -> tuple[TextState, TextState]:
    dice = torch.Generator().manual_seed(2)
    width = int(unet.config.cross_attention_dim)
    one, two = (TextState(torch.randn(1, 77, width, generator=dice).to(device, unet.dtype)) for _ in range(2))
    return one, two


def measured(
    name: str, invert: Callable[[], None], edit: Callable[[], None], device: torch.device, work: Callable[[], tuple[int, int]]
) -> Cost:
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    seconds = []
    with Resident() as watched:
        for part in (invert, edit):
            # a CPU that is shared with others does not count their time
            clock = time.perf_counter if device.type == "cuda" else time.process_time
            began = clock()
            part()
            if device.type == "cuda":
                torch.cuda.synchronize()
            seconds.append(clock() - began)
    peak = torch.cuda.max_memory_allocated() if device.type == "cuda" else watched.peak
    return Cost(name, seconds[0], seconds[1], *work(), peak)


class Resident:
    """The most resident bytes of this process while the block runs, beyond those it began with."""

    def __enter__(self) -> Resident:
        self._process, self._done = psutil.Process(), threading.Event()
        self._base, self.peak = self._process.memory_info().rss, 0
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(0.01):
            self.peak = max(self.peak, self._process.memory_info().rss - self._base)


def picture_costs(
    given: argparse.Namespace, size: int, frames: int, steps: int, tiny: bool, precision: str, device: torch.device
) -> list[Cost]:
    config, side = TINY if tiny else FULL, size // 8
    footage = Footage(frames, side, device)
    options = Options(steps=steps, guided_steps=round(0.52 * steps), update_weight=100.0 if size >= 256 else 4.0)
    costs = []
    if not given.no_naive:
        costs.append(naive(network(config, side, torch.float32, device), footage, options, device))
    backbone = Backbone(network(config, side, loading.PRECISIONS[precision], device))
    schedules = ("frame", "step", "wave") if given.schedule == "all" else (given.schedule,)
    ours(backbone, Footage(2, side, device), Options(steps=2), schedules[0], given.width)  # warm
    costs += [ours(backbone, footage, options, schedule, given.width) for schedule in schedules]
    return costs


def memory_by_length(size: int, steps: int, tiny: bool, precision: str, device: torch.device) -> dict[int, float]:
    """Peak MiB of the step schedule, by frames."""
    side = size // 8
    backbone = Backbone(network(TINY if tiny else FULL, side, loading.PRECISIONS[precision], device))
    found = {}
    for frames in (2, 8, 64):  # the first warms up
        cost = ours(backbone, Footage(frames, side, device), Options(steps=steps), "step", width=1)
        found[frames] = round(cost.peak_bytes / (1 << 20), 1)
    del found[2]
    return found


def main() -> None:
    if "i2vedit" in sys.argv[1:]:
        at = sys.argv.index("i2vedit")
        # a video model's figures are of another kind; this folder is where a script's own imports are found
        importlib.import_module("i2vedit").main(sys.argv[1 : at - 1] + sys.argv[at + 1 :])
        return
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--engine", choices=("pix2video", "vid2vid_zero", "i2vedit"), default="pix2video")
    parser.add_argument("--size", type=int, help="default 512, tiny 128")
    parser.add_argument("--frames", type=int, help="default 16, or one window of 8 for vid2vid_zero; tiny 4")
    parser.add_argument("--steps", type=int, help="default 50, tiny 10")
    parser.add_argument("--width", type=int, default=8)
    parser.add_argument("--schedule", choices=("frame", "step", "wave", "all"), default="all")
    parser.add_argument("--dtype", choices=("auto", *loading.PRECISIONS), default="auto")
    parser.add_argument("--tiny", action="store_true", help="a small network, for a CPU; by default where there is no GPU")
    parser.add_argument("--no-naive", action="store_true")
    parser.add_argument("--memory", action="store_true", help="only the step schedule's peak, with 8 and with 64 frames")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    device = loading.best_device()
    tiny = given.tiny or device.type == "cpu"
    size, frames, steps = (
        given.size or (128 if tiny else 512),
        given.frames or (4 if tiny else 8 if given.engine == "vid2vid_zero" else 16),
        given.steps or (10 if tiny else 50),
    )
    precision = loading.precision_of(given.dtype, device)
    if given.memory:
        found = memory_by_length(size, steps, tiny, precision, device)
        print(json.dumps(found) if given.json else "  ".join(f"{n} frames: {peak} MiB" for n, peak in found.items()))
        return
    if given.engine == "vid2vid_zero":
        costs = video_costs(size // 8, frames, steps, tiny, precision, device, not given.no_naive)
    else:
        costs = picture_costs(given, size, frames, steps, tiny, precision, device)
    about = {"device": str(device), "dtype": precision, "size": size, "frames": frames, "steps": steps, "tiny": tiny}
    rows = [
        {
            "name": c.name,
            "inversion_s_per_frame": round(c.inversion_s / frames, 4),
            "edit_s_per_frame": round(c.edit_s / frames, 4),
            "calls": c.calls,
            "sample_forwards_per_frame": round(c.samples / frames, 1),
            "peak_MiB": c.peak_bytes >> 20,
            "times_faster": round((costs[0].inversion_s + costs[0].edit_s) / (c.inversion_s + c.edit_s), 2),
        }
        for c in costs
    ]
    if given.json:
        print(json.dumps({**about, "rows": rows}))
        return
    print(", ".join(f"{k} {v}" for k, v in about.items()))
    for row in rows:
        print("  ".join(f"{k}={v}" for k, v in row.items()))


if __name__ == "__main__":
    main()
