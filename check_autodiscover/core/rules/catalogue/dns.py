"""The rows about DNS: `dns-*`."""

from check_autodiscover.core.model.policy import Method
from check_autodiscover.core.rules.rule import Case, Default, Rule

__all__ = ["DNS"]

_EXCHANGE_ONLINE = (Method.EXCHANGE_ONLINE,)
_NONE = (Method.NONE,)
_SRV = (Method.SRV,)

_BY_SUFFIX = "catch-all {subject} ({where}) answers for {protected} to hosts that search {suffix}"
_WITHOUT_SUFFIX = (
    "Remove {subject}, or take {suffix} out of the search list of the hosts that have it (this one has): they ask "
    "{protected}.{suffix} where {protected} does not exist, and should not."
)

DNS = (
    Rule(
        id="dns-lookup-failed",
        title="No resolver of a view answered",
        default=Default.UNKNOWN,
        level=1,
        sentence="{what} ({resolvers})",
        remedy="{advice}",
        rows=(63,),
    ),
    Rule(
        id="dns-domain-unresolvable",
        title="The domain itself cannot be resolved",
        default=Default.CRITICAL,
        level=1,
        cases=(Case(Default.WARNING, _NONE),),
        sentence="{subject} {state}",
        remedy="Check the registration and the delegation of {subject}: dig +trace {subject} NS",
        rows=(23,),
    ),
    Rule(
        id="dns-dnssec-bogus",
        title="DNSSEC validation fails",
        default=Default.CRITICAL,
        level=1,
        cases=(Case(Default.WARNING, _NONE),),
        sentence="{subject} fails DNSSEC validation (SERVFAIL from {resolvers}, an answer with checking disabled)",
        remedy="Sign the zone again, or correct the DS record at the parent; see delv {subject}.",
        rows=(23,),
    ),
    Rule(
        id="dns-nxdomain-rewritten",
        title="A resolver answers for names that cannot exist",
        default=Default.UNKNOWN,
        level=1,
        cases=(Case(Default.WARNING, arg="honest"),),
        sentence="resolver {resolvers} answers names that cannot exist ({where}): it is not believed"
        "[[, {honest} is asked in its place]]",
        remedy="Ask another resolver (--view), or switch off the rewriting of NXDOMAIN at {resolvers}.",
        rows=(63,),
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
        remedy="Remove the record {record} (a registrar's catch-all is switched off in its panel), or publish a "
        "record at that one name, which stops it: {own_record}; if it is meant, declare it: --expected-wildcard "
        "{parent}.[[ {hint}]]",
        seed="Rule 1, Scenario 1",
        rows=(2, 3, 59),
    ),
    Rule(
        id="dns-wildcard-captures-srv",
        title="A catch-all answers for SRV names",
        default=Default.NOTE,
        level=3,
        cases=(Case(Default.HARM, _SRV),),
        sentence="catch-all *.{parent} answers SRV queries for any name (leads to {target})",
        remedy="Remove the record *.{parent}, and publish in its place: {srv_record}",
        seed="Rule 1",
        rows=(2,),
    ),
    Rule(
        id="dns-unwanted-host-record",
        title="The Autodiscover name has a record that certificate or method do not allow",
        default=Default.HARM,
        level=4,
        sentence="{subject} has a record ({where})[[, certificate names only {names}]][[, certificate {certificate}]]",
        remedy="Delete the record {subject}[[ (an alias of {alias})]][[, but as the catch-all {catch_all} would take "
        "its place, publish there: {in_place}]].[[ Publish instead: {srv_record}]]",
        seed="Rule 1, Scenario 1",
        rows=(1, 3, 4),
    ),
    Rule(
        id="dns-host-record-missing",
        title="The Autodiscover name has no record",
        default=Default.HARM,
        level=4,
        cases=(
            Case(Default.WARNING, _EXCHANGE_ONLINE, arg="inside_only"),
            Case(Default.HARM, arg="alias", sentence="{subject} is an alias of {alias}, which has no address"),
        ),
        sentence="no record {subject}[[ for {family}, the one family asked for]][[ ({hiding})]]",
        remedy="[[Leave out {only}, unless clients have no other family. ]][[First reissue the certificate of "
        "{lacking} with {subject}, which it lacks; or go by an SRV record in place of this one: {srv_record} ]]"
        "Publish: {wanted}",
        seed="Rule 3, Scenario 2",
        rows=(20,),
    ),
    Rule(
        id="dns-srv-missing",
        title="The SRV record is missing",
        default=Default.HARM,
        level=4,
        sentence="no SRV record {subject}[[ ({hiding})]][[ ({refusal})]]",
        remedy="Publish: {srv_record}",
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
        sentence="SRV target {subject} has no address[[ for {family}, the one family asked for]][[: {hint}]]",
        remedy="[[Leave out {only}, unless clients have no other family. ]]Change the record: {srv_record}; or publish "
        "an address for {subject}.",
        seed="Rule 2",
        rows=(10,),
    ),
    Rule(
        id="dns-srv-unexpected",
        title="The SRV record leads to another host",
        default=Default.HARM,
        level=4,
        sentence="SRV record leads to {subject}[[:{other_port}]], not {expected}[[, certificate names only {names}]]",
        remedy="Change the record: {srv_record}",
        seed="Rule 2",
        rows=(7,),
    ),
    Rule(
        id="dns-srv-port",
        title="The SRV record's port is not 443",
        default=Default.HARM,
        level=4,
        sentence="SRV record says port {port}, clients use 443 only",
        remedy="Change the record: {srv_record}",
        seed="Rule 2",
        rows=(8,),
    ),
    Rule(
        id="dns-srv-target-alias",
        title="The SRV record's target is an alias",
        default=Default.WARNING,
        sentence="SRV target {subject} is an alias of {alias}, which RFC 2782 forbids",
        remedy="Give {subject} address records in place of the alias; or, if its certificate names {alias}, publish "
        "{direct_record}",
        seed="Rule 2",
        rows=(11,),
    ),
    Rule(
        id="dns-srv-targets-several",
        title="The SRV record has several targets",
        default=Default.WARNING,
        sentence="several SRV targets ({targets}): {takers}",
        remedy="Keep one target, {first}, or see that every one of them serves with a certificate of its own name.",
        seed="Rule 2",
        rows=(9,),
    ),
    Rule(
        id="dns-address-unexpected",
        title="The intended endpoint has a wrong address",
        default=Default.HARM,
        level=5,
        cases=(Case(Default.WARNING, arg="missing", sentence="{subject} lacks the address {where}"),),
        sentence="{subject} is {where}, not {expected}[[, certificate {certificate}]]",
        remedy="Correct the address of {subject} to {expected}; compare inside and outside, and "
        "look for a second zone of the same name.",
        seed="Scenario 2",
        rows=(18, 19),
    ),
    Rule(
        id="dns-wildcard-present",
        title="A catch-all exists beside the records that matter",
        default=Default.NOTE,
        cases=(
            Case(Default.WARNING, _SRV, arg="suffix", sentence=_BY_SUFFIX, remedy=_WITHOUT_SUFFIX),
            Case(Default.NOTE, arg="suffix", sentence=_BY_SUFFIX, remedy=_WITHOUT_SUFFIX),
            Case(Default.NOTE, arg="declared"),
            Case(Default.WARNING, _SRV),
        ),
        sentence="catch-all {subject} exists ({where}); only what stands at {protected} keeps it from Outlook",
        remedy="Remove {record}, or keep what stands at {protected} for good, and declare the catch-all: "
        "--expected-wildcard {parent}.",
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
    Rule(
        id="dns-servers-disagree",
        title="The resolvers of one view disagree",
        default=Default.WARNING,
        cases=(Case(Default.NOTE, _NONE),),
        sentence="resolvers disagree about {subject} ({told})",
        remedy="Bring the zones behind the resolvers in line; clients get one answer or the other.",
        seed="Scenario 2",
        rows=(21,),
    ),
    Rule(
        id="dns-authority-inconsistent",
        title="The domain's own servers disagree, or do not serve it",
        default=Default.WARNING,
        cases=(Case(Default.NOTE, _NONE), Case(Default.NOTE, arg="serial")),
        sentence="name servers of {subject} disagree ({told})",
        remedy="Repair the secondary (zone transfer, serial), or take it out of the NS records.",
        seed="Scenario 2",
        rows=(21,),
    ),
    Rule(
        id="dns-inside-zone-extra-records",
        title="The inside zone stands in for the public one",
        default=Default.NOTE,
        sentence="zone {subject} on {server}[[ hides public records ({hidden})]][[ holds public records ({held})]]",
        remedy="Replace the full zone inside by one for the server's name alone, or keep it in step with the "
        "public one.",
        seed="note",
        rows=(4, 20),
    ),
    Rule(
        id="dns-stale-answer",
        title="A resolver serves an old answer",
        default=Default.NOTE,
        sentence="{subject} is cached as {cached}, its own servers say {served}: clients may see the old answer"
        "[[ for {seconds} s]]",
        remedy="Wait[[ {seconds} s]], or flush the resolver's cache.",
        rows=(22,),
    ),
    Rule(
        id="dns-parent-exposed",
        title="A parent's Autodiscover name resolves",
        default=Default.NOTE,
        cases=(
            Case(
                Default.WARNING,
                arg="basic",
                sentence="{subject} ({where}) asks for clear-text passwords (Basic): clients may climb to it",
            ),
        ),
        sentence="{subject} resolves ({where}): clients that find nothing may climb to it",
        remedy="Own {subject}, or block it for your clients on the firewall or in the inside DNS; if its server is "
        "yours, name it with -S. In 2021 such names collected 372,072 credentials.",
        rows=(62,),
    ),
)
