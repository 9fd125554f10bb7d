"""Reads the running configuration of many devices over SSH, as a good engineer's script does.

    backup.py about
    backup.py DEVICES KNOWN_HOSTS PASSWORD AT_ONCE

DEVICES has a device on each line: address, port, user. So many workers take them one after the other.
What came of it is told as JSON, with the checksum of each text that was read, and how often it was.
"""

import asyncio
import collections
import hashlib
import json
import sys
import time

import asyncssh
import uvloop

COMMAND = "show running-config"

# What costs this interpreter least, and is what ours agrees on with the same devices.
ALGORITHMS = {
    "kex_algs": ["curve25519-sha256"],
    "encryption_algs": ["aes128-gcm@openssh.com", "aes256-gcm@openssh.com"],
    "compression_algs": ["none"],
}


async def visit(device, options):
    """Fetches one configuration."""
    host, port, user = device
    async with asyncssh.connect(host, int(port), username=user, options=options) as connection:
        answer = await connection.run(COMMAND, check=True, encoding=None)
        return hashlib.sha256(answer.stdout).hexdigest()


async def worker(devices, options, texts, failures):
    """Visits one after the other. They share the iterator."""
    for device in devices:
        try:
            texts[await visit(device, options)] += 1
        except (OSError, asyncssh.Error) as error:
            failures.append(f"{device[2]}: {error!r}")


async def visit_all(devices, known_hosts, password, at_once):
    """All of them, so many at a time."""
    # Made once: nothing of it is another from one device to the next.
    options = asyncssh.SSHClientConnectionOptions(
        known_hosts=asyncssh.read_known_hosts(known_hosts),
        password=password,
        preferred_auth="password",
        client_keys=None,
        agent_path=None,
        config=None,
        connect_timeout=30,
        **ALGORITHMS,
    )
    texts, failures = collections.Counter(), []
    shared = iter(devices)
    workers = (worker(shared, options, texts, failures) for _ in range(at_once))
    await asyncio.gather(*workers)
    return texts, failures


def peak_kib():
    """The most that this process had in memory."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))


def main(*args):
    if args == ("about",):
        print(f"asyncssh {asyncssh.__version__}, uvloop {uvloop.__version__}")
        return
    path, known_hosts, password, at_once = args
    with open(path, encoding="utf-8") as file:
        devices = [line.split() for line in file]
    begun = time.monotonic()
    uvloop.install()
    texts, failures = asyncio.run(visit_all(devices, known_hosts, password, int(at_once)))
    took_s = time.monotonic() - begun
    cpu_s = time.process_time()
    told = {"took_s": took_s, "cpu_s": cpu_s, "peak_kib": peak_kib(), "texts": texts, "failures": failures}
    print(json.dumps(told))


main(*sys.argv[1:])
