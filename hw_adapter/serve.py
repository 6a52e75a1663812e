"""A box behind a pseudo-terminal or a TCP port: the command loop of `device` on a line that a host can open.

Clients come and go one after the other; the box stays as it is between them, as it would on a bench. Both functions return
when `stop` is set or the process gets SIGTERM or SIGINT.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from lockproof.spec.observable import BenchError

BUSY_EVERY_S = 0.15
"""Seconds between busy frames; the protocol allows 0.2."""
_LOOK_UP_S = 0.1
_SEND_LIMIT_S = 2.0
_CHUNK = 4096


class Served(Protocol):
    """What stands at the end of a line: a `Device`, or something that only looks like one."""

    def feed(self, data: bytes) -> bytes:
        """Takes bytes from the line and returns the bytes to answer with."""

    def busy(self) -> bytes:
        """What to send while it is still at work. Called from another thread."""


def serve_pty(
    device: Served,
    link: Path | None = None,
    ready: Callable[[str], None] | None = None,
    stop: threading.Event | None = None,
) -> None:
    """Serves on a new pseudo-terminal; `ready` is told the path to open. `link` becomes a symbolic link to it meanwhile.

    Raises `BenchError` where there are no pseudo-terminals or the link can't be made.
    """
    with told_to_stop(stop) as stopped, pseudo_terminal(link) as (near, path):
        if ready:
            ready(path)
        while not stopped.is_set():
            if select.select([near], [], [], _LOOK_UP_S)[0]:
                _answer(device, os.read(near, _CHUNK), lambda answer: write_what_fits(near, answer))


@contextlib.contextmanager
def pseudo_terminal(link: Path | None = None) -> Iterator[tuple[int, str]]:
    """A new one: our end, which does not block, and the path that a host opens. `link` becomes a symbolic link to it meanwhile.

    Raises `BenchError` where there are none or the link can't be made.
    """
    try:
        import tty  # noqa: PLC0415  (Windows has neither; there, TCP serves)

        near, far = os.openpty()
    except (ImportError, AttributeError):
        raise BenchError("this system has no pseudo-terminals; serve on a TCP port instead") from None
    try:
        tty.setraw(far)  # kept open here, so that a client that goes does not hang up the line
        os.set_blocking(near, False)
        with _linked(link, os.ttyname(far)) as path:
            yield near, path
    finally:
        os.close(near)
        os.close(far)


def serve_tcp(
    device: Served,
    host: str = "127.0.0.1",
    port: int = 0,
    ready: Callable[[str], None] | None = None,
    stop: threading.Event | None = None,
) -> None:
    """Serves on a TCP port, 0 for any that is free; `ready` is told the URL to open. Raises `BenchError` if it is taken."""
    with _listener(host, port) as listener, told_to_stop(stop) as stopped:
        if ready:
            ready(f"socket://{host}:{listener.getsockname()[1]}")
        while not stopped.is_set():
            if select.select([listener], [], [], _LOOK_UP_S)[0]:
                client, _ = listener.accept()
                with client:
                    _serve_client(device, client, stopped)


def _listener(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port))
    except OSError as wrong:
        raise BenchError(f"{host}:{port}: can't listen there: {wrong}; choose another port, or 0 for any that is free") from None


def _serve_client(device: Served, client: socket.socket, stopped: threading.Event) -> None:
    """Until the client goes, however it goes; only what it does to the socket is forgiven, nothing that the box does."""
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    client.settimeout(_SEND_LIMIT_S)
    while not stopped.is_set():
        if select.select([client], [], [], _LOOK_UP_S)[0]:
            data = b""
            with contextlib.suppress(OSError):
                data = client.recv(_CHUNK)
            if not data:
                return
            _answer(device, data, lambda answer: _send_all(client, answer))


def _send_all(client: socket.socket, answer: bytes) -> None:
    with contextlib.suppress(OSError):  # gone; the next look says so
        client.sendall(answer)


def _answer(device: Served, data: bytes, send: Callable[[bytes], object]) -> None:
    """Feeds the device and sends its answers, and busy frames for as long as there are none."""
    done, sending = threading.Event(), threading.Lock()

    def keep_telling() -> None:
        while not done.wait(BUSY_EVERY_S):
            with sending:
                send(device.busy())

    teller = threading.Thread(target=keep_telling, daemon=True)
    teller.start()
    try:
        answers = device.feed(data)
    finally:
        done.set()
    with sending:
        send(answers)


def write_what_fits(near: int, answer: bytes) -> None:
    """A line does not wait for its listener: what no one reads is lost."""
    with contextlib.suppress(OSError):
        os.write(near, answer)


@contextlib.contextmanager
def _linked(link: Path | None, path: str) -> Iterator[str]:
    if link is None:
        yield path
        return
    try:
        if link.is_symlink():
            link.unlink()
        link.symlink_to(path)
    except OSError as wrong:
        raise BenchError(f"{link}: can't be made a link to {path}: {wrong}; name a path that is free") from None
    try:
        yield str(link)
    finally:
        if link.is_symlink() and str(link.readlink()) == path:
            link.unlink()


@contextlib.contextmanager
def told_to_stop(stop: threading.Event | None) -> Iterator[threading.Event]:
    """An event that is set by the caller or, in the main thread, by SIGTERM and SIGINT."""
    stopped = stop or threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stopped
        return
    before = {number: signal.signal(number, lambda *_: stopped.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
