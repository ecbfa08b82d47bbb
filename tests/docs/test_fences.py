"""What finds and judges the blocks of the documents is itself tested."""

import pytest

from docs.fences import Fence, Step, find_fences, find_steps, keeps_promise

PAGE = """# Title

```sh
one
two
```

Words with ``` inside.

```
plain
```
"""


def test_blocks_are_found_with_their_language_and_line():
    assert find_fences(PAGE) == [Fence("sh", "one\ntwo\n", 3), Fence("", "plain\n", 10)]


def test_a_console_block_is_commands_and_what_they_print():
    assert find_steps("$ a b\nx\ny\n$ c\n") == [Step("a b", ("x", "y")), Step("c", ())]


def test_a_console_block_that_does_not_begin_with_a_command_is_refused():
    with pytest.raises(ValueError, match="begins with a command"):
        find_steps("x\n$ a\n")


@pytest.mark.parametrize(
    ("printed", "promised"),
    [
        ("x\ny\n", ("x", "y")),
        ("x\ny", ("x", "y")),
        ("", ()),
        ("", ("...",)),
        ("x\n1\n2\ny\n", ("x", "...", "y")),
        ("x\ny\n", ("...", "y")),
        ("a.b\n", ("a.b",)),
    ],
)
def test_a_kept_promise(printed, promised):
    assert keeps_promise(printed, promised)


@pytest.mark.parametrize(
    ("printed", "promised"),
    [("x\n", ()), ("x\nz\n", ("x", "y")), ("x\n1\n", ("x", "...", "y")), ("aXb\n", ("a.b",)), ("", ("x",))],
)
def test_a_broken_promise(printed, promised):
    assert not keeps_promise(printed, promised)
