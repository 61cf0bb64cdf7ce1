"""Where pages are tried: a world of their own, or the reason why there is none."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count

import pytest

from tests.docs.contoso import Contoso, open_contoso
from tests.lacking import refuse
from tests.stack.namespace import Namespace, open_namespace

PROGRAMS = ("ip", "named", "dig", "nginx", "slapd", "ldapsearch", "curl", "openssl", "pgrep")

numbers = count()


def open_here(stack: ExitStack, *programs: str) -> Namespace:
    """A namespace for who needs these programs in it."""
    if lack := [program for program in programs if shutil.which(program) is None]:
        refuse(f"{', '.join(lack)} not installed")
    try:
        return stack.enter_context(open_namespace(f"ca-docs-{os.getpid()}-{next(numbers)}"))
    except subprocess.CalledProcessError as error:
        refuse(f"no namespace: {error.stderr.decode().strip()}")


@pytest.fixture(scope="module")
def contoso(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Contoso]:
    """The world that the pages speak of."""
    with ExitStack() as stack:
        namespace = open_here(stack, *PROGRAMS)
        yield stack.enter_context(open_contoso(namespace, tmp_path_factory.mktemp("contoso")))
