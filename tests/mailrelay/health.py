"""The host's side of failing mailboxes: kept in memory, decided as a test wants."""

from dataclasses import dataclass, field, replace

from mailrelay.directory import MailboxFailure, MailboxRest, Owner


@dataclass
class Health:
    """Mailboxes that fail go behind the others; where none is left, mail rests as `rest` says."""

    rest: MailboxRest
    failures: list[MailboxFailure] = field(default_factory=list)
    recovered: list[str] = field(default_factory=list)
    suspects: set[str] = field(default_factory=set)
    told: set[tuple[str, str]] = field(default_factory=set)
    owners: dict[str, Owner] = field(default_factory=dict)

    def in_order(self, owner: Owner) -> Owner:
        good = tuple(one for one in owner.mailboxes if one not in self.suspects)
        suspects = tuple(one for one in owner.mailboxes if one in self.suspects)
        rest = None if good else self.rest
        return replace(owner, mailboxes=good + suspects, suspects=frozenset(suspects), rest=rest)

    async def failed(self, failure: MailboxFailure) -> MailboxRest | None:
        self.failures.append(failure)
        owner = self.owners[failure.relay_id]
        self.suspects.add(failure.mailbox if failure.mailbox in owner.mailboxes else owner.mailboxes[0])
        return self.in_order(owner).rest

    async def worked(self, relay_id: str, mailbox: str) -> None:
        assert relay_id in self.owners
        self.recovered.append(mailbox)
        self.suspects.discard(mailbox)

    async def may_tell(self, relay_id: str, correspondent: str) -> bool:
        first = (relay_id, correspondent) not in self.told
        self.told.add((relay_id, correspondent))
        return first
