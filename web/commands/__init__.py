"""Commands of the danbao program, one file each; web/cli.py collects them."""
