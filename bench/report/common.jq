# SPDX-License-Identifier: MIT
#
# How the report writes numbers, rows of data for gnuplot, and tables of HTML.

# 1234567 → "1,234,567"
def grouped: round | tostring | [scan("^-?[0-9]{1,3}(?=(?:[0-9]{3})*$)|[0-9]{3}")] | join(",");

def fixed(digits):
    pow(10; digits) as $unit | (. * $unit | round / $unit | tostring) as $text
    | if digits == 0 then $text
      else ($text + (if $text | contains(".") then "" else "." end)) as $dotted
      | ($dotted | length - index(".") - 1) as $have
      | $dotted + "0" * ([digits - $have, 0] | max) end;

# About three digits of a number, whatever its size.
def short:
    if . == null then "-"
    elif . == 0 then "0"
    elif . < 0 then "-" + (-. | short)
    elif . < 0.1 then fixed(3)
    elif . < 1 then fixed(2)
    elif . < 100 then fixed(1)
    else grouped end;

def ms: short;
def duration:
    if . == null then "-" elif . >= 10000 then "\(. / 1000 | fixed(1)) s"
    elif . >= 1000 then "\(. / 1000 | fixed(2)) s" else "\(short) ms" end;
def times: if . == null then "-" elif . < 10 then fixed(2) + "x" else short + "x" end;
def span(low; high): "\(low | short)..\(high | short)";
# Of cases: what one thread took around each to ask for all timestamps.
def walked: map(.stat_walk_ms | values) | span(min; max);
def mb: . / 1e6 | fixed(1) + " MB";
def plural(one; many): if . == 1 then "1 \(one)" else "\(grouped) \(many)" end;

def on_one_line: tostring | gsub("[\\x00-\\x1f\\x7f]+"; " ");

# ---- for gnuplot: fields between tabs; no byte that its reader takes for more than a letter --------

def field: if . == null then "-" else on_one_line | gsub("\""; "”") | gsub("\\\\"; "/") end;
def row: map(field) | join("\t");
def data_rows: to_entries[] | ([.key] + .value) | row;

# ---- for the page: what comes from the results is escaped by @html ---------------------------------

def machine_facts: "\(.cpu), \(.cpus) CPUs; \(.kernel), \(.file_system)" | on_one_line;
def corpus_facts: "\(.files | grouped) files, \(.functions | grouped) functions";
# Of results, or of a part that brings its own machine and corpus.
def facts: "\(.corpus | corpus_facts)\(if .jobs then ", -j \(.jobs)" else "" end); \(.machine | machine_facts)";

# A line that make-report turns into the picture NAME. The facts are its small print.
def picture(name; title; description; facts):
    [ "@picture", name, title, description, facts ] | map(on_one_line | @html) | join("\t");

def paragraph(text): "<p>\(text | on_one_line | @html)</p>";
def made_by(command): "<p class=\"made\">Made by <code>\(command | @html)</code>.</p>";

# table(CAPTION; [HEAD...]; [[CELL...]...]): the first cell of a row is its heading. A column in which
# every cell is a number, with its unit and what stands in brackets or after a comma, or is absent,
# stands on the right.
def numbers: all(.[]; tostring | test("^-?[0-9][0-9.,]*(x| s| %| [kM]B)?(\\.\\.[0-9.,]+)?([ ,]+\\(?[0-9.,]+x?\\)?)?$|^-$"));
def table(caption; heads; rows):
    (rows | transpose | map(numbers)) as $number |
    def cells(tag): [range(1; length) as $i |
        "<\(tag)\(if $number[$i] then " class=\"number\"" else "" end)>"
        + "\(.[$i] | on_one_line | @html)</\(tag | .[:2])>"] | join("");
    "<div class=\"table\" role=\"region\" tabindex=\"0\" aria-label=\"\(caption | @html)\">",
    "<table>",
    "<caption>\(caption | on_one_line | @html)</caption>",
    "<thead><tr><th scope=\"col\">\(heads[0] | @html)</th>\(heads | cells("th scope=\"col\""))</tr></thead>",
    "<tbody>",
    (rows[] | "<tr><th scope=\"row\">\(.[0] | on_one_line | @html)</th>"
              + "\(cells("td"))</tr>"),
    "</tbody>",
    "</table>",
    "</div>";

def absent(what; command):
    "<p class=\"absent\">\(what | @html) not measured yet: run <code>\(command | @html)</code>.</p>";
