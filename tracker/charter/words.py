"""Owns the words of the charter: every closed list of values, one meaning each.

The members' values are what is stored, printed by the commands and accepted from outside.
"""

from enum import StrEnum


class Channel(StrEnum):
    """How a case arrived, and how a message travels."""

    WEB = "web"
    EMAIL = "email"
    POST = "post"
    FAX = "fax"
    PHONE = "phone"
    COUNTER = "counter"


PAPER = (Channel.POST, Channel.FAX)
"""Has a date, no hour; leaves by hand, on the day that somebody records."""
SPOKEN = (Channel.PHONE, Channel.COUNTER)
"""Is a conversation: it is over once it is held, and the person chooses how the answer comes."""


class Nature(StrEnum):
    """What kind of request a case is; proposed at intake, confirmed by a person."""

    INFORMATION = "information"
    COMPLEX = "complex"
    MISDIRECTED = "misdirected"
    COMPLAINT = "complaint"
    DOCUMENT_ACCESS = "document_access"


class ObligationKind(StrEnum):
    """What was promised by a date."""

    REPLY = "reply"
    INTERIM = "interim"
    PROMISED_REPLY = "promised_reply"
    TRANSMISSION = "transmission"


class ObligationState(StrEnum):
    """What has become of a promise."""

    OPEN = "open"
    DISCHARGED = "discharged"
    REPLACED = "replaced"
    WAIVED = "waived"


class WaiverGround(StrEnum):
    """Why a person may declare that a promise need not be kept; never counted as kept."""

    WITHDRAWN = "withdrawn"
    NO_REPLY_CALLED_FOR = "no_reply_called_for"
    DUPLICATE = "duplicate"
    UNREACHABLE = "unreachable"
    NOT_A_REQUEST = "not_a_request"


class Act(StrEnum):
    """What a message does for the promises once it has left; other messages discharge nothing."""

    ANSWER = "answer"
    INTERIM = "interim"
    FORWARD = "forward"
    INFORM = "inform"


class CaseState(StrEnum):
    """Where a case stands."""

    TRIAGE = "triage"  # with the dispatcher, no service confirmed yet
    OPEN = "open"  # with a service
    CLOSED = "closed"
    MERGED = "merged"  # its reference leads to the surviving case


class Verb(StrEnum):
    """What can be done to a case; one use case each."""

    REGISTER = "register"
    CONFIRM_NATURE = "confirm_nature"
    ROUTE = "route"
    ASSIGN = "assign"
    TAKE = "take"
    HAND_OVER = "hand_over"
    FLAG = "flag"
    WRITE = "write"  # question, note: discharges nothing
    KEEP_SHORT = "keep_short"  # a complex case that will be answered within the ordinary period
    SEND_INTERIM = "send_interim"
    EXTEND = "extend"
    TRANSMIT = "transmit"
    ANSWER = "answer"
    RECORD_LEAVING = "record_leaving"
    VOID_LEAVING = "void_leaving"
    WAIVE = "waive"
    FOLLOW_UP = "follow_up"
    COME_BACK = "come_back"  # a transmitted case that the other body sends back
    CORRECT_RECEIPT = "correct_receipt"
    CORRECT_CONTACT = "correct_contact"  # the requester's name and addresses
    CLOSE = "close"
    REOPEN = "reopen"
    MERGE = "merge"  # into another case
    ABSORB = "absorb"  # another case was merged into this one


class Language(StrEnum):
    """The languages a citizen is answered in; English as a courtesy only (charter §1, laws on language use)."""

    FR = "fr"
    NL = "nl"
    DE = "de"
    EN = "en"


class PostKind(StrEnum):
    """What a post abroad is."""

    EMBASSY = "embassy"
    CONSULATE_GENERAL = "consulate_general"
    CONSULATE = "consulate"
    HONORARY_CONSULATE = "honorary_consulate"
    PERMANENT_REPRESENTATION = "permanent_representation"
    OFFICE = "office"


class RoutingSubject(StrEnum):
    """What the router goes by, and a change of which it must see."""

    MODEL = "model"
    RULE = "rule"
    DIRECTORY = "directory"


class HouseSubject(StrEnum):
    """What is changed of the house itself, and kept in its history."""

    PERSON = "person"
    ABSENCE = "absence"  # and who stands in
    CLOSING_DAYS = "closing_days"
    TEXT = "text"  # a text module


class RuleState(StrEnum):
    """Where a rule of staff for the router stands."""

    DRAFT = "draft"
    IN_FORCE = "in_force"
    OFF = "off"


class Role(StrEnum):
    """What a member of staff is there for."""

    CLERK = "clerk"
    DISPATCHER = "dispatcher"
    HEAD = "head"
    COMPLAINTS = "complaints"
    DIRECTION = "direction"
    AUDITOR = "auditor"
    ADMIN = "admin"


class Recipient(StrEnum):
    """Whom the ladder tells about an obligation."""

    HANDLER = "handler"
    HEAD = "head"
    DIRECTION = "direction"
    COORDINATOR = "coordinator"
    DISPATCHERS_HEAD = "dispatchers_head"
    DUTY = "duty"


class Direction(StrEnum):
    """Which way a message went."""

    IN = "in"
    OUT = "out"


class MessageKind(StrEnum):
    """What a message is; each outgoing kind has a folder of its own under templates/correspondence."""

    REQUEST = "request"
    FOLLOW_UP = "follow_up"
    NOTE = "note"  # internal: never leaves
    ACKNOWLEDGEMENT = "acknowledgement"
    COMPLAINT_ACKNOWLEDGEMENT = "complaint_acknowledgement"
    EMERGENCY = "emergency"
    INTERIM = "interim"
    ANSWER = "answer"
    QUESTION = "question"
    TRANSMISSION = "transmission"
    TRANSMISSION_NOTICE = "transmission_notice"
    CLOSING = "closing"
    TRACKING_CODE = "tracking_code"


class NoticeState(StrEnum):
    """What became of a rung of the ladder."""

    SENT = "sent"
    SKIPPED = "skipped"
    UNATTENDED = "unattended"  # nobody to tell: shown at the top of the queue


class ServiceKind(StrEnum):
    """Whether a body in the directory is ours, another Belgian public service, or neither."""

    INTERNAL = "internal"
    PUBLIC_SERVICE = "public_service"
    FOREIGN_BODY = "foreign_body"


class ChannelReason(StrEnum):
    """Why an answer may leave by another way than the one the citizen used (charter §2)."""

    SENSITIVE = "sensitive"
    NO_ADDRESS = "no_address"
    ASKED = "asked"


class RegisteredGround(StrEnum):
    """When registered post may be used (charter §2)."""

    NECESSARY = "necessary"
    LEGAL = "legal"


class VoidPrintGround(StrEnum):
    """Why a letter that was printed must not be posted as it is: it is printed again."""

    CONTACT = "contact"  # name or address was corrected
    CODE = "code"  # its tracking code is void


class MailOutcome(StrEnum):
    """What became of a mail that came in."""

    REGISTERED = "registered"  # a new case
    ATTACHED = "attached"  # joined the case that it answers
    HELD = "held"  # a person decides; its clock runs from its first arrival
    IGNORED = "ignored"  # recorded and linked, never answered, never a case


class MailReason(StrEnum):
    """Why a mail became what it became."""

    NEW_REQUEST = "new_request"
    REPLY = "reply"  # to a message of ours, from the requester
    OTHER_SENDER = "other_sender"  # answers a message of ours, but is not from the requester
    REFERENCE_ONLY = "reference_only"  # quotes a reference, answers nothing of ours
    MISTYPED_REFERENCE = "mistyped_reference"  # the check digits are wrong; what it may mean is offered
    SENDER_NOT_PROVEN = "sender_not_proven"  # our own mail host found that the sender's domain does not stand for it
    NO_SENDER = "no_sender"
    ENCRYPTED = "encrypted"
    EMPTY = "empty"
    UNREADABLE = "unreadable"
    TOO_BIG = "too_big"
    TOO_MANY = "too_many"  # so many from this sender within an hour: slowed down, not refused
    MANY_RECIPIENTS = "many_recipients"
    AUTOMATIC_REPLY = "automatic_reply"
    BOUNCE = "bounce"
    DELAYED = "delayed"  # a mail server says that it is still trying
    MAILING_LIST = "mailing_list"
    OWN_MAIL = "own_mail"
    SAME_MAIL = "same_mail"  # the same Message-ID from the same sender came before
    BY_HAND = "by_hand"  # a person said what it is


class Inadmissible(StrEnum):
    """Why a complaint is not looked into (federal practice of complaint management)."""

    ANONYMOUS = "anonymous"
    OLD_FACTS = "old_facts"
    OTHER_POWER = "other_power"  # a matter of another power: another government, parliament, the judges
    INFORMATION_ONLY = "information_only"  # a mere question, to be answered as one
    BEFORE_COURT = "before_court"
    OTHER = "other"  # said in free text


class Outcome(StrEnum):
    """What was found of a complaint that was looked into."""

    FOUNDED = "founded"
    PARTLY = "partly"
    UNFOUNDED = "unfounded"


class Effect(StrEnum):
    """What a corrective action was later seen to have done."""

    WORKED = "worked"
    PARTLY = "partly"
    NONE = "none"


class TaskState(StrEnum):
    """Where something stands that a colleague or a service was asked for on a case."""

    OPEN = "open"
    DONE = "done"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class WordToStaff(StrEnum):
    """Why colleagues get a word by mail that no obligation rings for."""

    ASKED = "asked"
    DONE = "done"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    MENTIONED = "mentioned"


class LinkKind(StrEnum):
    """How two cases belong together by a person's word."""

    SAME_MATTER = "same_matter"
    SPLIT = "split"  # the later one holds a part of the earlier one


class ErasureGround(StrEnum):
    """Why the personal data of a case are erased."""

    REQUESTED = "requested"  # the person asked for it (GDPR, article 17)
    KEEPING_OVER = "keeping_over"  # they have been kept as long as they may be
    BY_MISTAKE = "by_mistake"  # they should never have reached us


class Opinion(StrEnum):
    """What a requester thinks of an answer, on each question of the survey."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"


class SurveyQuestion(StrEnum):
    """What the survey asks about an answer."""

    ANSWERED = "answered"  # was your question answered: the one that leads to something at once
    CLEAR = "clear"
    IN_TIME = "in_time"  # in time for the person, whatever was promised
