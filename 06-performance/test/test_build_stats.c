/* SPDX-License-Identifier: MIT */
#include "build_stats.h"
#include "scratch.h"

static BuildStats example(void)
{
    BuildStats stats = {.status = BUILD_OK, .has_output = true, .workers = 2};
    stats.counts = (BuildCounts){
        .files_total = 3,
        .files_stat = 3,
        .files_hashed = 1,
        .files_lowered = 1,
        .files_changed = 1,
        .files_absent = 2,
        .values_asked = 13,
        .functions_total = 10,
        .functions_emitted = 1,
        .functions_cached = 7,
        .functions_failed = 2,
        .functions_dirty = 1,
        .declarations_visited = 12,
        .sections_total = 3,
        .sections_dirty = 1,
        .bytes_read = 100,
        .bytes_written = 500,
    };
    stats.patch = (PatchResult){
        .strategy = PATCH_IN_PLACE,
        .sections_total = 3,
        .sections_written = 1,
        .bytes_written = 256,
        .look_seconds = 0.00075,
        .write_seconds = 0.0005,
    };
    stats.times.discover = 0.00025;
    stats.total_seconds = 0.008;
    return stats;
}

static void assert_has(ByteBuffer *text, const char *part)
{
    buffer_reserve(text, 1);
    text->data[text->size] = 0;
    if (strstr(text->data, part) == NULL)
        fail_msg("'%s' is not in: %.*s", part, (int)text->size, text->data);
}

static void json_is_one_line_with_every_number(void **state)
{
    (void)state;
    BuildStats stats = example();
    ByteBuffer text = {0};
    build_stats_json(&stats, &text);
    static const char *const parts[] = {
        "{\"status\":0,\"strategy\":\"patch\",\"reason\":\"",
        "\"files_total\":3,\"files_stat\":3,\"files_hashed\":1,\"files_lowered\":1",
        "\"files_removed\":0,\"files_absent\":2,\"values_asked\":13,\"functions_total\":10",
        "\"functions_total\":10,\"functions_emitted\":1,\"functions_cached\":7,\"functions_failed\":2",
        "\"declarations_visited\":12",
        "\"sections_total\":3",
        "\"sections_written\":1",
        "\"bytes_read\":100,\"bytes_written\":756,\"output_bytes_written\":256",
        "\"workers\":2",
        "\"discover\":0.000250",
        "\"look\":0.000750",
        "\"write\":0.000500",
        "\"other\":0.006500",
        "\"total\":0.008000}}\n",
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        assert_has(&text, parts[i]);
    assert_ptr_equal(memchr(text.data, '\n', text.size), text.data + text.size - 1);
    buffer_free(&text);
}

static void without_an_output_there_is_no_strategy(void **state)
{
    (void)state;
    BuildStats stats = {.status = BUILD_PROGRAM_WRONG};
    ByteBuffer text = {0};
    build_stats_json(&stats, &text);
    assert_has(&text, "{\"status\":1,\"strategy\":null,\"reason\":null,");
    buffer_free(&text);
}

static void the_table_shows_counts_and_times(void **state)
{
    (void)state;
    BuildStats stats = example();
    ByteBuffer text = {0};
    build_stats_table(&stats, &text);
    assert_has(&text, "files             3   3 stat, 1 hashed, 1 lowered\n");
    assert_has(&text, "functions        10   1 emitted (1 dirty, 0 dependent), 7 cached, 2 failed\n");
    assert_has(&text, "sections          3   1 dirty, 1 written\n");
    assert_has(&text, "discover       0.25 ms\n");
    assert_has(&text, "look           0.75 ms\n");
    assert_has(&text, "other          6.50 ms\n");
    assert_has(&text, "total          8.00 ms\n");
    buffer_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_is_one_line_with_every_number),
        cmocka_unit_test(without_an_output_there_is_no_strategy),
        cmocka_unit_test(the_table_shows_counts_and_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
