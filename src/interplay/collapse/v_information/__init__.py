"""V-information of every layer: what the layers above it, trained from scratch, can still read from its output."""

from interplay.collapse.v_information.bits import label_entropy, v_information
from interplay.collapse.v_information.decoders import DecoderSettings
from interplay.collapse.v_information.feed import Key, Samples
from interplay.collapse.v_information.interim import Interim
from interplay.collapse.v_information.measure import (
    LabelledImages,
    minimality_given_label,
    sufficiency_and_minimality,
)
from interplay.collapse.v_information.relabelling import digits_needed, relabel
from interplay.collapse.v_information.training import DecoderLosses, train_decoders

__all__ = [
    "DecoderLosses",
    "DecoderSettings",
    "Interim",
    "Key",
    "LabelledImages",
    "Samples",
    "digits_needed",
    "label_entropy",
    "minimality_given_label",
    "relabel",
    "sufficiency_and_minimality",
    "train_decoders",
    "v_information",
]
