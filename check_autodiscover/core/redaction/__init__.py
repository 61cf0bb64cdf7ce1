"""A survey that tells nobody's names and addresses, and is judged as the one that it was made of.

`autodiscoverctl diagnose --redact` calls `redact`. Each text is replaced by the rule of its field (`fields`), the same
by the same, so that what is equal, below one another, misspelt or in one network is so still.
"""

from dataclasses import replace

from check_autodiscover.core.certificate import Certificate
from check_autodiscover.core.observations import Contact, EndpointQuestion
from check_autodiscover.core.redaction.answers import hide_answer
from check_autodiscover.core.redaction.fields import Unruled, hide_fields
from check_autodiscover.core.redaction.kinds import Hide
from check_autodiscover.core.redaction.labels import SuffixOf
from check_autodiscover.core.redaction.networks import is_address
from check_autodiscover.core.redaction.pseudonyms import Pieces, Pseudonyms
from check_autodiscover.core.survey import Survey

__all__ = ["SuffixOf", "Unruled", "redact"]


def redact(survey: Survey, suffix_of: SuffixOf) -> Survey:
    """The survey with pseudonyms in place of names, addresses, keys and whatever else servers and people made up.

    `suffix_of` tells a name's public suffix, which stays. Raises Unruled for a field that no rule is for.
    """
    pieces = Pieces()
    _hidden(pieces, survey)
    contacted = {question.name for question in survey.contacts}
    return _hidden(Pseudonyms(pieces, _presented(survey), contacted, suffix_of), survey)


def _presented(survey: Survey) -> set[str]:
    """The names on all certificates."""
    chains = (contact.tls.chain for contact in survey.contacts.values() if contact.tls)
    certificates = (item for chain in chains for item in chain if isinstance(item, Certificate))
    return {name.lower() for item in certificates for name in item.dns_names if name and not is_address(name)}


def _hidden(hide: Hide, survey: Survey) -> Survey:
    contacts = {
        hide_fields(hide, question): _contact(hide, question, contact) for question, contact in survey.contacts.items()
    }
    return replace(hide_fields(hide, replace(survey, contacts={})), contacts=contacts)


def _contact(hide: Hide, question: EndpointQuestion, contact: Contact) -> Contact:
    answers = tuple(hide_answer(hide, answer, question) for answer in contact.answers)
    return replace(hide_fields(hide, replace(contact, answers=())), answers=answers)
