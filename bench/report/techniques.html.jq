# SPDX-License-Identifier: MIT
#
# results.json → part 2 of the page.
include "common";
include "beside";

if (.techniques | length // 0) == 0 then absent("The techniques are"; "make bench PARTS=techniques") else
facts as $facts |
.techniques as $all | $all[0] as $first | ($all | max_by(.factor)) as $largest |
paragraph("Each technique beside the version that comes to mind first, in the same run on the same data, ranked by "
    + "the time it saves. At the top, “\($first.title)” instead of “\($first.naive_title)” saves "
    + "\($first.saved_ms | duration)"
    + (if $first == $largest then ", and has the largest factor as well, \($first.factor | times)."
       else "; the largest factor, \($largest.factor | times), is that of “\($largest.title)” instead of "
            + "“\($largest.naive_title)”." end)),
made_by("make bench PARTS=techniques"),
(busy("techniques"), threads_again | paragraph(.)),
picture("techniques"; "Techniques beside their naive versions";
    ([$all[] | "\(.title) \(.ours_ms | duration), \(.naive_title) \(.naive_ms | duration)"] | join("; "))
    + ". Logarithmic scale."; $facts),
paragraph("Filled dot: the technique. Hollow square: the naive version. The scale is logarithmic, so the length of a line "
    + "is the factor between the two, and its place shows how much time is at stake."),
table("Techniques and their naive versions, medians"; ["technique", "takes, ms",
      "instead, ms", "saves, ms", "factor", "tutorial", "of what"];
    [$all[] | ["\(.title), instead of: \(.naive_title)", (.ours_ms | ms), (.naive_ms | ms), (.saved_ms | ms),
      (.factor | times), (if .tutorial_factor then "\(.tutorial_factor)x" else "-" end), .unit]]),
([$all[] | select(.why)] | if length > 0 then
    "<p>Where the factor is far from the tutorial’s:</p>", "<ul>",
    (.[] | @html "<li>\(.title) instead of \(.naive_title), \(.factor | times) and not \(.tutorial_factor)x: \(.why).</li>"),
    "</ul>" else empty end)
end
