"""A rule's page as HTML, from the Markdown that the documentation is made of."""

from markdown_it import MarkdownIt
from markupsafe import Markup

from check_autodiscover.core.rules.catalogue import CATALOGUE
from check_autodiscover.core.rules.rule import Rule
from check_autodiscover.pages import page_of

__all__ = ["areas", "rule_html"]


def rule_html(rule_id: str) -> Markup:
    """The text of a rule's page. Raises KeyError where the catalogue has no such rule."""
    # HTML in the text is shown as text: our own pages need none, and so nobody's can have any.
    return Markup(MarkdownIt("commonmark", {"html": False}).enable("table").render(page_of(rule_id)))


def areas() -> dict[str, list[Rule]]:
    """The rules by the area in their names, in the order of the catalogue."""
    found: dict[str, list[Rule]] = {}
    for rule in CATALOGUE:
        found.setdefault(rule.id.partition("-")[0], []).append(rule)
    return found
