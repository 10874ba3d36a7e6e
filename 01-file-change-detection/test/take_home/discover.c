/* SPDX-License-Identifier: MIT */
/* From an entry to all files. In this language, a file's text is the path of the one that it
 * imports. */
#include "discovery.h"

#include <fcntl.h>
#include <stdio.h>

static void save(const char *path, const char *text)
{
    FILE *file = fopen(path, "wx"); /* an existing file is not ours */
    if (file != NULL) {
        fputs(text, file);
        fclose(file);
    }
}

static void scan(void *language, Slice source, ImportScan *imports)
{
    (void)language;
    if (source.size != 0)
        import_scan_add(imports, source, 1, 1);
}

int main(void)
{
    save("a.txt", "b.txt");
    save("b.txt", "c.txt");
    save("c.txt", "");
    Diagnostics errors = {0};
    FileHashCache cache = {0};
    Discovery found = {0};
    DiscoveryRequest request = {.dir_fd = AT_FDCWD,
                                .clock_dir_fd = AT_FDCWD,
                                .entry = slice_from("a.txt"),
                                .scan = scan,
                                .executor = &executor_serial,
                                .diagnostics = &errors};
    int error = discover(&found, &request, &cache);
    bool is_right = error == 0 && cache.count == 3 && found.change_count == 3;
    discovery_free(&found);
    file_hash_cache_close(&cache);
    diagnostics_free(&errors);
    return !is_right;
}
