# SPDX-License-Identifier: MIT
#
# Completion of minic for bash. Commands and flags are those that `minic --help` names.

_minic()
{
    local word=$2 before=$3 help
    COMPREPLY=()
    [ "$word" != = ] || word='' # for bash, this is a word of its own
    [ "$before" != = ] || before=${COMP_WORDS[COMP_CWORD - 2]}
    case $before in
    -o | --cache-dir | --root | -j | --cache-limit | --dependencies | --dependents | --trace | -MF) return ;; # files of any name, or a number: bash's own
    esac
    help=$("$1" --help 2>/dev/null)
    case $before in
    --emit | --with)
        mapfile -t COMPREPLY < <(compgen -W "$(sed -n "s/^  $before=\([a-z|]*\).*/\1/p" <<<"$help" | tr '|' ' ')" -- "$word")
        return
        ;;
    esac
    case $word in
    -*)
        mapfile -t COMPREPLY < <(compgen -W "$(grep -oE -- '(^|[ ,[])--?[a-z][a-z-]*' <<<"$help" | tr -d ' ,[')" -- "$word")
        return
        ;;
    esac
    if [ "$COMP_CWORD" = 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W "$(sed -n 's/^  minic \([a-z]*\).*/\1/p' <<<"$help")" -- "$word")
        return
    fi
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -X '!*.mini' -- "$word"; compgen -d -- "$word")
}

complete -o default -F _minic minic
