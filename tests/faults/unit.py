#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays systemd for one daemon: socket activation, readiness, watchdog, restart.

    unit.py ADDRESS:PORT UNIX_SOCKET RESTART_SECONDS WATCHDOG_SECONDS PROGRAM ARG...

Holds the two listening sockets for ever, and the program gets them as its descriptors 3 and 4. When it ends it is started
again RESTART_SECONDS later. When it has told no WATCHDOG=1 for WATCHDOG_SECONDS (0: no watchdog; from READY=1 on) it gets SIGABRT and
SIGCONT, as from systemd. Each of this is a line on standard output: "TIME started PID", "TIME ready PID", "TIME watchdog
PID", "TIME ended PID". The program is killed when this one ends.
"""
import os
import select
import signal
import socket
import sys
import time

PDEATHSIG = ["setpriv", "--pdeathsig", "KILL"]


def say(*words):
    print("%.3f" % time.clock_gettime(time.CLOCK_REALTIME), *words, flush=True)


class Unit:
    def __init__(self, address, unix, restart, watchdog, command):
        host, port = address.rsplit(":", 1)
        self.tcp = socket.create_server((host, int(port)), backlog=1024)
        self.unix = socket.socket(socket.AF_UNIX)
        self.unix.bind(unix)
        os.chmod(unix, 0o666)
        self.unix.listen(1024)
        self.path = unix + ".notify"
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(self.path)
        self.restart, self.watchdog, self.command = restart, watchdog, command
        self.pid, self.ended, self.alive, self.warned = 0, 0.0, 0.0, False
        self.ready = False

    def start(self):
        self.pid = os.fork()
        if self.pid == 0:
            # dup2() makes them inheritable; 3 and 4 may be ours, so by way of high numbers.
            tcp, unix = (os.dup2(s.fileno(), n) for s, n in ((self.tcp, 100), (self.unix, 101)))
            os.dup2(tcp, 3)
            os.dup2(unix, 4)
            os.closerange(5, 200)
            env = dict(os.environ, LISTEN_FDS="2", LISTEN_PID=str(os.getpid()), NOTIFY_SOCKET=self.path)
            if self.watchdog:
                env.update(WATCHDOG_USEC=str(int(self.watchdog * 1e6)), WATCHDOG_PID=str(os.getpid()))
            command = PDEATHSIG + self.command
            os.execvpe(command[0], command, env)
        self.alive, self.warned, self.ready = time.monotonic(), False, False
        say("started", self.pid)

    def reap(self):
        if self.pid and os.waitpid(self.pid, os.WNOHANG)[0]:
            say("ended", self.pid)
            self.pid, self.ended = 0, time.monotonic()

    def told(self):
        text = self.notify.recv(4096).decode(errors="replace").split("\n")
        if "READY=1" in text:
            say("ready", self.pid)
            self.ready = True
        if "WATCHDOG=1" in text or "READY=1" in text:
            self.alive = time.monotonic()

    # The watchdog begins with READY=1, as systemd's does, and this process may itself be kept from the processor: what had been
    # told by now is read before it is judged.
    def turn(self):
        now, wait = time.monotonic(), 0.01
        while select.select([self.notify], [], [], wait)[0]:
            self.told()
            wait = 0
        self.reap()
        if not self.pid and now - self.ended >= self.restart:
            self.start()
        elif self.pid and self.ready and self.watchdog and now - self.alive > self.watchdog and not self.warned:
            say("watchdog", self.pid)
            self.warned = True
            os.kill(self.pid, signal.SIGABRT)
            os.kill(self.pid, signal.SIGCONT)


def main():
    if len(sys.argv) < 6:
        sys.exit(__doc__)
    unit = Unit(sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4]), sys.argv[5:])
    while True:
        unit.turn()


main()
