"""The catalogue: every rule with its default severity, its place in the order of explanation, and its words.

Data only. Grading, causes, help, pages and alert rules read it; `docs/rules/<ID>.md` is made from it. IDs are a
promise to users: never renamed, never reused. The order of the rows is the order of the first line among equals.
"""

from check_autodiscover.core.finding import Endpoint
from check_autodiscover.core.policy import Method
from check_autodiscover.core.rules.rule import Case, Default, Rule

__all__ = ["CATALOGUE", "RULES"]

_EXCHANGE_ONLINE, _NONE, _SRV = (Method.EXCHANGE_ONLINE,), (Method.NONE,), (Method.SRV,)
_ROOT = (Endpoint.ROOT,)

_CHECK = (
    Rule(
        id="check-method-undetermined",
        title="Nothing shows how the domain publishes Autodiscover",
        default=Default.UNKNOWN,
        level=1,
        sentence="no way of publishing Autodiscover was found[[ ({found})]]",
        remedy="Say what is meant: -m srv, host, exchange-online or redirect, with -S for the Exchange server; "
        "if nobody uses Outlook here: -m none.",
        rows=(63,),
    ),
    Rule(
        id="check-timed-out",
        title="The time limit came before the verdict",
        default=Default.TIMEOUT_RESULT,
        level=1,
        sentence="the time limit of {timeout} s passed before {subject} was judged[[ (waiting for {slow})]]",
        remedy="See what does not answer ({slow}); if it is only slow, raise --timeout.",
    ),
    Rule(
        id="check-internal-error",
        title="A bug of ours",
        default=Default.UNKNOWN,
        level=1,
        sentence="internal error, please report: {error}",
        remedy="Run again with -vvv and report the traceback.",
    ),
)

_DNS = (
    Rule(
        id="dns-lookup-failed",
        title="No resolver of a view answered",
        default=Default.UNKNOWN,
        level=1,
        sentence="{what} ({resolvers})",
        remedy="Check that {asked} can be reached from here on port 53 and serves this client; nothing is known about "
        "this view until then.",
        rows=(63,),
    ),
    Rule(
        id="dns-domain-unresolvable",
        title="The domain itself cannot be resolved",
        default=Default.CRITICAL,
        level=1,
        cases=(Case(Default.WARNING, _NONE),),
        sentence="{subject} {state}",
        remedy="Check the registration and the delegation of {subject}: dig +trace {subject} NS.",
        rows=(23,),
    ),
    Rule(
        id="dns-wildcard-captures-autodiscover",
        title="A catch-all answers for the Autodiscover name",
        default=Default.HARM,
        level=3,
        cases=(
            Case(Default.NOTE, arg="declared"),
            Case(Default.USE, _NONE),
        ),
        sentence="catch-all *.{parent} answers {subject} ({where}[[, certificate {certificate}]])",
        remedy="Remove the record *.{parent} at whoever serves this view's DNS (a registrar's catch-all is switched "
        'off in its panel), or add a record at that one name that stops it: {subject}. TXT "no autodiscover here".'
        "[[ {hint}]]",
        seed="Rule 1, Scenario 1",
        rows=(2, 3, 59),
    ),
    Rule(
        id="dns-unwanted-host-record",
        title="The Autodiscover name has a record that certificate or method do not allow",
        default=Default.HARM,
        level=4,
        sentence="{subject} has a record ({where})[[, certificate names only {names}]][[, certificate {certificate}]]",
        remedy="Delete the record {subject}[[ -> {alias}]] in this view's DNS.[[ Publish instead: {srv_record}]]",
        seed="Rule 1, Scenario 1",
        rows=(1, 3, 4),
    ),
    Rule(
        id="dns-host-record-missing",
        title="The Autodiscover name has no record",
        default=Default.HARM,
        level=4,
        cases=(Case(Default.WARNING, _EXCHANGE_ONLINE, arg="inside_only"),),
        sentence="no record {subject}[[ ({hiding})]]",
        remedy="Publish in this view's DNS: {wanted}",
        seed="Rule 3, Scenario 2",
        rows=(20,),
    ),
    Rule(
        id="dns-srv-missing",
        title="The SRV record is missing",
        default=Default.HARM,
        level=4,
        sentence="no SRV record {subject}[[ ({hiding})]][[ ({refusal})]]",
        remedy="Publish in this view's DNS: {srv_record}",
        seed="Rule 2",
        rows=(5,),
    ),
    Rule(
        id="dns-alias-unexpected",
        title="The Autodiscover name is not the alias it should be",
        default=Default.HARM,
        level=4,
        sentence="{subject} is {found}, not {expected}[[, certificate {certificate}]]",
        remedy="Change the record: {wanted}",
        seed="Scenario 2",
        rows=(46, 48, 50),
    ),
    Rule(
        id="dns-srv-target-missing",
        title="The SRV record's target has no address",
        default=Default.HARM,
        level=4,
        sentence="SRV record {owner} leads to {subject}, which has no address[[: {hint}]]",
        remedy="Publish an address for {subject}, or change the record: {srv_record}",
        seed="Rule 2",
        rows=(10,),
    ),
    Rule(
        id="dns-srv-unexpected",
        title="The SRV record leads to another host",
        default=Default.HARM,
        level=4,
        sentence="SRV record {owner} leads to {subject}, not {expected}[[, certificate names only {names}]]",
        remedy="Change the record: {srv_record}",
        seed="Rule 2",
        rows=(7,),
    ),
    Rule(
        id="dns-srv-port",
        title="The SRV record's port is not 443",
        default=Default.HARM,
        level=4,
        sentence="SRV record {owner} says port {port}, clients use 443 only",
        remedy="Change the record: {srv_record}",
        seed="Rule 2",
        rows=(8,),
    ),
    Rule(
        id="dns-address-unexpected",
        title="The intended endpoint has a wrong address",
        default=Default.HARM,
        level=5,
        cases=(Case(Default.WARNING, arg="missing", sentence="{subject} lacks the address {where}"),),
        sentence="{subject} is {where}, not {expected}[[, certificate {certificate}]]",
        remedy="Correct the address of {subject} to {expected} in this view's DNS; compare inside and outside, and "
        "look for a second zone of the same name.",
        seed="Scenario 2",
        rows=(18, 19),
    ),
    Rule(
        id="dns-wildcard-present",
        title="A catch-all exists beside the records that matter",
        default=Default.NOTE,
        cases=(Case(Default.WARNING, _SRV),),
        sentence="catch-all {subject} exists ({where}); only a record at {protected} keeps it from Outlook",
        remedy="Remove {subject}, or keep the record at {protected} for good.",
        seed="Scenario 2",
        rows=(2, 59, 60),
    ),
    Rule(
        id="dns-srv-shadowed",
        title="Something is met before the SRV record",
        default=Default.NOTE,
        cases=(Case(Default.WARNING, _SRV, arg="declared"),),
        sentence="clients meet {shadow} before the SRV record {subject}",
        remedy="Remove what stops clients at {shadow}; the SRV record stays as it is.",
        seed="Rule 2, Scenario 1",
        rows=(6,),
    ),
    Rule(
        id="dns-views-disagree",
        title="Clients fare differently in different views",
        default=Default.WARNING,
        sentence="views disagree: {outcomes}",
        remedy="Bring the views' records for {subject} in line, or declare what is meant to differ.",
        seed="Scenario 2",
        rows=(19, 20),
    ),
)

_CERTIFICATE = (
    Rule(
        id="certificate-name-mismatch",
        title="The certificate lacks the name that clients contact",
        default=Default.HARM,
        level=7,
        cases=(
            Case(
                Default.WARNING,
                _EXCHANGE_ONLINE,
                _ROOT,
                sentence="web site https://{subject} ({where}) has a certificate for {names} only",
            ),
            Case(
                Default.HARM,
                (),
                _ROOT,
                sentence="web site https://{subject} ({where}) has a certificate for {names} only",
            ),
        ),
        sentence="certificate of {host} lacks {subject}, has only {names}[[ (a misspelling? {near})]]",
        remedy="{advice}",
        seed="Scenario 1",
        rows=(1, 7, 15, 16, 44),
    ),
    Rule(
        id="certificate-common-name-only",
        title="The name stands in the common name alone",
        default=Default.HARM,
        level=7,
        sentence="certificate of {subject} has the name in its common name alone, which clients ignore",
        remedy="Reissue the certificate with {subject} as a subject alternative name (RFC 9525).",
        rows=(43,),
    ),
    Rule(
        id="certificate-expired",
        title="The certificate has expired",
        default=Default.HARM,
        level=7,
        sentence="certificate of {subject} expired {days} d ago, {date} UTC[[ ({whose})]]",
        remedy="Renew the certificate of {subject} and bind it to the web site.",
        rows=(40,),
    ),
    Rule(
        id="certificate-not-yet-valid",
        title="The certificate is not yet valid",
        default=Default.HARM,
        level=7,
        sentence="certificate of {subject} is valid only from {date} UTC",
        remedy="Check the server's clock when the certificate was made, or bind the previous one until then.",
        rows=(40,),
    ),
    Rule(
        id="certificate-self-signed",
        title="The certificate is self-signed",
        default=Default.HARM,
        level=7,
        sentence="certificate of {subject} is self-signed ({names})",
        remedy="Install a certificate of a CA that clients trust; if your clients trust this one, give it with "
        "--ca-file.",
        rows=(42,),
    ),
    Rule(
        id="certificate-chain-incomplete",
        title="The server does not send the whole chain",
        default=Default.HARM,
        level=7,
        sentence="{subject} does not send the intermediate certificate of {issuer}",
        remedy="Install the intermediate certificate of {issuer} on the server, or give the root with --ca-file if it "
        "is your own.",
        rows=(41,),
    ),
    Rule(
        id="certificate-untrusted",
        title="The certificate's issuer is not trusted",
        default=Default.HARM,
        level=7,
        sentence="certificate of {subject} is issued by {issuer}, which is not trusted here",
        remedy="Give --ca-file if your clients trust {issuer}; else install a certificate of a CA that they trust.",
        rows=(41, 42),
    ),
    Rule(
        id="certificate-foreign",
        title="A completely different certificate",
        default=Default.HARM,
        sentence="certificate of {host} ({names}) shares no name and no key with that of {server}",
        remedy="{host} is another machine: correct the record that leads there.",
        seed="Scenario 2",
        rows=(18,),
    ),
    Rule(
        id="certificate-unexpected",
        title="A pin is broken",
        default=Default.CRITICAL,
        cases=(Case(Default.WARNING, arg="issuer"),),
        sentence="certificate of {subject} has {what} {found}, not the expected one",
        remedy="If the change was meant, replace the pin by {found}; else find out who serves {subject}.",
        seed="Scenario 2",
    ),
    Rule(
        id="certificate-addresses-differ",
        title="Addresses of one name present different certificates",
        default=Default.NOTE,
        cases=(Case(Default.WARNING, arg="kinds"),),
        sentence="addresses of {subject} present different certificates ({differ})",
        remedy="Install one certificate on all addresses of {subject}.",
        seed="Scenario 2",
    ),
    Rule(
        id="certificate-expiring",
        title="The certificate expires soon",
        default=Default.WARNING,
        cases=(Case(Default.CRITICAL, arg="critical"),),
        sentence="certificate of {subject} expires in {days} d, {date} UTC",
        remedy="Renew the certificate of {subject} and bind it to the web site.",
        rows=(40,),
    ),
    Rule(
        id="certificate-unreadable",
        title="The certificate cannot be parsed",
        default=Default.UNKNOWN,
        sentence="certificate of {subject} cannot be read: {reason}",
        remedy="Look at it with openssl s_client -connect {where}:443 -servername {subject}; reissue it.",
    ),
)

_SERVICE = (
    Rule(
        id="service-unreachable",
        title="Nothing listens at the intended endpoint",
        default=Default.HARM,
        level=6,
        sentence="no connection to {url} ({where}: {reason})",
        remedy="Check that the server runs, and that firewalls and port forwarding let port {port} through to {where}.",
    ),
    Rule(
        id="service-tls-failed",
        title="The TLS handshake fails",
        default=Default.HARM,
        level=6,
        sentence="no TLS session with {subject} ({where}: {reason})",
        remedy="Check the web server's TLS protocols and its certificate binding.",
    ),
    Rule(
        id="service-foreign-login",
        title="A stranger's server asks for a password",
        default=Default.HARM,
        level=8,
        sentence="{url} ({where}) is not the domain's server and asks for a password",
        remedy="Remove the record that leads there, and treat passwords typed since as stolen.",
        seed="Scenario 2",
        rows=(24,),
    ),
    Rule(
        id="service-foreign-settings",
        title="A stranger's server gives Autodiscover settings",
        default=Default.HARM,
        level=8,
        sentence="{url} ({where}) is not the domain's server and gives Autodiscover settings",
        remedy="Switch Autodiscover off in the hosting panel, or close https there.",
        seed="Scenario 2",
        rows=(50,),
    ),
    Rule(
        id="service-not-autodiscover",
        title="A web site answers in place of Autodiscover",
        default=Default.HARM,
        level=8,
        sentence="{url} ({where}) answers with {answer}",
        remedy="Let {subject} lead to the Exchange server, or publish /autodiscover there.",
        rows=(34, 50, 51),
    ),
    Rule(
        id="service-broken",
        title="The Autodiscover service does not work",
        default=Default.HARM,
        level=8,
        cases=(Case(Default.UNKNOWN, arg="busy"),),
        sentence="{url} ({where}) answers with {answer}",
        remedy="{advice}",
        rows=(31, 34, 35, 36),
    ),
    Rule(
        id="service-address-unreachable",
        title="Some addresses of the endpoint are dead",
        default=Default.WARNING,
        level=8,
        sentence="{subject}: no connection to {where} ({reason}), its other addresses work",
        remedy="Repair the server at {where}, or remove that address record of {subject}.",
    ),
    Rule(
        id="service-slow-candidate",
        title="A place that clients try first keeps them waiting",
        default=Default.WARNING,
        level=8,
        cases=(Case(Default.NOTE, (Method.EXCHANGE_ONLINE, Method.NONE)),),
        sentence="{url} ({where}) lets clients wait: {reason}",
        remedy="Let the firewall at {where} reject port {port} in place of dropping it, or serve it.",
        rows=(17,),
    ),
)

_CLIENT = (
    Rule(
        id="client-warned",
        title="Clients show a certificate warning",
        default=Default.CRITICAL,
        sentence="certificate warning shown by {clients} at the {step} step ({why})",
        remedy="See the cause; until it is mended, users must answer No to the warning.",
    ),
    Rule(
        id="client-finds-nothing",
        title="Clients find no Autodiscover",
        default=Default.CRITICAL,
        sentence="nothing found by {clients}",
        remedy="See the cause; clients that find nothing may ask autodiscover.{tld}, a stranger's name.",
        rows=(61,),
    ),
    Rule(
        id="client-asks-consent",
        title="Clients ask for consent",
        default=Default.NOTE,
        sentence="consent asked for by {clients} before {host} configures the account ({step} step)",
        remedy="Expected with this method; a policy can name {host} under RedirectServers to silence it.",
        rows=(13,),
    ),
)

CATALOGUE: tuple[Rule, ...] = (*_CHECK, *_DNS, *_CERTIFICATE, *_SERVICE, *_CLIENT)
"""Every rule, in the order in which equals are named."""

RULES: dict[str, Rule] = {rule.id: rule for rule in CATALOGUE}
"""The catalogue by ID."""
