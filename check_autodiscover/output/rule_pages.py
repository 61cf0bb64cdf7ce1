"""The hand-written text of each rule's page: what it means, how it is proven, how to see it, how to mend it.

`autodiscoverctl rules RULE` prints it, the reference documentation is made of it. The text is Markdown, at most 98
columns wide, and begins with a second-level heading.
"""

from importlib.resources import files

from check_autodiscover.core.rules.catalogue import RULES

__all__ = ["page_of"]


def page_of(rule_id: str) -> str:
    """The page of a rule, without a title.

    Raises:
        KeyError: the catalogue has no such rule.
    """
    # The ID may come from a URL: only one of the catalogue's becomes a file name.
    name = RULES[rule_id].id
    return (files("check_autodiscover.core.rules") / "pages" / f"{name}.md").read_text(encoding="utf-8")
