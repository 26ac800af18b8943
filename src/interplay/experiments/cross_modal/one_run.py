"""One run, by its kind."""

from __future__ import annotations

from interplay.experiments.context import Context, Result
from interplay.experiments.cross_modal.base_to_new import run_base_to_new
from interplay.experiments.cross_modal.few_shot import run_few_shot
from interplay.experiments.cross_modal.zero_shot import run_zero_shot
from interplay.protocols.cross_modal import CrossModalProtocol, CrossModalRun


def run(protocol: CrossModalProtocol, run: CrossModalRun, context: Context) -> Result:
    """Compute features and classify without training; or train contexts and read them on test images."""
    kinds = {"zero_shot": run_zero_shot, "few_shot": run_few_shot, "base_to_new": run_base_to_new}
    return kinds[run.settings.kind](protocol, run, context)
