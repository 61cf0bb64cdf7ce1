"""Two network namespaces joined by a line with a delay, for kernels without netem: two TUN devices and a forwarder.

`bench.latency` uses `delayed_line`, which runs this module as the process that carries the packets. Needs root, `ip`
and /dev/net/tun. Whatever ends the benchmark, the namespaces go; the devices go with the process that holds them.
"""

import fcntl
import heapq
import os
import select
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import NoReturn

__all__ = ["Line", "delayed_line"]

NEAR, FAR = "10.77.0.1", "10.77.0.2"

_TUNSETIFF = 0x400454CA
_IFF_TUN, _IFF_NO_PI = 0x0001, 0x1000
_MAX_PACKET = 65_536


@dataclass(frozen=True, slots=True)
class Line:
    """The names of the namespaces at both ends."""

    near: str
    far: str

    @property
    def within_near(self) -> tuple[str, ...]:
        """What a command is preceded by to run at the near end."""
        return ("ip", "netns", "exec", self.near)

    @property
    def within_far(self) -> tuple[str, ...]:
        """What a command is preceded by to run at the far end."""
        return ("ip", "netns", "exec", self.far)


@contextmanager
def delayed_line(seconds: float, far_addresses: Sequence[str]) -> Iterator[Line]:
    """A line that takes so many seconds each way; `far_addresses` are addresses of the far end.

    Raises subprocess.CalledProcessError if a namespace cannot be made, RuntimeError if no packet can be carried.
    """
    line = Line(*(f"autodiscover-bench-{os.getpid()}-{end}" for end in ("near", "far")))
    try:
        for name in (line.near, line.far):
            _ip("netns", "add", name)
        with _forwarder(line, seconds):
            for address in far_addresses:
                _ip("-n", line.far, "address", "add", f"{address}/32", "dev", "lo")
                _ip("-n", line.near, "route", "add", f"{address}/32", "dev", "line-near")
            yield line
    finally:
        for name in (line.near, line.far):
            subprocess.run(("ip", "netns", "delete", name), stderr=subprocess.DEVNULL)


@contextmanager
def _forwarder(line: Line, seconds: float) -> Iterator[None]:
    command = (sys.executable, "-m", "bench.delay_line", line.near, line.far, str(seconds))
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            if not process.stdout or not process.stdout.readline():
                raise RuntimeError("no line between the namespaces: /dev/net/tun cannot be used")
            yield
        finally:
            process.terminate()


def _ip(*arguments: str) -> None:
    subprocess.run(("ip", *arguments), check=True)


def main(arguments: Sequence[str]) -> NoReturn:
    """Join two namespaces and carry packets until killed; one line on standard output says that the line is up."""
    near, far, seconds = arguments
    ends = (_end("line-near", near, NEAR, FAR), _end("line-far", far, FAR, NEAR))
    print("up", flush=True)
    _carry(ends, float(seconds))


def _end(device: str, namespace: str, address: str, peer: str) -> int:
    """The file descriptor of one end, a device that has been moved into its namespace."""
    descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(descriptor, _TUNSETIFF, struct.pack("16sH", device.encode(), _IFF_TUN | _IFF_NO_PI))
    _ip("link", "set", device, "netns", namespace)
    _ip("-n", namespace, "address", "add", address, "peer", peer, "dev", device)
    _ip("-n", namespace, "link", "set", device, "up")
    _ip("-n", namespace, "link", "set", "lo", "up")
    return descriptor


def _carry(ends: tuple[int, int], seconds: float) -> NoReturn:
    queue: list[tuple[float, int, int, bytes]] = []
    number = 0
    while True:
        while queue and queue[0][0] <= time.monotonic():
            _, _, end, packet = heapq.heappop(queue)
            os.write(end, packet)
        readable, _, _ = select.select(ends, [], [], max(0.0, queue[0][0] - time.monotonic()) if queue else None)
        for end in readable:
            other = ends[0] if end == ends[1] else ends[1]
            with suppress(BlockingIOError):
                while True:
                    packet = os.read(end, _MAX_PACKET)
                    number += 1
                    heapq.heappush(queue, (time.monotonic() + seconds, number, other, packet))


if __name__ == "__main__":
    main(sys.argv[1:])
