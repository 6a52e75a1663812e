"""Real lines: a pseudo-terminal and a TCP port, and what drivers do when something is wrong with them."""

from __future__ import annotations

import os
import pty
import queue
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
import tty
from pathlib import Path
from typing import Any

import pytest
import serial
from lockproof.hw_adapter import channel as channels
from lockproof.hw_adapter import vectors
from lockproof.hw_adapter.adapter import SessionChanged, open_box
from lockproof.hw_adapter.channel import PortError, open_channel
from lockproof.hw_adapter.device import Device
from lockproof.hw_adapter.link import NotABox, NothingAnswers, Patience
from lockproof.hw_adapter.serve import serve_pty, serve_tcp
from lockproof.spec.observable import BenchError, CutClass, LinkLost, PowerCut

QUICK = Patience(sends=(0.1, 0.1), first_frame=0.2)


def test_a_box_at_the_end_of_a_real_line(served: str, box: Any) -> None:
    with open_box(served) as host:
        assert host.hello() == box.declared
        assert host.enter("47112345").accepted
        assert not host.enter("00000000").accepted
        assert len(host.challenge()) == 16
        host.cut_power(PowerCut(CutClass.RESET, 5))
        host.cut_power(PowerCut(CutClass.NTH_WRITE, 5, 1))
        with pytest.raises(SessionChanged):
            host.enter("47112345")
        assert host.enter("47112345").accepted
        assert host.counters.resent == 1, "only where power was cut inside a command"


def test_one_client_after_another(served: str, box: Any) -> None:
    for _ in range(3):
        with open_box(served) as host:
            assert host.enter("47112345").accepted
    assert len(box.done) == 3


def test_a_client_that_vanishes_inside_a_frame(served: str) -> None:
    line = open_channel(served)
    line.send(b"\x05half a frame")
    line.close()
    with open_box(served) as host:
        assert host.enter("47112345").accepted


def test_a_slow_box_says_that_it_is_busy(served: str, box: Any) -> None:
    box.slow = 0.7
    resent = []
    while 0 not in resent and len(resent) < 5:  # on a machine that has no time for it a busy frame may come too late
        with open_box(served) as host:
            assert host.enter("47112345").accepted
            assert host.counters.busy >= 2
            resent.append(host.counters.resent)
    assert resent[-1] == 0
    assert len(box.done) == len(resent)


def test_a_link_that_is_named_goes_with_the_server(box: Any, tmp_path: Path) -> None:
    link = tmp_path / "box"
    link.symlink_to("an older one")
    stop, ready = threading.Event(), threading.Event()
    thread = threading.Thread(target=serve_pty, args=(Device(box), link, lambda _: ready.set(), stop))
    thread.start()
    assert ready.wait(5)
    assert stat.S_ISCHR(link.stat().st_mode)
    stop.set()
    thread.join(5)
    assert not link.is_symlink()


def test_a_link_over_a_file_is_refused(box: Any, tmp_path: Path) -> None:
    link = tmp_path / "file"
    link.write_text("precious")
    with pytest.raises(BenchError, match="can't be made a link to"):
        serve_pty(Device(box), link)
    assert link.read_text() == "precious"


def test_a_tcp_port_that_is_taken(box: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(BenchError, match="can't listen there"):
        serve_tcp(Device(box), port=taken.getsockname()[1])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server(number: signal.Signals) -> None:
    program = (
        "from lockproof.hw_adapter.device import Device\n"
        "from lockproof.hw_adapter.serve import serve_pty\n"
        "from lockproof.hw_adapter import vectors\n"
        "class Box:\n"
        "    def hello(self): return vectors.HELLO\n"
        "serve_pty(Device(Box()), ready=lambda path: print(path, flush=True))\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        path = server.stdout.readline().strip()
        with open_box(path) as host:
            assert host.hello().identity == "example 0001"
        server.send_signal(number)
        assert server.wait(5) == 0


# Ports


def test_a_port_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(PortError, match=r"/ttyUSB9: there is no such port; plug the box in"):
        open_box(str(tmp_path / "ttyUSB9"))


def test_a_port_that_is_in_use() -> None:
    _, path = pair()
    first = open_channel(path)
    with pytest.raises(PortError, match="the port is in use by another program"):
        open_channel(path)
    first.close()
    open_channel(path).close()


def test_a_port_that_is_forbidden(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    port = tmp_path / "tty"
    port.touch()

    def forbidden(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", forbidden)
    with pytest.raises(PortError, match="no permission to open the port; join the group that owns it"):
        open_box(str(port))


def test_a_file_is_no_port(tmp_path: Path) -> None:
    port = tmp_path / "file"
    port.touch()
    with pytest.raises(PortError, match="this is no serial port"):
        open_box(str(port))


@pytest.mark.parametrize("url", ["carrier-pigeon://here", "socket://127.0.0.1:no"])
def test_what_is_no_url_of_a_port(url: str) -> None:
    with pytest.raises(PortError, match="^" + url):
        open_box(url)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("socket://", "names no host; write it as socket://host:4000"),
        ("socket://:7", "names no host; write it as socket://host:4000"),
        ("rfc2217://", "names no host; write it as rfc2217://host:4000"),
        ("RFC2217://", "names no host; write it as rfc2217://host:4000"),
        ("socket://localhost", "names no TCP port; write it as socket://localhost:4000"),
        ("rfc2217://localhost", "names no TCP port; write it as rfc2217://localhost:4000"),
        ("socket://localhost:99999", "a TCP port to connect to is a number from 1 to 65535; write it as socket://localhost:4000"),
        ("socket://localhost:0", "a TCP port to connect to is a number from 1 to 65535; write it as socket://localhost:4000"),
        ("rfc2217://localhost:no", "a TCP port to connect to is a number from 1 to 65535; write it as rfc2217://localhost:4000"),
        ("socket://[::1", "not an address: Invalid IPv6 URL; write it as socket://192.0.2.7:4000"),
    ],
)
def test_an_address_with_a_part_missing(url: str, message: str) -> None:
    with pytest.raises(PortError) as told:
        open_channel(url)
    assert str(told.value) == f"{url}: {message}"


def test_no_one_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"socket://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(PortError) as told:
        open_box(url)
    assert str(told.value) == f"{url}: no connection: Connection refused; check that something listens there"


# What may be at the other end instead of a box


def pair() -> tuple[int, str]:
    near, far = pty.openpty()
    tty.setraw(far)
    return near, os.ttyname(far)


def test_a_silent_line_is_given_up_in_time() -> None:
    _, path = pair()
    start = time.monotonic()
    with pytest.raises(NothingAnswers, match=f"^{path}: nothing answers"):
        open_box(path, patience=QUICK)
    assert time.monotonic() - start < 1


def test_a_chattering_line_is_no_box() -> None:
    near, path = pair()
    stop = threading.Event()

    def chatter() -> None:
        while not stop.wait(0.02):
            os.write(near, b"login: ")

    thread = threading.Thread(target=chatter)
    thread.start()
    try:
        with pytest.raises(NotABox, match=r"something answers, but not a box: \d+ bytes, no frame in 0 s"):
            open_box(path, patience=Patience(first_frame=0.3))
    finally:
        stop.set()
        thread.join()


def test_a_terminal_that_vanishes() -> None:
    near, path = pair()
    line = open_channel(path)
    os.close(near)
    with pytest.raises(LinkLost, match=f"^{path}: the port is gone: .*; check the cable"):
        line.receive(0.1)
    with pytest.raises(LinkLost, match=f"^{path}: the port is gone: "):
        line.send(b"\x00")
    line.close()


@pytest.mark.parametrize("serve", [serve_pty, serve_tcp])
def test_who_asks_nothing_and_stands_by_notices_that_the_line_is_gone(serve: Any, box: Any) -> None:
    stop, place = threading.Event(), queue.Queue[str]()
    thread = threading.Thread(target=lambda: serve(Device(box), ready=place.put, stop=stop))
    thread.start()
    with open_box(place.get(timeout=5)) as host:
        host.stand_by()
        assert host.enter("47112345").accepted
        stop.set()
        thread.join(5)
        with pytest.raises(LinkLost, match=r"the port is gone: .*; check the cable and the supply"):
            host.stand_by()


def test_a_connection_that_is_closed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        line = open_channel(f"socket://127.0.0.1:{listener.getsockname()[1]}")
        client, _ = listener.accept()
        client.close()
        with pytest.raises(LinkLost, match=r"the port is gone: .*socket disconnected"):
            line.receive(1)
        line.close()
        line.close()


def test_a_line_that_takes_no_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "_WRITE_LIMIT_S", 0.2)
    _, path = pair()
    line = open_channel(path)
    with pytest.raises(LinkLost, match="the line took no bytes for 0 s; check the cable and that flow control is off"):
        line.send(bytes(1_000_000))
    line.close()


def test_driver_errors_of_any_kind_come_out_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    import termios  # noqa: PLC0415

    _, path = pair()
    line: Any = open_channel(path)
    for error in (OSError(5, "Input/output error"), termios.error(5, "Input/output error"), TypeError("NoneType")):

        def fails(*_: object, error: Exception = error) -> bytes:
            raise error

        monkeypatch.setattr(line._port, "read", fails)
        monkeypatch.setattr(line._port, "write", fails)
        with pytest.raises(LinkLost):
            line.receive(0.1)
        with pytest.raises(LinkLost):
            line.send(b"\x00")


def test_receiving_returns_as_soon_as_there_is_something() -> None:
    near, path = pair()
    line = open_channel(path)
    assert line.receive(0.1) == b""
    os.write(near, vectors.NONCE)
    start = time.monotonic()
    assert line.receive(5) == vectors.NONCE
    assert time.monotonic() - start < 1
    line.close()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("FileNotFoundError(2, 'The system cannot find the file specified.', None, 2)", "there is no such port"),
        ("PermissionError(13, 'Access is denied.', None, 5)", "the port is in use by another program"),
    ],
)
def test_what_windows_says_of_a_port(said: str, told: str) -> None:
    wrong = serial.SerialException(f"could not open port 'COM3': {said}")
    assert channels._why_not_open("COM3", wrong).startswith(f"COM3: {told}")


def test_a_server_that_refuses_in_words_is_heard_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def refuse(words: bytes) -> None:
            client, _ = listener.accept()
            client.sendall(words)
            client.close()

        for words, said in (
            (b"Port already in use\r\n", "the port is in use by another program"),
            (b"bye\r\n", "the port is gone"),
        ):
            thread = threading.Thread(target=refuse, args=(words,))
            thread.start()
            with pytest.raises(PortError, match=f"socket://127.0.0.1:{port}: {said}"):
                open_channel(f"socket://127.0.0.1:{port}")
            thread.join(5)
