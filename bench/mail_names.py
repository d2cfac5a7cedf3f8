"""The name server of the benches about mail: `python -m bench.mail_names FOLDER` prints a port.

It knows the domain of the sender with its SPF, DKIM and DMARC records; the key is kept in the folder.
"""

import asyncio
import signal
import sys
from pathlib import Path

from whoisproxy.demo.dns_server import DnsServer
from whoisproxy.demo.mail_actors import MailDomain

SENDER_DOMAIN = "offers.example"

_NETWORKS = 250


async def serve(folder: Path) -> None:
    """Answer until terminated."""
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    async with DnsServer() as server:
        MailDomain.publish(server, SENDER_DOMAIN, folder)
        # Its servers stand in many networks, each with a name of its own that leads back to it.
        server.set(SENDER_DOMAIN, "TXT", "v=spf1 ip4:127.0.0.0/8 -all")
        for number in range(_NETWORKS):
            name = f"mx-{number}.{SENDER_DOMAIN}"
            server.set(name, "A", f"127.1.{number}.1")
            server.set(f"1.{number}.1.127.in-addr.arpa", "PTR", f"{name}.")
        server.set("1.0.0.127.in-addr.arpa", "PTR", f"mx.{SENDER_DOMAIN}.")
        print(server.port, flush=True)
        await stopped.wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
