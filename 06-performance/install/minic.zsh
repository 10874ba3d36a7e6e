#compdef minic
# SPDX-License-Identifier: MIT
#
# Completion of minic for zsh. Commands and flags are those that `minic --help` names.

local help
help=$($words[1] --help 2>/dev/null)
if [[ $words[CURRENT-1] == (-o|--cache-dir|--root|--dependencies|--dependents|--trace|-MF) ]]; then
    _files
elif [[ $words[CURRENT] == --(emit|with)=* ]]; then
    local flag=${words[CURRENT]%%=*}
    compset -P '*='
    compadd -- $(sed -n "s/^  $flag=\([a-z|]*\).*/\1/p" <<<$help | tr '|' ' ')
elif [[ $words[CURRENT] == -* ]]; then
    compadd -- $(grep -oE -- '(^|[ ,[])--?[a-z][a-z-]*' <<<$help | tr -d ' ,[')
elif (( CURRENT == 2 )); then
    compadd -- $(sed -n 's/^  minic \([a-z]*\).*/\1/p' <<<$help)
else
    _files -g '*.mini'
fi
