"""What a test may ask of the machine, and what happens when the machine has not got it.

A test that needs a program from outside Python, or the folder of published data that is not committed, asks
for it by fixture and is skipped by name with the package to install. Under CASESERIES_REQUIRE_ALL=1 every
skip, from wherever it comes, is a failure.
"""

import functools
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).parent.parent

DEBIAN_PACKAGES = {
    "bash": "bash",
    "Rscript": "r-base-core",
    "chromium": "chromium",
    "faketime": "faketime",
    "git": "git",
    "java": "default-jre-headless",
    "pdftoppm": "poppler-utils",
    "psql": "postgresql",
}

settings.register_profile("local", deadline=None, print_blob=True)
settings.register_profile("ci", deadline=None, print_blob=True, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")


def skip_is_failure() -> bool:
    return os.environ.get("CASESERIES_REQUIRE_ALL") == "1"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    report = yield
    return _refuse_skip(report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Iterator[None]:
    report = yield
    return _refuse_skip(report)


def _refuse_skip(report):
    if skip_is_failure() and report.outcome == "skipped" and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"CASESERIES_REQUIRE_ALL=1 allows no skip. {reason}"
    return report


@pytest.fixture(scope="session")
def require_tool() -> Callable[..., str]:
    """require_tool("Rscript", "survival"): the path of Rscript, if it has that R package; or a named skip."""

    def require(program: str, *r_packages: str) -> str:
        path = shutil.which(program)
        if path is None:
            pytest.skip(f"needs {program}: install the Debian package {DEBIAN_PACKAGES[program]}")
        for name in r_packages:
            if not _has_r_package(path, name):
                pytest.skip(f"needs R's {name}: install the Debian package r-cran-{name.lower()}")
        return path

    return require


@functools.cache
def _has_r_package(rscript: str, name: str) -> bool:
    expression = f'quit(status = !requireNamespace("{name}", quietly = TRUE))'
    return subprocess.run([rscript, "-e", expression], capture_output=True, check=False).returncode == 0


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of published data, which is not ours to commit: $CASESERIES_DATA, or ../shared."""
    folder = Path(os.environ.get("CASESERIES_DATA") or ROOT.parent / "shared")
    if not (folder / "data").is_dir():
        pytest.skip(f"needs the published data, looked for in {folder}: set CASESERIES_DATA to its folder")
    return folder


@pytest.fixture(scope="session")
def caseseries() -> Callable[..., subprocess.CompletedProcess[str]]:
    """caseseries("check", folder, env={"TZ": "UTC"}) runs the installed command as a user does."""
    program = Path(sysconfig.get_path("scripts")) / "caseseries"

    def run(*arguments: str | Path, env: Mapping[str, str] | None = None, before: Sequence[str] = ()):
        return subprocess.run(
            [*before, program, *arguments],
            env={**os.environ, **(env or {})},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    return run


@pytest.fixture
def run_survival(monkeypatch, capsys) -> Callable[..., tuple[int, str, str]]:
    """Runs `caseseries survival` in this process: its exit code, stdout and stderr."""
    from caseseries import cli

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["caseseries", "survival", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        printed = capsys.readouterr()
        return int(stop.value.code or 0), printed.out, printed.err

    return run


@pytest.fixture(scope="session")
def demo(caseseries, tmp_path_factory) -> Path:
    """The demo study, made and run once. Read from it; copy it to change it."""
    folder = tmp_path_factory.mktemp("demo") / "my-demo"
    finished = caseseries("demo", folder)
    assert finished.returncode == 0, finished.stderr
    return folder


@pytest.fixture(scope="session")
def postgres(require_tool) -> Iterator[str]:
    """The URL of a PostgreSQL server of this run's own, on a socket in its own folder, gone afterwards."""
    for module in ("ibis", "psycopg"):
        pytest.importorskip(module, reason=f"needs {module}: install caseseries[postgres]")
    require_tool("psql")
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # a socket's path may have 107 bytes: pytest's is longer
    server = _PostgresServer(folder)
    server.start()
    yield f"postgresql://postgres@/postgres?host={folder}"
    server.stop()
    shutil.rmtree(folder)


class _PostgresServer:
    """A cluster in a folder. PostgreSQL refuses to run as root, so root runs it as the user Debian made."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.data = folder, folder / "data"
        bin_folder = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True, check=False)
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
        self.bin = found[-1] if found else Path(bin_folder.stdout.strip())
        self.user = "postgres" if os.geteuid() == 0 else None
        if self.user:
            shutil.chown(folder, self.user)

    def start(self) -> None:
        self._run("initdb", "-D", str(self.data), "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync")
        options = f"-k {self.folder} -c listen_addresses='' -F"
        self._run(
            "pg_ctl", "-D", str(self.data), "-o", options, "-l", str(self.folder / "log"), "-w", "start"
        )

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self.data), "-m", "immediate", "-w", "stop")

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(self.bin / program), *arguments],
            cwd=self.folder,
            user=self.user,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


@pytest.fixture(scope="session")
def spark(require_tool):
    """A Spark session on this machine."""
    sql = pytest.importorskip("pyspark.sql", reason="needs pyspark: install caseseries[spark]")
    require_tool("java")
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    options = {
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
    }
    builder = sql.SparkSession.builder.master("local[2]")
    for name, value in options.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    yield session
    session.stop()
