"""The operations guide that this project began with, as its rules and scenarios are quoted by ours (`Rule.seed`)."""

__all__ = ["GUIDE"]

GUIDE = {
    "Rule 1": "with a certificate for one name only, `autodiscover.contoso.com` must not exist, inside or outside; a "
    "catch-all counts as existing",
    "Rule 2": "with such a certificate an SRV record leads to the host that the certificate names",
    "Rule 3": "a record at `autodiscover.contoso.com` wants a certificate that covers it: several names, a wildcard, "
    "or that very name",
    "Scenario 1": "the record exists beside a certificate for one name: clients warn, though the server may be the "
    "right one",
    "Scenario 2": "the record leads to a wrong address, where a completely different certificate is shown",
    "Scenario 3": "Active Directory gives the right URL, its virtual directory fails (client certificates, "
    "0x80072F0C), and clients fall back to DNS and meet 1 or 2",
}
"""What each says, in our words."""
