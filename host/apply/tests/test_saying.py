"""What a run tells decides nothing."""

import io

from apply.saying import pass_on


def test_what_a_terminal_has_no_characters_for_is_told_all_the_same() -> None:
    told = io.BytesIO()
    terminal = io.TextIOWrapper(told, encoding="ascii")
    pass_on(terminal, "caf\u00e9: fa\ufffdled\n")
    assert told.getvalue() == b"caf\\xe9: fa\\ufffdled\n"
