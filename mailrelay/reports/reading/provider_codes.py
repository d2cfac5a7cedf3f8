"""Codes of their own that mail providers put into a refusal, by what they document them to mean.

They decide before all words, for the words around them are for readers, and often say less or something else.
Sources: the postmaster pages of each provider.
"""

import re

# (whose code, what to search for, what he documents it to mean).
_TABLE: tuple[tuple[str, str, str], ...] = (
    ("Facebook", r"\bRCP-P1\b", "no-such-user"),
    ("Facebook", r"\bRCP-P[2-9]\b", "recipient-refuses"),
    ("Facebook", r"\bINT-[PT]\d\b", "system-error"),
    ("Facebook", r"\bCON-[PT]\d\b", "over-rate"),
    ("Facebook", r"\bDNS-[PT]\d\b", "reverse-dns"),
    ("Facebook", r"\bPOL-P[67]\b", "auth-failure"),
    ("Facebook", r"\bPOL-[PT]\d\b", "policy"),
    ("Facebook", r"\bMSG-[PT]\d\b", "content-rejected"),
    ("Google", r"[?=/]NoSuchUser\b", "no-such-user"),
    ("Google", r"[?=/]DisabledUser\b", "mailbox-disabled"),
    ("Google", r"[?=/]OverQuota(?:Perm|Temp)\b", "mailbox-full"),
    ("Google", r"[?=/](?:ReceivingRate|RateLimit)\w*\b", "over-rate"),
    ("Microsoft", r"RESOLVER\.ADR\.(?:Ex)?Recip(?:ient)?NotFound", "no-such-user"),
    ("Microsoft", r"RESOLVER\.(?:RST|GRP)\.", "recipient-refuses"),
    ("Microsoft", r"SenderFilterConfig|SenderNotAuthenticated", "sender-rejected"),
    ("Microsoft", r"\bOU-00[12]\b|\bSC-00\d\b|\bDY-00[12]\b", "blocked"),
    ("Microsoft", r"\bRP-00\d\b", "over-rate"),
    ("Orange", r"\bOFR_?(?:\d{3}_)?416\b", "no-such-user"),
    ("Orange", r"\bOFR_?(?:\d{3}_)?417\b", "mailbox-full"),
    ("Orange", r"\bOFR_?(?:\d{3}_)?514\b", "mailbox-disabled"),
    ("Orange", r"\bOFR_?(?:\d{3}_)?(?:405|402|415)\b", "sender-rejected"),
    ("Orange", r"\bOFR_?(?:\d{3}_)?(?:506|510|999)\b", "spam-blocked"),
    ("Laposte", r"\bLPN\d{3}_416\b", "no-such-user"),
    ("Laposte", r"\bLPN\d{3}_417\b", "mailbox-full"),
    ("Laposte", r"\bLPN\d{3}_(?:402|405|415)\b", "sender-rejected"),
    ("Laposte", r"\bLPN\d{3}_517\b", "auth-failure"),
    ("Laposte", r"\bLPN\d{3}_(?:506|510|519)\b", "spam-blocked"),
    ("Laposte", r"\b(?:LPN|OFR)\d{3}_(?:104|105|109|503)\b", "over-rate"),
    ("GoDaddy", r"\bIB(?:00[1-9]|10[1-5]|110|212|510|607)\b", "blocked"),
    ("GoDaddy", r"\bIB(?:106|108)\b", "reverse-dns"),
    ("GoDaddy", r"\bIB(?:111|501|504|508|513)\b", "over-rate"),
    ("GoDaddy", r"\bIB(?:502|503|505|506|507)\b", "sender-rejected"),
    ("GoDaddy", r"\bIB7\d\d\b", "spam-blocked"),
    ("AOL", r"\b(?:RTR|CON|RLY|DYN|HVU):[A-Z0-9]{2}", "blocked"),
    ("Cox", r"AUP#(?:CDRBL|CXBL|CXDNS|IPBL)\w*", "blocked"),
    ("Cox", r"AUP#(?:CXCNCT|CXSNDR|CXMXRT|MXRT|SNDR|CNCT)\b", "over-rate"),
    ("Comcast", r"smtp-error-codes\.php#(?:BL|ES|DM)\w+", "blocked"),
    ("Tencent", r"no=1000728\b", "no-such-user"),
    ("Tencent", r"frequency limited", "over-rate"),
    ("NetEase", r"\b(?:DT|HL|MI):[A-Z]{3} ?\d", "spam-blocked"),
)
PROVIDER_CODES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), reason) for _, pattern, reason in _TABLE
)
"""(what to search for, reason)."""
