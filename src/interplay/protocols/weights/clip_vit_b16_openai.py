"""CLIP with a ViT-B/16, by OpenAI.

The file is OpenAI's network in single precision, converted for OpenCLIP (timm on the Hugging Face hub): its hash and
revision stand in several unrelated public projects, its size in one, and it is that of another file of the same layout.
Of OpenAI's own TorchScript archive (SHA-256 5806e77cd80f8b59890b7e101eabd078d9fb84e6937f9e85e4ecb61988df416f, about 351
MB) no public source gives the size in bytes, without which nothing is pinned here.
"""

from interplay.protocols.assets import FilePin, HttpSource, Pinned, WeightsInfo

REVISION = "977e3dd0ec55ab8da155f2fbeb6b5f54948b6e3d"
WEIGHTS = WeightsInfo(
    name="clip-vit-b16-openai",
    title="CLIP ViT-B/16 (OpenAI)",
    description="image and text encoders with a vision transformer of patches of 16 pixels",
    architecture="ViT-B-16-quickgelu of OpenCLIP",
    licence="MIT (code and weights of the openai/CLIP repository)",
    citation="A. Radford et al., Learning Transferable Visual Models From Natural Language Supervision, ICML 2021",
    forms=(
        Pinned(
            path="weights/clip-vit-b16-openai.safetensors",
            files={
                "clip-vit-b16-openai.safetensors": FilePin(
                    size=598_516_980, sha256="4b8699299b1e8997753c64b052ba32031449d5d853f55a039148560ee02b820f"
                )
            },
            sources=(
                HttpSource(
                    name="huggingface",
                    url=f"https://huggingface.co/timm/vit_base_patch16_clip_224.openai/resolve/{REVISION}/open_clip_model.safetensors",
                ),
            ),
        ),
    ),
)
