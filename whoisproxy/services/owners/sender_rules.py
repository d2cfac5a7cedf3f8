"""Whom an owner allows and blocks, as he says on his pages: for one of his domains, or for all of them."""

from dataclasses import dataclass

from whoisproxy.domain.errors import InvalidInput, NotFound
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.owner_account import OwnerAccount
from whoisproxy.domain.sender_rules import RuleAction, StoredRule, normalised_sender
from whoisproxy.services.owners.sessions import FoundSession, OwnerSessions
from whoisproxy.services.sender_rules import SenderRules
from whoisproxy.storage.repositories.sender_rules import RuleBook
from whoisproxy.storage.unit_of_work import Storage, UnitOfWork


@dataclass(frozen=True, slots=True)
class RulesPage:
    """A page of rules.

    Attributes:
        rules: Each with the A-label of the domain that it is for; "" for all of the owner's.
        older: The id behind which it goes on, "" at the end.
    """

    rules: tuple[tuple[StoredRule, str], ...]
    older: str


class OwnerSenderRules:
    """Lists, makes and removes the rules of an account."""

    def __init__(self, storage: Storage, sessions: OwnerSessions, rules: SenderRules) -> None:
        self._storage = storage
        self._sessions = sessions
        self._rules = rules

    async def page(self, account: OwnerAccount, before: str, limit: int) -> RulesPage:
        """Return up to `limit` rules, newest first; `before` is the last id seen."""
        async with self._storage.reading() as uow:
            found = await uow.sender_rules.of_owner(
                account.registrar_id, account.owner_index, before, limit + 1
            )
        shown = tuple(found[:limit])
        return RulesPage(shown, shown[-1][0].id if len(found) > limit else "")

    async def put(self, found: FoundSession, sender: str, action: RuleAction, domain: str) -> StoredRule:
        """Allow or block a sender, whatever the rule about him was.

        Args:
            found: Who says so.
            sender: A mailbox, or a domain with all below it, as people write them.
            action: See there.
            domain: One of his domains, as people write them; "" for all.

        Raises:
            NotFound: He has been signed out meanwhile, or has no domain any more.
            InvalidInput: `sender` is neither or may not be allowed, the domain is not his, or there are too
                many rules.
        """
        named = normalised_sender(sender, action)
        name = DomainName.parse(domain) if domain else None
        async with self._storage.unit_of_work() as uow:
            account = await self._still(uow, found)
            book = await _book(uow, account, name)
            rule, _ = await self._rules.put_in(uow, book, named, action)
        return rule

    async def remove(self, found: FoundSession, rule_id: str) -> None:
        """Forget a rule.

        Raises:
            NotFound: He has been signed out meanwhile, or the rule is not his.
        """
        async with self._storage.unit_of_work() as uow:
            account = await self._still(uow, found)
            removed = await uow.sender_rules.remove_of_owner(
                account.registrar_id, account.owner_index, rule_id
            )
            if not removed:
                raise NotFound("there is no rule of that id")

    async def _still(self, uow: UnitOfWork, found: FoundSession) -> OwnerAccount:
        account = await self._sessions.still_in(uow, found)
        if account is None:
            raise NotFound("nobody is signed in")
        return account


async def _book(uow: UnitOfWork, account: OwnerAccount, name: DomainName | None) -> RuleBook:
    """Return where a rule goes; any domain of the owner says who he is."""
    his = (account.registrar_id, account.owner_index)
    if name is None:
        names = await uow.owned_mail.names(*his)
        owned = names[0] if names else None
    else:
        owned = await uow.owned_mail.named(*his, name.a_label)
    registration = await uow.registrations.by_id(owned.id) if owned else None
    if registration is None and name is not None:
        raise InvalidInput("domain", "is none of yours")
    if registration is None:
        raise NotFound("there is no domain")
    return RuleBook.of_owner(registration) if name is None else RuleBook.of_domain(registration)
