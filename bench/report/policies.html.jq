# SPDX-License-Identifier: MIT
#
# results.json → part 3 of the page.
include "common";

# The share of `of` that was not compiled, rounded down: what is not quite all never reads 100 %.
def hits(of): if of == 0 then "-" else (of - .emitted) / of * 10000 | floor / 100 | "\(fixed(2)) %" end;
def ordinary:
    .ordinary as $all |
    "<h3>\($all.edits | grouped) ordinary edits</h3>",
    paragraph("A program of \($all.files_total | grouped) files is edited \($all.edits | grouped) times, and built after "
        + "each. Of all its functions, in all builds, \($all | hits(.total)) come from the cache; of those in edited files "
        + "and in files that import them, directly or through others, \($all | hits(.reached)); of the declarations whose "
        + "keys were computed, \($all | hits(.keys))."),
    table("Functions compiled, and of how many; hits are all others";
        ["edits", "made", "compiled", "keys computed", "functions reached", "all functions"];
        [$all.kinds[] | [.title, (.edits, .emitted, .keys, .reached, .total | grouped)]]
        + [["hits", "-", "-", ($all | hits(.keys)), ($all | hits(.reached)), ($all | hits(.total))]]);
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
      cell("function_keys")]]),
if .ordinary == null then absent("Ordinary edits are"; "make bench PARTS=policies") else ordinary end
end
