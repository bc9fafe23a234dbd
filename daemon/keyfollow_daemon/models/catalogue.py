"""What can be had: for each engine the weights it can use, where they are, under which licence, and what they are good for.

Data only. A model may be put together from several repositories (a base, a ControlNet, a depth model): the result is one folder in
diffusers layout. Every repository is pinned to a commit; half-precision files are taken where there are some, and stored under the
plain names that loaders look for.
"""

from __future__ import annotations

from dataclasses import dataclass

from keyfollow.errors import UsageError

from keyfollow_daemon.models.weights import SAFETENSORS

VARIANT = ".fp16"
FROM_HUB = "hub "
"""How the origin of what was pulled begins."""
Index = tuple[tuple[str, str, str], ...]
"""(component, library, class)…"""


@dataclass(frozen=True, slots=True)
class Source:
    """Files of one repository on the hub.

    Args:
        repo: ``owner/name``.
        revision: a commit, 40 hex digits.
        files: paths in the repository.
        into: the component that they become; ``""`` where the repository's own layout is kept.
    """

    repo: str
    revision: str
    files: tuple[str, ...]
    into: str = ""

    def place(self, file: str) -> str:
        """Where `file` lies in the model's folder."""
        folder, _, name = file.rpartition("/")
        return "/".join(filter(None, (self.into, folder, name.replace(VARIANT + SAFETENSORS, SAFETENSORS))))


@dataclass(frozen=True, slots=True)
class Entry:
    """A model that `keyfollow models pull` knows.

    Args:
        engines: the engines that can run on it, or ``"depth"``, ``"caption"``, ``"metrics"``.
        size_bytes: of the download, about.
        licence_url: where its text is.
        pipeline, index: what its ``model_index.json`` will say; empty for a model of one component.
        gated: the hub asks who downloads it: an account and a token are needed.
    """

    id: str
    title: str
    engines: tuple[str, ...]
    good_for: str
    licence: str
    licence_url: str
    size_bytes: int
    sources: tuple[Source, ...]
    pipeline: str = ""
    index: Index = ()
    gated: bool = False

    @property
    def origin(self) -> str:
        return "\n".join(f"{FROM_HUB}{source.repo}@{source.revision}" for source in self.sources)


def _weights(component: str, kind: str = "diffusion_pytorch_model", variant: str = VARIANT) -> tuple[str, ...]:
    return (f"{component}/config.json", f"{component}/{kind}{variant}.safetensors")


def _tokenizer(component: str) -> tuple[str, ...]:
    return tuple(
        f"{component}/{name}" for name in ("merges.txt", "special_tokens_map.json", "tokenizer_config.json", "vocab.json")
    )


HUB = "https://huggingface.co"
OPENRAIL = "CreativeML OpenRAIL-M"
OPENRAIL_URL = f"{HUB}/spaces/CompVis/stable-diffusion-license"
SVD_LICENCE = "Stability AI Community Licence"

SD_FILES = (
    *_weights("unet"),
    *_weights("vae"),
    *_weights("text_encoder", "model"),
    *_tokenizer("tokenizer"),
    "scheduler/scheduler_config.json",
)
SD_INDEX: Index = (
    ("unet", "diffusers", "UNet2DConditionModel"),
    ("vae", "diffusers", "AutoencoderKL"),
    ("text_encoder", "transformers", "CLIPTextModel"),
    ("tokenizer", "transformers", "CLIPTokenizer"),
    ("scheduler", "diffusers", "PNDMScheduler"),
)
SD15 = Source("stable-diffusion-v1-5/stable-diffusion-v1-5", "451f4fe16113bff5a5d2269ed5ad43b0592e9a14", SD_FILES)
SD14 = Source("CompVis/stable-diffusion-v1-4", "133a221b8aa7292a167afc5127cb63fb5005638b", SD_FILES)
SDXL = Source(
    "stabilityai/stable-diffusion-xl-base-1.0",
    "462165984030d82259a11f4367a4eed129e94a7b",
    (*SD_FILES, *_weights("text_encoder_2", "model"), *_tokenizer("tokenizer_2")),
)
SDXL_INDEX: Index = (
    *SD_INDEX[:-1],
    ("text_encoder_2", "transformers", "CLIPTextModelWithProjection"),
    ("tokenizer_2", "transformers", "CLIPTokenizer"),
    ("scheduler", "diffusers", "EulerDiscreteScheduler"),
)
SVD_FILES = (
    *_weights("unet"),
    *_weights("vae"),
    *_weights("image_encoder", "model"),
    "feature_extractor/preprocessor_config.json",
    "scheduler/scheduler_config.json",
)
SVD_INDEX: Index = (
    ("unet", "diffusers", "UNetSpatioTemporalConditionModel"),
    ("vae", "diffusers", "AutoencoderKLTemporalDecoder"),
    ("image_encoder", "transformers", "CLIPVisionModelWithProjection"),
    ("feature_extractor", "transformers", "CLIPImageProcessor"),
    ("scheduler", "diffusers", "EulerDiscreteScheduler"),
)
CONTROL_FILES = ("config.json", f"diffusion_pytorch_model{VARIANT}.safetensors")
CONTROL_SD15 = Source(
    "lllyasviel/control_v11f1p_sd15_depth", "539f99181d33db39cf1af2e517cd8056785f0a87", CONTROL_FILES, "controlnet"
)
CONTROL_SDXL = Source(
    "diffusers/controlnet-depth-sdxl-1.0", "17bb97973f29801224cd66f192c5ffacf82648b4", CONTROL_FILES, "controlnet"
)
CONTROL_INDEX: Index = (("controlnet", "diffusers", "ControlNetModel"),)
DEPTH_REPO, DEPTH_COMMIT = "depth-anything/Depth-Anything-V2-Small-hf", "5426e4f0f36572d16453bbda7a8389317b1bef99"
DEPTH_PARTS = (
    Source(DEPTH_REPO, DEPTH_COMMIT, ("config.json", "model.safetensors"), "depth_estimator"),
    Source(DEPTH_REPO, DEPTH_COMMIT, ("preprocessor_config.json",), "feature_extractor"),
)
DEPTH_INDEX: Index = (
    ("depth_estimator", "transformers", "DepthAnythingForDepthEstimation"),
    ("feature_extractor", "transformers", "DPTImageProcessor"),
)
CLIP_TEXT_FILES = ("merges.txt", "vocab.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")

ENTRIES = (
    Entry(
        "sd15-depth",
        "Stable Diffusion 1.5 with depth ControlNet",
        ("pix2video",),
        "Pix2Video at 512: restyling and replacing by prompt or keyframe; the shape of the scene is kept.",
        f"{OPENRAIL}; depth model Apache-2.0",
        OPENRAIL_URL,
        2_955_000_000,
        (SD15, CONTROL_SD15, *DEPTH_PARTS),
        "StableDiffusionControlNetPipeline",
        (*SD_INDEX, *CONTROL_INDEX, *DEPTH_INDEX),
    ),
    Entry(
        "sdxl-depth",
        "Stable Diffusion XL with depth ControlNet",
        ("pix2video",),
        "Pix2Video at 1024: finer detail than at 512, for more memory and time.",
        "CreativeML Open RAIL++-M; depth model Apache-2.0",
        f"{HUB}/{SDXL.repo}/blob/{SDXL.revision}/LICENSE.md",
        9_540_000_000,
        (SDXL, CONTROL_SDXL, *DEPTH_PARTS),
        "StableDiffusionXLControlNetPipeline",
        (*SDXL_INDEX, *CONTROL_INDEX, *DEPTH_INDEX),
    ),
    Entry(
        "sd15",
        "Stable Diffusion 1.5",
        ("vid2vid_zero",),
        "vid2vid-zero at 512: edits by source and target prompt; no depth needed.",
        OPENRAIL,
        OPENRAIL_URL,
        2_134_000_000,
        (SD15,),
        "StableDiffusionPipeline",
        SD_INDEX,
    ),
    Entry(
        "sd14",
        "Stable Diffusion 1.4",
        ("vid2vid_zero",),
        "vid2vid-zero as its authors ran it; otherwise prefer sd15.",
        OPENRAIL,
        OPENRAIL_URL,
        2_134_000_000,
        (SD14,),
        "StableDiffusionPipeline",
        SD_INDEX,
    ),
    Entry(
        "svd",
        "Stable Video Diffusion, 14 frames",
        ("i2vedit",),
        "I2VEdit at 1024x576: an edited first frame carried on, in stretches of 14 frames.",
        SVD_LICENCE,
        f"{HUB}/stabilityai/stable-video-diffusion-img2vid/blob/main/LICENSE.md",
        4_510_000_000,
        (Source("stabilityai/stable-video-diffusion-img2vid", "9cf024d5bfa8f56622af86c884f26a52f6676f2e", SVD_FILES),),
        "StableVideoDiffusionPipeline",
        SVD_INDEX,
        gated=True,
    ),
    Entry(
        "svd-xt",
        "Stable Video Diffusion XT, 25 frames",
        ("i2vedit",),
        "I2VEdit at 1024x576 in stretches of 25 frames: fewer seams, more memory.",
        SVD_LICENCE,
        f"{HUB}/stabilityai/stable-video-diffusion-img2vid-xt/blob/main/LICENSE.md",
        4_510_000_000,
        (Source("stabilityai/stable-video-diffusion-img2vid-xt", "9e43909513c6714f1bc78bcb44d96e733cd242aa", SVD_FILES),),
        "StableVideoDiffusionPipeline",
        SVD_INDEX,
        gated=True,
    ),
    Entry(
        "depth-anything-v2-small",
        "Depth Anything V2, small",
        ("depth",),
        "Depth of a frame, for depth-conditioned models that bring no depth model; small and quick.",
        "Apache-2.0",
        f"{HUB}/{DEPTH_REPO}",
        99_200_000,
        (Source(DEPTH_REPO, DEPTH_COMMIT, ("config.json", "model.safetensors", "preprocessor_config.json")),),
    ),
    Entry(
        "dpt-large",
        "DPT, large",
        ("depth",),
        "Depth of a frame, by the kind of model that the original SD 2 depth pipeline brought along.",
        "Apache-2.0",
        f"{HUB}/Intel/dpt-large",
        1_370_000_000,
        (
            Source(
                "Intel/dpt-large",
                "bc15f29aa3a80d532f2ed650b5e16ac48d8958f9",
                ("config.json", "model.safetensors", "preprocessor_config.json"),
            ),
        ),
    ),
    Entry(
        "blip-large",
        "BLIP image captioning, large",
        ("caption",),
        "Writes the source prompt from a frame when none is given.",
        "BSD-3-Clause",
        f"{HUB}/Salesforce/blip-image-captioning-large",
        1_880_000_000,
        (
            Source(
                "Salesforce/blip-image-captioning-large",
                "353689b859fcf0523410b1806dace5fb46ecdf41",
                (
                    *("config.json", "preprocessor_config.json", "special_tokens_map.json", "tokenizer.json"),
                    *("tokenizer_config.json", "vocab.txt", "model.safetensors"),
                ),
            ),
        ),
    ),
    Entry(
        "clip-large",
        "CLIP ViT-L/14",
        ("metrics",),
        "Scores of takes in benchmarks/evaluate.py: does the picture fit the prompt, do frames fit one another.",
        "MIT",
        "https://github.com/openai/CLIP/blob/main/LICENSE",
        1_714_000_000,
        (
            Source(
                "openai/clip-vit-large-patch14",
                "32bd64288804d66eefd0ccbe215aa642df71cc41",
                ("config.json", "preprocessor_config.json", *CLIP_TEXT_FILES, "model.safetensors"),
            ),
        ),
    ),
)
CATALOGUE = {entry.id: entry for entry in ENTRIES}


def entry(id: str) -> Entry:
    """Raises UsageError ``unknown_model``."""
    if id not in CATALOGUE:
        raise UsageError(
            "unknown_model",
            f"The catalogue has no model called {id!a:.80}.",
            f"It has: {', '.join(CATALOGUE)}. For any other: keyfollow models pull OWNER/NAME, or keyfollow models add FOLDER.",
        )
    return CATALOGUE[id]


def models_for(engine: str) -> tuple[Entry, ...]:
    """What `engine` (or ``"depth"``, ``"caption"``, ``"metrics"``) can use, the best first."""
    return tuple(e for e in ENTRIES if engine in e.engines)


def index_of(components: Index, pipeline: str) -> dict[str, object]:
    """``model_index.json`` of a model that is put together here."""
    return {"_class_name": pipeline, **{name: [library, cls] for name, library, cls in components}}
