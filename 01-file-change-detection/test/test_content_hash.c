/* SPDX-License-Identifier: MIT */
#include "colliding_texts.h"
#include "content_hash.h"
#include "scratch.h"

static void expect_hex(Slice bytes, const char *expected)
{
    char hex[HASH_HEX_SIZE + 1];
    hash_to_hex(hash_bytes(bytes), hex);
    assert_string_equal(hex, expected);
}

/* What xxh128sum prints for the same bytes. */
static void known_answers(void **state)
{
    (void)state;
    expect_hex((Slice){0}, "99aa06d3014798d86001c324468d497f");
    expect_hex(slice_from("abc"), "06b05ab6733a618578af5f94892f3950");
    expect_hex(slice_from("fn main() i32 { return 0; }\n"), "f4b1836504c6041a152cde592b278661");
    char kilobyte[1024];
    memset(kilobyte, 'x', sizeof kilobyte);
    expect_hex(slice_of(kilobyte, sizeof kilobyte), "445dcf97d7880d62fc56a7ce85b3164a");
    assert_int_equal(hash_checksum((Slice){0}), 0x2d06800538d394c2);
}

static void hex_has_the_high_half_first(void **state)
{
    (void)state;
    char hex[HASH_HEX_SIZE + 1];
    hash_to_hex((Hash128){.low = 0x0f, .high = 0x8000000000000001}, hex);
    assert_string_equal(hex, "8000000000000001000000000000000f");
}

static void equal_bytes_have_equal_hashes_wherever_they_lie(void **state)
{
    (void)state;
    char space[4 + 1000];
    for (size_t size = 0; size <= 1000; size += 37) {
        char expected[1000];
        for (size_t i = 0; i < size; i++)
            expected[i] = (char)(i * 7);
        for (size_t shift = 0; shift < 4; shift++) {
            memcpy(space + shift, expected, size);
            assert_true(hash_equal(hash_bytes(slice_of(space + shift, size)),
                                   hash_bytes(slice_of(expected, size))));
        }
    }
}

static void each_bit_counts(void **state)
{
    (void)state;
    char text[64] = "fn add(a: i32, b: i32) i32 { return a + b; }";
    Hash128 before = hash_bytes(slice_of(text, sizeof text));
    for (size_t bit = 0; bit < sizeof text * 8; bit++) {
        text[bit / 8] ^= (char)(1 << bit % 8);
        Hash128 after = hash_bytes(slice_of(text, sizeof text));
        text[bit / 8] ^= (char)(1 << bit % 8);
        assert_true(before.low != after.low && before.high != after.high);
    }
}

static void parts_have_the_checksum_of_the_whole(void **state)
{
    (void)state;
    char bytes[2000];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * i);
    uint64_t whole = hash_checksum(slice_of(bytes, sizeof bytes));
    for (size_t cut = 0; cut <= sizeof bytes; cut += 125) {
        Slice parts[] = {slice_of(bytes, cut), {0}, slice_of(bytes + cut, sizeof bytes - cut)};
        assert_int_equal(hash_checksum_parts(parts, 3), whole);
    }
    assert_int_equal(hash_checksum_parts(NULL, 0), hash_checksum((Slice){0}));
}

static void fields_of_a_key_do_not_run_together(void **state)
{
    (void)state;
    ByteBuffer first = {0}, second = {0};
    key_put_slice(&first, slice_from("ab"));
    key_put_slice(&first, slice_from("c"));
    key_put_slice(&second, slice_from("a"));
    key_put_slice(&second, slice_from("bc"));
    assert_false(hash_equal(hash_bytes(buffer_slice(&first)), hash_bytes(buffer_slice(&second))));
    buffer_free(&first);
    buffer_free(&second);
}

static void none_is_the_hash_of_nothing(void **state)
{
    (void)state;
    assert_true(hash_is_none((Hash128){0}));
    assert_false(hash_is_none((Hash128){.low = 1}));
    assert_false(hash_is_none((Hash128){.high = 1}));
    assert_false(hash_is_none(hash_bytes((Slice){0})));
}

static HashSecret secret_number(unsigned char number)
{
    HashSecret secret;
    const unsigned char seed[HASH_SEED_SIZE] = {number};
    hash_secret_make(&secret, seed);
    return secret;
}

static void a_secret_is_what_its_seed_says(void **state)
{
    (void)state;
    unsigned char seed[HASH_SEED_SIZE] = {0}, other[HASH_SEED_SIZE] = {0};
    HashSecret secret = secret_number(0), same = secret_number(0), next = secret_number(1);
    assert_memory_equal(&secret, &same, sizeof secret);
    for (size_t at = 0; at < sizeof secret.bytes; at += 8) {
        assert_memory_not_equal(secret.bytes + at, next.bytes + at, 8);
        assert_true(at == 0 || memcmp(secret.bytes, secret.bytes + at, 8) != 0);
    }
    assert_int_equal(hash_seed_make(seed), 0);
    assert_int_equal(hash_seed_make(other), 0);
    assert_memory_not_equal(seed, other, sizeof seed);
}

/* Of every length: XXH3 treats short inputs differently. */
static void a_hash_under_a_secret_is_another(void **state)
{
    (void)state;
    char text[1000];
    memset(text, 'x', sizeof text);
    HashSecret secret = secret_number(1), other = secret_number(2);
    for (size_t size = 0; size <= sizeof text; size++) {
        Slice bytes = slice_of(text, size);
        Hash128 hash = hash_keyed(&secret, bytes);
        assert_true(hash_equal(hash, hash_keyed(&secret, bytes)));
        assert_false(hash_equal(hash, hash_keyed(&other, bytes)));
        assert_false(hash_equal(hash, hash_bytes(bytes)));
        assert_true(hash_equal(hash_bytes(bytes), hash_keyed(NULL, bytes)));
    }
}

static void what_is_made_to_collide_does_not_under_a_secret(void **state)
{
    (void)state;
    HashSecret secret = secret_number(1);
    char one[100 + COLLIDING_SIZE + 50], other[sizeof one];
    memset(one, '-', sizeof one);
    for (size_t offset = 0; offset <= 100; offset++) {
        memcpy(other, one, sizeof one);
        colliding_texts_make(one + offset, other + offset, offset);
        for (size_t size = offset + COLLIDING_SIZE; size < sizeof one; size += 7) {
            Slice a = slice_of(one, size), b = slice_of(other, size);
            assert_false(slice_equal(a, b));
            assert_true(hash_equal(hash_bytes(a), hash_bytes(b)));
            assert_false(hash_equal(hash_keyed(&secret, a), hash_keyed(&secret, b)));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(hex_has_the_high_half_first),
        cmocka_unit_test(equal_bytes_have_equal_hashes_wherever_they_lie),
        cmocka_unit_test(each_bit_counts),
        cmocka_unit_test(parts_have_the_checksum_of_the_whole),
        cmocka_unit_test(fields_of_a_key_do_not_run_together),
        cmocka_unit_test(none_is_the_hash_of_nothing),
        cmocka_unit_test(a_secret_is_what_its_seed_says),
        cmocka_unit_test(a_hash_under_a_secret_is_another),
        cmocka_unit_test(what_is_made_to_collide_does_not_under_a_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
