"""The rows about Active Directory: `directory-*`."""

from check_autodiscover.core.model.policy import Method
from check_autodiscover.core.rules.rule import Case, Default, Rule

__all__ = ["DIRECTORY"]

_ELSEWHERE = (Method.EXCHANGE_ONLINE, Method.NONE)

DIRECTORY = (
    Rule(
        id="directory-unavailable",
        title="The directory could not be read",
        default=Default.UNKNOWN,
        level=1,
        sentence="directory {subject} {state}[[ ({detail})]]: what it leads domain-joined clients to is not known",
        remedy="{advice}",
    ),
    Rule(
        id="directory-scp-missing",
        title="The directory has no service connection point for Autodiscover",
        default=Default.HARM,
        level=4,
        cases=(Case(Default.NOTE, _ELSEWHERE),),
        sentence="directory {server} has no service connection point for Autodiscover",
        remedy="On the Exchange server: Set-ClientAccessService -Identity SERVER "
        "-AutoDiscoverServiceInternalUri https://{host}/autodiscover/autodiscover.xml",
        seed="Scenario 3",
    ),
    Rule(
        id="directory-scp-unexpected",
        title="The directory leads clients elsewhere than expected",
        default=Default.HARM,
        level=4,
        cases=(
            Case(Default.WARNING, arg="missing", sentence="the directory lacks the expected {missing}"),
            Case(Default.WARNING, arg="unusable", sentence="the directory gives {url} ({point}), and {unusable}"),
        ),
        sentence="the directory leads to {url} ({point}), not to {expected}",
        remedy="{advice}",
        seed="Scenario 3",
        rows=(32, 33),
    ),
    Rule(
        id="directory-scp-name-mismatch",
        title="The certificate lacks the name that the directory gives",
        default=Default.HARM,
        level=7,
        sentence="the directory leads to {subject} ({point}), whose certificate has only {names}"
        "[[ (a misspelling? {near})]]",
        remedy="{advice}",
        seed="Scenario 3",
        rows=(32,),
    ),
    Rule(
        id="directory-scp-unreachable",
        title="The server that the directory gives does not answer",
        default=Default.HARM,
        level=6,
        sentence="the directory leads to {subject}[[:{port}]] ({point}), which does not answer ([[{where}: ]]{reason})",
        remedy="[[If port {port} is not meant, correct the URL. ]]If {subject} is switched off for good, remove the "
        "object CN={point} below CN=Autodiscover in the configuration partition, or set another URL: "
        "Set-ClientAccessService -Identity {point} -AutoDiscoverServiceInternalUri "
        "https://SERVER/autodiscover/autodiscover.xml; else repair its DNS or the server.",
        seed="Scenario 3",
        rows=(33,),
    ),
)
