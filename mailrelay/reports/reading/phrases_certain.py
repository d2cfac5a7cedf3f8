"""What mail servers write in English and mean one thing by, by reason.

What names a filter, a quota or a policy stands before what names the user.

Words in capitals stand for those of `phrases`, which compiles this.
"""

ROWS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "system-error",
        (
            r"command output",
            r"pipe to",
            r"no such file",
            r"generated during the delivery",
            r"unknown mail transport",
            r"verification in progress|unverified address(?!:)",
            r"(?:disk|file ?system|partition|queue) (?:is )?full",
            r"(?:could ?not|couldn't|can't|cannot|unable to) (?:create|open|write|execute|lock)",
        ),
    ),
    ("rejected", (r"groups\.google\.com",)),
    (
        "no-such-user",
        (
            r"recipient address(?:es)? rejected ?: access denied",
            r"requested action not taken: mailbox unavailable",
        ),
    ),
    (
        "recipient-refuses",
        (
            r"(?:recipient|user).{0,20}preferences",
            r"recipient (?:has )?refuse[sd]|mail ?box.{0,40}restricted",
            r"(?:rejected|refused) by (?:the )?recipient(?! domain| server)",
        ),
    ),
    (
        "auth-failure",
        (
            r"\b(?:spf|dmarc|dkim|domainkeys)\b",
            r"unauthenticated (?:e-?mail|messages?|sender)",
            r"authentication checks? failed",
            r"sender id ",
            r"(?:e-?mail|sender|message) authentication",
        ),
    ),
    (
        "reverse-dns",
        (
            r"reverse.{0,10}dns",
            r"\bptr\b",
            r"reverse (?:lookup|hostname|address|mapping)",
            r"rdns",
            r"unverifyable",
            r"find your (?:reverse )?host ?name",
            r"(?:ip|client) address.{0,30}(?:not resolve|no name)",
        ),
    ),
    (
        "blocked",
        (
            r"(?<!may be )black ?-?list",
            r"\b[a-z]{0,10}rbl\b|dnsbl|spamhaus|spamcop|sorbs|barracudacentral",
            r"my name was rejected|helo command rejected",
        ),
    ),
    ("virus", (r"\bvirus", r"malware", r"infected")),
    (
        "over-rate",
        (
            r"too many (?:connections?|concurrent|errors|sessions|unknown|invalid|bad|attempts)",
            r"too many (?:recipients|messages|e?-?mails)(?! (?:in|on|stored))",
            r"(?:rate|connection|frequency|session|hourly|daily|sending|receiving)s? ?(?:is )?limit",
            r"frequency",
            r"rate.{0,20}exceed",
            r"throttl",
            r"exceed.{0,30}(?:rate|hourly|daily|per hour)",
            r"concurren",
            r"(?:sending|receiving|sent|receive).{0,20}too (?:fast|often|quickly)",
            r"unusual rate|excessive userid",
        ),
    ),
    (
        "mailbox-full",
        (
            r"(?:BOX|quota)[^.\n]{0,40}\bfull\b",
            r"\bfull (?:mail|in) ?box",
            r"over ?-?(?:disk ?|storage |the )?quota",
            r"quota.{0,30}(?:exceed|exhaust|full|over|reach|violat)",
            r"exceed.{0,40}(?:quota|storage|mailbox size|space|allowed size|allocation)",
            r"BOX.{0,40}(?:exceed|over (?:its|the|quota)|out of (?:space|storage)|too large|limit)",
            r"out of (?:disk|storage|quota|space)",
            r"(?:insufficient|not enough|no) (?:system |disk |free |mail ?box |storage )*(?:storage|space)",
            r"(?:storage|space).{0,20}(?:exceed|exhaust|full)",
            r"too many (?:e?-?mails?|messages) (?:in|on|stored)",
            r"reached (?:its |the |disk )*quota",
            r"容量",
            r"いっぱい",
        ),
    ),
    (
        "mailbox-disabled",
        (
            r"\b(?:WHO|domain)\b.{0,60}\bCLOSED",
            r"\b(?:disabled|suspended|inactive|deactivated|expired) (?:recipient|account|mailbox|user)",
            r"not (?:currently )?active|account (?:is )?(?:currently |temporarily )?unavailable",
        ),
    ),
    (
        "moved",
        (
            r"user not local",
            r"not our (?:user|customer)",
            r"WHO.{0,20}\bmoved",
            r"(?:address|user).{0,20}(?:has )?changed",
            r"no longer (?:at|on|with|in use|use|valid|exists?|available|an employee|employed)",
            r"new (?:e-?mail )?address",
            r"moved to",
        ),
    ),
    (
        "no-mail-service",
        (
            r"null ?mx",
            r"(?:not|n't) (?:accept|receiv)(?:e|ing)?(?: any)? (?:e-?)?mail(?!s? (?:from|in|x))",
            r"no smtp service|no longer accepts? (?:e-?)?mail",
            r"smtp service.{0,20}not",
            r"find a mail exchanger",
        ),
    ),
    (
        "relay-denied",
        (
            r"relay(?:ing)?(?: access| mail| attempt)? ?(?:is )?(?:REFUSED|not|through)",
            r"\b(?:not|denied|unable|can(?:no|')t|no|don't)\b[^.\n]{0,30}\brelay(?! recipient| domain)",
            r"(?:refus|disallow|without)\w*[^.\n]{0,30}\brelay(?! recipient| domain)",
            r"not.{0,30}\brcpthosts",
            r"in my list of allowed rcpthosts",
            r"smtp authentication|smtp enabled",
            r"user ?name (?:and|or) password|\bauth(?:entication)? (?:unsuccessful|failed)",
            r"authentication (?:is )?required",
            r"must (?:first )?authenticate",
        ),
    ),
    ("host-unknown", (r"dns error: (?:domain name not found|dns server returned answer with no data)",)),
    (
        "network-error",
        (
            r"host not found, try again",
            r"host name lookup failure",
            r"dns (?:error|failure)",
            r"lost connection|no route to host|host (?:is )?(?:unreachable|not reachable)",
            r"mx records? points? to (?:local|my)",
            r"could not resolve",
            r"lookup.{0,30}fail(?!ed permanently)",
            r"\bloop",
            r"too many hops",
            r"hop count",
            r"routing error",
            r"name server.{0,20}(?:fail|timeout)",
            r"temporary (?:dns|name)",
        ),
    ),
    (
        "sender-rejected",
        (
            r"SENDER'?s?[ :](?:e-?mail )?(?:address|domain|host)?.{0,40}(?:REFUSED|ABSENT|WRONG)",
            r"SENDER'?s?[ :](?:e-?mail )?(?:address|domain|host)?.{0,40}(?:not |verif|exist)",
            r"SENDER has no\b|mx for sender|domain of sender|domain may not exist or dns check",
            r"not (?:a )?member(?! of domain)",
            r"not allowed to (?:post|send)",
            r"mail from.{0,40}(?:REFUSED|invalid)",
            r"(?:unable|failed|could not|cannot) to? ?verify (?:the )?sender",
            r"backscatter",
        ),
    ),
    (
        "host-unknown",
        (
            r"SITE(?: name| part)?[^.\n]{0,30}(?:ABSENT|invalid|no longer exists)",
            r"SITE(?: name)? [\w.-]{1,60} ABSENT",
            r"domain(?: name| part)?[^.\n]{0,30}not reachable",
            r"WRONG(?: mail| or illegal| address| destination| recipient)* SITE",
            r"find any host|unresolvable (?:host|domain)|recipient domain must exist",
            r"lookups? failed permanently",
            r"host not found",
            r"name service error",
            r"mx records? (?:point|for)",
            r"no (?:valid )?mx",
            r"unable to route",
            r"no.{0,20}route.{0,10} to domain",
            r"not an? (?:mail|valid) (?:host|domain)",
        ),
    ),
    (
        "no-such-user",
        (
            r"(?<!sender )\bWHOs?(?: name| id| address| ADDR)?(?: \S+)?(?: is| was|,| -|:)? ?\bABSENT",
            r"\bWRONG[ -](?:or \w+ |local |virtual |destination |final |mail |delivery )*WHO(?! of sender)",
            r"ADDR>? (?:is )?rejected",
            r"recipnotfound|mailbox unavailable or access denied",
            r"(?:can(?:no|')t|couldn't|could not|unable to) find.{0,30}\bWHO",
            r"does(?: not|n't) have (?:an? )?(?:\S+ )?account",
            r"not a member of domain|handle mail for that",
            r"not (?:listed )?in .{0,20}(?:directory|address book)",
        ),
    ),
)
