"""The rows about certificates: `certificate-*`."""

from check_autodiscover.core.model.finding import Endpoint
from check_autodiscover.core.model.policy import Method
from check_autodiscover.core.rules.rule import Case, Default, Rule

__all__ = ["CERTIFICATE"]

_EXCHANGE_ONLINE = (Method.EXCHANGE_ONLINE,)
_ROOT = (Endpoint.ROOT,)

CERTIFICATE = (
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
                arg="controller",
                sentence="domain controller {names} answers https://{subject} ({where})",
            ),
            Case(
                Default.HARM,
                (),
                _ROOT,
                arg="controller",
                sentence="domain controller {names} answers https://{subject} ({where})",
            ),
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
            Case(
                Default.HARM,
                arg="renewed",
                sentence="certificate of {host}, renewed {renewed}, lacks {subject} (had it before)",
            ),
            Case(Default.HARM, arg="near", sentence="certificate of {host} lacks {subject}, has {near} (misspelt?)"),
        ),
        sentence="certificate of {host} lacks {subject}, has only {names}",
        remedy="{advice}",
        seed="Scenario 1",
        rows=(1, 7, 15, 16, 44),
    ),
    Rule(
        id="certificate-expired",
        title="The certificate has expired",
        default=Default.HARM,
        level=7,
        cases=(
            Case(
                Default.HARM,
                arg="above",
                sentence="certificate of {subject} is issued by {above}, whose own expired"
                "[[ {days} d ago, {date} UTC]]",
                remedy="Replace the certificate of {above}, not that of {subject}: on the server, if it sends it, and "
                "among the trusted anchors; a current one is to be had from {above}.",
            ),
        ),
        sentence="certificate of {subject} expired {days} d ago, {date} UTC",
        remedy="Renew the certificate of {subject} and bind it to the web site.",
        rows=(40,),
    ),
    Rule(
        id="certificate-not-yet-valid",
        title="The certificate is not yet valid",
        default=Default.HARM,
        level=7,
        cases=(
            Case(
                Default.HARM,
                arg="above",
                sentence="certificate of {subject} is issued by {above}, whose own is valid only [[from {date} UTC]]",
            ),
        ),
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
        cases=(
            Case(
                Default.HARM,
                arg="fault",
                sentence="certificate of {subject} cannot be verified: {fault}",
                remedy="Reissue the certificate of {subject} {reissue}.",
            ),
        ),
        sentence="certificate of {subject} is issued by {issuer}, which is not trusted here",
        remedy="Give --ca-file if your clients trust {issuer}; else install a certificate of a CA that they trust.",
        rows=(41, 42),
    ),
    Rule(
        id="certificate-intercepted",
        title="TLS is inspected on this host's way out",
        default=Default.WARNING,
        level=7,
        sentence="TLS is inspected on this host's way out: {issuer}, not trusted here, certifies {names}",
        remedy="Exempt this host from TLS inspection: what it sees are not the servers' certificates. If the clients "
        "sit behind the same inspection, give its authority with --ca-file.",
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
        id="certificate-revoked",
        title="The certificate has been revoked",
        default=Default.HARM,
        level=7,
        sentence="certificate of {subject} was revoked by its issuer[[ on {date} UTC]][[ ({reason})]]",
        remedy="Order a new certificate for {subject} with a new key and bind it to the web site; find out who had it "
        "revoked, and why.",
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
        sentence="{odd} presents another certificate for {subject} than {usual} ({differ})",
        remedy="Install one certificate on all addresses of {subject}; {odd} is the odd one.",
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
        id="certificate-weak",
        title="The certificate's key or signature is weak",
        default=Default.WARNING,
        sentence="certificate of {subject} is weak: {weakness}",
        remedy="Reissue the certificate of {subject} with an RSA key of 2048 bits or an EC key, signed with SHA-256.",
    ),
    Rule(
        id="certificate-unreadable",
        title="The certificate cannot be parsed",
        default=Default.UNKNOWN,
        level=7,
        sentence="certificate of {subject} cannot be read: {reason}",
        remedy="Look at it with openssl s_client -connect {socket} -servername {subject}; reissue it.",
    ),
)
