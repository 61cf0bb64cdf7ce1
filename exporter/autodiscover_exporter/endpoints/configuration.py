"""`/config`: the configuration that holds, as YAML that the loader takes again.

It names files with passwords and not what they hold; URLs with passwords in them the loader does not take.
"""

from typing import Any

import yaml

from check_autodiscover.config import Configuration
from check_autodiscover.effective import document

__all__ = ["render_configuration"]

# The emitter of libyaml where PyYAML was built with it.
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def render_configuration(configuration: Configuration) -> bytes:
    """The configuration as a YAML document, in the order of the file."""
    found: bytes = yaml.dump(document(configuration), Dumper=_DUMPER, sort_keys=False, encoding="ascii", width=120)
    return found
