# SPDX-License-Identifier: MIT
#
# Completion of minic for fish. Commands and flags are those that `minic --help` names.

complete -c minic -n __fish_use_subcommand -f -a "(minic --help | string replace -rf '^  minic ([a-z]+).*' '\$1')"
complete -c minic -n 'string match -q -- "-*" (commandline -ct)' -f \
    -a "(minic --help | string match -ra -- '(?<=[ ,\\[])--?[a-z][a-z-]*')"
