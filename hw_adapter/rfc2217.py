"""pyserial's RFC 2217 client, for servers as they are: ser2net over a pseudo-terminal, or one that is serving somebody else.

Every wait of it is bounded: 5 s for the connection and for each write, 3 s for the negotiation.
"""

from __future__ import annotations

import contextlib
import queue
import socket
import warnings

from serial import SerialException, rfc2217


class Rfc2217(rfc2217.Serial):
    """A port at a terminal server; `port` is its URL."""

    _hung_up = False  # the server ended the connection, and not we
    _socket: socket.socket | None
    _read_buffer: queue.Queue[bytes | None] | None  # None stands for the end

    def open(self) -> None:
        """Raises `SerialException`; where the server said why in plain text, as ser2net does, with its words."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # it names its thread in a way that Python has left
                super().open()
        except OSError as wrong:  # SerialException is one
            said = self._said()
            if not said and (self._hung_up or isinstance(wrong, ConnectionError)):
                raise SerialException("the server hung up at once, as one does whose port is in use") from None
            raise SerialException(f"{wrong}" + (f"; it says: {said}" if said else "")) from None

    def from_url(self, url: str) -> tuple[str, int]:
        """Host and TCP port, and the options in the URL. That DTR and RTS are set is not waited for: a server never says so
        of a line that has neither, such as a pseudo-terminal, and everything else works on it.
        """
        host, port = super().from_url(url)
        self._ignore_set_control_answer = True
        return host, port

    def close(self) -> None:
        connection = self._socket
        super().close()
        if connection is not None:
            connection.close()  # which pyserial leaves open where the other end closed it first

    def _telnet_read_loop(self) -> None:
        """The body of its thread; a server that goes in the middle of the negotiation ends it as one that goes later."""
        self._hung_up = False
        try:
            super()._telnet_read_loop()  # type: ignore[misc]  # published without it
            self._hung_up = self.is_open
        except OSError:
            self._hung_up = self.is_open
            assert self._read_buffer is not None
            self._read_buffer.put(None)

    def _said(self) -> str:
        """What came from the server beside the negotiation, if a person can read it."""
        came = b""
        with contextlib.suppress(queue.Empty):
            while self._read_buffer is not None:
                came += self._read_buffer.get_nowait() or b""
        text = came.decode("ascii", errors="replace").strip()
        return text if text.isprintable() else ""
