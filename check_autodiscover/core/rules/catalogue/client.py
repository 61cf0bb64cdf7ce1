"""The rows about how clients fare: `client-*`."""

from check_autodiscover.core.rules.rule import Default, Rule

__all__ = ["CLIENT"]

CLIENT = (
    Rule(
        id="client-warned",
        title="Clients show a certificate warning",
        default=Default.CRITICAL,
        sentence="certificate warning shown by {clients_and_steps}",
        remedy="See the cause; until it is mended, users must answer No to the warning.",
    ),
    Rule(
        id="client-finds-nothing",
        title="Clients find no Autodiscover",
        default=Default.CRITICAL,
        sentence="nothing found by {clients}[[ where they take {target}]][[ ({reach})]]; clients may climb to "
        "autodiscover.{tld}, a stranger's name",
        remedy="{advice} Until then block autodiscover.{tld} for your clients, on the firewall or in the inside DNS: "
        "they may send it a password.",
        rows=(12, 61),
    ),
    Rule(
        id="client-asks-consent",
        title="Clients ask for consent",
        default=Default.NOTE,
        sentence="consent asked for by {clients_hosts_and_steps}",
        remedy="Expected with this method; a policy can name {host} under RedirectServers to silence it.",
        rows=(13,),
    ),
)
