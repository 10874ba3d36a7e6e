# SPDX-License-Identifier: MIT
#
# The six stages: the question of each, what of it is copied, its size, and what is left to do after
# one edited body. $lines: of the library of each stage, counted in the tree.
include "common";
include "table";

one_case("one_body").stats as $edit |
def about(stage): "\($lines[stage] / 100 | round * 100 | grouped)";
def counted(text): if $edit then text else "-" end;
markdown(["stage", "the question", "copy these", "lines, about",
          "after one edited body\(if $edit then ", of \($edit.files_total | grouped) files" else "" end)"];
    [ ["[1 File change detection](01-file-change-detection/README.md)", "Which files changed?",
       "`01-*/{.,base,discovery}/*.[hc]`", about("01"),
       counted("\($edit.files_stat | grouped) stats, \($edit.files_hashed) file read")],
      ["[2 File cache](02-file-cache/README.md)", "Must a file be lowered again?", "`02-*/{.,objects}/*.[hc]`",
       about("02"), counted("\($edit.files_lowered) file lowered")],
      ["[3 Function cache](03-function-cache/README.md)", "Which functions must be compiled?",
       "`03-*/*.[hc]`", about("03"),
       counted("\($edit.functions_emitted) function of \($edit.functions_total | grouped) emitted")],
      ["[4 Multi-level cache](04-multi-level-cache/README.md)",
       "How do they become one build that can be killed at any moment?", "`04-*/{.,state,engine}/*.[hc]`", about("04"),
       counted("\($edit.declarations_visited) keys computed, one rename commits")],
      ["[5 Surgical patching](05-surgical-patching/README.md)", "Must the whole output be written?",
       "`05-*/*.[hc]`", about("05"),
       counted("\($edit.sections_written) section of \($edit.sections_total | grouped) written")],
      ["[6 Performance](06-performance/README.md)", "How fast is the rest?", "`06-*/pool/*.[hc]`",
       about("06"), counted("\(one_case("one_body").median_ms | duration) in all, with \($edit.workers) threads")] ])
