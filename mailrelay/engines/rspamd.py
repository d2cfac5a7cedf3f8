"""Rspamd: POST /checkv2 of a normal or proxy worker, HTTP with JSON (Rspamd's protocol document).

What the transaction knew goes into header fields. `Log: no` keeps senders and recipients out of Rspamd's log:
the relay's record says what was found.
"""

import math
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import aiohttp
import orjson

from mailrelay.engines.engine import EngineFault, Finding, Letter, LetterTooLarge, Scale, reasons_of

_ANSWER_OCTETS = 1024 * 1024


class Rspamd:
    """Weighs what a message says by Rspamd's rules.

    Args:
        session: Keeps connections where the server does.
        url: Of the worker, without path.
        scale: Its scores.
        actions: Points at least, by Rspamd's name of an action. Those that put a message off (`soft reject`,
            `greylist`) say nothing of it, so what is not in here leaves it to the score.
    """

    name = "rspamd"

    def __init__(
        self, session: aiohttp.ClientSession, url: str, scale: Scale, actions: Mapping[str, float]
    ) -> None:
        self._session = session
        self._url = f"{url.rstrip('/')}/checkv2"
        self._scale = scale
        self._actions = actions

    async def examine(self, letter: Letter) -> Finding:
        """See `Engine`."""
        try:
            try:
                answer = await self._post(letter)
            except aiohttp.ServerDisconnectedError:
                # A connection that was kept may have been closed by the other side in this very moment.
                answer = await self._post(letter)
        except (aiohttp.ClientError, OSError):
            raise EngineFault("not-reached") from None
        return self.read(answer)

    async def _post(self, letter: Letter) -> bytes:
        # Octets larger than a megabyte are sent piece by piece from a file only.
        asking = self._session.post(
            self._url, data=BytesIO(letter.raw), headers=_facts(letter), allow_redirects=False
        )
        async with asking as response:
            if response.status == 413:  # noqa: PLR2004 - RFC 9110 section 15.5.14
                raise LetterTooLarge
            if response.status != 200:  # noqa: PLR2004 - RFC 9110 section 15.3.1
                raise EngineFault("refused")
            return await _body(response)

    def read(self, answer: bytes) -> Finding:
        """Return what an answer says.

        Raises:
            EngineFault: It is none of Rspamd's.
        """
        try:
            return self._finding(orjson.loads(answer))
        except (ValueError, TypeError, KeyError, AttributeError):
            raise EngineFault("not-understood") from None

    def _finding(self, said: Any) -> Finding:
        score = float(said["score"])
        if not math.isfinite(score):
            raise ValueError("no score")
        least = self._actions.get(said["action"], 0.0)
        weights = {str(name): float(one["score"]) for name, one in said["symbols"].items()}
        against = sorted((name for name in weights if weights[name] > 0), key=lambda name: -weights[name])
        # What Rspamd decides without rules, as with GTUBE, has its action for a reason.
        points, action = max(least, self._scale.points(score)), [str(said["action"])]
        return Finding(points, reasons_of(against or action) if points else ())


async def _body(response: aiohttp.ClientResponse) -> bytes:
    answer = b""
    async for piece in response.content.iter_any():
        answer += piece
        if len(answer) > _ANSWER_OCTETS:
            raise EngineFault("not-understood")
    return answer


def _facts(letter: Letter) -> dict[str, str]:
    return {
        "IP": letter.peer_ip,
        "Helo": letter.helo,
        "From": letter.reverse_path,
        "Rcpt": letter.recipient,
        "Log": "no",
    }
