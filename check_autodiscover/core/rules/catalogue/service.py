"""The rows about what answers at a candidate: `service-*`."""

from check_autodiscover.core.model.policy import Method
from check_autodiscover.core.rules.rule import Case, Default, Rule

__all__ = ["SERVICE"]

SERVICE = (
    Rule(
        id="service-unreachable",
        title="Nothing listens at the intended endpoint",
        default=Default.HARM,
        level=6,
        sentence="no connection to {url} ([[{where}: ]]{reason})",
        remedy="Check that the server runs, and that firewalls and port forwarding let port {port} through to {where}.",
    ),
    Rule(
        id="service-tls-failed",
        title="The TLS handshake fails",
        default=Default.HARM,
        level=6,
        sentence="no TLS session with {subject} ([[{where}: ]]{reason})",
        remedy="Check the web server's TLS protocols and its certificate binding.",
    ),
    Rule(
        id="service-client-certificate-demanded",
        title="The virtual directory demands a client certificate",
        default=Default.HARM,
        level=8,
        sentence="{url}[[ ({where})]] demands a client certificate ({answer})",
        remedy="In IIS Manager set the Autodiscover virtual directory's SSL Settings, Client certificates, to Ignore; "
        "on a proxy switch mutual TLS off for /autodiscover.[[ {cure}]]",
        seed="Scenario 3",
        rows=(25, 26, 27, 28),
    ),
    Rule(
        id="service-client-certificate-suspected",
        title="The Autodiscover path alone is refused",
        default=Default.HARM,
        level=8,
        cases=(
            Case(
                Default.HARM,
                arg="refused",
                sentence="{url}[[ ({where})]] refuses its proxy's client certificate ({answer})",
            ),
            Case(
                Default.HARM,
                arg="asked",
                sentence="{url}[[ ({where})]] asks for a client certificate and {answer}",
            ),
        ),
        sentence="{url}[[ ({where})]] {answer}, though its neighbours work: a client certificate may be demanded",
        remedy="[[{cure} ]]Check the Autodiscover virtual directory's SSL Settings in IIS Manager (Client "
        "certificates: Ignore); if they are right, its web.config, application pool and access rules.",
        seed="Scenario 3",
        rows=(25, 26, 27, 28, 29),
    ),
    Rule(
        id="service-no-authentication",
        title="The service offers no way to log in",
        default=Default.HARM,
        level=8,
        sentence="{url}[[ ({where})]] answers with {answer}[[, while {beside} beside it works]]",
        remedy="{advice}",
        rows=(37,),
    ),
    Rule(
        id="service-redirect-invalid",
        title="The redirect does not lead to Autodiscover",
        default=Default.HARM,
        level=8,
        cases=(
            Case(Default.HARM, arg="nowhere", sentence="the redirect leads to {subject}, which has no address"),
            Case(Default.HARM, arg="stray", sentence="the redirect leads to {subject}[[ ({where})]], not to {stray}"),
        ),
        sentence="{url}[[ ({where})]] answers with {answer}",
        remedy="Let it redirect to https://SERVER/autodiscover/autodiscover.xml with status 302, SERVER being the "
        "Exchange server; exclude the path from the site's other redirects.[[ If {subject} is right, say so with "
        "--expected-redirect {stray_host}.]]",
        rows=(52, 53, 54),
    ),
    Rule(
        id="service-redirect-loop",
        title="The redirect leads round in a circle",
        default=Default.HARM,
        level=8,
        sentence="{url}[[ ({where})]] answers with {answer}",
        remedy="Break the loop: clients follow ten redirects, and no URL twice.",
        rows=(55,),
    ),
    Rule(
        id="service-foreign-login",
        title="A stranger's server asks for a password",
        default=Default.HARM,
        level=8,
        sentence="{url}[[ ({where})]] is not the domain's server and asks for a password",
        remedy="Remove the record that leads there, and treat passwords typed since as stolen.",
        seed="Scenario 2",
        rows=(24,),
    ),
    Rule(
        id="service-foreign-settings",
        title="A stranger's server gives Autodiscover settings",
        default=Default.HARM,
        level=8,
        sentence="{url}[[ ({where})]] is not the domain's server and gives Autodiscover settings",
        remedy="Switch Autodiscover off in the hosting panel, or close https there.",
        seed="Scenario 2",
        rows=(50,),
    ),
    Rule(
        id="service-not-autodiscover",
        title="A web site answers in place of Autodiscover",
        default=Default.HARM,
        level=8,
        sentence="{url}[[ ({where})]] answers with {answer}",
        remedy="Let {subject} lead to the Exchange server, or publish /autodiscover there.",
        rows=(34, 50, 51),
    ),
    Rule(
        id="service-broken",
        title="The Autodiscover service does not work",
        default=Default.HARM,
        level=8,
        cases=(Case(Default.UNKNOWN, arg="busy"),),
        sentence="{url}[[ ({where})]] answers with {answer}[[, while {beside} beside it works]]",
        remedy="{advice}",
        rows=(31, 34, 35, 36),
    ),
    Rule(
        id="service-login-interrupted",
        title="The login needs a connection that is closed",
        default=Default.WARNING,
        level=8,
        sentence="{url}[[ ({where})]] offers {methods} alone and closes the connection, which they log in: "
        "a password box may come back for ever",
        remedy="Let the proxy in front of {subject} keep connections open and bound to one client (NTLM-capable mode), "
        "or offer Basic or OAuth.",
        rows=(38,),
    ),
    Rule(
        id="service-xml-error",
        title="The service answers every request with an error of its own",
        default=Default.WARNING,
        level=8,
        sentence="{url}[[ ({where})]] answers with Autodiscover error {code}: {meaning}",
        remedy="{advice}",
        rows=(56,),
    ),
    Rule(
        id="service-redirect-address",
        title="Clients are sent on to an address of another mail domain",
        default=Default.UNKNOWN,
        sentence="{url}[[ ({where})]] sends clients on to {target}, where they start again: their end is not known",
        remedy="Check {target} as well: what its users meet is what these users meet.",
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
        sentence="{url}[[ ({where})]] lets clients wait: {reason}",
        remedy="Serve port {port} at {where}, or have clients turned away at once: close it, or let the firewall "
        "reject it in place of dropping it.",
        rows=(17,),
    ),
)
