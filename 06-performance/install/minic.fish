# SPDX-License-Identifier: MIT
#
# Completion of minic for fish. Commands and flags are those that `minic --help` names.

complete -c minic -n __fish_use_subcommand -f -a "(minic --help | string replace -rf '^  minic ([a-z]+).*' '\$1')"
complete -c minic -n 'string match -q -- "-*" (commandline -ct)' -f \
    -a "(minic --help | string match -ra -- '(?<=[ ,\\[])--?[a-z][a-z-]*')"
complete -c minic -n 'string match -q -r -- "^--(emit|with)=" (commandline -ct)' -f \
    -a "(minic --help | sed -nE 's/^  (--[a-z]+)=([a-z]+)\|([a-z]+) .*/\1=\2 \1=\3/p' | string split ' ')"
