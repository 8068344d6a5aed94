"""Owns how a process that keeps running hears that it is to end: no signal is lost, whenever it comes."""

import select
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Told = Callable[[float | None], bool]


@contextmanager
def listening(*signals: signal.Signals) -> Iterator[Told]:
    """Give how to wait, some seconds or for ever (None), for one of these signals; it says whether one has come yet.

    The system rings a socket, which keeps what came before anybody waited. Whoever waits for a flag sleeps on when
    the signal comes between the look at the flag and the wait for it, or reaches another thread than the first.
    """
    ear, bell = socket.socketpair()
    with ear, bell:
        bell.setblocking(False)
        for one in signals:
            signal.signal(one, lambda *_: None)
        before = signal.set_wakeup_fd(bell.fileno(), warn_on_full_buffer=False)
        try:
            yield lambda seconds: bool(select.select([ear], [], [], seconds)[0])
        finally:
            signal.set_wakeup_fd(before)
