"""What a reader must know of the machine to judge a number: no names, only kinds and versions."""

import os
import platform
import subprocess
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from tests.bench.ground import Ground
from tests.bench.http_measures import generator


@dataclass(frozen=True, slots=True)
class Machine:
    """Kinds and versions; ``load`` is the one-minute load average when the measuring began."""

    processor: str
    cores: int
    memory_gib: int
    system: str
    python: str
    postgres: str
    libraries: str
    generator: str
    load: float
    flushes_per_second: float | None


def machine(ground: Ground, flushes_per_second: float | None, load: float) -> Machine:
    """This one."""
    answer = subprocess.run([str(ground.pair.programs / "postgres"), "--version"], capture_output=True, text=True)
    libraries = ("asyncpg", "uvloop", "starlette", "uvicorn", "strawberry-graphql")
    return Machine(
        processor=_processor(),
        cores=os.cpu_count() or 1,
        memory_gib=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        system=f"{platform.system()} {platform.release().partition('-')[0]}",
        python=platform.python_version(),
        postgres=answer.stdout.split()[-1],
        libraries=", ".join(f"{name} {version(name)}" for name in libraries),
        generator=generator(),
        load=load,
        flushes_per_second=flushes_per_second,
    )


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
