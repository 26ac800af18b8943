"""Ask whether a package of the locks has a known vulnerability: what `make audit` does.

pip-audit asks PyPI, or OSV where PyPI does not answer; it installs and resolves nothing, the locks name every package
with its hash. Where the service knows nothing of a package, nothing is said to be well.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("bootstrap.lock", "requirements.lock", "clusters.lock")
SERVICES = ("pypi", "osv")


def main() -> int:
    if shutil.which("pip-audit") is None:
        sys.exit("error: pip-audit is not installed; `make setup` brings it")
    found: set[str] = set()
    for lock in LOCKS:
        path = ROOT / "envs" / lock
        refused = []
        for service in SERVICES:
            dependencies, said = audit(path, service)
            if dependencies is not None:
                break
            refused.append(f"{service}: {said}")
        else:
            said = "; ".join(refused)
            sys.exit(f"error: {lock} is not audited, no service answers ({said}); try where one can be reached")
        lines = list(vulnerable(dependencies))
        found.update(lines)
        print(f"{lock}: {len(dependencies)} packages asked of {service}, {len(lines)} known vulnerabilities")
    print(*sorted(found), sep="\n", end="\n" if found else "")
    return 1 if found else 0


def audit(lock: Path, service: str) -> tuple[list[dict[str, object]] | None, str]:
    """What a service says of every package of a lock; None and the reason where it does not say all."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = ["pip-audit", "--requirement", str(lock), "--require-hashes", "--disable-pip", "--strict"]
        command += ["--vulnerability-service", service, "--format", "json", "--output", str(report)]
        command += ["--progress-spinner", "off"]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        try:
            return json.loads(report.read_text(encoding="utf-8"))["dependencies"], ""
        except (OSError, ValueError, KeyError, TypeError):
            lines = done.stderr.split("\n")
            last = next((line for line in reversed(lines) if line.strip()), f"exit status {done.returncode}")
            return None, " ".join(last.removeprefix("ERROR:pip_audit._cli:").split())[:200]


def vulnerable(dependencies: list[dict[str, object]]) -> Iterator[str]:
    """One line for each vulnerability: package, version, its name, and the versions that mend it."""
    for one in dependencies:
        for flaw in one.get("vulns", []):  # type: ignore[attr-defined]
            mended = ", ".join(flaw["fix_versions"]) or "no version yet"
            yield f"{one['name']} {one['version']}: {flaw['id']}, mended in {mended}"


if __name__ == "__main__":
    sys.exit(main())
