"""One command of `danbao` in each module, named `command` or like its module."""
