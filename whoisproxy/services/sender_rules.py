"""Rules about senders, made by registrars for themselves and their owners, by owners, and by the operator."""

from dataclasses import dataclass

from whoisproxy.domain.account import Registrar
from whoisproxy.domain.errors import InvalidInput, NotFound
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.sender_rules import (
    MOST_RULES,
    RuleAction,
    RuleScope,
    StoredRule,
    normalised_sender,
    sender_that_came,
)
from whoisproxy.services.holding import hold
from whoisproxy.services.settings import Clock
from whoisproxy.storage.repositories.sender_rules import ALL_MAIL, RuleBook
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork


@dataclass(frozen=True, slots=True)
class RulesOf:
    """Whose rules are meant.

    Attributes:
        registrar: Who asks; None for the operator.
        domain: One of the registrar's, for the scopes DOMAIN and OWNER.
    """

    scope: RuleScope
    registrar: Registrar | None = None
    domain: DomainName | None = None


OPERATORS = RulesOf(RuleScope.OPERATOR)


class SenderRules:
    """Lists, makes and removes rules.

    Args:
        storage: The database.
        clock: Gives aware UTC.
    """

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    async def page(self, whose: RulesOf, after: str, limit: int) -> list[StoredRule]:
        """Return up to `limit` rules, oldest first; `after` is the last id seen.

        Raises:
            NotFound: The registrar has no such domain.
        """
        async with self._storage.reading() as uow:
            return await uow.sender_rules.page(await _book(uow, whose), after, limit)

    async def put(self, whose: RulesOf, sender: str, action: RuleAction) -> tuple[StoredRule, bool]:
        """Allow or block a sender, whatever the rule about him was; return it, and whether it is new.

        Args:
            whose: See there.
            sender: A mailbox, or a domain with all below it, as people write them.
            action: See there.

        Raises:
            NotFound: The registrar has no such domain.
            InvalidInput: `sender` is neither, or may not be allowed, or there are too many rules.
        """
        named = normalised_sender(sender, action)
        async with self._storage.unit_of_work() as uow:
            return await self.put_in(uow, await _book(uow, whose), named, action)

    async def remove(self, whose: RulesOf, rule_id: str) -> None:
        """Forget a rule.

        Raises:
            NotFound: The registrar has no such domain, or there is no rule of that id.
        """
        async with self._storage.unit_of_work() as uow:
            if not await uow.sender_rules.remove(await _book(uow, whose), rule_id):
                raise NotFound("there is no rule of that id")

    async def allow(self, relay_id: str, sender: str, scope: RuleScope = RuleScope.DOMAIN) -> StoredRule:
        """Allow a sender by the word of the owner behind a relay address.

        Args:
            relay_id: Of the relay address that the sender wrote to.
            sender: A mailbox as a message names it, or a domain with all below it.
            scope: DOMAIN, or OWNER for all of the owner's domains at his registrar.

        Raises:
            NotFound: The relay address serves nobody any more.
            InvalidInput: As for `put`.
        """
        return await self._by_owner(relay_id, sender, scope, RuleAction.ALLOW)

    async def block(self, relay_id: str, sender: str, scope: RuleScope = RuleScope.DOMAIN) -> StoredRule:
        """Block a sender by the word of the owner behind a relay address; arguments and errors as `allow`."""
        return await self._by_owner(relay_id, sender, scope, RuleAction.BLOCK)

    async def _by_owner(self, relay_id: str, sender: str, scope: RuleScope, action: RuleAction) -> StoredRule:
        async with self._storage.unit_of_work() as uow:
            relay = await uow.relays.by_id(relay_id)
            domain = await uow.registrations.by_id(relay.domain_id) if relay else None
            if domain is None:
                raise NotFound("the relay address serves nobody")
            book = RuleBook.of_owner(domain) if scope is RuleScope.OWNER else RuleBook.of_domain(domain)
            came = sender_that_came(sender) if "@" in sender else normalised_sender(sender, action)
            if not came:
                raise InvalidInput("sender", "is no mailbox (RFC 5321)")
            rule, _ = await self.put_in(uow, book, came, action)
        return rule

    async def put_in(
        self, uow: UnitOfWork, book: RuleBook, named: str, action: RuleAction
    ) -> tuple[StoredRule, bool]:
        """Put a rule into a book, as part of a unit of work; `named` is as `normalised_sender` returns it.

        Raises:
            InvalidInput: There are too many rules.
        """
        is_new = await uow.sender_rules.find(book, named) is None
        most = MOST_RULES[book.scope]
        if is_new and await uow.sender_rules.count(book) >= most:
            raise InvalidInput("sender", f"there are {most} rules already")
        return await uow.sender_rules.put(book, named, action, self._clock()), is_new


async def _book(uow: UnitOfWork, whose: RulesOf) -> RuleBook:
    if whose.registrar is None:
        return RuleBook(RuleScope.OPERATOR, ALL_MAIL)
    if whose.domain is None:
        return RuleBook(RuleScope.REGISTRAR, whose.registrar.id)
    domain = await hold(uow, whose.registrar, whose.domain)
    return RuleBook.of_owner(domain) if whose.scope is RuleScope.OWNER else RuleBook.of_domain(domain)
