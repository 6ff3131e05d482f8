#include "cli/learning/facts.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/os.h"
#include "base/text.h"
#include "cli/formats/json.h"
#include "cli/system/report.h"
#include "cli/transform.h"

enum { FORMAT = 1, FILE_MAX_BYTES = 1 << 20, MEMORY_MULTIPLE = 64, WORDS_MAX = 128 };

char *cli_beside(const char *path, const char *ending)
{
    const char *npy = ".npy";
    const size_t length = strlen(path), tail = strlen(npy);
    const bool ends = length > tail && vrn_same_text(path + length - tail, npy);
    const size_t kept = ends ? length - tail : length;
    char *beside = cli_alloc(kept + strlen(ending) + 1, 1);
    if (!beside) return NULL;
    memcpy(beside, path, kept);
    strcpy(beside + kept, ending);
    return beside;
}

/* ---- Writing --------------------------------------------------------------------------------- */

void cli_facts_write(FILE *out, const cli_facts *facts, const vrn_transform *transform)
{
    cli_json json = {.out = out};
    cli_json_write(&json, "{format: %u, rows: %ju, tap: %s, pool: %d, l2: %d, model: %s,", FORMAT,
                   (uintmax_t)facts->rows, facts->form.tap, facts->form.pool, facts->form.l2,
                   facts->model);
    cli_json_write(&json, "options: [");
    for (uint32_t i = 0; i < facts->option_count; i++) {
        cli_json_write(&json, "%s", facts->options[i]);
    }
    cli_json_write(&json, "],");
    cli_transform_write(&json, transform);
    cli_json_write(&json, "probe: [");
    for (int i = 0; i < CLI_PROBE_VALUES; i++) cli_json_write(&json, "%g", (double)facts->probe[i]);
    cli_json_write(&json, "]}\n");
}

/* ---- Reading --------------------------------------------------------------------------------- */

typedef struct reader {
    cli_facts *facts;
    vrn_json json;
    uint32_t seen; /* a bit for each of the entries */
} reader;

static bool take_text(reader *r, const char **text)
{
    char *taken = NULL;
    if (!vrn_json_string(&r->json, &r->facts->arena, &taken)) return false;
    *text = taken;
    return taken != NULL;
}

static bool take_bool(reader *r, bool *value)
{
    *value = vrn_json_word(&r->json, "true");
    return *value || vrn_json_word(&r->json, "false");
}

static bool take_format(reader *r)
{
    uint64_t format;
    return vrn_json_unsigned(&r->json, &format) && format == FORMAT;
}

static bool take_rows(reader *r)
{
    return vrn_json_unsigned(&r->json, &r->facts->rows);
}

static bool take_tap(reader *r)
{
    return take_text(r, &r->facts->form.tap);
}

static bool take_pool(reader *r)
{
    return take_bool(r, &r->facts->form.pool);
}

static bool take_l2(reader *r)
{
    return take_bool(r, &r->facts->form.l2);
}

static bool take_model(reader *r)
{
    return take_text(r, &r->facts->model);
}

/* True if the words are options in CLI_FACTS, each with its value. */
static bool are_facts(const char *const *words, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        bool found = false, has_value = false;
        for (int option = 0; option < CLI_OPTIONS && !found; option++) {
            const cli_option_text text = cli_option_describe((cli_option)option);
            found = (CLI_FACTS >> option & 1) && strcmp(text.name, words[i]) == 0;
            has_value = text.value != NULL;
        }
        if (!found || (has_value && ++i == count)) return false;
    }
    return true;
}

static bool take_options(reader *r)
{
    cli_facts *facts = r->facts;
    facts->option_count = 0;
    facts->options = vrn_arena_alloc(&facts->arena, WORDS_MAX, sizeof *facts->options);
    if (!facts->options || !vrn_json_take(&r->json, '[')) return false;
    while (!vrn_json_take(&r->json, ']')) {
        if (facts->option_count == WORDS_MAX ||
            (facts->option_count > 0 && !vrn_json_take(&r->json, ',')) ||
            !take_text(r, &facts->options[facts->option_count++])) {
            return false;
        }
    }
    return are_facts(facts->options, facts->option_count);
}

static bool take_probe(reader *r)
{
    if (!vrn_json_take(&r->json, '[')) return false;
    for (int i = 0; i < CLI_PROBE_VALUES; i++) {
        double value;
        if ((i > 0 && !vrn_json_take(&r->json, ',')) || !vrn_json_number(&r->json, &value)) {
            return false;
        }
        r->facts->probe[i] = (float)value;
    }
    return vrn_json_take(&r->json, ']');
}

static const struct {
    const char *key, *expected;
    bool (*take)(reader *r);
} entries[] = {
    {"format", "1", take_format},
    {"rows", "a number", take_rows},
    {"tap", "a string", take_tap},
    {"pool", "true or false", take_pool},
    {"l2", "true or false", take_l2},
    {"model", "a string", take_model},
    {"options", "a list of options that change features", take_options},
    {"probe", "32 numbers", take_probe},
};
enum { ENTRIES = sizeof entries / sizeof entries[0] };

/* Reports what is at the cursor. */
static bool fail_syntax(const reader *r, const char *path, const char *expected)
{
    char found[VRN_JSON_FOUND_MAX];
    return cli_error("%s: at byte %zu: expected %s, found %s", path, r->json.at, expected,
                     vrn_json_found(&r->json, found));
}

static bool take_entry(reader *r, const char *path)
{
    const char *key = NULL;
    if (!take_text(r, &key) || !vrn_json_take(&r->json, ':')) {
        return fail_syntax(r, path, "a JSON key");
    }
    for (int i = 0; i < ENTRIES; i++) {
        if (strcmp(key, entries[i].key) != 0) continue;
        r->seen |= 1U << i;
        return entries[i].take(r) ||
               cli_error("%s: %s: expected %s, as vkresnet features writes it", path, key,
                         entries[i].expected);
    }
    return vrn_json_skip(&r->json) || fail_syntax(r, path, "a JSON value");
}

static bool take_all(reader *r, const char *path)
{
    if (!vrn_json_take(&r->json, '{')) return fail_syntax(r, path, "a JSON object");
    for (bool more = !vrn_json_take(&r->json, '}'); more;) {
        if (!take_entry(r, path)) return false;
        more = vrn_json_take(&r->json, ',');
        if (!more && !vrn_json_take(&r->json, '}')) {
            return fail_syntax(r, path, "',' or '}'");
        }
    }
    if (!vrn_json_at_end(&r->json)) {
        return fail_syntax(r, path, "the end of the file");
    }
    for (int i = 0; i < ENTRIES; i++) {
        if (!(r->seen >> i & 1))
            return cli_error("%s: the key '%s' is missing", path, entries[i].key);
    }
    return true;
}

bool cli_facts_read(cli_facts *facts, const char *path)
{
    void *text = NULL;
    size_t size = 0;
    *facts = (cli_facts){0};
    if (vrn_file_read(&text, &size, path, FILE_MAX_BYTES, cli_log()) != VRN_OK) return false;
    vrn_arena_init(&facts->arena, size, MEMORY_MULTIPLE);
    reader r = {.facts = facts, .json = {.text = text, .size = size}};
    const bool good = take_all(&r, path);
    vrn_free(text);
    return good;
}

void cli_facts_free(cli_facts *facts)
{
    vrn_arena_free(&facts->arena);
    *facts = (cli_facts){0};
}
