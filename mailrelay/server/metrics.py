"""What the server counts: per stage, with label children looked up once."""

from prometheus_client import Counter, Gauge, Histogram

CONNECTIONS = Gauge("mailrelay_smtp_connections", "Open SMTP connections")
FAULTS = Counter("mailrelay_smtp_faults_total", "Exceptions answered with 451")
EARLY_TALKERS = Counter("mailrelay_smtp_early_talkers_total", "Clients that spoke before their turn")
TRANSACTION_S = Histogram(
    "mailrelay_smtp_transaction_seconds",
    "From MAIL to the answer to the message",
    buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0, 120.0, 600.0),
)

_TURNED_AWAY = Counter("mailrelay_smtp_turned_away_total", "Connections closed by a limit", ["limit"])
_ANSWERS = Counter("mailrelay_smtp_answers_total", "Answers to SMTP commands", ["stage", "kind"])
_HANDSHAKES = Counter("mailrelay_smtp_tls_handshakes_total", "TLS handshakes", ["result"])

_LIMITS = (
    "connections",
    "connections-per-address",
    "connections-per-network",
    "errors",
    "commands",
    "per-connection",
    "timeout",
    "not-smtp",
    "bare-line-end",
    "refused",
)
_STAGES = ("hello", "mail", "rcpt", "message", "other")

TURNED_AWAY = {limit: _TURNED_AWAY.labels(limit) for limit in _LIMITS}
# By stage and first digit of the code.
ANSWERS = {
    (stage, digit): _ANSWERS.labels(stage, kind)
    for stage in _STAGES
    for digit, kind in ((2, "done"), (3, "go-on"), (4, "try-later"), (5, "refused"))
}
TLS_DONE, TLS_FAILED = _HANDSHAKES.labels("done"), _HANDSHAKES.labels("failed")
