"""Whether this machine can do what a tier asks, before it is asked: one line per check. No torch in here.

A check is a function of two values, what the machine is (`Machine`) and what is asked of it (`Needs`); looking at the
machine is separate. Modules of `interplay.doctor.checks` are found by a scan; a new function there is a new check.
"""

from interplay.doctor.diagnosis import Diagnosis
from interplay.doctor.examine import examine, quick_examination
from interplay.doctor.needs import Needs, needs_of

__all__ = ["Diagnosis", "Needs", "examine", "needs_of", "quick_examination"]
