"""Runs `semilearn` and TorchSSL on fixed tensors, writes what they give: `python make.py TORCHSSL` (see README.md)."""

import sys
from pathlib import Path

import harness  # before the reference, which it makes importable
import on_logits
import on_networks
import wide_resnets

CASES = {
    "freematch": on_logits.freematch,
    "fixmatch": on_logits.fixmatch,
    "flexmatch": on_logits.flexmatch,
    "softmatch": on_logits.softmatch,
    "dash": on_logits.dash,
    "uda": on_logits.uda,
    "pseudo_label": on_logits.pseudo_label,
    "pi_model": on_networks.pi_model,
    "mean_teacher": on_networks.mean_teacher,
    "mixmatch": on_networks.mixmatch_case,
    "remixmatch": on_networks.remixmatch_case,
    "vat": on_networks.vat,
    "wide_resnets": wide_resnets.wide_resnets,
}


def main() -> None:
    """Writes one file for each case beside this one."""
    folder = Path(sys.argv[1])
    torchssl = harness.TorchSSL(folder)
    for name, case in CASES.items():
        harness.write(Path(__file__).parent, name, harness.commit_of(folder), case(torchssl))


if __name__ == "__main__":
    main()
