"""Hyperparameters of the semi-supervised methods (metrics24 VIII, Table II), one class a method.

`unlabelled_ratio` is mu: how many unlabelled images a step takes for each labelled one. `weight` multiplies the
unlabelled term, `warm_up` is the share of the training over which that weight grows from 0. Values and sources stand in
`config/experiments/semi_supervised.yaml`.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from interplay.protocols.sourced import Strict

Probability = Annotated[float, Field(ge=0, le=1)]
Decay = Annotated[float, Field(ge=0, lt=1)]
Share = Annotated[float, Field(ge=0, lt=1)]


class Hyperparameters(Strict):
    """What every method has, and for the forecast how often a step takes an unlabelled and a labelled image through a
    network: a pass forward alone is a third, one forward and back to the image two thirds (no gradient of weights).
    """

    passes: ClassVar[float] = 2
    labelled_passes: ClassVar[float] = 1

    unlabelled_ratio: PositiveInt


class LabelledOnly(Strict):
    """The baseline without unlabelled images has nothing to set."""


class PiModel(Hyperparameters):
    """Pi model: two views of an image are to be predicted alike."""

    passes: ClassVar[float] = 4 / 3  # the target forward alone

    weight: NonNegativeFloat
    warm_up: Share


class PseudoLabel(Hyperparameters):
    """Pseudo-Label: confident predictions count as labels of the same view."""

    passes: ClassVar[float] = 1

    weight: NonNegativeFloat
    warm_up: Share
    threshold: Probability


class VAT(Hyperparameters):
    """Virtual adversarial training: predictions are to hold `epsilon` (L2 norm) away in the worst direction.

    `probe` is the length of the finite difference by which that direction is found.
    """

    passes: ClassVar[float] = 8 / 3  # as it is, moved, and probed back to the image

    weight: NonNegativeFloat
    warm_up: Share
    epsilon: PositiveFloat
    probe: PositiveFloat
    entropy_weight: NonNegativeFloat


class MeanTeacher(Hyperparameters):
    """Mean Teacher: predictions are to be those of the averaged network on another view."""

    passes: ClassVar[float] = 4 / 3  # the target forward alone, in the averaged network

    weight: NonNegativeFloat
    warm_up: Share


class MixMatch(Hyperparameters):
    """MixMatch: sharpened guesses, and labelled and unlabelled images mixed with each other (Beta(alpha, alpha))."""

    passes: ClassVar[float] = 8 / 3  # two forward for the guess, two mixed

    weight: NonNegativeFloat
    warm_up: Share
    alpha: PositiveFloat
    temperature: PositiveFloat


class ReMixMatch(Hyperparameters):
    """ReMixMatch: MixMatch with distribution alignment, anchored strong views and a rotation to tell.

    `weight` is of the mixed unlabelled images, `strong_weight` of the first strong view as it is, `rotation_weight` of
    the rotation; `momentum` of the average prediction that guesses are aligned with.
    """

    passes: ClassVar[float] = 16 / 3  # one forward for the guess, three mixed, a strong one, a rotated one

    weight: NonNegativeFloat
    strong_weight: NonNegativeFloat
    rotation_weight: NonNegativeFloat
    warm_up: Share
    alpha: PositiveFloat
    temperature: PositiveFloat
    momentum: Decay


class UDA(Hyperparameters):
    """UDA: strong views are to be predicted as confident weak ones are, sharpened."""

    weight: NonNegativeFloat
    threshold: Probability
    temperature: PositiveFloat


class FixMatch(Hyperparameters):
    """FixMatch: confident predictions of the weak view are labels of the strong one."""

    weight: NonNegativeFloat
    threshold: Probability


class Dash(Hyperparameters):
    """Dash: FixMatch on samples whose loss is below a bound that shrinks by 1/gamma at intervals.

    The bound is `scale` times the unlabelled loss at the end of the warm-up times gamma^-k, never below `least`. The
    unlabelled term is 0 over the share `warm_up` of the training; `interval` is the share between two values of k.
    """

    weight: NonNegativeFloat
    gamma: Annotated[float, Field(gt=1)]
    scale: PositiveFloat
    least: PositiveFloat
    temperature: PositiveFloat
    warm_up: Share
    interval: Annotated[float, Field(gt=0, le=1)]


class MPL(Hyperparameters):
    """Meta Pseudo Labels: a teacher, trained by UDA and by how much its labels help a student.

    `weight` is of UDA's term; the student learns nothing over the share `wait` of the training; `momentum` is of the
    average that is taken off the student's gain.
    """

    passes: ClassVar[float] = 3  # both views in the teacher, the strong one in the student
    labelled_passes: ClassVar[float] = 8 / 3  # in both networks, and the student's loss before and after

    weight: NonNegativeFloat
    warm_up: Share
    threshold: Probability
    temperature: PositiveFloat
    label_smoothing: Probability
    wait: Share
    momentum: Decay


class FlexMatch(Hyperparameters):
    """FlexMatch: FixMatch with a threshold per class, lower where few samples were confident so far."""

    weight: NonNegativeFloat
    threshold: Probability
    threshold_warm_up: bool


class FreeMatch(Hyperparameters):
    """FreeMatch: a threshold that follows the confidence, per class, and a term for fair predictions."""

    weight: NonNegativeFloat
    fairness_weight: NonNegativeFloat
    momentum: Decay


class Interplay(FreeMatch):
    """FreeMatch with MAX MI or MIN HD between features of samples that pass the threshold and their class vectors.

    `features` says of which view the features are, `head` whether the gradient reaches the class vectors. The weight of
    the term is unpublished and follows from the sweep.
    """

    features: Literal["weak", "strong"]
    head: Literal["attached", "detached"]


class OTMatch(FreeMatch):
    """OTMatch: FreeMatch with an optimal-transport term under a cost that is a moving average of the head's."""

    transport_weight: NonNegativeFloat
    cost_momentum: Decay


class SoftMatch(Hyperparameters):
    """SoftMatch: a truncated Gaussian weight of confidence in place of a threshold.

    The Gaussian's width is the standard deviation of the confidence divided by `sigmas`; `alignment` says to what the
    average prediction is moved before the weight is read.
    """

    weight: NonNegativeFloat
    sigmas: PositiveFloat
    momentum: Decay
    alignment: Literal["labelled", "uniform", "none"]


class MethodSettings(Strict):
    """The hyperparameters of all methods, by name."""

    labelled_only: LabelledOnly = LabelledOnly()
    pi_model: PiModel
    pseudo_label: PseudoLabel
    vat: VAT
    mean_teacher: MeanTeacher
    mixmatch: MixMatch
    remixmatch: ReMixMatch
    uda: UDA
    fixmatch: FixMatch
    dash: Dash
    mpl: MPL
    flexmatch: FlexMatch
    freematch: FreeMatch
    otmatch: OTMatch
    softmatch: SoftMatch
    max_mi: Interplay
    min_hd: Interplay

    def of(self, method: str) -> Hyperparameters | LabelledOnly:
        """Those of one method."""
        own: Hyperparameters | LabelledOnly = getattr(self, method)
        return own


METHOD_NAMES = tuple(MethodSettings.model_fields)
