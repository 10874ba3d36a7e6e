# SPDX-License-Identifier: MIT
#
# Shared by the tiers of stage 1.

facts='added|unchanged|touched|changed|removed|read|combined'
files='added|unchanged|touched|changed|removed'

project_of_three() {
    write main.mini 'import "math.mini" as math;' 'import "lib/text.mini" as text;' \
        'fn main() i32 { return math.one(); }'
    write math.mini 'fn one() i32 { return 1; }'
    write lib/text.mini 'const name: str = "Ada";'
    settle
}

# expect_seen FILE: its edit is reported or, if the state is lost, the file as new.
expect_seen() {
    expect_status 0
    reported "$files" | grep -qxE "(added|changed) $1" || flunk "expected $1 to be changed (or added)"
}
