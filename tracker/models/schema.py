"""Owns the list of every table: importing this makes the metadata whole."""

from tracker.models.base import Base, Sealed
from tracker.models.cases import Association, Case
from tracker.models.complaints import ActionNotice, CorrectiveAction, Finding
from tracker.models.directory import Post, Service
from tracker.models.drafts import KeptDraft
from tracker.models.erasure import Erasure
from tracker.models.figures import Figure
from tracker.models.history import History
from tracker.models.house import HouseChange
from tracker.models.links import CaseLink
from tracker.models.mail import Mail, MailNotice
from tracker.models.messages import Attachment, Message, Outbox
from tracker.models.obligations import Breach, Discharge, Notice, Obligation
from tracker.models.operations import EndedLogin, JobRun, SentForm, Throttle
from tracker.models.paper import Letter, PrintRun, RegisterEntry, RegisterYear, VoidPrint
from tracker.models.personal import CalendarFeed, Digest, DigestChoice, PasswordLink
from tracker.models.routing import RoutingChange, RoutingExample, RoutingModel, RoutingRule
from tracker.models.search import CaseSearch
from tracker.models.set_aside import SetAside
from tracker.models.staff import Staff
from tracker.models.survey import SurveyAsked, SurveyReply
from tracker.models.tallies import Tally
from tracker.models.tasks import StaffNotice, Task
from tracker.models.texts import TextModule
from tracker.models.views import FirstView, SavedView

TABLES_OF_RECORD: tuple[type[Sealed], ...] = (
    Service,
    Post,
    Staff,
    Case,
    Association,
    Message,
    Attachment,
    Obligation,
    Discharge,
    Breach,
    Notice,
    History,
    Mail,
    MailNotice,
    PrintRun,
    Letter,
    VoidPrint,
    RegisterEntry,
    RegisterYear,
    TextModule,
    RoutingExample,
    RoutingModel,
    RoutingChange,
    RoutingRule,
    CalendarFeed,
    DigestChoice,
    Digest,
    SurveyAsked,
    SurveyReply,
    Finding,
    CorrectiveAction,
    ActionNotice,
    SavedView,
    FirstView,
    HouseChange,
    PasswordLink,
    Task,
    StaffNotice,
    CaseLink,
    KeptDraft,
    SetAside,
    Erasure,
    Tally,
)
"""What Suivi answers for: each row carries a seal (``tracker verify``)."""

__all__ = [
    "TABLES_OF_RECORD",
    "ActionNotice",
    "Association",
    "Attachment",
    "Base",
    "Breach",
    "CalendarFeed",
    "Case",
    "CaseLink",
    "CaseSearch",
    "CorrectiveAction",
    "Digest",
    "DigestChoice",
    "Discharge",
    "EndedLogin",
    "Erasure",
    "Figure",
    "Finding",
    "FirstView",
    "History",
    "HouseChange",
    "JobRun",
    "KeptDraft",
    "Letter",
    "Mail",
    "MailNotice",
    "Message",
    "Notice",
    "Obligation",
    "Outbox",
    "PasswordLink",
    "Post",
    "PrintRun",
    "RegisterEntry",
    "RegisterYear",
    "RoutingChange",
    "RoutingExample",
    "RoutingModel",
    "RoutingRule",
    "SavedView",
    "SentForm",
    "Service",
    "SetAside",
    "Staff",
    "StaffNotice",
    "SurveyAsked",
    "SurveyReply",
    "Tally",
    "Task",
    "TextModule",
    "Throttle",
    "VoidPrint",
]
