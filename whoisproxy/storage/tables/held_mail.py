"""Mail that is held, mailboxes that refuse it, and what has been learned about spam."""

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, String, Table, UniqueConstraint

from whoisproxy.storage.tables.values import ID, UtcDateTime, metadata

# Whose held mail is shown and told of together: domains of one registrar whose registrants have one mailbox,
# known by blind index, and whose mail goes to one mailbox. `digest_id` is a letter's on its way, else "".
quarantines = Table(
    "quarantines",
    metadata,
    Column("id", ID, primary_key=True),
    Column("registrar_id", ForeignKey("registrars.id"), nullable=False),
    Column("owner_index", LargeBinary, nullable=False),
    Column("mailbox_index", LargeBinary, nullable=False),
    Column("due_at", UtcDateTime),
    Column("told_at", UtcDateTime),
    Column("digest_id", ID, nullable=False),
    UniqueConstraint("registrar_id", "owner_index", "mailbox_index"),
)

# Held messages that their owner was told of, and in which letter.
told_messages = Table(
    "told_messages",
    metadata,
    Column("message_id", ID, primary_key=True),
    Column("digest_id", ID, nullable=False, index=True),
    Column("told_at", UtcDateTime, nullable=False, index=True),
)

# Registrants' mailboxes that refused mail, by blind index; gone with the registrant.
suspect_mailboxes = Table(
    "suspect_mailboxes",
    metadata,
    Column("owner_id", ForeignKey("registrants.id", ondelete="CASCADE"), primary_key=True),
    Column("mailbox_index", LargeBinary, primary_key=True),
    Column("since", UtcDateTime, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("try_at", UtcDateTime, nullable=False),
)

# Who was told that mail to a relay address waits for such a mailbox.
told_correspondents = Table(
    "told_correspondents",
    metadata,
    Column("relay_id", ID, primary_key=True),
    Column("correspondent_index", LargeBinary, primary_key=True),
    Column("owner_id", ForeignKey("registrants.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("told_at", UtcDateTime, nullable=False),
)

# What this installation has learned about spam: one sealed row, whose version says when it changed.
spam_learning = Table(
    "spam_learning",
    metadata,
    Column("name", String(16), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

# That a message was taught, for the limits on teachers and senders; both, and the message, as blind indexes.
spam_lessons = Table(
    "spam_lessons",
    metadata,
    Column("lesson", LargeBinary, primary_key=True),
    Column("kind", String(8), nullable=False),
    Column("teacher", LargeBinary, nullable=False),
    Column("sender", LargeBinary, nullable=False),
    Column("taught_at", UtcDateTime, nullable=False, index=True),
    Index("ix_spam_lessons_teacher_taught_at", "teacher", "taught_at"),
    Index("ix_spam_lessons_sender_taught_at", "sender", "taught_at"),
)
