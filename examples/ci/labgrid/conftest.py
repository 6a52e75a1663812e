"""The box at the port that labgrid has for it: for tests of your own, and, with --lockproof-box=labgrid, for the scenarios."""

from __future__ import annotations

from typing import Any

import pytest
from labgrid import Environment
from labgrid.exceptions import NoResourceFoundError
from labgrid.resource import NetworkSerialPort, SerialPort


def url_of(target: Any) -> str:
    """Of a target with a serial port: here, at an exporter or at a terminal server."""
    try:
        return str(target.get_resource(SerialPort).port)  # a device, also one that udev found
    except NoResourceFoundError:
        port = target.get_resource(NetworkSerialPort)
    kind = "socket" if port.protocol == "raw" else port.protocol
    return f"{kind}://{port.host}:{port.port}"


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("lockproof_box") == "labgrid":
        config.option.lockproof_box = url_of(Environment(config.getoption("lg_env")).get_target())


@pytest.fixture(scope="session")
def lockproof_url(target: Any) -> str:
    return url_of(target)
