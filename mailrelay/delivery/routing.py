"""Find the mail servers of a domain and how to connect to them (RFC 5321 section 5.1), or use the smarthost.

MX hosts by preference, equals in random order, null MX (RFC 7505), the domain itself where it has no MX. Each
server comes with its TLS policy: DANE (RFC 7672), else MTA-STS (RFC 8461), else opportunistic. A route is
kept for a minute, so that a message to a known domain costs a look into a dict.
"""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Literal

import idna

from mailrelay.delivery.dane import is_usable
from mailrelay.delivery.mta_sts import Mode, StsPolicies, StsPolicy
from mailrelay.delivery.public_addresses import is_public
from mailrelay.delivery.tls_policy import OPPORTUNISTIC, Demand, PolicyKind, TlsPolicy
from mailrelay.dns import Answer, Resolver
from mailrelay.errors import MailError, PermanentMailError, TemporaryMailError

Family = Literal["ipv6", "ipv4"]

_MOST_HOSTS = 5  # RFC 5321 5.1 asks for at least two; a hostile zone could name hundreds
_MOST_ADDRESSES = 4  # of one host
_KEPT_S = 60.0
_MOST_ROUTES = 10_000
_KINDS: dict[Family, Literal["AAAA", "A"]] = {"ipv6": "AAAA", "ipv4": "A"}


@dataclass(frozen=True, slots=True)
class Target:
    """A mail server: its name (for TLS), one address to connect to, and how to protect the connection."""

    host: str
    address: str
    port: int
    tls: TlsPolicy = OPPORTUNISTIC


@dataclass(frozen=True, slots=True)
class Route:
    """Where mail for a domain goes.

    Attributes:
        destination: What rests when its servers are away: the domain, or the smarthost.
        targets: Servers, best first; never empty.
    """

    destination: str
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class RoutingRules:
    """What the operator says about routes.

    Attributes:
        port: Of mail servers found in the DNS.
        smarthost: Takes all mail; None asks the DNS.
        public_only: Whether to pass over servers on private addresses: a zone must not send us into the
            operator's own network.
        families: Kinds of addresses to use, the preferred one first.
        own_host: Our name; a domain whose best server we are would send mail round.
    """

    port: int = 25
    smarthost: Target | None = None
    public_only: bool = False
    families: tuple[Family, ...] = ("ipv6", "ipv4")
    own_host: str = ""


class Router:
    """Says where mail for a domain goes.

    Args:
        resolver: Answers DNS questions.
        rules: What the operator says.
        policies: MTA-STS; None does without.
        chance: Gives 0 to 1, for the order of equal servers.
        monotonic: Clock of the kept routes in seconds.
    """

    def __init__(
        self,
        resolver: Resolver,
        rules: RoutingRules,
        policies: StsPolicies | None = None,
        *,
        chance: Callable[[], float] = random.random,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._resolver = resolver
        self._rules = rules
        self._policies = policies
        self._chance = chance
        self._monotonic = monotonic
        smarthost = rules.smarthost
        self._fixed = Route(smarthost.host, (smarthost,)) if smarthost is not None else None
        self._kept: dict[str, tuple[float, Route]] = {}
        self._asking: dict[str, asyncio.Task[Route]] = {}

    async def route(self, domain: str) -> Route:
        """Return where mail for a domain goes.

        Raises:
            PermanentMailError: The domain does not exist or takes no mail.
            TemporaryMailError: The DNS did not answer, or a named server has no address now.
        """
        kept = self._kept.get(domain)
        if kept is not None and kept[0] > self._monotonic():
            return kept[1]
        if self._fixed is not None:
            return self._fixed
        task = self._asking.get(domain)
        if task is None:
            task = asyncio.create_task(self._found(domain))
            self._asking[domain] = task
            task.add_done_callback(lambda _: self._asking.pop(domain, None))
        # Others may wait for the same route; whoever gives up does not take it from them.
        return await asyncio.shield(task)

    async def _found(self, domain: str) -> Route:
        route = Route(domain, await self._targets(domain))
        self._kept.pop(domain, None)
        self._kept[domain] = (self._monotonic() + _KEPT_S, route)
        if len(self._kept) > _MOST_ROUTES:
            del self._kept[next(iter(self._kept))]
        return route

    async def _targets(self, domain: str) -> tuple[Target, ...]:
        if domain.startswith("["):
            return (self._literal(domain),)
        name = _a_labels(domain)
        exchangers = await self._resolver.answer(name, "MX")
        if not exchangers.exists:
            raise _no_such_domain()
        hosts = self._hosts(name, exchangers)
        policy = await self._policies.of(name) if self._policies is not None else None
        targets: list[Target] = []
        failures: list[MailError] = []
        for host in hosts:
            try:
                targets += await self._at(host, name, policy, secure=exchangers.secure)
            except MailError as error:
                failures.append(error)
        if targets:
            return tuple(targets)
        if failures:
            # What may pass goes before what will not.
            raise max(failures, key=lambda error: error.retry)
        if exchangers.records:
            raise TemporaryMailError(451, "4.4.4", "No route to the recipient", "mx-has-no-address")
        raise _no_such_domain()

    def _hosts(self, domain: str, exchangers: Answer) -> list[str]:
        """Return names of servers in the order to be tried (RFC 5321 section 5.1)."""
        own = self._rules.own_host
        if not exchangers.records:
            found = [(0, domain)]
        elif exchangers.records == ((0, ""),):
            raise PermanentMailError(556, "5.1.10", "Recipient domain takes no mail", "null-mx")
        else:
            found = [(preference, host) for preference, host in exchangers.records if host]
        ours = min((preference for preference, host in found if host == own), default=None)
        if ours is not None:
            # Servers as good as we are, or worse, would send the message back to us.
            found = [(preference, host) for preference, host in found if preference < ours]
            if not found:
                raise PermanentMailError(554, "5.4.6", "Mail goes round", "mail-loop")
        found.sort(key=lambda one: (one[0], self._chance()))
        return [host for _, host in found[:_MOST_HOSTS]]

    async def _at(self, host: str, domain: str, policy: StsPolicy | None, *, secure: bool) -> list[Target]:
        """Return the targets of one host; none where it has no address, or its domain disowns it.

        Raises:
            TemporaryMailError: The DNS does not answer, or the host may not be used now.
            PermanentMailError: It has private addresses only.
        """
        answers = await self._address_answers(host)
        addresses = [address for answer in answers for address in answer.records]
        if not addresses:
            return []
        allowed = [address for address in addresses if not self._rules.public_only or is_public(address)]
        if not allowed:
            raise _not_public()
        secure = secure and all(answer.secure for answer in answers if answer.records)
        names = dict.fromkeys([answers[0].canonical, host]) if secure else ()
        tls = await self._dane(tuple(names), domain) or _by_sts(host, policy)
        return [Target(host, address, self._rules.port, tls) for address in allowed[:_MOST_ADDRESSES]]

    async def _address_answers(self, host: str) -> list[Answer]:
        kinds = [_KINDS[family] for family in self._rules.families]
        found = await asyncio.gather(
            *(self._resolver.answer(host, kind) for kind in kinds), return_exceptions=True
        )
        answers = [one for one in found if not isinstance(one, BaseException)]
        for one in found:
            # One kind is enough where the other cannot be asked for.
            if isinstance(one, BaseException) and not any(answer.records for answer in answers):
                raise one
        return answers

    async def _dane(self, names: tuple[str, ...], domain: str) -> TlsPolicy | None:
        """Return what the TLSA records of a host demand (RFC 7672 section 2.2), None where it has none.

        Args:
            names: Of the host: at the end of its CNAMEs, then as the MX has it (section 2.2.3).
            domain: Whose mail it is; a certificate may be for that name too.
        """
        for name in names:
            answer = await self._resolver.tlsa(name, self._rules.port)
            if answer.records and answer.secure:
                usable = tuple(record for record in answer.records if is_usable(record))
                demand = Demand.DANE if usable else Demand.ENCRYPTED
                return TlsPolicy(demand, PolicyKind.TLSA, tlsa=usable, names=(name, domain))
        return None

    def _literal(self, domain: str) -> Target:
        """Return the target of an address literal (RFC 5321 section 4.1.3)."""
        text = domain.strip("[]").removeprefix("ipv6:")
        try:
            address = str(ip_address(text))
        except ValueError:
            raise PermanentMailError(553, "5.1.3", "Recipient is no mailbox", "bad-recipient") from None
        if self._rules.public_only and not is_public(address):
            raise _not_public()
        return Target(address, address, self._rules.port)


def _by_sts(host: str, policy: StsPolicy | None) -> TlsPolicy:
    if policy is None:
        return OPPORTUNISTIC
    if policy.covers(host):
        demand = Demand.VERIFIED if policy.mode is Mode.ENFORCE else Demand.TESTING
        return TlsPolicy(demand, PolicyKind.STS)
    if policy.mode is Mode.ENFORCE:
        # RFC 8461 4.1: a server that the policy does not name gets no mail.
        raise TemporaryMailError(
            451, "4.7.5", "No trusted route to the recipient", "sts-names-no-such-server"
        )
    return TlsPolicy(Demand.OPPORTUNISTIC, PolicyKind.STS)


def _a_labels(domain: str) -> str:
    if domain.isascii():
        return domain
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError:
        raise PermanentMailError(553, "5.1.3", "Recipient is no mailbox", "bad-recipient") from None


def _not_public() -> PermanentMailError:
    return PermanentMailError(550, "5.4.4", "No route to the recipient", "mail-server-not-public")


def _no_such_domain() -> PermanentMailError:
    return PermanentMailError(550, "5.1.2", "Recipient domain does not exist", "no-such-domain")
