"""CLIP with a ResNet-50, by OpenAI.

The published file is a TorchScript archive in half precision whose URL holds its SHA-256; the other is the same network
in single precision, converted for OpenCLIP (timm on the Hugging Face hub). Size and hashes stand in several unrelated
public projects.
"""

from interplay.protocols.assets import FilePin, HttpSource, Pinned, WeightsInfo

SHA256 = "afeb0e10f9e5a86da6080e35cf09123aca3b358a0c3e3b6c78a7b63bc04b6762"
REVISION = "ec3d92cf63a5f9d591f0d611b736895966c73076"
WEIGHTS = WeightsInfo(
    name="clip-rn50-openai",
    title="CLIP RN50 (OpenAI)",
    description="image and text encoders with a ResNet-50",
    architecture="RN50-quickgelu of OpenCLIP",
    licence="MIT (code and weights of the openai/CLIP repository)",
    citation="A. Radford et al., Learning Transferable Visual Models From Natural Language Supervision, ICML 2021",
    forms=(
        Pinned(
            path="weights/clip-rn50-openai.torchscript.pt",
            files={"clip-rn50-openai.torchscript.pt": FilePin(size=255_827_503, sha256=SHA256)},
            sources=(
                HttpSource(name="published", url=f"https://openaipublic.azureedge.net/clip/models/{SHA256}/RN50.pt"),
            ),
        ),
        Pinned(
            path="weights/clip-rn50-openai.safetensors",
            files={
                "clip-rn50-openai.safetensors": FilePin(
                    size=408_291_932, sha256="da0baa37fb2211eee5729ab69ed587eb10d48f5b7076ceeed01552fc3d4cb4ee"
                )
            },
            sources=(
                HttpSource(
                    name="huggingface",
                    url=f"https://huggingface.co/timm/resnet50_clip.openai/resolve/{REVISION}/open_clip_model.safetensors",
                ),
            ),
        ),
    ),
)
