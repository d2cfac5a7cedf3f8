"""From an owner's message to the answer: read, put right, scrub, clean, write, and look once more."""

import secrets
from dataclasses import replace

from mailrelay.addresses import decoded
from mailrelay.identity import Identity
from mailrelay.message import RawMessage
from mailrelay.reports.automation import sign_of_automation
from mailrelay.rewriting.entity import MIME_VERSION, Entity
from mailrelay.rewriting.reply.assembling import file_entity, text_entity, together
from mailrelay.rewriting.reply.files import Clean, Cleaning
from mailrelay.rewriting.reply.header import header_of
from mailrelay.rewriting.reply.letter import Letter, letter_of
from mailrelay.rewriting.reply.model import Answer, AnswerHeld, AutomaticMail, LeftOut, ReplyFacts
from mailrelay.rewriting.reply.quotes import Quotes, display_in
from mailrelay.rewriting.reply.reading import read_letter
from mailrelay.rewriting.scrub import CannotLookInside, Scrubber, scrubber_for

_FLOWED = "; format=flowed"
_RELATED = ';\r\n type="text/html"'  # RFC 2387 section 3.1: the kind of the part that is shown
_DOCUMENT = "<!DOCTYPE html>\n<html><body>{}</body></html>\n"
_IN_HEADER = ("subject", "header")


def rewrite_reply(message: RawMessage, identity: Identity, facts: ReplyFacts) -> Answer:
    """Return the message for the correspondent.

    Raises:
        AnswerHeld: A part can neither be cleaned nor left out, or the result would show the owner.
        AutomaticMail: No person wrote it.
    """
    if reason := sign_of_automation(message):
        raise AutomaticMail(reason)
    display = display_in((*message.all("To"), *message.all("Cc")), facts)
    quotes = Quotes(facts, display)
    scrubber = scrubber_for(identity, (facts.correspondent,), facts.relay_address, facts.domain)
    # The owner's address book may call somebody of his family so.
    display_shows = scrubber.hits(display or "", "header")
    facts = replace(facts, correspondent_name="" if display_shows else display or "")
    body, dropped = _rebuilt(message, quotes, scrubber, facts)
    subject = scrubber.text(quotes.text(decoded(message.first("Subject"))))
    message_id = facts.message_id or f"<{secrets.token_hex(16)}@{facts.relay_domain}>"
    header = header_of(message, subject, message_id, facts)
    answer = RawMessage.assemble([*header, MIME_VERSION, *body.fields], body.body)
    _look_once_more(answer, scrubber)
    return Answer(answer, message_id, dropped)


def _look_once_more(answer: RawMessage, scrubber: Scrubber) -> None:
    try:
        hits = scrubber.scan(answer.raw)
    except CannotLookInside:
        raise AnswerHeld("unsafe-part") from None
    if hits:
        in_header = any(hit.place.startswith(_IN_HEADER) for hit in hits)
        raise AnswerHeld(f"owner-shows-in-{'header' if in_header else 'body'}", hits)


def _rebuilt(
    message: RawMessage, quotes: Quotes, scrubber: Scrubber, facts: ReplyFacts
) -> tuple[Entity, tuple[LeftOut, ...]]:
    """Return the body, and what was left out."""
    blocks = read_letter(message.raw)
    files = Cleaning(facts, scrubber).clean(file for block in blocks for file in block.files)
    new_ids = {one.replaces: one.content_id for one in files.clean if one.replaces}
    letter = letter_of(blocks, quotes, new_ids, plain_only=facts.plain_text_only)
    in_text = [LeftOut(reason, "text") for block in blocks for reason in block.left_out]
    dropped = (*files.dropped, *in_text)
    if dropped and not files.clean and not letter.plain.strip():
        raise AnswerHeld("nothing-left", places=tuple([one.place for one in dropped]))
    return _put_together(letter, files.clean, scrubber), dropped


def _put_together(letter: Letter, files: tuple[Clean, ...], scrubber: Scrubber) -> Entity:
    """Return text, HTML with its pictures, and the other files, as far as there are any."""
    plain = text_entity(scrubber.text(letter.plain), "text/plain", _FLOWED if letter.flowed else "")
    # A picture that stood in a signature, or where it was not seen, is no longer wanted.
    wanted = [one for one in files if one.replaces not in letter.unwanted]
    pictures = [one for one in wanted if one.replaces in letter.pictures]
    attachments = [
        file_entity(one.content, one.content_type, one.name) for one in wanted if one not in pictures
    ]
    if letter.html is None:
        return together("mixed", [plain, *attachments])
    html = text_entity(_DOCUMENT.format(scrubber.html(letter.html)), "text/html")
    within = [file_entity(one.content, one.content_type, one.name, one.content_id) for one in pictures]
    shown = together("related", [html, *within], _RELATED)
    return together("mixed", [together("alternative", [plain, shown]), *attachments])
