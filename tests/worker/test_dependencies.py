"""The installer on nodes of several kinds: real interpreters, real pip; most of it with packages from a folder."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipapp
import zipfile
from pathlib import Path

import pip
import pytest

from worker.dependencies import IMPORTED, unmet

End = tuple[int, str, str]
"""The exit code, stdout and stderr of a task."""

WORKER = Path(__file__).parents[2] / "worker"
SCRIPT = (
    "import importlib, json, sys\nimportlib.import_module('numpy')\nprint(json.dumps([sys.executable, sys.argv[1:]]))\n"
)


def wheel(folder: Path, version: str) -> str:
    """A wheel with every package that the worker imports, all empty; its sha256."""
    packages = sorted({*(name.replace(".", "/") for name in IMPORTED), "azure", "azure/storage"})
    info = f"everything-{version}.dist-info"
    files = {f"{package}/__init__.py": b"" for package in packages}
    files[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: everything\nVersion: {version}\n".encode()
    files[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    records = [
        f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b'=').decode()},{len(content)}"
        for name, content in files.items()
    ]
    files[f"{info}/RECORD"] = "\n".join([*records, f"{info}/RECORD,,", ""]).encode()
    path = folder / f"everything-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Node:
    """A folder with the installer, a lock file, a source of packages; and one interpreter on PATH."""

    def __init__(self, folder: Path) -> None:
        names = ("worker", "shared", "packages", "bin", "hidden")
        self.worker, self.shared, self.packages, self.bin, self.hidden = (folder / name for name in names)
        for made in (self.worker, self.packages, self.bin):
            made.mkdir()
        for name in ("install_dependencies.sh", "dependencies.py"):
            shutil.copy(WORKER / name, self.worker)
        (self.worker / "script.py").write_text(SCRIPT)
        self.lock(wheel(self.packages, "1.0"))
        for tool in ("dirname", "sha256sum", "cut", "mkdir", "rm", "mv", "cat", "mktemp", "flock", "chmod", "bash"):
            found = shutil.which(tool)
            assert found, tool
            (self.bin / tool).symlink_to(found)

    def lock(self, digest: str, version: str = "1.0") -> None:
        (self.worker / "requirements.lock").write_text(f"everything=={version} \\\n    --hash=sha256:{digest}\n")

    def python(self, name: str = "python3", *, pip_inside: bool = False) -> Path:
        """Puts a bare interpreter on PATH."""
        home = self.bin.parent / f"home-{name}"
        options = [] if pip_inside else ["--without-pip"]
        subprocess.run([sys.executable, "-m", "venv", *options, str(home)], check=True)
        self.command(name, f'exec {home}/bin/python "$@"')
        return home

    def command(self, name: str, body: str) -> None:
        (self.bin / name).write_text(f"#!/bin/bash\n{body}\n")
        (self.bin / name).chmod(0o755)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": str(self.bin),
            "AZ_BATCH_NODE_SHARED_DIR": str(self.shared),
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.packages),
            "TMPDIR": str(self.bin.parent),
            **({"PYTHONPATH": str(self.hidden)} if self.hidden.exists() else {}),
        }

    def hide(self, module: str) -> None:
        """Makes a module of the standard library, or pip, as absent as on a node that lacks it."""
        self.hidden.mkdir(exist_ok=True)
        (self.hidden / f"{module}.py").write_text(f"raise ImportError('No module named {module}')\n")

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["bash", str(self.worker / "install_dependencies.sh"), *arguments],
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, *arguments: str) -> End:
        with self.start(*arguments) as process:
            stdout, stderr = process.communicate(timeout=300)
        return process.returncode, stdout, stderr


@pytest.fixture(scope="session")
def zipped_pip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This interpreter's pip as one file, as the client ships it."""
    source = tmp_path_factory.mktemp("pip")
    shutil.copytree(Path(pip.__file__).parent, source / "pip", ignore=shutil.ignore_patterns("__pycache__"))
    (source / "__main__.py").write_text("import runpy\nrunpy.run_module('pip', run_name='__main__', alter_sys=True)\n")
    target = source.with_suffix(".pyz")
    zipapp.create_archive(source, target)
    return target


def bare(folder: Path, zipped_pip: Path) -> Node:
    made = Node(folder)
    shutil.copy(zipped_pip, made.worker / "pip.pyz")
    return made


@pytest.fixture
def node(tmp_path: Path, zipped_pip: Path) -> Node:
    return bare(tmp_path, zipped_pip)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, zipped_pip: Path) -> tuple[Node, list[End]]:
    """A node where four tasks have begun together, with their ends; there is nothing to install any more."""
    made = bare(tmp_path_factory.mktemp("installed"), zipped_pip)
    made.python()
    processes = [made.start("--run", "script.py", "a b", "--c=$d") for _ in range(4)]
    told = [process.communicate(timeout=300) for process in processes]
    shutil.rmtree(made.packages)
    return made, [(process.returncode, *texts) for process, texts in zip(processes, told, strict=True)]


def test_a_bare_interpreter_gets_an_environment_and_the_script_runs_in_it(installed: tuple[Node, list[End]]) -> None:
    node, (first, *_) = installed

    code, stdout, stderr = first
    assert (code, stderr) == (0, "")
    executable, arguments = json.loads(stdout)
    assert Path(executable).is_relative_to(node.shared)
    assert arguments == ["a b", "--c=$d"]


def test_tasks_that_start_together_install_once(installed: tuple[Node, list[End]]) -> None:
    node, ends = installed

    assert {code for code, _, _ in ends} == {0}
    assert len({stdout for _, stdout, _ in ends}) == 1
    assert sorted(path.suffix for path in node.shared.iterdir() if not path.is_dir()) == [".lock"]
    assert len([path for path in node.shared.iterdir() if path.is_dir()]) == 1


def test_the_second_task_installs_nothing(installed: tuple[Node, list[End]]) -> None:
    node, (first, *_) = installed

    assert node.run("--run", "script.py", "a b", "--c=$d") == first
    assert node.run() == (0, f"{json.loads(first[1])[0]}\n", "")


@pytest.mark.slow
def test_a_half_made_environment_is_made_again(node: Node) -> None:
    node.python()
    _, first, _ = node.run()
    environment = Path(first.strip()).parent.parent
    (environment / "pyvenv.cfg").unlink()
    environment.rename(f"{environment}.new")

    code, stdout, _ = node.run("--run", "script.py")

    assert code == 0
    assert json.loads(stdout)[0] == first.strip()
    assert not Path(f"{environment}.new").exists()


@pytest.mark.slow
def test_another_lock_gets_another_environment(node: Node) -> None:
    node.python()
    _, first, _ = node.run()
    node.lock(wheel(node.packages, "1.1"), "1.1")

    code, second, _ = node.run()

    assert code == 0
    assert first != second


@pytest.mark.slow
def test_an_interpreter_that_has_the_packages_is_used_as_it_is(node: Node) -> None:
    home = node.python(pip_inside=True)
    install = [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", "everything==1.0"]
    subprocess.run(install, env=node.environment, check=True)

    code, stdout, _ = node.run("--run", "script.py")

    assert code == 0
    assert Path(json.loads(stdout)[0]).is_relative_to(home)
    assert not node.shared.exists()


@pytest.mark.slow
def test_an_interpreter_with_another_version_is_not(node: Node) -> None:
    home = node.python(pip_inside=True)
    wheel(node.packages, "0.9")
    install = [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", "everything==0.9"]
    subprocess.run(install, env=node.environment, check=True)

    code, stdout, _ = node.run("--run", "script.py")

    assert code == 0
    assert Path(json.loads(stdout)[0]).is_relative_to(node.shared)


@pytest.mark.slow
def test_the_shipped_pip_serves_an_interpreter_that_has_none(node: Node) -> None:
    node.python()
    node.hide("ensurepip")  # as on Ubuntu without python3-venv

    code, stdout, stderr = node.run("--run", "script.py")

    assert (code, stderr) == (0, "")
    assert Path(json.loads(stdout)[0]).is_relative_to(node.shared)


@pytest.mark.slow
def test_without_the_shipped_pip_the_interpreters_own_serves(node: Node) -> None:
    (node.worker / "pip.pyz").unlink()
    node.python()

    code, stdout, stderr = node.run("--run", "script.py")

    assert (code, stderr) == (0, "")
    assert Path(json.loads(stdout)[0]).is_relative_to(node.shared)


def test_without_any_pip_it_says_where_it_looked(node: Node) -> None:
    (node.worker / "pip.pyz").unlink()
    node.python()
    node.hide("ensurepip")
    node.hide("pip")

    code, _, stderr = node.run("--run", "script.py")

    assert code == 3
    assert "neither pip.pyz beside this script, nor ensurepip, nor pip for" in stderr


def test_a_package_with_another_hash_is_refused_with_the_whole_log(node: Node) -> None:
    node.python()
    node.lock("0" * 64)

    code, _, stderr = node.run("--run", "script.py")

    assert code == 3
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in stderr
    assert "cannot install the worker's packages" in stderr
    assert [path.suffix for path in node.shared.iterdir()] == [".lock"]


def test_a_node_without_a_recent_python_says_what_is_needed(node: Node) -> None:
    node.command("python3", "exit 1")

    code, _, stderr = node.run("--run", "script.py")

    assert code == 3
    assert "no Python 3.10 or newer on PATH" in stderr


def test_wrong_usage_is_told(installed: tuple[Node, list[End]]) -> None:
    node, _ = installed

    code, _, stderr = node.run("--rum", "script.py")

    assert code == 2
    assert "usage" in stderr


def test_an_exit_code_of_the_script_is_the_tasks(installed: tuple[Node, list[End]]) -> None:
    node, _ = installed
    (node.worker / "ends.py").write_text("raise SystemExit(41)\n")

    assert node.run("--run", "ends.py")[0] == 41


def test_the_script_is_clean_by_shellcheck() -> None:
    script = str(WORKER / "install_dependencies.sh")
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0
    if shutil.which("shellcheck") is None:
        pytest.skip("no shellcheck on this machine")
    done = subprocess.run(["shellcheck", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_lock_names_hashes_and_no_place() -> None:
    lock = (WORKER / "requirements.lock").read_text()

    assert "--hash=sha256:" in lock
    assert "://" not in lock
    assert "index-url" not in lock


def test_versions_are_compared_exactly() -> None:
    assert unmet("pytest==0.1 \\\n    --hash=sha256:0\n") == [f"pytest is {pytest.__version__}, not 0.1"]
    assert unmet("no-such-package==1 \\\n") == ["no-such-package is not installed"]
    assert unmet("no-such-package==1 ; python_version < '3'\n") == []


def python_3_10() -> str | None:
    """A Python 3.10 of this machine that runs, on PATH or among pyenv's."""
    found = [shutil.which("python3.10"), *map(str, Path.home().glob(".pyenv/versions/3.10.*/bin/python3.10"))]
    tell = ["-c", "import sys; print(sys.executable)"]
    for path in filter(None, found):
        told = subprocess.run([path, *tell], capture_output=True, text=True, check=False)
        if told.returncode == 0:
            return told.stdout.strip()
    return None


SCRIPT_3_10 = """
import io, sys, types
from pathlib import Path
package = types.ModuleType("worker"); package.__path__ = [str(Path(__file__).parent)]; sys.modules["worker"] = package
from PIL import Image
from worker import run
from worker.convert import convert
jpeg = io.BytesIO(); Image.new("RGB", (30, 20)).save(jpeg, "JPEG")
print(sys.version_info[:2], Image.open(io.BytesIO(convert(jpeg.getvalue(), 10**6))).size)
"""


@pytest.mark.slow
def test_the_real_lock_installs_on_python_3_10_and_converts_there(node: Node) -> None:
    python = python_3_10()
    if python is None:
        pytest.skip("no Python 3.10 on this machine")
    node.command("python3.10", f'exec {python} "$@"')
    shutil.copytree(WORKER, node.worker, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    (node.worker / "script.py").write_text(SCRIPT_3_10)
    settings = {name: value for name, value in os.environ.items() if name.startswith("PIP_") or name == "HOME"}

    done = subprocess.run(
        ["bash", str(node.worker / "install_dependencies.sh"), "--run", "script.py"],
        env={"PATH": str(node.bin), "AZ_BATCH_NODE_SHARED_DIR": str(node.shared), **settings},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )

    assert (done.returncode, done.stdout) == (0, "(3, 10) (30, 20)\n"), done.stderr
