"""What is said of a bug of ours, in the plugin and by the exporter alike: where it is, and nothing of the domain."""

from types import TracebackType

__all__ = ["internal_error"]


def internal_error(error: BaseException) -> str:
    """The sentence of `check-internal-error`, for an error that nothing has handled."""
    where = _place(error.__traceback__)
    return f"internal error, please report: {type(error).__name__} in {where} [check-internal-error]"


def _place(trace: TracebackType | None) -> str:
    """`module:line` of the innermost code of ours."""
    place = "?"
    while trace is not None:
        module = str(trace.tb_frame.f_globals.get("__name__", "?"))
        if module.startswith(_OURS) or place == "?":
            place = f"{module}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


_OURS = ("check_autodiscover", "autodiscover_exporter")
