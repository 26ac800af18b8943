"""`workflow/reproduce.py` answers wrong input with one line, before anything runs."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--tier", "tiny"], "choose one of paper, review, smoke"),
        (["--data", "elsewhere"], "choose one of offline, permuted, published"),
        (["--tier", "smoke", "--data", "published"], "tier smoke runs on offline or permuted data only"),
        (["--cores", "0"], "CORES=0"),
        (["--cores", "all"], "CORES=all"),
        (["--set", "theory.draw=3"], "draw: Extra inputs are not permitted"),
        (["--set", "theory.draws='3"], "No closing quotation"),
        (["--device", "tpu"], "device: tpu is unknown; choose auto, cpu, cuda or cuda:N"),
        (["--figure", ""], "give ID=, one of "),
        (["--table", "metrics24/fig1"], "there is no table"),
        (["--claim", "nonsense"], "no claim 'nonsense'"),
    ],
)
def test_wrong_input_is_one_line_and_status_2(root, arguments, complaint):
    done = subprocess.run(
        [sys.executable, "workflow/reproduce.py", *arguments], cwd=root, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("error: ")
    assert complaint in done.stderr


def run_in_python(root, code):
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, 'workflow'); import reproduce\n{code}"]
    return subprocess.run(command, cwd=root, capture_output=True, text=True)


def test_no_more_cores_are_given_than_may_be_used(root):
    done = run_in_python(
        root, "reproduce.usable_cores = lambda: 3\nprint([reproduce.cores_given(n) for n in ('', '2', '999')])"
    )
    assert done.stdout == "[3, 2, 3]\n"
    assert done.stderr == "CORES=999: this process may use 3 cores, so 3\n"


def test_a_full_disk_is_one_line_before_snakemake_starts_and_after_it_failed(root, tmp_path):
    code = (
        "import errno, os, contextlib\nfrom interplay.errors import InterplayError\nfrom pathlib import Path\n"
        "def full(folder): raise InterplayError(f'{folder}: the disk of / is full: 0 bytes free')\n"
        "reproduce.alone = lambda *given: contextlib.nullcontext()\nsys.argv[1:] = []\n"
        "reproduce.check_writable = full\nprint(reproduce.main())\n"
        "reproduce.run_snakemake = lambda *_, **__: 1\nprint(reproduce.main())"
    )
    done = run_in_python(root, code)
    assert done.stdout.split() == ["2", "1"]
    assert [line for line in done.stderr.splitlines() if not line.startswith("tier smoke")] == [
        "error: .snakemake: the disk of / is full: 0 bytes free",
        "error: results/smoke: the disk of / is full: 0 bytes free. What was made is kept, the same command goes on",
    ]


def test_a_checkout_that_cannot_be_written_is_one_line(root):
    code = (
        "import errno, os, supervision\n"
        "def refuse(*given): raise OSError(errno.EROFS, os.strerror(errno.EROFS))\n"
        "supervision._take = refuse\nsys.argv[1:] = []\nsys.exit(reproduce.main())"
    )
    done = run_in_python(root, code)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith(f"error: {root} cannot be written (Read-only file system); copy")


APART = ["--set", "theory.draws=17"]  # into a folder of its own, where nothing was made yet
NO_MEMORY = """
from interplay.doctor import look
from interplay.records.machine import Memory
real = look.usable_memory
def usable_memory(): return Memory(total_mib=1024, free_mib=1024, limited=True)
look.usable_memory = usable_memory
"""


def test_a_machine_that_cannot_do_it_starts_nothing(root):
    code = f"{NO_MEMORY}\nreproduce.run_snakemake = None\nsys.argv[1:] = {APART}\nsys.exit(reproduce.main())"
    done = run_in_python(root, code)
    assert done.returncode == 2
    *found, last = done.stderr.splitlines()
    (wrong,) = (line for line in found if line.startswith("mend  "))
    assert wrong.startswith("mend  memory            its control group allows 1.0 GiB")
    assert last.startswith("error: nothing was started; mend first: memory (`make doctor` looks closer; ")


def test_what_needs_less_is_asked_for_less(root):
    code = f"{NO_MEMORY}\nneeds = []\nreal_quick = reproduce.quick_examination\n"
    code += "def quick(asked, *rest):\n    needs.append(asked)\n    return []\n"
    code += "real, made = reproduce.needs_of, []\n"
    code += "reproduce.needs_of = lambda *args, **given: [made.append(str(given['made'])), real(*args, **given)][1]\n"
    code += "reproduce.quick_examination = quick\nreproduce.run_snakemake = lambda *_, **__: reproduce.INTERRUPTED\n"
    code += "for argument in (['--figure', 'metrics24/fig9'], []):\n"
    code += f"    sys.argv[1:] = argument + {APART}\n    reproduce.main()\n"
    code += "print([sorted({one.name.partition('/')[0] for one in asked.runs}) for asked in needs] + [made])"
    one, everything, made = eval(run_in_python(root, code).stdout)
    assert len(made) == 2
    assert all(folder.startswith("results/smoke+") for folder in made)  # what lies there is left out
    assert one == ["grokking"]
    assert len(everything) > 8


def test_where_lost_data_cannot_be_fetched_nothing_that_read_them_is_done_again(root):
    code = (
        "from types import SimpleNamespace\nfrom pathlib import Path\ncalls = []\n"
        "for name in ('mend', 'enter', 'drop_marks', 'sweep', 'check_writable'):\n"
        "    setattr(reproduce, name, lambda *given: None)\n"
        "reproduce.examine = lambda *given: SimpleNamespace(jobs=(), out=Path('results/smoke'), forced={})\n"
        "reproduce.lost = reproduce.lacking = lambda *given: ['data/fashion-mnist']\n"
        "reproduce.due_rules = lambda *given: ['run_a']\n"
        "reproduce.run_marked = lambda words, *rest: calls.append(words[-1]) or 1\n"
        "setup = reproduce.load_setup(reproduce.CONFIG, 'smoke')\n"
        "print(reproduce.run_snakemake(setup, 'cpu', 1, []), calls)"
    )
    done = run_in_python(root, code)
    assert (done.stdout, done.stderr) == ("1 ['data/fashion-mnist']\n", "")
