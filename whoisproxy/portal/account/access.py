"""The page that lists who has had to do with an owner's data, and says what it does not list."""

from aiohttp import web

from whoisproxy.domain.disclosure import LONGEST, Purpose
from whoisproxy.i18n import N_
from whoisproxy.portal.account.visiting import FIELDS, AccountPage, page_in, pager
from whoisproxy.portal.entry.security import PROOFS
from whoisproxy.portal.entry.signed_in import SignedIn

_ON_A_PAGE = 25

PURPOSES = {
    Purpose.DOMAIN_NAME_CONTROL: N_("Control of the domain name"),
    Purpose.PERSONAL_DATA_PROTECTION: N_("Protection of personal data"),
    Purpose.TECHNICAL_ISSUE_RESOLUTION: N_("Resolving a technical issue"),
    Purpose.DOMAIN_NAME_CERTIFICATION: N_("Certification of the domain name"),
    Purpose.INDIVIDUAL_INTERNET_USE: N_("Use of the Internet by an individual"),
    Purpose.BUSINESS_DOMAIN_NAME_PURCHASE_OR_SALE: N_("Purchase or sale of the domain name"),
    Purpose.ACADEMIC_PUBLIC_INTEREST_DNS_RESEARCH: N_("Research in the public interest"),
    Purpose.LEGAL_ACTIONS: N_("Legal actions"),
    Purpose.REGULATORY_AND_CONTRACT_ENFORCEMENT: N_("Enforcement of rules and contracts"),
    Purpose.CRIMINAL_INVESTIGATION_AND_DNS_ABUSE_MITIGATION: N_("Criminal investigation or abuse"),
    Purpose.DNS_TRANSPARENCY: N_("Transparency of the DNS"),
}


class AccessPage(AccountPage):
    """Shows it."""

    async def show(self, request: web.Request, owner: SignedIn) -> web.Response:
        """Show looks by disclosures, and sign-ins."""
        page = page_in(request)
        start = (page - 1) * _ON_A_PAGE
        # One more than is shown tells whether there is a later page.
        found = await self._own.held.accesses(owner.account, start, _ON_A_PAGE + 1)
        return self._shown(
            request,
            owner,
            "access",
            looks=found.looks[:_ON_A_PAGE],
            reads=found.reads,
            sign_ins=found.sign_ins,
            pager=pager(page, more=len(found.looks) > _ON_A_PAGE),
            purposes=PURPOSES,
            fields=FIELDS,
            proofs=PROOFS,
            longest=LONGEST.days,
        )
