# SPDX-License-Identifier: MIT
#
# How the pictures of the report read their data: fields between tabs, "-" where there is none, and
# no letter that begins a comment. To be loaded before `stats` looks at it.

set encoding utf8
set datafile separator tab
set datafile commentschars ""
set datafile missing "-"
