# SPDX-License-Identifier: MIT
#
# results.json → part 3 of the page.
include "common";

if (.policies.edits | length // 0) == 0 then absent("The four policies are"; "make bench PARTS=policies") else
.policies as $all |
def functions(policy): .compiled[policy].functions;
def cell(policy): .compiled[policy] | "\(.functions | grouped) (\(.files | grouped))";
([$all.edits[] | select(.name == "body")][0] // $all.edits[0]) as $edit |
paragraph("The same edits, and four ways to decide what must be compiled again. After “\($edit.title)”, "
    + "timestamps compile \($edit | functions("timestamps") | plural("function"; "functions")) of "
    + "\($all.functions_total | grouped), file hashes \($edit | functions("file_hashes") | grouped), "
    + "interface hashes \($edit | functions("interface_hashes") | grouped), "
    + "and function keys, which this project uses, \($edit | functions("function_keys") | grouped)."),
made_by("make bench PARTS=policies"),
picture("policies"; "Functions compiled again after an edit, by four policies";
    ([$all.edits[] | "\(.title): timestamps \(functions("timestamps")), file hashes \(functions("file_hashes")), "
      + "interface hashes \(functions("interface_hashes")), function keys \(functions("function_keys"))"]
     | join("; ")) + ". Logarithmic scale.";
    "\($all.files_total | grouped) files, \($all.functions_total | grouped) functions; counted, not timed"),
table("Functions compiled again (in how many files), counted once: the counts do not vary";
    ["edit", "timestamps", "file hashes", "interface hashes", "function keys"];
    [$all.edits[] | [.title, cell("timestamps"), cell("file_hashes"), cell("interface_hashes"),
      cell("function_keys")]])
end
