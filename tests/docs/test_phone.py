"""docs/phone.md shows what its commands print; DSE_UPDATE_DOCS=1 writes it anew."""

from __future__ import annotations

import pytest

from tests.docs.page import Page

PAGE = Page("phone.md")


@pytest.mark.parametrize("command", PAGE.commands)
def test_the_page_shows_what_the_command_prints(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    PAGE.check(command, capsys)


def test_every_part_of_the_phone_is_on_the_page() -> None:
    options = ("--schedule", "--sustained", "--offload", "--draft")
    for word in (*options, "runtime", "split", "cloud", "steps"):
        assert any(word in command for command in PAGE.commands), word
