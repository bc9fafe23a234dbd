"""What I2VEdit costs: at full size counted on the real architecture without weights, and measured on a small network.

    python benchmarks/diffusion.py --engine i2vedit [--frames N] [--steps N] [--tiny] [--clips N] [--json]

Counted: the network is built on torch's meta device, so nothing is computed; every operation's floating-point operations are counted and
every tensor's bytes while it lives, attention as the fused kernel that it is. Measured (`--tiny`): training, inversion and edit of one
clip, with the source's features kept and made anew, against a naive port: float32, attention maps written out, whole difference maps. `--clips` chains that many with skip-interval attention
through the engine, on the tests' tiny model, and counts the most bytes that tensors take while each is inverted, learned from and edited.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import weakref
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from keyfollow_daemon.engines.i2vedit import attention, network
from keyfollow_daemon.engines.i2vedit.conditioning import INVERSION_FPS
from keyfollow_daemon.engines.i2vedit.difference import row_difference
from keyfollow_daemon.engines.i2vedit.edit import ClipEdit
from keyfollow_daemon.engines.i2vedit.features import Features, FeatureStore
from keyfollow_daemon.engines.i2vedit.lora import MotionLora, target_names
from keyfollow_daemon.engines.i2vedit.matching import Match, Matching
from keyfollow_daemon.engines.i2vedit.network import Conditioning, Network
from keyfollow_daemon.engines.i2vedit.plan import disk_bytes
from keyfollow_daemon.engines.i2vedit.source import Source, inverted
from keyfollow_daemon.engines.i2vedit.training import Draw, Lesson, Trainer, Training, velocity_loss
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

WORK, LEARN = (72, 128), (64, 112)
IDS = (INVERSION_FPS, 127.0, 0.02)
TINY: dict[str, Any] = {
    "block_out_channels": (32, 64, 64),
    "down_block_types": ("CrossAttnDownBlockSpatioTemporal",) * 2 + ("DownBlockSpatioTemporal",),
    "up_block_types": ("UpBlockSpatioTemporal",) + ("CrossAttnUpBlockSpatioTemporal",) * 2,
    "num_attention_heads": (2, 4, 4),
    "cross_attention_dim": 32,
    "addition_time_embed_dim": 16,
    "projection_class_embeddings_input_dim": 48,
    "layers_per_block": 1,
}
LEVELS = (0.002, 700.0)


class Live(TorchDispatchMode):
    """Bytes of all storages that operations made and that still live; `peak` is the most at once."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.now = self.peak = 0
        self._known: set[int] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        for tensor in out if isinstance(out, (tuple, list)) else (out,):
            if isinstance(tensor, Tensor):
                self._see(tensor.untyped_storage())
        return out

    def _see(self, storage: Any) -> None:
        key = storage._cdata
        if key in self._known:
            return
        size = storage.nbytes()
        self._known.add(key)
        self.now += size
        self.peak = max(self.peak, self.now)
        weakref.finalize(storage, self._gone, key, size)

    def _gone(self, key: int, size: int) -> None:
        self._known.discard(key)
        self.now -= size


class Fused(torch.autograd.Function):
    """Attention as one kernel: its result alone is allocated, its way back is two and a half times its way there."""

    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, value: Tensor, flops: list[float]) -> Tensor:
        flops[0] += 4 * query.numel() * key.shape[-2]
        out = torch.empty_like(query)
        ctx.save_for_backward(query, key, value, out)
        ctx.flops = flops
        return out

    @staticmethod
    def backward(ctx: Any, *_: Tensor) -> tuple[Tensor | None, ...]:
        query, key, value, _out = ctx.saved_tensors
        ctx.flops[0] += 10 * query.numel() * key.shape[-2]
        return torch.empty_like(query), torch.empty_like(key), torch.empty_like(value), None


@contextmanager
def fused(attended: list[float], compared: list[float]) -> Iterator[None]:
    """Floating-point operations of attention and of differences are added up in the lists."""

    def difference(query: Tensor, key: Tensor, source_query: Tensor, source_key: Tensor) -> Tensor:
        """Of one frame, which takes the memory; the others are like it, and thousands of operations without numbers take minutes."""
        compared[0] += 4 * query[1:].numel() * key.shape[-2]
        return row_difference(query[:1], key[:1], source_query[:1], source_key[:1]).expand(len(query), -1)

    changes = (
        (attention, "attend", lambda q, k, v: Fused.apply(q, k, v, attended)),  # type: ignore[no-untyped-call]
        (attention, "row_difference", difference),
        (torch.nn.functional, "scaled_dot_product_attention", lambda q, k, v, **_: Fused.apply(q, k, v, attended)),  # type: ignore[no-untyped-call]
        (network, "check_finite", lambda *_: None),
    )
    with patched(*changes):
        yield


@contextmanager
def written_out() -> Iterator[None]:
    """Attention and difference with whole maps, as the published code has them."""

    def rows(query: Tensor, key: Tensor) -> Tensor:
        out: Tensor = (query.float() @ key.float().transpose(-1, -2) / query.shape[-1] ** 0.5).softmax(dim=-1)
        return out

    def difference(q: Tensor, k: Tensor, qs: Tensor, ks: Tensor) -> Tensor:
        return (rows(qs, ks) - rows(q, k)).abs().mean(dim=1).sum(dim=-1).clamp(0, 2) / 2

    with patched(
        (attention, "attend", lambda q, k, v: (rows(q, k) @ v.float()).to(v)), (attention, "row_difference", difference)
    ):
        yield


@contextmanager
def patched(*changes: tuple[Any, str, Any]) -> Iterator[None]:
    right = [(where, name, getattr(where, name)) for where, name, _ in changes]
    for where, name, wrong in changes:
        setattr(where, name, wrong)
    try:
        yield
    finally:
        for where, name, value in right:
            setattr(where, name, value)


def built(device: str, dtype: torch.dtype, **config: Any) -> Network:
    from diffusers import UNetSpatioTemporalConditionModel

    torch.manual_seed(0)
    with torch.device(device):
        unet = UNetSpatioTemporalConditionModel(**config)
    return Network(unet.to(device, dtype).eval().requires_grad_(False))


def given(made: Network, frames: int, latent: tuple[int, int]) -> Conditioning:
    width = int(made.unet.config.cross_attention_dim)
    device = made.device
    return Conditioning(torch.zeros(1, 1, width, device=device), torch.zeros(1, frames, 4, *latent, device=device), IDS)


def counted(frames: int, steps: int) -> list[dict[str, Any]]:
    """Each call at full size: TFLOP, and GiB that it holds beside the weights."""
    made = built("meta", torch.bfloat16)
    weights = sum(p.numel() for p in made.unet.parameters())
    learned = {
        wide: sum(32 * (m.in_features + m.out_features) for m in target_names(made.unet, wide).values())
        for wide in (False, True)
    }
    source = Features()
    x, start = torch.empty(1, frames, 4, *WORK, device="meta"), given(made, frames, WORK)

    def captured() -> None:
        made(x, 1.0, start, attention.Call(capture=source))

    def edited() -> None:
        match = Match(Matching(), source, 0, steps)
        made(x.expand(2, -1, -1, -1, -1), 1.0, start.guided(), attention.Call(match=match))

    rows = [
        measured_on_meta("a source call, its features captured", captured),
        measured_on_meta("an edit's call, both halves, matched", edited),
    ]
    rows[0]["features_GiB"] = round(source.bytes() / 2**30, 2)
    lora = MotionLora(made.unet, 32, False, 0.1)
    small = torch.empty(frames, 4, *LEARN, device="meta")
    lesson = Lesson(small, small[0], given(made, frames, LEARN).embedding)

    def learned_from() -> None:
        with lora.active(training=True):
            velocity_loss(made, lesson, Draw(1.0, small, small[0]), IDS, None).backward()

    rows.append(measured_on_meta("a training step", learned_from))
    made.compute_again()
    rows.append(measured_on_meta("a training step, activations made again", learned_from))
    rows += autoencoder()
    disk = {w: disk_bytes(frames, WORK, LEARN, steps, w, True) for w in (False, True)}
    rows.append({"what": "weights in bf16", "GiB": round(2 * weights / 2**30, 2)})
    rows += [
        {
            "what": f"kept of a chain's first clip, {'every layer of temporal blocks' if wide else 'temporal attention'} learned",
            "MiB": round(disk[wide] / 2**20, 1),
            "lora_parameters": learned[wide],
        }
        for wide in (False, True)
    ]
    return rows  # fmt: skip


def autoencoder() -> list[dict[str, Any]]:
    """Stable Video Diffusion's, float32: a frame encoded, and as many decoded at once as the ladder's plans do."""
    from diffusers import AutoencoderKLTemporalDecoder

    with torch.device("meta"):
        made = AutoencoderKLTemporalDecoder(
            down_block_types=("DownEncoderBlock2D",) * 4, block_out_channels=(128, 256, 512, 512), layers_per_block=2
        )
    # what it mixes frames by is made on the CPU all the same
    made = made.to("meta").requires_grad_(False)
    picture = torch.empty(1, 3, *(8 * side for side in WORK), device="meta")
    coded = torch.empty(8, 4, *WORK, device="meta")

    def decoded(frames: int) -> None:
        made.decode(coded[:frames], num_frames=frames)

    return [
        measured_on_meta("a frame encoded", lambda: made.encode(picture)),
        *(measured_on_meta(f"{n} frames decoded at once", partial(decoded, n)) for n in (8, 4)),
    ]


def measured_on_meta(what: str, run: Callable[[], None]) -> dict[str, Any]:
    attended, compared = [0.0], [0.0]
    grad = "training" in what
    # one after the other: what counts operations holds on to tensors on the way back
    with fused([0.0], [0.0]), Live() as live, torch.set_grad_enabled(grad):
        run()
    with fused(attended, compared), FlopCounterMode(display=False) as counter, torch.set_grad_enabled(grad):
        run()
    return {
        "what": what,
        "TFLOP": round((counter.get_total_flops() + attended[0] + compared[0]) / 1e12, 1),
        "attention_TFLOP": round(attended[0] / 1e12, 1),
        "peak_GiB": round(live.peak / 2**30, 2),
    }


def measured(frames: int, steps: int, side: int, training: int = 4) -> list[dict[str, Any]]:
    """One clip on a small network; seconds are the process's own, since a CPU is shared with others."""
    rows = []
    for name, budget, naive in (
        ("naive port", 1 << 40, True),
        ("keyfollow, features kept", 1 << 40, False),
        ("keyfollow, features made anew", 0, False),
    ):
        made = built("cpu", torch.float32, **TINY)
        with written_out() if naive else patched():
            rows.append({"what": name, **one_clip(made, frames, steps, side, training, budget)})
    first = rows[0]["training_s"] + rows[0]["inversion_s"] + rows[0]["edit_s"]
    for row in rows:
        row["times_faster"] = round(first / (row["training_s"] + row["inversion_s"] + row["edit_s"]), 2)
    return rows  # fmt: skip


def one_clip(made: Network, frames: int, steps: int, side: int, training: int, budget: int) -> dict[str, Any]:
    from keyfollow_daemon.engines.diffusion.edm import karras_sigmas

    dice = torch.Generator().manual_seed(1)
    clean, sigmas = torch.randn(frames, 4, side, side, generator=dice), karras_sigmas(steps, *LEVELS)
    start, store = given(made, frames, (side, side)), FeatureStore(made.device)
    store.budget = budget
    lora = MotionLora(made.unet, 32, False, 0.1)
    spent = []

    def timed(part: Callable[[], Any]) -> Any:
        began = time.process_time()
        out = part()
        spent.append(round(time.process_time() - began, 2))
        return out

    trainer = Trainer(made, lora, Training(steps=training), Lesson(clean, clean[0], start.embedding), LEVELS, None, 0)
    timed(lambda: [trainer.advance() for _ in range(training)])
    kept: dict[int, Features] = {}
    states = timed(lambda: inverted(made, start, clean, sigmas, keep=kept.__setitem__ if budget else None))
    source = Source(made, store, "clip", states, start, sigmas)
    for entry, features in kept.items():
        store.offer(source.name(entry), features)
    edit = ClipEdit(made, lora, lora.state(), source, start, sigmas, matching=Matching())
    timed(lambda: [edit.advance() for _ in range(steps)])
    return {**dict(zip(("training_s", "inversion_s", "edit_s"), spent, strict=True)), "kept_MiB": store.bytes >> 20}


def chained(clips: int) -> list[dict[str, Any]]:
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "kit"))
    from keyfollow.frames import FrameBuffer
    from keyfollow_daemon.engines.base import Preview
    from keyfollow_testkit import clips as pictures
    from keyfollow_testkit import svd
    from keyfollow_testkit.memory import Memory

    class Watched(Memory):
        """Notes the most bytes by phase and clip: every phase goes from clip to clip in as many steps each."""

        def __init__(self, frames: list[FrameBuffer], live: Live) -> None:
            super().__init__(frames)
            self.live, self.peaks = live, defaultdict[str, list[int]](lambda: [0] * clips)
            self._at: tuple[str, int] | None = None

        def progress(self, phase: str, done: int, total: int, preview: Preview | None = None) -> None:
            super().progress(phase, done, total)
            if self._at is not None:
                name, clip = self._at
                self.peaks[name][clip] = max(self.peaks[name][clip], self.live.peak)
            self.live.peak = self.live.now
            self._at = (phase.partition(" (")[0], done * clips // total) if done < total else None

    rows = []
    length = int(str(svd.SMALL["length"]))
    frames = [FrameBuffer(np.ascontiguousarray(f)) for f in pictures.moving_patch(clips * (length - 1) + 1, 64, 64)]
    for features in ("rerun", "keep"):
        engine = svd.cpu_engine()
        # opens the model, which is not counted
        svd.made(engine, Memory(frames[:2]), svd.edit(frames[:2], {0: svd.recoloured(frames, 0)}))
        with Live() as live:
            watched = Watched(frames, live)
            svd.made(engine, watched, svd.edit(frames, {0: svd.recoloured(frames, 0)}, source_features=features))
        for phase, peaks in watched.peaks.items():
            if phase != "Preparing":
                rows.append({"source_features": features, "phase": phase, "MiB_by_clip": [round(b / 2**20, 2) for b in peaks]})
    return rows


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--frames", type=int, help="default 14; tiny 6")
    parser.add_argument("--steps", type=int, help="default 25; tiny 4")
    parser.add_argument("--tiny", action="store_true", help="measure a small network on the CPU")
    parser.add_argument("--clips", type=int, help="only the memory of so many chained clips")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args(arguments)
    if asked.clips:
        rows = chained(asked.clips)
    elif asked.tiny:
        torch.set_num_threads(1)
        rows = measured(asked.frames or 6, asked.steps or 4, 32)
    else:
        rows = counted(asked.frames or 14, asked.steps or 25)
    if asked.json:
        print(json.dumps({"tiny": asked.tiny, "rows": rows}))
        return
    for row in rows:
        print("  ".join(f"{k}={v}" for k, v in row.items()))


if __name__ == "__main__":
    main()
